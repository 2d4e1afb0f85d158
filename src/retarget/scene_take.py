"""What a scene adds to a clip that is retargeted: contacts with things, their places for the robot, and holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int8

from retarget.geometry import (
    matrix_from_quaternion,
    quaternion_from_matrix,
    slerp,
)
from retarget.motion.segments import SIDES
from retarget.result import YieldedHold
from retarget.robots.model import RobotModel
from retarget.scene_track import SceneTrack
from retarget.scenes.body import side_points
from retarget.scenes.inspection import misalignment
from retarget.scenes.meeting import Meeting
from retarget.scenes.place import RobotWorld, placed_scene
from retarget.scenes.posed import Thing
from retarget.scenes.scene import FEET, TOUCH_POINTS
from retarget.scenes.tracked import track_of
from retarget.solver.arrays import Problem, Scene, Soles, Tree
from retarget.solver.depths import scene_depths
from retarget.solver.heading import facing
from retarget.solver.kinematics.forward import forward_kinematics
from retarget.solver.misses import missed_runs
from retarget.solver.obstacles import (
    covered_finely,
    human_sides,
    make_scene,
    robot_spheres,
    things_near,
)
from retarget.solver.problem import Setting
from retarget.solver.reach import hold_misses
from retarget.targets.build import Targets
from retarget.targets.holds import Holds
from retarget.targets.lying_hands import LyingHands
from retarget.targets.nearness import SOFT
from retarget.targets.palms import turn_hands
from retarget.targets.thing_points import ThingPoints, thing_points
from retarget.targets.things import ThingTargets, thing_targets

__all__ = ["Hands", "SceneTake", "moved_targets", "robot_world", "scene_take"]


class Hands(NamedTuple):
    """What hands do on what they hold.

    Attributes:
        turns: By how much the left and the right one are turned about their long axes, to face it, rad.
        lying: How they lie on it.
    """

    turns: Float64[np.ndarray, "T 2"]
    lying: LyingHands


@dataclass(frozen=True, slots=True, eq=False)
class SceneTake:
    """A human among things on a robot.

    Attributes:
        meeting: What the human does.
        world: The things in the robot's world.
        robot: The robot, as it is solved.
        points: Its points for things.
        targets: Where all its points are held.
        near: The things without the floor, in the robot's world, with the shapes that may come near it.
        sides: On which sides of these shapes the human's parts are.
        hands: How these face what they hold, and lie on it.
        whole: The things as kernels want them, over the whole clip.
        soles: All points that are held, single precision.
        turn: The rotation of the world in which the clip is solved.
    """

    meeting: Meeting
    world: RobotWorld
    robot: RobotModel
    points: ThingPoints
    targets: ThingTargets
    near: list[Thing]
    sides: Int8[np.ndarray, "T G O"]
    hands: Hands
    whole: Scene
    soles: Soles
    turn: Float64[np.ndarray, "3 3"]

    def depths(self, qpos: Float64[np.ndarray, "T Q"], tree: Tree) -> Float32[np.ndarray, "T"]:
        """How deep a solved clip is in things, frame by frame, metres."""
        return scene_depths(qpos, tree, covered_finely(self.whole, self.robot)).astype(np.float32)

    def misses(
        self, qpos: Float64[np.ndarray, "T Q"], empty: Problem
    ) -> tuple[Float32[np.ndarray, "T"], tuple[YieldedHold, ...]]:
        """How far a solved clip's hands, knees and seat are from their places on things, metres, and where too far."""
        held = np.zeros(self.targets.weights.shape, bool)
        for contact in self.meeting.held:
            column = int(self.points.columns[contact.point])
            if contact.point >= FEET and column >= 0:
                held[contact.first : contact.last, column] = True
        clip = empty.clip._replace(anchors=self.targets.anchors)
        soles = self.soles
        missed = hold_misses(qpos, empty._replace(clip=clip, soles=soles), held)
        both = np.stack([missed, np.zeros_like(missed)], axis=2).astype(np.float32)
        names = {int(column): TOUCH_POINTS[k] for k, column in enumerate(self.points.columns)}
        fps = empty.fps
        listed = tuple(
            YieldedHold(names[run.point], run.first / fps, run.last / fps, run.distance)
            for run in missed_runs(both, fps)
        )
        return missed.max(axis=1).astype(np.float32), listed

    def ridden(
        self, first: int, start: Float64[np.ndarray, "n Q"], anchors: Float64[np.ndarray, "n K 3"]
    ) -> Float64[np.ndarray, "n K 3"]:
        """Anchors of feet on moving things where the start has them there on average, as on the ground.

        A robot's feet are shorter than the human's: heel and toe where the human's are would pull each other along.

        Args:
            first: First of the frames.
            start: Each frame solved by itself.
            anchors: Changed in place; its other anchors stay.
        """
        anchors = self._on_slopes(first, anchors)
        rides = [r for r in self.targets.rides if r.last > first and r.first < first + len(start)]
        if not rides:
            return anchors
        soles, places = self.soles, {}
        positions, rotations = forward_kinematics(start, self.robot)
        for point in {ride.point for ride in rides}:
            body, own = soles.contact_bodies[point], soles.contact_points[point].astype(np.float64)
            places[point] = positions[:, body] + rotations[:, body] @ own
        for ride in rides:
            begin, end = max(ride.first - first, 0), min(ride.last - first, len(start))
            thing = self.world.things[ride.thing].part(begin + first, end + first)
            local = thing.to_local(places[ride.point][begin:end]).mean(axis=0)
            local += ((ride.place - local) @ ride.normal) * ride.normal  # on the surface
            radius = float(soles.contact_radii[ride.point])
            anchors[begin:end, ride.point] = thing.to_world(local[None]) - [0.0, 0.0, radius]
        return anchors

    def _on_slopes(
        self, first: int, anchors: Float64[np.ndarray, "n K 3"]
    ) -> Float64[np.ndarray, "n K 3"]:
        """Anchors of feet on slopes as high, in place, as the slope is where they are, a foot's length apart."""
        soles, standing = self.soles, np.zeros(anchors.shape[:2], bool)
        for slope in self.targets.slopes:
            begin, end = max(slope.first - first, 0), min(slope.last - first, len(anchors))
            if end <= begin:
                continue
            own, normal = anchors[begin:end, slope.point], slope.normal
            radius = float(soles.contact_radii[slope.point])
            above = (own + np.array([0.0, 0.0, radius]) - slope.place) @ normal
            own[:, 2] -= above / normal[2]
            standing[begin:end, slope.point] = True
        for foot in range(2):
            heel, toe = 2 * foot, 2 * foot + 1
            rows = standing[:, heel] & standing[:, toe]
            if rows.any():
                forward = anchors[rows, toe] - anchors[rows, heel]
                ends = soles.contact_points[[heel, toe]].astype(np.float64)
                length = float(np.linalg.norm(ends[1] - ends[0]))
                forward *= length / np.maximum(np.linalg.norm(forward, axis=1), 1e-9)[:, None]
                anchors[rows, heel] = anchors[rows, toe] - forward
        return anchors

    def at_times(self, time: Float64[np.ndarray, "S"]) -> tuple[Scene, Bool[np.ndarray, "S K"]]:
        """The things, and which points are held, at other times of the clip, in frames."""
        last = max(len(self.sides) - 1, 0)
        near = np.minimum(np.rint(time).astype(np.int64), last)
        before = np.minimum(time.astype(np.int64), max(last - 1, 0))
        share = (time - before)[:, None]
        things = []
        for thing in self.near:
            if len(thing.places) > 1:
                following = np.minimum(before + 1, last)
                turns = quaternion_from_matrix(thing.turns)
                turned = slerp(turns[before], turns[following], time - before)
                places = thing.places[before] * (1 - share) + thing.places[following] * share
                thing = replace(thing, places=places, turns=matrix_from_quaternion(turned))  # noqa: PLW2901
            things.append(thing)
        grounds = self.targets.grounds[near]
        firm = (self.targets.weights > SOFT)[near]
        return make_scene(self.robot, things, self.sides[near], grounds, 0.0), firm

    def track(self) -> SceneTrack:
        """The things and touches as a result keeps them."""
        return track_of(self.meeting, self.world)

    def as_json(self) -> dict[str, Any]:
        """What is worth recording of it."""
        shifts = zip(self.world.things[1:], self.world.shifts[1:], strict=True)
        return {
            **self.meeting.scene.as_json(),
            "rest_m": self.meeting.touches.rest,
            "shift_m": {thing.name: shift for thing, shift in shifts if shift},
            "warnings": misalignment(self.meeting),
            "body_moved_m": float(np.linalg.norm(self.world.moved, axis=1).max(initial=0.0)),
        }

    def problem(self, problem: Problem, first: int, last: int, weight: float) -> Problem:
        """The problem of some frames with all holds, and the things; ``weight`` is that of depth in them, 1/m^2."""
        held = self.targets
        return problem._replace(
            soles=self.soles,
            clip=problem.clip._replace(
                contact_weights=held.weights[first:last], anchors=held.anchors[first:last]
            ),
            scene=self.whole.part(first, last)._replace(weight=weight),
        )


def moved_targets(
    targets: Targets,
    meeting: Meeting,
    world: RobotWorld,
    hands: Hands,
    first: int,
    last: int,
) -> Targets:
    """Targets of some frames with the body where the robot's things have it, and hands turned to what they hold."""
    moved = world.moved[first:last]
    positions = {name: places + moved for name, places in targets.positions.items()}
    # A foot's clearance is above the floor: near something else it is at most as high as it is above that.
    clearances = targets.clearances.copy()
    near = meeting.touches.nearest
    for foot, side in enumerate(SIDES):
        for joint, rest in (("toe", meeting.touches.rest_of(f"{side}_toe")), ("heel", 0.0)):
            for o in range(1, len(meeting.things)):
                away = near[f"{side}_{joint}", o].distance[first:last]
                above = np.maximum(world.scale * (away - rest), 0.0)
                clearances[:, foot] = np.minimum(clearances[:, foot], above)
    rows = slice(first, last)
    segments = turn_hands(targets.segments, hands.turns[rows], hands.lying.tilts[rows])
    return replace(targets, positions=positions, segments=segments, clearances=clearances)


def scene_take(
    meeting: Meeting,
    holds: Holds,
    setting: Setting,
    robot: RobotModel,
    world: RobotWorld,
    hands: Hands,
    fps: float,
) -> SceneTake:
    """Bring a human among things onto a robot, given its holds as on the ground, and how hands lie on things."""
    points = thing_points(robot, setting.touching)
    soles = setting.single.soles
    joined = soles._replace(
        contact_bodies=np.concatenate([soles.contact_bodies, points.bodies]),
        contact_points=np.concatenate([soles.contact_points, points.points.astype(np.float32)]),
        contact_radii=np.concatenate([soles.contact_radii, points.radii.astype(np.float32)]),
        contact_feet=np.concatenate([soles.contact_feet, np.full(len(points.bodies), -1)]),
    )
    targets = thing_targets(
        holds,
        setting.strengths,
        joined.contact_radii.astype(np.float64),
        points,
        world,
        meeting.things,
        meeting.body,
        meeting.touches,
        meeting.held,
        hands.lying.reaches,
        fps,
    )
    path = world.scale * meeting.body["pelvis"] + world.moved
    shapes = things_near(world.things[1:], path, robot_spheres(robot).reach)
    near = [
        replace(thing, shapes=tuple(thing.shapes[i] for i in own))
        for thing, own in zip(world.things[1:], shapes, strict=True)
    ]
    sides = _sides(meeting, shapes)
    whole = make_scene(robot, near, sides, targets.grounds, 0.0)
    first = {name: places[0] for name, places in meeting.body.items()}
    hips = first["left_hip"] - first["right_hip"]
    turn = facing(hips, first["chest"] - first["seat"])
    return SceneTake(
        meeting, world, robot, points, targets, near, sides, hands, whole, joined, turn
    )


def _sides(meeting: Meeting, shapes: Sequence[Sequence[int]]) -> Int8[np.ndarray, "T G O"]:
    """On which sides of the robot's shapes the human is, these and it being as high as each other."""
    points = side_points(dict(meeting.body))
    found = [np.zeros((*points.shape[:2], 0), np.int8)]
    for thing, own in zip(meeting.things[1:], shapes, strict=True):
        kept = tuple((thing.stand_in or thing.shapes)[i] for i in own)
        as_high = points if thing.height == 1.0 else points * np.array([1.0, 1.0, thing.height])
        found.append(human_sides([replace(thing, shapes=kept)], as_high))
    return np.concatenate(found, axis=2)


def robot_world(meeting: Meeting, scale: float, fps: float) -> RobotWorld:
    """The things in the world of a robot that is ``scale`` times as large."""
    return placed_scene(
        meeting.things, meeting.body, meeting.held, scale, fps, meeting.touches.nearest
    )
