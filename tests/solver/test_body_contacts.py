"""What rests on the ground besides feet is found, kept with the result, and held where it carries the body."""

from pathlib import Path

import numpy as np
import pytest

from retarget import RetargetingResult, evaluate_result, load_robot, read_motion, retarget_motion
from retarget.errors import FileFormatError
from retarget.robots.shapes.touch import touch_point
from retarget.solver.kinematics.forward import forward_kinematics

CLIPS = Path(__file__).resolve().parents[3] / "shared" / "clips"
KNEELING = CLIPS / "misc_bvh" / "test_mocapbank.bvh"
GETTING_UP = CLIPS / "deepmimic_txt" / "humanoid3d_getup_facedown.txt"
STANDING = CLIPS / "misc_bvh" / "xia_neutral_01.bvh"

needs_clips = pytest.mark.skipif(not KNEELING.exists(), reason="no clips beside this checkout")


@pytest.fixture(scope="module")
def kneeling() -> RetargetingResult:
    return retarget_motion(read_motion(KNEELING), load_robot("unitree_g1"))


@needs_clips
def test_only_the_kneeling_knee_is_found_and_it_stays_where_it_is(
    kneeling: RetargetingResult,
) -> None:
    robot = load_robot("unitree_g1")
    share = dict(zip(kneeling.body_contact_names, kneeling.body_contacts.mean(0), strict=True))
    assert share["right_knee"] > 0.3
    assert [name for name, part in share.items() if part] == ["right_knee"]
    touch = touch_point(robot, "right_knee")
    assert touch is not None
    positions, rotations = forward_kinematics(kneeling.qpos, robot)
    knee = positions[:, touch.body] + rotations[:, touch.body] @ touch.point
    held = kneeling.body_contacts[:, kneeling.body_contact_names.index("right_knee")]
    assert np.percentile(knee[held, 2] - touch.radius, 95) < 0.005
    speed = np.linalg.norm(np.gradient(knee[:, :2], axis=0), axis=1) * kneeling.fps
    assert speed[held].mean() < 0.01


@needs_clips
def test_kneeling_passes_every_gate(kneeling: RetargetingResult) -> None:
    report = evaluate_result(kneeling, load_robot("unitree_g1"))
    assert [gate.measure for gate in report.gates if not gate.passed] == []
    assert (report["limb_error_p95"] or 9.0) < 6.0


@needs_clips
def test_a_toe_that_no_ankle_can_put_down_is_left_off_the_ground_and_listed(
    kneeling: RetargetingResult, tmp_path: Path
) -> None:
    (hold,) = kneeling.yielded
    knee = kneeling.body_contacts[:, kneeling.body_contact_names.index("right_knee")]
    first, last = np.flatnonzero(knee)[[0, -1]] / kneeling.fps
    assert hold.point == "right_toe"
    assert (hold.start_s, hold.end_s) == pytest.approx((first, last), abs=0.3)
    robot = load_robot("unitree_g1")
    positions, rotations = forward_kinematics(kneeling.qpos, robot)
    foot = robot.feet[1]
    lowest = positions[:, foot, 2] + (rotations[:, foot, 2] @ robot.soles[1].T).min(axis=1)
    assert (lowest - robot.sole_radius)[knee].max() == pytest.approx(hold.distance, abs=0.01)
    kneeling.save_npz(tmp_path / "kneel.npz")
    loaded = RetargetingResult.load_npz(tmp_path / "kneel.npz")
    assert loaded.yielded == loaded.resampled(50.0).yielded == kneeling.yielded
    texts = [one.text for one in evaluate_result(loaded, robot).diagnostics if one.kind == "hold"]
    assert texts == [
        f"right toe on the ground is up to {100 * hold.distance:.1f} cm off its place from "
        f"{hold.start_s:.1f} to {hold.end_s:.1f} s"
    ]


@needs_clips
def test_getting_up_presses_hands_and_knees_on_the_ground_and_not_through_the_chest() -> None:
    result = retarget_motion(read_motion(GETTING_UP), load_robot("unitree_g1"))
    share = dict(zip(result.body_contact_names, result.body_contacts.mean(0), strict=True))
    assert (
        min(share[f"{side}_{part}"] for side in ("left", "right") for part in ("knee", "hand"))
        > 0.1
    )
    assert share["pelvis"] > 0.2
    assert not result.body_contacts[-40:].any()
    report = evaluate_result(result, load_robot("unitree_g1"))
    assert (report["body_penetration_max"] or 0.0) < 0.002
    assert report["self_collision_share"] == 0.0
    assert (report["toe_slide_p95"] or 9.0) < 0.02  # feet take the load over without a jump
    assert (report["limb_error_mean"] or 9.0) < 1.9
    assert (report["limb_error_p95"] or 9.0) < 4.5


@needs_clips
def test_nobody_who_walks_touches_the_ground_with_knees_or_hands() -> None:
    result = retarget_motion(read_motion(STANDING), load_robot("unitree_g1"))
    assert not result.body_contacts.any()
    assert result.yielded == ()


@needs_clips
def test_they_survive_the_file_and_another_rate(
    kneeling: RetargetingResult, tmp_path: Path
) -> None:
    kneeling.save_npz(tmp_path / "kneel.npz")
    loaded = RetargetingResult.load_npz(tmp_path / "kneel.npz")
    assert loaded.body_contact_names == kneeling.body_contact_names
    assert np.array_equal(loaded.body_contacts, kneeling.body_contacts)
    assert loaded.resampled(50.0).body_contacts.shape == (len(loaded.resampled(50.0)), 10)


@needs_clips
def test_files_without_them_are_refused(kneeling: RetargetingResult, tmp_path: Path) -> None:
    old, new = tmp_path / "old.npz", tmp_path / "new.npz"
    kneeling.save_npz(new)
    with np.load(new) as archive:
        np.savez(old, **{n: archive[n] for n in archive.files if not n.startswith("body_")})
    with pytest.raises(FileFormatError, match=r"no array 'body_contacts'.*retarget the clip again"):
        RetargetingResult.load_npz(old)
