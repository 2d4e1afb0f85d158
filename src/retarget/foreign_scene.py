"""Things around a robot motion of another tool: where its file has them, else where its scaled world has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import OptionsError
from retarget.exchange.robot_motion import RobotMotion
from retarget.motion.doubts import Doubt
from retarget.robot_recording import motion_of_robot
from retarget.robots.held import moving_part
from retarget.robots.model import RobotModel
from retarget.scene_take import robot_world
from retarget.scene_track import SceneTrack
from retarget.scenes.meeting import Meeting
from retarget.scenes.tracked import track_of
from retarget.targets.robot_frames import robot_anatomy
from retarget.wording import counted, listed

__all__ = ["scene_beside"]

_TRAVEL: Final = 0.3  # metres along the floor that a path leads, before it tells a scale
_EXACT: Final = (
    0.005  # metres by which a path that another tool has scaled may be off, as rates differ
)
_ALIKE: Final = 0.05  # of a scale: pelvises go as far as legs carry them, roughly
_APART: Final = 0.3  # metres: a robot that is farther from the scaled human is in another world
_OTHERWISE, _ALIKE_TURNED = 0.5, 0.1  # rad by which things are turned otherwise, and alike
_STILL: Final = 1e-4  # as of a thing that is on no path


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    """What a robot's motion has, over the frames that it shares with its human.

    Attributes:
        path: The file.
        poses: Of its things: xyz in metres, wxyz.
        names: Theirs; empty where it does not say them.
        pelvis: Where the robot's pelvis is along the floor, metres.
        human_pelvis: Where the human's is.
    """

    path: Path
    poses: Float64[np.ndarray, "T O 7"]
    names: tuple[str, ...]
    pelvis: Float64[np.ndarray, "T 2"]
    human_pelvis: Float64[np.ndarray, "T 2"]


def scene_beside(
    motion: RobotMotion,
    robot: RobotModel,
    meeting: Meeting,
    leg_length: float,
    rows: slice,
    world_scale: float | None = None,
) -> tuple[SceneTrack, tuple[Doubt, ...]]:
    """The things around a robot motion of another tool, as a result has them.

    Args:
        motion: The robot's, over the frames that it shares with the human, at the human's rate.
        robot: The robot.
        meeting: The human among the things, whole.
        leg_length: The human's, metres.
        rows: The frames of it that they share.
        world_scale: How much smaller than the human the file's world is, where that is known.

    Returns:
        The things over these frames; and what had to be guessed.

    Raises:
        OptionsError: The file has other things than the scene, or is in another world.
    """
    if not robot.has("leg"):
        raise OptionsError(
            f"{robot.name}: has no legs, and things are for robots that stand among them; leave the scene out"
        )
    own_scale = robot_anatomy(moving_part(robot).robot).leg_length / leg_length
    file = _file(motion, robot, meeting, rows)

    def around(scale: float) -> SceneTrack:
        world = robot_world(meeting, scale, meeting.fps)
        return track_of(meeting, world).part(rows.start, rows.stop)

    columns = _columns(meeting, file)
    track = around(own_scale)
    paths = [(track.source_poses[:, o, :2], file.poses[:, k, :2]) for o, k in columns.items()]
    unplaced = [name for o, name in enumerate(track.names) if o not in columns]
    scale, doubts = _world_scale(file, paths, own_scale, world_scale, unplaced)
    poses_of, turned = _in_order(file, track, columns)
    doubts = (*doubts, *turned)
    track = track if scale == own_scale else around(scale)
    poses, moves = track.poses.copy(), track.moves.copy()
    for o, k in columns.items():
        poses[:, o] = poses_of[:, k]
        moves[o] = bool(np.ptp(poses[:, o], axis=0).max(initial=0.0) > _STILL)
    lost = [name for o, name in enumerate(track.names) if moves[o] and o not in columns]
    if lost:
        reason = f"the file does not say where {listed(lost)} is: taken to be where the scaled world has it"
        doubts = (*doubts, Doubt("things", 0.5, reason))
    return replace(track, poses=poses, moves=moves), doubts


def _file(motion: RobotMotion, robot: RobotModel, meeting: Meeting, rows: slice) -> _File:
    poses = np.zeros((len(motion), 0, 7)) if motion.objects is None else motion.objects
    pelvis = motion_of_robot(motion, robot).role_positions("pelvis")
    human = meeting.body["pelvis"][rows]
    return _File(
        motion.path,
        poses,
        motion.object_names,
        np.asarray(pelvis[:, :2], np.float64),
        np.asarray(human[:, :2], np.float64),
    )


def _columns(meeting: Meeting, file: _File) -> dict[int, int]:
    """Which of the file's things each thing of the scene is, by their numbers; what is not in the file is left out."""
    objects = meeting.scene.objects
    count = file.poses.shape[1]
    if not count:
        return {}
    names = [one.name for one in objects]
    if file.names:
        if unknown := [name for name in file.names if name not in names]:
            raise OptionsError(
                f"{file.path}: has {listed(unknown)} beside the robot, the scene {_told(names)}; name things alike"
            )
        if len(set(file.names)) < count:
            raise OptionsError(
                f"{file.path}: names a thing twice ({listed(file.names)}); name each otherwise"
            )
        return {names.index(name): k for k, name in enumerate(file.names)}
    moving = [o for o, one in enumerate(objects) if one.moves]
    fitting: Sequence[int] = moving if len(moving) == count else range(len(objects))
    if len(fitting) != count:
        raise OptionsError(
            f"{file.path}: has {counted(count, 'thing')} beside the robot, the scene {_told(names)}; "
            "give the scene that it was made with"
        )
    return {o: k for k, o in enumerate(fitting)}


def _in_order(
    file: _File, track: SceneTrack, columns: dict[int, int]
) -> tuple[Float64[np.ndarray, "T O 7"], tuple[Doubt, ...]]:
    """The file's poses with quaternions in the order in which its things are turned as the human's, if only one is.

    Nothing else tells the orders apart in a file that keeps things its own way: both are unit quaternions.
    """
    if not columns:
        return file.poses, ()
    theirs = track.source_poses[:, list(columns), 3:]
    found = {
        name: _turned_off(np.roll(file.poses[:, list(columns.values()), 3:], step, axis=2), theirs)
        for name, step in (("as read", 0), ("xyzw", 1), ("wxyz", -1))
    }
    other = min(("xyzw", "wxyz"), key=found.__getitem__)
    if found["as read"] < _OTHERWISE or found[other] > _ALIKE_TURNED:
        return file.poses, ()
    turns = np.roll(file.poses[..., 3:], 1 if other == "xyzw" else -1, axis=2)
    reason = (
        f"quaternions of things are taken to be {other}: so they are turned as the human's to "
        f"{np.degrees(found[other]):.0f} degrees, else they are {np.degrees(found['as read']):.0f} off"
    )
    poses = np.concatenate([file.poses[..., :3], turns], axis=2)
    return poses, (Doubt("things", 0.3, reason),)


def _turned_off(one: Float64[np.ndarray, "T O 4"], other: Float64[np.ndarray, "T O 4"]) -> float:
    """By how much things are turned otherwise, rad: of the median frame of the one that is worst."""
    alike = np.clip(np.abs((one * other).sum(axis=2)), 0.0, 1.0)
    return float((2 * np.arccos(np.median(alike, axis=0))).max())


def _told(names: Sequence[str]) -> str:
    return listed(names) if names else "no object"


def _world_scale(
    file: _File,
    paths: Sequence[tuple[Float64[np.ndarray, "T 2"], Float64[np.ndarray, "T 2"]]],
    own: float,
    given: float | None,
    unplaced: Sequence[str],
) -> tuple[float, tuple[Doubt, ...]]:
    """How much smaller than the human a file's world is, and what of that is a guess.

    The paths of things tell it, where a tool has scaled them; else it is as for our own, if the robot goes about as
    far for the human's way. Nobody can tell it from how feet and hands stand on terrain: that is what is judged.

    Args:
        file: What the file has.
        paths: Of things along the floor, the human's and the file's.
        own: What it would be of ours.
        given: What it is, where that is known.
        unplaced: Names of things whose place depends on it.
    """
    if given is not None:
        _require_same_world(file, given, unplaced)
        return given, ()
    for human, theirs in paths:
        scale = float((human * theirs).sum() / max(float((human * human).sum()), 1e-12))
        off = np.linalg.norm(theirs - scale * human, axis=1)
        if np.ptp(human, axis=0).max() > _TRAVEL and off.max() < _EXACT:
            return scale, ()
    human, robot = (p - p.mean(axis=0) for p in (file.human_pelvis, file.pelvis))
    found = own
    if np.ptp(human, axis=0).max() > _TRAVEL:
        found = float((human * robot).sum() / (human * human).sum())
    if unplaced and abs(found - own) > _ALIKE * own:
        raise OptionsError(
            f"{file.path}: the robot travels {found:.3f} m a metre of the human's, its legs would make it {own:.3f}: "
            "say how much smaller its world is (--world-scale)"
        )
    _require_same_world(file, own, unplaced)
    if not unplaced:
        return own, ()
    reason = (
        f"the file does not say how much smaller than the human's its world is: {own:.4f}, as its legs are, places "
        f"{listed(unplaced)}; --world-scale says it"
    )
    return own, (Doubt("things", 0.3, reason),)


def _require_same_world(file: _File, scale: float, unplaced: Sequence[str]) -> None:
    """Refuse things whose places say nothing of where the robot is."""
    away = np.linalg.norm(file.pelvis - scale * file.human_pelvis, axis=1)
    if unplaced and (off := float(np.median(away))) > _APART:
        raise OptionsError(
            f"{file.path}: the robot is {off:.2f} m from where the human is in a world of {scale:.3f} times its size: "
            f"{listed(unplaced)} cannot be placed; give a file in the recording's world, or --world-scale"
        )
