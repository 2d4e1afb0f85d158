"""Which instants of a clip a picture shows."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

__all__ = ["spread"]


def spread(frames: int, instants: int) -> Int64[np.ndarray, "I"]:
    """Frames in the middle of equal parts of a clip; fewer where the clip has fewer.

    Example:
        >>> spread(100, 4).tolist()
        [12, 37, 62, 87]
    """
    count = max(min(frames, instants), 1)
    return np.asarray(((np.arange(count) + 0.5) * frames / count).astype(np.int64))
