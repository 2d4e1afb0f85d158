"""What a stream among things is made of besides: the things, points that meet them, and what is remembered of those."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.motion.segments import SIDES
from retarget.scenes.distance import Shapes
from retarget.scenes.scene import TOUCH_POINTS
from retarget.solver.arrays import Scene, Soles
from retarget.solver.kinematics.sphere_depth import Enclosures

__all__ = ["BODY", "LiveThings", "ThingRoom"]

BODY: Final = (
    *TOUCH_POINTS,
    *(f"{side}_{part}" for part in ("elbow", "wrist") for side in SIDES),
    "pelvis",
    "chest",
    *(f"{side}_{part}" for part in ("hip", "ankle") for side in SIDES),
)
"""Points of the human's body that meet things, or tell on which side of them it is."""


class LiveThings(NamedTuple):
    """Things that stay where they are, around a human and, scaled, around a robot.

    Attributes:
        scene: In the robot's world, over one frame; the sides in it are those of the frame in hand.
        around: The robot's spheres by body.
        weight: Of a sphere's depth in them, 1/m^2.
        solids: The floor and all shapes in the human's world; ``bounds``, ``offsets`` and ``axes`` say where they are
            (`retarget.scenes.nearest`).
        listed: All of them.
        scale: Robot metres per human metre.
        joints: Joint of each of `BODY`; -1 for what is worked out.
        palms: In the hands' anatomical frames, from the wrists, metres.
        rests: Distance at which each of `TOUCH_POINTS` rests on a surface, metres.
        soles: All points of the robot that are held.
        held: Which of `TOUCH_POINTS`, beyond feet, the robot has.
        columns: Which of all points of the robot each of those is.
        strengths: Weight of its anchor, 1/m^2.
        clear: Which of `BODY` stay as near to things as they are.
        clear_columns: Which of all points of the robot each of those is.
        palm_of: Which of ``held`` is the palm before a wrist; -1 for other joints and where there is none.
        hands: How far its palm is from a wrist, metres; 0 where the hand cannot turn.
        soft: Weight of the anchor of a joint on a surface, 1/m^2.
        rising: Share of a hold's weight by which it grows in a frame.
        fade: Share of what an anchor is off its place that is left after a frame.
    """

    scene: Scene
    around: Enclosures
    weight: float
    solids: Shapes
    bounds: Float64[np.ndarray, "O"]
    offsets: Float64[np.ndarray, "O 3"]
    axes: Float64[np.ndarray, "O 3 3"]
    listed: Int64[np.ndarray, "O"]
    scale: float
    joints: Int64[np.ndarray, "N"]
    palms: Float64[np.ndarray, "2 3"]
    rests: Float64[np.ndarray, "K"]
    soles: Soles
    held: Int64[np.ndarray, "P"]
    columns: Int64[np.ndarray, "P"]
    strengths: Float64[np.ndarray, "P"]
    clear: Int64[np.ndarray, "C"]
    clear_columns: Int64[np.ndarray, "C"]
    palm_of: Int64[np.ndarray, "C"]
    hands: Float64[np.ndarray, "C"]
    soft: float
    rising: float
    fade: float


class ThingRoom(NamedTuple):
    """What a stream remembers of things, and room to work.

    Attributes:
        body: Where `BODY` are, human's world, metres.
        grounds: Place under each heel and toe in the robot's world, metres, and its normal.
        distance, on, normal: Nearest surface of each of `BODY` that is looked up: metres, place and normal, human's
            world.
        past: Where ``held`` were in the last frames, a ring, metres.
        resting: Frames for which each has been near and slow; 0 where it is not.
        touches: Which of them are held.
        since: Place of the human's on the surface where it is held, metres.
        place: Where the robot's is held, its middle, metres.
        off: How far its anchor is off that place, metres.
        risen: Share of its weight that a hold has come to.
        weights: Of all anchors beyond the feet's, 1/m^2.
        anchors: Their places, metres.
        touching: Which spheres are held at which shapes in a solve.
        composites, used: See `retarget.solver.window.things.composites`; which bodies have some.
        normals: Directions and places to work with.
        qpos, change, deep, firm: One frame as `retarget.solver.limits.least_change` takes it.
    """

    body: Float64[np.ndarray, "N 3"]
    grounds: Float64[np.ndarray, "4 2 3"]
    distance: Float64[np.ndarray, "N"]
    on: Float64[np.ndarray, "N 3"]
    normal: Float64[np.ndarray, "N 3"]
    past: Float64[np.ndarray, "F P 3"]
    resting: Int64[np.ndarray, "P"]
    touches: Bool[np.ndarray, "P"]
    since: Float64[np.ndarray, "P 3"]
    place: Float64[np.ndarray, "P 3"]
    off: Float64[np.ndarray, "P 3"]
    risen: Float64[np.ndarray, "P"]
    weights: Float64[np.ndarray, "E"]
    anchors: Float64[np.ndarray, "E 3"]
    touching: Bool[np.ndarray, "F O"]
    composites: Float64[np.ndarray, "B 27"]
    used: Bool[np.ndarray, "B"]
    normals: Float64[np.ndarray, "4 3"]
    qpos: Float64[np.ndarray, "1 Q"]
    change: Float64[np.ndarray, "1 V"]
    deep: Bool[np.ndarray, "1"]
    firm: Bool[np.ndarray, "1 K"]
