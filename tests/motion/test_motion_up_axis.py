"""The up axis is found from several witnesses: who lies is not made to stand; where they disagree, it is doubted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bvh_files import CLIPS, EMBEDDED
from worlds import clip, lifted, nothing_said, recording_of, with_axis_up

from retarget.motion.doubts import Doubt
from retarget.motion.motion import Motion, MotionSource
from retarget.motion.read import read_motion
from retarget.motion.recording import Recording
from retarget.motion.understand import motion_from_recording

AXES = ["x", "y", "z", "-x", "-y", "-z"]
ON_THE_FLOOR = ["getup_facedown", "roll"]
UPRIGHT = sorted([*CLIPS.glob("*/*.bvh"), *EMBEDDED.glob("*.bvh")])


def performed(name: str) -> Recording:
    path = clip(f"deepmimic_txt/humanoid3d_{name}.txt")
    if not path.exists():
        pytest.skip("the shared clips are not here")
    return nothing_said(recording_of(path))


def understood(recording: Recording, **said: str) -> Motion:
    copy = replace(
        recording, positions=recording.positions.copy(), rotations=recording.rotations.copy()
    )
    return motion_from_recording(copy, MotionSource(), **said)


def axis_doubts(motion: Motion) -> list[Doubt]:
    return [doubt for doubt in motion.source.doubts if doubt.name == "up_axis"]


@pytest.mark.parametrize("path", UPRIGHT, ids=lambda p: p.name)
def test_upright_clips_leave_no_doubt(path: Path) -> None:
    assert not axis_doubts(read_motion(path))


@pytest.mark.skipif(not (CLIPS / "c3d" / "squat.c3d").exists(), reason="no shared clips")
def test_an_upright_body_is_not_doubted_for_the_axis_that_is_customary() -> None:
    """Markers on shoes are 8 cm above the floor at zero; along the axis that C3D files mostly have nothing is there."""
    motion = read_motion(CLIPS / "c3d" / "squat.c3d")
    assert motion.source.up_axis == "y"
    assert not axis_doubts(motion)


@pytest.mark.parametrize("up", AXES)
@pytest.mark.parametrize("name", ON_THE_FLOOR)
def test_a_body_on_the_floor_lies_whatever_axis_is_up(name: str, up: str) -> None:
    motion = understood(lifted(with_axis_up(performed(name), up), up, 0.02))
    assert motion.source.up_axis == up
    assert not axis_doubts(motion)


def lying_only() -> Recording:
    """A second of a body that lies face down: along the file's x, and it never gets up."""
    whole = performed("getup_facedown")
    return replace(whole, positions=whole.positions[:60], rotations=whole.rotations[:60])


@pytest.mark.parametrize("up", ["y", "z"])
def test_who_never_gets_up_is_told_by_the_floor_and_the_skeleton_at_rest(up: str) -> None:
    motion = understood(lifted(with_axis_up(lying_only(), up), up, 0.02))
    assert motion.source.up_axis == up
    head = motion.role_positions("head")[:, 2] - motion.role_positions("left_ankle")[:, 2]
    assert np.abs(head).max() < 0.5


@pytest.mark.parametrize("up", AXES)
@pytest.mark.parametrize("floor", [0.4, -2.5])
def test_without_a_floor_at_zero_who_lies_is_right_or_doubted_much(up: str, floor: float) -> None:
    motion = understood(lifted(with_axis_up(lying_only(), up), up, floor))
    right = motion.source.up_axis == up
    assert right or sum(doubt.weight for doubt in axis_doubts(motion)) > 0.5


@pytest.mark.parametrize("angle", [80.0, 90.0, -90.0])
def test_a_walk_laid_down_is_doubted_as_its_skeleton_stands(angle: float) -> None:
    from scipy.spatial.transform import Rotation

    path = clip("misc_bvh/mixamo_Walk-In-Circle.bvh")
    if not path.exists():
        pytest.skip("the shared clips are not here")
    upright = recording_of(path)
    standing = upright.positions - upright.positions[:, :1] + upright.positions[:1, :1]
    turn = Rotation.from_euler("x", angle, degrees=True).as_matrix()
    motion = understood(lifted(replace(upright, positions=standing @ turn.T), "y", 2.0))
    assert motion.source.up_axis == "y" or axis_doubts(motion)[0].weight > 0.5


def test_an_axis_that_is_said_is_taken_without_doubt() -> None:
    motion = understood(lying_only(), up="x")
    assert motion.source.up_axis == "x"
    assert not axis_doubts(motion)


def test_nothing_but_posture_is_a_small_doubt() -> None:
    walk = replace(lifted(performed("walk"), "y", 1.0), rest=None)
    motion = understood(walk)
    assert motion.source.up_axis == "y"
    assert 0.0 < axis_doubts(motion)[0].weight < 0.5
