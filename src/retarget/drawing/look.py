"""The colours of everything that is drawn, for pictures and the browser alike."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np
from jaxtyping import Float32

__all__ = [
    "CENTRE",
    "COMPARED",
    "HUMAN",
    "INK",
    "LEFT",
    "MARK_COLOURS",
    "MUTED",
    "PAPER",
    "RIGHT",
    "ROBOT",
    "ROOM",
    "STATE_COLOURS",
    "STATE_WORDS",
    "SUPPORT",
    "TARGET",
    "THING",
    "TRAILS",
    "WEIGHT",
    "ContactState",
    "rgb",
]

LEFT, RIGHT, CENTRE = 0, 1, 2
"""Sides of the body, by which limbs have their colours."""

INK, MUTED, PAPER, ROOM = "#1f2933", "#7b8794", "#ffffff", "#eef1f4"
HUMAN: Final = {LEFT: "#f2ad6d", RIGHT: "#6bbab0", CENTRE: "#ddd0bf"}
ROBOT: Final = {LEFT: "#d9822b", RIGHT: "#2b8a80", CENTRE: "#9fb3c8"}
COMPARED: Final = {LEFT: "#b06ab3", RIGHT: "#5b7bd5", CENTRE: "#b9bfca"}
TRAILS: Final = {LEFT: "#d9822b", RIGHT: "#2b8a80"}
TARGET, WEIGHT, SUPPORT = "#334e68", "#facc15", "#a9c7e8"
THING: Final = "#c2ab8b"
"""Things around: wood, which no robot and no mark is made of."""


class ContactState(IntEnum):
    """What a heel or toe of the robot does, beside what the human's does.

    Example:
        >>> ContactState.HELD.name
        'HELD'
    """

    FREE = 0
    HELD = 1
    SLIDING = 2
    LIFTED = 3
    SUNK = 4
    TILTED = 5


STATE_COLOURS: Final = {
    ContactState.FREE: "#c3cad3",
    ContactState.HELD: "#1aa34a",
    ContactState.TILTED: "#0ea5e9",
    ContactState.SLIDING: "#f59e0b",
    ContactState.LIFTED: "#d64545",
    ContactState.SUNK: "#a21caf",
}
STATE_WORDS: Final = {
    ContactState.FREE: "in the air",
    ContactState.HELD: "stands, as the human does",
    ContactState.TILTED: "up, on a foot whose other end stands",
    ContactState.SLIDING: "slides while the human stands",
    ContactState.LIFTED: "off the floor while the human stands",
    ContactState.SUNK: "below the floor",
}


MARK_COLOURS: Final = (*STATE_COLOURS.values(), WEIGHT, SUPPORT, TARGET, INK, MUTED)
"""Colours that mean something, however little of them there is."""


def rgb(colour: str) -> Float32[np.ndarray, "3"]:
    """Red, green and blue of ``#rrggbb``, 0 to 1.

    Example:
        >>> rgb("#ff0000").tolist()
        [1.0, 0.0, 0.0]
    """
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / np.float32(255)
