"""Things around a live stream, made once of a scene: those that stay where they are, in both worlds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import OptionsError
from retarget.motion.fitting.anatomy import Anatomy
from retarget.motion.segments import SIDES
from retarget.robots.model import RobotModel
from retarget.scenes.body import SIDE_POINTS
from retarget.scenes.meeting import Meeting
from retarget.scenes.place import scaled_thing
from retarget.scenes.posed import Thing, solid_of
from retarget.scenes.scene import FEET, TOUCH_POINTS, Scene
from retarget.scenes.shapes import Shape
from retarget.solver.arrays import Soles
from retarget.solver.kinematics.sphere_depth import Enclosures, fill_enclosures
from retarget.solver.live.thing_arrays import BODY, LiveThings, ThingRoom
from retarget.solver.obstacles import make_scene
from retarget.solver.problem import Setting
from retarget.solver.window.room import PARTS
from retarget.targets.nearness import SOFT
from retarget.targets.thing_points import ThingPoints, thing_points
from retarget.targets.things import FIRM, PROPPED, RISING

__all__ = ["check_scene", "live_things", "thing_room"]

_DEPTH: Final = 25000.0  # weight of a sphere's depth in a thing, 1/m^2; the floor's
_SHARE: Final = (
    0.5  # of the weights of whole clips' holds: what comes late must not throw the body about
)
_FADE_TIME: Final = 0.1  # seconds in which an anchor comes to its place, but for 1/e


def check_scene(scene: Scene) -> None:
    """Refuse what a stream cannot know ahead.

    Raises:
        OptionsError: A thing moves, or has a size of its own; touches are given.
    """
    source = "the scene" if scene.source is None else str(scene.source)
    for one in scene.objects:
        if one.moves:
            raise OptionsError(
                f"{source}: {one.name!r} moves, and a stream does not know a path ahead: leave the thing out, or "
                "retarget the whole clip"
            )
    other = [o.name for o in scene.objects if o.size != "scaled" or o.stand_in is not None]
    other += [
        t.name for t in scene.terrains if (t.size, t.stretch, t.height) != ("scaled", 1.0, 1.0)
    ]
    if other:
        raise OptionsError(
            f"{source}: {other[0]!r} is of another size or shape than the scaled world's, and how a body goes "
            'around such a thing takes knowing what follows: give it scale = "scaled", or retarget the whole clip'
        )
    if scene.touches:
        touch = scene.touches[0]
        raise OptionsError(
            f"{source}: the touch of {touch.thing!r} is given by its times, and a stream has no beginning: leave "
            "touches out, they are found"
        )


def live_things(
    meeting: Meeting,
    anatomy: Anatomy,
    robot: RobotModel,
    setting: Setting,
    scale: float,
    fps: float,
) -> LiveThings:
    """The things around a stream.

    Args:
        meeting: The calibration motion among them.
        anatomy: Of that motion.
        robot: What moves of the robot.
        setting: Of the robot's problem.
        scale: Robot metres per human metre.
        fps: Rate at which frames will come, 1/s.
    """
    points = thing_points(robot, setting.touching)
    own = [scaled_thing(thing, scale, scale) for thing in meeting.things[1:]]
    sides = np.zeros((1, len(SIDE_POINTS), sum(len(thing.shapes) for thing in own)), np.int8)
    up = np.tile([0.0, 0.0, 1.0], (1, 2, 1))
    scene = make_scene(robot, own, sides, up, _DEPTH)
    around = _enclosures(len(robot.parents))
    fill_enclosures(scene, around)
    solids = solid_of(_in_world(meeting.things))
    held = [k for k in range(FEET, len(TOUCH_POINTS)) if points.columns[k] >= 0]
    palms = {side: BODY.index(f"{side}_palm") for side in SIDES}
    clear = list(points.clear)
    wrists = {f"{side}_wrist": side for side in SIDES}
    roles = anatomy.motion.roles
    return LiveThings(
        scene=scene,
        around=around,
        weight=_DEPTH,
        solids=solids.arrays,
        bounds=solids.bounds,
        offsets=solids.places,
        axes=solids.turns,
        listed=np.arange(len(solids.bounds)),
        scale=scale,
        joints=np.array([_joint(name, roles) for name in BODY]),
        palms=np.stack([_palm(meeting, anatomy, side) for side in SIDES]),
        rests=np.array([meeting.touches.rest_of(point) for point in TOUCH_POINTS]),
        soles=_joined(setting.empty.soles, points),
        held=np.array(held, np.int64),
        columns=points.columns[held],
        strengths=_SHARE * np.array([FIRM if k in palms.values() else PROPPED for k in held]),
        clear=np.array([BODY.index(role) for role in clear], np.int64),
        clear_columns=np.array([points.clear[role] for role in clear], np.int64),
        palm_of=np.array(
            [held.index(palms[wrists[r]]) if wrists.get(r) in points.hands else -1 for r in clear]
        ),
        hands=np.array([points.hands.get(wrists.get(role, ""), 0.0) for role in clear]),
        soft=SOFT,
        rising=1 / (RISING * fps),
        fade=float(np.exp(-1 / (fps * _FADE_TIME))),
    )


def _joint(name: str, roles: dict[str, int]) -> int:
    """The joint that a point of the body is; -1 for what is worked out."""
    return -1 if name.endswith(("heel", "palm", "seat", "chest")) else roles[name]


def _palm(meeting: Meeting, anatomy: Anatomy, side: str) -> Float64[np.ndarray, "3"]:
    """Where a palm is in its hand's frame on average, from the wrist, metres."""
    frames = anatomy.segment_frames([f"{side}_hand"])[:, 0]
    away = meeting.body[f"{side}_palm"] - meeting.body[f"{side}_wrist"]
    return np.asarray(np.einsum("tij,ti->j", frames, away) / len(away))


def _in_world(things: Sequence[Thing]) -> tuple[Shape, ...]:
    """All shapes of things that stay where they are, as shapes of the world."""
    found = []
    for thing in things:
        for shape in thing.shapes:
            places, turns = thing.poses_of(shape)
            found.append(replace(shape, place=places[0], turn=turns[0]))
    return tuple(found)


def _enclosures(bodies: int) -> Enclosures:
    return Enclosures(np.zeros(bodies + 1, np.int64), np.zeros((bodies, 3)), np.zeros(bodies))


def _joined(soles: Soles, points: ThingPoints) -> Soles:
    """All points that are held, those for things behind those on the ground."""
    return soles._replace(
        contact_bodies=np.concatenate([soles.contact_bodies, points.bodies]),
        contact_points=np.concatenate([soles.contact_points, points.points]),
        contact_radii=np.concatenate([soles.contact_radii, points.radii]),
        contact_feet=np.concatenate([soles.contact_feet, np.full(len(points.bodies), -1)]),
    )


def thing_room(things: LiveThings, size: int, slots: int) -> ThingRoom:
    """Room for things before a stream's first frame: ``size`` numbers a configuration, ``slots`` frames of the past."""
    held, extra = len(things.held), len(things.held) + len(things.clear)
    bodies = len(things.around.sizes)
    return ThingRoom(
        body=np.zeros((len(BODY), 3)),
        grounds=np.zeros((FEET, 2, 3)),
        distance=np.zeros(len(BODY)),
        on=np.zeros((len(BODY), 3)),
        normal=np.zeros((len(BODY), 3)),
        past=np.zeros((slots, held, 3)),
        resting=np.zeros(held, np.int64),
        touches=np.zeros(held, bool),
        since=np.zeros((held, 3)),
        place=np.zeros((held, 3)),
        off=np.zeros((held, 3)),
        risen=np.zeros(held),
        weights=np.zeros(extra),
        anchors=np.zeros((extra, 3)),
        touching=np.zeros((len(things.scene.bodies), len(things.scene.bounds)), bool),
        composites=np.zeros((bodies, PARTS)),
        used=np.zeros(bodies, bool),
        normals=np.zeros((4, 3)),
        qpos=np.zeros((1, size)),
        change=np.zeros((1, size - 1)),
        deep=np.ones(1, bool),
        firm=np.zeros((1, len(things.soles.contact_bodies)), bool),
    )
