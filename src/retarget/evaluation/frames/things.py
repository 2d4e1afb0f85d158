"""How a robot meets the things around it: how near, how deep, and whether it stays where the human stayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.compiled.jit import jit
from retarget.compiled.scratch import scratch
from retarget.evaluation.frames.feet import FootTrack, robot_soles
from retarget.evaluation.frames.human import ScaledHuman
from retarget.evaluation.frames.stance import Stance, horizontal_speed
from retarget.evaluation.frames.statistics import mean_of, percentile_of
from retarget.evaluation.thresholds import COLLISION_DEPTH, HAND_REACHED
from retarget.geometry import matrix_from_quaternion
from retarget.result import RetargetingResult
from retarget.robots.model import RobotModel
from retarget.robots.spheres import Spheres, covering_spheres
from retarget.robots.touch import palm_point
from retarget.scene_track import SceneTrack
from retarget.scenes.distance import Shapes, shape_distance
from retarget.scenes.posed import Thing, floor_thing
from retarget.scenes.shapes import Shape, shape_arrays
from retarget.solver.kinematics.forward import pose_blocks

__all__ = ["ThingFrames", "find_things", "measure_things", "robot_things", "source_things"]

_SIDES: Final = ("left", "right")
_LEFT_FOOT, _RIGHT_FOOT, _LEFT_HAND, _RIGHT_HAND, _REST = range(5)
_PARTS: Final = 5
_FAR: Final = 10.0  # metres: farther things are as far
_NEAR: Final = 0.3  # metres of the human within which its clearance is one to keep
_CLEAR: Final = ("knee", "ankle", "elbow", "wrist", "hip", "shoulder")


@dataclass(frozen=True, slots=True, eq=False)
class ThingFrames:
    """A robot among things, frame by frame.

    Attributes:
        depth: Deepest point of the robot in a thing, the floor left out, metres; 0 where none is.
        hand_gap: Distance between hand (left, right) and the thing that the human's palm touches; NaN where it touches
            none.
        hand_place_error: Distance on that thing between where the robot's hand is and where the human's was, its size
            taken out.
        hand_slide: Speed of the hand on that thing, m/s.
        soles: Distance of each sole from what is nearest to it, the floor too, metres.
        bodies: Likewise of all that is neither foot nor in a thing, metres.
        paths: Foot x end (front, back) of the sole along what the human's toe stands on, seen from there, metres.
        touching: Whether the human's toe and heel stand, foot x (toe, heel).
        human_toe_speed: Speed of the human's toes along what they stand on, m/s.
        human_above: Distance of the human's feet from what is nearest to them, metres.
        shift: How far things gave way at most, metres.
    """

    depth: Float64[np.ndarray, "T"]
    hand_gap: Float64[np.ndarray, "T 2"]
    hand_place_error: Float64[np.ndarray, "T 2"]
    hand_slide: Float64[np.ndarray, "T 2"]
    soles: Float64[np.ndarray, "T 2"]
    bodies: Float64[np.ndarray, "T"]
    paths: Float64[np.ndarray, "T 2 2 2"]
    touching: Bool[np.ndarray, "T 2 2"]
    human_toe_speed: Float64[np.ndarray, "T 2"]
    human_above: Float64[np.ndarray, "T 2"]
    clearance_error: Float64[np.ndarray, "T"]

    def stance(self, stance: Stance) -> Stance:
        """When the human stands on anything."""
        toe = self.touching[..., 0]
        return replace(
            stance, toe=toe, heel=toe & self.touching[..., 1], toe_speed=self.human_toe_speed
        )

    def human(self, human: ScaledHuman) -> ScaledHuman:
        """The human with feet above what they are above."""
        return replace(human, lowest=human.scale * np.maximum(self.human_above, 0.0))

    def correct(self, feet: FootTrack, body_height: Float64[np.ndarray, "T"]) -> None:
        """Let feet and bodies be as high, in place, as they are above what is below them, and go along on it."""
        feet.lowest[:] = self.soles
        feet.ends[:] = self.paths
        np.minimum(body_height, self.bodies, out=body_height)


def robot_things(track: SceneTrack) -> list[Thing]:
    """The floor and all things in the robot's world."""
    return _things(track, track.poses, track.sizes)


def source_things(track: SceneTrack) -> list[Thing]:
    """The floor and all things in the human's world."""
    return _things(track, track.source_poses, np.ones(len(track.names)))


def _things(
    track: SceneTrack, poses: Float64[np.ndarray, "T O 7"], sizes: Float64[np.ndarray, "O"]
) -> list[Thing]:
    found = [floor_thing()]
    for o, name in enumerate(track.names):
        shapes = tuple(
            Shape.from_json(dict(said)).scaled(float(sizes[o])) for said in track.shapes[o]
        )
        rows = slice(None) if track.moves[o] else slice(0, 1)
        places, turns = poses[rows, o, :3], matrix_from_quaternion(poses[rows, o, 3:])
        found.append(
            Thing(name, shapes, places, turns, bool(track.moves[o]), False, float(sizes[o]))
        )
    return found


def find_things(
    result: RetargetingResult, robot: RobotModel, joints: dict[str, Float64[np.ndarray, "T 3"]]
) -> ThingFrames | None:
    """Look at a result among things; None where it has none.

    Args:
        result: The robot's motion, without joints that are held.
        robot: Likewise.
        joints: The robot's joint centres by role, metres.
    """
    track = result.scene
    if track is None:
        return None
    frames, fps = len(result), result.fps
    own, theirs = robot_things(track), source_things(track)
    near, ends, palms = _look(result, robot, own)
    palm_names = [f"{side}_palm" for side in _SIDES]
    gap = np.full((frames, 2), np.nan)
    place_error, slide = gap.copy(), gap.copy()
    for hand, name in enumerate(palm_names):
        touched = _touched(track, name)
        for o in range(1, len(own)):
            rows = touched == o
            if not rows.any():
                continue
            gap[rows, hand] = np.abs(near[rows, _LEFT_HAND + hand, o])
            local = own[o].to_local(palms[:, hand])
            slide[rows, hand] = _speed(local, rows, fps)[rows]
        _fill_place_errors(
            track,
            track.touch_names.index(name) if name in track.touch_names else -1,
            own,
            palms[:, hand],
            place_error[:, hand],
        )
    others = near[:, :, 1:]
    depth = np.maximum(-others.min(axis=(1, 2), initial=_FAR), 0.0)
    touching = np.stack(
        [
            np.stack([_touched(track, f"{side}_{end}") >= 0 for end in ("toe", "heel")], axis=1)
            for side in _SIDES
        ],
        axis=1,
    )
    paths, speeds, above = np.empty((frames, 2, 2, 2)), np.empty((frames, 2)), np.empty((frames, 2))
    for foot, side in enumerate(_SIDES):
        on = _touched(track, f"{side}_toe")
        for end in range(2):
            paths[:, foot, end] = _path_on(ends[:, foot, end], on, own)[:, :2]
        toe = result.source.position(f"{side}_toe")
        speeds[:, foot] = horizontal_speed(_path_on(toe, on, theirs), fps)
        ankle = result.source.position(f"{side}_ankle")
        above[:, foot] = np.minimum(
            _above_rest(toe, touching[:, foot, 0], theirs),
            _above_rest(ankle, touching[:, foot, 0] & touching[:, foot, 1], theirs),
        )
    return ThingFrames(
        depth=depth,
        hand_gap=gap,
        hand_place_error=place_error,
        hand_slide=slide,
        soles=near[:, [_LEFT_FOOT, _RIGHT_FOOT]].min(axis=2),
        bodies=near[:, _LEFT_HAND:].min(axis=(1, 2)),
        paths=paths,
        touching=touching,
        human_toe_speed=speeds,
        human_above=above,
        clearance_error=_clearance_errors(result, joints, own, theirs, track.scale),
    )


def _touched(track: SceneTrack, point: str) -> Int64[np.ndarray, "T"]:
    """What a point of the human touches in each frame: see `SceneTrack.touches`."""
    if point not in track.touch_names:
        return np.full(len(track.touches), -1)
    return track.touches[:, track.touch_names.index(point)].astype(np.int64)


def _speed(
    local: Float64[np.ndarray, "T 3"], rows: Bool[np.ndarray, "T"], fps: float
) -> Float64[np.ndarray, "T"]:
    """Speed from each frame to the next while both touch; NaN elsewhere."""
    speed = np.full(len(local), np.nan)
    steps = np.linalg.norm(np.diff(local, axis=0), axis=1) * fps
    both = rows[1:] & rows[:-1]
    speed[1:][both] = steps[both]
    return speed


def _fill_place_errors(
    track: SceneTrack,
    point: int,
    own: Sequence[Thing],
    palm: Float64[np.ndarray, "T 3"],
    out: Float64[np.ndarray, "T"],
) -> None:
    for (which, o, first, last), place in zip(
        track.hold_runs.tolist(), track.hold_places, strict=True
    ):
        if which != point or o == 0:
            continue
        on = own[o].part(first, last).nearest(palm[first:last]).place
        out[first:last] = np.linalg.norm(on - track.sizes[o - 1] * place, axis=1)


def _path_on(
    points: Float64[np.ndarray, "T 3"], touched: Int64[np.ndarray, "T"], things: Sequence[Thing]
) -> Float64[np.ndarray, "T 3"]:
    """A point's path whose steps are those along the moving thing that is touched, where one is."""
    steps = np.diff(points, axis=0)
    for o, thing in enumerate(things):
        rows = (touched[1:] == o) & (touched[:-1] == o)
        if thing.moves and rows.any():
            local = np.diff(thing.to_local(points), axis=0)
            steps[rows] = np.einsum("tij,tj->ti", thing.turns[:-1], local)[rows]
    return np.concatenate([points[:1], points[:1] + np.cumsum(steps, axis=0)])


def _above_rest(
    joint: Float64[np.ndarray, "T 3"], rests: Bool[np.ndarray, "T"], things: Sequence[Thing]
) -> Float64[np.ndarray, "T"]:
    """Distance of a joint from what is nearest to it, over that at which it rests."""
    away = np.min([thing.nearest(joint).distance for thing in things], axis=0)
    usual = float(np.median(away[rests])) if rests.any() else float(np.quantile(away, 0.05))
    return np.asarray(away - usual)


def _clearance_errors(
    result: RetargetingResult,
    joints: dict[str, Float64[np.ndarray, "T 3"]],
    own: Sequence[Thing],
    theirs: Sequence[Thing],
    scale: float,
) -> Float64[np.ndarray, "T"]:
    """Mean over joints near things of how far their clearances are from the human's, scaled; NaN where none is near."""
    total, count = np.zeros(len(result)), np.zeros(len(result))
    for role in (f"{side}_{joint}" for joint in _CLEAR for side in _SIDES):
        if role not in joints or role not in result.source.position_roles:
            continue
        human = result.source.position(role)
        for mine, thing in zip(own[1:], theirs[1:], strict=True):
            away = thing.nearest(human).distance
            near = (away > 0.0) & (away < _NEAR)
            if near.any():
                error = np.abs(mine.nearest(joints[role]).distance - scale * away)
                total[near] += error[near]
                count[near] += 1
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def _look(
    result: RetargetingResult, robot: RobotModel, things: Sequence[Thing]
) -> tuple[
    Float64[np.ndarray, "T P N"], Float64[np.ndarray, "T 2 2 3"], Float64[np.ndarray, "T 2 3"]
]:
    """Distance of each part from each thing; front and back of the soles, and the palms, in the world: metres."""
    frames = len(result)
    near = np.full((frames, _PARTS, len(things)), _FAR)
    ends, palms = np.empty((frames, 2, 2, 3)), np.zeros((frames, 2, 3))
    spheres, parts = _parts(robot)
    shape_things = [shape for thing in things[1:] for shape in thing.shapes]
    owner = np.repeat(np.arange(1, len(things)), [len(thing.shapes) for thing in things[1:]])
    arrays = shape_arrays(shape_things)
    bounds = np.array([shape.bound for shape in shape_things])
    soles = robot_soles(robot).ends
    grips = [palm_point(robot, side) for side in _SIDES]
    for rows, positions, rotations in pose_blocks(result.qpos, robot):
        count = len(positions)
        places = np.empty((count, len(shape_things), 3))
        turns = np.empty((count, len(shape_things), 3, 3))
        o = 0
        for thing in things[1:]:
            part = thing.part(rows.start, rows.stop)
            for shape in thing.shapes:
                places[:, o], turns[:, o] = part.poses_of(shape)
                o += 1
        _fill_distances(
            positions, rotations, spheres.bodies, spheres.points, spheres.radii, parts, arrays, bounds, owner, places,
            turns, near[rows],
        )  # fmt: skip
        for side in range(2):
            body = robot.feet[side]
            for end in range(2):
                ends[rows, side, end] = positions[:, body] + rotations[:, body] @ soles[side, end]
            grip = grips[side]
            if grip is not None:
                palms[rows, side] = positions[:, grip.body] + rotations[:, grip.body] @ grip.point
    return near, ends, palms


@lru_cache(maxsize=4)
def _parts(robot: RobotModel) -> tuple[Spheres, Int64[np.ndarray, "F"]]:
    spheres = covering_spheres(robot)
    parts = np.full(len(spheres.bodies), _REST)
    for side, name in enumerate(_SIDES):
        parts[spheres.bodies == robot.feet[side]] = _LEFT_FOOT + side
        grip = palm_point(robot, name)
        if grip is not None:
            parts[spheres.bodies == grip.body] = _LEFT_HAND + side
    return spheres, parts


@jit(fastmath=True)
def _fill_distances(
    positions: Float64[np.ndarray, "n B 3"],
    rotations: Float64[np.ndarray, "n B 3 3"],
    bodies: Int64[np.ndarray, "F"],
    points: Float64[np.ndarray, "F 3"],
    radii: Float64[np.ndarray, "F"],
    parts: Int64[np.ndarray, "F"],
    shapes: Shapes,
    bounds: Float64[np.ndarray, "O"],
    owner: Int64[np.ndarray, "O"],
    places: Float64[np.ndarray, "n O 3"],
    turns: Float64[np.ndarray, "n O 3 3"],
    near: Float64[np.ndarray, "n P N"],
) -> None:
    """Lower the distances of each part of the robot's surface from each thing, the floor being the first."""
    x = scratch(3, np.float64)
    e = scratch(3, np.float64)
    g = scratch(3, np.float64)
    for t in range(positions.shape[0]):
        for s in range(bodies.shape[0]):
            b = bodies[s]
            part = parts[s]
            for i in range(3):
                x[i] = positions[t, b, i]
                for k in range(3):
                    x[i] += rotations[t, b, i, k] * points[s, k]
            near[t, part, 0] = min(near[t, part, 0], x[2] - radii[s])
            for o in range(bounds.shape[0]):
                best = near[t, part, owner[o]]
                away = 0.0
                for i in range(3):
                    e[i] = x[i] - places[t, o, i]
                    away += e[i] * e[i]
                if np.sqrt(away) - bounds[o] - radii[s] > best:
                    continue
                T = turns[t, o]
                l0 = T[0, 0] * e[0] + T[1, 0] * e[1] + T[2, 0] * e[2]
                l1 = T[0, 1] * e[0] + T[1, 1] * e[1] + T[2, 1] * e[2]
                l2 = T[0, 2] * e[0] + T[1, 2] * e[1] + T[2, 2] * e[2]
                distance = shape_distance(shapes, o, l0, l1, l2, 0.0, 0.0, 0.0, g) - radii[s]
                near[t, part, owner[o]] = min(best, distance)


def measure_things(found: ThingFrames | None) -> dict[str, float | None]:
    """Measures of hands on things and of depth in them; see `retarget.evaluation.MEASURES`."""
    names = (
        "hand_gap_mean", "hand_gap_p95", "hands_kept_share", "hand_place_error_mean", "hand_slide_mean",
        "hand_slide_p95", "scene_depth_max", "scene_depth_share", "clearance_error_mean", "thing_sole_gap_mean",
    )  # fmt: skip
    if found is None:
        return dict.fromkeys(names)
    gaps = found.hand_gap[np.isfinite(found.hand_gap)]
    places = found.hand_place_error[np.isfinite(found.hand_place_error)]
    slides = found.hand_slide[np.isfinite(found.hand_slide)]
    clear = found.clearance_error[np.isfinite(found.clearance_error)]
    soles = np.abs(found.soles[_inner(found.touching[..., 0])])
    values = (
        mean_of(gaps),
        percentile_of(gaps),
        mean_of(gaps < HAND_REACHED),
        mean_of(places),
        mean_of(slides),
        percentile_of(slides),
        float(found.depth.max(initial=0.0)),
        mean_of(found.depth > COLLISION_DEPTH),
        mean_of(clear),
        mean_of(soles),
    )
    return dict(zip(names, values, strict=True))


def _inner(stands: Bool[np.ndarray, "T 2"]) -> Bool[np.ndarray, "T 2"]:
    """Stances without their first and last frames, in which a foot comes and goes."""
    inner = stands.copy()
    inner[1:] &= stands[:-1]
    inner[:-1] &= stands[1:]
    return inner
