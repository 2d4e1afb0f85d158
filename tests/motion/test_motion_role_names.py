"""Body roles from names: those of every convention and rig, and names taken apart."""

from collections.abc import Callable

import pytest
from role_files import EXPECTED, named_roles, real, recording_of

from retarget.motion.skeleton.names import part_of_body, recognised_rig, split_name
from retarget.motion.skeleton.roles import ROLES, find_roles

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
    "nokov": {"Chest": "Spine1", "Toe": "!ToeBase"},
    "captury": {"Hips": "Root", "Shoulder": "!Clavicle", "Arm": "!Shoulder", "ForeArm": "!Elbow", "Hand": "!Wrist",
                "UpLeg": "!Hip", "Leg": "!Knee", "Foot": "!Ankle", "Toe": "!Toes"},
    "move": {"Shoulder": "!_clavicle", "Arm": "!_shoulder", "ForeArm": "!_elbow", "Hand": "!_wrist",
             "UpLeg": "!_hip", "Leg": "!_knee", "Foot": "!_ankle", "Toe": "!_toe"},
    "iclone": {"Hips": "CC_Base_Hip", "Spine": "CC_Base_Waist", "Chest": "CC_Base_Spine02",
               "Neck": "CC_Base_NeckTwist01", "Head": "CC_Base_Head", "Shoulder": "CC_Base_?_Clavicle",
               "Arm": "CC_Base_?_Upperarm", "ForeArm": "CC_Base_?_Forearm", "Hand": "CC_Base_?_Hand",
               "UpLeg": "CC_Base_?_Thigh", "Leg": "CC_Base_?_Calf", "Foot": "CC_Base_?_Foot",
               "Toe": "CC_Base_?_ToeBase"},
    "truebones": {"Hips": "hip", "Spine": "abdomen", "Chest": "chest", "Neck": "neck", "Head": "head",
                  "Shoulder": "~Collar", "Arm": "~Shldr", "ForeArm": "~ForeArm", "Hand": "~Hand", "UpLeg": "~Thigh",
                  "Leg": "~Shin", "Foot": "~Foot", "Toe": "~Toe"},
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


@pytest.mark.parametrize("clip", REAL_ROLES)
def test_roles_of_real_clips(clip: str) -> None:
    recording = real(clip)
    found = named_roles(recording)
    assert set(found) >= set(ROLES) - {"spine"}  # MakeHuman's spine and hips hang on one root
    assert {role: found[role] for role in REAL_ROLES[clip]} == REAL_ROLES[clip]
    expected = next(rig for part, rig in RIGS.items() if part in clip)
    assert recognised_rig(recording.joint_names) == expected


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
