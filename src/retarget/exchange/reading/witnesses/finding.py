"""What is found about a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Finding", "FindingName"]

FindingName: TypeAlias = Literal[
    "container", "contacts", "frame", "joints", "limits", "links", "numbers", "order", "poses", "quaternion", "rate",
    "sign", "unit", "velocity", "velocity_point",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a file.

    Attributes:
        name: What it is about.
        wrong: Whether the file's consumer would be misled; else it is worth knowing.
        text: A plain sentence.
        derived: It is about velocities or contacts, which follow from a motion; the motion itself may be sound.
    """

    name: FindingName
    wrong: bool
    text: str
    derived: bool = False
