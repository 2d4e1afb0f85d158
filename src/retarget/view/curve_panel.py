"""The panel of curves along time: a measure frame by frame, a mark at what is shown, and ways to jump."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from retarget.view.curves import Curve, bounds, thinned, with_mark
from retarget.view.jumping import jump_script
from retarget.view.markdown import plain

if TYPE_CHECKING:
    from retarget.view.state import Controls

__all__ = ["CurvePanel"]

_POINTS: Final = 600  # of a curve
_MARK_EVERY_S: Final = 0.25  # seconds between looks at the mark
_FIRST: Final = ("limb_error", "toe_slide", "jerk")  # what is shown where nothing was chosen


class _On(Protocol):
    def __call__(self, handle: Any, task: Callable[[Any], None], /) -> None:
        """Have a task done when somebody changes a value."""
        ...


class CurvePanel:
    """A choice of curves, the plot of one, and a button that jumps to where it is worst."""

    def __init__(
        self, gui: Any, viewer: Controls, do: Callable[[Callable[[], None]], None], on: _On
    ) -> None:
        """Make the controls; ``do`` hands tasks to the viewer's loop, ``on`` those of changed values."""
        self._viewer = viewer
        with gui.add_folder("Along time"):
            self._choice = gui.add_dropdown("Measure", ("-",), initial_value="-")
            self._value = gui.add_markdown("")
            self._plot = gui.add_uplot(
                (np.array([0.0, 1.0]), np.zeros(2), np.zeros(2)),
                (
                    {"label": "s"},
                    {"label": "value", "stroke": "#2b8a80", "width": 1.5, "spanGaps": False},
                    {"label": "now", "stroke": "#d64545", "width": 1.5},
                ),
                scales={"x": {"time": False}},
                legend={"show": False},
                cursor={"drag": {"x": False, "y": False}},
                height=170,
            )
            self._jump = gui.add_html("")
            self._worst = gui.add_button("Worst moment, then the next")
        self._worst_shown = 0
        self._drawn: Curve | None = None
        self._points = np.zeros(0, np.int64), np.zeros(0)
        self._marked_at, self._marked_frame = 0.0, -1
        on(self._choice, lambda _: self._choose())
        self._worst.on_click(lambda _: do(self._jump_to_worst))

    def show_clip(self) -> None:
        """Offer another clip's curves; the one that was chosen stays where there is one of its name."""
        curves = self._viewer.now.curves
        titles = tuple(curves) or ("-",)
        first = [title for name in _FIRST for title, one in curves.items() if one.name == name]
        chosen = self._choice.value if self._choice.value in titles else (*first, titles[0])[0]
        self._choice.options = titles
        self._choice.value = chosen
        self._choose()

    def show_time(self, frame: int, now_s: float) -> None:
        """Move the mark along, now and then."""
        if now_s - self._marked_at >= _MARK_EVERY_S and self._marked_frame != frame:
            self._marked_at = now_s
            self._draw()

    def _choose(self) -> None:
        self._worst_shown = 0
        self._draw()

    def _jump_to_worst(self) -> None:
        curve = self._chosen()
        if curve is not None and self._viewer.worst(curve, self._worst_shown) is not None:
            self._worst_shown += 1
            self._draw()

    def _chosen(self) -> Curve | None:
        return self._viewer.now.curves.get(self._choice.value)

    def _draw(self) -> None:
        curve, playback = self._chosen(), self._viewer.playback
        self._marked_frame = playback.frame
        if curve is None:
            self._value.content = plain(self._viewer.now.why_no_curves)
            self._plot.visible = False
            return
        self._plot.visible = True
        if self._drawn is not curve:
            self._drawn, self._points = curve, thinned(curve.values, _POINTS)
        frames, values = self._points
        low, high = bounds(values)
        last = max(len(curve.values) - 1, 1)
        scales = {
            "x": {"time": False, "range": (0.0, last / playback.fps)},
            "y": {"range": (low, high)},
        }
        if self._plot.scales != scales:  # a plot whose scales are sent is made anew
            self._plot.scales = scales
        jump = jump_script(last)
        if self._jump.content != jump:
            self._jump.content = jump
        self._plot.data = with_mark(frames / playback.fps, values, playback.frame / playback.fps)
        value = curve.values[min(playback.frame, len(curve.values) - 1)]
        here = "says nothing of this frame" if np.isnan(value) else f"**{value:.4g}** now"
        self._value.content = f"{here}. {plain(curve.definition)}"
