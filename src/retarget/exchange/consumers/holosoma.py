"""holosoma: what its retargeting writes, and what its whole-body tracking trains on."""

from __future__ import annotations

from retarget.exchange.tables import ExportTable, Rate, Row
from retarget.kinds import ExportFormat

__all__ = ["HOLOSOMA", "HOLOSOMA_WBT"]

HOLOSOMA = ExportTable(
    ExportFormat.HOLOSOMA,
    "holosoma_retargeting's converters",
    "npz",
    ".npz",
    (Row("qpos", "qpos", "f4", "T 7+D", "wxyz"),),
    Rate("implicit", 30.0),
    objects=True,
    doc="Things on paths are behind the robot: xyz and wxyz of each. No rate in the file: its converter takes a stored "
    "one for a time step and divides by it.",
)

HOLOSOMA_WBT = ExportTable(
    ExportFormat.HOLOSOMA_WBT,
    "holosoma's whole-body tracking",
    "npz",
    ".npz",
    (
        Row("fps", "fps", "i8", "1"),
        Row("joint_pos", "qpos", "f4", "T 7+D", "wxyz"),
        Row("joint_vel", "qvel", "f4", "T 6+D"),
        Row("body_pos_w", "link_position", "f4", "T B 3"),
        Row("body_quat_w", "link_rotation", "f4", "T B 4", "wxyz"),
        Row("body_lin_vel_w", "centre_velocity", "f4", "T B 3"),
        Row("body_ang_vel_w", "link_spin", "f4", "T B 3"),
        Row("joint_names", "joint_names", "U", "D"),
        Row("body_names", "link_names", "U", "B"),
    ),
    Rate("fixed", 50.0, whole=True),
    links="all",
    least_frames=3,
    doc="Joint arrays carry the base in front. Names decide the order.",
)
