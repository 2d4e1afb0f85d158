"""The viewer: a server whose pages all show the same clip at the same frame, and one loop that does all work."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from retarget.batch.review import Decision, Review
from retarget.drawing.stage import Layout, Stage
from retarget.errors import RetargetError
from retarget.view.browsing import Browsing
from retarget.view.clip import Opening, open_clip, stage_of
from retarget.view.curves import Curve, curves_of, worst_frames
from retarget.view.nodes import StageNodes
from retarget.view.opening_view import look_at_stage
from retarget.view.panels import Panels
from retarget.view.picking import moment_at
from retarget.view.playback import Playback
from retarget.view.playlist import Entry, Shown
from retarget.view.serving import address_of, quiet, require_servable, require_viewer, start_server
from retarget.view.state import Now

__all__ = ["Viewer"]

_PATIENCE_S: Final = 5.0  # for the loop to end
_MOST_FRAMES: Final = 60.0  # that are sent per second


class Viewer:
    """Shows clips of a list in any number of browser windows.

    Everything that people do comes in as a task for one loop, so that nothing happens at the same time.

    Example:
        >>> with Viewer([Entry("walk", Path("walk.npz"))]) as viewer:  # doctest: +SKIP
        ...     print(viewer.address)
        ...     viewer.run()
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        opening: Opening | None = None,
        *,
        review_file: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 8080,
        on_problem: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Start a server and show the first clip.

        Args:
            entries: The clips, one at least.
            opening: How their files are to be understood.
            review_file: Where decisions about them are kept; None keeps none.
            host: Name or address to serve at; the default is seen from this machine alone.
            port: Port to serve at; the next free one if it is taken, any for 0.
            on_problem: Called with what went wrong with a clip that is not the first.

        Raises:
            MissingExtraError: viser is not installed.
            OptionsError: Nothing can be served at that host or port.
            RetargetError: The first clip cannot be shown.
        """
        require_viewer()
        require_servable(host, port)  # before a clip is opened, which may take long
        self._opening, self._on_problem = opening or Opening(), on_problem
        self._browsing = Browsing(entries, review_file)
        self._tasks: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stopping, self._idle = threading.Event(), threading.Event()
        self._idle.set()
        self.sent_frames = 0
        self._now = self._opened(entries[0])
        self.playback = Playback(self._now.stage.frames, self._now.stage.fps)
        self._server: Any = start_server(host, port)
        try:
            self._server.scene.set_up_direction("+z")
            self._server.gui.configure_theme(show_share_button=False, show_logo=False)
            self._nodes = StageNodes(self._server, self._now.stage, self._now.overlays)
            self._panels = Panels(self._server, self, self._do)
            self._server.scene.on_click()(self._clicked)
            self._show_clip()
        except BaseException:
            self._stop()
            raise

    def __enter__(self) -> Viewer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return address_of(self._server)

    @property
    def stage(self) -> Stage:
        """What is shown."""
        return self._now.stage

    @property
    def now(self) -> Now:
        """What is shown, and how."""
        return self._now

    @property
    def order(self) -> tuple[Entry, ...]:
        """The clips that are gone through, in their order."""
        return self._browsing.order

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All clips."""
        return self._browsing.entries

    @property
    def reviewing(self) -> bool:
        """Whether decisions are kept."""
        return self._browsing.reviewing

    @property
    def review(self) -> Review:
        """What was decided about the clips."""
        return self._browsing.review

    def run(self) -> None:
        """Play until `close` is called, or Ctrl-C."""
        self._idle.clear()
        try:
            self._run()
        finally:
            self._idle.set()

    def _run(self) -> None:
        before = due = time.perf_counter()
        shown = -1
        while not self._stopping.is_set():
            if self._work(max(due - time.perf_counter(), 0.0)):
                shown = -1  # what people did may have changed more than the frame
            now = time.perf_counter()
            frame = self.playback.advance(now - before)
            before = now
            if now >= due:
                due = max(due + 1 / _MOST_FRAMES, now)
                if frame != shown:
                    self._show(frame)
                    shown = frame
                self._panels.show_time(frame, now)

    def close(self) -> None:
        """Stop playing and serving."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._idle.wait(_PATIENCE_S)
            self._stop()

    def _stop(self) -> None:
        with quiet():
            self._server.stop()

    def _do(self, task: Callable[[], None]) -> None:
        self._tasks.put(task)

    def _work(self, patience_s: float = 0.0) -> bool:
        """Do what people have asked for, or ask for soon; whether they have asked for anything."""
        busy = False
        while True:
            try:
                task = self._tasks.get(block=patience_s > 0, timeout=patience_s)
            except queue.Empty:
                return busy
            busy, patience_s = True, 0.0
            try:
                task()
            except RetargetError as error:
                self._tell(str(error))
            self._show(self.playback.frame)

    def _tell(self, problem: str) -> None:
        self._on_problem(problem)
        self._panels.tell(problem)

    def _show(self, frame: int) -> None:
        now = self._now
        with self._server.atomic():
            self._nodes.show(frame, now.overlays, follow=now.follow)
        self.sent_frames += 1

    def _opened(self, entry: Entry) -> Now:
        clip = open_clip(entry.path, self._opening)
        stage = stage_of(clip)
        curves, why = curves_of(clip.casts[0]) if clip.casts else ({}, "a recording has no robot")
        return Now(entry, clip, stage, curves, why)

    def _show_clip(self) -> None:
        now = self._now
        self._nodes.show_people({a.name for a in now.stage.actors} - now.hidden)
        look_at_stage(self._server.initial_camera, now.stage)
        self._panels.show_clip()

    # What people may do; called in the loop.

    def open(self, entry: Entry) -> None:
        """Show another clip from its beginning.

        Raises:
            RetargetError: It cannot be shown; the one before stays.
        """
        before = self._now
        now = self._opened(entry)
        self._now = replace(now, overlays=before.overlays, follow=before.follow)
        self._set_layout(before.layout)
        self.playback = replace(
            self.playback, frames=self.stage.frames, fps=self.stage.fps, time=0.0
        )
        self._show_clip()

    def go(self, steps: int) -> None:
        """Show a clip further on in the order, or back; round at the ends."""
        following = self._browsing.after(self._now.entry, steps)
        if following is not None:
            self.open(following)

    def sort(self, by: str, worst_first: bool, shown: Shown) -> None:
        """Go through the clips in another order, or only through some."""
        self._browsing.sort(by, worst_first, shown)
        self._panels.show_order()

    def lay_out(self, layout: Layout) -> None:
        """Let the human stand beside the robot or over it."""
        self._set_layout(layout)
        self._show_clip()

    def _set_layout(self, layout: Layout) -> None:
        self._now.layout = layout
        self._now.stage = stage_of(self._now.clip, layout=layout)
        self._nodes.remove()
        self._nodes = StageNodes(self._server, self._now.stage, self._now.overlays)

    def overlay(self, **changes: bool) -> None:
        """Draw or leave out marks; see `Overlays`."""
        self._now.overlays = replace(self._now.overlays, **changes)

    def show_person(self, name: str, visible: bool) -> None:
        """Show or hide one of those on the stage."""
        (self._now.hidden.discard if visible else self._now.hidden.add)(name)
        self._nodes.show_people({a.name for a in self.stage.actors} - self._now.hidden)

    def worst(self, curve: Curve, which: int) -> int | None:
        """Jump to a moment in which a curve is worst; its frame, or None where there is none."""
        frames = worst_frames(curve, self.stage.fps)
        if not frames:
            return None
        self.playback.playing = False
        self.playback.jump(frames[which % len(frames)])
        return self.playback.frame

    def decide(self, decision: Decision, note: str) -> None:
        """Keep what somebody thinks of the clip, in the file, at once.

        Raises:
            OutputError: The file cannot be written.
            ManifestError: The file has been damaged meanwhile.
        """
        self._browsing.decide(self._now.entry, decision, note)
        self._panels.show_order()

    def _clicked(self, event: Any) -> None:
        self._do(lambda: self._jump_to(event.ray_origin, event.ray_direction))

    def _jump_to(self, origin: Sequence[float], direction: Sequence[float]) -> None:
        frame = self.playback.frame
        shift = self.stage.centre(frame if self._now.follow else 0)
        moment = moment_at(self.stage, np.array(origin) + shift, np.array(direction), frame)
        if moment is not None:
            self.playback.playing = False
            self.playback.jump(moment)
