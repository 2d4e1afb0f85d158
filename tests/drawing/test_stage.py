"""Who stands where, and what is marked on a robot: held, sliding, lifted and sunk feet, mass, support and targets."""

from dataclasses import replace

import numpy as np
import pytest

from retarget import RetargetingResult, load_robot, read_motion, retarget_motion
from retarget.drawing.figures import human_leg_length, robot_capsules, robot_leg_length
from retarget.drawing.look import ContactState
from retarget.drawing.marks import Marks, convex_hull, find_marks
from retarget.drawing.scene import Overlays, bodies_at
from retarget.drawing.stage import Cast, set_stage
from retarget.errors import OptionsError
from retarget.evaluation.forces.hull import support_distance
from retarget.geometry import quaternion_product
from retarget.robots import robot_names

G1 = load_robot("unitree_g1")


@pytest.fixture(scope="module")
def walk() -> RetargetingResult:
    return retarget_motion(read_motion("humanoid_walk"), G1)


def marks_of(result: RetargetingResult, qpos: np.ndarray | None = None) -> Marks:
    moved = result.qpos if qpos is None else qpos
    return find_marks(moved, result.contacts, result.fps, G1, result.source)


def share(marks: Marks, state: ContactState) -> float:
    return float((marks.states == state).mean())


def test_a_good_walk_stands_and_does_nothing_worse(walk: RetargetingResult) -> None:
    marks = marks_of(walk)
    assert share(marks, ContactState.HELD) == pytest.approx(walk.contacts.mean(), abs=0.03)
    assert share(marks, ContactState.SUNK) == 0
    assert share(marks, ContactState.LIFTED) < 0.02


def test_a_floating_robot_is_lifted_a_sinking_one_sunk_and_a_dragged_one_slides(
    walk: RetargetingResult,
) -> None:
    frames = np.arange(len(walk))[:, None]
    held = share(marks_of(walk), ContactState.HELD)
    up, down, drag = np.array([0, 0, 0.05]), np.array([0, 0, -0.05]), np.array([0.03, 0, 0])

    def moved(by: np.ndarray) -> Marks:
        qpos = walk.qpos.copy()
        qpos[:, :3] += by
        return marks_of(walk, qpos)

    assert share(moved(up), ContactState.LIFTED) > 0.9 * held
    assert share(moved(down), ContactState.SUNK) > 0.9 * held
    assert share(moved(frames * drag), ContactState.SLIDING) > 0.8 * held


def test_a_foot_that_rolls_is_told_from_one_that_floats(walk: RetargetingResult) -> None:
    heel, toe = walk.contacts[..., 0], walk.contacts[..., 1]
    flat = heel & toe & (marks_of(walk).states == ContactState.HELD).all(axis=2)
    pitch = {side: G1.joint_names.index(f"{side}_ankle_pitch_joint") for side in ("left", "right")}

    def rolled(degrees: float, lift: float = 0.0) -> np.ndarray:
        """States of feet that stand flat in the walk, each turned onto its toe that stays where it was."""
        states = []
        for foot, side in enumerate(("left", "right")):
            qpos = walk.qpos.copy()
            qpos[:, 7 + pitch[side]] += np.radians(degrees)
            sunk = marks_of(walk, qpos).soles[:, foot, :, 2].min(axis=1)
            qpos[:, 2] += lift - sunk
            states.append(marks_of(walk, qpos).states[flat[:, foot], foot])
        return np.concatenate(states)

    def mostly(states: np.ndarray, state: ContactState) -> bool:
        return float((states == state).mean()) > 0.9

    assert mostly(rolled(0.0), ContactState.HELD)
    onto_toe = rolled(6.0)
    assert mostly(onto_toe[:, 0], ContactState.TILTED)
    assert not (onto_toe[:, 1] == ContactState.TILTED).any()
    onto_heel = rolled(-9.0)
    assert mostly(onto_heel[:, 1], ContactState.TILTED)
    assert mostly(rolled(25.0)[:, 0], ContactState.LIFTED)
    assert mostly(rolled(6.0, lift=0.02), ContactState.LIFTED)


def test_hardly_a_heel_of_a_dance_is_said_to_float() -> None:
    dance = retarget_motion(read_motion("humanoid_dance"), G1)
    heels = marks_of(dance).states[..., 0][dance.contacts[..., 0]]
    assert 0.02 < (heels == ContactState.TILTED).mean() < 0.2
    assert (heels == ContactState.LIFTED).mean() < 0.07


def test_mass_is_near_above_what_stands(walk: RetargetingResult) -> None:
    marks = marks_of(walk)
    hulls = [(frame, marks.support(frame)[:, :2]) for frame in range(len(walk))]
    away = [
        support_distance(hull, *map(float, marks.mass[frame, :2]))
        for frame, hull in hulls
        if len(hull) > 2
    ]
    assert len(away) > 0.8 * len(walk)
    assert np.mean(away) < 0.15  # half a step
    assert 0.5 < marks.mass[:, 2].mean() / np.mean(walk.qpos[:, 2]) < 1.1


def test_targets_are_near_where_limbs_are_and_as_far_along(walk: RetargetingResult) -> None:
    marks = marks_of(walk)
    off = np.linalg.norm(marks.targets - marks.joints, axis=-1)
    assert off.mean() < 0.03
    turned = find_marks(walk.qpos, walk.contacts, walk.fps, G1, walk.source, yaw=np.pi)
    assert np.linalg.norm(turned.targets - turned.joints, axis=-1).mean() > 2 * off.mean()


def test_the_human_beside_a_robot_takes_the_same_way_in_its_size(walk: RetargetingResult) -> None:
    stage = set_stage("walk", [Cast("g1", walk, G1)])
    robot, human = stage.actors
    gap = human.path - robot.path
    assert np.linalg.norm(gap[:, :2] - gap[:, :2].mean(axis=0), axis=1).max() < 0.08
    assert np.linalg.norm(gap.mean(axis=0)) == pytest.approx(2.1 * robot_leg_length(G1), rel=0.1)
    assert abs(gap[:, 2].mean()) < 0.15  # one pelvis is higher above its hips than the other


def test_over_the_robot_the_human_covers_it_also_when_the_robot_is_turned(
    walk: RetargetingResult,
) -> None:
    turned = walk.qpos.copy()
    turned[:, :2] = turned[:, [1, 0]] * [-1, 1] + 3.0
    half = np.sqrt(0.5)
    w, x, y, z = walk.qpos[:, 3:7].T
    turned[:, 3:7] = half * np.stack([w - z, x - y, x + y, w + z], axis=1)
    for qpos in (walk.qpos, turned):
        stage = set_stage("walk", [Cast("g1", replace(walk, qpos=qpos), G1)], layout="over")
        robot, human = stage.actors
        assert human.faint
        gaps = np.linalg.norm((human.path - robot.path)[:, :2], axis=1)
        assert gaps.max() < 0.12


def test_another_result_stands_on_the_other_side_in_its_own_time(walk: RetargetingResult) -> None:
    late = Cast("late", walk.resampled(60.0), G1, starts_s=1.0)
    stage = set_stage("walk", [Cast("g1", walk, G1), late])
    robot, other, human = stage.actors
    assert stage.frames == len(walk) + 30
    assert (other.first, other.frame(10), other.frame(40)) == (30, 0, 10)
    assert np.dot(other.offset - robot.offset, human.offset - robot.offset) < 0


def test_what_another_tool_made_elsewhere_goes_along_on_the_first_one_s_way(
    walk: RetargetingResult,
) -> None:
    half, far = np.pi / 4, np.array([7.0, -3.0, 0.0])
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    qpos = walk.qpos.copy()
    qpos[:, :3] = qpos[:, :3] @ turn.T + far
    qpos[:, 3:7] = quaternion_product(
        np.array([np.cos(half), 0, 0, np.sin(half)]), walk.qpos[:, 3:7]
    )
    other = Cast("theirs", replace(walk, qpos=qpos), G1)
    near = set_stage("walk", [Cast("ours", walk, G1), other], with_human=False)
    ours, theirs = near.actors
    np.testing.assert_allclose(theirs.path - theirs.offset, ours.path, atol=0.02)
    assert theirs.marks is not None and ours.marks is not None
    np.testing.assert_array_equal(theirs.marks.states, ours.marks.states)
    aside = walk.qpos.copy()
    aside[:, 1] += 0.05  # is how they differ, and is seen
    shifted = Cast("theirs", replace(walk, qpos=aside), G1)
    _, seen = set_stage("walk", [Cast("ours", walk, G1), shifted], with_human=False).actors
    np.testing.assert_allclose(seen.path - seen.offset, aside[:, :3])


def test_a_recording_is_shown_without_a_robot(walk: RetargetingResult) -> None:
    stage = set_stage("walk", [], human=walk.source, fps=30.0)
    assert [actor.name for actor in stage.actors] == ["human"]
    assert stage.height == pytest.approx(2.2 * human_leg_length(walk.source))
    assert len(bodies_at(stage, 0, Overlays()).radii) > 10


def test_what_has_no_legs_is_refused_by_name(walk: RetargetingResult) -> None:
    roles = walk.source.position_roles
    keep = [k for k, role in enumerate(roles) if "knee" not in role]
    source = replace(
        walk.source,
        position_roles=tuple(roles[k] for k in keep),
        positions=walk.source.positions[:, keep],
    )
    with pytest.raises(OptionsError, match="walk: the human has no left_knee"):
        set_stage("walk", [], human=source, fps=30.0)


def test_marks_are_drawn_when_asked_for(walk: RetargetingResult) -> None:
    stage = set_stage("walk", [Cast("g1", walk, G1)])
    bare = Overlays(contacts=False, trails=False, balance=False, targets=False)
    plain = bodies_at(stage, 5, bare)
    for name in ("contacts", "trails", "balance", "targets"):
        more = bodies_at(stage, 5, replace(bare, **{name: True}))
        assert len(more.radii) > len(plain.radii), name
        assert not more.weighty[len(plain.radii) :].any()


@pytest.mark.parametrize("name", robot_names())
def test_no_part_of_a_robot_hangs_in_the_air(name: str) -> None:
    robot = load_robot(name)
    qpos = np.concatenate([[0, 0, 1, 1, 0, 0, 0], robot.neutral])[None]
    shape = robot_capsules(qpos, robot)
    points = np.stack([shape.starts[0], (shape.starts + shape.ends)[0] / 2, shape.ends[0]], axis=1)
    along = np.linspace(0, 1, 9)[:, None]
    axes = shape.starts[0][:, None] * (1 - along) + shape.ends[0][:, None] * along
    for k in range(len(shape.radii)):
        others = np.delete(np.arange(len(shape.radii)), k)
        gaps = np.linalg.norm(points[k][None, :, None] - axes[others][:, None], axis=-1)
        reach = gaps.min(axis=(1, 2)) - shape.radii[others] - shape.radii[k]
        assert reach.min() < 0.015, k  # the Fourier GR3's head is 1 cm above its neck


def test_a_hull_goes_around_once() -> None:
    points = np.random.default_rng(3).normal(size=(30, 2))
    hull = points[convex_hull(points)]
    sides = np.roll(hull, -1, axis=0) - hull
    turns = sides[:, 0] * np.roll(sides[:, 1], -1) - sides[:, 1] * np.roll(sides[:, 0], -1)
    assert (turns > 0).all()
    assert len(convex_hull(np.array([[0.0, 0], [1, 1], [2, 2]]))) == 0
