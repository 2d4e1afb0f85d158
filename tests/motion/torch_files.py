"""What ``torch.save`` writes, for tests that do without torch: a ZIP of a pickle and the bytes of its tensors."""

from __future__ import annotations

import io
import pickle
import sys
import types
import zipfile
from typing import Any

import numpy as np

__all__ = ["torch"]


class _Tensor:
    """Pickled as torch pickles a tensor of single-precision numbers."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = np.ascontiguousarray(array, "<f4")


def torch(value: Any) -> bytes:
    """A value whose arrays are tensors."""
    storages: list[bytes] = []
    names = _stand_ins()

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing: Any) -> Any:
            if isinstance(thing, _Storage):
                return ("storage", names["torch"].FloatStorage, str(thing.key), "cpu", thing.count)
            return None

        def reducer_override(self, thing: Any) -> Any:
            if not isinstance(thing, _Tensor):
                return NotImplemented
            array = thing.array
            storages.append(array.tobytes())
            storage = _Storage(len(storages) - 1, array.size)
            strides = tuple(stride // 4 for stride in array.strides)
            rebuild = names["torch._utils"]._rebuild_tensor_v2
            return (rebuild, (storage, 0, array.shape, strides, False, {}))

    stream = io.BytesIO()
    sys.modules |= names
    try:
        Pickler(stream, 2).dump(_with_tensors(value))
    finally:
        for name in names:
            del sys.modules[name]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("clip/data.pkl", stream.getvalue())
        archive.writestr("clip/version", "3\n")
        for key, content in enumerate(storages):
            archive.writestr(f"clip/data/{key}", content)
    return packed.getvalue()


class _Storage:
    def __init__(self, key: int, count: int) -> None:
        self.key, self.count = key, count


def _with_tensors(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_tensors(inner) for key, inner in value.items()}
    return _Tensor(value) if isinstance(value, np.ndarray) else value


def _stand_ins() -> dict[str, types.ModuleType]:
    """Modules that have the names which a pickle of tensors asks for."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")

    def _rebuild_tensor_v2(*_: Any) -> None: ...

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2  # type: ignore[attr-defined]
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})  # type: ignore[attr-defined]
    torch._utils = utils  # type: ignore[attr-defined]
    return {"torch": torch, "torch._utils": utils}
