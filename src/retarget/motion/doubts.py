"""What is doubtful about how a recording was understood: each guess that may be wrong, with a weight and a reason.

A doubt travels from the reader to the result, its report and a batch's record. A weight of 0 is no doubt, 1 is as good
as wrong; doubts of different names are taken to be independent of one another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from retarget.errors import RetargetError

__all__ = ["DOUBTS", "Doubt", "doubts_from_json", "total_doubt"]

DOUBTS: Mapping[str, str] = MappingProxyType(
    {
        "roles": "which joint plays which part of the body",
        "up_axis": "which axis of the file points up",
        "unit": "the length unit of the file",
        "mirrored": "which side is left",
        "rate": "how many frames a second the file has",
        "layout": "which joints, order or quaternions a file of a robot's motion has",
        "glitches": "frames in which the body is where no body can be",
        "lost_frames": "frames of zeros, or the same as the one before, that stand for frames that were lost",
        "floor": "where the floor is, and whether it stays there",
        "skeleton": "where the joints of a body lie whose shape is not known",
        "rotations": "how segments are turned about their own lengths, which places alone do not tell",
        "markers": "where joint centres lie below the markers on the skin",
        "subject": "whether other recordings are of the same person on the same skeleton",
        "travel": "how the body moves through the world",
        "limbs": "whether all limbs were recorded",
        "things": "where the things around a robot's motion of another tool are",
        "support": "whether what carries the body was recorded",
    }
)
"""All names of doubts, with what is doubted."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One guess that may be wrong.

    Attributes:
        name: What is doubted; one of `DOUBTS`.
        weight: How much, from 0 to 1: about how probable it is that the guess is wrong and the result with it.
        reason: Why, and what a user can do, in a plain sentence.

    Example:
        >>> Doubt("unit", 0.3, "the legs are 0.5 m long: a child, or another unit").weight
        0.3
    """

    name: str
    weight: float
    reason: str

    def __post_init__(self) -> None:
        if self.name not in DOUBTS:
            raise RetargetError(f"unknown doubt {self.name!r}; known: {', '.join(DOUBTS)}")
        if not 0.0 <= self.weight <= 1.0:
            raise RetargetError(f"the weight of a doubt is from 0 to 1, not {self.weight}")

    def as_json(self) -> dict[str, Any]:
        """The same as a JSON-ready mapping."""
        return {"name": self.name, "weight": round(self.weight, 3), "reason": self.reason}

    @property
    def text(self) -> str:
        """The same for people, in one line."""
        return f"{self.name} ({self.weight:.0%}): {self.reason}"


def total_doubt(doubts: Iterable[Doubt]) -> float:
    """How probable it is that something was misunderstood: 0 without doubts, 1 where one is certain.

    Example:
        >>> total_doubt([Doubt("unit", 0.5, "..."), Doubt("roles", 0.5, "...")])
        0.75
    """
    right = 1.0
    for doubt in doubts:
        right *= 1.0 - doubt.weight
    return 1.0 - right


def doubts_from_json(entries: object) -> tuple[Doubt, ...]:
    """Doubts as `Doubt.as_json` wrote them, such as those in a result's provenance; none where there are none.

    Raises:
        RetargetError: The entries are no doubts.
    """
    if entries is None:
        return ()
    if not isinstance(entries, (list, tuple)):
        raise RetargetError("the doubts of a motion are no list; retarget it again")
    doubts = []
    for entry in entries:
        try:
            doubts.append(Doubt(str(entry["name"]), float(entry["weight"]), str(entry["reason"])))
        except (TypeError, KeyError, ValueError):
            raise RetargetError(f"{entry!r} is no doubt; retarget the motion again") from None
    return tuple(doubts)
