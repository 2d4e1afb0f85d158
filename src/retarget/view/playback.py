"""Which frame is shown: time that runs, stops, goes round and jumps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["SPEEDS", "Playback"]

SPEEDS: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(slots=True)
class Playback:
    """A clip's clock.

    Attributes:
        frames: How many frames there are, one at least.
        fps: Frames per second.
        time: Seconds from the first frame.
        speed: Seconds of the clip per second.
        loop: Begin again after the last frame.
        playing: Time runs.

    Example:
        >>> clock = Playback(frames=30, fps=10.0)
        >>> clock.advance(1.0), clock.frame
        (10, 10)
    """

    frames: int
    fps: float
    time: float = 0.0
    speed: float = 1.0
    loop: bool = True
    playing: bool = True

    @property
    def frame(self) -> int:
        """The frame that is shown."""
        return min(max(int(self.time * self.fps + 1e-6), 0), self.frames - 1)

    def advance(self, seconds: float) -> int:
        """Let time pass, and say which frame is shown now; at the end of a clip that is not looped it stops."""
        if self.playing:
            self.time += seconds * self.speed
            length = self.frames / self.fps
            if self.time >= length:
                if self.loop:
                    self.time %= length
                else:
                    self.jump(self.frames - 1)
                    self.playing = False
        return self.frame

    def jump(self, frame: int) -> None:
        """Show a frame; the nearest there is."""
        self.time = min(max(frame, 0), self.frames - 1) / self.fps

    def step(self, frames: int) -> None:
        """Stop, and go some frames on, or back."""
        self.playing = False
        self.jump(self.frame + frames)

    def toggle(self) -> None:
        """Play or stop; from the last frame it begins again."""
        self.playing = not self.playing
        if self.playing and not self.loop and self.frame == self.frames - 1:
            self.jump(0)
