"""What lies in a container of arrays, as plain mappings, lists and NumPy arrays."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from retarget.containers import PLAIN, npz_names, read_data, read_npz

__all__ = ["NPY", "ZIP", "open_contents", "pickled_part"]

ZIP: Final = b"PK\x03\x04"
NPY: Final = b"\x93NUMPY"
_LARGEST_KEYS: Final = 1 << 26  # bytes of what only names keys and shapes


def open_contents(data: bytes, path: Path, names: Collection[str]) -> Any:
    """What a container holds; of a NumPy archive only the arrays of these names, which may be at any address.

    Raises:
        FileFormatError: It cannot be read, or is larger or something else than it may be.
    """
    if data.startswith(ZIP) and npz_names(data):
        return read_npz(data, path, names, allowance=PLAIN, views=True)
    return read_data(data, path, PLAIN)


def pickled_part(data: bytes) -> bytes:
    """The bytes in which a pickle, an array of objects or a file of torch names its keys; nothing where it is none."""
    if data.startswith(b"\x80") or (data.startswith(NPY) and b"'|O'" in data[:256]):
        return data
    if not data.startswith(ZIP):
        return b""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            name = next((n for n in archive.namelist() if n.rpartition("/")[2] == "data.pkl"), None)
            if name is None or archive.getinfo(name).file_size > _LARGEST_KEYS:
                return b""
            return archive.read(name)
    except (
        zipfile.BadZipFile,
        ValueError,
        OSError,
        KeyError,
        NotImplementedError,
        RuntimeError,
        zlib.error,
    ):
        return b""
