"""Files that ``torch.load`` reads, written without torch.

The layout is that of ``torch.save`` since 1.6: a zip of stored members, of which ``data.pkl`` is a pickle (protocol 2)
that refers to the others for the numbers of its tensors.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from retarget.exchange.writers.pickles import plain

__all__ = ["write_torch_zip"]

_ROOT = "archive"
_DATE = (1980, 1, 1, 0, 0, 0)  # fixed: equal values make equal files
_PIECE = 1 << 24  # bytes written at once: tensors may be larger than memory, in mapped files
_STORAGES = {
    "<f4": "FloatStorage",
    "<f8": "DoubleStorage",
    "<i8": "LongStorage",
    "|b1": "BoolStorage",
    "|u1": "ByteStorage",
}


def write_torch_zip(path: Path, values: Mapping[str, Any]) -> None:
    """Write a dictionary of arrays (as tensors), plain values, and lists, tuples and dictionaries of these.

    Raises:
        TypeError: An array is of a type without a storage here.
    """
    script = _Script()
    script.put(plain(dict(values)))
    members: list[tuple[str, bytes | memoryview]] = [
        ("data.pkl", script.finished()),
        ("byteorder", b"little"),
        *((f"data/{number}", blob) for number, blob in enumerate(script.blobs)),
        ("version", b"3\n"),
    ]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(f"{_ROOT}/{name}", _DATE)
            info.file_size = len(data)
            with archive.open(info, "w") as stream:
                for first in range(0, len(data), _PIECE):
                    stream.write(data[first : first + _PIECE])


class _Script:
    """A pickle written opcode by opcode, as its globals cannot be imported here."""

    def __init__(self) -> None:
        self._code = bytearray(b"\x80\x02")  # PROTO 2
        self.blobs: list[memoryview] = []

    def finished(self) -> bytes:
        return bytes(self._code) + b"."  # STOP

    def put(self, value: Any) -> None:
        """Append what makes a value."""
        if value is None:
            self._code += b"N"
        elif isinstance(value, bool):
            self._code += b"\x88" if value else b"\x89"  # NEWTRUE, NEWFALSE
        elif isinstance(value, int):
            self._put_int(value)
        elif isinstance(value, float):
            self._code += b"G" + struct.pack(">d", value)  # BINFLOAT
        elif isinstance(value, str):
            self._put_text(value)
        elif isinstance(value, dict):
            self._put_dict(value)
        elif isinstance(value, np.ndarray):
            self._put_tensor(value)
        else:
            self._put_sequence(value)

    def _put_int(self, value: int) -> None:
        if 0 <= value < 1 << 8:
            self._code += b"K" + bytes([value])  # BININT1
        elif -(1 << 31) <= value < 1 << 31:
            self._code += b"J" + struct.pack("<i", value)  # BININT
        else:
            data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
            self._code += b"\x8a" + bytes([len(data)]) + data  # LONG1

    def _put_text(self, value: str) -> None:
        data = value.encode("utf-8", "surrogatepass")
        self._code += b"X" + struct.pack("<I", len(data)) + data  # BINUNICODE

    def _put_dict(self, values: dict[str, Any]) -> None:
        self._code += b"}("  # EMPTY_DICT, MARK
        for key, value in values.items():
            self.put(key)
            self.put(value)
        self._code += b"u"  # SETITEMS

    def _put_sequence(self, values: list[Any] | tuple[Any, ...]) -> None:
        is_list = isinstance(values, list)
        self._code += b"](" if is_list else b"("  # EMPTY_LIST, MARK
        for value in values:
            self.put(value)
        self._code += b"e" if is_list else b"t"  # APPENDS, TUPLE

    def _put_tensor(self, array: np.ndarray) -> None:
        storage = _STORAGES.get(array.dtype.str)
        if storage is None:
            raise TypeError(f"no tensor is made of an array of {array.dtype}")
        key = str(len(self.blobs))
        self.blobs.append(array.reshape(-1).view(np.uint8).data)
        self._global("torch._utils", "_rebuild_tensor_v2")
        self._code += b"(("  # arguments, of which the first is the storage's persistent id
        self._put_text("storage")
        self._global("torch", storage)
        self._put_text(key)
        self._put_text("cpu")
        self._put_int(array.size)
        self._code += b"tQ"  # TUPLE, BINPERSID
        self._put_int(0)  # offset in the storage
        self._put_sequence(tuple(array.shape))
        self._put_sequence(tuple(step // array.itemsize for step in array.strides))
        self._code += b"\x89"  # requires no gradient
        self._global("collections", "OrderedDict")
        self._code += b")R"  # EMPTY_TUPLE, REDUCE: no backward hooks
        self._code += b"tR"

    def _global(self, module: str, name: str) -> None:
        self._code += b"c" + f"{module}\n{name}\n".encode("ascii")
