"""Body roles: found from names of every convention, from shape where names say nothing, and overridable."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from bvh_files import CLIPS, EMBEDDED, bvh_text, human, walking

from retarget.errors import FileFormatError, RoleError
from retarget.motion.formats import sniff_format
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.bvh import read_bvh
from retarget.motion.motion import MotionSource
from retarget.motion.names import part_of_body, recognised_rig, split_name
from retarget.motion.recording import Recording
from retarget.motion.role_file import read_role_overrides
from retarget.motion.roles import REQUIRED_ROLES, ROLES, find_roles
from retarget.motion.understand import motion_from_recording

PLACE = Path("clip.bvh")


def recording_of(rename: Callable[[str], str] = lambda name: name) -> Recording:
    joints = human(rename)
    return read_bvh(bvh_text(joints, walking(human(), 40)).encode(), PLACE)


def named_roles(recording: Recording, **overrides: str) -> dict[str, str]:
    roles, _, _ = find_roles(
        recording.joint_names, recording.parents.tolist(), recording.positions, overrides
    )
    return {role: recording.joint_names[joint] for role, joint in roles.items()}


EXPECTED = {
    "pelvis": "Hips", "spine": "Spine", "chest": "Chest", "neck": "Neck", "head": "Head",
    **{
        f"{side}_{part}": side.capitalize() + joint
        for side in ("left", "right")
        for part, joint in {
            "hip": "UpLeg", "knee": "Leg", "ankle": "Foot", "toe": "Toe",
            "shoulder": "Arm", "elbow": "ForeArm", "wrist": "Hand",
        }.items()
    },
}  # fmt: skip

CONVENTIONS = {
    "lafan1": {},
    "bandai": {"Shoulder": "Shoulder_?", "Arm": "UpperArm_?", "ForeArm": "LowerArm_?", "Hand": "Hand_?",
               "UpLeg": "UpperLeg_?", "Leg": "LowerLeg_?", "Foot": "Foot_?", "Toe": "Toes_?"},
    "poser": {"Shoulder": "!Collar", "Arm": "!Shoulder", "ForeArm": "!Elbow", "Hand": "!Wrist",
              "UpLeg": "!Hip", "Leg": "!Knee", "Foot": "!Ankle", "Toe": "!Toe"},
    "smpl": {"Hips": "Pelvis", "Spine": "Spine1", "Chest": "Spine3", "Shoulder": "?_Collar", "Arm": "?_Shoulder",
             "ForeArm": "?_Elbow", "Hand": "?_Wrist", "UpLeg": "?_Hip", "Leg": "?_Knee", "Foot": "?_Ankle",
             "Toe": "?_Foot"},
    "smpl fbx": {"Hips": "m_avg_Pelvis", "Chest": "m_avg_Spine3", "Shoulder": "m_avg_?_Collar",
                 "Arm": "m_avg_?_Shoulder", "ForeArm": "m_avg_?_Elbow", "Hand": "m_avg_?_Wrist",
                 "UpLeg": "m_avg_?_Hip", "Leg": "m_avg_?_Knee", "Foot": "m_avg_?_Ankle", "Toe": "m_avg_?_Foot"},
    "xsens": {"Spine": "L5", "Chest": "T8", "Shoulder": "!Shoulder", "Arm": "!UpperArm", "ForeArm": "!Forearm",
              "UpLeg": "!UpperLeg", "Leg": "!LowerLeg"},
    "rigify": {"Hips": "spine", "Spine": "spine.001", "Chest": "spine.003", "Shoulder": "shoulder.?",
               "Arm": "upper_arm.?", "ForeArm": "forearm.?", "Hand": "hand.?", "UpLeg": "thigh.?",
               "Leg": "shin.?", "Foot": "foot.?", "Toe": "toe.?"},
    "rigify deform": {"Arm": "DEF-upper_arm.?", "ForeArm": "DEF-forearm.?", "Hand": "DEF-hand.?",
                      "UpLeg": "DEF-thigh.?", "Leg": "DEF-shin.?", "Foot": "DEF-foot.?", "Toe": "DEF-toe.?"},
    "unreal": {"Hips": "pelvis", "Shoulder": "clavicle_~", "Arm": "upperarm_~", "ForeArm": "lowerarm_~",
               "Hand": "hand_~", "UpLeg": "thigh_~", "Leg": "calf_~", "Foot": "foot_~", "Toe": "ball_~"},
    "biped": {"Hips": "Bip01 Pelvis", "Shoulder": "Bip01 ? Clavicle", "Arm": "Bip01 ? UpperArm",
              "ForeArm": "Bip01 ? Forearm", "Hand": "Bip01 ? Hand", "UpLeg": "Bip01 ? Thigh",
              "Leg": "Bip01 ? Calf", "Foot": "Bip01 ? Foot", "Toe": "Bip01 ? Toe0"},
    "vrm": {"Hips": "J_Bip_C_Hips", "Shoulder": "J_Bip_?_Shoulder", "Arm": "J_Bip_?_UpperArm",
            "ForeArm": "J_Bip_?_LowerArm", "Hand": "J_Bip_?_Hand", "UpLeg": "J_Bip_?_UpperLeg",
            "Leg": "J_Bip_?_LowerLeg", "Foot": "J_Bip_?_Foot", "Toe": "J_Bip_?_ToeBase"},
    "daz": {"Hips": "hip", "Shoulder": "~Collar", "Arm": "~ShldrBend", "ForeArm": "~ForearmBend",
            "Hand": "~Hand", "UpLeg": "~ThighBend", "Leg": "~Shin", "Foot": "~Foot", "Toe": "~Toe"},
    "acclaim": {"Hips": "root", "Shoulder": "~clavicle", "Arm": "~humerus", "ForeArm": "~radius",
                "Hand": "~wrist", "UpLeg": "~femur", "Leg": "~tibia", "Foot": "~foot", "Toe": "~toes"},
    "optitrack": {"Hips": "Hip", "Shoulder": "?Shoulder", "Arm": "?UArm", "ForeArm": "?FArm", "Hand": "?Hand",
                  "UpLeg": "?Thigh", "Leg": "?Shin", "Foot": "?Foot", "Toe": "?Toe"},
    "namespace": {"Hips": "Actor:Hips", "Shoulder": "Actor:!Shoulder", "Arm": "Actor:!Arm",
                  "ForeArm": "Actor:!ForeArm", "Hand": "Actor:!Hand", "UpLeg": "Actor:!UpLeg",
                  "Leg": "Actor:!Leg", "Foot": "Actor:!Foot", "Toe": "Actor:!ToeBase"},
    "makehuman": {"Chest": "Spine3", "Shoulder": "Clavicle_?", "Arm": "UpArm_?", "ForeArm": "LoArm_?",
                  "Hand": "Hand_?", "UpLeg": "UpLeg_?", "Leg": "LoLeg_?", "Foot": "Foot_?", "Toe": "Toe_?"},
    "soma": {"UpLeg": "!Leg", "Leg": "!Shin", "Toe": "!ToeBase"},
    "100style": {"Spine": "Chest", "Chest": "Chest4", "Shoulder": "!Collar", "Arm": "!Shoulder", "ForeArm": "!Elbow",
                 "Hand": "!Wrist", "UpLeg": "!Hip", "Leg": "!Knee", "Foot": "!Ankle", "Toe": "!Toe"},
    "zeroeggs": {"Chest": "Spine3", "Toe": "!ToeBase"},
    "vrchat": {"Shoulder": "! shoulder", "Arm": "! arm", "ForeArm": "! elbow", "Hand": "! wrist", "UpLeg": "! leg",
               "Leg": "! knee", "Foot": "! ankle", "Toe": "! toe"},
    "perception neuron": {"Hips": "Robot_Hips", "Spine": "Robot_Spine", "Chest": "Robot_Spine2", "Neck": "Robot_Neck",
                          "Head": "Robot_Head", **{part: f"Robot_!{part}" for part in (
                              "Shoulder", "Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot")}},
    "rokoko newton": {"UpLeg": "!Thigh", "Leg": "!Shin"},
    "gltf vrm": {"Hips": "hips", "Spine": "spine", "Chest": "upperChest", "Neck": "neck", "Head": "head",
                 "Shoulder": "|Shoulder", "Arm": "|UpperArm", "ForeArm": "|LowerArm", "Hand": "|Hand",
                 "UpLeg": "|UpperLeg", "Leg": "|LowerLeg", "Foot": "|Foot", "Toe": "|Toes"},
    "azure kinect": {"Hips": "PELVIS", "Spine": "SPINE_NAVEL", "Chest": "SPINE_CHEST", "Neck": "NECK", "Head": "HEAD",
                     "Shoulder": "CLAVICLE_%", "Arm": "SHOULDER_%", "ForeArm": "ELBOW_%", "Hand": "WRIST_%",
                     "UpLeg": "HIP_%", "Leg": "KNEE_%", "Foot": "ANKLE_%", "Toe": "FOOT_%"},
    "shouting": {"Shoulder": "!_SHOULDER", "Arm": "!_ARM", "ForeArm": "!_FOREARM", "Hand": "!_HAND",
                 "UpLeg": "!_THIGH", "Leg": "!_SHIN", "Foot": "!_FOOT", "Toe": "!_TOE"},
}  # fmt: skip


def in_convention(table: dict[str, str]) -> Callable[[str], str]:
    """Rename LAFAN1's names; ``!`` stands for Left, ``?`` for L, ``~`` for l, ``%`` for LEFT and ``|`` for left."""

    def rename(name: str) -> str:
        for side in ("Left", "Right"):
            part = name.removeprefix(side)
            if part != name and part in table:
                new = (
                    table[part].replace("!", side).replace("?", side[0]).replace("%", side.upper())
                )
                return new.replace("~", side[0].lower()).replace("|", side.lower())
        return table.get(name, name)

    return rename


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_roles_follow_from_the_names_of_every_convention(convention: str) -> None:
    rename = in_convention(CONVENTIONS[convention])
    recording = recording_of(rename)
    roles, notes, doubts = find_roles(
        recording.joint_names, recording.parents.tolist(), recording.positions
    )
    found = {role: recording.joint_names[joint] for role, joint in roles.items()}
    assert found == {role: rename(joint) for role, joint in EXPECTED.items()}
    assert (notes, doubts) == ([], [])


REAL_ROLES = {
    "lafan1_bvh/bvhTools_test2_3945f.bvh": {"chest": "Spine2", "left_hip": "LeftUpLeg", "left_toe": "LeftToe"},
    "cmu_bvh/01_01.bvh": {"spine": "Spine", "chest": "Spine1", "left_hip": "LeftUpLeg", "right_toe": "RightToeBase"},
    "bandai_bvh/dataset-1_kick_normal_001.bvh": {"pelvis": "Hips", "chest": "Chest", "right_shoulder": "UpperArm_R"},
    "misc_bvh/mixamo_Walk-In-Circle.bvh": {"chest": "mixamorig7:Spine2", "left_wrist": "mixamorig7:LeftHand"},
    "misc_bvh/xia_neutral_01.bvh": {"chest": "Spine1", "left_elbow": "LeftForeArm"},
    "bvh_more/cmu1_jumping_jacks.bvh": {"left_hip": "LeftHip", "right_hip": "RightHip", "left_ankle": "LeftAnkle"},
    "bvh_more/makehuman_zombieWalk1.bvh": {"pelvis": "Hips", "left_hip": "UpLeg_L", "right_knee": "LoLeg_R",
                                           "left_shoulder": "UpArm_L", "right_elbow": "LoArm_R", "left_toe": "Toe_L"},
    "bvh_more/soma_zero_frame0.bvh": {"pelvis": "Hips", "left_hip": "LeftLeg", "left_knee": "LeftShin"},
    "misc_bvh/test_mocapbank.bvh": {"chest": "Chest2", "left_shoulder": "LeftShoulder", "left_toe": "LeftAnkle#end"},
}  # fmt: skip
RIGS = {
    "lafan1_bvh": "lafan1", "cmu_bvh": "cmu", "bandai_bvh": "bandai", "mixamo_Walk-In-Circle": "mixamo",
    "xia_neutral_01": "cmu", "test_mocapbank": "poser", "cmu1_jumping_jacks": "poser", "makehuman": "makehuman",
    "soma": "soma",
}  # fmt: skip


def real(relative: str) -> Recording:
    path = CLIPS / relative
    if not path.exists():
        pytest.skip("the shared clips are not here")
    return read_bvh(path.read_bytes(), path)


@pytest.mark.parametrize("clip", REAL_ROLES)
def test_roles_of_real_clips(clip: str) -> None:
    recording = real(clip)
    found = named_roles(recording)
    assert set(found) >= set(ROLES) - {"spine"}  # MakeHuman's spine and hips hang on one root
    assert {role: found[role] for role in REAL_ROLES[clip]} == REAL_ROLES[clip]
    expected = next(rig for part, rig in RIGS.items() if part in clip)
    assert recognised_rig(recording.joint_names) == expected


ALL_CLIPS = sorted(
    [*CLIPS.glob("*/*.bvh"), *CLIPS.glob("amp_npz/*.npz"), *EMBEDDED.glob("*.[bn][vp][hz]")]
)


@pytest.mark.parametrize("clip", ALL_CLIPS, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_without_names_the_shape_gives_the_same_limbs(clip: Path) -> None:
    data = clip.read_bytes()
    recording = sniff_format(data, clip).read(data, clip, Asked())
    nameless = [f"q{j}" + "#end" * ("#" in name) for j, name in enumerate(recording.joint_names)]
    parents, sample = recording.parents.tolist(), recording.positions[::9]
    named, _, _ = find_roles(recording.joint_names, parents, sample)
    shaped, _, doubts = find_roles(nameless, parents, sample)
    # A helper at the spine's own place is told from the chest by names only.
    limbs = [role for role in REQUIRED_ROLES if role not in ("pelvis", "chest")]
    assert {role: shaped[role] for role in limbs} == {role: named[role] for role in limbs}
    for role in ("pelvis", "chest"):
        assert np.allclose(sample[:, shaped[role]], sample[:, named[role]], atol=1e-6)
    assert [doubt.name for doubt in doubts] == ["roles"]
    assert "from the skeleton's shape" in doubts[0].reason


@pytest.mark.parametrize("mirrored", [False, True])
def test_names_that_tell_sides_only_are_believed_against_the_shape(mirrored: bool) -> None:
    clip = EMBEDDED / "cmu_01_01.bvh"
    recording = sniff_format(clip.read_bytes(), clip).read(clip.read_bytes(), clip, Asked())
    parents = recording.parents.tolist()
    sample = recording.positions[::9]
    told, _, _ = find_roles(recording.joint_names, parents, sample)
    names = [f"j{joint}" for joint in range(len(parents))]
    for role, joint in told.items():
        side, _, part = role.partition("_")
        if part:
            limb = "leg" if part in ("hip", "knee", "ankle", "toe") else "arm"
            letter = "LR"[(side == "right") != mirrored]
            names[joint] = f"{limb}_joint_{letter}_{joint}"
    roles, _, doubts = find_roles(names, parents, sample)
    other = {"left": "right", "right": "left"} if mirrored else {"left": "left", "right": "right"}
    for role in (role for role in REQUIRED_ROLES if "_" in role):
        side, _, part = role.partition("_")
        assert roles[role] == told[f"{other[side]}_{part}"]
    assert any(doubt.name == "roles" for doubt in doubts)


def test_a_joint_at_both_hips_places_is_no_hip() -> None:
    recording = real("cmu_bvh/01_01.bvh")
    names = [
        name.replace("UpLeg", "Hip") for name in recording.joint_names
    ]  # as LHipJoint, by their words
    roles, _, _ = find_roles(names, recording.parents.tolist(), recording.positions[::9])
    assert {names[roles[f"{side}_hip"]] for side in ("left", "right")} == {"LeftHip", "RightHip"}


def with_straight_forefoot() -> Recording:
    """The human with a ForeFoot straight below each ankle, and the toe's end site ahead of it."""
    recording = recording_of(lambda name: name.replace("Toe", "ForeFoot"))
    positions = recording.positions.copy()
    for side in ("Left", "Right"):
        knee, ankle, toe = (
            recording.joint_names.index(f"{side}{joint}") for joint in ("Leg", "Foot", "ForeFoot")
        )
        positions[:, toe] = positions[:, ankle] + 0.15 * (positions[:, ankle] - positions[:, knee])
    return Recording(recording.joint_names, recording.parents, positions, recording.rotations, 30.0)


def test_a_forefoot_straight_below_the_ankle_shows_no_direction_and_its_end_does() -> None:
    recording = with_straight_forefoot()
    assert named_roles(recording)["left_toe"] == "LeftForeFoot#end"
    assert motion_from_recording(recording, MotionSource()).source.doubts == ()


def test_a_forefoot_without_an_end_does_not_swap_left_and_right() -> None:
    whole = with_straight_forefoot()
    keep = [j for j, name in enumerate(whole.joint_names) if not name.endswith("ForeFoot#end")]
    recording = Recording(
        tuple(whole.joint_names[j] for j in keep),
        np.array([keep.index(p) if p >= 0 else -1 for p in whole.parents[keep]]),
        np.ascontiguousarray(whole.positions[:, keep]),
        np.ascontiguousarray(whole.rotations[:, keep]),
        30.0,
    )
    assert named_roles(recording)["left_toe"] == "LeftForeFoot"
    assert motion_from_recording(recording, MotionSource()).source.doubts == ()


def test_readable_names_that_the_shape_contradicts_are_an_error_with_both_candidates() -> None:
    """Shanks have odd names, and there are no thighs: the shape would take arms for legs."""
    recording = real("bvh_more/makehuman_zombieWalk1.bvh")
    names = [
        name.replace("LoLeg", "Part").replace("LoArm", "Piece") for name in recording.joint_names
    ]
    bones = recording.positions[::9].copy()
    shank = [j for j, name in enumerate(names) if name.startswith(("Part_L", "Foot_L", "Toe_L"))]
    bones[:, shank] += [0.0, 0.0, 3.0]  # legs that differ: the shape sees no pair in them
    with pytest.raises(RoleError) as caught:
        find_roles(names, recording.parents.tolist(), bones)
    message = str(caught.value)
    assert "names and shape of the skeleton tell different joints for left_hip" in message
    assert "UpLeg_L" in message.partition("by name")[0]
    assert "by shape" in message
    assert "role file" in message


def test_shape_fills_what_names_leave_open_where_they_agree() -> None:
    odd = {"LeftLeg": "Beta", "RightLeg": "Gamma"}
    recording = recording_of(lambda name: odd.get(name, name))
    roles, _, doubts = find_roles(
        recording.joint_names, recording.parents.tolist(), recording.positions
    )
    assert {r: recording.joint_names[j] for r, j in roles.items()} == {
        role: odd.get(joint, joint) for role, joint in EXPECTED.items()
    }
    assert [doubt.name for doubt in doubts] == ["roles"]


def test_legs_under_a_wrapper_root_find_the_named_pelvis_beside_it() -> None:
    recording = recording_of(lambda name: {"Hips": "Reference", "Spine": "Hips"}.get(name, name))
    assert named_roles(recording)["pelvis"] == "Hips"


def test_collar_bones_on_the_neck_leave_the_chest_below_it() -> None:
    names = {"Chest": "Neck", "Neck": "Neck1", "Spine": "Chest"}
    recording = recording_of(lambda name: names.get(name, name))
    assert named_roles(recording)["chest"] == "Chest"


def test_a_foot_without_toe_takes_its_end_site_and_an_arm_without_hand_too() -> None:
    text = bvh_text(human(), walking(human(), 3))
    recording = read_bvh(text.encode(), PLACE)
    keep = [
        j
        for j, name in enumerate(recording.joint_names)
        if not name.startswith(("LeftToe#", "LeftHand#"))
    ]
    names = [recording.joint_names[j] for j in keep]
    names[names.index("LeftToe")] = "LeftFoot#end"
    names[names.index("LeftHand")] = "LeftForeArm#end"
    parents = [keep.index(p) if p >= 0 else -1 for p in recording.parents[keep]]
    roles, _, _ = find_roles(names, parents, recording.positions[:, keep])
    assert names[roles["left_toe"]] == "LeftFoot#end"
    assert names[roles["left_wrist"]] == "LeftForeArm#end"


def test_a_role_can_be_given_and_leaves_the_others() -> None:
    found = named_roles(recording_of(), left_toe="LeftToe#end", chest="Spine")
    assert found == {**EXPECTED, "left_toe": "LeftToe#end", "chest": "Spine", "neck": "Chest"}


def test_given_roles_rescue_a_limb_whose_names_say_nothing() -> None:
    odd = {"LeftUpLeg": "Alpha", "LeftLeg": "Beta", "LeftFoot": "Gamma", "LeftToe": "Delta"}
    recording = recording_of(lambda name: odd.get(name, name))
    found = named_roles(
        recording, left_hip="Alpha", left_knee="Beta", left_ankle="Gamma", left_toe="Delta"
    )
    assert found == {role: odd.get(joint, joint) for role, joint in EXPECTED.items()}


def legless() -> Recording:
    recording = recording_of()
    keep = [
        j
        for j, name in enumerate(recording.joint_names)
        if not any(part in name for part in ("Leg", "Foot", "Toe"))
    ]
    return Recording(
        tuple(recording.joint_names[j] for j in keep),
        np.array([keep.index(p) if p >= 0 else -1 for p in recording.parents[keep]]),
        np.ascontiguousarray(recording.positions[:, keep]),
        np.ascontiguousarray(recording.rotations[:, keep]),
        30.0,
    )


def test_a_skeleton_without_legs_says_what_is_missing_and_how_to_give_it() -> None:
    with pytest.raises(RoleError) as caught:
        named_roles(legless())
    message = str(caught.value)
    assert "no joint found for left_hip, left_knee, left_ankle, right_hip" in message
    assert "role file" in message
    assert "LeftForeArm" in message
    assert "shoulder" not in message.partition("role file")[0]


@pytest.mark.parametrize(
    ("overrides", "cause"),
    [
        ({"left_tail": "Hips"}, "unknown role 'left_tail'; known: pelvis, spine"),
        ({"left_knee": "Nowhere"}, "joint 'Nowhere'; the joints are: Hips"),
        (
            {"left_knee": "RightFoot"},
            "left_knee (RightFoot) is not below role left_hip (LeftUpLeg)",
        ),
        ({"left_toe": "Head"}, "role left_toe (Head) is not below role left_ankle (LeftFoot)"),
    ],
)
def test_a_role_that_cannot_be_is_refused(overrides: dict[str, str], cause: str) -> None:
    with pytest.raises(RoleError, match=cause.replace("(", r"\(").replace(")", r"\)")):
        named_roles(recording_of(), **overrides)


@pytest.mark.parametrize(
    ("name", "side", "word"),
    [
        ("mixamorig7:LeftUpLeg", "left", "upleg"),
        ("LHipJoint", "left", "hip"),
        ("RThigh", "right", "thigh"),
        ("lfemur", "left", "femur"),
        ("leftfoot", "left", "foot"),
        ("left_upLeg_joint", "left", "upleg"),
        ("Character1|RightHand", "right", "hand"),
        ("L5", "", "l"),
        ("Lower", "", "lower"),
        ("leg", "", "leg"),
        ("Root", "", "root"),
        ("", "", ""),
    ],
)
def test_names_are_taken_apart(name: str, side: str, word: str) -> None:
    assert split_name(name) == (side, word)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("__Eye_R", "head"),
        ("__Thumb1_L", "arm"),
        ("LoArm_L", "arm"),
        ("Character1_LeftHandIndex1", "arm"),
        ("mixamorig7:LeftUpLeg", "leg"),
        ("lfemur", "leg"),
        ("LeftForeFoot", "leg"),
        ("Spine3", "trunk"),
        ("Bone.013", ""),
        ("q17", ""),
    ],
)
def test_names_tell_a_part_of_the_body(name: str, part: str) -> None:
    assert part_of_body(name) == part


def test_a_role_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "roles.toml"
    file.write_text('[roles]\nleft_toe = "LToe"\nhead = "Skull"\n')
    assert read_role_overrides(file) == {"left_toe": "LToe", "head": "Skull"}
    file.write_text('left_toe = "LToe"\n')
    assert read_role_overrides(file) == {"left_toe": "LToe"}


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (None, "does not exist"),
        ("[roles", "is not TOML"),
        ("", "has no table"),
        ("[roles]\ntail = 'x'", "unknown role 'tail'"),
        ("[roles]\nhead = 3", "not a joint's name"),
        ("roles = 3", "has no table"),
    ],
)
def test_a_wrong_role_file_is_one_clear_line(
    tmp_path: Path, content: str | None, cause: str
) -> None:
    file = tmp_path / "roles.toml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(FileFormatError, match=r"roles\.toml") as caught:
        read_role_overrides(file)
    assert cause in str(caught.value)
