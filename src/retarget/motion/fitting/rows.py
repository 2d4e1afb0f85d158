"""Rows of joints in arrays over `needed_roles`, of segments in arrays over `SEGMENTS`."""

from __future__ import annotations

from retarget.motion.segments import SEGMENTS, needed_roles

__all__ = [
    "ANKLE",
    "CHEST",
    "ELBOW",
    "FOOT",
    "FOREARM",
    "HAND",
    "HIP",
    "KNEE",
    "PELVIS",
    "SHANK",
    "SHOULDER",
    "SIDE_SEGMENTS",
    "THIGH",
    "TOE",
    "UPPER_ARM",
    "WRIST",
]

# Rows of joints and segments: left ones, right ones come next or so many later.
_ROLES, SIDE_SEGMENTS = needed_roles(), (len(SEGMENTS) - 2) // 2
HIP, KNEE, ANKLE, SHOULDER, ELBOW, WRIST, TOE = (
    _ROLES.index(f"left_{joint}")
    for joint in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist", "toe")
)
PELVIS, CHEST, THIGH, SHANK, FOOT, UPPER_ARM, FOREARM, HAND = (
    SEGMENTS.index(segment)
    for segment in (
        "pelvis",
        "chest",
        *(f"left_{part}" for part in ("thigh", "shank", "foot", "upper_arm", "forearm", "hand")),
    )
)
