"""How a robot meets the things around it: how near, how deep, and whether it stays where the human stayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.evaluation.frames.near_things import (
    FAR,
    LEFT_FOOT,
    LEFT_HAND,
    RIGHT_FOOT,
    SIDES,
    near_things,
)
from retarget.evaluation.frames.standing.feet import FootTrack
from retarget.evaluation.frames.standing.human import ScaledHuman
from retarget.evaluation.frames.standing.stance import Stance, horizontal_speed
from retarget.evaluation.frames.statistics import mean_of, percentile_of
from retarget.evaluation.thresholds import COLLISION_DEPTH, HAND_REACHED
from retarget.result import RetargetingResult
from retarget.robots.model import RobotModel
from retarget.scene_track import SceneTrack
from retarget.scenes.place import Fit, scaled_thing
from retarget.scenes.posed import Thing
from retarget.scenes.tracked import robot_things, source_things

__all__ = ["ThingFrames", "find_things", "measure_things"]

_NEAR: Final = (
    0.3  # metres within which a human's clearance is one to keep, and things count for a robot
)
_MEASURED: Final = (
    "hand_gap_mean", "hand_gap_p95", "hands_kept_share", "unreached_holds", "hand_place_error_mean", "hand_slide_mean",
    "hand_slide_p95", "human_hand_slide_mean", "scene_depth_max", "scene_depth_share", "clearance_error_mean",
    "clearance_error_p95", "interaction_direction_mean", "thing_sole_gap_mean", "object_shift_max",
)  # fmt: skip
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
        clearance_error: Mean over joints near things of how far their distance from these is off the human's, scaled,
            metres.
        direction_error: Mean over these of the angle between their directions from the nearest place on the thing, its
            frame, rad.
        human_hand_slide: Speed of the human's wrist on the thing that its palm touches, m/s.
        shift: How far a thing gives way, metres; 0 where none moves.
        unreached: How many holds of hands are off what they hold for half of their time or more.
        apart: Whether the human touches none of the things and the robot comes near none: all else is as without them.
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
    direction_error: Float64[np.ndarray, "T"]
    human_hand_slide: Float64[np.ndarray, "T 2"]
    shift: Float64[np.ndarray, "T"]
    unreached: int
    apart: bool

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
    near, ends, palms = near_things(result, robot, own)
    palm_names = [f"{side}_palm" for side in SIDES]
    gap = np.full((frames, 2), np.nan)
    place_error, slide, human_slide = gap.copy(), gap.copy(), gap.copy()
    for hand, name in enumerate(palm_names):
        touched = _touched(track, name)
        for o in range(1, len(own)):
            rows = touched == o
            if not rows.any():
                continue
            gap[rows, hand] = np.abs(near[rows, LEFT_HAND + hand, o])
            local = own[o].to_local(palms[:, hand])
            slide[rows, hand] = _speed(local, rows, fps)[rows]
            if (wrist := f"{SIDES[hand]}_wrist") in result.source.position_roles:
                theirs_local = theirs[o].to_local(result.source.position(wrist))
                human_slide[rows, hand] = _speed(theirs_local, rows, fps)[rows]
        _fill_place_errors(
            track,
            track.touch_names.index(name) if name in track.touch_names else -1,
            own,
            theirs,
            palms[:, hand],
            place_error[:, hand],
        )
    others = near[:, :, 1:]
    depth = np.maximum(-others.min(axis=(1, 2), initial=FAR), 0.0)
    touching = np.stack(
        [
            np.stack([_touched(track, f"{side}_{end}") >= 0 for end in ("toe", "heel")], axis=1)
            for side in SIDES
        ],
        axis=1,
    )
    paths, speeds, above = np.empty((frames, 2, 2, 2)), np.empty((frames, 2)), np.empty((frames, 2))
    for foot, side in enumerate(SIDES):
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
    clearance, direction = _clearance_errors(result, joints, own, theirs, track.scale)
    return ThingFrames(
        depth=depth,
        hand_gap=gap,
        hand_place_error=place_error,
        hand_slide=slide,
        soles=near[:, [LEFT_FOOT, RIGHT_FOOT]].min(axis=2),
        bodies=near[:, LEFT_HAND:].min(axis=(1, 2)),
        paths=paths,
        touching=touching,
        human_toe_speed=speeds,
        human_above=above,
        clearance_error=clearance,
        direction_error=direction,
        human_hand_slide=human_slide,
        shift=_shifts(own, theirs, track.scale, frames),
        unreached=_unreached(track, gap),
        apart=bool(others.min(initial=FAR) > _NEAR and not (track.touches > 0).any()),
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
    theirs: Sequence[Thing],
    palm: Float64[np.ndarray, "T 3"],
    out: Float64[np.ndarray, "T"],
) -> None:
    for (which, o, first, last), place in zip(
        track.hold_runs.tolist(), track.hold_places, strict=True
    ):
        if which != point or o == 0:
            continue
        on = own[o].part(first, last).nearest(palm[first:last]).place
        fit = Fit.of(theirs[o], own[o], float(track.sizes[o - 1]))
        out[first:last] = np.linalg.norm(on - fit.place(place[None]), axis=1)


def _path_on(
    points: Float64[np.ndarray, "T 3"], touched: Int64[np.ndarray, "T"], things: Sequence[Thing]
) -> Float64[np.ndarray, "T 3"]:
    """A point's path whose steps are those along the moving thing that is touched, also onto it and off it."""
    steps = np.diff(points, axis=0)
    on = np.where(touched[1:] >= 0, touched[1:], touched[:-1])
    for o, thing in enumerate(things):
        rows = on == o
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
) -> tuple[Float64[np.ndarray, "T"], Float64[np.ndarray, "T"]]:
    """How far joints near things are from the human's scaled clearance, metres, and from its direction, rad.

    Means over these joints; NaN where none is near.
    """
    totals, count = np.zeros((2, len(result))), np.zeros(len(result))
    for role in (f"{side}_{joint}" for joint in _CLEAR for side in SIDES):
        if role not in joints or role not in result.source.position_roles:
            continue
        human = result.source.position(role)
        for mine, thing in zip(own[1:], theirs[1:], strict=True):
            found = thing.nearest(human)
            near = (found.distance > 0.0) & (found.distance < _NEAR)
            if near.any():
                ours = mine.nearest(joints[role])
                error = np.abs(ours.distance - scale * found.distance)
                turned = np.einsum("ti,ti->t", ours.normal, found.normal)
                angle = np.arccos(np.clip(turned, -1.0, 1.0))
                totals[:, near] += error[near], angle[near]
                count[near] += 1
    means = np.where(count > 0, totals / np.maximum(count, 1), np.nan)
    return means[0], means[1]


def _shifts(
    own: Sequence[Thing], theirs: Sequence[Thing], scale: float, frames: int
) -> Float64[np.ndarray, "T"]:
    """How far moving things are from where the scaled world has them, in their size, metres: the farthest."""
    away = np.zeros(frames)
    for mine, thing in zip(own[1:], theirs[1:], strict=True):
        if mine.moves:
            placed = scaled_thing(thing, scale, float(mine.size))
            away = np.maximum(away, np.linalg.norm(mine.places - placed.places, axis=1))
    return away


def _unreached(track: SceneTrack, gap: Float64[np.ndarray, "T 2"]) -> int:
    """How many holds of hands on things have a median gap over `HAND_REACHED`."""
    count = 0
    for point, o, first, last in track.hold_runs.tolist():
        side, _, part = track.touch_names[point].partition("_")
        if part != "palm" or o == 0:
            continue
        found = gap[first:last, SIDES.index(side)]
        found = found[np.isfinite(found)]
        count += bool(len(found)) and float(np.median(found)) > HAND_REACHED
    return count


def measure_things(found: ThingFrames | None) -> dict[str, float | None]:
    """Measures of hands on things and of depth in them; see `retarget.evaluation.MEASURES`."""
    if found is None:
        return dict.fromkeys(_MEASURED)
    gaps, places, slides, theirs, clear, turned = (
        values[np.isfinite(values)]
        for values in (
            found.hand_gap,
            found.hand_place_error,
            found.hand_slide,
            found.human_hand_slide,
            found.clearance_error,
            found.direction_error,
        )
    )
    values = (
        mean_of(gaps),
        percentile_of(gaps),
        mean_of(gaps < HAND_REACHED),
        float(found.unreached) if len(gaps) else None,
        mean_of(places),
        mean_of(slides),
        percentile_of(slides),
        mean_of(theirs),
        float(found.depth.max(initial=0.0)),
        mean_of(found.depth > COLLISION_DEPTH),
        mean_of(clear),
        percentile_of(clear),
        mean_of(turned),
        mean_of(np.abs(found.soles[_inner(found.touching[..., 0])])),
        float(found.shift.max(initial=0.0)),
    )
    return dict(zip(_MEASURED, values, strict=True))


def _inner(stands: Bool[np.ndarray, "T 2"]) -> Bool[np.ndarray, "T 2"]:
    """Stances without their first and last frames, in which a foot comes and goes."""
    inner = stands.copy()
    inner[1:] &= stands[:-1]
    inner[:-1] &= stands[1:]
    return inner
