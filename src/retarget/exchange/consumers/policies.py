"""ProtoMotions' and MimicKit's motions."""

from __future__ import annotations

from typing import Any

import numpy as np

from retarget.exchange.rotations import rotation_vector
from retarget.exchange.tables import ExportTable, Rate, Row
from retarget.exchange.view import View
from retarget.kinds import ExportFormat

__all__ = ["CLAMP", "MIMICKIT", "PROTOMOTIONS"]

CLAMP = 0  # MimicKit's loop modes: the clip ends (0) or starts again (1)

PROTOMOTIONS = ExportTable(
    ExportFormat.PROTOMOTIONS,
    "ProtoMotions",
    "torch_zip",
    ".motion",
    (
        Row("fps", "fps", "int"),
        Row("dof_pos", "joint_position", "f4", "T D"),
        Row("dof_vel", "joint_velocity", "f4", "T D"),
        Row("rigid_body_pos", "link_position", "f4", "T B 3"),
        Row("rigid_body_rot", "link_rotation", "f4", "T B 4", "xyzw"),
        Row("rigid_body_vel", "link_velocity", "f4", "T B 3"),
        Row("rigid_body_ang_vel", "link_spin", "f4", "T B 3"),
        Row("rigid_body_contacts", "link_contacts", "b1", "T B"),
    ),
    Rate("stored", 30.0, whole=True),
    links="all",
    group="protomotions",
    least_frames=3,
    motion_library="package",
    doc="Links by place, as its own model has them. Contacts that are false throughout are thrown away when loaded.",
)


def _frames(view: View) -> dict[str, Any]:
    """Position, rotation vector and joints of every frame, and that the clip is played once."""
    tracks = view.tracks
    columns = [tracks.root_position, rotation_vector(tracks.root_rotation), view.joint_position]
    # Single precision is what readers keep, and its decimals are shorter.
    return {"loop_mode": CLAMP, "frames": np.concatenate(columns, axis=1).astype(np.float32)}


MIMICKIT = ExportTable(
    ExportFormat.MIMICKIT,
    "MimicKit",
    "pickle",
    ".pkl",
    (
        Row("loop_mode", "special", "int"),
        Row("fps", "fps", "number"),
        Row("frames", "special", "float[][]", "T 6+D", "rotvec"),
    ),
    Rate("stored"),
    builder=_frames,
    motion_library="paths",
    doc="Lists of plain numbers; joints in the order of the MJCF. The clip does not loop.",
)
