"""What a live stream promises: limits at every frame, feet that stay, and nothing but the past."""

from __future__ import annotations

import tracemalloc
from contextlib import suppress
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from clips import dance, jump, robot
from hypothesis import given, settings
from hypothesis import strategies as st

from retarget import StreamingRetargeter
from retarget.demo import embedded_clips
from retarget.errors import OptionsError, RetargetError, RoleError
from retarget.evaluation import evaluate
from retarget.geometry import matrix_from_quaternion, quaternion_product
from retarget.motion import Motion, read_motion
from retarget.motion.segments import SEGMENTS, needed_roles
from retarget.options import RetargetOptions
from retarget.pipeline import make_targets, retarget_motion
from retarget.robots import RobotModel
from retarget.solver.kinematics.forward import forward_kinematics
from retarget.solver.live.arrays import LiveState
from retarget.solver.problem import TaskWeights, make_problem
from retarget.targets.robot_pose import segment_body

ROBOTS = ["unitree_g1", "unitree_h1", "booster_t1"]
CLIPS = {path.stem: path for path in embedded_clips()}


@cache
def clip(name: str) -> Motion:
    return read_motion(CLIPS[name])


def streamed(retargeter: StreamingRetargeter, motion: Motion) -> np.ndarray:
    frames = zip(motion.positions, motion.rotations, strict=True)
    return np.array([retargeter.step(*frame).copy() for frame in frames])


def sphere_heights(qpos: np.ndarray, model: RobotModel) -> np.ndarray:
    """Lowest points of the soles and of the ends of all other bodies' capsules, metres."""
    positions, rotations = forward_kinematics(qpos, model)
    balls = [(b, p, model.sole_radius) for f, b in enumerate(model.feet) for p in model.soles[f]]
    for g, body in enumerate(model.capsule_bodies):
        if body not in model.feet:
            ends = (model.capsule_starts[g], model.capsule_ends[g])
            balls += [(body, end, model.capsule_radii[g]) for end in ends]
    heights = [positions[:, b, 2] + rotations[:, b, 2] @ p - radius for b, p, radius in balls]
    return np.stack(heights, axis=1)


def assert_within_limits(qpos: np.ndarray, model: RobotModel, speed: float, fps: float) -> None:
    joints = qpos[:, 7:]
    assert np.isfinite(qpos).all()
    assert np.abs(np.linalg.norm(qpos[:, 3:7], axis=1) - 1).max() < 1e-9
    assert (joints >= model.lower).all()
    assert (joints <= model.upper).all()
    fastest = np.minimum(model.velocity_limits, speed)
    assert (np.abs(np.diff(joints, axis=0)) * fps <= fastest).all()
    assert sphere_heights(qpos, model).min() > -1e-9


@pytest.mark.parametrize("name", ROBOTS)
@pytest.mark.parametrize("motion", sorted(CLIPS))
@pytest.mark.parametrize("speed", [12.0, 3.0])
def test_limits_and_the_floor_are_kept_at_every_frame(name: str, motion: str, speed: float) -> None:
    options = RetargetOptions(joint_speed_limit=speed)
    retargeter = StreamingRetargeter(robot(name), clip(motion), options)
    qpos = streamed(retargeter, clip(motion))
    assert_within_limits(qpos, robot(name), speed, retargeter.fps)


# Degrees, and metres a second; the whole-clip solve slides by 0.001 to 0.004. No foot of the run stands long enough to
# be measured. Limbs give way to soles that are kept above the human's clearance and to a base that keeps to its path:
# bounds are a tenth above the 1.21, 1.83, 0.72 and 1.22 that this costs.
@pytest.mark.parametrize(
    ("motion", "limb", "slide"),
    [
        ("cmu_01_01", 1.33, 0.010),
        ("humanoid_dance", 2.01, 0.025),
        ("humanoid_run", 0.79, None),
        ("humanoid_walk", 1.34, 0.006),
    ],
)
def test_limbs_follow_and_feet_stay(motion: str, limb: float, slide: float | None) -> None:
    qpos = streamed(StreamingRetargeter(robot(), clip(motion)), clip(motion))
    report = evaluate(replace(retarget_motion(clip(motion), robot()), qpos=qpos), robot())
    assert report["limb_error_mean"] < limb
    assert report["joint_jumps"] == 0
    if slide is None:
        assert report["toe_slide_mean"] is None
    else:
        assert report["toe_slide_mean"] < slide
        assert report["sole_lifted_share"] < 0.05


def test_a_stream_goes_on_from_where_it_was_calibrated() -> None:
    motion = jump()
    half = len(motion) // 2
    live = motion.frames(half, len(motion))
    qpos = streamed(StreamingRetargeter(robot(), motion.frames(0, half)), live)
    report = evaluate(replace(retarget_motion(live, robot()), qpos=qpos), robot())
    assert (
        report["limb_error_mean"] < 1.56
    )  # a tenth above the 1.42 that lifted feet and a calm base cost
    assert report["toe_slide_mean"] < 0.012


def test_stances_are_those_of_the_whole_clip_but_for_their_ends() -> None:
    motion = jump()
    retargeter = StreamingRetargeter(robot(), motion)
    stances = []
    for frame in zip(motion.positions, motion.rotations, strict=True):
        retargeter.step(*frame)
        stances.append(retargeter.stance)
    _, contacts, _, _ = make_targets(motion, robot())
    assert (np.array(stances) == contacts.stance).mean() > 0.96
    assert 0.1 < np.mean(stances) < 0.99


def gliding(speed: float) -> Motion:
    """The first frame of the jump, which stands for half a second and then glides along the floor for two (m/s)."""
    motion = jump()
    frames = round(2.5 * motion.fps)
    positions = np.repeat(motion.positions[:1], frames, axis=0)
    positions[:, :, 0] += speed * np.maximum(np.arange(frames) / motion.fps - 0.5, 0.0)[:, None]
    rotations = np.repeat(motion.rotations[:1], frames, axis=0)
    return replace(motion, positions=positions, rotations=rotations)


@pytest.mark.parametrize(("speed", "slides"), [(0.15, False), (0.3, True), (0.6, True)])
def test_a_foot_that_travels_on_faster_than_a_quarter_metre_a_second_slides(
    speed: float, slides: bool
) -> None:
    motion = gliding(speed)
    retargeter = StreamingRetargeter(robot(), jump())
    feet, stances = [], []
    for frame in zip(motion.positions, motion.rotations, strict=True):
        positions, _ = forward_kinematics(retargeter.step(*frame)[None], robot())
        feet.append(positions[0, robot().feet[0], 0])
        stances.append(retargeter.stance)
    going = slice(round(1.0 * motion.fps), None)
    _, contacts, _, _ = make_targets(motion, robot())
    assert np.all(np.array(stances)[going] != slides)
    assert np.all(contacts.stance[going] != slides)  # as in a whole clip
    if slides:
        travelled = np.diff(feet[going]) * motion.fps
        whole = np.diff(retarget_motion(motion, robot()).qpos[going, 0]) * motion.fps
        assert travelled == pytest.approx(whole.mean(), rel=0.1)
        assert travelled.min() > 0.5 * speed


def test_the_floor_is_made_level_as_the_calibration_says() -> None:
    level = dance().frames(0, 1200)
    turn = np.array([np.cos(0.02), 0.0, np.sin(0.02), 0.0])
    tilted = replace(
        level,
        positions=level.positions @ matrix_from_quaternion(turn).T,
        rotations=quaternion_product(turn, level.rotations),
    )
    plain, turned = (
        streamed(StreamingRetargeter(robot(), motion), motion) for motion in (level, tilted)
    )
    apart = np.abs(plain - turned)[:, 7:].mean(axis=0)
    assert apart.max() < 0.02
    unturned = streamed(StreamingRetargeter(robot(), level), tilted)
    assert np.abs(plain - unturned)[:, 7:].mean(axis=0).max() > 2 * apart.max()


def test_frames_may_come_at_another_rate() -> None:
    motion = jump()
    retargeter = StreamingRetargeter(robot(), motion, fps=motion.fps / 2)
    assert retargeter.fps == motion.fps / 2
    every_second = replace(
        motion, positions=motion.positions[::2].copy(), rotations=motion.rotations[::2].copy()
    )
    assert_within_limits(streamed(retargeter, every_second), robot(), 12.0, motion.fps / 2)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 3.0))
def test_wild_frames_break_no_limit_or_are_refused(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    part = jump().frames(100, 112)
    positions = part.positions + spread * rng.normal(size=part.positions.shape)
    rotations = rng.normal(size=part.rotations.shape)
    rotations /= np.linalg.norm(rotations, axis=-1, keepdims=True)
    retargeter = StreamingRetargeter(robot(), jump())
    taken = []
    for frame in zip(positions, rotations, strict=True):
        with suppress(RetargetError):
            taken.append(retargeter.step(*frame).copy())
    assert taken or spread > 0.5
    if taken:
        assert_within_limits(np.array(taken), robot(), 12.0, retargeter.fps)


def test_the_same_frames_give_the_same_bits_also_after_a_reset() -> None:
    motion = jump().frames(0, 200)
    retargeter = StreamingRetargeter(robot(), jump())
    first = streamed(retargeter, motion)
    assert not np.array_equal(streamed(retargeter, motion)[0], first[0])
    retargeter.reset()
    assert np.array_equal(streamed(retargeter, motion), first)
    assert np.array_equal(streamed(StreamingRetargeter(robot(), jump()), motion), first)


def test_options_change_what_they_say() -> None:
    motion = jump()

    def stream(**options: float) -> np.ndarray:
        return streamed(
            StreamingRetargeter(robot(), motion, RetargetOptions(**options)),
            motion,
        )

    def jerk(qpos: np.ndarray) -> float:
        return float(np.abs(np.diff(qpos[:, 7:], 3, axis=0)).mean())

    plain = stream()
    assert jerk(stream(smoothness=5.0)) < 0.9 * jerk(plain)
    assert sphere_heights(stream(floor=False, contacts=False), robot()).min() < -0.005
    result = retarget_motion(motion, robot())
    slides = [
        evaluate(replace(result, qpos=qpos), robot())["toe_slide_mean"]
        for qpos in (plain, stream(contacts=False))
    ]
    assert slides[1] > 2 * slides[0]


def test_the_answer_is_a_view_that_cannot_be_written_to() -> None:
    retargeter = StreamingRetargeter(robot(), jump())
    first = retargeter.step(jump().positions[0], jump().rotations[0])
    kept = first.copy()
    assert first.shape == (7 + robot().joint_count,)
    second = retargeter.step(jump().positions[60], jump().rotations[60])
    assert np.array_equal(first, second)
    assert not np.array_equal(first, kept)
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1.0


def test_memory_does_not_grow() -> None:
    motion = jump()
    retargeter = StreamingRetargeter(robot(), motion)
    frames = list(zip(motion.positions, motion.rotations, strict=True))

    def after_more(rounds: int) -> int:
        for frame in frames * rounds:
            retargeter.step(*frame)
        return tracemalloc.get_traced_memory()[0] if tracemalloc.is_tracing() else 0

    after_more(1)  # compiles what has not been compiled yet
    tracemalloc.start()
    try:
        # The interpreter keeps freed floats and tuples for later: so much is in use after a while, and no more.
        before = after_more(2)
        grown = after_more(2) - before
    finally:
        tracemalloc.stop()
    assert grown < 4 * len(frames)  # the smallest object has 16 bytes


@pytest.mark.parametrize("what", ["positions", "rotations"])
def test_a_frame_with_nan_names_the_joint_and_changes_nothing(what: str) -> None:
    motion = jump()
    frames = {"positions": motion.positions[3].copy(), "rotations": motion.rotations[3].copy()}
    frames[what][motion.roles["left_knee"], 1] = np.nan
    name = motion.joint_names[motion.roles["left_knee"]]
    disturbed = StreamingRetargeter(robot(), motion)
    streamed(disturbed, motion.frames(0, 3))
    with pytest.raises(RetargetError, match=f"{name!r}.*nan.*drop this frame"):
        disturbed.step(**frames)
    plain = StreamingRetargeter(robot(), motion)
    streamed(plain, motion.frames(0, 3))
    rest = motion.frames(3, 40)
    assert np.array_equal(streamed(disturbed, rest), streamed(plain, rest))


def test_a_quaternion_that_is_no_rotation_is_refused() -> None:
    rotations = jump().rotations[0].copy()
    rotations[jump().roles["chest"]] = 0.0
    with pytest.raises(RetargetError, match="unit quaternion"):
        StreamingRetargeter(robot(), jump()).step(jump().positions[0], rotations)


def test_joints_that_carry_no_needed_role_may_be_lost() -> None:
    motion = jump()
    used = {motion.roles[role] for role in needed_roles()}
    spare = [j for j in range(len(motion.joint_names)) if j not in used]
    assert spare
    positions = motion.positions[0].copy()
    positions[spare] = np.nan
    lost = StreamingRetargeter(robot(), motion).step(positions, motion.rotations[0])
    whole = StreamingRetargeter(robot(), motion).step(motion.positions[0], motion.rotations[0])
    assert np.array_equal(lost, whole)


IMPOSSIBLE = {
    "beyond all numbers": (lambda p: p * 1e300, "farther than 100000 m from the origin"),
    "beyond all squares": (lambda p: p * 1e160, "farther than 100000 m from the origin"),
    "in projected coordinates": (
        lambda p: p + np.array([5e5, 0, 0]),
        "from an origin that is near",
    ),
    "in centimetres": (lambda p: p * 100, "is the frame in centimetres"),
    "in kilometres": (lambda p: p / 1000, "is it in metres"),
    "all at the origin": (lambda p: p * 0, "is it in metres"),
    "a kilometre further": (
        lambda p: p + np.array([1e3, 0, 0]),
        r"has come 1e\+03 m .* call reset\(\)",
    ),
    "ten metres further": (
        lambda p: p + np.array([0, -10.0, 0]),
        "has come 10 m since the frame before",
    ),
}


@pytest.mark.parametrize("how", IMPOSSIBLE)
def test_a_frame_that_no_body_can_be_in_is_refused_and_changes_nothing(how: str) -> None:
    changed, complaint = IMPOSSIBLE[how]
    motion = jump()
    disturbed = StreamingRetargeter(robot(), motion)
    streamed(disturbed, motion.frames(0, 3))
    with pytest.raises(RetargetError, match=complaint):
        disturbed.step(changed(motion.positions[3]), motion.rotations[3])
    plain = StreamingRetargeter(robot(), motion)
    streamed(plain, motion.frames(0, 3))
    rest = motion.frames(3, 20)
    assert np.array_equal(streamed(disturbed, rest), streamed(plain, rest))


def test_after_a_reset_the_body_may_be_anywhere_and_all_is_as_at_first() -> None:
    motion = jump().frames(0, 20)
    retargeter = StreamingRetargeter(robot(), jump())
    first = streamed(retargeter, motion)
    away = replace(motion, positions=motion.positions + np.array([1000.0, 0.0, 0.0]))
    retargeter.reset()
    there = streamed(retargeter, away)
    np.testing.assert_allclose(there[:, 7:], first[:, 7:], atol=1e-6)
    answer = retargeter.step(away.positions[-1], away.rotations[-1])
    retargeter.reset()
    assert np.array_equal(streamed(retargeter, motion), first)
    assert np.array_equal(
        answer, retargeter._answer
    )  # a view that was kept goes on showing the last answer


def test_an_answer_that_is_no_posture_is_not_given_and_does_not_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    motion = jump()
    retargeter = StreamingRetargeter(robot(), motion)
    first = streamed(retargeter, motion.frames(0, 5))

    def poisoned(positions: object, rotations: object, model: object, state: LiveState) -> None:
        state.qpos[:] = state.path[:] = state.history[:] = np.nan

    with monkeypatch.context() as patch:
        patch.setattr("retarget.streaming.live_step", poisoned)
        with pytest.raises(RetargetError, match=r"no posture could be found.*begins anew"):
            retargeter.step(motion.positions[5], motion.rotations[5])
    assert np.array_equal(streamed(retargeter, motion.frames(0, 5)), first)


def test_frames_of_another_skeleton_are_refused() -> None:
    retargeter = StreamingRetargeter(robot(), jump())
    joints = len(jump().joint_names)
    with pytest.raises(RetargetError, match=rf"\({joints}, 3\).*\({joints}, 4\), not"):
        retargeter.step(jump().positions[0, :-1], jump().rotations[0])
    with pytest.raises(RetargetError, match="calibration motion"):
        retargeter.step(jump().positions[:1], jump().rotations[:1])


def test_joint_margin_and_weights_count_for_streams_too() -> None:
    margin = StreamingRetargeter(robot(), jump(), RetargetOptions(joint_margin=0.1))
    joints = streamed(margin, jump())[:, 7:]
    assert (joints >= robot().lower + 0.1).all()
    assert (joints <= robot().upper - 0.1).all()
    plain = streamed(StreamingRetargeter(robot(), jump()), jump())
    heavy = RetargetOptions(weights={"hand": 8.0})
    weighted = streamed(StreamingRetargeter(robot(), jump(), heavy), jump())
    assert np.abs(weighted - plain).max() > 0.05


def test_acceleration_limits_are_refused_not_forgotten() -> None:
    limited = RetargetOptions(joint_acceleration_limit=100.0)
    weak = replace(robot(), acceleration_limits=np.full(robot().joint_count, 90.0))
    for model, options in ((robot(), limited), (weak, RetargetOptions())):
        with pytest.raises(OptionsError, match=r"acceleration limits.*acceleration_limits=False"):
            StreamingRetargeter(model, jump(), options)
    StreamingRetargeter(weak, jump(), RetargetOptions(acceleration_limits=False))


@pytest.mark.parametrize(
    "option",
    [{"fps": 50.0}, {"start_s": 1.0}, {"end_s": 1.0}, {"mirror": 1}, {"time_scale": "similar"}],
)
def test_options_of_whole_clips_are_refused(option: dict[str, float]) -> None:
    with pytest.raises(OptionsError, match=next(iter(option))):
        StreamingRetargeter(robot(), jump(), RetargetOptions(**option))


@pytest.mark.parametrize("fps", [0.0, -30.0, float("nan"), float("inf")])
def test_an_impossible_rate_is_refused(fps: float) -> None:
    with pytest.raises(OptionsError, match="between 1 and 2000; give the rate"):
        StreamingRetargeter(robot(), jump(), fps=fps)


def test_a_calibration_motion_must_be_sound() -> None:
    motion = jump()
    with pytest.raises(RetargetError, match="no frames"):
        StreamingRetargeter(robot(), motion.frames(0, 0))
    roles = {role: j for role, j in motion.roles.items() if "knee" not in role}
    with pytest.raises(RoleError, match="left_knee"):
        StreamingRetargeter(robot(), replace(motion, roles=roles))
    broken = motion.positions.copy()
    broken[5, 2] = np.inf
    with pytest.raises(RetargetError, match="NaN or infinite"):
        StreamingRetargeter(robot(), replace(motion, positions=broken))


def test_tasks_are_in_the_order_of_segments() -> None:
    """The stream writes the frames of segments straight into the targets of tasks."""
    _, _, targets, shape = make_targets(jump().frames(0, 5), robot())
    problem = make_problem(targets, robot(), shape, RetargetOptions(), TaskWeights())
    bodies = [segment_body(robot(), segment) for segment in SEGMENTS]
    assert problem.tasks.bodies.tolist() == bodies
