"""Ground contact of knees and hands: when somebody kneels, crawls, or gets up from the floor."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Bool, Float64

from retarget.motion.anatomy import Anatomy
from retarget.motion.feet import (
    SPEED_ON,
    lowpass,
    speed,
    stance_height,
    stance_runs,
)
from retarget.motion.segments import SIDES

__all__ = ["BODY_CONTACTS", "CONTACT_JOINTS", "carried_share", "find_body_contacts"]

CONTACT_JOINTS: Final = {
    f"{side}_{part}": f"{side}_{joint}"
    for part, joint in (("knee", "knee"), ("hand", "wrist"))
    for side in SIDES
}
"""Each part of the body that can be held on the ground, and the joint that shows it."""

BODY_CONTACTS: Final = tuple(CONTACT_JOINTS)
"""Their names, in the order of all arrays of body contacts."""

_ABOVE: Final = {"knee": "hip", "wrist": "shoulder"}

# Leg lengths above the floor. A joint on the ground is as high as the flesh below it is thick: between where
# recordings sink a little and the wrist of a hand on its fingers. Knees and wrists that are not on the ground are
# hardly ever below the last of them.
LOWEST_REST, HIGHEST_REST = 0.0, 0.07
HIGHEST_TOUCH = 0.15
# Height of the hip above the knee, or of the shoulder above the wrist, from which a limb carries some of the body,
# and all it can. The limbs of somebody who lies carry nothing: the trunk lies on the ground by itself.
CARRIES_NOTHING, CARRIES = 0.1, 0.25


def find_body_contacts(anatomy: Anatomy, floor: float) -> Bool[np.ndarray, "T C"]:
    """When each of `BODY_CONTACTS` rests on the ground.

    Hysteresis in height and speed as for feet, relative to the height at which this person's knees or wrists rest.

    Args:
        anatomy: Joint centres over time.
        floor: Height of the toe joints at rest, metres.
    """
    leg, fps = anatomy.leg_length, anatomy.fps
    smooth = [
        lowpass(anatomy.point(joint), fps=fps, noise=anatomy.noise, leg_length=leg)
        for joint in CONTACT_JOINTS.values()
    ]
    heights = np.stack([marker[:, 2] - floor for marker in smooth], axis=1)
    speeds = np.stack([speed(marker, fps) for marker in smooth], axis=1)
    touching = np.zeros(heights.shape, bool)
    for first in range(0, len(BODY_CONTACTS), len(SIDES)):  # both sides of a body rest alike
        pair = slice(first, first + len(SIDES))
        low = (heights[:, pair] < HIGHEST_TOUCH * leg) & (speeds[:, pair] < SPEED_ON * leg)
        if not low.any():
            continue
        rest = stance_height(heights[:, pair][low], speeds[:, pair][low], leg)
        rest = min(max(rest, LOWEST_REST * leg), HIGHEST_REST * leg)
        for column in range(first, first + len(SIDES)):
            touching[:, column] = stance_runs(
                smooth[column], speeds[:, column], floor + rest, leg, fps
            )
    return touching


def carried_share(anatomy: Anatomy) -> Float64[np.ndarray, "T C"]:
    """How much each of `BODY_CONTACTS` could carry in this posture: 0 with a level limb, 1 well below its joint."""
    shares = []
    for joint in CONTACT_JOINTS.values():
        side, _, part = joint.partition("_")
        above = anatomy.point(f"{side}_{_ABOVE[part]}")[:, 2] - anatomy.point(joint)[:, 2]
        height = above / anatomy.leg_length
        shares.append((height - CARRIES_NOTHING) / (CARRIES - CARRIES_NOTHING))
    return np.asarray(np.clip(np.stack(shares, axis=1), 0.0, 1.0))
