"""Whole-body tracking: BeyondMimic in Isaac Lab, and mjlab. The same keys and shapes, another order and velocity."""

from __future__ import annotations

from dataclasses import replace

from retarget.exchange.tables import ExportTable, Rate, Row, Source
from retarget.kinds import ExportFormat

__all__ = ["BEYONDMIMIC", "FIFTY", "MJLAB", "NAMES"]

# Frame and step of the environment are one: four steps of 5 ms (both projects' task settings).
FIFTY = Rate("fixed", 50.0)

NAMES = (  # behind the numbers, where the readers in Python ignore them and those in C++ do not stumble
    Row("joint_names", "joint_names", "U", "D"),
    Row("body_names", "link_names", "U", "B"),
    Row("order", "order", "U"),
    Row("velocity_point", "velocity_point", "U"),
)


def _rows(velocity: Source) -> tuple[Row, ...]:
    return (
        Row("fps", "fps", "i8", "1"),
        Row("joint_pos", "joint_position", "f4", "T D"),
        Row("joint_vel", "joint_velocity", "f4", "T D"),
        Row("body_pos_w", "link_position", "f4", "T B 3"),
        Row("body_quat_w", "link_rotation", "f4", "T B 4", "wxyz"),
        Row("body_lin_vel_w", velocity, "f4", "T B 3"),
        Row("body_ang_vel_w", "link_spin", "f4", "T B 3"),
    )


BEYONDMIMIC = ExportTable(
    ExportFormat.BEYONDMIMIC,
    "whole_body_tracking (BeyondMimic) and unitree_rl_lab, in Isaac Lab",
    "npz",
    ".npz",
    _rows("centre_velocity"),
    Rate("fixed", 50.0, whole=True),
    order="level",
    least_frames=3,
    extras=NAMES,
    doc="Links as Isaac Lab numbers them when it merges fixed joints. Name the file motion.npz inside a W&B artifact.",
)

MJLAB = replace(
    BEYONDMIMIC,
    kind=ExportFormat.MJLAB,
    title="mjlab, unitree_rl_mjlab and its deployment, UniLab",
    rows=_rows("link_velocity"),
    order="depth_first",
    links="all",
    doc="The links of the MJCF in its order. Give it as --env.commands.motion.motion-file.",
)
