"""Feet that legs in each other's way or joint limits drag along are held elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from clips import dance, jump, robot

from retarget.evaluation import evaluate
from retarget.motion.edit import between
from retarget.options import RetargetOptions
from retarget.pipeline import retarget_motion
from retarget.solver import stretches
from retarget.solver.arrays import Clip

CROSSING = (40.0, 48.0)  # seconds of the dance: legs cross, thighs and feet meet


def without_second_march(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(march: object, first: int, last: int, held: stretches.Held, *_: object) -> object:
        return held.problem.clip.anchors, 0

    monkeypatch.setattr(stretches, "hold_again", nothing)


@pytest.mark.parametrize("name", ["fourier_gr1t1", "fourier_gr1t2"])
def test_feet_of_crossed_legs_are_dragged_less(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    options = RetargetOptions(start_s=CROSSING[0], end_s=CROSSING[1])
    after = evaluate(retarget_motion(dance(), robot(name), options), robot(name))
    without_second_march(monkeypatch)
    before = evaluate(retarget_motion(dance(), robot(name), options), robot(name))
    assert after["toe_slide_mean"] < 0.5 * before["toe_slide_mean"]
    assert after["toe_slide_second"] < min(0.12, 0.5 * before["toe_slide_second"])
    assert after["limb_error_mean"] < before["limb_error_mean"] + 0.3
    assert after["self_collision_share"] <= before["self_collision_share"] + 0.005


def test_what_is_held_where_it_should_be_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = retarget_motion(between(jump(), 0.0, 2.0), robot()).qpos
    without_second_march(monkeypatch)
    assert np.array_equal(retarget_motion(between(jump(), 0.0, 2.0), robot()).qpos, ours)


def test_parts_of_a_clip_that_are_marched_over_keep_what_others_are_held_by() -> None:
    from retarget.solver.missed_holds import _with_part

    size = (6, 2)
    one, other = (Clip(*(np.full(size, value) for _ in Clip._fields)) for value in (1.0, 2.0))
    mixed = _with_part(one, other._replace(positions=one.positions), 2, 4)
    assert mixed.positions is one.positions
    assert mixed.anchors[:, 0].tolist() == [1.0, 1.0, 2.0, 2.0, 1.0, 1.0]
