"""Which of a robot's links a file lists, and where their frames and centres of mass are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.errors import OptionsError, UnknownNameError
from retarget.geometry import quaternion_from_matrix
from retarget.robots.kinematics import body_poses
from retarget.robots.links import Links
from retarget.robots.model import RobotModel

__all__ = ["LinkSet", "kept_joints", "link_set"]


@dataclass(frozen=True, slots=True, eq=False)
class LinkSet:
    """Some links of a robot, parents first, depth first, with the joints between them.

    Attributes:
        names: L names; link 0 is the floating base.
        parents: Nearest link of the set above each one, -1 for the base.
        bodies: The robot model's body that carries each link.
        offsets: Origin of each link in that body's frame, metres.
        rotations: Rotation of each link in that body's frame, wxyz.
        mass_centres: Centre of mass, in the link's frame (m), of the link with all that is welded to it and not in the
            set itself.
        joints: For each link the robot's joints between it and its parent, by index; empty for the base and for fixed
            links.
        joint_names: Names of the D joints that move, in the robot's order.
        joint_indices: Their places among the robot's joints.

    Example:
        >>> from retarget.robots import load_robot
        >>> legs = link_set(load_robot("unitree_g1"), joints=["left_hip_pitch_joint"])
        >>> legs.names, legs.joints
        (('pelvis', 'left_hip_pitch_link'), ((), (0,)))
    """

    names: tuple[str, ...]
    parents: Int64[np.ndarray, "L"]
    bodies: Int64[np.ndarray, "L"]
    offsets: Float64[np.ndarray, "L 3"]
    rotations: Float64[np.ndarray, "L 4"]
    mass_centres: Float64[np.ndarray, "L 3"]
    joints: tuple[tuple[int, ...], ...]
    joint_names: tuple[str, ...]
    joint_indices: Int64[np.ndarray, "D"]

    def __len__(self) -> int:
        return len(self.names)


def kept_joints(robot: RobotModel, joints: Collection[str] | None) -> Int64[np.ndarray, "D"]:
    """Indices of joints that are given by name, in the robot's order; all of them when None.

    Raises:
        UnknownNameError: The robot has no such joint.
        OptionsError: None is left.
    """
    if joints is None:
        return np.arange(robot.joint_count)
    for name in joints:
        if name not in robot.joint_names:
            raise UnknownNameError(f"joint of {robot.name}", name, list(robot.joint_names))
    if not joints:
        raise OptionsError(f"no joint of {robot.name} is left; give at least one")
    return np.array([i for i, name in enumerate(robot.joint_names) if name in joints], np.int64)


def link_set(
    robot: RobotModel,
    *,
    fixed: bool = False,
    group: str = "",
    joints: Collection[str] | None = None,
) -> LinkSet:
    """Links of a robot: those that move, and fixed ones if asked for.

    Args:
        robot: The robot.
        fixed: List also the links of the model file that are welded to others.
        group: List also the fixed links of this group of the robot's description (`RobotSpec.links`); a robot that
            has none of that name lists no more.
        joints: Names of the joints that move; all when None. The others are locked at zero, and links behind them
            count as welded.

    Raises:
        UnknownNameError: The robot has no such joint.
    """
    links, kept = robot.links, kept_joints(robot, joints)
    own = _own_joints(links, robot, kept)
    moves = np.array([link == 0 or bool(own[link]) for link in range(len(links.names))])
    added = np.array([bool(group) and name == group for name in links.groups])
    plain = np.array([not name for name in links.groups])
    chosen = moves | added | (plain if fixed else np.zeros(len(moves), bool))
    carrier = _carriers(links, chosen)
    members = np.flatnonzero(chosen)
    place = np.full(len(moves), -1)
    place[members] = np.arange(len(members))
    above = [place[carrier[links.parents[m]]] if m else -1 for m in members]
    return LinkSet(
        tuple(links.names[m] for m in members),
        np.array(above, np.int64),
        links.bodies[members],
        links.offsets[members],
        quaternion_from_matrix(links.rotations[members]),
        _merged_centres(robot, carrier, members),
        tuple(own[m] for m in members),
        tuple(robot.joint_names[j] for j in kept),
        kept,
    )


def _own_joints(
    links: Links, robot: RobotModel, kept: Int64[np.ndarray, "D"]
) -> list[tuple[int, ...]]:
    """The kept joints between each link and its parent, the parent's side first."""
    mobile = set(map(int, kept))
    own: list[tuple[int, ...]] = [()]
    for link in range(1, len(links.names)):
        body, end = int(links.bodies[link]), int(links.bodies[links.parents[link]])
        chain: list[int] = []
        while body != end:
            chain.append(body - 1)
            body = int(robot.parents[body])
        own.append(tuple(joint for joint in reversed(chain) if joint in mobile))
    return own


def _carriers(links: Links, chosen: Bool[np.ndarray, "L"]) -> Int64[np.ndarray, "L"]:
    """The chosen link that each link is, or is welded to."""
    carrier = np.zeros(len(chosen), np.int64)
    for link in range(1, len(chosen)):
        carrier[link] = link if chosen[link] else carrier[links.parents[link]]
    return carrier


def _merged_centres(
    robot: RobotModel, carrier: Int64[np.ndarray, "L"], members: Int64[np.ndarray, "M"]
) -> Float64[np.ndarray, "M 3"]:
    """Centre of mass of each member with what is welded to it, in its own frame; its origin where it weighs nothing."""
    links = robot.links
    positions, rotations = body_poses(robot, np.zeros(robot.joint_count))
    origins = positions[links.bodies] + np.einsum(
        "lij,lj->li", rotations[links.bodies], links.offsets
    )
    frames = rotations[links.bodies] @ links.rotations
    centres = origins + np.einsum("lij,lj->li", frames, links.mass_centres)
    weight = np.bincount(carrier, links.masses, len(carrier))[members]
    moments = np.stack(
        [np.bincount(carrier, links.masses * centres[:, i], len(carrier)) for i in range(3)], axis=1
    )[members]
    local = np.where(weight[:, None] > 0, moments / np.maximum(weight, 1e-300)[:, None], 0.0)
    away = np.where(weight[:, None] > 0, local - origins[members], 0.0)
    return np.asarray(np.einsum("lji,lj->li", frames[members], away))
