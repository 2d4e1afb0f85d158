"""NumPy's arrays, types and scalars as pickles hold them, of NumPy 1 and of NumPy 2.

What is stored is checked against what is promised before NumPy sees it: a shape has as many numbers as there are.
"""

from __future__ import annotations

import math
import re
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from retarget.containers.allowance import Allowance, Global, Make, Source
from retarget.containers.limits import Budget, Refused

__all__ = ["NUMPY", "StoredType", "fill", "shape_of"]

_CODE: Final = re.compile(r"[<>|=]?([biufcSUO])(\d{0,6})|\?")
_OLD_OBJECTS: Final = {"O4", "O8"}
_DIMENSIONS: Final = 32  # of NumPy 1


class StoredType:
    """A NumPy type as a pickle builds it: first its letter and size, then its byte order.

    Example:
        >>> StoredType("f8").type
        dtype('float64')
    """

    def __init__(self, code: str) -> None:
        if not _CODE.fullmatch(code):
            raise Refused(
                f"holds an array of the type {code[:40]!r}", "write plain arrays of numbers or text"
            )
        self.type = np.dtype("O" if code in _OLD_OBJECTS else code)

    def with_state(self, state: object, source: Source) -> StoredType:
        """The same with its byte order; fields of structures are refused."""
        if not isinstance(state, tuple) or len(state) < 5 or state[1] not in {"<", ">", "|", "="}:
            raise TypeError("a type has an unknown state")
        if state[2] is not None or state[3] is not None or state[4] is not None:
            raise Refused("holds an array of structures", "write each field as an array of its own")
        if state[1] in {"<", ">"}:
            self.type = self.type.newbyteorder(state[1])
        return self


def shape_of(value: object) -> tuple[int, ...]:
    """A shape, checked.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, tuple | list) or len(value) > _DIMENSIONS:
        raise TypeError("a shape is no short list of numbers")
    for size in value:
        if type(size) is not int or size < 0:
            raise TypeError("a shape has a size that is no count")
    return tuple(value)


def _type_of(value: object) -> np.dtype:
    if isinstance(value, StoredType):
        return value.type
    if isinstance(value, str):
        return StoredType(value).type
    raise TypeError("an array's type is none")


def _bytes_of(value: object) -> bytes | bytearray:
    if isinstance(value, str):
        return value.encode("latin-1")  # of Python 2
    if isinstance(value, bytes | bytearray):
        return value
    raise TypeError("an array's numbers are no bytes")


def _check_length(shape: tuple[int, ...], kind: np.dtype, size: int) -> None:
    if math.prod(shape) * kind.itemsize != size:
        raise ValueError(f"an array of {kind} and the shape {shape} has {size} bytes")


def fill(array: np.ndarray, state: object, budget: Budget) -> None:
    """Give an array that was made empty its shape, type and numbers.

    Raises:
        Refused: It is too large, or of structures.
        TypeError, ValueError: Shape, type and numbers do not fit.
    """
    if not isinstance(state, tuple) or len(state) not in {4, 5} or array.size:
        raise TypeError("an array has an unknown state")
    shape, kind = shape_of(state[-4]), _type_of(state[-3])
    if kind.hasobject:
        content: object = state[-1]
        if not isinstance(content, list) or len(content) != math.prod(shape):
            raise ValueError(f"an array of objects and the shape {shape} has other content")
    else:
        content = bytes(_bytes_of(state[-1]))
        _check_length(shape, kind, len(content))
        budget.take(len(content), "an array")
    set_state: Any = array.__setstate__  # its types ask for NumPy's own numbers
    set_state((1, shape, kind, bool(state[-2]), content))


def _from_bytes(shape: object, kind: object, raw: object, order: object) -> np.ndarray:
    sizes, dtype, content = shape_of(shape), _type_of(kind), _bytes_of(raw)
    if dtype.hasobject:
        raise TypeError("an array of objects is made of bytes")
    _check_length(sizes, dtype, len(content))
    flat = np.frombuffer(content, dtype) if len(content) else np.empty(math.prod(sizes), dtype)
    return flat.reshape(sizes, order="F" if order == "F" else "C")


def _reconstructed(arguments: tuple[object, ...], budget: Budget) -> object:
    kind, *_ = arguments
    if not isinstance(kind, Global) or kind.make is not _array:
        raise TypeError("an array is of no class of arrays")
    return np.ndarray((0,), np.int8)


def _array(arguments: tuple[object, ...], budget: Budget) -> object:
    """``numpy.ndarray(shape, type, bytes)``, as files for all versions of NumPy are written."""
    shape, kind, raw = arguments
    return _from_bytes(shape, kind, raw, "C")


def _wrapped(arguments: tuple[object, ...], budget: Budget) -> object:
    """``numpy.array(dictionary)``: an array of one object, as ``numpy.save`` writes a dictionary."""
    (content,) = arguments
    if not isinstance(content, dict):
        raise TypeError("numpy.array is given something else than a dictionary")
    array = np.empty((), object)
    array[()] = content
    return array


def _from_buffer(arguments: tuple[object, ...], budget: Budget) -> object:
    raw, kind, shape, order = arguments
    return _from_bytes(shape, kind, raw, order)


def _type(arguments: tuple[object, ...], budget: Budget) -> object:
    code, *_ = arguments
    return StoredType(_bytes_of(code).decode("ascii") if isinstance(code, bytes) else str(code))


def _scalar(arguments: tuple[object, ...], budget: Budget) -> object:
    kind, raw = arguments
    return _from_bytes((), kind, raw, "C")[()]


def _core(module: str, name: str, make: Make) -> dict[str, Make]:
    """A name inside NumPy, which moved with NumPy 2."""
    return {f"numpy.{core}.{module}.{name}": make for core in ("core", "_core")}


NUMPY: Final = Allowance(
    MappingProxyType(
        {
            "numpy.ndarray": _array,
            "numpy.matrix": _array,
            "numpy.matrixlib.defmatrix.matrix": _array,
            "numpy.dtype": _type,
            "numpy.array": _wrapped,
            **_core("multiarray", "_reconstruct", _reconstructed),
            **_core("multiarray", "scalar", _scalar),
            **_core("numeric", "_frombuffer", _from_buffer),
        }
    )
)
"""Arrays, scalars and types of NumPy 1 and 2."""
