"""Ways of the feet in the browser: in pieces that are sent once, as time comes near to them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from jaxtyping import Float32

from retarget.drawing.look import TRAILS
from retarget.drawing.marks import Marks
from retarget.view.copies import colour_bytes

__all__ = ["WayNodes"]

_PIECE_S: Final = 0.5  # seconds of a piece
_AROUND: Final = 2  # pieces that are shown before the present one, and after it
_STEPS: Final = 16  # of a piece
_THICKNESS: Final = 0.008


class WayNodes:
    """The ways of a robot's feet around a frame, a second back and on and up to half of one more."""

    def __init__(
        self, scene: Any, path: str, marks: Marks, offset: Float32[np.ndarray, "3"], fps: float
    ) -> None:
        """Make them for the first frame; ``offset`` (metres) is added to where the feet are."""
        self._marks, self._offset = marks, offset
        self._frames = max(round(_PIECE_S * fps), 1)
        count = 2 * _AROUND + 1
        self._sent = [[_piece_at(0, slot) for slot in range(count)] for _ in range(marks.feet)]
        self._nodes = [
            [
                scene.add_line_segments(
                    f"{path}{foot}_{slot}",
                    self._segments(foot, piece),
                    colour_bytes(TRAILS[foot]),
                    thickness=_THICKNESS,
                )
                for slot, piece in enumerate(sent)
            ]
            for foot, sent in enumerate(self._sent)
        ]

    def show(self, frame: int, visible: bool) -> None:
        """Send the pieces that have come near; ``frame`` is the robot's own."""
        now = frame // self._frames
        for foot, (nodes, sent) in enumerate(zip(self._nodes, self._sent, strict=True)):
            for slot, node in enumerate(nodes):
                node.visible = visible
                piece = _piece_at(now, slot)
                if visible and piece != sent[slot]:
                    node.points = self._segments(foot, piece)
                    sent[slot] = piece

    def _segments(self, foot: int, piece: int) -> Float32[np.ndarray, "n 2 3"]:
        """Lines along a foot's way, always as many; without length where the clip has not begun, or has ended."""
        first = piece * self._frames
        times = np.linspace(first, first + self._frames, _STEPS + 1).round().astype(np.int64)
        frames = np.clip(times, 0, len(self._marks.points) - 1)
        way = self._marks.points[frames, foot].mean(axis=1) + self._offset
        return np.stack([way[:-1], way[1:]], axis=1)


def _piece_at(now: int, slot: int) -> int:
    """Which of the pieces around the present one a node shows: each stays in its node until it is left behind."""
    first, count = now - _AROUND, 2 * _AROUND + 1
    return first + (slot - first) % count
