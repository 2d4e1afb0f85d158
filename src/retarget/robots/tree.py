"""MuJoCo model -> kinematic tree of `RobotModel`: one hinge for each body, welds merged, offsets and refs folded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.errors import RobotError
from retarget.robots.reading.description import Description
from retarget.wording import listed

__all__ = [
    "Frame",
    "KinematicTree",
    "build_tree",
    "quaternion_matrix",
    "trunk_bodies",
    "trunk_joints",
]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Pose of a MuJoCo body in a body of the tree: fixed, since welds move together.

    Attributes:
        body: Index of the tree's body.
        position: Origin in that body's frame, metres.
        rotation: Rotation in that body's frame.
    """

    body: int
    position: Float64[np.ndarray, "3"]
    rotation: Float64[np.ndarray, "3 3"]

    def child(
        self, position: Float64[np.ndarray, "3"], rotation: Float64[np.ndarray, "3 3"]
    ) -> Frame:
        """The frame that has this pose within this frame."""
        return Frame(self.body, self.position + self.rotation @ position, self.rotation @ rotation)


@dataclass(frozen=True, slots=True, eq=False)
class KinematicTree:
    """Kinematics in the convention of `RobotModel`, and where MuJoCo's bodies went.

    Attributes:
        body_names, joint_names, parents, offsets, orientations, axes, lower, upper, effort_limits, masses,
            mass_centres, inertias: As in `RobotModel`.
        virtual: Bodies between several hinges of one MuJoCo body: they hold nothing.
        limited: Joints whose range the file states.
        slides: Joints that slide: here they have no axis and stay where they are at zero or the limit next to it.
        frames: Frame of each MuJoCo body, in MuJoCo's order; the world's is the base's.
        notes: Assumptions made, in plain sentences.
    """

    body_names: tuple[str, ...]
    joint_names: tuple[str, ...]
    parents: Int64[np.ndarray, "B"]
    offsets: Float64[np.ndarray, "B 3"]
    orientations: Float64[np.ndarray, "B 3 3"]
    axes: Float64[np.ndarray, "B 3"]
    lower: Float64[np.ndarray, "N"]
    upper: Float64[np.ndarray, "N"]
    effort_limits: Float64[np.ndarray, "N"]
    masses: Float64[np.ndarray, "B"]
    mass_centres: Float64[np.ndarray, "B 3"]
    inertias: Float64[np.ndarray, "B 3 3"]
    virtual: Bool[np.ndarray, "B"]
    limited: Bool[np.ndarray, "N"]
    slides: Bool[np.ndarray, "N"]
    frames: tuple[Frame, ...]
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Body:
    name: str
    parent: int
    offset: np.ndarray
    orientation: np.ndarray
    axis: np.ndarray
    joint: int = -1
    virtual: bool = False
    part: str = ""  # of a ball joint: its turn about one axis


def build_tree(description: Description) -> KinematicTree:
    """Flatten a model's bodies and hinges.

    A ball joint becomes three hinges, about x, y and z; what slides stays where it is.

    Raises:
        RobotError: A body within the robot floats freely.
    """
    model = description.model
    base = _Body(_body_name(model, 1), -1, np.zeros(3), np.eye(3), np.zeros(3))
    bodies = [base]
    frames = [Frame(0, np.zeros(3), np.eye(3))] * 2
    _refuse_free_parts(model, description.path)
    for index in range(2, model.nbody):
        outer = frames[model.body_parentid[index]]
        frame = outer.child(model.body_pos[index], quaternion_matrix(model.body_quat[index]))
        joints = range(
            model.body_jntadr[index], model.body_jntadr[index] + model.body_jntnum[index]
        )
        frames.append(_add_hinges(bodies, frame, model, index, joints) if joints else frame)
    return _as_tree(bodies, tuple(frames), model)


def quaternion_matrix(quaternion: Float64[np.ndarray, "4"]) -> Float64[np.ndarray, "3 3"]:
    """Rotation matrix of a unit quaternion, wxyz."""
    matrix = np.zeros(9)
    mujoco.mju_quat2Mat(matrix, quaternion)
    return matrix.reshape(3, 3)


def _add_hinges(bodies: list[_Body], frame: Frame, model: Any, index: int, joints: range) -> Frame:
    """Chain the hinges of one MuJoCo body; returns the MuJoCo body's frame in the last of them.

    MuJoCo turns a body about each joint's anchor in its order, by the angle less the joint's reference.
    Here each hinge gets a body of its own with the origin at the anchor; the reference turns its frame.
    """
    parent, position, rotation = frame.body, frame.position, frame.rotation
    anchor = np.zeros(3)
    hinges = [hinge for joint in joints for hinge in _hinges(model, joint)]
    for number, (joint, axis, turn, slide, part) in enumerate(hinges):
        step = model.jnt_pos[joint] - anchor + slide
        anchor = model.jnt_pos[joint].copy()
        last = number == len(hinges) - 1
        name = (
            _body_name(model, index)
            if last
            else f"{_body_name(model, index)}/{model.joint(joint).name}{part}"
        )
        offset = position + rotation @ step
        orientation = rotation @ turn
        bodies.append(_Body(name, parent, offset, orientation, axis, joint, not last, part))
        parent, position, rotation = len(bodies) - 1, np.zeros(3), np.eye(3)
    return Frame(parent, -anchor, np.eye(3))


def _hinges(model: Any, joint: int) -> list[tuple[int, np.ndarray, np.ndarray, np.ndarray, str]]:
    """The hinges that a joint becomes: axis, turn of the frame at zero, shift, and the part of the name."""
    kind, none = model.jnt_type[joint], np.zeros(3)
    if kind == mujoco.mjtJoint.mjJNT_BALL:
        return [(joint, axis, np.eye(3), none, f"_{'xyz'[k]}") for k, axis in enumerate(np.eye(3))]
    axis, zero = model.jnt_axis[joint].copy(), model.qpos0[model.jnt_qposadr[joint]]
    if kind == mujoco.mjtJoint.mjJNT_SLIDE:
        low, high = model.jnt_range[joint] if model.jnt_limited[joint] else (-np.inf, np.inf)
        return [(joint, none, np.eye(3), axis * (np.clip(0.0, low, high) - zero), "")]
    reference = np.zeros(4)
    mujoco.mju_axisAngle2Quat(reference, axis, -zero)
    return [(joint, axis, quaternion_matrix(reference), none, "")]


def _as_tree(bodies: list[_Body], frames: tuple[Frame, ...], model: Any) -> KinematicTree:
    joints = np.array([body.joint for body in bodies[1:]], np.int64)
    names = tuple(
        (model.joint(body.joint).name or f"joint_{body.joint}") + body.part for body in bodies[1:]
    )
    kinds = model.jnt_type[joints]
    balls = np.array([bool(body.part) for body in bodies[1:]], bool)
    slides = kinds == mujoco.mjtJoint.mjJNT_SLIDE
    bounded = np.isfinite(model.jnt_range[joints]).all(axis=1)
    limited = model.jnt_limited[joints].astype(bool) & bounded & ~balls
    notes = _joint_notes(np.array(names, object), limited | slides, slides, balls)
    masses, centres, inertias = _mass_properties(model, frames, len(bodies))
    return KinematicTree(
        body_names=tuple(body.name for body in bodies),
        joint_names=names,
        parents=np.array([body.parent for body in bodies], np.int64),
        offsets=np.array([body.offset for body in bodies]),
        orientations=np.array([body.orientation for body in bodies]),
        axes=np.array([body.axis for body in bodies]),
        lower=np.where(limited, model.jnt_range[joints, 0], -np.pi),
        upper=np.where(limited, model.jnt_range[joints, 1], np.pi),
        effort_limits=np.array([_effort_limit(model, int(joint)) for joint in joints]),
        masses=masses,
        mass_centres=centres,
        inertias=inertias,
        virtual=np.array([body.virtual for body in bodies]),
        limited=limited,
        slides=slides,
        frames=frames,
        notes=notes,
    )


def _mass_properties(
    model: Any, frames: tuple[Frame, ...], count: int
) -> tuple[Float64[np.ndarray, "B"], Float64[np.ndarray, "B 3"], Float64[np.ndarray, "B 3 3"]]:
    """Masses, centres of mass and inertias about them of the tree's bodies, from those of MuJoCo's welded into them."""
    masses, centres, inertias = np.zeros(count), np.zeros((count, 3)), np.zeros((count, 3, 3))
    placed = [
        (index, frame.body, frame.position + frame.rotation @ model.body_ipos[index])
        for index, frame in enumerate(frames)
        if index > 0
    ]
    for index, body, centre in placed:
        masses[body] += model.body_mass[index]
        centres[body] += model.body_mass[index] * centre
    centres /= np.where(masses > 0, masses, 1.0)[:, None]
    for index, body, centre in placed:
        turn = frames[index].rotation @ quaternion_matrix(model.body_iquat[index])
        away = centre - centres[body]
        inertias[body] += turn @ np.diag(model.body_inertia[index]) @ turn.T
        inertias[body] += model.body_mass[index] * (away @ away * np.eye(3) - np.outer(away, away))
    return masses, centres, inertias


def _body_name(model: Any, index: int) -> str:
    return model.body(index).name or f"body_{index}"


def _joint_notes(names: Any, limited: Any, slides: Any, balls: Any) -> tuple[str, ...]:
    notes = []
    if len(free := names[~limited]):
        notes.append(f"no range is given for {listed(free)}: -pi to pi is assumed")
    if len(sliding := names[slides]):
        notes.append(f"{listed(sliding)} cannot turn: what slides is left where it is")
    if balls.any():
        notes.append(
            f"ball joints are taken as three hinges about x, y and z: {listed(names[balls])}"
        )
    return tuple(notes)


def _refuse_free_parts(model: Any, path: Path) -> None:
    for joint in range(1, model.njnt):
        if model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_FREE:
            raise RobotError(
                f"{path}: body {_body_name(model, model.jnt_bodyid[joint])!r} within the robot floats freely; "
                "take its free joint out"
            )


def _effort_limit(model: Any, joint: int) -> float:
    """Torque limit in N m: the joint's own, else that of the actuators on it; infinite if none is given."""
    if model.jnt_actfrclimited[joint]:
        largest = float(np.abs(model.jnt_actfrcrange[joint]).max())
        return largest or float("inf")  # zero is what exporters write for unknown
    limits = []
    for actuator in np.flatnonzero(model.actuator_trnid[:, 0] == joint):
        if model.actuator_trntype[actuator] != mujoco.mjtTrn.mjTRN_JOINT:
            continue
        gear = abs(model.actuator_gear[actuator, 0])
        direct = model.actuator_biastype[actuator] == mujoco.mjtBias.mjBIAS_NONE
        if model.actuator_forcelimited[actuator]:
            limits.append(gear * np.abs(model.actuator_forcerange[actuator]).max())
        elif model.actuator_ctrllimited[actuator] and direct:
            gain = abs(model.actuator_gainprm[actuator, 0])
            limits.append(gear * gain * np.abs(model.actuator_ctrlrange[actuator]).max())
    return float(sum(limits)) if limits else float("inf")


def trunk_bodies(tree: KinematicTree, roles: dict[str, int]) -> list[int]:
    """The bodies from pelvis to chest, both among them, in the order of the tree."""
    if "chest" not in roles:
        return [roles["pelvis"]]
    paths = []
    for role in ("pelvis", "chest"):
        path = [roles[role]]
        while path[-1] > 0:
            path.append(int(tree.parents[path[-1]]))
        paths.append(path)
    meet = next(body for body in paths[0] if body in paths[1])
    return sorted({b for path in paths for b in path[: path.index(meet) + 1]})


def trunk_joints(tree: KinematicTree, trunk: list[int]) -> list[int]:
    """The joints between the bodies of a trunk; see `trunk_bodies`."""
    return [body - 1 for body in trunk if tree.parents[body] in trunk]
