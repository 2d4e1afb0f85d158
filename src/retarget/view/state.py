"""What is shown, and what people may do with it: what the panels know of a viewer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from retarget.batch.review import Decision, Review
from retarget.drawing.scene import Overlays
from retarget.drawing.stage import Layout, Stage
from retarget.view.clip import Clip
from retarget.view.curves import Curve
from retarget.view.playback import Playback
from retarget.view.playlist import Entry, Shown

__all__ = ["Controls", "Now"]


@dataclass(slots=True)
class Now:
    """The clip that is shown, and how.

    Attributes:
        entry: Its entry in the list.
        clip: What its file holds.
        stage: Who stands where.
        curves: Its series along time, by title.
        why_no_curves: Why there are none.
        overlays: Which marks are drawn.
        layout: Where the human stands.
        follow: Whether the camera follows.
        hidden: Names of those who are hidden.
    """

    entry: Entry
    clip: Clip
    stage: Stage
    curves: dict[str, Curve]
    why_no_curves: str
    overlays: Overlays = field(default_factory=Overlays)
    layout: Layout = "beside"
    follow: bool = True
    hidden: set[str] = field(default_factory=set)


class Controls(Protocol):
    """What may be asked of a viewer, see `retarget.view.viewer.Viewer`."""

    playback: Playback

    @property
    def review(self) -> Review:
        """What was decided about the clips."""
        ...

    @property
    def now(self) -> Now:
        """What is shown."""
        ...

    @property
    def stage(self) -> Stage:
        """Who stands where."""
        ...

    @property
    def order(self) -> tuple[Entry, ...]:
        """The clips that are gone through."""
        ...

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All clips."""
        ...

    @property
    def reviewing(self) -> bool:
        """Whether decisions are kept."""
        ...

    def go(self, steps: int) -> None:
        """Show a clip further on."""
        ...

    def sort(self, by: str, worst_first: bool, shown: Shown) -> None:
        """Go through the clips in another order."""
        ...

    def lay_out(self, layout: Layout) -> None:
        """Let the human stand elsewhere."""
        ...

    def overlay(self, **changes: bool) -> None:
        """Draw or leave out marks."""
        ...

    def show_person(self, name: str, visible: bool) -> None:
        """Show or hide somebody."""
        ...

    def worst(self, curve: Curve, which: int) -> int | None:
        """Jump to a bad moment."""
        ...

    def decide(self, decision: Decision, note: str) -> None:
        """Keep what somebody thinks of the clip."""
        ...
