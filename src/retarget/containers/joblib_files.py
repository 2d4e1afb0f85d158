"""What joblib adds to a pickle: arrays that stand as raw bytes in the middle of it, and compression of the whole."""

from __future__ import annotations

import bz2
import lzma
import math
import zlib
from types import MappingProxyType
from typing import Final, Literal, Protocol

import numpy as np

from retarget.containers.allowance import Allowance, Source
from retarget.containers.arrays import StoredType, shape_of
from retarget.containers.limits import Budget, Refused

__all__ = ["JOBLIB", "decompressed"]


class _ArrayInStream:
    """``NumpyArrayWrapper``: says what the bytes are that follow it in the file."""

    def with_state(self, state: object, source: Source) -> object:
        if not isinstance(state, dict) or not isinstance(state["dtype"], StoredType):
            raise TypeError("an array's description has an unknown state")
        kind, shape = state["dtype"].type, shape_of(state["shape"])
        order: Literal["F", "C"] = "F" if state["order"] == "F" else "C"
        if kind.hasobject:
            return _objects(shape, source)
        if state.get("numpy_array_alignment_bytes") is not None:
            source.take(source.take(1)[0])
        count = math.prod(shape)
        raw = source.take(count * kind.itemsize)
        source.budget.take(len(raw), "an array")
        flat = np.frombuffer(raw, kind) if raw else np.empty(count, kind)
        return flat.reshape(shape, order=order)


def _objects(shape: tuple[int, ...], source: Source) -> object:
    """An array of objects, which stands as a pickle of its own in the file."""
    found = source.inner()
    if not isinstance(found, np.ndarray) or found.shape != shape:
        raise TypeError("an array of objects is none")
    return found


JOBLIB: Final = Allowance(
    MappingProxyType(
        {"joblib.numpy_pickle.NumpyArrayWrapper": lambda arguments, budget: _ArrayInStream()}
    )
)
"""Files of joblib since 0.10."""


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


_PACKED: Final = (
    (b"\x1f\x8b", lambda: zlib.decompressobj(31)),
    (b"\x78", zlib.decompressobj),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ", lambda: lzma.LZMADecompressor(memlimit=1 << 28)),
    (b"\x5d\x00\x00", lambda: lzma.LZMADecompressor(memlimit=1 << 28)),
)
_UNREAD: Final = (
    (b"\x04\x22\x4d\x18", "LZ4"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"ZF", "a format of joblib before 0.10"),
)


def decompressed(data: bytes, budget: Budget) -> bytes:
    """The content of a file that is packed by zlib, gzip, bzip2 or LZMA; any other file as it is.

    Raises:
        Refused: It is packed otherwise, or its content is larger than it may be.
        EOFError: It is cut off.
    """
    for magic, name in _UNREAD:
        if data.startswith(magic):
            raise Refused(f"is packed by {name}", "write it again without compression")
    for magic, make in _PACKED:
        if data.startswith(magic):
            unpacking: _Decompressor = make()
            content = unpacking.decompress(data, budget.left + 1)
            budget.take(len(content), "packed content")
            if not unpacking.eof:
                raise EOFError("the packed content is cut off")
            return content
    return data
