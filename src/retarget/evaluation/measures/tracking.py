"""Measures of how closely the robot follows the human."""

from __future__ import annotations

import numpy as np

from retarget.evaluation.measures.measure import Measure, Series, declared
from retarget.evaluation.thresholds import (
    GAIN_MOTION,
    GAIN_WINDOW,
    LEAST_PATH,
    ORIENTED_SEGMENTS,
    POINTING_SEGMENTS,
)

__all__ = ["MEASURES", "SERIES"]

_LIMBS = (
    "angle in the world between the human's and the robot's line of joint centres, after one constant "
    "best-fit yaw"
)
_TURNS = (
    "angle between the robot body and the recorded rotation of the human joint that carries the segment, "
    "after the same yaw and one constant best-fit offset per joint (Procrustes over the clip)"
)
_UPRIGHT = (
    "the human's axis is fixed to the recorded joint and lies along the human's own line from hips to shoulders where "
    "that is upright, the robot's lies along its own line in the upright posture"
)
_HEADING = (
    "angle about the vertical between the human's and the robot's line from the right to the left {}, after the same "
    "yaw, where both lines are within 45 degrees of level; the robot's as its {} carries it"
)
_TRUNK = {
    "trunk_lean_error": (
        "Lean of the trunk",
        "angle in the world between the human's and the robot's line from the middle of the hips to the middle of the "
        "shoulders, the robot's as pelvis and chest carry them, after the yaw of the limbs; no offset is taken off",
    ),
    "pelvis_lean_error": (
        "Lean of the pelvis",
        f"angle between the up axes of the pelvis, after the same yaw: {_UPRIGHT}",
    ),
    "chest_lean_error": (
        "Lean of the chest",
        f"angle between the up axes of the chest, after the same yaw: {_UPRIGHT}",
    ),
    "pelvis_heading_error": ("Heading of the pelvis", _HEADING.format("hip", "pelvis")),
    "chest_heading_error": ("Heading of the chest", _HEADING.format("shoulder", "chest")),
    "hip_line_error": (
        "Line of the hips",
        "angle in the world between the lines from the right to the left hip, the robot's as its pelvis carries them, "
        "after the same yaw",
    ),
    "shoulder_line_error": (
        "Line of the shoulders",
        "angle in the world between the lines from the right to the left shoulder, of the robot as its chest carries "
        "them, after the same yaw",
    ),
}
_TRUNK_NEEDS = {
    "trunk": ("hip", "shoulder"),
    **dict.fromkeys(("pelvis", "hip"), ("hip",)),
    **dict.fromkeys(("chest", "shoulder"), ("shoulder",)),
}
_ENDS = {
    "thigh": ("hip", "knee"),
    "shank": ("knee", "ankle"),
    "upper_arm": ("shoulder", "elbow"),
    "forearm": ("elbow", "wrist"),
}
_CARRIED_BY = {
    "thigh": "knee",
    "shank": "knee",
    "foot": "ankle",
    "upper_arm": "elbow",
    "forearm": "elbow",
    "hand": "wrist",
}


def _error(
    name: str, title: str, definition: str, series: str = "", needs: tuple[str, ...] = ()
) -> Measure:
    return Measure(
        name=name,
        unit="deg",
        title=title,
        definition=definition,
        group="tracking",
        beside_human=True,
        series=series,
        needs=needs,
    )


def _words(segment: str) -> str:
    return segment.replace("_", " ")


def _limbs() -> list[Measure]:
    told = "mean of thighs, shanks, upper arms and forearms, of those that the robot has"
    return [
        _error("limb_error_mean", "Limb directions, mean", f"{told}: {_LIMBS}", "limb_error"),
        _error(
            "limb_error_p95",
            "Limb directions, p95",
            "95th percentile of the same",
            "limb_error_worst",
        ),
        _error(
            "orientation_error_mean",
            "Orientations, mean",
            f"mean of six kinds of segment, of those that the robot has: {_TURNS}",
            "orientation_error",
        ),
        *(
            _error(
                f"limb_error_{segment}",
                f"Direction of the {_words(segment)}",
                f"mean of left and right: {_LIMBS}",
                f"limb_error_{segment}",
                _ENDS[segment],
            )
            for segment in POINTING_SEGMENTS
        ),
        *(
            _error(
                f"orientation_error_{segment}",
                f"Orientation of the {_words(segment)}",
                f"mean of left and right: {_TURNS}",
                f"orientation_error_{segment}",
                (_CARRIED_BY[segment],),
            )
            for segment in ORIENTED_SEGMENTS
        ),
    ]


def _trunk() -> list[Measure]:
    found = []
    for name, (title, text) in _TRUNK.items():
        needs = _TRUNK_NEEDS[name.split("_")[0]]
        found.append(_error(f"{name}_mean", f"{title}, mean", f"mean {text}", name, needs))
        told = f"95th percentile of {name}_mean's angle"
        found.append(_error(f"{name}_p95", f"{title}, p95", told, name, needs))
    return found


_HIPS = "the middle of the hips"
_PATH = (
    f"distance along the floor between the robot's and the human's {_HIPS[4:]}, after the yaw of the limbs, one "
    "best-fit shift and one scale: the best-fit one, or the ratio of leg lengths where the human's path spreads less "
    f"than {LEAST_PATH} m (root mean square) from its middle"
)
_HEIGHT = f"difference in height of {_HIPS}, the human's scaled likewise, from its median"
_KEYS = "hips, knees, ankles, shoulders, elbows and wrists"
_BODIES = (
    f"mean distance between the robot's and the human's joint centres ({_KEYS}), after the yaw of the limbs, one "
    "best-fit scale and one best-fit shift of the clip"
)
_POSTURE = f"the same counted from {_HIPS} in each frame, with a scale of its own"


def _places() -> list[Measure]:
    def place(
        name: str, unit: str, title: str, definition: str, series: str, *aliases: str
    ) -> Measure:
        return Measure(
            name=name,
            unit=unit,
            title=title,
            definition=definition,
            group="tracking",
            beside_human=True,
            aliases=aliases,
            needs=("hip",),
            series=series,
        )

    path, height = "root_path_error", "root_height_error"
    return [
        place(f"{path}_mean", "m", "Path of the root, mean", f"mean {_PATH}", path),
        place(f"{path}_p95", "m", "Path of the root, p95", "95th percentile of the same", path),
        place(f"{height}_mean", "m", "Height of the root, mean", f"mean {_HEIGHT}", height),
        place(
            f"{height}_p95", "m", "Height of the root, p95", "95th percentile of the same", height
        ),
        place(
            "path_scale_error",
            "1",
            "Scale of the path",
            "absolute logarithm of the path's best-fit scale over the ratio of leg lengths; none where the path has no "
            "scale of its own",
            "",
        ),
        place(
            "key_body_error_mean",
            "m",
            "Key bodies in the world, mean",
            _BODIES,
            "key_body_error",
            "Eg-mpbpe",
        ),
        place(
            "key_body_posture_error_mean",
            "m",
            "Key bodies from the root, mean",
            _POSTURE,
            "key_body_posture_error",
            "Empbpe",
        ),
    ]


_GAIN = (
    "distance from one of the gain: the slope of the straight line by which the robot's direction of a limb follows "
    "best from the human's, about their means and as the trunk sees it (up from hips to shoulders, left along the "
    f"hips or shoulders), in windows of {GAIN_WINDOW:g} s in which the human's moves by over "
    f"{np.degrees(GAIN_MOTION):.0f} degrees (root mean square): 0 where it moves as far, 1 where not at all or twice "
    "as far"
)
_LINE = "the linear fit method, Iosa et al., BioMed Research International 2014"


def _gains() -> list[Measure]:
    return [
        declared(
            "tracking",
            f"limb_gain_error_{which}",
            "1",
            f"Range of limbs, {title}",
            f"{told} {_GAIN}",
            "limb_gain_error",
            beside=True,
            source=_LINE,
        )
        for which, title, told in (
            ("mean", "mean", "mean over limbs, each over all its windows:"),
            ("max", "worst", "largest of any limb and window:"),
        )
    ]


MEASURES: tuple[Measure, ...] = (*_limbs(), *_gains(), *_trunk(), *_places())

SERIES: tuple[Series, ...] = (
    Series("limb_error", "deg", "limb directions", f"mean over limbs: {_LIMBS}"),
    Series("limb_error_worst", "deg", "worst limb direction", f"largest of any limb: {_LIMBS}"),
    *(
        Series(
            f"limb_error_{segment}",
            "deg",
            f"direction of the {_words(segment)}",
            f"mean of left and right: {_LIMBS}",
        )
        for segment in POINTING_SEGMENTS
    ),
    Series("limb_gain_error", "1", "range of limbs", f"largest of any limb in the window: {_GAIN}"),
    Series("orientation_error", "deg", "orientations", f"mean over segments: {_TURNS}"),
    *(
        Series(
            f"orientation_error_{segment}",
            "deg",
            f"orientation of the {_words(segment)}",
            f"mean of left and right: {_TURNS}",
        )
        for segment in ORIENTED_SEGMENTS
    ),
    *(Series(name, "deg", title.lower(), text) for name, (title, text) in _TRUNK.items()),
    Series("root_path_error", "m", "path of the root", _PATH),
    Series("root_height_error", "m", "height of the root", f"absolute {_HEIGHT}"),
    Series("key_body_error", "m", "key bodies in the world", _BODIES),
    Series("key_body_posture_error", "m", "key bodies from the root", _POSTURE),
)
