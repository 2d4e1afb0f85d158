"""Feet that legs in each other's way or joint limits drag along are held elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from clips import dance, jump, robot

from retarget.evaluation import evaluate_result
from retarget.motion.edit import between
from retarget.options import RetargetOptions
from retarget.pipeline import retarget_motion
from retarget.solver import missed_holds, standing, stretches
from retarget.solver.arrays import Clip
from retarget.solver.clip import ClipOptions, March
from retarget.solver.missed_holds import Held
from retarget.solver.weights import style_weights
from retarget.take import Take

CROSSING = (40.0, 48.0)  # seconds of the dance: legs cross, thighs and feet meet


def without_second_march(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(march: object, first: int, last: int, held: stretches.Held, *_: object) -> object:
        return held.problem.clip.anchors, 0

    monkeypatch.setattr(stretches, "hold_again", nothing)


@pytest.mark.parametrize("name", ["fourier_gr1t1", "fourier_gr1t2"])
def test_feet_of_crossed_legs_are_dragged_less(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    options = RetargetOptions(start_s=CROSSING[0], end_s=CROSSING[1])
    after = evaluate_result(retarget_motion(dance(), robot(name), options), robot(name))
    without_second_march(monkeypatch)
    before = evaluate_result(retarget_motion(dance(), robot(name), options), robot(name))
    assert after["toe_slide_mean"] < 0.5 * before["toe_slide_mean"]
    assert after["toe_slide_second"] < min(0.25 * before["toe_slide_second"], 0.05)
    assert after["limb_error_mean"] < before["limb_error_mean"] + 0.3
    assert after["self_collision_share"] <= before["self_collision_share"] + 0.005


def test_what_is_held_where_it_should_be_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = retarget_motion(between(jump(), 0.0, 2.0), robot()).qpos
    without_second_march(monkeypatch)
    assert np.array_equal(retarget_motion(between(jump(), 0.0, 2.0), robot()).qpos, ours)


def test_a_stance_moves_to_where_it_was_dragged(monkeypatch: pytest.MonkeyPatch) -> None:
    held, point = stances_held(frames=12, stance=(2, 10)), 1
    places = held.problem.clip.anchors[..., :2].copy()
    places[8:10, point] += [0.0, 0.06]  # dragged aside in its last two frames alone
    places[2:8, point] += [0.001, 0.0]
    monkeypatch.setattr(missed_holds, "contact_places", lambda *_: places)
    off = np.zeros(places.shape[:2], bool)
    off[8:10, point] = True
    missed = missed_holds._Missed(off, off, np.ones(off.shape, bool), np.ones(12))
    march = March.of(np.zeros((12, 7)), held.problem)
    clip, moved = missed_holds._where_dragged(march, held, missed, ClipOptions())
    shift = (clip.anchors - held.problem.clip.anchors)[..., :2]
    assert moved[:, point].tolist() == [False] * 2 + [True] * 8 + [False] * 2
    assert np.allclose(shift[2:10, point], [0.0, 0.06], atol=0.004)
    assert not shift[:2].any()
    assert not shift[:, 0].any()


def test_a_foot_stands_in_the_middle_of_its_hold() -> None:
    problem = stances_held(frames=12, stance=(2, 10)).problem
    assert standing._standing(problem)[:, 1].tolist() == [False] * 3 + [True] * 6 + [False] * 3
    twice = problem._replace(fps=60.0)
    assert standing._standing(twice)[:, 1].sum() == 4


def test_steps_count_toes_that_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = stances_held(frames=12, stance=(2, 10)).problem
    places = np.zeros((12, problem.clip.anchors.shape[1], 2))
    places[:, :, 0] = 0.01 * np.arange(12)[:, None]
    monkeypatch.setattr(standing, "contact_places", lambda *_: places)
    steps = standing.toe_steps(np.zeros((12, 7)), problem)
    assert np.allclose(steps[4:9, 1], 0.01)
    assert steps.sum() == pytest.approx(0.05)


def test_the_base_is_jolted_by_what_the_ground_cannot_give() -> None:
    fps = 30.0
    qpos = np.zeros((5, 7))

    def jolt(x: float, z: float) -> float:
        moved = qpos.copy()
        moved[3:, 0] += x / fps**2
        moved[3:, 2] += z / fps**2
        moved[4:] += moved[3] - moved[2]
        return float(standing.base_jolts(moved, fps)[2])

    assert jolt(0.0, 30.0) == 0.0  # a landing
    assert jolt(0.0, -9.0) == 0.0
    assert jolt(0.0, -19.81) == pytest.approx(10.0)
    assert jolt(7.0, 0.0) == 0.0
    assert jolt(17.848, 0.0) == pytest.approx(10.0)


def stances_held(frames: int, stance: tuple[int, int]) -> Held:
    """Heel and toe of the G1's left foot held at one place, each in the same frames."""
    part = between(dance(), 0.0, (frames - 1) / 30)
    take = Take.of(part, robot(), RetargetOptions(), style_weights("balanced"), {})
    problem = take.part(take.stretches[0], {}).problem
    weights, anchors = np.zeros((2, *problem.clip.anchors.shape))
    weights[stance[0] : stance[1], :2] = 1.0
    held = problem._replace(
        clip=problem.clip._replace(contact_weights=weights[..., 0], anchors=anchors)
    )
    return Held(held, held, 0.0)


def test_parts_of_a_clip_that_are_marched_over_keep_what_others_are_held_by() -> None:
    from retarget.solver.missed_holds import _with_part

    size = (6, 2)
    one, other = (Clip(*(np.full(size, value) for _ in Clip._fields)) for value in (1.0, 2.0))
    mixed = _with_part(one, other._replace(positions=one.positions), 2, 4)
    assert mixed.positions is one.positions
    assert mixed.anchors[:, 0].tolist() == [1.0, 1.0, 2.0, 2.0, 1.0, 1.0]
