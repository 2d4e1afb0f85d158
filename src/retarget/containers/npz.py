"""NumPy arrays and archives: written in one pass, equal for equal arrays, and read from memory.

To write them, `zipfile` takes as long for a short clip as the solve for twenty frames. An archive of arrays needs
little of it: entries of known size, stored or deflated, with the 64-bit sizes that any reader of the format since 2001
knows (PKWARE's APPNOTE 6.3.10, 4.3 and 4.5.3), as `numpy.savez` writes them too.
"""

from __future__ import annotations

import math
import re
import struct
import warnings
import zlib
from collections.abc import Collection, Mapping
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import IO, Literal

import numpy as np

from retarget.containers.allowance import Allowance
from retarget.containers.limits import LIMIT_BYTES, Budget, Refused, reading
from retarget.containers.pickles import unpickled
from retarget.containers.zips import Zip

__all__ = ["npz_names", "read_npy", "read_npz", "write_npz"]

_LONGEST_HEADER = 10_000  # bytes: what NumPy takes for safe

_LOCAL = struct.Struct("<4s5H3L2H 2H2Q")  # with the extra field of sizes
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_CENTRAL_SIZES = struct.Struct("<2H3Q")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_END = struct.Struct("<4s4H2LH")

_VERSION = 45  # of the format: 64-bit sizes
_DATE = 1 << 5 | 1  # 1 January 1980: a fixed date makes equal arrays equal files
_ELSEWHERE = 0xFFFFFFFF  # the size is in the extra field
_STORED, _DEFLATED = 0, 8
_LONG = re.compile(rb"(?<=\d)L(?=[,)])")  # sizes as Python 2 wrote them
_FILE_MODE = 0o600 << 16
_UNIX = 3 << 8


def write_npz(
    stream: IO[bytes],
    arrays: Mapping[str, np.ndarray],
    *,
    stored: Collection[str] = (),
    level: int = 1,
) -> None:
    """Write arrays as `numpy.load` reads them; arrays of objects are refused.

    Args:
        stream: Open for writing, at its beginning.
        arrays: By name: ASCII, without the suffix.
        stored: Names of those that are not compressed.
        level: How hard the others are, 1 to 9.

    Raises:
        ValueError: An array holds objects.
    """
    directory: list[bytes] = []
    at = 0
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise ValueError(f"{name} holds objects")
        values = np.asarray(array, order="C")
        header = _header(values.dtype.str, values.shape)
        data = values.reshape(-1).view(np.uint8).data
        size = len(header) + len(data)
        check = zlib.crc32(data, zlib.crc32(header))
        parts: tuple[bytes | memoryview, ...] = (header, data)
        method = _STORED if name in stored else _DEFLATED
        if method == _DEFLATED:
            packer = zlib.compressobj(level, zlib.DEFLATED, -15)
            parts = (packer.compress(header), packer.compress(data), packer.flush())
        packed = sum(map(len, parts))
        entry = f"{name}.npy".encode("ascii")
        common = (_VERSION, 0, method, 0, _DATE, check, _ELSEWHERE, _ELSEWHERE, len(entry))
        sizes = _LOCAL.pack(b"PK\x03\x04", *common, 20, 1, 16, size, packed)
        # The name stands between the fixed fields and the extra one.
        stream.write(sizes[:-20] + entry + sizes[-20:])
        for part in parts:
            stream.write(part)
        fields = (28, 0, 0, 0, _FILE_MODE, _ELSEWHERE)
        directory += [
            _CENTRAL.pack(b"PK\x01\x02", _UNIX | _VERSION, *common, *fields),
            entry,
            _CENTRAL_SIZES.pack(1, 24, size, packed, at),
        ]
        at += len(sizes) + len(entry) + packed
    stream.write(b"".join(directory) + _ends(len(arrays), at, sum(map(len, directory))))


def _ends(count: int, at: int, size: int) -> bytes:
    """What closes an archive whose directory of some entries begins ``at`` and has some bytes."""
    end = _END_64.pack(b"PK\x06\x06", 44, _UNIX | _VERSION, _VERSION, 0, 0, count, count, size, at)
    locator = _LOCATOR.pack(b"PK\x06\x07", 0, at + size, 1)
    short = min(count, 0xFFFF)
    return (
        end
        + locator
        + _END.pack(
            b"PK\x05\x06",
            0,
            0,
            short,
            short,
            min(size, _ELSEWHERE),
            min(at, _ELSEWHERE),
            0,
        )
    )


@lru_cache(maxsize=64)
def _header(kind: str, shape: tuple[int, ...]) -> bytes:
    """The bytes before the numbers of an array in C order, of a type such as ``<f8``."""
    header = BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": kind, "fortran_order": False, "shape": shape}
    )
    return header.getvalue()


def read_npz(
    data: bytes,
    path: str | Path,
    names: Collection[str] | None = None,
    *,
    allowance: Allowance | None = None,
    limit_bytes: int = LIMIT_BYTES,
    views: bool = False,
) -> dict[str, np.ndarray]:
    """Arrays of an archive that has been read into memory; they may be read-only.

    Args:
        data: The archive.
        path: Where it is from, for messages.
        names: Those wanted, without the suffix; those that it lacks are left out. None takes all.
        allowance: What arrays of objects may be made of, such as `PLAIN`; None refuses such arrays.
        limit_bytes: What they may take in memory.
        views: Arrays that are not compressed may be parts of the file: read-only, and at any address, so that compiled
            code cannot take them.

    Raises:
        FileFormatError: It is not a whole archive, or is packed or locked in a way that nobody can read; an array
            is torn, too large, or of objects that are not allowed.
    """
    found = {}
    with reading(path, "NumPy archive"):
        budget = Budget(limit_bytes)
        archive = Zip(data, budget)
        for entry in archive.names:
            name = entry.removesuffix(".npy")
            if entry != name and (names is None or name in names):
                content = archive.view(entry) if views else archive.content(entry)
                found[name] = _array(content, name, allowance, budget)
    return found


def npz_names(data: bytes) -> frozenset[str]:
    """Names of an archive's arrays; none where it is no archive."""
    try:
        entries = Zip(data, Budget()).names
    except Exception:  # what is wrong with it is said by who reads it
        return frozenset()
    return frozenset(entry.removesuffix(".npy") for entry in entries if entry.endswith(".npy"))


def read_npy(
    data: bytes,
    path: str | Path,
    *,
    allowance: Allowance | None = None,
    limit_bytes: int = LIMIT_BYTES,
) -> np.ndarray:
    """The array of an ``.npy`` file, under the same conditions as `read_npz`.

    Raises:
        FileFormatError: As there.
    """
    with reading(path, "NumPy array"):
        return _array(data, "it", allowance, Budget(limit_bytes))


def _array(
    data: bytes | memoryview, name: str, allowance: Allowance | None, budget: Budget
) -> np.ndarray:
    stream = BytesIO(data[:_LONGEST_HEADER])
    version = np.lib.format.read_magic(stream)
    begin = stream.tell()
    size = 2 if version == (1, 0) else 4
    end = begin + size + int.from_bytes(data[begin : begin + size], "little")
    if end - begin > _LONGEST_HEADER:
        raise ValueError(f"the head of {name} is damaged")
    kind, fortran, shape = _parsed(bytes(data[:end]))
    order: Literal["F", "C"] = "F" if fortran else "C"
    count = math.prod(shape)
    if kind.hasobject:
        return _objects(bytes(data), end, name, allowance, budget, shape)
    if min(shape, default=0) < 0 or kind.itemsize * count != len(data) - end:
        raise ValueError(
            f"{name} says that it is of shape {shape}, and holds {len(data) - end} bytes"
        )
    values = np.frombuffer(data, kind, count, end) if count else np.empty(0, kind)
    return values.reshape(shape, order=order)


def _objects(
    data: bytes,
    at: int,
    name: str,
    allowance: Allowance | None,
    budget: Budget,
    shape: tuple[int, ...],
) -> np.ndarray:
    if allowance is None:
        raise Refused(f"{name} holds objects", "write it as an array of numbers or text")
    found = unpickled(data, at, allowance, budget)
    if not isinstance(found, np.ndarray) or found.size != math.prod(shape):
        raise ValueError(f"{name} holds other objects than it says")
    return found.reshape(shape)


@lru_cache(maxsize=64)
def _parsed(header: bytes) -> tuple[np.dtype, bool, tuple[int, ...]]:
    """Type, order and shape that the bytes before an array's numbers tell."""
    stream = BytesIO(_LONG.sub(b" ", header))
    version = np.lib.format.read_magic(stream)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise ValueError(f"it is of version {version} of NumPy's format")
    with warnings.catch_warnings():  # of Python's parser, about escapes in a damaged head
        warnings.simplefilter("ignore")
        shape, fortran, kind = read(stream)
    return kind, fortran, shape
