"""Files of ``torch.save`` without torch: a pickle, and the numbers of its tensors beside it.

Since torch 1.6 the file is a ZIP archive with ``data.pkl`` and one entry for the numbers of each storage. Before,
it was pickles one behind another, and the storages behind them. Tensors become arrays; bfloat16 becomes float32.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from types import MappingProxyType
from typing import Final, Literal

import numpy as np

from retarget.containers.allowance import Allowance, Global, Make
from retarget.containers.arrays import shape_of
from retarget.containers.limits import Budget, Refused
from retarget.containers.machine import Machine
from retarget.containers.zips import Zip

__all__ = ["LEGACY_MAGIC", "read_legacy_torch", "read_torch_zip"]

_KINDS: Final = {
    "Double": "f8", "Float": "f4", "Half": "f2", "BFloat16": "u2", "Long": "i8", "Int": "i4", "Short": "i2",
    "Char": "i1", "Byte": "u1", "Bool": "?", "ComplexDouble": "c16", "ComplexFloat": "c8", "Untyped": "u1",
}  # fmt: skip
_DTYPES: Final = {
    "float64": "f8", "float32": "f4", "float16": "f2", "bfloat16": "u2", "int64": "i8", "int32": "i4", "int16": "i2",
    "int8": "i1", "uint8": "u1", "bool": "?", "complex128": "c16", "complex64": "c8",
}  # fmt: skip
LEGACY_MAGIC: Final = 0x1950A86A20F9469CFC6C
"""The number that the files before torch 1.6 begin with."""
_LEGACY_VERSION: Final = 1001
_COUNT: Final = struct.Struct("<q")
_Order = Literal["<", ">"]


class _Storage:
    """The numbers of one or more tensors; None while they are not known yet."""

    def __init__(self, numbers: np.ndarray | None, brain: bool) -> None:
        self.numbers, self.brain = numbers, brain


def _strided(
    storage: object, offset: object, shape: object, strides: object, budget: Budget
) -> object:
    if not isinstance(storage, _Storage):
        raise TypeError("a tensor has no storage")
    if storage.numbers is None:
        return None  # the first pass over an old file
    sizes, steps = shape_of(shape), shape_of(strides)
    if len(sizes) != len(steps) or type(offset) is not int or offset < 0:
        raise TypeError("a tensor's shape and strides do not fit")
    numbers = storage.numbers
    count = math.prod(sizes)
    budget.take(count * numbers.itemsize, "a tensor")
    last = offset + sum((size - 1) * step for size, step in zip(sizes, steps, strict=True))
    if count and last >= numbers.size:
        raise ValueError("a tensor goes beyond its storage")
    if not count:
        return np.empty(sizes, np.float32 if storage.brain else numbers.dtype)
    in_bytes = tuple(step * numbers.itemsize for step in steps)
    view = np.lib.stride_tricks.as_strided(numbers[offset:], sizes, in_bytes, writeable=False)
    if storage.brain:  # the upper half of a float32
        return (view.astype(np.uint32) << 16).view(np.float32)
    return np.ascontiguousarray(view).reshape(sizes)


def _tensor(arguments: tuple[object, ...], budget: Budget) -> object:
    storage, offset, shape, strides, *_ = arguments
    return _strided(storage, offset, shape, strides, budget)


def _typed_tensor(arguments: tuple[object, ...], budget: Budget) -> object:
    storage, offset, shape, strides, _, _, kind, *_ = arguments
    if not isinstance(storage, _Storage) or not isinstance(kind, Global):
        raise TypeError("a tensor has no type")
    code = _DTYPES[kind.name.removeprefix("torch.")]
    numbers = None if storage.numbers is None else storage.numbers.view(code)
    return _strided(
        _Storage(numbers, kind.name == "torch.bfloat16"), offset, shape, strides, budget
    )


def _first(arguments: tuple[object, ...], budget: Budget) -> object:
    return arguments[0] if arguments else ()


def _uncalled(arguments: tuple[object, ...], budget: Budget) -> object:
    raise TypeError("a type is called")


_TORCH: Final = Allowance(
    MappingProxyType[str, Make](
        {
            "torch._utils._rebuild_tensor": _tensor,
            "torch._utils._rebuild_tensor_v2": _tensor,
            "torch._utils._rebuild_tensor_v3": _typed_tensor,
            "torch._utils._rebuild_parameter": _first,
            "torch.Size": _first,
            "torch.device": _first,
            **{f"torch.{name}Storage": _uncalled for name in _KINDS},
            "torch.storage.UntypedStorage": _uncalled,
            **{f"torch.{name}": _uncalled for name in _DTYPES},
        }
    )
)


def _kind_of(storage: object) -> str:
    if not isinstance(storage, Global) or not storage.name.endswith("Storage"):
        raise TypeError("a storage has no type")
    return storage.name.rpartition(".")[2].removesuffix("Storage")


def read_torch_zip(archive: Zip, allowance: Allowance, budget: Budget) -> tuple[object, int]:
    """What a ZIP archive of torch holds, and how many records are in it.

    Raises:
        Refused: It asks for more than is allowed, or for too much memory.
        LookupError, TypeError, ValueError: It is torn.
    """
    (main,) = (name for name in archive.names if name.rpartition("/")[2] == "data.pkl")
    root = main.removesuffix("data.pkl")
    stated = f"{root}byteorder" in archive.names and archive.read(f"{root}byteorder")
    order: _Order = ">" if stated == b"big" else "<"
    known: dict[str, _Storage] = {}

    def storage(key: object) -> _Storage:
        if not isinstance(key, tuple) or len(key) != 5 or not isinstance(key[2], str):
            raise TypeError("a tensor's numbers are kept somewhere else")
        kind = _kind_of(key[1])
        if key[2] not in known:
            raw = archive.read(f"{root}data/{key[2]}")
            numbers = np.frombuffer(raw, np.dtype(_KINDS[kind]).newbyteorder(order))
            known[key[2]] = _Storage(numbers, kind == "BFloat16")
        return known[key[2]]

    machine = Machine(archive.read(main), 0, allowance | _TORCH, budget, storage)
    return machine.run(), machine.records


def read_legacy_torch(data: bytes, allowance: Allowance, budget: Budget) -> tuple[object, int]:
    """What a file of torch before 1.6 holds, and how many records are in it.

    Its object comes before the numbers of its tensors, so that it is gone through twice.

    Raises:
        Refused: It asks for more than is allowed, or for too much memory.
        LookupError, TypeError, ValueError, EOFError: It is torn.
    """
    head = Machine(data, 0, allowance, budget)
    magic = head.run()
    version = head.run()
    system = head.run()
    if magic != LEGACY_MAGIC or version != _LEGACY_VERSION or not isinstance(system, dict):
        raise Refused("is an old file of torch of an unknown version", "save it with a newer torch")
    order: _Order = "<" if system.get("little_endian", True) else ">"
    kinds: dict[str, tuple[str, int]] = {}

    def described(key: object) -> tuple[str, str]:
        if not isinstance(key, tuple) or len(key) < 5 or key[0] != "storage":
            raise TypeError("a tensor's numbers are kept somewhere else")
        if len(key) > 5 and key[5] is not None:
            raise Refused("has storages that are views", "save it with a newer torch")
        name, count = key[2], key[4]
        if not isinstance(name, str) or type(count) is not int:
            raise TypeError("a storage has no name")
        kinds[name] = (_kind_of(key[1]), count)
        return name, kinds[name][0]

    def unknown(key: object) -> _Storage:
        return _Storage(None, described(key)[1] == "BFloat16")

    first = _pass(data, head.at, allowance, budget, unknown)
    names = Machine(data, first.at, allowance, budget)
    listed = names.run()
    if not isinstance(listed, list) or set(listed) != set(kinds):
        raise ValueError("the storages that follow are not those that are used")
    known = {}
    for name in listed:
        kind, count = kinds[name]
        dtype = np.dtype(_KINDS[kind]).newbyteorder(order)
        if _COUNT.unpack(names.take(_COUNT.size))[0] != count:
            raise ValueError(f"the storage {name} has another size than it should")
        numbers = np.frombuffer(names.take(count * dtype.itemsize), dtype)
        known[name] = _Storage(numbers, kind == "BFloat16")
    second = _pass(data, head.at, allowance, budget, lambda key: known[described(key)[0]])
    return second.result, second.machine.records


class _Pass:
    def __init__(self, machine: Machine) -> None:
        self.machine, self.result = machine, machine.run()
        self.at = machine.at


def _pass(
    data: bytes,
    at: int,
    allowance: Allowance,
    budget: Budget,
    storage: Callable[[object], _Storage],
) -> _Pass:
    return _Pass(Machine(data, at, allowance | _TORCH, budget, storage))
