"""What there is to tell about a motion before anything is done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from retarget.motion.body_contacts import BODY_CONTACTS
from retarget.motion.contacts import HEEL, TOE, Contacts, find_contacts
from retarget.motion.fitting.anatomy import find_anatomy
from retarget.motion.fitting.subject import Subject
from retarget.motion.ground.falling import rate_by_falls
from retarget.motion.ground.level_floor import on_level_floor
from retarget.motion.ground.unsupported import supported
from retarget.motion.motion import Motion
from retarget.motion.segments import SIDES

__all__ = ["Inspection", "inspect_motion", "joints_told"]


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """A motion, its floor level, what touches it, and what there is to tell.

    Attributes:
        motion: The motion on a level floor.
        contacts: What touches the floor.
        facts: JSON-ready: its source, frames, rate, sizes, floor, and shares of time on the ground.
    """

    motion: Motion
    contacts: Contacts
    facts: dict[str, Any]


def inspect_motion(motion: Motion, subject: Subject | None = None) -> Inspection:
    """Level a motion's floor, find what touches it, and tell all that is to tell.

    Args:
        motion: The motion.
        subject: What longer clips of the person tell of its skeleton.

    Raises:
        RoleError: A needed role is missing.

    Example:
        >>> inspect_motion(read_motion("walk.bvh")).facts["leg_length_m"]  # doctest: +SKIP
        0.86
    """
    motion, slope, drift = on_level_floor(motion)
    motion = rate_by_falls(supported(motion))
    anatomy = find_anatomy(motion, subject)
    contacts = find_contacts(anatomy)
    top = motion.positions[..., 2].max(axis=1)
    fingers = motion.fingers
    facts: dict[str, Any] = {
        **motion.source.as_json(),
        "frames": len(motion),
        "fps": motion.fps,
        "duration_s": motion.duration,
        "height_m": float(np.percentile(top, 95)) - contacts.floor,
        "leg_length_m": anatomy.leg_length,
        "finger_joints": {side: sum(name.startswith(side) for name in fingers) for side in SIDES},
        "subject": None if subject is None else subject.as_json(),
        "floor_m": contacts.floor,
        "floor_slope_deg": slope,
        "floor_drift_m": drift,
        "foot_marker_noise_m": anatomy.noise,
        "stance_share": {
            f"{side} {point}": float(contacts.stance[:, foot, index].mean())
            for foot, side in enumerate(("left", "right"))
            for point, index in (("heel", HEEL), ("toe", TOE))
        },
        "body_contact_share": {
            name.replace("_", " "): float(share)
            for name, share in zip(BODY_CONTACTS, contacts.body.mean(axis=0), strict=True)
        },
    }
    return Inspection(motion, contacts, facts)


def joints_told(motion: Motion) -> list[dict[str, Any]]:
    """Each joint's name, its parent's, and the roles that it plays; JSON-ready."""
    roles: dict[int, list[str]] = {}
    for role, joint in (motion.roles | motion.fingers).items():
        roles.setdefault(joint, []).append(role)
    return [
        {
            "joint": name,
            "parent": motion.joint_names[parent] if parent >= 0 else None,
            "role": ", ".join(roles.get(index, [])) or None,
        }
        for index, (name, parent) in enumerate(zip(motion.joint_names, motion.parents, strict=True))
    ]
