"""A picture of a recording as it was understood: roles, poses at some instants, the floor, and what touches it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.drawing.lettering import drawable, require_pictures, write_line
from retarget.drawing.look import (
    CENTRE,
    HUMAN,
    INK,
    LEFT,
    MUTED,
    PAPER,
    RIGHT,
    ROBOT,
    STATE_COLOURS,
    ContactState,
)
from retarget.files import atomic_write
from retarget.motion.contacts import Contacts
from retarget.motion.motion import Motion
from retarget.report.instants import spread
from retarget.report.recording_scene import RecordingScene
from retarget.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_recording"]

_DPI = 110
_WIDTH, _LABELLED, _ROW, _BARS = 14.0, 4.6, 2.6, 1.0  # inches
_TITLE, _FOOT, _SIDE = 0.75, 0.5, 0.75
_GROUND = 0.5  # metres from a figure to the edges of the floor that is drawn below it
_TOUCHING = STATE_COLOURS[ContactState.HELD]
_PLAIN: Final = "#b6bec8"  # joints that play no part

Places = Float64[np.ndarray, "n 2"]


def draw_recording(
    motion: Motion,
    contacts: Contacts,
    path: str | Path,
    *,
    title: str,
    subtitle: str = "",
    instants: int = 8,
) -> None:
    """Write a PNG of a recording: which joint plays which role, poses at some instants, and when what is on the ground.

    Left limbs are orange and right ones green; joints without a role are grey. Joints that are on the ground are
    ringed, and bars show when. Needs no display.

    Args:
        motion: The recording, its floor level.
        contacts: What was found to touch the ground.
        path: The PNG; it appears whole or not at all.
        title: First line, such as the file's name.
        subtitle: Second line, such as its format and doubts.
        instants: How many instants to show.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: The file cannot be written.

    Example:
        >>> draw_recording(motion, find_contacts(find_anatomy(motion)), "walk.png", title="walk")  # doctest: +SKIP
    """
    require_pictures()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(_WIDTH, _TITLE + _LABELLED + _ROW + _BARS + _FOOT), facecolor=PAPER, dpi=_DPI
    )
    FigureCanvasAgg(figure)
    labelled, row, bars = _layout(figure)
    scene = RecordingScene.of(motion, contacts)
    _draw_labelled(labelled, scene)
    frames = spread(len(motion), instants)
    _draw_row(row, scene, frames)
    _draw_bars(bars, scene, frames)
    facts = (
        f"{counted(len(motion), 'frame')} at {motion.fps:.4g} fps, {motion.duration:.1f} s, "
        f"{counted(len(motion.joint_names), 'joint')}"
    )
    height = figure.get_figheight()
    write_line(figure, 0.2 / _WIDTH, 1 - 0.3 / height, title, color=INK, fontsize=14, weight="bold")
    write_line(
        figure, 1 - 0.2 / _WIDTH, 1 - 0.3 / height, facts, color=MUTED, fontsize=10, ha="right"
    )
    write_line(figure, 0.2 / _WIDTH, 1 - 0.56 / height, subtitle, color=MUTED, fontsize=9)
    with atomic_write(path) as stream:
        figure.savefig(stream, format="png")


def _layout(figure: Figure) -> tuple[Axes, Axes, Axes]:
    height = figure.get_figheight()
    axes = []
    top = height - _TITLE
    for inches in (_LABELLED, _ROW, _BARS):
        box = (_SIDE / _WIDTH, (top - inches) / height, 1 - 2 * _SIDE / _WIDTH, inches / height)
        axes.append(figure.add_axes(box))
        top -= inches
    for axis in axes[:2]:
        axis.axis("off")
        axis.set_aspect("equal")
    return axes[0], axes[1], axes[2]


def _draw_figure(
    axis: Axes, scene: RecordingScene, frame: int, shift: float, thick: float
) -> Places:
    """One pose on its floor; returns where its joints are in the picture."""
    seen = scene.seen(frame) + np.array([shift, 0.0])
    corners = scene.ground(_GROUND) + np.array([shift, 0.0])
    axis.fill(*corners.T, color="#eef1f4", lw=0, zorder=0)
    for joint, parent in enumerate(scene.motion.parents.tolist()):
        if parent < 0:
            continue
        side = scene.sides[joint]
        colour = _PLAIN if side is None else ROBOT[side]
        line = seen[[parent, joint]]
        axis.plot(
            *line.T,
            color=colour,
            lw=thick if side is not None else 0.5 * thick,
            solid_capstyle="round",
            zorder=2,
        )
    for joints, when in scene.touches.values():
        if when[frame]:
            for joint in joints:
                axis.plot(
                    *seen[joint],
                    "o",
                    ms=3.2 * thick,
                    mfc="none",
                    mec=_TOUCHING,
                    mew=0.7 * thick,
                    zorder=4,
                )
    return np.asarray(seen)


def _draw_labelled(axis: Axes, scene: RecordingScene) -> None:
    """The pose that shows most, with the joints that play roles by name."""
    frame = scene.clearest()
    seen = _draw_figure(axis, scene, frame, 0.0, 3.0)
    own = {role: seen[joint] for role, joint in scene.motion.roles.items()}
    points = np.array(list(own.values()))
    low, high = points.min(axis=0), points.max(axis=0)
    size = float(high[1] - low[1])
    bottom, top = min(low[1], 0.0) - 0.06 * size, high[1] + 0.06 * size
    for right in (False, True):
        names = sorted(
            (role for role, place in own.items() if (place[0] > points[:, 0].mean()) == right),
            key=lambda role: own[role][1],
        )
        heights = _apart([own[name][1] for name in names], 0.052 * (top - bottom), bottom, top)
        edge = high[0] + 0.25 * size if right else low[0] - 0.25 * size
        for name, height in zip(names, heights, strict=True):
            side = {"left": LEFT, "right": RIGHT}.get(name.partition("_")[0], CENTRE)
            axis.plot([own[name][0], edge], [own[name][1], height], color=MUTED, lw=0.5, zorder=1)
            axis.plot(*own[name], "o", ms=5, color=HUMAN[side], mec=INK, mew=0.6, zorder=5)
            joint = scene.motion.joint_names[scene.motion.roles[name]]
            words, fonts = drawable(f"{name.replace('_', ' ')} = {joint}"[:60])
            axis.text(
                edge, height, f" {words} ", ha="left" if right else "right", va="center", color=INK, fontsize=7.5,
                parse_math=False, fontfamily=fonts,
            )  # fmt: skip
    axis.text(
        0.0,
        bottom,
        f"{frame / scene.motion.fps:.2f} s",
        ha="center",
        va="top",
        color=MUTED,
        fontsize=8,
    )
    axis.set_ylim(bottom - 0.05 * size, top)


def _apart(heights: list[float], least: float, bottom: float, top: float) -> list[float]:
    """Heights in rising order, moved until none is nearer to the next than ``least``."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + least if placed else bottom))
    over = placed[-1] - top if placed else 0.0
    for index in range(len(placed) - 1, -1, -1):
        most = top if index == len(placed) - 1 else placed[index + 1] - least
        if over > 0:
            placed[index] = min(placed[index], most)
    return placed


def _draw_row(axis: Axes, scene: RecordingScene, frames: Int64[np.ndarray, "I"]) -> None:
    seen = [scene.seen(int(frame)) for frame in frames]
    roles = [*scene.motion.roles.values()]
    reach = max(float(np.quantile(np.abs(places[roles, 0]), 0.99)) for places in seen)
    spacing = 2 * max(reach, _GROUND) + 0.15
    for index, frame in enumerate(frames):
        _draw_figure(axis, scene, int(frame), index * spacing, 1.6)
    axis.set_xlim(-spacing / 2, (len(frames) - 0.5) * spacing)


def _draw_bars(axis: Axes, scene: RecordingScene, frames: Int64[np.ndarray, "I"]) -> None:
    """When what is on the ground, and the instants drawn."""
    names = list(scene.touches)
    fps = scene.motion.fps
    axis.set_xlim(0, scene.motion.duration)
    axis.set_ylim(len(names) + 0.1, -0.1)
    for row, name in enumerate(names):
        _, when = scene.touches[name]
        edges = np.flatnonzero(np.diff(np.concatenate([[0], when.astype(np.int8), [0]])))
        runs = [(a / fps, (b - a) / fps) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        axis.axhspan(row + 0.1, row + 0.9, color="#eef1f4", lw=0)
        axis.broken_barh(runs, (row + 0.1, 0.8), facecolors=_TOUCHING, linewidth=0)
        axis.text(0, row + 0.5, f"{name} ", ha="right", va="center", color=MUTED, fontsize=7.5)
    for frame in frames:
        axis.axvline(float(frame) / fps, color=INK, lw=0.8)
    axis.set_yticks([])
    axis.tick_params(colors=MUTED, labelsize=8, length=3)
    axis.set_xlabel(
        "time (s); bars: on the ground; lines: the instants above",
        color=MUTED,
        fontsize=8,
        labelpad=1,
    )
    for spine in axis.spines.values():
        spine.set_visible(False)
