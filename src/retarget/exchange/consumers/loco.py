"""loco-mujoco's trajectories, which OpenTrack reads too."""

from __future__ import annotations

from typing import Any

import numpy as np

from retarget.exchange.tables import ExportTable, Rate, Row
from retarget.exchange.view import View
from retarget.kinds import ExportFormat

__all__ = ["LOCO_MUJOCO"]

_FREE, _HINGE = 0, 3  # mjtJoint


def _model_fields(view: View) -> dict[str, Any]:
    """Names and types of all joints, of which the first is the free one that its environments call ``root``."""
    names = ("root", *view.order.joint_names)
    return {
        "split_points": np.array([0, len(view.tracks)]),
        "joint_names": names,
        "njnt": np.array(len(names)),
        "jnt_type": np.array([_FREE] + [_HINGE] * (len(names) - 1)),
    }


LOCO_MUJOCO = ExportTable(
    ExportFormat.LOCO_MUJOCO,
    "loco-mujoco and OpenTrack",
    "npz",
    ".npz",
    (
        Row("qpos", "qpos", "f4", "T 7+D", "wxyz"),
        Row("qvel", "qvel", "f4", "T 6+D"),
        Row("split_points", "special", "i8", "2"),
        Row("njnt", "special", "i8"),
        Row("jnt_type", "special", "i8", "1+D"),
        Row("frequency", "fps", "f8"),
        Row("joint_names", "special", "U", "1+D"),
    ),
    Rate("stored"),
    builder=_model_fields,
    least_frames=3,
    motion_library="trajectories",
    doc="Exactly these keys: its loader refuses a file for any that it does not know. Link poses are calculated when "
    "it is loaded.",
)
