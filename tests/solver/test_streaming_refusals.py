"""What a live stream refuses, frames and options, and that it stands afterwards as if they had not come."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from clips import jump, robot
from streams import clip, streamed

from retarget import StreamingRetargeter
from retarget.errors import OptionsError, RetargetError, RoleError
from retarget.motion.segments import needed_roles
from retarget.options import RetargetOptions
from retarget.solver.live.arrays import LiveState


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
    # a view that was kept goes on showing the last answer
    assert np.array_equal(answer, first[-1])


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


NO_NUMBERS = {
    "text": "garbage",
    "bytes": b"\x00\xff",
    "text of numbers": [["1", "2", "3"]] * 17,
    "a document": {"pelvis": [0.0, 0.0, 1.0]},
    "lists of different lengths": [[1.0, 2.0, 3.0], [1.0, 2.0]],
    "complex": np.zeros((17, 3), complex),
    "yes and no": np.zeros((17, 3), bool),
    "endless": [[10**400, 0, 0]] * 17,
}


@pytest.mark.parametrize("sent", NO_NUMBERS)
def test_what_is_no_numbers_is_refused_like_any_other_frame(sent: str) -> None:
    motion = clip("humanoid_walk")
    retargeter = StreamingRetargeter(robot(), motion)
    expected = streamed(retargeter, motion.frames(0, 6))
    retargeter.reset()
    streamed(retargeter, motion.frames(0, 5))
    for positions, rotations in (
        (NO_NUMBERS[sent], motion.rotations[5]),
        (motion.positions[5], NO_NUMBERS[sent]),
    ):
        with pytest.raises(RetargetError, match=r"of a frame are no array .*drop this frame"):
            retargeter.step(positions, rotations)  # type: ignore[arg-type]
    assert np.array_equal(streamed(retargeter, motion.frames(5, 6))[0], expected[5])


def test_lists_and_other_numbers_are_frames_too() -> None:
    motion = clip("humanoid_walk")
    retargeter = StreamingRetargeter(robot(), motion)
    positions, rotations = motion.positions[0], motion.rotations[0]
    expected = retargeter.step(positions, rotations).copy()
    for kind in (np.ndarray.tolist, np.asfortranarray, lambda values: values.astype(">f8")):
        retargeter.reset()
        assert np.array_equal(retargeter.step(kind(positions), kind(rotations)), expected)
