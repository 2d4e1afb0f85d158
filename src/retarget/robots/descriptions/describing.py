"""The ``robot.toml`` of a robot that was understood by itself: what is doubtful stands there to be corrected."""

from __future__ import annotations

import json
import os
from pathlib import Path

from retarget.robots.descriptions.inspection import inspect_robot
from retarget.robots.model import RobotModel
from retarget.robots.shapes.hands import hand_balls, rounded_balls

__all__ = ["description_text"]


def description_text(robot: RobotModel, name: str, model: Path, folder: Path) -> str:
    """Text of a TOML file in a folder that describes a model file.

    Lines that begin with ``#?`` state what was proposed and is doubtful; taking these two signs away states it.

    Example:
        >>> print(description_text(robot, "lab_r1", Path("r1.urdf"), Path(".")))  # doctest: +SKIP
        name = "lab_r1"
        model = "r1.urdf"
    """
    found = inspect_robot(robot)
    lines = [
        f"name = {_quoted(name)}",
        f"model = {_quoted(os.path.relpath(model.resolve(), folder.resolve()))}",
    ]
    lines += [f"# assumed: {' '.join(note.split())}" for note in found.notes]
    if found.doubtful:
        lines += ["", "[roles]"]
        lines += [
            f"#? {one.role} = {_place(robot, one.role)}  # {one.reason}" for one in found.doubtful
        ]
    if any(note.startswith("soles of ") for note in found.notes):
        lines += ["", "#? [soles]  # sphere centres in the ankle's body, metres"]
        for side, points in zip(("left", "right"), robot.soles, strict=True):
            corners = ", ".join(str([round(float(v), 4) for v in point]) for point in points)
            lines.append(f"#? {side} = [{corners}]")
        lines.append(f"#? radius = {robot.sole_radius:g}")
    if balls := rounded_balls(hand_balls(model, robot)):
        lines += ["", "[hands]  # balls that fill the hands' meshes: centre and radius, metres"]
        lines += [f"{_quoted(body)} = {own}" for body, own in balls.items()]
    if found.unlimited["speed"]:
        lines += ["", "[velocity_limits]  # rad/s; the model states none for these"]
        lines += [f"#? {_quoted(joint)} = 12.0" for joint in found.unlimited["speed"]]
    return "\n".join([*lines, ""])


def _place(robot: RobotModel, role: str) -> str:
    body = _quoted(robot.body_names[robot.roles[role]])
    point = robot.role_points[role]
    if not point.any():
        return body
    return f"{{ body = {body}, point = {[round(float(v), 4) for v in point]} }}"


def _quoted(text: str) -> str:
    """A TOML string: JSON's escapes are a part of TOML's."""
    return json.dumps(text, ensure_ascii=False)
