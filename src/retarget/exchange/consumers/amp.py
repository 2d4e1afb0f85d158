"""Adversarial motion priors: Isaac Lab's archives and amp-rsl-rl's dictionaries. Names decide the order in both."""

from __future__ import annotations

from retarget.exchange.tables import ExportTable, Rate, Row
from retarget.kinds import ExportFormat

__all__ = ["AMP_RSL_RL", "ISAACLAB_AMP"]

ISAACLAB_AMP = ExportTable(
    ExportFormat.ISAACLAB_AMP,
    "Isaac Lab's humanoid_amp and its forks",
    "npz",
    ".npz",
    (
        Row("fps", "fps", "i8"),
        Row("dof_positions", "joint_position", "f4", "T D"),
        Row("dof_velocities", "joint_velocity", "f4", "T D"),
        Row("body_positions", "link_position", "f4", "T B 3"),
        Row("body_rotations", "link_rotation", "f4", "T B 4", "wxyz"),
        Row("body_linear_velocities", "link_velocity", "f4", "T B 3"),
        Row("body_angular_velocities", "link_spin", "f4", "T B 3"),
        Row("dof_names", "joint_names", "U", "D"),
        Row("body_names", "link_names", "U", "B"),
    ),
    Rate("stored", whole=True),
    links="all",
    group="urdf",
    least_frames=3,
    doc="Isaac Lab 3.0 is xyzw, but its motion files and loader stayed wxyz: --quaternion xyzw for forks that "
    "changed them.",
)

AMP_RSL_RL = ExportTable(
    ExportFormat.AMP_RSL_RL,
    "amp-rsl-rl",
    "npy_dict",
    ".npy",
    (
        Row("joints_list", "joint_names", "str[]", "D"),
        Row("joint_positions", "joint_position", "f4", "T D"),
        Row("root_position", "root_position", "f4", "T 3"),
        Row("root_quaternion", "root_rotation", "f4", "T 4", "xyzw"),
        Row("fps", "fps", "float"),
    ),
    Rate("stored"),
)
