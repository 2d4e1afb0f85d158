"""Bind poses at the start are recognised and dropped; clips that merely start still are left whole."""

from pathlib import Path

import numpy as np
import pytest
from bvh_files import CLIPS, EMBEDDED, bvh_text, column, human, walking

from retarget import MotionFormatKind
from retarget.motion.fitting.bind_pose import bind_pose_frames
from retarget.motion.motion import Motion
from retarget.motion.read import read_motion

CLIPS_HERE = sorted(
    [*CLIPS.glob("*/*.bvh"), *CLIPS.glob("amp_npz/*.npz"), *EMBEDDED.glob("*.[bn][vp][hz]")]
)
CMU = EMBEDDED / "cmu_01_01.bvh"
WALK = np.arange(30, 90)  # rows of a stroll, in mid-step


def written(folder: Path, rows: np.ndarray, frame_time: str = "0.0333333") -> Path:
    file = folder / "clip.bvh"
    file.write_text(bvh_text(human(), rows, frame_time=frame_time))
    return file


def stroll(frames: int = 90) -> np.ndarray:
    return walking(human(), frames)


def posed(slant: float, **angles: float) -> np.ndarray:
    """One row of a pose with the arms this many degrees below level; no channel is left at zero."""
    row = np.full(66, 0.5)
    row[:3] = 0, 92, 0
    for side, sign in (("Left", -1), ("Right", 1)):
        row[column(human(), f"{side}Arm", "Zrotation")] = sign * slant
    for name, angle in angles.items():
        row[column(human(), name, "Xrotation")] = angle
    return row[None]


def clips_bind_pose(folder: Path, *parts: np.ndarray) -> int:
    return read_motion(written(folder, np.vstack(parts))).source.dropped_frames


@pytest.mark.parametrize("clip", CLIPS_HERE, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_only_the_clips_that_have_one_lose_a_frame(clip: Path) -> None:
    source = read_motion(clip).source
    has_one = any(name in clip.name for name in ("01_01", "aitviewer_sample", "xsens_mvn"))
    assert (source.bind_pose, source.dropped_frames) == (has_one, int(has_one))
    assert any("T-pose" in note for note in source.notes) == has_one


@pytest.mark.parametrize("clip", CLIPS_HERE, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_no_moment_of_a_real_motion_is_taken_for_one(clip: Path) -> None:
    motion = read_motion(clip)
    starts = range(0, len(motion) - 1, 1 + len(motion) // 300)
    assert not any(bind_pose_frames(motion.positions[t:], motion.roles, motion.fps) for t in starts)


def test_a_real_t_pose_is_found_before_any_moment_of_the_motion() -> None:
    motion = read_motion(CMU, skip_bind_pose=False)
    for t in range(1, len(motion) - 1, 5):
        joined = np.concatenate([motion.positions[:1], motion.positions[t:]])
        assert bind_pose_frames(joined, motion.roles, motion.fps) == 1


def test_dropping_can_be_refused_or_forced(tmp_path: Path) -> None:
    dropped, kept = read_motion(CMU), read_motion(CMU, skip_bind_pose=False)
    assert len(kept) == len(dropped) + 1
    assert np.array_equal(kept.positions[1:], dropped.positions)
    assert kept.source.bind_pose
    assert "was kept" in kept.source.notes[0]
    plain = written(tmp_path, stroll())
    forced = read_motion(plain, skip_bind_pose=True)
    assert len(forced) == 89
    assert not forced.source.bind_pose
    assert "does not look like a bind pose" in forced.source.notes[0]


@pytest.mark.parametrize("slant", [0.0, 30.0, 50.0])
@pytest.mark.parametrize("held", [1, 5])
def test_t_and_a_poses_are_found_however_long_they_are_held(
    tmp_path: Path, slant: float, held: int
) -> None:
    motion = stroll()[WALK]
    motion[:, column(human(), "LeftArm", "Zrotation")] *= -1  # arms up, far from any A-pose
    assert clips_bind_pose(tmp_path, np.repeat(posed(slant), held, axis=0), motion) == held


def test_a_pose_at_zero_is_found_whatever_it_looks_like(tmp_path: Path) -> None:
    rest = np.zeros((1, 66))
    rest[0, :6] = 5, 80, 3, 20, 30, 40
    assert clips_bind_pose(tmp_path, rest, stroll()[WALK]) == 1


def test_a_pose_at_zero_is_found_at_one_frame_a_second(tmp_path: Path) -> None:
    rows = np.vstack([np.zeros((1, 66)), stroll(300)[20::30] + 1])
    rows[:, 1] = 92
    assert read_motion(written(tmp_path, rows, "1")).source.dropped_frames == 1


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(posed(80.0), id="hanging arms"),
        pytest.param(posed(0.0, LeftLeg=60.0), id="bent knee"),
        pytest.param(posed(0.0, Hips=50.0), id="bent over"),
    ],
)
def test_a_jump_out_of_another_pose_is_kept(tmp_path: Path, start: np.ndarray) -> None:
    assert clips_bind_pose(tmp_path, start, stroll()[WALK]) == 0


@pytest.mark.parametrize("frames", [3, 5, 8])
@pytest.mark.parametrize("kind", ["even", "bell"])
def test_a_t_pose_that_was_smoothed_into_the_motion_is_dropped_with_what_it_spoiled(
    tmp_path: Path, frames: int, kind: str
) -> None:
    motion = stroll()[WALK]
    share = np.arange(1, frames) / frames
    if kind == "bell":
        share = np.sin(share * np.pi / 2)
    blended = (1 - share[:, None]) * posed(0.0) + share[:, None] * motion[: frames - 1]
    read = read_motion(written(tmp_path, np.vstack([posed(0.0), blended, motion[frames - 1 :]])))
    dropped = read.source.dropped_frames
    assert frames - (3 if kind == "bell" else 0) <= dropped <= frames
    assert "dropped: a bind pose" in read.source.notes[0]


def test_a_real_t_pose_that_was_smoothed_is_dropped() -> None:
    motion = read_motion(CMU, skip_bind_pose=False)
    share = (np.arange(1, 5) / 5)[:, None, None]
    blended = (1 - share) * motion.positions[:1] + share * motion.positions[1:5]
    positions = np.concatenate([motion.positions[:1], blended, motion.positions[5:]])
    assert bind_pose_frames(positions, motion.roles, motion.fps) == 5


@pytest.mark.parametrize("seconds", [0.5, 0.8])
def test_arms_that_are_lowered_quickly_are_no_bind_pose(tmp_path: Path, seconds: float) -> None:
    phase = np.linspace(0, np.pi, int(30 * seconds))[:, None]
    share = (1 - np.cos(phase)) / 2  # from rest to rest, as a body moves
    motion = stroll()[WALK]
    lowering = (1 - share) * posed(0.0) + share * motion[:1]
    assert clips_bind_pose(tmp_path, lowering, motion) == 0


def test_a_t_pose_that_was_performed_is_kept(tmp_path: Path) -> None:
    share = np.linspace(0, 1, 60)[:, None]
    lowering = (1 - share) * posed(0.0) + share * posed(70.0)
    assert clips_bind_pose(tmp_path, np.repeat(posed(0.0), 10, axis=0), lowering) == 0


@pytest.mark.parametrize("frames", [1, 7])
def test_a_clip_that_never_moves_is_kept(tmp_path: Path, frames: int) -> None:
    still = np.repeat(posed(0.0), frames, axis=0)
    assert clips_bind_pose(tmp_path, still) == 0
    forced = read_motion(written(tmp_path, still), skip_bind_pose=True)
    assert len(forced) == max(1, frames - 1)


def test_of_two_frames_a_t_pose_is_dropped(tmp_path: Path) -> None:
    motion = read_motion(written(tmp_path, np.vstack([posed(0.0), stroll()[40:41]])))
    assert isinstance(motion, Motion)
    assert len(motion) == 1
    assert motion.source.format == MotionFormatKind.BVH
