"""Compiling kernels with Numba once, into a cache that may fail without stopping a run."""

from __future__ import annotations

import contextlib
import logging
import pickle
from collections.abc import Callable
from typing import Any, TypeVar

import numba
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler, Flags

__all__ = ["jit"]

_F = TypeVar("_F", bound=Callable[..., Any])
_log = logging.getLogger(__name__)


def jit(
    signature: Any = None, *, fastmath: bool = False, inner: bool = False
) -> Callable[[_F], _F]:
    """Decorate a kernel: compiled at its first call, or at once where a signature is given.

    Machine code is cached beside the module, else in the user's cache folder (``NUMBA_CACHE_DIR`` overrides);
    where neither can be written it is compiled anew in every process. Division by zero follows IEEE 754.

    Args:
        signature: Numba signature, or None to specialise on the first call's types.
        fastmath: Allow reassociation and contraction; only for kernels that need no NaN or infinity.
        inner: Only kernels call it: nothing is compiled for calls from Python, which is most of the work where
            there are many arrays.
    """

    def decorate(function: _F) -> _F:
        options = {
            "pipeline_class": _InnerCompiler if inner else _ClosedCompiler,
            "error_model": "numpy",
            "fastmath": fastmath,
            "no_cfunc_wrapper": True,
            "no_cpython_wrapper": inner,
        }
        dispatcher = numba.njit(**options)(function)
        if inner:  # its code is part of its callers'
            kernel: _F = dispatcher
            return kernel
        # Numba raises where it finds no writable folder, and at the first save on a full disk.
        with contextlib.suppress(RuntimeError, OSError):
            dispatcher.enable_caching()
            _forgive_failing_files(dispatcher)
        if signature is not None:
            for one in signature if isinstance(signature, list) else [signature]:
                dispatcher.compile(one)
            dispatcher.disable_compile()
        result: _F = dispatcher
        return result

    return decorate


class _ClosedLibrary(JITCodeLibrary):  # type: ignore[misc]
    """A kernel's machine code that calls no function outside itself, so that it always rounds the same.

    Numba gives a kernel copies of the kernels it calls under their own names, optimised anew. Where a process has
    loaded two copies the linker takes the first, so that results would depend on what was loaded or compiled before:
    by some 1e-15 rad, as the copies may add in another order. Here copies are private to the kernel that calls them.
    """

    def _finalize_final_module(self) -> None:
        names = [fn.name for fn in self._final_module.functions if _is_copy(fn)]
        shared = self._final_module.clone()  # what other kernels take their copies from
        for function in shared.functions:
            if not function.is_declaration and function.linkage.name == "external":
                function.linkage = "linkonce_odr"
        self._shared_module = shared
        for name in names:
            self._final_module.get_function(name).linkage = "internal"
        super()._finalize_final_module()


def _is_copy(function: Any) -> bool:
    return not function.is_declaration and function.linkage.name == "linkonce_odr"


class _InnerLibrary(JITCodeLibrary):  # type: ignore[misc]
    """What only kernels call: code to be linked into theirs and optimised there, never turned into machine code."""

    def finalize(self) -> None:
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage.name == "external":
                function.linkage = "linkonce_odr"
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


def _all_values(flags: Any) -> tuple[Any, ...]:
    if isinstance(flags, _QuickFlags):
        return flags.all_values()
    return tuple(flags.values().values())


_FLAGS_HASH = hash(Flags())  # Numba hashes the names of the flags only


class _KernelCompiler(Compiler):  # type: ignore[misc]
    """Numba's compiler with another library for the kernel itself."""

    library: type[JITCodeLibrary]

    def __init__(
        self, typing: Any, target: Any, library: Any, args: Any, result: Any, flags: Any, local: Any
    ) -> None:
        super().__init__(typing, target, library, args, result, _QuickFlags(flags), local)

    def define_pipelines(self) -> Any:
        state = self.state
        if state.library is None:
            codegen = state.targetctx.codegen()
            state.library = self.library(codegen, state.func_id.func_qualname)
            state.library.enable_object_caching()
        return super().define_pipelines()


class _ClosedCompiler(_KernelCompiler):
    library = _ClosedLibrary


class _InnerCompiler(_KernelCompiler):
    library = _InnerLibrary


def _forgive_failing_files(dispatcher: Any) -> None:
    """A cache that cannot be written, or that an earlier version wrote and names what is gone, stops nothing."""
    cache = getattr(dispatcher, "_cache", None)
    if cache is None:
        return
    save, load = cache.save_overload, cache.load_overload

    def forgiving_save(*arguments: Any) -> None:
        try:
            save(*arguments)
        except OSError as error:
            _log.debug("compiled code of %s not cached: %s", dispatcher, error)

    def forgiving_load(*arguments: Any) -> Any:
        try:
            return load(*arguments)
        except (AttributeError, ImportError, EOFError, pickle.UnpicklingError) as error:
            # Numba unpickles an index whole before it looks whether the source has changed.
            _log.debug("compiled code of %s forgotten: %s", dispatcher, error)
            with contextlib.suppress(OSError):
                cache.flush()
            return None

    cache.save_overload = forgiving_save
    cache.load_overload = forgiving_load
