"""Compiling kernels with Numba once, into a cache that may fail without stopping a run."""

from __future__ import annotations

import contextlib
import logging
import pickle
from collections.abc import Callable
from typing import Any, TypeVar

import numba

from retarget._compiler import ClosedCompiler, InnerCompiler

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
            "pipeline_class": InnerCompiler if inner else ClosedCompiler,
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
