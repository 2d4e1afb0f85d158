"""Pickles that NumPy 1 and 2 read alike, with `pickle` or joblib, and that hold nothing but data."""

from __future__ import annotations

import copyreg
import io
import pickle
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

__all__ = ["plain", "write_npy_dict", "write_pickle", "write_pickled_entries"]

_PROTOCOL = 4  # of Python 3.4, which every trainer's Python reads


def write_pickle(path: Path, values: Mapping[str, Any]) -> None:
    """Write a dictionary of arrays, plain values and dictionaries of these."""
    with path.open("wb") as stream:
        _dump(stream, plain(dict(values)))


def write_npy_dict(path: Path, values: Mapping[str, Any]) -> None:
    """Write a dictionary as ``numpy.save`` does: an array of one object, read with ``allow_pickle``."""
    header = {"descr": "|O", "fortran_order": False, "shape": ()}
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        _dump(stream, _ObjectArray(plain(dict(values))))


def write_pickled_entries(path: Path, entries: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write a dictionary of many entries, one after the other, so that memory does not grow with their number.

    Entries are pickled by themselves, without the numbers under which a pickle remembers what it has seen and without
    frames (which came with protocol 4), and put into one dictionary.
    """
    with path.open("wb") as stream:
        stream.write(b"\x80\x03}(")  # PROTO 3, EMPTY_DICT, MARK
        for name, values in entries:
            stream.write(_body(name) + _body(plain(dict(values))))
        stream.write(b"u.")  # SETITEMS, STOP


def _body(value: Any) -> bytes:
    """What makes a value in a pickle of protocol 3, for other opcodes to stand around it."""
    stream = io.BytesIO()
    pickler = _PublicPickler(stream, protocol=3)
    pickler.fast = True
    pickler.dump(value)
    return stream.getvalue()[2:-1]  # less PROTO and STOP


def plain(value: Any) -> Any:
    """The same with NumPy's numbers as Python's, and arrays of numbers in C order.

    Raises:
        TypeError: A value is no number, text, array of numbers, list, tuple or dictionary.
    """
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise TypeError(f"an array of {value.dtype} has no place in a pickle; use a list")
        return np.asarray(value, order="C")
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(plain(inner) for inner in value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a {type(value).__name__} has no place in a pickle")


class _ObjectArray:
    """Pickles as the array of no dimension that holds a dictionary."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    def __reduce__(self) -> tuple[Callable[..., np.ndarray], tuple[dict[str, Any]]]:
        return np.array, (self.content,)


def _array_from_bytes(array: np.ndarray) -> tuple[type, tuple[Any, ...]]:
    """How an array is made again: by a public name, as private ones differ between NumPy 1 and 2."""
    return np.ndarray, (array.shape, array.dtype.str, bytearray(array.tobytes()))


class _PublicPickler(pickle.Pickler):
    dispatch_table = copyreg.dispatch_table.copy()
    dispatch_table[np.ndarray] = _array_from_bytes


def _dump(stream: IO[bytes], value: Any) -> None:
    _PublicPickler(stream, protocol=_PROTOCOL).dump(value)
