"""Ground contact of all but the feet: when somebody kneels, crawls, sits, lies, or gets up from the floor."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from retarget.motion.fitting.anatomy import Anatomy
from retarget.motion.ground.feet import (
    SPEED_ON,
    lowpass,
    speed,
    stance_height,
    stance_runs,
)
from retarget.motion.segments import SIDES

__all__ = ["BODY_CONTACTS", "CONTACT_JOINTS", "carried_loads", "find_body_contacts", "lying_legs"]


class _Part(NamedTuple):
    """A part of the body that can be held on the ground, on both sides or in the middle.

    Attributes:
        joint: The joint that shows it.
        above: The joint that is above it while it carries the body.
        rest: Leg lengths above the floor: highest of the joint while the part is on the ground.
    """

    joint: str
    above: str
    rest: float


# A joint on the ground is as high as the flesh below it is thick: between where recordings sink a little and the wrist
# of a hand on its fingers, or a foot's width below an ankle. Limbs that are not on the ground are hardly ever below
# that. Of the trunk it is half its depth.
_PARTS: Final = {
    "knee": _Part("knee", "hip", 0.07),
    "hand": _Part("wrist", "shoulder", 0.07),
    "shank": _Part("ankle", "hip", 0.08),
    "forearm": _Part("elbow", "shoulder", 0.07),
    "pelvis": _Part("hips", "shoulders", 0.15),
    "chest": _Part("shoulders", "hips", 0.15),
}
_TRUNK: Final = ("pelvis", "chest")

CONTACT_JOINTS: Final = {
    name: joint
    for part, (joint, _, _) in _PARTS.items()
    for name, joint in (
        [(part, joint)] if part in _TRUNK else [(f"{s}_{part}", f"{s}_{joint}") for s in SIDES]
    )
}
"""Each part of the body that can be held on the ground, and the joint (or the middle of two) that shows it."""

BODY_CONTACTS: Final = tuple(CONTACT_JOINTS)
"""Their names, in the order of all arrays of body contacts."""

# Leg lengths: a part that touches is not farther above where such parts may rest.
_HIGHEST_TOUCH = 0.08
# Height of the hip above the knee, or of the shoulder above the wrist, from which a limb carries some of the body,
# and all it can. The limbs of somebody who lies carry nothing.
CARRIES_NOTHING, CARRIES = 0.1, 0.25
# Load of a trunk that lies, which rests on much of itself, and share of their loads that limbs keep beside a trunk that
# is on the ground: hands beside a seat steady it.
LYING_TRUNK, BESIDE_TRUNK = 0.3, 0.1
# Height of the knee above the ankle up to which a shank lies beside its foot, which no ankle can put flat then, and
# from which on it does not.
LYING_SHANK, RAISED_SHANK = 0.06, 0.12


def find_body_contacts(anatomy: Anatomy, floor: float) -> Bool[np.ndarray, "T C"]:
    """When each of `BODY_CONTACTS` rests on the ground.

    Hysteresis in height and speed as for feet, relative to the height at which this person's knees, wrists and so on
    rest. A shank rests where its knee does and its ankle is down, too.

    Args:
        anatomy: Joint centres over time.
        floor: Height of the toe joints at rest, metres.
    """
    touching: dict[str, Bool[np.ndarray, "T"]] = {}
    for part in _PARTS:
        names = [name for name in BODY_CONTACTS if name.endswith(part)]
        within = [touching[f"{side}_knee"] for side in SIDES] if part == "shank" else None
        found = _touching(anatomy, names, _PARTS[part].rest, floor, within)
        touching |= dict(zip(names, found, strict=True))
    return np.stack([touching[name] for name in BODY_CONTACTS], axis=1)


def _touching(
    anatomy: Anatomy,
    names: list[str],
    rest: float,
    floor: float,
    within: list[Bool[np.ndarray, "T"]] | None,
) -> list[Bool[np.ndarray, "T"]]:
    """When parts that rest alike, those of both sides, are on the ground; only within the times given."""
    if within is not None and not np.any(within):
        return within
    leg, fps = anatomy.leg_length, anatomy.fps
    markers = [anatomy.point(CONTACT_JOINTS[name]) for name in names]
    heights = np.stack([marker[:, 2] for marker in markers]) - floor
    low = heights < (rest + _HIGHEST_TOUCH) * leg
    if within is not None:
        low &= np.stack(within)
    if low.any():
        markers = [lowpass(m, fps=fps, noise=anatomy.noise, leg_length=leg) for m in markers]
        speeds = np.stack([speed(marker, fps) for marker in markers])
        low &= speeds < SPEED_ON * leg
    if not low.any():
        return list(low)
    heights = np.stack([marker[:, 2] for marker in markers]) - floor
    usual = stance_height(heights[low], speeds[low], leg)
    usual = floor + min(max(usual, 0.0), rest * leg)
    found = [stance_runs(m, s, usual, leg, fps) for m, s in zip(markers, speeds, strict=True)]
    return found if within is None else [a & b for a, b in zip(found, within, strict=True)]


def carried_loads(anatomy: Anatomy, body: Bool[np.ndarray, "T C"]) -> Float64[np.ndarray, "T C"]:
    """How much each of `BODY_CONTACTS` carries, 0 to 1: nothing off the ground or with a level limb, all well below it.

    Args:
        anatomy: Joint centres over time.
        body: `find_body_contacts` of the same frames.
    """
    if not body.any():
        return np.zeros(body.shape)
    loads = np.empty(body.shape)
    trunk = [BODY_CONTACTS.index(name) for name in _TRUNK]
    for column, name in enumerate(BODY_CONTACTS):
        side, _, part = name.rpartition("_")
        prefix = f"{side}_" if side else ""
        below = f"{side}_knee" if part == "shank" else CONTACT_JOINTS[name]
        above = anatomy.point(prefix + _PARTS[part].above) - anatomy.point(below)
        height = above[:, 2] / anatomy.leg_length
        loads[:, column] = np.clip((height - CARRIES_NOTHING) / (CARRIES - CARRIES_NOTHING), 0, 1)
    loads[:, trunk] = np.maximum(loads[:, trunk], LYING_TRUNK)
    limbs = np.setdiff1d(np.arange(len(BODY_CONTACTS)), trunk)
    loads[:, limbs] *= np.where(body[:, trunk].any(axis=1), BESIDE_TRUNK, 1.0)[:, None]
    return np.asarray(loads * body)


def lying_legs(anatomy: Anatomy, body: Bool[np.ndarray, "T C"]) -> Float64[np.ndarray, "T 2"]:
    """How much each leg (left, right) lies on the ground, 0 to 1: its shank is level, with knee or trunk down.

    Args:
        anatomy: Joint centres over time.
        body: `find_body_contacts` of the same frames.
    """
    shares = np.zeros((len(anatomy), len(SIDES)))
    if not body.any():
        return shares
    trunk = body[:, [BODY_CONTACTS.index(name) for name in _TRUNK]].any(axis=1)
    for foot, side in enumerate(SIDES):
        above = (anatomy.point(f"{side}_knee") - anatomy.point(f"{side}_ankle"))[:, 2]
        slope = (above / anatomy.leg_length - LYING_SHANK) / (RAISED_SHANK - LYING_SHANK)
        down = trunk | body[:, BODY_CONTACTS.index(f"{side}_knee")]
        shares[:, foot] = down * (1.0 - np.clip(slope, 0.0, 1.0))
    return shares
