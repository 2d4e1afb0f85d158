"""What a figure looks like in the frames to come: worked out some at a time, as most of what that takes is per call."""

from __future__ import annotations

from typing import Final

import numpy as np

from retarget.drawing.stage import Actor
from retarget.view.shapes import Instances, balls, rods

__all__ = ["FigureBlock"]

# Frames that are worked out together: a quarter of a second or more, in a few milliseconds.
_FRAMES: Final = 32


class FigureBlock:
    """The balls and rods of an actor's capsules, frame by frame."""

    def __init__(self, actor: Actor) -> None:
        """Remember whose they are; nothing is worked out yet."""
        self._actor = actor
        self._first = -1
        self._balls: list[Instances] = []
        self._rods: list[Instances] = []

    def at(self, frame: int) -> tuple[Instances, Instances]:
        """Balls and rods in one of the actor's own frames."""
        first = frame - frame % _FRAMES
        if first != self._first:
            self._make(first)
        return self._balls[frame - first], self._rods[frame - first]

    def top(self, frame: int) -> float:
        """How high the highest of its capsules reaches in one of its own frames, metres."""
        ends, _ = self.at(frame)
        return float((ends.places[:, 2] + ends.sizes[:, 0]).max())

    def _make(self, first: int) -> None:
        frames = np.arange(first, min(first + _FRAMES, self._actor.frames))
        shape = self._actor.shape(frames)
        count = len(shape.radii)
        starts, ends = shape.starts.reshape(-1, 3), shape.ends.reshape(-1, 3)
        radii = np.tile(shape.radii, len(frames))
        sides = rods(starts, ends, radii)
        turned = balls(shape.starts[0], shape.ends[0], shape.radii)
        places = np.concatenate([shape.starts, shape.ends], axis=1).astype(np.float32)
        self._balls = [turned._replace(places=one) for one in places]
        self._rods = [
            Instances(*(values[k * count : (k + 1) * count] for values in sides))
            for k in range(len(frames))
        ]
        self._first = first
