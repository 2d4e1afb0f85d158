"""A recorded person put on the floor: bone lengths and joint axes are the recording's, joint angles are set by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from clips import jump
from scipy.spatial.transform import Rotation

from retarget.motion import Motion
from retarget.motion.fitting.anatomy import find_anatomy
from retarget.motion.segments import SEGMENTS, SIDES, segment_joints

FPS = 30.0
UPRIGHT_FRAME = 60  # of the recording: bone offsets are taken from it
# Leg lengths: how far each joint is above the ground it lies on.
THICKNESS = {
    "toe": 0.0,
    "ankle": 0.03,
    "knee": 0.03,
    "hip": 0.075,
    "wrist": 0.01,
    "elbow": 0.02,
    "shoulder": 0.06,
    "chest": 0.08,
}
TRUNK = ("pitch", "roll", "spine")
LIMB = ("flex", "spread", "turn", "knee", "ankle", "arm", "arm_spread", "elbow")
Angles = dict[str, Any]


def pose(**angles: float) -> Angles:
    """Degrees: pitch and roll of the pelvis, bend of the spine; of both legs and arms alike, all others 0."""
    named = dict.fromkeys((*TRUNK, *(f"{side}_{part}" for side in SIDES for part in LIMB)), 0.0)
    for name, angle in angles.items():
        for key in [name] if name in TRUNK else [f"{side}_{name}" for side in SIDES]:
            named[key] = angle
    return named


STANDING = pose(arm_spread=12, elbow=15)
POSES = {
    "upright on the knees, insteps down": pose(knee=92, ankle=65, arm_spread=12, elbow=15),
    "on the knees, toes tucked": pose(knee=106, ankle=-30, arm_spread=12, elbow=15),
    "sitting on the heels": pose(flex=63, knee=157, ankle=65, pitch=-5, arm_spread=12, elbow=15),
    "W-sit": pose(
        flex=85, spread=10, turn=-75, knee=135, ankle=50, pitch=-5, arm=20, arm_spread=15, elbow=60
    ),
    "cross-legged": pose(
        flex=80, spread=30, turn=75, knee=120, ankle=20, pitch=-12, arm=20, elbow=30
    ),
    "legs stretched out": pose(
        flex=80, knee=5, ankle=10, pitch=-10, arm=20, arm_spread=15, elbow=60
    ),
    "on the back": pose(pitch=-90, arm_spread=20, ankle=30),
    "on the belly": pose(pitch=90, arm_spread=20, ankle=60),
    "on hands and knees": pose(pitch=85, flex=85, knee=90, ankle=65, arm=85, elbow=3),
    "on forearms and knees": pose(
        pitch=105, flex=105, knee=90, ankle=65, arm=112, elbow=95, spine=5
    ),
}


def floor_clip(name: str) -> Motion:
    """Standing, four seconds in one of `POSES` or crawling (``crawling on``, ``crawling back``), standing again."""
    if name.startswith("crawling"):
        return _crawling(1.0 if name.endswith("on") else -1.0)
    return _posed(
        _eased(
            [
                (0, STANDING),
                (2, STANDING),
                (4, POSES[name]),
                (8, POSES[name]),
                (10, STANDING),
                (11, STANDING),
            ]
        )
    )


def seated_clip() -> Motion:
    """Standing, four seconds on a chair that nobody recorded, standing again."""
    sitting = pose(flex=85, knee=85, pitch=-5, arm=25, arm_spread=12, elbow=60)
    keys = [(0, STANDING), (2, STANDING), (4, sitting), (8, sitting), (10, STANDING)]
    return _posed(_eased([*keys, (11, STANDING)]))


def _eased(keys: list[tuple[float, Angles]]) -> Angles:
    """Angles over time that pass through keys smoothly, at rest in each."""
    times = np.array([seconds for seconds, _ in keys], float)
    time = np.arange(0, times[-1], 1 / FPS)
    before = np.clip(np.searchsorted(times, time, "right") - 1, 0, len(keys) - 2)
    share = (time - times[before]) / np.diff(times)[before]
    share = share**3 * (10 - 15 * share + 6 * share**2)
    values = {name: np.array([angles[name] for _, angles in keys]) for name in keys[0][1]}
    return {name: v[before] * (1 - share) + v[before + 1] * share for name, v in values.items()}


def _crawling(direction: float) -> Motion:
    """Hands and knees go diagonally, 1.6 s a stride; the knee that rests stays where it is."""
    base = {name: float(value) for name, value in POSES["on hands and knees"].items()}
    phase = np.arange(0, 8, 1 / FPS) / 1.6 * direction
    angles = {name: np.full(len(phase), value) for name, value in base.items()}
    for side, other, offset in (("left", "right", 0.0), ("right", "left", 0.5)):
        part = (phase + offset) % 1.0
        swing = np.where(part < 0.5, 1 - 4 * part, -np.cos((part - 0.5) * 2 * np.pi))
        angles[f"{side}_flex"] += 18 * swing
        angles[f"{side}_knee"] += 18 * swing
        angles[f"{other}_arm"] += 13.5 * swing
    angles["roll"] = 4 * np.sin(2 * np.pi * phase)
    first = {name: float(values[0]) for name, values in angles.items()}
    down = _eased([(0, STANDING), (2, STANDING), (4, first)])
    begins = len(down["pitch"])
    motion = _posed({name: np.concatenate([down[name], angles[name]]) for name in angles})
    knees = np.stack([motion.role_positions(f"{side}_knee")[:, :2] for side in SIDES], 1)
    resting = np.where(phase % 1.0 < 0.5, 0, 1)
    step = np.diff(knees[begins:], axis=0)[np.arange(len(phase) - 1), resting[1:]]
    travel = np.zeros((len(motion), 1, 3))
    travel[begins + 1 :, 0, :2] = -np.cumsum(step, axis=0)
    return replace(motion, positions=motion.positions + travel)


def _turn(axis: str, degrees: Any) -> Rotation:
    return Rotation.from_euler(axis, np.asarray(degrees, float)[:, None], degrees=True)


def _segments(angles: Angles) -> dict[str, Rotation]:
    """Anatomical frame of each segment: x ahead, y to the left, z up in a person who stands."""
    frames = {"pelvis": _turn("y", angles["pitch"]) * _turn("x", angles["roll"])}
    frames["chest"] = frames["pelvis"] * _turn("y", angles["spine"])
    for side, out in (("left", 1), ("right", -1)):
        leg = {part: angles[f"{side}_{part}"] for part in LIMB}
        thigh = frames["pelvis"] * _turn("y", -leg["flex"])
        thigh = thigh * _turn("x", out * leg["spread"]) * _turn("z", out * leg["turn"])
        shank = thigh * _turn("y", leg["knee"])
        upper = frames["chest"] * _turn("y", -leg["arm"]) * _turn("x", out * leg["arm_spread"])
        forearm = upper * _turn("y", -leg["elbow"])
        parts = (thigh, shank, shank * _turn("y", leg["ankle"]), upper, forearm, forearm)
        names = ("thigh", "shank", "foot", "upper_arm", "forearm", "hand")
        frames |= {f"{side}_{name}": part for name, part in zip(names, parts, strict=True)}
    return frames


def _posed(angles: Angles) -> Motion:
    """Joint poses for joint angles over time, the lowest part of the body on the ground."""
    recorded = jump()
    anatomy = find_anatomy(recorded)
    frames = _segments(angles)
    joints = segment_joints(recorded.roles)[:, 0]
    set_by = {
        int(joint): frames[segment].as_matrix() @ anatomy.calibration.offsets[s].T
        for s, (segment, joint) in enumerate(zip(SEGMENTS, joints, strict=True))
    }
    was = Rotation.from_quat(recorded.rotations[UPRIGHT_FRAME], scalar_first=True).as_matrix()
    place, pelvis = recorded.positions[UPRIGHT_FRAME], recorded.roles["pelvis"]
    count, size = len(angles["pitch"]), len(recorded.joint_names)
    rotations, positions = np.zeros((count, size, 3, 3)), np.zeros((count, size, 3))
    for joint, parent in enumerate(recorded.parents):
        above, reference = (
            (set_by[pelvis], pelvis) if parent < 0 else (rotations[:, parent], parent)
        )
        rotations[:, joint] = set_by.get(joint, above @ (was[reference].T @ was[joint]))
        if parent >= 0:
            bone = was[parent].T @ (place[joint] - place[parent])
            positions[:, joint] = positions[:, parent] + rotations[:, parent] @ bone
    lowest = [
        positions[:, joint, 2] - THICKNESS[role.rpartition("_")[2]] * anatomy.leg_length
        for role, joint in recorded.roles.items()
        if role.rpartition("_")[2] in THICKNESS
    ]
    positions[..., 2] -= np.min(lowest, axis=0)[:, None]
    quaternions = np.stack(
        [Rotation.from_matrix(r).as_quat(scalar_first=True) for r in rotations.swapaxes(0, 1)], 1
    )
    flips = np.sign((quaternions[1:] * quaternions[:-1]).sum(axis=-1))
    quaternions[1:] *= np.cumprod(flips, axis=0)[..., None]
    return replace(recorded, positions=positions, rotations=quaternions, fps=FPS)
