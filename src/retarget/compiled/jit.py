"""Compiling kernels with Numba once, into a cache that may fail without stopping a run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

import numba

from retarget.compiled.cache import share_cache
from retarget.compiled.compiler import ClosedCompiler, InnerCompiler, InnerKernel

__all__ = ["NANS_COUNT", "jit"]

# Fast arithmetic of kernels whose result is asked whether it is a number: with all of it the answer is always yes.
NANS_COUNT = frozenset(("arcp", "afn", "contract", "nsz", "reassoc"))

_F = TypeVar("_F", bound=Callable[..., Any])


def jit(
    signature: Any = None,
    *,
    fastmath: bool | frozenset[str] = False,
    inner: bool = False,
    inlined: bool = False,
    allocates: bool = False,
) -> Callable[[_F], _F]:
    """Decorate a kernel: compiled at its first call, or at once where a signature is given.

    Machine code is cached beside the module, else in the user's cache folder (``NUMBA_CACHE_DIR`` overrides), for all
    processes (`retarget.compiled.cache`); where neither can be written it is compiled anew in every process. Division
    by zero follows IEEE 754.

    Args:
        signature: Numba signature, or None to specialise on the first call's types.
        fastmath: Allow reassociation and contraction; only for kernels that need no NaN or infinity, else `NANS_COUNT`.
        inner: Only kernels call it: nothing is compiled for calls from Python, which is most of the work where
            there are many arrays.
        inlined: Its callers contain it, so that its scratch room is theirs.
        allocates: The kernel makes arrays, returns some or calculates with whole ones. Those that do not keep no count
            of who uses an array, which is a twelfth of a solve's time, and compile sooner. They must not return arrays.
    """

    def decorate(function: _F) -> _F:
        options = {
            "pipeline_class": InnerCompiler if inner else ClosedCompiler,
            "error_model": "numpy",
            "fastmath": set(fastmath) if isinstance(fastmath, frozenset) else fastmath,
            "no_cfunc_wrapper": True,
            "no_cpython_wrapper": inner,
            "_nrt": allocates,
            "inline": "always" if inlined else "never",
        }
        dispatcher = numba.njit(**options)(function)
        if inner:  # its code is part of its callers'
            dispatcher.__class__ = InnerKernel
            kernel: _F = dispatcher
            return kernel
        # Numba raises where it finds no writable folder, and at the first save on a full disk.
        with contextlib.suppress(RuntimeError, OSError):
            dispatcher.enable_caching()
            share_cache(dispatcher)
        if signature is not None:
            for one in signature if isinstance(signature, list) else [signature]:
                dispatcher.compile(one)
            dispatcher.disable_compile()
        result: _F = dispatcher
        return result

    return decorate
