"""Tables and archives of configurations alone: nothing is stored that follows from them."""

from __future__ import annotations

from dataclasses import replace
from math import degrees

from retarget.exchange.tables import ExportTable, Rate, Row
from retarget.kinds import ExportFormat

__all__ = [
    "BONES_CSV",
    "INSTINCTLAB",
    "KIMODO_CSV",
    "MUJOCO_KEYFRAMES",
    "MUJOCO_SCENE",
    "UNITREE_CSV",
]

UNITREE_CSV = ExportTable(
    ExportFormat.UNITREE_CSV,
    "csv_to_npz of every tracking project, unitree_rl_lab's deployment, LAFAN1 data set",
    "csv",
    ".csv",
    (
        Row("", "root_position", shape="T 3"),
        Row("", "root_rotation", shape="T 4", quaternion="xyzw"),
        Row("", "joint_position", shape="T D"),
    ),
    Rate("implicit", 30.0),
    doc="The rate is nowhere in the file, and converters differ in what they take it for: give them --input-fps.",
)

KIMODO_CSV = replace(
    UNITREE_CSV,
    kind=ExportFormat.KIMODO_CSV,
    title="ProtoMotions' convert_g1_csv_to_proto (Kimodo, ARDY)",
    rows=tuple(replace(row, quaternion=row.quaternion and "wxyz") for row in UNITREE_CSV.rows),
    doc="As unitree_csv, with the quaternion as wxyz: --pos-units m --rot-format quat_wxyz --joint-units rad.",
)

BONES_CSV = ExportTable(
    ExportFormat.BONES_CSV,
    "SONIC's, ProtoMotions' and InstinctLab's converters of BONES-SEED",
    "csv",
    ".csv",
    (
        Row("Frame", "frame", shape="T 1", columns="Frame", decimals=0),
        Row(
            "root_translate",
            "root_position",
            shape="T 3",
            scale=100.0,
            columns="root_translateX root_translateY root_translateZ",
        ),
        Row(
            "root_rotate",
            "root_rotation",
            shape="T 3",
            quaternion="euler_xyz_deg",
            columns="root_rotateX root_rotateY root_rotateZ",
            decimals=8,
        ),
        Row("dof", "joint_position", shape="T D", scale=degrees(1.0), columns="{joint}_dof"),
    ),
    Rate("implicit", 120.0),
    doc="Centimetres and degrees, angles about fixed x, y, z. InstinctLab wants names that end in soma.csv.",
)

INSTINCTLAB = ExportTable(
    ExportFormat.INSTINCTLAB,
    "InstinctLab",
    "npz",
    ".npz",
    (
        Row("framerate", "fps", "f8"),
        Row("joint_pos", "joint_position", "f4", "T D"),
        Row("base_pos_w", "root_position", "f4", "T 3"),
        Row("base_quat_w", "root_rotation", "f4", "T 4", "wxyz"),
        Row("joint_names", "joint_names", "U", "D"),
    ),
    Rate("stored"),
    stem="retargeted",
    doc="Only files whose names end in retargeted.npz are read.",
)

MUJOCO_KEYFRAMES = ExportTable(
    ExportFormat.MUJOCO_KEYFRAMES,
    "MuJoCo's viewer: a file to include into the robot's MJCF",
    "mjcf",
    ".xml",
    (
        Row("time", "time", "f8", "T"),
        Row("qpos", "qpos", "f8", "T 7+D", "wxyz"),
        Row("qvel", "qvel", "f8", "T 6+D"),
    ),
    Rate("stored"),
    links="all",
    doc="One key for each frame, in full precision; for stills and short clips.",
)

MUJOCO_SCENE = replace(
    MUJOCO_KEYFRAMES,
    kind=ExportFormat.MUJOCO_SCENE,
    title="MuJoCo: robot, floor, things and motion in one model",
    rows=(*MUJOCO_KEYFRAMES.rows, Row("model", "model", "text")),
    objects=True,
    doc="A whole model: things as large as in the robot's world, those on paths on free joints, a key for each frame.",
)
