"""The panels beside the picture: playing, what is drawn, curves along time, and going through a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, get_args

from retarget.drawing.look import STATE_COLOURS, STATE_WORDS
from retarget.drawing.stage import Layout
from retarget.evaluation import MEASURES
from retarget.view.curve_panel import CurvePanel
from retarget.view.jumping import FRAME_LABEL
from retarget.view.markdown import breakable, plain
from retarget.view.playback import SPEEDS
from retarget.view.playlist import SHOWN, sort_keys
from retarget.wording import counted

if TYPE_CHECKING:
    from retarget.batch.review import Decision
    from retarget.view.state import Controls

__all__ = ["Panels"]

_TIME_EVERY_S: Final = 0.1  # seconds between looks at the slider
_MARKS: Final = {
    "contacts": "Contacts",
    "trails": "Ways of the feet",
    "balance": "Centre of mass and support",
    "targets": "Where limbs should be",
}


class Panels:
    """The controls of a viewer. What people do with them goes to its loop as tasks."""

    def __init__(
        self, server: Any, viewer: Controls, do: Callable[[Callable[[], None]], None]
    ) -> None:
        """Make all controls."""
        self._gui, self._viewer, self._do = server.gui, viewer, do
        self._gui.set_panel_label("retarget")
        self._title = self._gui.add_markdown("")
        self._make_playing()
        self._make_batch()
        self._curves = CurvePanel(self._gui, viewer, do, self._on)
        self._make_drawing()
        self._make_keys()
        self._told_at = 0.0

    # Making them

    def _make_playing(self) -> None:
        gui = self._gui
        with gui.add_folder("Play"):
            self._slider = gui.add_slider(FRAME_LABEL, min=0, max=1, step=1, initial_value=0)
            self._clock = gui.add_markdown("")
            self._buttons = gui.add_button_group("", ("|<", "<", "play", ">", ">|"))
            self._speed = gui.add_dropdown(
                "Speed", tuple(f"{speed:g}x" for speed in SPEEDS), initial_value="1x"
            )
            self._loop = gui.add_checkbox("Loop", initial_value=True)
            self._follow = gui.add_checkbox("Follow", initial_value=True)
        self._on(self._slider, lambda value: self._scrub(int(value)))
        self._on(self._speed, lambda value: self._set_speed(float(value.rstrip("x"))))
        self._on(self._loop, lambda value: setattr(self._viewer.playback, "loop", value))
        self._on(self._follow, lambda value: setattr(self._viewer.now, "follow", value))
        moves: dict[str, Callable[[], None]] = {
            "|<": lambda: self._viewer.playback.jump(0),
            "<": lambda: self._viewer.playback.step(-1),
            "play": self._toggle,
            ">": lambda: self._viewer.playback.step(1),
            ">|": lambda: self._viewer.playback.jump(self._viewer.stage.frames - 1),
        }
        self._buttons.on_click(lambda event: self._do(moves[event.target.value]))

    def _make_drawing(self) -> None:
        gui, overlays = self._gui, self._viewer.now.overlays
        with gui.add_folder("Draw", expand_by_default=False):
            self._layout = gui.add_dropdown("Human", get_args(Layout), initial_value="beside")
            for name, title in _MARKS.items():
                box = gui.add_checkbox(title, initial_value=getattr(overlays, name))
                self._on(box, self._overlay(name))
            self._people_folder = gui.add_folder("Who")
            self._people: list[Any] = []
            gui.add_markdown(_legend())
        self._on(self._layout, self._viewer.lay_out)

    def _overlay(self, name: str) -> Callable[[Any], None]:
        return lambda value: self._viewer.overlay(**{name: value})

    def _make_batch(self) -> None:
        gui, viewer = self._gui, self._viewer
        keys = sort_keys(viewer.entries)
        self._keys = {_key_title(key): key for key in keys}
        with gui.add_folder("Clips", visible=len(viewer.entries) > 1 or viewer.reviewing):
            self._place = gui.add_markdown("")
            self._steps = gui.add_button_group("", ("previous", "next"))
            self._sort = gui.add_dropdown("Sorted by", tuple(self._keys))
            self._worst_first = gui.add_checkbox("Worst first", initial_value=True)
            self._shown = gui.add_dropdown("Show", SHOWN)
            self._note = gui.add_text("Note", "", visible=viewer.reviewing)
            self._decision = gui.add_button_group("", ("keep", "reject", "undecided"))
            self._decision.visible = viewer.reviewing
        self._steps.on_click(
            lambda event: self._do(lambda: viewer.go(1 if event.target.value == "next" else -1))
        )
        for handle in (self._sort, self._worst_first, self._shown):
            self._on(handle, lambda _: self._sort_clips())
        self._decision.on_click(lambda event: self._do(self._decide(event.target.value)))

    def _make_keys(self) -> None:
        viewer = self._viewer
        for label, key, task in (
            ("Play or pause", "space", self._toggle),
            ("One frame back", "arrowleft", lambda: viewer.playback.step(-1)),
            ("One frame on", "arrowright", lambda: viewer.playback.step(1)),
            ("Previous clip", "P", lambda: viewer.go(-1)),
            ("Next clip", "N", lambda: viewer.go(1)),
            ("Keep this clip", "K", self._decide("keep")),
            ("Reject this clip", "X", self._decide("reject")),
        ):
            command = self._gui.add_command(label, hotkey=key)
            command.on_trigger(self._key(task))

    def _key(self, task: Callable[[], None]) -> Callable[[Any], None]:
        return lambda _: self._do(task)

    def _on(self, handle: Any, task: Callable[[Any], None]) -> None:
        """Have a task done when somebody, not the viewer itself, changes a value."""

        def changed(event: Any) -> None:
            if event.client is not None:
                value = handle.value
                self._do(lambda: task(value))

        handle.on_update(changed)

    # What they do

    def _toggle(self) -> None:
        self._viewer.playback.toggle()

    def _scrub(self, frame: int) -> None:
        self._viewer.playback.playing = False
        self._viewer.playback.jump(frame)

    def _set_speed(self, speed: float) -> None:
        self._viewer.playback.speed = speed

    def _sort_clips(self) -> None:
        by = self._keys[self._sort.value]
        self._viewer.sort(by, bool(self._worst_first.value), self._shown.value)
        self._viewer.go(0)

    def _decide(self, word: str) -> Callable[[], None]:
        decisions: dict[str, Decision] = {"keep": "keep", "reject": "reject"}

        def task() -> None:
            self._viewer.decide(decisions.get(word, ""), self._note.value)
            self.show_order()

        return task

    # Showing

    def show_clip(self) -> None:
        """Tell of another clip."""
        now, stage = self._viewer.now, self._viewer.stage
        facts = "".join(f"\n- {plain(fact)}" for fact in stage.facts)
        if now.entry.failed_gates:  # a list of its own, not the last reasons
            facts = f"\n\n**the clip**\n{facts}"
        gates = now.entry.failed_gates
        verdict = ""
        if gates is not None:
            reasons = "".join(f"\n- {plain(reason)}" for reason in now.entry.reasons)
            count = counted(len(gates), "gate") if len(gates) > 1 else "a gate"
            verdict = f"\n\n**misses** {count}\n{reasons}" if gates else "\n\n**passes** its gates"
        self._title.content = f"### {breakable(stage.title)}{verdict}\n{facts}"
        # A slider of one frame would have no length.
        self._slider.max = max(stage.frames - 1, 1)
        self._slider.value = 0
        self._show_people()
        said = self._viewer.review.of(now.entry.name)
        self._note.value = "" if said is None else said.note
        self._curves.show_clip()
        self.show_order()

    def _show_people(self) -> None:
        for box in self._people:
            box.remove()
        self._people = []
        with self._people_folder:
            for actor in self._viewer.stage.actors:
                visible = actor.name not in self._viewer.now.hidden
                box = self._gui.add_checkbox(actor.name, initial_value=visible)
                self._on(box, self._person(actor.name))
                self._people.append(box)

    def _person(self, name: str) -> Callable[[Any], None]:
        return lambda visible: self._viewer.show_person(name, visible)

    def show_order(self) -> None:
        """Tell where in the list the clip is, and what was decided about it."""
        viewer = self._viewer
        name = viewer.now.entry.name
        names = [entry.name for entry in viewer.order]
        here = f"{names.index(name) + 1:,} of " if name in names else "not among "
        said = viewer.review.of(name)
        decided = f": **{said.decision or 'note kept'}**" if said is not None else ""
        self._place.content = f"{here}{len(names):,}{decided}"

    def show_time(self, frame: int, now_s: float) -> None:
        """Move the slider and the mark in the curve along, now and then."""
        if now_s - self._told_at >= _TIME_EVERY_S:
            self._told_at = now_s
            if self._slider.value != frame:
                self._slider.value = frame
            seconds = frame / self._viewer.stage.fps
            clock = f"{seconds:.2f} s of {self._viewer.stage.duration:.2f} s"
            if self._clock.content != clock:  # the slider has moved already where a person moved it
                self._clock.content = clock
        self._curves.show_time(frame, now_s)

    def tell(self, problem: str) -> None:
        """Show a problem to all."""
        self._title.content = f"### {breakable(problem)}"


def _key_title(key: str) -> str:
    measure = MEASURES.get(key)
    return measure.title if measure is not None else key


def _legend() -> str:
    """What the colours of contacts mean."""
    return "\n".join(
        f"- <span style='color:{STATE_COLOURS[state]}'>&#9679;</span> {words}"
        for state, words in STATE_WORDS.items()
    )
