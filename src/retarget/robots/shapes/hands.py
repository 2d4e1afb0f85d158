"""How large a robot's forearms and hands are: balls that fill the meshes of its model.

Collision capsules are made for falls and self-collision: those of the G1's hand stand 7 mm out of its palm, and its
thumb 28 mm out of them. What touches things is to be as large as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from jaxtyping import Float64

from retarget.errors import RetargetError
from retarget.robots.model import RobotModel
from retarget.robots.reading.description import Description, floating_spec
from retarget.robots.shapes.hulls import balls_within
from retarget.robots.spec import SIDES
from retarget.robots.tree import Frame, build_tree, quaternion_matrix

_OF_HAND, _OF_FOREARM = 96, 32  # balls of one body, at most

__all__ = ["hand_balls", "hand_bodies", "rounded_balls"]


def hand_bodies(robot: RobotModel) -> list[int]:
    """Bodies of both forearms and hands; none of arms that end in their forearms.

    What lies between hands lies between forearms, too.
    """
    found: list[int] = []
    for side in SIDES:
        wrist = robot.roles.get(f"{side}_wrist", -1)
        if wrist >= 0 and wrist != robot.roles[f"{side}_elbow"]:
            found += _carried_by(robot, robot.roles[f"{side}_elbow"])
    return found


def _below_wrists(robot: RobotModel) -> set[int]:
    wrists = [robot.roles[f"{side}_wrist"] for side in SIDES if f"{side}_wrist" in robot.roles]
    return {body for wrist in wrists for body in _carried_by(robot, wrist)}


def _carried_by(robot: RobotModel, body: int) -> list[int]:
    """A body and all that it carries."""
    own = {body}
    for b in range(body + 1, len(robot.parents)):
        if int(robot.parents[b]) in own:
            own.add(b)
    return sorted(own)


def hand_balls(path: Path, robot: RobotModel) -> dict[str, Float64[np.ndarray, "B 4"]]:
    """Balls that fill the meshes of forearms and hands, by body, in its frame: centre and radius, metres.

    A body's collision meshes are taken; where it has none, those that it looks like.

    Args:
        path: The robot's MJCF or URDF, with its meshes; nothing is found without.
        robot: As it was read from there.
    """
    try:
        model = floating_spec(path).compile()
        tree = build_tree(Description(path, "", model, {}, ()))
    except (RetargetError, ValueError):
        return {}
    if tree.body_names != robot.body_names:
        return {}
    found = {}
    for body in hand_bodies(robot):
        meshes = _meshes(model, tree.frames, body)
        most = _OF_HAND if body in _below_wrists(robot) else _OF_FOREARM
        if len(balls := balls_within(meshes, most)):
            found[robot.body_names[body]] = balls
    return found


def rounded_balls(balls: dict[str, Float64[np.ndarray, "B 4"]]) -> dict[str, list[list[float]]]:
    """Balls as a ``robot.toml`` has them: to a tenth of a millimetre."""
    return {
        body: [[round(float(value), 4) + 0.0 for value in ball] for ball in own]
        for body, own in balls.items()
    }


def _meshes(model: Any, frames: tuple[Frame, ...], body: int) -> list[Float64[np.ndarray, "n 3"]]:
    """Points of a body's meshes in its frame, metres."""
    collide: list[np.ndarray] = []
    look: list[np.ndarray] = []
    for geom in range(model.ngeom):
        frame = frames[model.geom_bodyid[geom]]
        if frame.body != body or not model.geom_bodyid[geom]:
            continue
        if model.geom_type[geom] != mujoco.mjtGeom.mjGEOM_MESH:
            continue
        mesh = model.geom_dataid[geom]
        first = model.mesh_vertadr[mesh]
        points = model.mesh_vert[first : first + model.mesh_vertnum[mesh]].astype(np.float64)
        placed = frame.child(model.geom_pos[geom], quaternion_matrix(model.geom_quat[geom]))
        solid = model.geom_contype[geom] or model.geom_conaffinity[geom]
        (collide if solid else look).append(placed.position + points @ placed.rotation.T)
    return collide or look
