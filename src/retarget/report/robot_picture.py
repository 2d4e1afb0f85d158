"""A robot from the front and from the side, with the body roles and soles that were found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float64

from retarget.errors import MissingExtraError
from retarget.files import atomic_write
from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel

__all__ = ["draw_robot"]

_SIDES = {"left": "#1f77b4", "right": "#d62728", "": "#333333"}
_VIEWS = (("front", 1, -1.0), ("side", 0, 1.0))  # name, horizontal axis, its direction on paper
_DPI = 110


def draw_robot(robot: RobotModel, path: str | Path) -> None:
    """Write a picture (.png) of a robot with its joints at zero: bones, roles and soles, left blue and right red.

    Raises:
        MissingExtraError: Matplotlib is not installed.
        OutputError: The file cannot be written.

    Example:
        >>> draw_robot(load_robot("unitree_g1"), "g1.png")  # doctest: +SKIP
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("drawing a picture", "picture") from error
    zero = np.clip(np.zeros(robot.joint_count), robot.lower, robot.upper)
    positions, rotations = body_poses(robot, zero, robot.upright)
    centres = {
        role: positions[body] + rotations[body] @ robot.role_points[role]
        for role, body in robot.roles.items()
    }
    figure = Figure(figsize=(9, 7), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"{robot.name}: {robot.joint_count} joints, {robot.masses.sum():.1f} kg")
    for axes, (view, across, sign) in zip(figure.subplots(1, 2), _VIEWS, strict=True):
        flat = np.array([sign, 1.0])
        _draw_bones(axes, robot, positions[:, [across, 2]] * flat)
        _draw_soles(axes, robot, positions, rotations, across, flat)
        for role, centre in centres.items():
            side, _, part = role.rpartition("_")
            if view == "side" and side == "right":
                continue
            point = centre[[across, 2]] * flat
            axes.plot(*point, "o", ms=5, color=_SIDES[side])
            axes.annotate(part, point, (6, 3), textcoords="offset points", fontsize=8)
        axes.set_aspect("equal")
        axes.set_title(view)
        axes.set_ylabel("m")
    with atomic_write(path) as stream:
        figure.savefig(stream, format="png")


def _draw_bones(axes: object, robot: RobotModel, points: Float64[np.ndarray, "B 2"]) -> None:
    for body in range(1, len(points)):
        line = points[[robot.parents[body], body]].T
        held = bool(robot.held[body - 1])
        axes.plot(*line, "-", lw=1 if held else 2, color="#bbbbbb" if held else "#888888", zorder=0)  # type: ignore[attr-defined]


def _draw_soles(
    axes: object,
    robot: RobotModel,
    positions: Float64[np.ndarray, "B 3"],
    rotations: Float64[np.ndarray, "B 3 3"],
    across: int,
    flat: Float64[np.ndarray, "2"],
) -> None:
    sides = ("left", "right")[: len(robot.feet)]  # none without legs
    for side, foot, points in zip(sides, robot.feet, robot.soles, strict=True):
        world = positions[foot] + points @ rotations[foot].T - [0, 0, robot.sole_radius]
        loop = np.concatenate([world, world[:1]])[:, [across, 2]] * flat
        axes.plot(*loop.T, "-", lw=3, color=_SIDES[side])  # type: ignore[attr-defined]
