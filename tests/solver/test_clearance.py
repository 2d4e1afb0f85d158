"""Feet lift in swing as the human's do and stand in stance; heels strike first and toes leave last."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from clips import SHARED, filled_in, jump, robot
from floor_poses import floor_clip

from retarget.evaluation import evaluate_result
from retarget.evaluation.frames.physics import contact_forces
from retarget.motion import Motion, read_motion
from retarget.pipeline import make_targets, retarget_motion
from retarget.result import RetargetingResult
from retarget.solver.kinematics.forward import forward_kinematics
from retarget.solver.problem import TaskWeights
from retarget.targets import build
from retarget.targets.clearance import LIFTING

BANDAI = "bandai_bvh/dataset-1_walk_normal_001.bvh"
MIXAMO = "misc_bvh/mixamo_Walk-In-Circle.bvh"
XIA = "misc_bvh/xia_neutral_01.bvh"
DANCE = "lafan1_bvh/bvhTools_test2_3945f.bvh"
BANDAI_DANCE = "bandai_bvh/dataset-1_dance-short_normal_001.bvh"
WALKS = [BANDAI, MIXAMO, XIA]
SWING_GATES = {"swing_scuff_excess", "swing_clearance_lack", "both_soles_down_excess"}


@cache
def clip(name: str) -> Motion:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs {path.name} of the shared clips")
    return read_motion(path)


@cache
def retargeted(name: str, robot_name: str = "unitree_g1") -> RetargetingResult:
    return retarget_motion(clip(name), robot(robot_name))


def dragged(name: str) -> RetargetingResult:
    """Feet may drag, the base may shake: what a solve is that asks nothing of a foot in swing, nor of mass."""
    loose = TaskWeights(centre=0.0, base_acceleration=100.0, turn_acceleration=10.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "swing_clearances", lambda anatomy, *_: np.zeros((len(anatomy), 2)))
        return retarget_motion(clip(name), robot(), weights=loose)


def clearances(motion: Motion) -> np.ndarray:
    return make_targets(motion, robot())[2].clearances


def pitches(along: np.ndarray) -> np.ndarray:
    """Degrees by which a foot points up."""
    return np.degrees(np.arctan2(along[..., 2], np.linalg.norm(along[..., :2], axis=-1)))


def foot_pitches(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pitch of each foot of the human, from where it is flat, and of the robot; and where the robot's feet are down."""
    anatomy, _, targets, shape = make_targets(clip(name), robot())
    _, rotations = forward_kinematics(retargeted(name).qpos, robot())
    human, own = np.empty((2, len(anatomy), 2))
    for foot, side in enumerate(("left", "right")):
        pitch = pitches(anatomy.point(f"{side}_toe") - anatomy.point(f"{side}_ankle"))
        human[:, foot] = pitch - np.median(pitch[anatomy.flat[side]])
        heel, toe = shape.contact_points[foot]
        own[:, foot] = pitches(rotations[:, robot().feet[foot]] @ (toe - heel))
    return human, own, targets.clearances == 0


def moments(down: np.ndarray, falling: bool) -> tuple[np.ndarray, np.ndarray]:
    """Frames and feet at touch-down, or those at toe-off."""
    changes = down[1:] & ~down[:-1] if falling else ~down[1:] & down[:-1]
    frames, feet = np.nonzero(changes)
    return frames + (1 if falling else 0), feet


@pytest.mark.parametrize("name", [BANDAI, MIXAMO])
def test_heels_strike_and_toes_push_off_as_the_humans_do(name: str) -> None:
    human, own, down = foot_pitches(name)
    landing, leaving = moments(down, True), moments(down, False)
    assert len(landing[0]) > 8 and len(leaving[0]) > 8
    assert np.median(human[leaving]) < -18  # heels first up, toes last
    for instants in (landing, leaving):
        assert np.abs(own[instants] - human[instants]).mean() < 10
        tilted = np.abs(human[instants]) > 5
        ratio = own[instants][tilted] / human[instants][tilted]
        assert np.median(ratio) > 0.45  # no flat-footed march
    assert np.corrcoef(human.ravel(), own.ravel())[0, 1] > 0.8


def test_walkers_land_on_their_heels() -> None:
    human, own, down = foot_pitches(BANDAI)
    landing = moments(down, True)
    assert np.median(human[landing]) > 8
    assert np.median(own[landing]) > 4
    assert (own[landing] > 0).mean() > 0.9


@pytest.mark.parametrize("name", WALKS)
def test_feet_stand_in_stance_and_never_are_both_up_without_flight(name: str) -> None:
    _, contacts, targets, _ = make_targets(clip(name), robot())
    heights, stance = targets.clearances, contacts.stance.any(axis=2)
    assert (heights >= 0).all()
    assert (heights[stance] == 0).mean() > 0.85
    inner = stance[2:-2] & stance[:-4] & stance[4:] & stance[1:-3] & stance[3:-1]
    assert (heights[2:-2][inner] == 0).mean() > 0.9  # but while a foot comes down and goes up
    assert heights[stance].max() < 0.04
    assert (heights.min(axis=1) == 0).all()
    assert (heights.max(axis=1) > 0.02).mean() > 0.2


def test_a_jump_has_both_feet_up() -> None:
    heights = clearances(jump().frames(0, 300))
    assert heights.min(axis=1).max() > 0.05


def test_who_drops_to_the_floor_does_not_fly() -> None:
    """Hips fall fast for a moment, feet are light, but the ground brakes the fall."""
    heights = clearances(clip("deepmimic_txt/humanoid3d_roll.txt"))
    assert (heights[5:25].min(axis=1) == 0).all()
    for name in ("sitting on the heels", "on the back"):
        assert (clearances(floor_clip(name)).min(axis=1) == 0).all()


@pytest.mark.parametrize("name", [BANDAI, DANCE])
def test_clearances_rise_and_fall_smoothly_at_every_rate(name: str) -> None:
    motion = clip(name).frames(0, 190)
    slow, fast = clearances(motion), clearances(filled_in(motion, 4))
    for heights, fps in ((slow, motion.fps), (fast, 4 * motion.fps)):
        begins = (heights[:-1] == 0) & (heights[1:] > 0)
        assert begins.any()
        # From a stance that is over; where the lower foot gives way to the other, as fast as these pass each other.
        assert heights[1:][begins].max() <= max(0.5 * LIFTING / fps**2, 0.5 / fps)
        assert np.abs(np.diff(heights, axis=0)).max() < 4.0 / fps
    apart = np.abs(fast[::4] - slow)
    assert apart.mean() < 0.003
    assert np.quantile(apart, 0.95) < 0.015


def test_both_rates_lift_the_robots_feet_alike() -> None:
    motion = clip(BANDAI).frames(0, 120)
    reports = [
        evaluate_result(retarget_motion(each, robot()), robot())
        for each in (motion, filled_in(motion, 4))
    ]
    for name in ("swing_scuff_share", "both_soles_down_share"):
        assert reports[1][name] == pytest.approx(reports[0][name], abs=0.05), name
    assert reports[1]["swing_clearance"] == pytest.approx(reports[0]["swing_clearance"], rel=0.25)


def test_a_foot_lifts_from_where_it_lies_lowest() -> None:
    for name in (BANDAI, DANCE):
        anatomy, contacts, _, _ = make_targets(clip(name), robot())
        rests = np.stack([contacts.ankle_heights, contacts.toe_heights], axis=1)
        assert (contacts.lift_heights <= rests + 1e-12).all()
        for foot, side in enumerate(("left", "right")):
            for column, joint in enumerate(("ankle", "toe")):
                heights = anatomy.point(f"{side}_{joint}")[:, 2]
                below = (heights < contacts.lift_heights[foot, column] - 1e-3).mean()
                assert below < 0.07, (name, side, joint)


@pytest.mark.parametrize("name", [*WALKS, DANCE])
def test_feet_lift_in_swing(name: str) -> None:
    report = evaluate_result(retargeted(name), robot())
    assert report["swing_scuff_excess"] <= 0.01
    assert report["swing_clearance_lack"] <= 0.1
    assert report["both_soles_down_excess"] <= (0.1 if name == DANCE else 0.05)
    assert report["sole_lifted_share"] < 0.01


@pytest.mark.parametrize("name", WALKS)
def test_the_mass_of_a_walker_is_accelerated_no_more_than_the_humans(name: str) -> None:
    assert evaluate_result(retargeted(name), robot())["com_acceleration_ratio"] <= 1.0


@pytest.mark.parametrize(
    ("name", "most"),
    [
        (BANDAI, 0.0085),
        (MIXAMO, 0.015),
        ("cmu_bvh/01_01.bvh", 0.04),
        (BANDAI_DANCE, 0.09),
        (DANCE, 0.07),
    ],
)
def test_hardly_any_force_is_left_that_no_foot_can_give(name: str, most: float) -> None:
    result = retargeted(name)
    forces = contact_forces(result.qpos, robot(), result.fps, height=0.02, speed=np.inf)
    assert forces.force_left.mean() <= most
    if name == DANCE:
        assert np.percentile(forces.force_left, 95) <= 0.3
        assert (forces.force_left > 0.1).mean() <= 0.25


@pytest.mark.parametrize("name", [BANDAI, MIXAMO])
def test_feet_that_may_drag_and_a_base_that_may_shake_fail(name: str) -> None:
    result = dragged(name)
    report = evaluate_result(result, robot())
    failed = {gate.measure for gate in report.gates if not gate.passed}
    assert failed >= SWING_GATES
    kept = evaluate_result(retargeted(name), robot())
    assert report["com_acceleration_ratio"] > 1.5 * kept["com_acceleration_ratio"]
    forces = contact_forces(result.qpos, robot(), result.fps, height=0.02, speed=np.inf)
    assert forces.force_left.mean() > 0.05
