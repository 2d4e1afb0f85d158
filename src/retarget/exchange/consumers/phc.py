"""PHC's motion pickles, and those of its descendants: H2O, ASAP, PBHC, FALCON, SONIC."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from retarget.exchange.rotations import rotation_vector
from retarget.exchange.tables import ExportTable, Rate, Row
from retarget.exchange.view import View
from retarget.kinds import ExportFormat
from retarget.robots.model import RobotModel
from retarget.tracks import LinkSet

__all__ = ["ASAP", "FALCON", "PBHC", "PHC", "SONIC", "link_axes"]

# Rows of pose_aa behind those of the bodies, for links that a task adds by its extend_config: two hands and a head.
# Readers cut what is too many.
_EXTENDED = 3
_STRAIGHT = 1e-6  # how far an axis may be off x, y or z


def link_axes(links: LinkSet, robot: RobotModel) -> np.ndarray:
    """Axis of the joint that moves each link (D of them), in the link's frame."""
    axes = np.empty((len(links.joint_names), 3))
    place = {int(joint): at for at, joint in enumerate(links.joint_indices)}
    for link, joints in enumerate(links.joints):
        turn = robot.links.rotations[robot.links.names.index(links.names[link])]
        for joint in joints:
            axes[place[joint]] = turn.T @ robot.axes[joint + 1]
    return axes


def _refusal(links: LinkSet, robot: RobotModel) -> str:
    for name, joints in zip(links.names, links.joints, strict=True):
        if len(joints) > 1:
            return f"{name} is moved by {len(joints)} joints; a body of pose_aa has one hinge"
    for name, axis in zip(links.joint_names, link_axes(links, robot), strict=True):
        if np.abs(axis - (np.abs(axis) > 0.5)).max() > _STRAIGHT:
            return (
                f"{name} turns about {np.round(axis, 4).tolist()}, and readers add up the three numbers of a rotation "
                "vector, which is the angle only about +x, +y or +z"
            )
    return ""


def _pose_rows(view: View) -> dict[str, Any]:
    """Rotation vectors: the base's in the world, then each body's about its hinge; and placeholders."""
    tracks = view.tracks
    frames, links = len(tracks), tracks.links
    extended = _EXTENDED if "B+3" in view.table.rows[1].shape else 0
    poses = np.zeros((frames, len(links) + extended, 3))
    poses[:, 0] = rotation_vector(tracks.root_rotation)
    axes = link_axes(links, tracks.robot)
    place = {int(joint): at for at, joint in enumerate(links.joint_indices)}
    for link, joints in enumerate(links.joints):
        for joint in joints:
            at = place[joint]
            poses[:, link] = np.outer(tracks.joint_position[:, at], axes[at])
    return {"pose_aa": poses, "smpl_joints": np.zeros((frames, 24, 3))}


PHC = ExportTable(
    ExportFormat.PHC,
    "PHC and H2O (human2humanoid)",
    "pickle",
    ".pkl",
    (
        Row("root_trans_offset", "root_position", "f4", "T 3"),
        Row("pose_aa", "special", "f4", "T B+3 3", "rotvec"),
        Row("dof", "joint_position", "f4", "T D"),
        Row("root_rot", "root_rotation", "f4", "T 4", "xyzw"),
        Row("smpl_joints", "special", "f4", "T 24 3", optional=True),
        Row("fps", "fps", "int"),
    ),
    Rate("stored", 30.0, whole=True, inverted=True),
    per_clip=True,
    motion_library="dictionary",
    builder=_pose_rows,
    refusal=_refusal,
    doc="One dictionary of clips; in a folder of files the clip's name is the file's, without dots. Zero rows of "
    "pose_aa stand for two hands and a head.",
)

ASAP = replace(PHC, kind=ExportFormat.ASAP, title="ASAP", joint_set="g1_23")

PBHC = replace(
    PHC,
    kind=ExportFormat.PBHC,
    title="PBHC (KungfuBot)",
    joint_set="g1_23",
    rows=(*PHC.rows, Row("contact_mask", "foot_contacts", "f8", "T 2")),
)

FALCON = replace(PHC, kind=ExportFormat.FALCON, title="FALCON")

SONIC = replace(
    PHC,
    kind=ExportFormat.SONIC,
    title="GR00T-WholeBodyControl (SONIC), training",
    rows=tuple(replace(row, shape=row.shape.replace("B+3", "B")) for row in PHC.rows),
    rate=Rate("stored", 50.0, whole=True, inverted=True),
    motion_library="",
    doc="A folder of one-clip files, found at any depth; played at 50 frames per second.",
)
