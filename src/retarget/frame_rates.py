"""Which frame rates are taken, anywhere: in files, options, motions, results and streams.

Capture systems record from 24 to some hundred frames a second, high-speed cameras up to about 1,000; time lapses and
annotated videos come down to a few. What lies far outside is another quantity in the rate's place.
"""

from __future__ import annotations

import math
from typing import Final

__all__ = ["LEAST_FPS", "MOST_FPS", "period_problem", "rate_problem"]

LEAST_FPS: Final = 1.0
MOST_FPS: Final = 2000.0


def rate_problem(fps: float) -> str:
    """Why a rate in frames per second is none that can be; empty if it can.

    Example:
        >>> rate_problem(30.0)
        ''
        >>> rate_problem(0.0333333)
        'a rate of 0.0333333 frames a second is not between 1 and 2000: is it the time of a frame in seconds?'
    """
    if _fits(fps):
        return ""
    return f"a rate of {fps:g} frames a second is not between {LEAST_FPS:g} and {MOST_FPS:g}{_guess_of_rate(fps)}"


def period_problem(seconds: float) -> str:
    """Why a time of a frame is none that can be; empty if it can.

    Example:
        >>> period_problem(1 / 30)
        ''
        >>> period_problem(33.3333)
        'a frame time of 33.3333 s is not between 0.0005 and 1 s: is it in milliseconds, or the rate itself?'
    """
    if seconds > 0 and _fits(1.0 / seconds):
        return ""
    shortest, longest = 1.0 / MOST_FPS, 1.0 / LEAST_FPS
    return (
        f"a frame time of {seconds:g} s is not between {shortest:g} and {longest:g} s"
        f"{_guess_of_period(seconds)}"
    )


def _fits(fps: float) -> bool:
    return LEAST_FPS <= fps <= MOST_FPS  # false for NaN too


def _guess_of_rate(fps: float) -> str:
    if not (math.isfinite(fps) and fps > 0):
        return ""
    if _fits(1.0 / fps):
        return ": is it the time of a frame in seconds?"
    return ": is it the time of a frame in microseconds?" if _fits(1e6 / fps) else ""


def _guess_of_period(seconds: float) -> str:
    if not (math.isfinite(seconds) and seconds > 0):
        return ""
    guesses = [
        guess
        for fps, guess in (
            (1e3 / seconds, "in milliseconds"),
            (1e6 / seconds, "in microseconds"),
            (seconds, "the rate itself"),
        )
        if _fits(fps)
    ]
    return f": is it {', or '.join(guesses)}?" if guesses else ""
