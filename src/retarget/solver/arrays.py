"""The plain arrays that the kernels work on, grouped and named.

Named tuples, because compiled code can take them apart and people can read them. Degrees of freedom (V = 6 + N):
base translation (world), base rotation (world axes), then one a joint; joint ``b - 1`` moves body ``b`` and is
degree of freedom ``5 + b``.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
from jaxtyping import Float, Float64, Int8, Int64

from retarget.scenes.distance import Shapes

__all__ = [
    "Capsules",
    "Clip",
    "Floor",
    "Limits",
    "Masses",
    "Problem",
    "Scene",
    "Soles",
    "Tasks",
    "Tree",
    "Weights",
    "single_robot",
]

_Arrays = TypeVar("_Arrays", "Capsules", "Floor", "Masses", "Soles", "Tasks", "Tree")


class Tree(NamedTuple):
    """Kinematic tree.

    Attributes:
        parents: Parent body, -1 for the base.
        offsets: Origin of each body in its parent's frame, metres.
        basis: Rotation in the parent's frame as ``basis[b,0] + sin(q) basis[b,1] + (1 - cos(q)) basis[b,2]``
            (Rodrigues' formula with the constant factor multiplied in).
        axes: Joint axis in the body's frame.
        depth: Number of degrees of freedom above each one on its path to the base.
        ancestors: That path, base first, the degree of freedom itself last.
    """

    parents: Int64[np.ndarray, "B"]
    offsets: Float64[np.ndarray, "B 3"]
    basis: Float64[np.ndarray, "B 3 3 3"]
    axes: Float64[np.ndarray, "B 3"]
    depth: Int64[np.ndarray, "V"]
    ancestors: Int64[np.ndarray, "V D"]


class Limits(NamedTuple):
    """Joint limits by body; the base's entries are infinite.

    Attributes:
        lower: rad.
        upper: rad.
        step: Largest change between two frames, rad.
        second_difference: Largest second difference of three frames, rad; no entries where no joint has a limit.
    """

    lower: Float64[np.ndarray, "B"]
    upper: Float64[np.ndarray, "B"]
    step: Float64[np.ndarray, "B"]
    second_difference: Float64[np.ndarray, "E"]


class Tasks(NamedTuple):
    """What each of M robot segments follows.

    Attributes:
        bodies: Robot body of each segment.
        position_weights: Weight of its squared position error, 1/m^2.
        axis_weights: Weights of its three anatomical axes (chord errors, dimensionless).
        anatomical: Anatomical frame in the body's frame (columns x, y, z).
        centres: Bodies whose origins are its proximal and distal joint centres, -1 where the long axis is fixed
            in the body instead.
    """

    bodies: Int64[np.ndarray, "M"]
    position_weights: Float64[np.ndarray, "M"]
    axis_weights: Float64[np.ndarray, "M 3"]
    anatomical: Float64[np.ndarray, "M 3 3"]
    centres: Int64[np.ndarray, "M 2"]


class Soles(NamedTuple):
    """Ground contact geometry.

    Attributes:
        feet: Body of the left and the right foot.
        points: Sphere centres of the sole in the foot's frame, metres.
        radius: Their radius, metres.
        contact_bodies: Body of each of the K points that can be held on the ground; the first four are left heel,
            left toe, right heel, right toe.
        contact_points: Those points in their body's frame, metres.
        contact_radii: Height of each above the ground when it touches, metres.
        contact_feet: Foot (0, 1) of each; -1 for a point that is not on a foot.
    """

    feet: Int64[np.ndarray, "2"]
    points: Float64[np.ndarray, "2 S 3"]
    radius: float
    contact_bodies: Int64[np.ndarray, "K"]
    contact_points: Float64[np.ndarray, "K 3"]
    contact_radii: Float64[np.ndarray, "K"]
    contact_feet: Int64[np.ndarray, "K"]


class Floor(NamedTuple):
    """Spheres that must not sink below z = 0: those of the soles, and the ends of the other bodies' capsules.

    Attributes:
        bodies: Body of each sphere.
        points: Its centre in the body's frame, metres.
        radii: Its radius, metres.
        feet: Foot (0, 1) that carries it; -1 for another body.
    """

    bodies: Int64[np.ndarray, "F"]
    points: Float64[np.ndarray, "F 3"]
    radii: Float64[np.ndarray, "F"]
    feet: Int64[np.ndarray, "F"]


class Masses(NamedTuple):
    """Where the robot's mass is.

    Attributes:
        shares: Share of the whole mass that each body has.
        below: Share that a body and all that it carries have.
        points: Centre of mass of each body in its frame, metres.
    """

    shares: Float64[np.ndarray, "B"]
    below: Float64[np.ndarray, "B"]
    points: Float64[np.ndarray, "B 3"]


class Capsules(NamedTuple):
    """Collision geometry: capsules by body, and the pairs to keep apart.

    Attributes:
        bodies: Body of each capsule.
        starts: First end of its axis in the body's frame, metres.
        ends: Second end.
        radii: Radius, metres.
        bounds: Radius of the sphere around the middle that holds the capsule, metres.
        pairs: Pairs of capsules.
        margins: Distance kept between those of each pair, metres.
    """

    bodies: Int64[np.ndarray, "G"]
    starts: Float64[np.ndarray, "G 3"]
    ends: Float64[np.ndarray, "G 3"]
    radii: Float64[np.ndarray, "G"]
    bounds: Float64[np.ndarray, "G"]
    pairs: Int64[np.ndarray, "P 2"]
    margins: Float64[np.ndarray, "P"]


class Clip(NamedTuple):
    """Targets of every frame.

    Attributes:
        positions: Target position of each segment's body, world, metres.
        frames: Target anatomical frame of each segment, world.
        contact_weights: Weight of each contact point's anchor, 1/m^2; 0 out of stance.
        anchors: Place where each contact point is held, world, metres; its height above where the point would touch.
        clearances: Least height of each foot's sole above the floor, metres; 0 in stance.
        centres: Path of the centre of mass, world, metres.
        centre_weights: Weights of the centre of mass's distance from its path, along the ground and up, 1/m^2.
        steadiness: Share of its weight that the base's acceleration has, by the frame at which it ends.
    """

    positions: Float64[np.ndarray, "T M 3"]
    frames: Float64[np.ndarray, "T M 3 3"]
    contact_weights: Float64[np.ndarray, "T K"]
    anchors: Float64[np.ndarray, "T K 3"]
    clearances: Float64[np.ndarray, "T 2"]
    centres: Float64[np.ndarray, "T 3"]
    centre_weights: Float64[np.ndarray, "T 2"]
    steadiness: Float64[np.ndarray, "T"]


class Weights(NamedTuple):
    """Weights of the whole-clip cost, already scaled to the clip's frame rate.

    Attributes:
        acceleration: Of each degree of freedom's second difference.
        velocity: Of a joint's step beyond its limit.
        second_difference: Of a joint's second difference beyond its limit.
        floor: Of a sphere's depth below the floor, 1/m^2.
        collision: Of the overlap of two capsules, 1/m^2.
        regularisation: Added to the diagonal.
        heel_lift: Highest anchor of a contact point of a tilted foot, metres.
    """

    acceleration: Float64[np.ndarray, "V"]
    velocity: float
    second_difference: float
    floor: float
    collision: float
    regularisation: float
    heel_lift: float


class Scene(NamedTuple):
    """What the robot must stay out of besides the floor: O shapes, and F spheres of the robot that may meet them.

    Attributes:
        shapes: The shapes, single precision.
        bounds: Radius of the sphere around each shape's middle that holds it, metres.
        reach: That of the sphere around the base's origin that holds the robot, metres.
        bodies: Body of each sphere.
        points: Its centre in the body's frame, metres.
        radii: Its radius, metres.
        groups: Which of G points of the human goes where it goes.
        places: Where each shape is in each frame, world, metres.
        turns: How it is turned.
        sides: On which of its faces' side each of the human's points is: of a box 1, 2, 3 for x, y, z or their
            negatives; of a hull one more than the face's number; 0 where it is not to count.
        grounds: Normal of what each foot stands on in each frame, world.
        weight: Of a sphere's depth in a shape, 1/m^2.
    """

    shapes: Shapes
    bounds: Float64[np.ndarray, "O"]
    reach: float
    bodies: Int64[np.ndarray, "F"]
    points: Float[np.ndarray, "F 3"]
    radii: Float[np.ndarray, "F"]
    groups: Int64[np.ndarray, "F"]
    places: Float64[np.ndarray, "T O 3"]
    turns: Float64[np.ndarray, "T O 3 3"]
    sides: Int8[np.ndarray, "T G O"]
    grounds: Float64[np.ndarray, "T 2 3"]
    weight: float

    def part(self, first: int, last: int) -> Scene:
        """The same from frame ``first`` up to, not including, ``last``."""
        return self._replace(
            places=self.places[first:last],
            turns=self.turns[first:last],
            sides=self.sides[first:last],
            grounds=self.grounds[first:last],
        )

    def led_in(self, frames: int, lead: int) -> Scene:
        """The first ``frames``, and ``lead`` frames before them in which things lie as in the first."""
        return self._replace(
            places=_held_before(self.places[:frames], lead),
            turns=_held_before(self.turns[:frames], lead),
            sides=_held_before(self.sides[:frames], lead),
            grounds=_held_before(self.grounds[:frames], lead),
        )


def _held_before(values: np.ndarray, lead: int) -> np.ndarray:
    return np.concatenate([np.repeat(values[:1], lead, axis=0), values])


class Problem(NamedTuple):
    """Everything that does not change during a solve.

    Attributes:
        fps: Frames per second; the rest is explained where its type is.
        scene: Things around the robot; None where there are none, for which kernels are compiled by themselves.
    """

    fps: float
    tree: Tree
    limits: Limits
    tasks: Tasks
    soles: Soles
    floor: Floor
    capsules: Capsules
    masses: Masses
    weights: Weights
    clip: Clip
    scene: Scene | None = None

    def part(self, first: int, last: int) -> Problem:
        """The same for the frames from ``first`` up to, not including, ``last``."""
        return self._replace(
            clip=Clip(*(values[first:last] for values in self.clip)),
            scene=None if self.scene is None else self.scene.part(first, last),
        )


def single_robot(problem: Problem) -> Problem:
    """The problem with its robot in single precision, in which frames are worked on side by side; limits stay exact.

    It is returned as it is where it is so already.
    """
    if problem.tree.basis.dtype == np.float32:
        return problem
    return problem._replace(
        tree=_single(problem.tree),
        tasks=_single(problem.tasks),
        soles=_single(problem.soles),
        floor=_single(problem.floor),
        capsules=_single(problem.capsules),
        masses=_single(problem.masses),
    )


def _single(arrays: _Arrays) -> _Arrays:
    fields: list[Any] = [
        field.astype(np.float32)
        if isinstance(field, np.ndarray) and field.dtype == np.float64
        else field
        for field in arrays
    ]
    return type(arrays)(*fields)
