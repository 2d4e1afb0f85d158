"""Live retargeting: one frame in, one configuration out."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from retarget.errors import OptionsError, RetargetError, RobotError, check_argument
from retarget.frame_rates import rate_problem
from retarget.motion.contacts import find_contacts
from retarget.motion.fitting.anatomy import find_anatomy
from retarget.motion.ground.floor import find_slope, turned_level
from retarget.motion.motion import Motion
from retarget.options import RetargetOptions
from retarget.robots.held import moving_part
from retarget.robots.model import RobotModel
from retarget.scenes.meeting import meet
from retarget.scenes.scene import Scene
from retarget.solver.live.faults import FINE, Bounds, fault_text, find_fault
from retarget.solver.live.step import live_step
from retarget.stream_model import level_of, live_model, new_state
from retarget.stream_scene import check_scene
from retarget.wording import quoted

__all__ = ["StreamingRetargeter"]


class StreamingRetargeter:
    """Retargets live frames, each at once and from the past alone.

    A motion of the same skeleton calibrates it: some seconds of walking, with arms and legs bent now and then, or any
    clip of the same recording. It tells the skeleton's size, how its joints' axes lie, and where the floor is and how
    it slopes.

    Joint positions and speeds stay within their limits, feet in stance stay where they touched down, and nothing
    sinks below the floor. Among things that stay where they are feet stand on them and hands rest on them. Unlike
    `retarget_motion`, a stream does not keep the robot's bodies apart from each other, and is less smooth:
    ``self_collision`` and ``collision_margin`` do nothing here. Nor can it keep acceleration limits: where options or
    robot have some, ``acceleration_limits`` must be off.

    Example:
        >>> retargeter = StreamingRetargeter(robot, read_motion("walk.bvh"))  # doctest: +SKIP
        >>> for positions, rotations in frames:  # doctest: +SKIP
        ...     send(retargeter.step(positions, rotations))
    """

    def __init__(
        self,
        robot: RobotModel,
        calibration_motion: Motion,
        options: RetargetOptions | None = None,
        *,
        fps: float | None = None,
        scene: Scene | None = None,
    ) -> None:
        """Calibrate; the first step compiles, unless that was done before on this machine.

        Args:
            robot: The robot.
            calibration_motion: Motion of the skeleton whose frames will come.
            options: Style, smoothness, weights, joint margin, joint speeds, floor and contacts count.
            fps: Rate of the frames that will come; that of the calibration motion if None.
            scene: Things around the human that stay where they are, in the world of the frames, whose floor is at
                z = 0; the calibration motion is of that world too. Their sizes must be ``scaled``.

        Raises:
            RoleError: The motion lacks a joint that is needed.
            OptionsError: Options that only a whole clip can have (rate, time range, mirror, another speed),
                acceleration limits, things that move or have a size or touches of their own, or a rate that none
                can be (`retarget.frame_rates`).
            RetargetError: The motion has no frames, or values that are not finite.
            RobotError: The robot has no legs, or no arms.
        """
        check_argument(robot, RobotModel, "robot", "load_robot(name_or_path)")
        check_argument(calibration_motion, Motion, "calibration_motion", "read_motion(path)")
        options = RetargetOptions() if options is None else options
        check_argument(options, RetargetOptions, "options", "RetargetOptions(style='smooth', ...)")
        if scene is not None:
            check_argument(scene, Scene, "scene", "read_scene('scene.toml')")
            check_scene(scene)
        self._fps = float(calibration_motion.fps if fps is None else fps)
        _check(calibration_motion, options, self._fps)
        among = scene is not None and not scene.is_empty
        slope = None if among else find_slope(calibration_motion)  # a scene's floor is level
        if slope is not None:
            calibration_motion = turned_level(calibration_motion, slope)
        anatomy = find_anatomy(calibration_motion)
        self._joint_names = calibration_motion.joint_names
        if not (robot.has("leg") and robot.has("arm")):
            raise RobotError(
                f"a stream needs a robot with legs and arms, which {robot.name!r} is not; retarget whole clips onto it"
            )
        self._robot = robot.name
        part = moving_part(robot)
        contacts = find_contacts(anatomy)
        meeting = meet(anatomy, contacts, scene) if scene is not None and among else None
        self._model = live_model(
            calibration_motion.roles,
            level_of(slope),
            anatomy,
            contacts if meeting is None else meeting.contacts,
            part.robot,
            options,
            self._fps,
            meeting,
        )
        self._fresh_state = partial(
            new_state, self._model, part.robot.qpos_size, len(self._joint_names)
        )
        self._state = self._fresh_state()
        self._bounds = Bounds(
            self._model.used, self._model.hips, self._model.leg_length, np.full(3, np.nan)
        )
        self._kept = None if part.kept.all() else part.kept
        self._part, self._follows = part, part.follows
        self._whole = self._state.qpos if self._kept is None else part.neutral.copy()

    def __repr__(self) -> str:
        return f"StreamingRetargeter({self._robot}, {len(self._joint_names)} joints at {self._fps:g} fps)"

    @property
    def fps(self) -> float:
        """Rate at which frames are expected, 1/s."""
        return self._fps

    @property
    def stance(self) -> Bool[np.ndarray, "2 2"]:
        """Which points of the last frame are on the ground: foot (left, right) x point (heel, toe); a copy."""
        return self._state.stance.reshape(2, 2).copy()

    def reset(self) -> None:
        """Forget all frames, as if none had come; the calibration stays."""
        _renew(self._state, self._fresh_state())
        self._bounds.before[:] = np.nan

    def step(
        self, positions: Float64[np.ndarray, "J 3"], rotations: Float64[np.ndarray, "J 4"]
    ) -> Float64[np.ndarray, "Q"]:
        """Retarget the next frame.

        Args:
            positions: Global joint positions in metres, z up, in the order of the calibration motion.
            rotations: Global joint rotations as unit quaternions, wxyz.

        Returns:
            Base xyz in metres (floor at 0), base rotation wxyz, joints in rad, in MuJoCo's order: a read-only view
            that the next step overwrites, so copy what must last.

        Raises:
            RetargetError: No numbers, or wrong shapes; a joint in use whose position is not finite or whose
                quaternion is not of length one; a body of another size than in the calibration (centimetres,
                millimetres), 100 km off, or that has come 7.5 m or more since the frame before. The stream then
                stands as if this frame had not come.
        """
        joints = len(self._joint_names)
        positions, rotations = _numbers(positions, "positions"), _numbers(rotations, "rotations")
        if positions.shape != (joints, 3) or rotations.shape != (joints, 4):
            raise RetargetError(
                f"a frame of {joints} joints has positions ({joints}, 3) and rotations ({joints}, 4), "
                f"not {positions.shape} and {rotations.shape}; send the joints of the calibration motion"
            )
        positions, rotations = positions[None], rotations[None]
        fault, joint, measure = find_fault(positions, rotations, self._bounds)
        if fault != FINE:
            name, leg = self._joint_names[joint], self._model.leg_length
            place, turn = positions[0, joint], rotations[0, joint]
            raise RetargetError(fault_text(fault, name, measure, place, turn, leg))
        live_step(positions, rotations, self._model, self._state)
        if not np.isfinite(self._state.qpos).all():
            self.reset()
            raise RetargetError(
                "no posture could be found for this frame: drop it; the stream begins anew"
            )
        if self._follows:
            self._whole[:] = self._part.whole(self._state.qpos[None])[0]
        elif self._kept is not None:
            self._whole[self._kept] = self._state.qpos
        answer = self._whole.view()  # made here: of a kept one, copies and pickles would be apart
        answer.flags.writeable = False
        return answer


def _numbers(values: object, what: str) -> Float64[np.ndarray, "..."]:
    """Values of a frame in double precision, whatever a tracker has sent.

    Raises:
        RetargetError: They are no real numbers, or lists of different lengths.
    """
    try:
        array = np.asarray(values)
        if (
            array.dtype.kind in "fiuO"
        ):  # others would be made numbers: text, complex ones, yes and no
            return np.ascontiguousarray(array, np.float64)
    except (TypeError, ValueError, OverflowError):
        pass
    raise RetargetError(
        f"the {what} of a frame are no array of real numbers, but {quoted(values)}: drop this frame"
    )


def _check(motion: Motion, options: RetargetOptions, fps: float) -> None:
    name = motion.source.path or "motion"
    if not len(motion):
        raise RetargetError(f"{name}: the calibration motion has no frames")
    if not motion.is_finite():
        raise RetargetError(f"{name}: the calibration motion holds NaN or infinite values; cut it")
    if problem := rate_problem(fps):
        raise OptionsError(f"{name}: {problem}; give the rate at which frames will come")
    default = RetargetOptions()
    for option in ("fps", "start_s", "end_s", "mirror", "time_scale", "hands"):
        if getattr(options, option) != getattr(default, option):
            raise OptionsError(f"a stream cannot have the option {option!r}; leave it out")


def _renew(state: Any, fresh: Any) -> None:
    """Give arrays, in named tuples within each other, the content of others: who holds a view keeps it."""
    if isinstance(state, np.ndarray):
        state[...] = fresh
    elif isinstance(state, tuple):
        for old, new in zip(state, fresh, strict=True):
            _renew(old, new)
