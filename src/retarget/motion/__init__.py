"""Motions: one skeleton's joint poses over time, read from files, with body roles and contacts.

The names are loaded when first used, as the readers need compiled code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retarget.lazily import names_of

if TYPE_CHECKING:
    from retarget.motion.contacts import Contacts, find_contacts
    from retarget.motion.doubts import DOUBTS, Doubt, total_doubt
    from retarget.motion.fitting.anatomy import Anatomy, find_anatomy
    from retarget.motion.fitting.subject import Subject
    from retarget.motion.formats import (
        MotionFormat,
        format_names,
        motion_format,
        motion_formats,
        register_reader,
    )
    from retarget.motion.motion import Motion, MotionSource
    from retarget.motion.read import read_motion
    from retarget.motion.recording import Recording
    from retarget.motion.skeleton.role_file import read_role_overrides
    from retarget.motion.skeleton.roles import ROLES, find_roles
    from retarget.motion.subject_fit import fit_subject
    from retarget.motion.understand import motion_from_recording

__all__ = [
    "DOUBTS",
    "ROLES",
    "Anatomy",
    "Contacts",
    "Doubt",
    "Motion",
    "MotionFormat",
    "MotionSource",
    "Recording",
    "Subject",
    "find_anatomy",
    "find_contacts",
    "find_roles",
    "fit_subject",
    "format_names",
    "motion_format",
    "motion_formats",
    "motion_from_recording",
    "read_motion",
    "read_role_overrides",
    "register_reader",
    "total_doubt",
]

_HOMES = {
    "DOUBTS": "doubts",
    "ROLES": "skeleton.roles",
    "Anatomy": "fitting.anatomy",
    "Contacts": "contacts",
    "Doubt": "doubts",
    "Motion": "motion",
    "MotionFormat": "formats",
    "MotionSource": "motion",
    "Recording": "recording",
    "Subject": "fitting.subject",
    "find_anatomy": "fitting.anatomy",
    "find_contacts": "contacts",
    "find_roles": "skeleton.roles",
    "fit_subject": "subject_fit",
    "format_names": "formats",
    "motion_format": "formats",
    "motion_formats": "formats",
    "motion_from_recording": "understand",
    "read_motion": "read",
    "read_role_overrides": "skeleton.role_file",
    "register_reader": "formats",
    "total_doubt": "doubts",
}

__getattr__, __dir__ = names_of(
    __name__, {name: f"{__name__}.{home}" for name, home in _HOMES.items()}
)
