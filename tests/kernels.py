"""Kernels that only kernels call, made callable from tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def callable_kernel(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel without machine code of its own, within one that has some."""

    @numba.njit
    def call(*arguments):  # type: ignore[no-untyped-def]
        return kernel(*arguments)

    return call
