"""Landmarks of one person, and which of them a body cannot be found without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from jaxtyping import Float64

__all__ = ["SIDES", "BodyMarkers", "Places", "missing_landmarks"]

Places = Float64[np.ndarray, "T 3"]
SIDES: Final = (("left", 1.0), ("right", -1.0))
"""Both sides, with the sign of their direction along the body's left."""


@dataclass(frozen=True, slots=True)
class BodyMarkers:
    """Landmarks of one person.

    Attributes:
        at: Places by landmark, metres, NaN where they were not seen.
        sizes: What the file says of the person by Plug-in Gait's names in capitals, metres.
        fps: Frames per second.
        said: Where each kind of joint's centre is from, for a note.
    """

    at: Mapping[str, Places]
    sizes: Mapping[str, float]
    fps: float
    said: dict[str, str] = field(default_factory=dict)

    def has(self, *names: str) -> bool:
        """Whether the set has all these landmarks."""
        return all(name in self.at for name in names)

    def mean(self, *names: str) -> Places:
        """The middle of those landmarks that the set has; there is one at least."""
        return np.asarray(np.mean([self.at[name] for name in names if name in self.at], axis=0))


def missing_landmarks(body: BodyMarkers) -> list[str]:
    """What a body cannot be found without, in a few words each; empty if it can be."""
    lacks = []
    for side, _ in SIDES:
        wanted = {
            "the pelvis' front": ("asis", "front_waist"),
            "knee": ("knee", "knee_medial"),
            "ankle": ("ankle", "ankle_medial"),
            "foot": ("toe", "toe_lateral", "toe_medial"),
            "shoulder": ("shoulder", "front_shoulder", "back_shoulder"),
            "elbow": ("elbow", "elbow_medial"),
            "wrist": (
                "wrist",
                *(f"wrist_{bar}{part}" for bar in ("", "bar_") for part in ("thumb", "little")),
            ),
        }
        lacks += [
            f"{side} {what}"
            for what, names in wanted.items()
            if not any(body.has(f"{side}_{name}") for name in names)
        ]
    if not (
        body.has("sacrum")
        or body.has("left_psis", "right_psis")
        or body.has("left_back_waist", "right_back_waist")
    ):
        lacks.append("the pelvis' back")
    return lacks
