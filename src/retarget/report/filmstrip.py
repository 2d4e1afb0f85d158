"""A film strip of a clip: the human above the robot at a few instants, and when the feet touch the ground."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.files import atomic_write
from retarget.report.drawing import drawable, require_pictures
from retarget.report.figures import (
    CENTRE,
    LEFT,
    RIGHT,
    Camera,
    Capsules,
    facing,
    human_capsules,
    robot_capsules,
)
from retarget.result import RetargetingResult, SourceClip
from retarget.solver.kinematics.forward import forward_kinematics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from retarget.robots.model import RobotModel

__all__ = ["draw_filmstrip"]

_INK, _MUTED, _PAPER, _SHADOW = "#1f2933", "#7b8794", "#ffffff", "#e4e7eb"
_HUMAN = {LEFT: "#f0a35e", RIGHT: "#5aa9a0", CENTRE: "#d9cbb8"}
_ROBOT = {LEFT: "#d9822b", RIGHT: "#2b8a80", CENTRE: "#9fb3c8"}
_AZIMUTH, _ELEVATION = np.radians(50.0), np.radians(8.0)  # from the direction faced; a 3/4 view
_TOUCH = "#d64545"
_DPI = 110
_WIDTH_INCHES, _MARGIN_INCHES, _TEXT_INCHES = 14.0, 0.75, 0.2
_TITLE_INCHES, _LABELS_INCHES, _STRIP_INCHES, _FOOT_INCHES = 0.75, 0.3, 0.62, 0.45
_GAP = 0.08  # metres between neighbouring figures


def draw_filmstrip(
    result: RetargetingResult,
    robot: RobotModel,
    path: str | Path,
    *,
    title: str,
    subtitle: str = "",
    instants: int = 8,
) -> None:
    """Write a PNG: human above robot at evenly spaced instants, same scale and view, and the contacts.

    Left limbs are orange and right ones green on both. Below, bars show when heel and toe are on the ground,
    with the instants drawn marked. Needs no display.

    Args:
        result: The motion, which holds its human source.
        robot: The robot it is for.
        path: The PNG; it appears whole or not at all.
        title: First line, such as the clip's name.
        subtitle: Second line, such as its scores.
        instants: How many instants to show.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: The file cannot be written.

    Example:
        >>> draw_filmstrip(result, load_robot("unitree_g1"), "walk.png", title="walk")  # doctest: +SKIP
    """
    require_pictures()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    frames = _spread(len(result), instants)
    camera = _camera(result, frames)
    rows = [
        _Row.of(human_capsules(_source_at(result, frames)), camera, _HUMAN),
        _Row.of(robot_capsules(result.qpos[frames], robot), camera, _ROBOT),
    ]
    spacing = max(row.half_width for row in rows) * 2 + _GAP
    inches = (_WIDTH_INCHES - 2 * _MARGIN_INCHES) / (spacing * len(frames))
    figure, axes = _layout(Figure, [(row.top - row.bottom) * inches for row in rows])
    FigureCanvasAgg(figure)
    for axis, row in zip(axes, rows, strict=False):
        _draw_row(axis, row, camera, spacing, 72 * inches)
    _draw_touches(axes[1], rows[1], result, robot, frames, camera, spacing)
    _draw_contacts(axes[2], result, frames)
    _link_instants(figure, axes, frames, spacing, result.fps)
    _write_words(figure, axes, result, title, subtitle)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    with atomic_write(path) as stream:
        stream.write(buffer.getvalue())


def _spread(frames: int, instants: int) -> Int64[np.ndarray, "I"]:
    """Frames in the middle of equal parts of the clip; fewer where the clip has fewer."""
    count = max(min(frames, instants), 1)
    return np.asarray(((np.arange(count) + 0.5) * frames / count).astype(np.int64))


def _source_at(result: RetargetingResult, frames: Int64[np.ndarray, "I"]) -> SourceClip:
    source = result.source
    return replace(source, positions=source.positions[frames], rotations=source.rotations[frames])


def _camera(result: RetargetingResult, frames: Int64[np.ndarray, "I"]) -> Camera:
    """Three-quarter view on the side that the human faces on average, over the instants shown."""
    x, y = facing(_source_at(result, frames)).mean(axis=0)
    return Camera.looking(float(np.arctan2(y, x)) + _AZIMUTH, _ELEVATION)


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """Figures of one row, each moved so that it stands over the origin, and how much room they take."""

    capsules: Capsules
    origins: Float64[np.ndarray, "T 3"]
    colours: dict[int, str]
    half_width: float
    bottom: float
    top: float

    @classmethod
    def of(cls, capsules: Capsules, camera: Camera, colours: dict[int, str]) -> _Row:
        ends = np.stack([capsules.starts, capsules.ends])
        origins = ends.mean(axis=(0, 2))
        origins[:, 2] = 0.0
        seen = camera.picture(ends - origins[None, :, None])
        reach = capsules.radii[:, None]
        return cls(
            replace(
                capsules,
                starts=capsules.starts - origins[:, None],
                ends=capsules.ends - origins[:, None],
            ),
            origins,
            colours,
            float(np.quantile(np.abs(seen[..., :1]) + reach, 0.995)),
            min(float((seen[..., 1:] - reach).min()), -0.1) - 0.09,
            float((seen[..., 1:] + reach).max()) + 0.08,
        )


def _layout(figure_type: type[Figure], heights: list[float]) -> tuple[Figure, list[Axes]]:
    """A figure with one picture row a height (inches), and a strip for contacts below."""
    parts = [_TITLE_INCHES, *heights, _LABELS_INCHES, _STRIP_INCHES, _FOOT_INCHES]
    figure = figure_type(figsize=(_WIDTH_INCHES, sum(parts)), facecolor=_PAPER)
    edges = 1 - np.cumsum([0.0, *parts]) / sum(parts)
    left = _MARGIN_INCHES / _WIDTH_INCHES

    def row(index: int) -> Axes:
        return figure.add_axes(
            (left, edges[index + 1], 1 - 2 * left, edges[index] - edges[index + 1])
        )

    return figure, [row(1), row(2), row(4)]


def _draw_row(
    axis: Axes, row: _Row, camera: Camera, spacing: float, points_per_metre: float
) -> None:
    from matplotlib.collections import LineCollection

    capsules = row.capsules
    count = len(capsules.starts)
    axis.set_xlim(0, spacing * count)
    axis.set_ylim(row.bottom, row.top)
    axis.axis("off")
    shift = np.stack([(np.arange(count) + 0.5) * spacing, np.zeros(count)], axis=-1)[:, None]
    flat = np.array([1.0, 1.0, 0.0])
    shadows = _lines(
        camera.picture(capsules.starts * flat), camera.picture(capsules.ends * flat), shift
    )
    widths = 2 * capsules.radii * points_per_metre
    axis.add_collection(
        LineCollection(
            list(shadows.reshape(-1, 2, 2)),
            linewidths=np.tile(widths * 0.5, count),
            colors=_SHADOW,
            capstyle="round",
            clip_on=False,
            zorder=1,
        )
    )
    lines = _lines(camera.picture(capsules.starts), camera.picture(capsules.ends), shift)
    nearness = camera.nearness((capsules.starts + capsules.ends) / 2)
    for t in range(count):
        order = np.argsort(nearness[t])
        fills = [row.colours[capsules.sides[k]] for k in order]
        # Each capsule is drawn as a dark line under a light, thinner one: an outline.
        axis.add_collection(
            LineCollection(
                list(np.repeat(lines[t, order], 2, axis=0)),
                linewidths=(widths[order][:, None] + np.array([1.6, 0.0])).ravel(),
                colors=[colour for fill in fills for colour in (_darker(fill), fill)],
                capstyle="round",
                clip_on=False,
                snap=False,  # snapping to pixels would make spheres vanish
                zorder=2,
            )
        )


def _lines(
    starts: Float64[np.ndarray, "T K 2"],
    ends: Float64[np.ndarray, "T K 2"],
    shift: Float64[np.ndarray, "T 1 2"],
) -> Float64[np.ndarray, "T K 2 2"]:
    # A line of length zero would not be drawn: a sphere is a very short capsule.
    return np.stack([starts + shift, ends + shift + np.array([1e-3, 0.0])], axis=2)


def _darker(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return red * 0.55, green * 0.55, blue * 0.55


def _draw_touches(
    axis: Axes,
    row: _Row,
    result: RetargetingResult,
    robot: RobotModel,
    frames: Int64[np.ndarray, "I"],
    camera: Camera,
    spacing: float,
) -> None:
    """A red dot at each of the robot's sole points that is in contact: on the floor when all is well."""
    positions, rotations = forward_kinematics(result.qpos[frames], robot)
    for foot, body in enumerate(robot.feet):
        soles = positions[:, None, body] + np.einsum(
            "tij,sj->tsi", rotations[:, body], robot.soles[foot]
        )
        soles[..., 2] -= robot.sole_radius
        forward = robot.soles[foot][:, 0] > robot.soles[foot][:, 0].mean()
        for t, frame in enumerate(frames):
            heel, toe = result.contacts[frame, foot]
            touching = soles[t, (forward & toe) | (~forward & heel)]
            seen = camera.picture(touching - row.origins[t])
            axis.plot(
                seen[:, 0] + (t + 0.5) * spacing, seen[:, 1], "o", color=_TOUCH, ms=2.0, zorder=4
            )


def _draw_contacts(axis: Axes, result: RetargetingResult, frames: Int64[np.ndarray, "I"]) -> None:
    """Bars of heel and toe contact over time, left foot above right."""
    axis.set_xlim(0, result.duration)
    axis.set_ylim(-0.15, 4.15)
    bars = [(3, LEFT, 1), (2, LEFT, 0), (1, RIGHT, 1), (0, RIGHT, 0)]
    for height, foot, point in bars:
        axis.axhspan(height + 0.12, height + 0.88, color=_SHADOW, alpha=0.5, lw=0)
        spans = _spans(result.contacts[:, foot, point], result.fps)
        axis.broken_barh(spans, (height + 0.12, 0.76), facecolors=_ROBOT[foot], linewidth=0)
        label = f"{('left', 'right')[foot]} {('heel', 'toe')[point]} "
        axis.text(0, height + 0.45, label, ha="right", va="center", color=_MUTED, fontsize=8)
    axis.set_yticks([])
    axis.tick_params(colors=_MUTED, labelsize=8, length=3)
    axis.set_xlabel(
        "time (s); bars: the human's foot on the ground", color=_MUTED, fontsize=8, labelpad=1
    )
    for spine in axis.spines.values():
        spine.set_visible(False)


def _spans(touching: Bool[np.ndarray, "T"], fps: float) -> list[tuple[float, float]]:
    """Start and length in seconds of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], touching.astype(np.int8), [0]])))
    return [
        (float(start) / fps, float(stop - start) / fps)
        for start, stop in zip(edges[::2], edges[1::2], strict=True)
    ]


def _link_instants(
    figure: Figure, axes: list[Axes], frames: Int64[np.ndarray, "I"], spacing: float, fps: float
) -> None:
    """Write the time under each figure and join it to its place on the time line."""
    from matplotlib.patches import ConnectionPatch

    for index, frame in enumerate(frames):
        time, x = float(frame) / fps, (index + 0.5) * spacing
        axes[2].axvline(time, color=_INK, lw=0.8, zorder=3)
        bottom = axes[1].get_ylim()[0]
        figure.add_artist(
            ConnectionPatch(
                (x, bottom),
                (time, 4.15),
                "data",
                "data",
                axesA=axes[1],
                axesB=axes[2],
                color=_MUTED,
                lw=0.6,
            )
        )
        axes[1].text(
            x,
            bottom + 0.01,
            f"{time:.2f} s",
            ha="center",
            va="bottom",
            color=_INK,
            fontsize=8,
            bbox={"facecolor": _PAPER, "edgecolor": "none", "pad": 1.0},
            zorder=5,
        )


def _write_words(
    figure: Figure, axes: list[Axes], result: RetargetingResult, title: str, subtitle: str
) -> None:
    height = figure.get_figheight()
    left, right = _TEXT_INCHES / _WIDTH_INCHES, 1 - _TEXT_INCHES / _WIDTH_INCHES
    facts = f"{result.robot}, {len(result)} frames at {result.fps:.4g} fps, {result.duration:.1f} s"
    _write(figure, left, 1 - 0.30 / height, title, color=_INK, fontsize=14, weight="bold")
    _write(figure, right, 1 - 0.30 / height, facts, color=_MUTED, fontsize=10, ha="right")
    _write(figure, left, 1 - 0.56 / height, subtitle, color=_MUTED, fontsize=10)
    for axis, name in zip(axes, ("human", "robot"), strict=False):
        axis.text(
            -0.004,
            0.5,
            name,
            transform=axis.transAxes,
            rotation=90,
            color=_MUTED,
            fontsize=9,
            ha="right",
            va="center",
        )


def _write(figure: Figure, x: float, y: float, text: str, **style: Any) -> None:
    """Write a line whose letters may be any, and in which a dollar sign begins no formula."""
    words, fonts = drawable(text)
    figure.text(x, y, words, va="center", parse_math=False, fontfamily=fonts, **style)
