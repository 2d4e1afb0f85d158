"""One recording as many: things of other sizes, elsewhere until they are taken up, and mirrored."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from retarget.errors import OptionsError, RetargetError
from retarget.inputs import complaint, read_toml
from retarget.motion.motion import Motion
from retarget.scenes.scene import ObjectTrajectory, Scene, SceneObject
from retarget.scenes.shapes import Shape
from retarget.wording import listed

__all__ = ["AugmentPlan", "Variant", "first_touch", "load_plan", "variants"]

_BEFORE = 0.3  # seconds before its first touch from which a shifted thing comes to its path
_COMING = 1.0  # seconds in which it does, at most
_LEAST, _MOST = 0.1, 10.0  # times a size

ShapeName: TypeAlias = Literal["box", "cylinder", "capsule", "sphere"]
"""What an object can be made instead of what it is; those that are round are about its z axis."""


class Variant(BaseModel):
    """One way to change a scene; its name says which.

    Attributes:
        sizes: Size of each object that is changed, over its real size.
        shapes: What each object that is changed is instead, as large along its axes: `SHAPES`.
        terrain: Factor on the size of all terrain.
        terrain_height: Factor on its heights alone, besides.
        shift_m: By how much each object lies elsewhere until it is taken up, metres along x, y and z.
        yaw_deg: By how much it is turned until then, about the vertical.
        mirror: Whether the mirror image of all is retargeted.
        robot: Another robot, by name or path; empty keeps the one that is asked for.

    Example:
        >>> Variant(sizes={"crate": 0.85}, mirror=True).name
        'crate0.85__mirror'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    sizes: dict[str, float] = Field(default_factory=dict)
    shapes: dict[str, ShapeName] = Field(default_factory=dict)
    terrain: float = Field(default=1.0, ge=_LEAST, le=_MOST)
    terrain_height: float = Field(default=1.0, ge=_LEAST, le=_MOST)
    shift_m: dict[str, tuple[float, float, float]] = Field(default_factory=dict)
    yaw_deg: dict[str, float] = Field(default_factory=dict)
    mirror: bool = False
    robot: str = ""

    @property
    def name(self) -> str:
        """Its name; ``original`` where nothing is changed."""
        parts = [f"{thing}{size:g}" for thing, size in self.sizes.items()]
        parts += [f"{thing}_{shape}" for thing, shape in self.shapes.items()]
        parts += [f"terrain{self.terrain:g}"] if self.terrain != 1.0 else []
        parts += [f"height{self.terrain_height:g}"] if self.terrain_height != 1.0 else []
        parts += [
            f"{thing}_at" + "_".join(f"{x:g}" for x in shift)
            for thing, shift in self.shift_m.items()
        ]
        parts += [f"{thing}_yaw{angle:g}" for thing, angle in self.yaw_deg.items()]
        parts += ["mirror"] if self.mirror else []
        parts += [Path(self.robot).stem] if self.robot else []
        return "__".join(parts) or "original"

    def scene(self, scene: Scene, motion: Motion) -> Scene:
        """The scene so changed; the mirror is for `retarget.RetargetOptions`.

        Raises:
            RetargetError: The scene has no such thing.
        """
        names = [thing.name for thing in scene.objects]
        for name in (*self.sizes, *self.shapes, *self.shift_m, *self.yaw_deg):
            if name not in names:
                raise RetargetError(
                    f"a variant of {name!r}: the scene has {listed(names) or 'no objects'}"
                )
        if not scene.terrains and (self.terrain, self.terrain_height) != (1.0, 1.0):
            raise RetargetError("a variant of terrain: the scene has none; leave terrain out")
        taken = first_touch(scene, motion) if self.shift_m or self.yaw_deg else {}
        objects = tuple(self._changed(one, taken.get(one.name)) for one in scene.objects)
        terrains = tuple(
            replace(t, stretch=t.stretch * self.terrain, height=t.height * self.terrain_height)
            for t in scene.terrains
        )
        return replace(scene, objects=objects, terrains=terrains)

    def _changed(self, one: SceneObject, taken: float | None) -> SceneObject:
        """An object so changed, which a hand takes up at a time, if any does, seconds."""
        name = one.name
        if name in self.sizes:
            one = replace(one, size=self.sizes[name])
        if name in self.shapes:
            one = replace(one, stand_in=_standing_in(one, self.shapes[name]))
        if name not in self.shift_m and name not in self.yaw_deg:
            return one
        shift = np.array(self.shift_m.get(name, (0.0, 0.0, 0.0)))
        return _elsewhere(one, shift, math.radians(self.yaw_deg.get(name, 0.0)), taken)


class AugmentPlan(BaseModel):
    """What to vary, as ``plan.toml`` says it: every combination is a variant.

    Attributes:
        sizes: By object, its sizes over its real size.
        shapes: By object, what it is instead, as large along its axes.
        terrain: Factors on the size of all terrain.
        terrain_height: Factors on its heights alone, besides.
        shift_m: By object, where it lies until it is taken up, metres from where it does.
        yaw_deg: By object, how it is turned until then.
        mirror: Retarget the mirror image of each as well.
        robots: Robots, by name or path; none keeps the one that is asked for.
        count: Most variants; those that are left out are chosen by ``seed``.
        seed: Of that choice.

    Example:
        >>> plan = AugmentPlan(sizes={"crate": [0.8, 1.0]}, mirror=True)
        >>> [variant.name for variant in variants(plan)]
        ['crate0.8', 'crate0.8__mirror', 'crate1', 'crate1__mirror']
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    sizes: dict[str, list[float]] = Field(default_factory=dict)
    shapes: dict[str, list[ShapeName]] = Field(default_factory=dict)
    terrain: list[float] = Field(default_factory=list)
    terrain_height: list[float] = Field(default_factory=list)
    shift_m: dict[str, list[tuple[float, float, float]]] = Field(default_factory=dict)
    yaw_deg: dict[str, list[float]] = Field(default_factory=dict)
    mirror: bool = False
    robots: list[str] = Field(default_factory=list)
    count: int | None = Field(default=None, ge=1)
    seed: int = 0

    @property
    def things(self) -> frozenset[str]:
        """The objects that it changes."""
        return frozenset((*self.sizes, *self.shapes, *self.shift_m, *self.yaw_deg))

    @property
    def heights(self) -> tuple[str, ...]:
        """By which keys it varies terrain."""
        said = {"terrain": self.terrain, "terrain_height": self.terrain_height}
        return tuple(key for key, factors in said.items() if set(factors) - {1.0})

    @model_validator(mode="after")
    def _each_value_once(self) -> Self:
        by_thing: list[dict[str, list[Any]]]
        by_thing = [self.sizes, self.shapes, self.shift_m, self.yaw_deg]
        for values in by_thing:
            for name, said in values.items():
                if not said:
                    raise ValueError(f"{name}: no value is given; give some, or leave it out")
        heights = {"terrain": self.terrain, "terrain_height": self.terrain_height}
        for values in (*by_thing, heights):
            for name, said in values.items():
                if len(set(said)) < len(said):
                    raise ValueError(f"{name}: a value is given twice; give each once")
        return self

    @model_validator(mode="after")
    def _of_some_size(self) -> Self:
        heights = {"terrain": self.terrain, "terrain_height": self.terrain_height}
        for name, sizes in {**self.sizes, **heights}.items():
            for size in sizes:
                if not _LEAST <= size <= _MOST:
                    raise ValueError(f"{name}: {size:g} is no size; give {_LEAST:g} to {_MOST:g}")
        return self


def load_plan(path: str | Path) -> AugmentPlan:
    """Read ``plan.toml``.

    Raises:
        FileFormatError: It is missing or no TOML.
        OptionsError: It has a wrong key or value.
    """
    content = read_toml(path, "give the path of a plan of variants (.toml)")
    try:
        return AugmentPlan.model_validate(content)
    except ValidationError as error:
        known = f"known: {', '.join(AugmentPlan.model_fields)}"
        raise OptionsError(f"{path}: {complaint(error.errors()[0], known)}") from None


def variants(plan: AugmentPlan) -> Iterator[Variant]:
    """Every combination of what a plan varies, or ``count`` of them.

    Raises:
        OptionsError: Two would have one name, as two robots of one file name.
    """
    axes: list[list[dict[str, Any]]] = []
    for field in ("sizes", "shapes", "shift_m", "yaw_deg"):
        for name, values in getattr(plan, field).items():
            axes.append([{field: {name: value}} for value in values])
    if plan.terrain:
        axes.append([{"terrain": factor} for factor in plan.terrain])
    if plan.terrain_height:
        axes.append([{"terrain_height": factor} for factor in plan.terrain_height])
    if plan.mirror:
        axes.append([{}, {"mirror": True}])
    if plan.robots:
        axes.append([{"robot": robot} for robot in plan.robots])
    found = [_joined(parts) for parts in itertools.product(*axes)]
    for name, times in Counter(variant.name for variant in found).items():
        if times > 1:
            raise OptionsError(f"{times} variants are named {name!r}; vary what tells them apart")
    if plan.count is not None and plan.count < len(found):
        rng = np.random.default_rng(plan.seed)
        found = [found[i] for i in sorted(rng.choice(len(found), plan.count, replace=False))]
    yield from found


def _joined(parts: tuple[dict[str, Any], ...]) -> Variant:
    fields: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            fields[key] = {**fields.get(key, {}), **value} if isinstance(value, dict) else value
    return Variant(**fields)


def first_touch(scene: Scene, motion: Motion) -> dict[str, float]:
    """When each moving object is first touched by a hand, seconds; those that never are have none."""
    from retarget.motion.contacts import find_contacts
    from retarget.motion.fitting.anatomy import find_anatomy
    from retarget.scenes.meeting import meet
    from retarget.scenes.scene import TOUCH_POINTS

    anatomy = find_anatomy(replace(motion, source=replace(motion.source, floor_m=0.0)))
    met = meet(anatomy, find_contacts(anatomy), scene)
    palms = [TOUCH_POINTS.index(f"{side}_palm") for side in ("left", "right")]
    found = {}
    for o, thing in enumerate(met.things):
        frames = np.flatnonzero((met.touches.things[:, palms] == o).any(axis=1))
        if thing.moves and len(frames):
            found[thing.name] = float(frames[0] / motion.fps)
    return found


def _standing_in(one: SceneObject, kind: ShapeName) -> tuple[Shape, ...]:
    """A shape of a kind that is as large as an object along the axes of the object's largest shape."""
    turn = max(one.shapes, key=lambda shape: float(np.prod(shape.half + shape.rounded))).turn
    ends = [
        [shape.reach(turn.T @ shape.turn) + sign * (turn.T @ shape.place) for shape in one.shapes]
        for sign in (1.0, -1.0)
    ]
    high, low = np.max(ends[0], axis=0), -np.max(ends[1], axis=0)
    size, middle = high - low, turn @ ((high + low) / 2)
    radius = float(size[:2].mean()) / 2
    if kind == "box":
        shape = Shape.box(size)
    elif kind == "cylinder":
        shape = Shape.cylinder(radius, float(size[2]))
    elif kind == "sphere":
        shape = Shape.sphere(float(size.mean()) / 2)
    else:
        radius = min(radius, float(size[2]) / 2 * 0.99)
        shape = Shape.capsule(radius, float(size[2]) - 2 * radius)
    return (shape.at(middle, turn),)


def _elsewhere(
    one: SceneObject, shift: np.ndarray, yaw: float, taken_s: float | None
) -> SceneObject:
    """An object that lies elsewhere until shortly before it is taken up, and comes to its path by then."""
    path = one.trajectory
    if path is None or taken_s is None:
        raise RetargetError(f"{one.name}: no hand takes it up; leave out its shift and yaw")
    end = max(taken_s - _BEFORE, 0.0)
    begin = max(end - _COMING, 0.0)
    time = np.clip((np.arange(len(path)) / path.fps - begin) / max(end - begin, 1e-6), 0.0, 1.0)
    share = 1.0 - time**3 * (10 - 15 * time + 6 * time**2)
    from retarget.geometry import quaternion_product

    half = 0.5 * yaw * share
    zeros = np.zeros(len(path))
    turn = np.stack([np.cos(half), zeros, zeros, np.sin(half)], axis=1)
    return replace(
        one,
        trajectory=ObjectTrajectory(
            path.positions + share[:, None] * shift,
            quaternion_product(turn, path.rotations),
            path.fps,
        ),
    )
