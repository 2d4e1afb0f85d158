"""Long clips are solved in stretches: nobody can tell where these meet, and memory hardly grows with frames."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from clips import SHARED, dance, filled_in, jump, robot

from retarget import pipeline
from retarget.evaluation import evaluate_result
from retarget.motion import Motion, read_motion
from retarget.motion.edit import compact
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.solver import stretches
from retarget.solver.problem import rated_clip_options
from retarget.solver.stretches import Stretch, plan_stretches


class Solved(NamedTuple):
    result: RetargetingResult
    held: np.ndarray
    anchors: np.ndarray
    seams: list[int]


def there_and_back(motion: Motion, frames: int) -> Motion:
    last = len(motion) - 1
    index = np.arange(frames) % (2 * last)
    index = np.where(index > last, 2 * last - index, index)
    return replace(motion, positions=motion.positions[index], rotations=motion.rotations[index])


def solved(motion: Motion, most: int, least: float = 5.0) -> Solved:
    """A clip retargeted in stretches of at most so many frames that last so many seconds."""
    places: list[np.ndarray] = []
    measure = pipeline.measure_residuals

    def noted(qpos, problem, held, anchors):
        places.extend((held.copy(), anchors.copy()))
        return measure(qpos, problem, held, anchors)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "MOST_FRAMES", most)
        patch.setattr(stretches, "LEAST_SECONDS", least)
        patch.setattr(pipeline, "measure_residuals", noted)
        result = retarget_motion(motion, robot())
        plan = plan_stretches(len(motion), motion.fps, rated_clip_options(motion.fps))
    return Solved(result, places[0], places[1], [stretch.first for stretch in plan[1:]])


def jerk(result: RetargetingResult) -> np.ndarray:
    return np.abs(np.diff(result.qpos[:, 7:], 3, axis=0)).mean(axis=1) * result.fps**3


def around(seams: list[int], fps: float) -> np.ndarray:
    """Frames within a quarter of a second of a seam."""
    reach = round(fps / 4)
    return np.concatenate([np.arange(seam - reach, seam + reach) for seam in seams])


@pytest.mark.parametrize("fps", [30.0, 120.0])
@pytest.mark.parametrize("frames", [1, 31, 4096, 5400, 5401, 12_345, 300_000, 3_000_000])
def test_stretches_follow_one_another_and_each_knows_its_surroundings(
    frames: int, fps: float
) -> None:
    options = rated_clip_options(fps)
    plan = plan_stretches(frames, fps, options)
    assert plan[0].first == 0
    assert plan[-1].last == plan[-1].known == plan[-1].end == frames
    assert all(before.last == after.first for before, after in pairwise(plan))
    if frames <= max(stretches.MOST_FRAMES, stretches.LEAST_SECONDS * fps):
        assert plan == [Stretch(0, 0, frames, frames, frames)]
    for stretch in plan[1:]:
        assert stretch.first % options.window == 0
        assert stretch.begin <= stretch.first - 2.0 * fps
    for stretch in plan[:-1]:
        assert stretch.last - stretch.first > 15 * fps
        assert stretch.known >= min(frames, stretch.last + options.ahead + 2.0 * fps)


SPINS = "amp_npz/humanoid_dance.npz"
KNEELING = "misc_bvh/test_mocapbank.bvh"
GETTING_UP = "deepmimic_txt/humanoid3d_getup_facedown.txt"


def shared(name: str) -> Motion:
    if not (SHARED / name).exists():
        pytest.skip(f"needs {name} of the shared clips")
    return read_motion(SHARED / name)


@pytest.mark.parametrize("name", ["", SPINS])
def test_a_clip_in_stretches_is_the_same_motion(name: str) -> None:
    motion = there_and_back(shared(name) if name else jump(), 1500 if name else 2751)
    whole, parts = solved(motion, len(motion)), solved(motion, 300 if name else 700)
    assert not whole.seams
    assert len(parts.seams) >= 3
    one, other = whole.result.qpos, parts.result.qpos
    apart = np.abs(np.delete(other - one, range(3, 7), axis=1)).max(axis=1)
    assert np.percentile(apart, 99) < 3e-3
    assert apart.max() < 0.03  # at a hard landing, which shows single precision's last bits
    turns = np.abs(np.sum(one[:, 3:7] * other[:, 3:7], axis=1))  # a quaternion's sign says nothing
    np.testing.assert_allclose(turns, 1.0, atol=1e-5)


def test_where_stretches_of_a_high_rate_meet_frames_are_solved_once_more_as_in_one_piece() -> None:
    motion = there_and_back(filled_in(jump(), 4), 2751)
    whole, parts = solved(motion, len(motion)), solved(motion, 700)
    assert len(parts.seams) >= 3
    near = around(parts.seams, motion.fps)
    apart = np.abs(whole.result.qpos - parts.result.qpos)[near, 7:].max()
    assert apart < 1e-3
    assert jerk(parts.result)[near].mean() == pytest.approx(
        jerk(whole.result)[near].mean(), rel=0.01
    )


# In these clips a hundredth of a millimetre decides here and there between ways to move: any start of a clip does that.
@pytest.mark.parametrize("name", ["", KNEELING, GETTING_UP])
def test_seams_do_not_show(name: str) -> None:
    motion = there_and_back(shared(name) if name else dance(), 1800)
    whole, parts = solved(motion, len(motion)), solved(motion, 400)
    assert len(parts.seams) >= 3
    assert np.array_equal(whole.held, parts.held)
    apart = np.abs(whole.result.qpos - parts.result.qpos)[:, 7:].max(axis=1)
    undecided = name == GETTING_UP
    assert np.median(apart) < (0.1 if undecided else 0.01)
    near = around(parts.seams, motion.fps)
    assert jerk(parts.result)[near].mean() < (1.1 if undecided else 1.05) * max(
        jerk(whole.result)[near].mean(), jerk(parts.result).mean()
    )
    # What is held on both sides of a seam is held at one place, or moves on as slowly as in one piece.
    for seam in parts.seams:
        both = parts.held[seam] & parts.held[seam - 1]
        steps = [
            np.linalg.norm(s.anchors[seam] - s.anchors[seam - 1], axis=1)[both]
            for s in (whole, parts)
        ]
        np.testing.assert_allclose(steps[1], steps[0], atol=2e-4 if undecided else 1e-4)
    errors = [s.result.residuals["anchor_m"] for s in (whole, parts)]
    assert errors[1][near].max() < errors[0][near].max() + (0.01 if undecided else 0.002)
    model = robot()
    slides = [evaluate_result(s.result, model)["toe_slide_mean"] for s in (whole, parts)]
    assert slides[1] == pytest.approx(slides[0], rel=0.3 if undecided else 0.05)


def test_the_same_clip_in_stretches_gives_the_same_bits() -> None:
    motion = there_and_back(jump(), 2100)
    first, second = (solved(motion, 700).result for _ in range(2))
    assert np.array_equal(first.qpos, second.qpos)
    assert np.array_equal(first.frame_cost, second.frame_cost)


def test_single_precision_gives_the_same_motion() -> None:
    double = retarget_motion(jump(), robot())
    single = retarget_motion(compact(jump()), robot())
    assert np.array_equal(double.contacts, single.contacts)
    apart = np.abs(double.qpos - single.qpos)[:, 7:].max(axis=1)
    assert np.percentile(apart, 99) < 1e-3


def test_memory_grows_by_little_more_than_the_result() -> None:
    def peak(frames: int) -> tuple[int, int]:
        motion = compact(there_and_back(jump(), frames))
        tracemalloc.start()
        result = solved(motion, 700).result
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        arrays = (result.qpos, result.source.positions, result.source.rotations)
        return most, sum(array.nbytes for array in arrays)

    peak(700)  # compiles, and remembers the robot
    (short, small), (long, large) = peak(2800), peak(8400)
    assert long - short < 1.25 * (large - small)
