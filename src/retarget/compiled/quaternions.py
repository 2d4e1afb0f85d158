"""Quaternions in kernels: what `retarget.geometry` does for arrays of many, here of one."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit

__all__ = ["multiply"]


@jit(fastmath=True, inner=True)
def multiply(
    p: Float64[np.ndarray, "4"], q: Float64[np.ndarray, "4"], out: Float64[np.ndarray, "4"]
) -> None:
    """Hamilton's product of two quaternions, wxyz; ``out`` is neither of them."""
    out[0] = p[0] * q[0] - p[1] * q[1] - p[2] * q[2] - p[3] * q[3]
    out[1] = p[0] * q[1] + p[1] * q[0] + p[2] * q[3] - p[3] * q[2]
    out[2] = p[0] * q[2] - p[1] * q[3] + p[2] * q[0] + p[3] * q[1]
    out[3] = p[0] * q[3] + p[1] * q[2] - p[2] * q[1] + p[3] * q[0]
