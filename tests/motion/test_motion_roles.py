"""Body roles: found from names of every convention, from shape where names say nothing, and overridable."""

from pathlib import Path

import numpy as np
import pytest
from bvh_files import CLIPS, EMBEDDED, bvh_text, human, walking
from role_files import EXPECTED, PLACE, named_roles, real, recording_of

from retarget.errors import FileFormatError, RoleError
from retarget.motion.formats import sniff_format
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.bvh import read_bvh
from retarget.motion.motion import MotionSource
from retarget.motion.recording import Recording
from retarget.motion.skeleton.role_file import read_role_overrides
from retarget.motion.skeleton.roles import REQUIRED_ROLES, find_roles
from retarget.motion.understand import motion_from_recording

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


def test_an_end_site_below_the_shank_is_no_toe() -> None:
    """Skeletons that end at the ankle have end sites there that go on straight down, as Kinect's and game rigs'."""
    whole = with_straight_forefoot()
    keep = [j for j, name in enumerate(whole.joint_names) if not name.endswith("ForeFoot#end")]
    names = [whole.joint_names[j].replace("ForeFoot", "Foot#end") for j in keep]
    recording = Recording(
        tuple(names),
        np.array([keep.index(p) if p >= 0 else -1 for p in whole.parents[keep]]),
        np.ascontiguousarray(whole.positions[:, keep]),
        np.ascontiguousarray(whole.rotations[:, keep]),
        30.0,
    )
    assert "left_toe" not in named_roles(recording)
    motion = motion_from_recording(recording, MotionSource())
    assert any("have no toes" in doubt.reason for doubt in motion.source.doubts)
    foot = motion.role_positions("left_toe") - motion.role_positions("left_ankle")
    across = motion.role_positions("left_hip") - motion.role_positions("right_hip")
    ahead = np.cross(across, np.array([0.0, 0.0, 1.0]))
    assert np.median(np.sum(foot * ahead, axis=1)) > 0.0
    assert named_roles(recording, left_toe="LeftFoot#end")["left_toe"] == "LeftFoot#end"


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
