"""A film strip of a clip: the human above the robot at a few instants, and when the feet touch the ground."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.drawing.camera import Camera
from retarget.drawing.figures import Capsules, facing, human_capsules, robot_capsules
from retarget.drawing.lettering import require_pictures, write_line
from retarget.drawing.look import HUMAN, INK, LEFT, MUTED, PAPER, RIGHT, ROBOT, rgb
from retarget.drawing.marks import find_marks
from retarget.drawing.painter import Bodies, Painter
from retarget.drawing.scene import contact_bodies
from retarget.files import atomic_write
from retarget.report.instants import spread
from retarget.report.thing_lines import thing_lines
from retarget.result import RetargetingResult, SourceClip
from retarget.scenes.tracked import robot_things, source_things
from retarget.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

    from retarget.robots.model import RobotModel

__all__ = ["draw_filmstrip"]

_SHADOW = "#e4e7eb"
_AZIMUTH, _ELEVATION = np.radians(50.0), np.radians(10.0)  # from the direction faced; a 3/4 view
_DPI = 110
_COLOURS = 255  # of the palette, which makes a file a third as large
_WIDTH_INCHES, _MARGIN_INCHES, _TEXT_INCHES = 14.0, 0.75, 0.2
_TITLE_INCHES, _LABELS_INCHES, _STRIP_INCHES, _FOOT_INCHES = 0.75, 0.3, 0.62, 0.45
_GAP = 0.08  # metres between neighbouring figures
_FEWEST = 4  # figures that fill the width: fewer stand farther apart, or one would fill a wall


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

    frames = spread(len(result), instants)
    camera = _camera(result, frames)
    rows = [
        _Row.of(human_capsules(_source_at(result, frames)), camera, HUMAN),
        _Row.of(robot_capsules(result.qpos[frames], robot), camera, ROBOT),
    ]
    spacing = max(row.half_width for row in rows) * 2 + _GAP
    spacing *= max(_FEWEST / len(frames), 1.0)
    inches = (_WIDTH_INCHES - 2 * _MARGIN_INCHES) / (spacing * len(frames))
    figure, axes = _layout(Figure, [(row.top - row.bottom) * inches for row in rows])
    FigureCanvasAgg(figure)
    human = rows[0].bodies(camera, spacing, hidden_below=True)
    robots = rows[1].bodies(camera, spacing, hidden_below=False)
    if result.scene is None:  # rings tell of the floor alone
        touches = _touches(rows[1], result, robot, frames, camera, spacing)
        robots = Bodies.joined([robots, touches])
    if result.scene is not None:
        worlds = source_things(result.scene), robot_things(result.scene)
        shifts = [_places(camera, len(frames), spacing) - row.origins for row in rows]
        human, robots = (
            Bodies.joined([bodies, thing_lines(things, frames, shift, camera, spacing)])
            for bodies, things, shift in zip((human, robots), worlds, shifts, strict=True)
        )
    for axis, row, bodies in zip(axes, rows, (human, robots), strict=False):
        _paint_row(figure, axis, row, bodies, camera, spacing)
    _draw_contacts(axes[2], result, frames)
    _link_instants(figure, axes, frames, spacing, result.fps)
    _write_words(figure, axes, result, title, subtitle)
    with atomic_write(path) as stream:
        _picture(figure).save(stream, format="png", optimize=True)


def _picture(figure: Figure) -> Image:
    """The figure as a picture with a palette."""
    from PIL import Image

    canvas: Any = figure.canvas
    canvas.draw()
    drawn = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    return drawn.quantize(_COLOURS, dither=Image.Dither.NONE)


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

    def bodies(self, camera: Camera, spacing: float, *, hidden_below: bool) -> Bodies:
        """All figures beside each other, from the left of the picture on."""
        capsules, count = self.capsules, len(self.capsules.starts)
        shift = _places(camera, count, spacing)[:, None]
        tones = np.array([rgb(self.colours[side]) for side in capsules.sides])
        paints = np.column_stack([tones, np.full(len(tones), 2.0 if hidden_below else 1.0)])
        return Bodies(
            (capsules.starts + shift).reshape(-1, 3),
            (capsules.ends + shift).reshape(-1, 3),
            np.tile(capsules.radii, count),
            np.tile(paints, (count, 1)).astype(np.float32),
            np.ones(count * len(tones), bool),
        )


def _places(camera: Camera, count: int, spacing: float) -> Float64[np.ndarray, "T 3"]:
    """Where the figures of a row stand, on the floor."""
    return np.asarray((np.arange(count) + 0.5)[:, None] * spacing * camera.right)


def _layout(figure_type: type[Figure], heights: list[float]) -> tuple[Figure, list[Axes]]:
    """A figure with one picture row a height (inches), and a strip for contacts below."""
    parts = [_TITLE_INCHES, *heights, _LABELS_INCHES, _STRIP_INCHES, _FOOT_INCHES]
    figure = figure_type(figsize=(_WIDTH_INCHES, sum(parts)), facecolor=PAPER, dpi=_DPI)
    edges = 1 - np.cumsum([0.0, *parts]) / sum(parts)
    left = _MARGIN_INCHES / _WIDTH_INCHES

    def row(index: int) -> Axes:
        return figure.add_axes(
            (left, edges[index + 1], 1 - 2 * left, edges[index] - edges[index + 1])
        )

    return figure, [row(1), row(2), row(4)]


def _paint_row(
    figure: Figure, axis: Axes, row: _Row, bodies: Bodies, camera: Camera, spacing: float
) -> None:
    """Paint a row's figures where its axis lies, a pixel for a pixel."""
    count = len(row.capsules.starts)
    axis.set_xlim(0, spacing * count)
    axis.set_ylim(row.bottom, row.top)
    axis.axis("off")
    box = axis.get_window_extent()
    width, height = round(box.width), round(box.height)
    middle = camera.right * (spacing * count / 2) + camera.up * ((row.bottom + row.top) / 2)
    view = replace(
        camera, eye=middle + 50.0 * camera.towards, focal=width / (spacing * count)
    )  # from beyond all that is painted
    picture = Painter(width, height, paper=True).paint(bodies, view, floor_radius=1e4)
    figure.figimage(picture, round(box.x0), round(box.y0), zorder=-1)


def _touches(
    row: _Row,
    result: RetargetingResult,
    robot: RobotModel,
    frames: Int64[np.ndarray, "I"],
    camera: Camera,
    spacing: float,
) -> Bodies:
    """Each figure's heels and toes, ringed by how they stand: green when all is well."""
    # With the frames before and after, as how fast a foot moves counts.
    around = np.clip(frames[:, None] + np.array([-1, 0, 1]), 0, len(result) - 1).ravel()
    marks = find_marks(
        result.qpos[around],
        result.contacts[around],
        result.fps,
        robot,
        _source_at(result, around),
    )
    shifts = _places(camera, len(frames), spacing) - row.origins
    return Bodies.joined(
        [contact_bodies(marks, 3 * t + 1, shift) for t, shift in enumerate(shifts)]
    )


def _draw_contacts(axis: Axes, result: RetargetingResult, frames: Int64[np.ndarray, "I"]) -> None:
    """Bars of heel and toe contact over time, left foot above right."""
    axis.set_xlim(0, result.duration)
    axis.set_ylim(-0.15, 4.15)
    bars = [(3, LEFT, 1), (2, LEFT, 0), (1, RIGHT, 1), (0, RIGHT, 0)]
    for height, foot, point in bars:
        axis.axhspan(height + 0.12, height + 0.88, color=_SHADOW, alpha=0.5, lw=0)
        spans = _spans(result.contacts[:, foot, point], result.fps)
        axis.broken_barh(spans, (height + 0.12, 0.76), facecolors=ROBOT[foot], linewidth=0)
        label = f"{('left', 'right')[foot]} {('heel', 'toe')[point]} "
        axis.text(0, height + 0.45, label, ha="right", va="center", color=MUTED, fontsize=8)
    axis.set_yticks([])
    axis.tick_params(colors=MUTED, labelsize=8, length=3)
    axis.set_xlabel(
        "time (s); bars: the human's foot on the ground", color=MUTED, fontsize=8, labelpad=1
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
        axes[2].axvline(time, color=INK, lw=0.8, zorder=3)
        bottom = axes[1].get_ylim()[0]
        figure.add_artist(
            ConnectionPatch(
                (x, bottom),
                (time, 4.15),
                "data",
                "data",
                axesA=axes[1],
                axesB=axes[2],
                color=MUTED,
                lw=0.6,
            )
        )
        axes[1].text(
            x,
            bottom + 0.01,
            f"{time:.2f} s",
            ha="center",
            va="bottom",
            color=INK,
            fontsize=8,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1.0},
            zorder=5,
        )


def _write_words(
    figure: Figure, axes: list[Axes], result: RetargetingResult, title: str, subtitle: str
) -> None:
    height = figure.get_figheight()
    left, right = _TEXT_INCHES / _WIDTH_INCHES, 1 - _TEXT_INCHES / _WIDTH_INCHES
    facts = f"{result.robot}, {counted(len(result), 'frame')} at {result.fps:.4g} fps, {result.duration:.1f} s"
    write_line(figure, left, 1 - 0.30 / height, title, color=INK, fontsize=14, weight="bold")
    write_line(figure, right, 1 - 0.30 / height, facts, color=MUTED, fontsize=10, ha="right")
    write_line(figure, left, 1 - 0.56 / height, subtitle, color=MUTED, fontsize=10)
    for axis, name in zip(axes, ("human", "robot"), strict=False):
        axis.text(
            -0.004,
            0.5,
            name,
            transform=axis.transAxes,
            rotation=90,
            color=MUTED,
            fontsize=9,
            ha="right",
            va="center",
        )
