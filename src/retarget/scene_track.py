"""Things around a robot's motion: where they are in its world and the human's, and what of the human touches them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int16, Int32

from retarget.errors import RetargetError
from retarget.geometry import slerp

__all__ = ["NOTHING", "SCENE_ARRAYS", "SceneTrack", "StandIn"]

NOTHING: Final = -1
"""What a point touches that touches nothing; 0 is the floor, and n the n-th thing, counted from 1."""

SCENE_ARRAYS: Final = (
    "thing_names",
    "thing_poses",
    "thing_sizes",
    "thing_moves",
    "source_thing_poses",
    "touch_names",
    "touches",
    "hold_runs",
    "hold_places",
    "scene_json",
)
"""Names of its arrays in a result's file."""


class StandIn(NamedTuple):
    """What a thing is for the robot, where that is something else than for the human.

    Attributes:
        shapes: What it is made of, as `SceneTrack.shapes` has it.
        height: Factor on the heights of the human's, by which its are others.
    """

    shapes: tuple[Mapping[str, Any], ...]
    height: float


@dataclass(frozen=True, slots=True, eq=False)
class SceneTrack:
    """A scene over the frames of a result.

    Attributes:
        names: Names of the O things.
        poses: Their poses in the robot's world: xyz in metres, then wxyz.
        sizes: How large each is there, over its real size.
        moves: Whether it is on a path.
        source_poses: Poses in the human's world, floor at z = 0.
        scale: Robot metres per human metre.
        shapes: What each is made of, real size, in its own frame: as `retarget.scenes.Shape.as_json` says it.
        touch_names: Names of the K points of the human that may touch things.
        touches: What each touches: `NOTHING`, 0 for the floor, n for the n-th thing, counted from 1.
        hold_runs: Holds of hands, knees and seat on things: point, thing (counted as in ``touches``), first frame, and
            the frame after the last.
        hold_places: Where on the thing the human is in each of them, real size, in its frame, metres.
        masses: What each weighs, kg; None where nobody has said.
        stand_ins: What each is for the robot; None where it is what it is for the human.
    """

    names: tuple[str, ...]
    poses: Float64[np.ndarray, "T O 7"]
    sizes: Float64[np.ndarray, "O"]
    moves: Bool[np.ndarray, "O"]
    source_poses: Float64[np.ndarray, "T O 7"]
    scale: float
    shapes: tuple[tuple[Mapping[str, Any], ...], ...]
    touch_names: tuple[str, ...]
    touches: Int16[np.ndarray, "T K"]
    hold_runs: Int32[np.ndarray, "H 4"]
    hold_places: Float64[np.ndarray, "H 3"]
    masses: tuple[float | None, ...]
    stand_ins: tuple[StandIn | None, ...]

    def problem(self, frames: int) -> str:
        """What is wrong with it for a result of so many frames, in words; empty where nothing is."""
        things, points = len(self.names), len(self.touch_names)
        shapes = {
            "thing_poses": (self.poses, (frames, things, 7)),
            "source_thing_poses": (self.source_poses, (frames, things, 7)),
            "thing_sizes": (self.sizes, (things,)),
            "thing_moves": (self.moves, (things,)),
            "touches": (self.touches, (frames, points)),
            "hold_runs": (self.hold_runs, (len(self.hold_runs), 4)),
            "hold_places": (self.hold_places, (len(self.hold_runs), 3)),
        }
        for name, (array, shape) in shapes.items():
            if array.shape != shape:
                return f"{name} is of shape {array.shape}, not {shape}"
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                return f"{name} holds NaN or infinite values"
        for what, given in (
            ("shapes", self.shapes),
            ("masses", self.masses),
            ("stand-ins", self.stand_ins),
        ):
            if len(given) != things:
                return f"there are {what} of {len(given)} things, names of {things}"
        if self.touches.size and not NOTHING <= self.touches.min() <= self.touches.max() <= things:
            return "touches names things that there are not"
        runs = self.hold_runs
        low, high = np.array([0, 0, 0, 1]), np.array([points - 1, things, frames - 1, frames])
        if len(runs) and ((runs < low) | (runs > high)).any():
            return "hold_runs has points, things or frames that there are not"
        return ""

    @property
    def moving_names(self) -> tuple[str, ...]:
        """Names of the things on paths alone."""
        return tuple(name for name, on in zip(self.names, self.moves, strict=True) if on)

    def moving_poses(self) -> Float64[np.ndarray, "T M 7"]:
        """Poses of the things on paths alone, as free joints have them: xyz, wxyz."""
        return self.poses[:, self.moves]

    def part(self, first: int, stop: int) -> SceneTrack:
        """The frames from ``first`` up to, without, ``stop``, with what is left of holds."""
        rows = slice(first, stop)
        runs = self.hold_runs.copy()
        runs[:, 2:] = np.clip(runs[:, 2:] - first, 0, stop - first)
        kept = runs[:, 3] > runs[:, 2]
        return replace(
            self,
            poses=self.poses[rows],
            source_poses=self.source_poses[rows],
            touches=self.touches[rows],
            hold_runs=runs[kept],
            hold_places=self.hold_places[kept],
        )

    def resampled(self, time: Float64[np.ndarray, "S"]) -> SceneTrack:
        """The same at other times, in frames: places linear, turns by slerp, touches of the nearest frame."""
        last = max(len(self.poses) - 1, 0)
        before = np.minimum(time.astype(np.int64), max(last - 1, 0))
        after = np.minimum(before + 1, last)
        share = time - before
        rate = (len(time) - 1) / max(float(time[-1] - time[0]), 1e-9) if len(time) > 1 else 1.0
        runs = self.hold_runs.copy()
        runs[:, 2:] = np.clip(np.rint(runs[:, 2:] * rate), 0, len(time))
        runs[:, 2] = np.minimum(runs[:, 2], len(time) - 1)
        runs[:, 3] = np.maximum(runs[:, 3], runs[:, 2] + 1)
        return replace(
            self,
            poses=_between(self.poses, before, after, share),
            source_poses=_between(self.source_poses, before, after, share),
            touches=self.touches[np.where(share < 0.5, before, after)],
            hold_runs=runs,
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """Its arrays by name of `SCENE_ARRAYS`."""
        shapes = [list(map(dict, one)) for one in self.shapes]
        said = {"scale": self.scale, "shapes": shapes, "masses_kg": list(self.masses)}
        if any(self.stand_ins):
            said["stand_ins"] = [
                None
                if one is None
                else {"shapes": list(map(dict, one.shapes)), "height": one.height}
                for one in self.stand_ins
            ]
        return {
            "thing_names": np.array(self.names, np.str_),
            "thing_poses": self.poses,
            "thing_sizes": self.sizes,
            "thing_moves": self.moves,
            "source_thing_poses": self.source_poses,
            "touch_names": np.array(self.touch_names, np.str_),
            "touches": self.touches,
            "hold_runs": self.hold_runs,
            "hold_places": self.hold_places,
            "scene_json": np.array(json.dumps(said, allow_nan=False)),
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Any]) -> SceneTrack:
        """What `arrays` has given, ``scene_json`` parsed.

        Raises:
            RetargetError: The texts say nothing of a scene.
        """
        said = arrays["scene_json"]
        try:
            scale, shapes = float(said["scale"]), tuple(tuple(one) for one in said["shapes"])
            stated = said.get("masses_kg", [None] * len(shapes))  # files of before have none
            others = said.get("stand_ins", [None] * len(shapes))
            stand_ins = tuple(
                None if one is None else StandIn(tuple(one["shapes"]), float(one["height"]))
                for one in others
            )
            masses = tuple(None if mass is None else float(mass) for mass in stated)
        except (KeyError, TypeError, ValueError):
            raise RetargetError("scene_json holds no scale and shapes") from None
        return cls(
            tuple(map(str, arrays["thing_names"])),
            np.ascontiguousarray(arrays["thing_poses"], np.float64),
            np.asarray(arrays["thing_sizes"], np.float64),
            np.asarray(arrays["thing_moves"], bool),
            np.ascontiguousarray(arrays["source_thing_poses"], np.float64),
            scale,
            shapes,
            tuple(map(str, arrays["touch_names"])),
            np.asarray(arrays["touches"], np.int16),
            np.asarray(arrays["hold_runs"], np.int32),
            np.asarray(arrays["hold_places"], np.float64),
            masses,
            stand_ins,
        )


def _between(
    poses: Float64[np.ndarray, "T O 7"],
    before: np.ndarray,
    after: np.ndarray,
    share: Float64[np.ndarray, "S"],
) -> Float64[np.ndarray, "S O 7"]:
    first, second = poses[before], poses[after]
    out = first + (second - first) * share[:, None, None]
    for o in range(poses.shape[1]):
        out[:, o, 3:] = slerp(first[:, o, 3:], second[:, o, 3:], share)
    return np.asarray(out)
