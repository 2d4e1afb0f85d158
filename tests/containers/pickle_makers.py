"""Files as joblib, torch and other libraries write them, made without these libraries."""

import io
import pickle
import sys
import types
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

STORAGES = {"<f8": "DoubleStorage", "<f4": "FloatStorage", "<i8": "LongStorage", "|b1": "BoolStorage"}  # fmt: skip


@contextmanager
def pretended(module: str, **names: Any) -> Iterator[None]:
    """A module by that name while the block runs, with classes and functions that pickles can refer to."""
    parts = module.split(".")
    made = [".".join(parts[: i + 1]) for i in range(len(parts))]
    before = {name: sys.modules.get(name) for name in made}
    replaced: dict[str, Any] = {}
    try:
        for name in made:
            sys.modules[name] = before[name] or types.ModuleType(name)
        for name, thing in names.items():
            thing.__module__, thing.__qualname__ = module, name
            replaced[name] = vars(sys.modules[module]).get(name)
            setattr(sys.modules[module], name, thing)
        yield
    finally:
        for name, thing in replaced.items():
            if thing is None:
                delattr(sys.modules[module], name)
            else:
                setattr(sys.modules[module], name, thing)
        for name in made:
            if before[name] is None:
                del sys.modules[name]


def joblib_bytes(array: np.ndarray, protocol: int, *, aligned: bool = True) -> bytes:
    """An array as ``joblib.dump`` writes it."""

    class NumpyArrayWrapper:
        pass

    wrapper: Any = NumpyArrayWrapper()
    wrapper.__dict__ = {
        "subclass": np.ndarray,
        "shape": array.shape,
        "order": "C",
        "dtype": array.dtype,
        "allow_mmap": True,
    }
    padding = b""
    if aligned:
        wrapper.numpy_array_alignment_bytes = 16
        padding = b"\x05" + b"\xff" * 5
    with pretended("joblib.numpy_pickle", NumpyArrayWrapper=NumpyArrayWrapper):
        head = pickle.dumps(wrapper, protocol)[:-1]
    raw = pickle.dumps(array) if array.dtype.hasobject else padding + array.tobytes()
    return head + raw + b"."


class Tensor:
    def __init__(self, array: np.ndarray) -> None:
        self.array = array


class _TorchPickler(pickle.Pickler):
    def __init__(self, stream: io.BytesIO, *, legacy: bool) -> None:
        super().__init__(stream, 2)
        self.arrays: list[np.ndarray] = []
        self.legacy = legacy

    def reducer_override(self, it: Any) -> Any:
        if not isinstance(it, Tensor):
            return NotImplemented
        base = it.array
        while base.base is not None:
            base = base.base if isinstance(base.base, np.ndarray) else base.base.base
        offset = (it.array.ctypes.data - base.ctypes.data) // base.itemsize
        strides = tuple(step // base.itemsize for step in it.array.strides)
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        return rebuild, (_Stored(base), offset, it.array.shape, strides, False, OrderedDict())

    def persistent_id(self, it: Any) -> Any:
        if not isinstance(it, _Stored):
            return None
        self.arrays.append(it.base)
        kind = getattr(sys.modules["torch"], STORAGES[it.base.dtype.str])
        key = ("storage", kind, str(len(self.arrays) - 1), "cpu", it.base.size)
        return (*key, None) if self.legacy else key


class _Stored:
    def __init__(self, base: np.ndarray) -> None:
        self.base = base


def torch_bytes(content: Any, *, legacy: bool = False) -> bytes:
    """What ``torch.save`` writes for data in which arrays stand for tensors (`Tensor`)."""

    def _rebuild_tensor_v2() -> None: ...

    kinds = {name: type(name, (), {}) for name in STORAGES.values()}
    stream = io.BytesIO()
    pickler = _TorchPickler(stream, legacy=legacy)
    with (
        pretended("torch", **kinds),
        pretended("torch._utils", _rebuild_tensor_v2=_rebuild_tensor_v2),
    ):
        pickler.dump(content)
    main, file = stream.getvalue(), io.BytesIO()
    if legacy:
        for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
            file.write(pickle.dumps(part, 2))
        file.write(main + pickle.dumps([str(i) for i in range(len(pickler.arrays))], 2))
        for array in pickler.arrays:
            file.write(array.size.to_bytes(8, "little") + array.tobytes())
        return file.getvalue()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("walk/data.pkl", main)
        for i, array in enumerate(pickler.arrays):
            archive.writestr(f"walk/data/{i}", array.tobytes())
        archive.writestr("walk/version", "3\n")
    return file.getvalue()
