"""Scenes: objects with a path and terrain without one, around one motion."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from jaxtyping import Float64

from retarget.errors import RetargetError
from retarget.frame_rates import rate_problem
from retarget.geometry import slerp, without_flips
from retarget.scenes.shapes import FARTHEST, Shape

__all__ = [
    "FEET",
    "TOUCH_POINTS",
    "ObjectTrajectory",
    "Scene",
    "SceneObject",
    "Size",
    "TaskKind",
    "Terrain",
    "Touch",
]

Size = float | Literal["scaled"]
"""How large a thing is in the robot's world: a factor on its real size, or ``scaled`` as the person's world is."""

TOUCH_POINTS: Final = (
    "left_heel", "left_toe", "right_heel", "right_toe", "left_knee", "right_knee", "left_palm", "right_palm", "seat",
)  # fmt: skip
"""Points of the human's body that may touch things."""

FEET: Final = 4
"""How many of these, the first ones, are of feet."""

_LARGEST, _SMALLEST = 100.0, 0.01  # times its real size


class TaskKind(enum.StrEnum):
    """What a scene is about; it follows from what there is."""

    ROBOT_ONLY = "robot_only"
    OBJECT_INTERACTION = "object_interaction"
    CLIMBING = "climbing"


@dataclass(frozen=True, slots=True, eq=False)
class ObjectTrajectory:
    """The path of an object's frame: metres, z up, in the world of the motion.

    Attributes:
        positions: Where its origin is.
        rotations: How it is turned, unit quaternions, wxyz.
        fps: Frames per second.

    Example:
        >>> ObjectTrajectory.identity(3, 30.0).positions.shape
        (3, 3)
    """

    positions: Float64[np.ndarray, "T 3"]
    rotations: Float64[np.ndarray, "T 4"]
    fps: float

    def __post_init__(self) -> None:
        frames = len(self.positions)
        if self.positions.shape != (frames, 3) or self.rotations.shape != (frames, 4) or not frames:
            raise RetargetError(
                f"a path of positions {self.positions.shape} and rotations {self.rotations.shape} is none; "
                "give (T, 3) and (T, 4)"
            )
        if problem := rate_problem(self.fps):
            raise RetargetError(f"a path: {problem}")
        for name, values in (("position", self.positions), ("rotation", self.rotations)):
            wrong = ~np.isfinite(values).all(axis=1)
            if wrong.any():
                raise RetargetError(
                    f"the path's {name} in frame {int(np.argmax(wrong))} is not a number; repair or cut it"
                )
        if (farthest := float(np.abs(self.positions).max())) > FARTHEST:
            raise RetargetError(
                f"the path leads {farthest:g} m away; up to {FARTHEST:g} m are taken: give metres"
            )
        lengths = np.linalg.norm(self.rotations, axis=1)
        if (wrong := np.abs(lengths - 1) > 0.05).any():
            raise RetargetError(
                f"the path's rotation in frame {int(np.argmax(wrong))} has length {lengths[wrong][0]:.3g}; "
                "give unit quaternions, w first"
            )
        turned = without_flips(self.rotations / lengths[:, None])
        object.__setattr__(self, "rotations", turned)

    @classmethod
    def identity(cls, frames: int, fps: float) -> ObjectTrajectory:
        """One that lies at the origin, unturned."""
        turned = np.zeros((frames, 4))
        turned[:, 0] = 1.0
        return cls(np.zeros((frames, 3)), turned, fps)

    def __len__(self) -> int:
        return len(self.positions)

    def resampled(self, fps: float, frames: int | None = None) -> ObjectTrajectory:
        """The same at another rate, for so many frames; where it ends it stays."""
        if frames is None:
            frames = round((len(self) - 1) * fps / self.fps) + 1
        if fps == self.fps and frames == len(self):
            return self
        time = np.minimum(np.arange(frames) * (self.fps / fps), len(self) - 1)
        before = np.minimum(time.astype(np.int64), max(len(self) - 2, 0))
        after = np.minimum(before + 1, len(self) - 1)
        share = time - before
        places = (
            self.positions[before]
            + (self.positions[after] - self.positions[before]) * share[:, None]
        )
        return ObjectTrajectory(
            places, slerp(self.rotations[before], self.rotations[after], share), fps
        )

    def between(self, start_s: float | None, end_s: float | None) -> ObjectTrajectory:
        """The frames from one time to another, seconds."""
        first = 0 if start_s is None else min(round(start_s * self.fps), len(self) - 1)
        last = (
            len(self)
            if end_s is None
            else max(first + 1, min(len(self), round(end_s * self.fps) + 1))
        )
        return replace(
            self, positions=self.positions[first:last], rotations=self.rotations[first:last]
        )

    def retimed(self, scale: float) -> ObjectTrajectory:
        """The same path in ``scale`` times the time."""
        return replace(self, fps=self.fps / scale)

    def mirrored(self) -> ObjectTrajectory:
        """The path of the mirror image in the plane y = 0."""
        return replace(
            self,
            positions=self.positions * np.array([1.0, -1.0, 1.0]),
            rotations=self.rotations * np.array([1.0, -1.0, 1.0, -1.0]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class SceneObject:
    """A thing of its own size, fixed or on a path.

    Attributes:
        name: For tables, touches and results.
        shapes: What it is made of, in its own frame, metres.
        trajectory: Its path; None where it lies at the origin of the world.
        size: How large it is in the robot's world, over its real size.
        mesh: What it looks like, for pictures and exports.
        mass_kg: For exports; None where it is not known.
        stand_in: What it is made of in the robot's world, real size, where that is something else.
    """

    name: str
    shapes: tuple[Shape, ...]
    trajectory: ObjectTrajectory | None = None
    size: Size = 1.0
    mesh: Path | None = None
    mass_kg: float | None = None
    stand_in: tuple[Shape, ...] | None = None

    def __post_init__(self) -> None:
        _check_thing(self.name, self.shapes, self.size)

    @property
    def moves(self) -> bool:
        """Whether it is on a path that leads anywhere."""
        path = self.trajectory
        return path is not None and bool(
            np.ptp(path.positions, axis=0).max() > 1e-4
            or np.ptp(path.rotations, axis=0).max() > 1e-4
        )


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """What the floor carries and nobody moves: steps, ramps, platforms, rocks.

    Attributes:
        name: For tables, touches and results.
        shapes: What it is made of, in the world, metres.
        size: How large it is in the robot's world, over its real size; ``scaled`` leaves the climb the same climb.
        stretch: Factor on that.
        height: Factor on its heights alone, besides.
    """

    name: str
    shapes: tuple[Shape, ...]
    size: Size = "scaled"
    stretch: float = 1.0
    height: float = 1.0

    def __post_init__(self) -> None:
        _check_thing(self.name, self.shapes, self.size)


@dataclass(frozen=True, slots=True)
class Touch:
    """A time in which a point of the human's body touches a thing, given rather than found.

    Attributes:
        point: One of `TOUCH_POINTS`.
        thing: The name of an object or a terrain, or ``floor``.
        first_s: When it begins, seconds.
        last_s: When it ends, seconds.
    """

    point: str
    thing: str
    first_s: float
    last_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All things around a motion, in its world: metres, z up; the floor is at z = 0.

    Attributes:
        objects: Things of a size of their own.
        terrains: Things that are part of the world.
        touches: Contacts that are given; points that have none are found.
        source: The file that it is from, if any.
        notes: What a user should know, such as how a mesh was taken.

    Example:
        >>> Scene(terrains=(Terrain("step", (Shape.box((1, 1, 0.2)),)),)).kind.value
        'climbing'
    """

    objects: tuple[SceneObject, ...] = ()
    terrains: tuple[Terrain, ...] = ()
    touches: tuple[Touch, ...] = ()
    source: Path | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = ["floor", *(o.name for o in self.objects), *(t.name for t in self.terrains)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise RetargetError(f"two things are named {twice[0]!r}; name each of them otherwise")
        for touch in self.touches:
            if touch.point not in TOUCH_POINTS:
                raise RetargetError(
                    f"a touch of {touch.point!r}: no such point; there are {', '.join(TOUCH_POINTS)}"
                )
            if touch.thing not in names:
                raise RetargetError(
                    f"a touch of {touch.thing!r}: no such thing; there are {', '.join(names)}"
                )
            if not 0 <= touch.first_s < touch.last_s:
                raise RetargetError(
                    f"a touch of {touch.thing!r} from {touch.first_s:g} to {touch.last_s:g} s has no time; "
                    "give from_s before to_s"
                )

    @property
    def kind(self) -> TaskKind:
        """What it is about."""
        if any(thing.moves for thing in self.objects):
            return TaskKind.OBJECT_INTERACTION
        return TaskKind.CLIMBING if self.terrains or self.objects else TaskKind.ROBOT_ONLY

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing but the floor."""
        return not self.objects and not self.terrains

    def between(self, start_s: float | None, end_s: float | None) -> Scene:
        """What belongs to the frames of a motion from one time to another, seconds."""
        if start_s is None and end_s is None:
            return self
        begin, end = start_s or 0.0, np.inf if end_s is None else end_s
        return replace(
            self,
            objects=tuple(
                replace(o, trajectory=o.trajectory.between(start_s, end_s))
                if o.trajectory is not None
                else o
                for o in self.objects
            ),
            touches=tuple(
                replace(t, first_s=max(t.first_s - begin, 0.0), last_s=min(t.last_s, end) - begin)
                for t in self.touches
                if t.last_s > begin and t.first_s < end
            ),
        )

    def retimed(self, scale: float) -> Scene:
        """What belongs to a motion played in ``scale`` times the time."""
        if scale == 1.0:
            return self
        return replace(
            self,
            objects=tuple(
                replace(o, trajectory=o.trajectory.retimed(scale))
                if o.trajectory is not None
                else o
                for o in self.objects
            ),
            touches=tuple(
                replace(t, first_s=t.first_s * scale, last_s=t.last_s * scale) for t in self.touches
            ),
        )

    def mirrored(self) -> Scene:
        """What belongs to the mirror image of the motion."""
        return replace(
            self,
            objects=tuple(
                replace(
                    o,
                    shapes=tuple(shape.mirrored() for shape in o.shapes),
                    stand_in=None
                    if o.stand_in is None
                    else tuple(shape.mirrored() for shape in o.stand_in),
                    trajectory=None if o.trajectory is None else o.trajectory.mirrored(),
                )
                for o in self.objects
            ),
            terrains=tuple(
                replace(t, shapes=tuple(shape.mirrored() for shape in t.shapes))
                for t in self.terrains
            ),
            touches=tuple(replace(t, point=_other_side(t.point)) for t in self.touches),
        )

    def as_json(self) -> dict[str, Any]:
        """What there is, for provenance."""
        return {
            "source": None if self.source is None else str(self.source),
            "kind": str(self.kind),
            "objects": [{"name": o.name, "size": o.size, "moves": o.moves} for o in self.objects],
            "terrains": [{"name": t.name, "size": t.size} for t in self.terrains],
            "notes": list(self.notes),
        }


def _other_side(point: str) -> str:
    side, _, rest = point.partition("_")
    return {"left": "right_", "right": "left_"}.get(side, side) + rest


def _check_thing(name: str, shapes: tuple[Shape, ...], size: Size) -> None:
    if not name:
        raise RetargetError("a thing has no name; give it one")
    if not shapes:
        raise RetargetError(f"{name}: the thing has no shape; give it a mesh, boxes or another")
    if size != "scaled" and not _SMALLEST <= float(size) <= _LARGEST:
        raise RetargetError(
            f"{name}: the size {size} is none; give a factor from {_SMALLEST:g} to {_LARGEST:g}, or 'scaled'"
        )
