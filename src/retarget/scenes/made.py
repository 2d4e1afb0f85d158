"""Scenes made from plain clips: somebody who walks comes to carry a crate, or to step up onto a platform.

For tutorials and tests, where no recording of things can be shipped: legs and trunk are the recorded ones, arms are
bent around the crate, and legs step as high as the platform.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64

from retarget.geometry import quaternion_from_matrix, unit
from retarget.motion.contacts import find_contacts
from retarget.motion.fitting.anatomy import find_anatomy
from retarget.motion.ground.level_floor import on_level_floor
from retarget.motion.motion import Motion
from retarget.motion.recording import Recording
from retarget.motion.segments import SIDES
from retarget.motion.understand import motion_from_recording
from retarget.scenes.scene import ObjectTrajectory, Scene, SceneObject, Terrain
from retarget.scenes.shapes import Shape

__all__ = ["at_floor_height", "carrying", "stepping_up"]

_TOE: Final = 0.02  # metres from a toe joint to the floor below it
_AHEAD, _BELOW = (
    0.42,
    0.28,
)  # of an arm's length from the shoulders' middle to the hands, forward and down
_HALF_WIDTH: Final = (
    0.17  # metres: half the crate's width between the hands, and a hand's thickness
)
_HAND: Final = 0.02  # metres of it
_ELBOW: Final = 0.35  # of a limb's direction that its bend points outward


def at_floor_height(motion: Motion) -> Motion:
    """A motion whose floor is level, and at z = 0."""
    motion = on_level_floor(motion).motion
    floor = find_contacts(find_anatomy(motion)).floor - _TOE
    places = np.asarray(motion.positions, np.float64) - np.array([0.0, 0.0, floor])
    return replace(motion, positions=places, source=replace(motion.source, floor_m=0.0))


def carrying(motion: Motion) -> tuple[Motion, Scene]:
    """The motion with its hands at the sides of a crate, and the crate.

    Args:
        motion: Somebody who walks or stands; its floor at z = 0.
    """
    places = np.array(motion.positions, np.float64)
    at = {role: places[:, joint] for role, joint in motion.roles.items()}
    across = unit((at["left_hip"] - at["right_hip"]) * [1.0, 1.0, 0.0])
    across = _smooth(across, motion.fps)
    ahead = np.cross(across, [0.0, 0.0, 1.0])
    shoulders = (at["left_shoulder"] + at["right_shoulder"]) / 2
    arm = float(
        np.median(
            np.linalg.norm(at["left_shoulder"] - at["left_elbow"], axis=1)
            + np.linalg.norm(at["left_elbow"] - at["left_wrist"], axis=1)
        )
    )
    middle = shoulders + arm * (_AHEAD * ahead + np.array([0.0, 0.0, -_BELOW]))
    moved: dict[str, Float64[np.ndarray, "T 3"]] = {}
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        hand = middle + sign * (_HALF_WIDTH + _HAND) * across
        wrist = hand - 0.04 * ahead
        shoulder, elbow = at[f"{side}_shoulder"], at[f"{side}_elbow"]
        down = np.array([0.0, 0.0, -1.0]) + sign * _ELBOW * across
        bent = _bent(shoulder, elbow, at[f"{side}_wrist"], wrist, down)
        moved |= {f"{side}_elbow": bent, f"{side}_wrist": wrist}
    turns = quaternion_from_matrix(
        np.stack([ahead, across, np.broadcast_to([0, 0, 1.0], across.shape)], axis=2)
    )
    crate = SceneObject(
        "crate",
        (Shape.box((0.3, 2 * _HALF_WIDTH, 0.25)),),
        ObjectTrajectory(middle, turns, motion.fps),
        mass_kg=2.0,
    )
    return _of_roles(motion, at | moved), Scene(objects=(crate,))


def stepping_up(motion: Motion, height: float = 0.15) -> tuple[Motion, Scene]:
    """A walk that goes on on a platform, and the platform.

    Args:
        motion: Somebody who walks; its floor at z = 0.
        height: Of the platform, metres.
    """
    anatomy = find_anatomy(motion)
    stance = np.asarray(find_contacts(anatomy).stance.any(axis=2))
    at = {role: np.array(motion.role_positions(role)) for role in motion.roles}
    toes = [at[f"{side}_toe"] for side in SIDES]
    way = unit((at["pelvis"][-1] - at["pelvis"][0]) * [1.0, 1.0, 0.0])
    first, last = _two_steps(stance)
    rises = np.zeros((len(motion), 2))
    for foot, (begin, end) in enumerate((first, last)):
        time = np.clip((np.arange(len(motion)) - begin) / max(end - begin, 1), 0.0, 1.0)
        rises[:, foot] = np.clip(1.6 * time, 0.0, 1.0) ** 2 * (
            3 - 2 * np.clip(1.6 * time, 0.0, 1.0)
        )
    floor = max(float(toes[f][b - 1] @ way) for f, (b, _) in enumerate((first, last)))
    above = min(
        float(at[f"{s}_ankle"][e] @ way) for s, (_, e) in zip(SIDES, (first, last), strict=True)
    )
    edge = (floor + above) / 2
    body = _smooth(rises.mean(axis=1, keepdims=True), motion.fps)[:, 0]
    moved = {
        role: places + [0.0, 0.0, 1.0] * (height * body)[:, None] for role, places in at.items()
    }
    for foot, side in enumerate(SIDES):
        rise = np.array([0.0, 0.0, 1.0]) * (height * rises[:, foot])[:, None]
        ankle = at[f"{side}_ankle"] + rise
        hip, knee = moved[f"{side}_hip"], at[f"{side}_knee"]
        bend = knee - (at[f"{side}_hip"] + at[f"{side}_ankle"]) / 2 + 0.05 * way
        moved[f"{side}_knee"] = _bent(
            at[f"{side}_hip"], knee, at[f"{side}_ankle"], ankle, bend, hip
        )
        moved[f"{side}_ankle"], moved[f"{side}_toe"] = ankle, at[f"{side}_toe"] + rise
    yaw = np.arctan2(way[1], way[0])
    turn = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1.0]])
    beside = np.cross([0, 0, 1.0], way)
    middle = (edge + 2.0) * way + float(at["pelvis"].mean(axis=0) @ beside) * beside
    box = Shape.box((4.0, 3.0, height)).at(middle + np.array([0, 0, height / 2]), turn)
    return _of_roles(motion, moved), Scene(terrains=(Terrain("platform", (box,)),))


def _two_steps(stance: Bool[np.ndarray, "T 2"]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Swing of each foot (first frame, frame of landing) that follow each other around the middle of a clip."""
    middle = len(stance) // 2
    swings = []
    for foot in range(2):
        down = stance[:, foot]
        landings = np.flatnonzero(down[1:] & ~down[:-1]) + 1
        after = landings[landings >= middle]
        landing = int(after[0] if len(after) else landings[-1])
        before = np.flatnonzero(down[:landing])
        swings.append((int(before[-1]) + 1 if len(before) else 1, landing))
    return swings[0], swings[1]


def _bent(
    first: Float64[np.ndarray, "T 3"],
    middle: Float64[np.ndarray, "T 3"],
    last: Float64[np.ndarray, "T 3"],
    goal: Float64[np.ndarray, "T 3"],
    towards: Float64[np.ndarray, "T 3"],
    start: Float64[np.ndarray, "T 3"] | None = None,
) -> Float64[np.ndarray, "T 3"]:
    """The middle joint of a limb of unchanged lengths from ``start`` to ``goal`` that bends towards a direction."""
    start = first if start is None else start
    upper = np.linalg.norm(first - middle, axis=1, keepdims=True)
    lower = np.linalg.norm(middle - last, axis=1, keepdims=True)
    line = goal - start
    length = np.linalg.norm(line, axis=1, keepdims=True)
    reach = np.clip(length, np.abs(upper - lower) + 1e-3, upper + lower - 1e-4)
    along = line / np.maximum(length, 1e-9)
    share = (upper**2 - lower**2 + reach**2) / (2 * reach)
    aside = (
        towards
        - np.einsum("ti,ti->t", np.broadcast_to(towards, along.shape), along)[:, None] * along
    )
    height = np.sqrt(np.maximum(upper**2 - share**2, 0.0))
    return np.asarray(start + share * along + height * unit(aside))


def _smooth(values: Float64[np.ndarray, "T n"], fps: float) -> Float64[np.ndarray, "T n"]:
    from scipy.ndimage import gaussian_filter1d

    return np.asarray(gaussian_filter1d(values, 0.1 * fps, axis=0, mode="nearest"))


def _of_roles(motion: Motion, at: dict[str, Float64[np.ndarray, "T 3"]]) -> Motion:
    """A motion of joints named after their roles, turned as their places say."""
    chains = {"spine": "pelvis", "chest": "pelvis", "neck": "chest", "head": "neck"}
    for side in SIDES:
        chains |= {f"{side}_hip": "pelvis", f"{side}_shoulder": "chest"}
        for chain in (("hip", "knee", "ankle", "toe"), ("shoulder", "elbow", "wrist")):
            chains |= {f"{side}_{b}": f"{side}_{a}" for a, b in pairwise(chain)}
    names = ["pelvis", *(role for role in chains if role in at)]
    parents = [-1]
    for name in names[1:]:
        above = chains[name]
        while above not in names:
            above = chains[above]
        parents.append(names.index(above))
    places = np.stack([at[name] for name in names], axis=1)
    recording = Recording.of_places(
        names, np.array(parents), places, motion.fps, metres_per_unit=1.0, up_axis="z"
    )
    made = motion_from_recording(
        recording, motion.source, roles={name: name for name in names}, up="z", unit="metre", floor_m=0.0,
        skip_bind_pose=False,
    )  # fmt: skip
    return replace(made, source=replace(made.source, floor_m=0.0))
