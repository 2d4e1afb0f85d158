"""Which moment is meant by a click at somebody's way across the floor."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.drawing.stage import Stage

__all__ = ["moment_at"]

_REACH: Final = 0.08  # metres that a click may miss a way by
_NEAR_S: Final = 1.5  # of several moments at one place the nearest one to now is meant


def moment_at(
    stage: Stage,
    origin: Float64[np.ndarray, "3"],
    direction: Float64[np.ndarray, "3"],
    now: int,
) -> int | None:
    """The frame at which a foot of a robot was where a ray passes; None where none was.

    Args:
        stage: Who has walked where.
        origin: Where the ray begins, metres.
        direction: Where it goes.
        now: The frame that is shown.
    """
    along = direction / np.linalg.norm(direction)
    best: tuple[float, int] | None = None
    for actor in stage.actors:
        if actor.marks is None or not actor.marks.feet:
            continue
        feet = actor.marks.points.mean(axis=2).astype(np.float64) + actor.offset
        away = feet - origin
        ahead = away @ along
        off = np.linalg.norm(away - ahead[..., None] * along, axis=-1)
        off = np.where(ahead > 0, off, np.inf).min(axis=1)
        close = np.flatnonzero(off < _REACH)
        if not len(close):
            continue
        frames = close + actor.first
        # A place passed twice: the moment nearest to the present one, unless the ray points clearly at another.
        score = off[close] + 0.02 * np.minimum(np.abs(frames - now) / (_NEAR_S * stage.fps), 1.0)
        at = int(score.argmin())
        if best is None or score[at] < best[0]:
            best = float(score[at]), int(frames[at])
    return None if best is None else best[1]
