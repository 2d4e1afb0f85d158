"""Holds keep what a clip's frames say of its stances, in a few rows."""

from __future__ import annotations

import numpy as np
import pytest
from clips import SHARED, jump, robot

from retarget.motion import read_motion
from retarget.options import RetargetOptions
from retarget.pipeline import make_targets
from retarget.solver.problem import Setting, TaskWeights, make_setting
from retarget.targets.build import Targets
from retarget.targets.holds import Ground, Holds, find_holds

KNEELING = SHARED / "misc_bvh" / "test_mocapbank.bvh"


def found(path: str) -> tuple[Targets, Setting, Ground, Holds]:
    motion = jump()
    if path:
        if not KNEELING.exists():
            pytest.skip(f"needs {KNEELING.name} of the shared clips")
        motion = read_motion(KNEELING)
    _, _, targets, shape = make_targets(motion, robot())
    setting = make_setting(robot(), shape, motion.fps, RetargetOptions(), TaskWeights())
    ground = Ground.allocate(len(targets), targets.fps, setting.touching)
    ground.add(slice(None), targets, shape)
    return targets, setting, ground, find_holds(ground, shape, setting.toe_margin, setting.release)


@pytest.mark.parametrize("path", ["", str(KNEELING)], ids=["jump", "kneeling"])
def test_every_stance_is_held_at_one_place_near_where_the_foot_wants_to_be(path: str) -> None:
    targets, _, ground, holds = found(path)
    held, anchors = holds.shares > 0, holds.anchors()
    assert held[:, :4][targets.stance.reshape(-1, 4)].all()
    assert np.array_equal(held[:, 4:], ground.loads[:, ground.columns] > 0)
    apart = np.linalg.norm(anchors[..., :2] - ground.places, axis=-1)
    assert np.median(apart[held]) < 0.03
    assert (anchors[..., 2] == 0).all()
    assert len(holds.first) < 0.1 * len(targets)
    assert (holds.last > holds.first).all()


def test_a_part_of_the_holds_is_what_the_part_of_the_clip_says() -> None:
    targets, _, _, holds = found(str(KNEELING))
    anchors, carried = holds.anchors(), holds.carried_by_frame()
    for start, stop in ((0, 1), (37, 211), (200, len(targets))):
        part = holds.within(start, stop)
        assert np.array_equal(part.shares, holds.shares[start:stop])
        assert np.array_equal(part.anchors(), anchors[start:stop])
        assert np.array_equal(part.carried_by_frame(), carried[start:stop])


def test_holds_are_carried_for_as_long_as_they_last_when_a_knee_rests_meanwhile() -> None:
    _, _, ground, holds = found(str(KNEELING))
    resting = (ground.loads[:, ground.columns] > 0).any(axis=1)
    assert resting.any()
    for first, last, carried in zip(holds.first, holds.last, holds.carried, strict=True):
        assert carried == resting[first:last].any()
    # The standing foot keeps its place for longer than the knee is down.
    kept = holds.carried_by_frame().any(axis=1)
    assert kept.sum() > resting.sum()


def test_parts_of_the_ground_are_those_of_the_whole() -> None:
    targets, setting, ground, _ = found("")
    _, _, _, shape = make_targets(jump(), robot())
    parts = Ground.allocate(len(targets), targets.fps, setting.touching)
    for start in range(0, len(targets), 100):
        own = Targets(
            {name: places[start : start + 100] for name, places in targets.positions.items()},
            targets.segments[start : start + 100],
            targets.stance[start : start + 100],
            targets.resting[start : start + 100],
            targets.lying[start : start + 100],
            targets.places[start : start + 100],
            targets.clearances[start : start + 100],
            targets.fps,
            targets.scale,
            targets.floor,
        )
        parts.add(slice(start, start + 100), own, shape)
    assert np.array_equal(parts.places, ground.places)
    assert np.array_equal(parts.stance, ground.stance)
    assert np.array_equal(parts.loads, ground.loads)
    assert np.array_equal(parts.lying, ground.lying)
