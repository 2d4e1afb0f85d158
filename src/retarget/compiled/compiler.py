"""Numba's compiler, made to compile less: what only kernels call has no machine code of its own.

All of it is about Numba's own insides, which a new release may move: the tests of
`retarget.compiled.jit` say what must hold.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, Flags
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.errors import TypingError
from numba.core.registry import CPUDispatcher
from numba.core.typed_passes import NopythonTypeInference
from numba.core.types.functions import BaseFunction

__all__ = ["ClosedCompiler", "InnerCompiler", "InnerKernel"]


class _ClosedLibrary(JITCodeLibrary):  # type: ignore[misc]
    """A kernel's machine code that calls no function outside itself, so that it always rounds the same.

    Numba gives a kernel copies of the kernels it calls under their own names, optimised anew. Where a process has
    loaded two copies the linker takes the first, so that results would depend on what was loaded or compiled before:
    by some 1e-15 rad, as the copies may add in another order. Here copies are private to the kernel that calls them.
    """

    def _finalize_final_module(self) -> None:
        names = [fn.name for fn in self._final_module.functions if _is_copy(fn)]
        shared = self._final_module.clone()  # what other kernels take their copies from
        _share(shared)
        self._shared_module = shared
        for name in names:
            self._final_module.get_function(name).linkage = "internal"
        super()._finalize_final_module()


class _InnerLibrary(JITCodeLibrary):  # type: ignore[misc]
    """What only kernels call: code to be linked into theirs and optimised there, never turned into machine code."""

    def finalize(self) -> None:
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        _share(self._final_module)
        self._shared_module = self._final_module
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        return 0

    @property
    def codegen(self) -> Any:
        return _NoEnvironment()


class _NoEnvironment:
    def set_env(self, name: str, environment: Any) -> None:
        """Machine code has an environment for errors' messages; there is none here."""


def _is_copy(function: Any) -> bool:
    return not function.is_declaration and function.linkage.name == "linkonce_odr"


def _share(module: Any) -> None:
    """Let a module's functions be linked into several others."""
    for function in module.functions:
        if not function.is_declaration and function.linkage.name == "external":
            function.linkage = "linkonce_odr"


class _QuickFlags(Flags):  # type: ignore[misc]
    """Numba's compiler flags, which it compares some 100,000 times while it compiles a few kernels.

    They do not change once they have been compared.
    """

    __slots__ = ("_all",)

    def __hash__(self) -> int:
        return _FLAGS_HASH

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Flags):
            return NotImplemented
        return self._values == other._values or self.all_values() == _all_values(other)

    def all_values(self) -> tuple[Any, ...]:
        """Values of all options, those left at their default too."""
        if not hasattr(self, "_all"):
            self._all = tuple(self.values().values())
        return self._all


_FLAGS_HASH = hash(Flags())  # Numba hashes the names of the flags only


def _all_values(flags: Any) -> tuple[Any, ...]:
    if isinstance(flags, _QuickFlags):
        return flags.all_values()
    return tuple(flags.values().values())


_ALLOCATIONS = 100_000  # until young objects are looked through
_functions: Any = BaseFunction
_resolve = _functions.get_call_type


@contextmanager
def _quickly() -> Iterator[None]:
    """Work in a way that suits a compiler, in this thread only, while no other thread compiles.

    Compiling makes millions of objects that live on. Looking through them for cycles as often as Python does
    otherwise took a tenth of the time. Another tenth went into finding out what ``+`` means between the same types
    again and again: Numba asks some hundred templates each time.
    """
    with global_compiler_lock:
        collecting = gc.get_threshold()
        known: dict[Any, Any] = {}  # with the function, so that its id stays its own

        def resolve_once(function: Any, context: Any, args: Any, kws: Any) -> Any:
            if kws:
                return _resolve(function, context, args, kws)
            key = id(function), id(context), args
            if key not in known:
                known[key] = _resolve(function, context, args, kws), function, context
            return known[key][0]

        gc.set_threshold(_ALLOCATIONS, *collecting[1:])
        _functions.get_call_type = resolve_once
        try:
            yield
        finally:
            _functions.get_call_type = _resolve
            gc.set_threshold(*collecting)


@register_pass(mutates_CFG=False, analysis_only=True)
class _KeepsNoArray(AnalysisPass):  # type: ignore[misc]
    """A kernel that keeps no count of who uses an array must not return one: its caller would free it too early."""

    _name = "retarget_keeps_no_array"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        if not state.flags.nrt and _has_array(state.return_type):
            name = state.func_id.func_qualname
            raise TypingError(f"{name} returns an array; say jit(allocates=True)")
        return False


def _has_array(kind: Any) -> bool:
    return isinstance(kind, types.Array) or any(map(_has_array, getattr(kind, "types", ())))


class _KernelCompiler(Compiler):  # type: ignore[misc]
    """Numba's compiler with another library for the kernel itself."""

    code: type[JITCodeLibrary]

    def __init__(
        self, typing: Any, target: Any, library: Any, args: Any, result: Any, flags: Any, local: Any
    ) -> None:
        super().__init__(typing, target, library, args, result, _QuickFlags(flags), local)

    def compile_extra(self, func: Any) -> Any:
        if _functions.get_call_type is not _resolve:  # a kernel that another one calls
            return super().compile_extra(func)
        with _quickly():
            return super().compile_extra(func)

    def define_pipelines(self) -> Any:
        state = self.state
        if state["library"] is None:
            codegen = state.targetctx.codegen()
            made = self.code(codegen, state.func_id.func_qualname)
            made.enable_object_caching()
            state["library"] = made
        (pipeline,) = super().define_pipelines()
        pipeline.add_pass_after(_KeepsNoArray, NopythonTypeInference)
        pipeline.finalize()
        return [pipeline]


class ClosedCompiler(_KernelCompiler):
    """Of a kernel that Python calls."""

    code = _ClosedLibrary


class InnerCompiler(_KernelCompiler):
    """Of a kernel that only kernels call."""

    code = _InnerLibrary


class InnerKernel(CPUDispatcher):  # type: ignore[misc]
    """A kernel that only kernels call: there is no machine code of it that Python could."""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Refuse.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"{self.__qualname__} is part of other kernels: call it from a kernel")
