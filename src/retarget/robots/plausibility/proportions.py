"""Lengths of a human's body as shares of its height (Winter, Biomechanics, 2009, figure 4.1)."""

from __future__ import annotations

from typing import Final

__all__ = [
    "ARM",
    "FOREARM",
    "HIPS",
    "LEG",
    "SHANK",
    "SHOULDERS",
    "SHOULDER_HEIGHT",
    "THIGH",
    "TRUNK",
    "UPPER_ARM",
]

THIGH: Final = 0.245
SHANK: Final = 0.246
LEG: Final = THIGH + SHANK
UPPER_ARM: Final = 0.186
FOREARM: Final = 0.146
ARM: Final = UPPER_ARM + FOREARM
HIPS: Final = 0.191
SHOULDERS: Final = 0.259
SHOULDER_HEIGHT: Final = 0.818
TRUNK: Final = 0.288
"""From hips to shoulders."""
