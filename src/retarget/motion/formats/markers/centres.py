"""Joint centres below markers on the skin, by the published regressions.

Hips: Harrington et al., J. Biomech. 40:595 (2007), and without the back of the pelvis Sangeux, Gait Posture 42:402
(2015). Knees, ankles, elbows: between markers on both sides, else half the joint's width inwards of the one outside, as
in Davis et al., Hum. Mov. Sci. 10:575 (1991). Shoulders: Rab et al., Gait Posture 15:113 (2002). Lumbar joint: Reed et
al., SAE 1999-01-0959.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.geometry import cross, frame_from_y, unit
from retarget.motion.formats.markers.body import SIDES, BodyMarkers, Places
from retarget.motion.numeric.hinges import FADING, kept_hinges
from retarget.motion.numeric.quantiles import quantile_of

__all__ = ["joint_centres"]

_RADIUS: Final = 0.007  # of a marker, metres
_PLATE: Final = 0.002  # what it stands on
_KNEE: Final = (
    0.06  # half a knee's width beside the leg's length (own estimate), where nobody measured it
)
_ANKLE: Final = 0.04
_ELBOW: Final = 0.045  # half an elbow's width with what is over it, metres
_WRIST: Final = 0.03  # metres from a bar across the back of the wrist to its middle: half its thickness and the marker
_ACROMION: Final = (
    0.17  # of the distance between the acromions is the shoulder's centre below them (Rab 2002)
)
_LUMBAR: Final = (
    -0.264,
    0.126,
)  # forward and up from between the front spines, by their distance (Reed 1999)
_COLLAR: Final = 0.03  # metres beside the throat at which the collar bones begin
_WAIST: Final = 0.85  # width of the pelvis' front spines beside that of markers on a belt
_ROUNDS: Final = 3


def joint_centres(body: BodyMarkers) -> dict[str, Places]:
    """Places of joints by name, metres: pelvis, spine, chest, collars, neck, head and the limbs with heels and hands.

    Points of the pelvis, the chest and the feet keep their distances, so that these turn as the markers do.
    """
    joints: dict[str, Places] = {}
    pelvis, axes, width = _pelvis(body)
    trunk_up = body.mean(
        *(
            f"{side}_{n}"
            for side, _ in SIDES
            for n in ("shoulder", "front_shoulder", "back_shoulder")
        )
    )
    for side, sign in SIDES:
        joints[f"{side}_hip"] = _hip(body, side, sign, pelvis, axes, width)
    joints["pelvis"] = (joints["left_hip"] + joints["right_hip"]) / 2
    forward, up = _LUMBAR
    joints["spine"] = pelvis + width * (forward * axes[..., 0] + up * axes[..., 2])
    for side, sign in SIDES:
        joints |= _leg(body, side, sign, joints[f"{side}_hip"], axes)
    joints |= _thorax(body, joints["pelvis"], axes, trunk_up)
    for side, sign in SIDES:
        joints |= _arm(body, side, sign, joints, axes)
    heads = [f"{side}_{n}" for side, _ in SIDES for n in ("front_head", "back_head", "ear")]
    if any(name in body.at for name in (*heads, "top_head")):
        found = [n for n in heads if n in body.at] or ["top_head"]
        joints["head"] = body.mean(*found)
    return joints


def _quantile(values: Float64[np.ndarray, "T"], share: float) -> float:
    """Of a length in the frames in which both its ends were seen; NaN where they never were together."""
    seen = values[np.isfinite(values)]
    return quantile_of(seen, share) if seen.size else float("nan")


def _median(values: Float64[np.ndarray, "T"]) -> float:
    return _quantile(values, 0.5)


def _pelvis(body: BodyMarkers) -> tuple[Places, Float64[np.ndarray, "T 3 3"], float]:
    """Middle of the front spines, axes (forward, left, up) and the distance between the spines, metres."""
    front = "asis" if body.has("left_asis", "right_asis") else "front_waist"
    left, right = body.at[f"left_{front}"], body.at[f"right_{front}"]
    middle = (left + right) / 2
    axes = _pelvis_axes(left - right, middle - _back(body))
    width = _median(np.linalg.norm(left - right, axis=1))
    if front == "front_waist":
        width *= _WAIST
        body.said["pelvis"] = "markers on a belt stand for the pelvis' spines"
    return middle, axes, width


def _back(body: BodyMarkers) -> Places:
    if body.has("left_psis", "right_psis"):
        return body.mean("left_psis", "right_psis")
    return (
        body.at["sacrum"]
        if body.has("sacrum")
        else body.mean("left_back_waist", "right_back_waist")
    )


def _pelvis_axes(across: Places, ahead: Places) -> Float64[np.ndarray, "T 3 3"]:
    return frame_from_y(across, cross(ahead, across))


def _leg_length(body: BodyMarkers, side: str) -> float:
    """From the front spine along the leg to the ankle, metres: as measured, else over the markers."""
    said = body.sizes.get(f"{side[0].upper()}LEGLENGTH", 0.0)
    if 0.3 < said < 1.4:
        return said
    top = body.at[f"{side}_asis"] if body.has(f"{side}_asis") else body.at[f"{side}_front_waist"]
    knee = body.mean(f"{side}_knee", f"{side}_knee_medial")
    ankle = body.mean(f"{side}_ankle", f"{side}_ankle_medial")
    straight = np.linalg.norm(top - knee, axis=1)
    return _quantile(straight, 0.9) + _median(np.linalg.norm(knee - ankle, axis=1))


def _hip(
    body: BodyMarkers,
    side: str,
    sign: float,
    pelvis: Places,
    axes: Float64[np.ndarray, "T 3 3"],
    width: float,
) -> Places:
    """Harrington's regression: millimetres in its paper, metres here."""
    depth = _median(np.linalg.norm(pelvis - _back(body), axis=1)) - 2 * (_RADIUS + _PLATE)
    leg = _leg_length(body, side)
    forward = -0.24 * depth - 0.0099
    up = -0.16 * width - 0.04 * leg - 0.0071
    lateral = 0.28 * depth + 0.16 * width + 0.0079
    body.said["hip"] = "Harrington 2007"
    forward -= _RADIUS + _PLATE
    return np.asarray(pelvis + axes @ np.array([forward, sign * lateral, up]))


def _leg(
    body: BodyMarkers, side: str, sign: float, hip: Places, axes: Float64[np.ndarray, "T 3 3"]
) -> dict[str, Places]:
    length = _leg_length(body, side)
    letter = side[0].upper()
    knee_half = _half(body, f"{letter}KNEEWIDTH", _KNEE * length)
    ankle_half = _half(body, f"{letter}ANKLEWIDTH", _ANKLE * length)
    outer_knee = body.at.get(f"{side}_knee", body.at.get(f"{side}_knee_medial"))
    outer_ankle = body.at.get(f"{side}_ankle", body.at.get(f"{side}_ankle_medial"))
    assert outer_knee is not None and outer_ankle is not None
    knee, ankle = outer_knee, outer_ankle
    for _ in range(_ROUNDS):  # markers outside tilt the plane of the leg, centres do not
        hinge = sign * _hinge(hip, knee, ankle, axes, 1.0, body.fps)
        knee = _between_or_inside(body, side, "knee", "thigh", hip, knee_half, hinge)
        ankle = _between_or_inside(body, side, "ankle", "shank", knee, ankle_half, hinge)
    toes = [f"{side}_{n}" for n in ("toe",) if body.has(f"{side}_toe")] or [
        f"{side}_{n}" for n in ("toe_lateral", "toe_medial")
    ]
    found = {f"{side}_knee": knee, f"{side}_ankle": ankle, f"{side}_toe": body.mean(*toes)}
    if body.has(f"{side}_heel"):
        found[f"{side}_heel"] = body.at[f"{side}_heel"]
    return found


def _half(body: BodyMarkers, key: str, otherwise: float) -> float:
    """Half a joint's width and the marker's radius."""
    said = body.sizes.get(key, 0.0)
    return (said / 2 if 0.03 < said < 0.25 else otherwise) + _RADIUS


def _hinge(
    top: Places,
    middle: Places,
    end: Places,
    axes: Float64[np.ndarray, "T 3 3"],
    sign: float,
    fps: float,
) -> Places:
    """The axis about which a limb bends, to the body's left; NaN where its joints were not seen."""
    upper, lower = unit(middle - top), unit(end - middle)
    seen = (
        np.isfinite(upper).all(axis=1)
        & np.isfinite(lower).all(axis=1)
        & np.isfinite(axes).all(axis=(1, 2))
    )
    hinge = np.full_like(upper, np.nan)
    if seen.any():
        found = np.empty((int(seen.sum()), 3))
        kept_hinges(
            np.ascontiguousarray(upper[seen]), np.ascontiguousarray(lower[seen]), np.ascontiguousarray(axes[seen]),
            np.ascontiguousarray(axes[seen][..., 1]), sign, FADING / fps, found,
        )  # fmt: skip
        hinge[seen] = found
    return hinge


def _between_or_inside(
    body: BodyMarkers,
    side: str,
    joint: str,
    wand: str,
    above: Places,
    half: float,
    outwards: Places,
) -> Places:
    """A joint's centre between its two markers, else inwards of the outer one."""
    outer, inner = body.at.get(f"{side}_{joint}"), body.at.get(f"{side}_{joint}_medial")
    if outer is not None and inner is not None:
        body.said[joint] = "between the markers on both sides"
        return np.asarray((outer + inner) / 2)
    if outer is None:
        assert inner is not None
        body.said[joint] = "outwards of the inner marker"
        return np.asarray(inner + half * outwards)
    stick = body.at.get(f"{side}_{wand}")
    if stick is None:
        body.said[joint] = "inwards of the outer marker along the axis about which the limb bends"
        return np.asarray(outer - half * outwards)
    body.said[joint] = "inwards of the outer marker in the plane of the wand"
    return _chord(above, stick, outer, half)


def _chord(above: Places, wand: Places, marker: Places, half: float) -> Places:
    """The point inwards of a marker, away from its wand, at which marker and joint above are at a right angle."""
    up = above - marker
    distance = np.linalg.norm(up, axis=1, keepdims=True)
    up = up / distance
    beside = wand - marker
    beside = unit(beside - np.sum(beside * up, axis=1, keepdims=True) * up)
    cosine = np.clip(half / distance, -1.0, 1.0)
    return np.asarray(marker + half * (cosine * up - np.sqrt(1 - cosine**2) * beside))


def _thorax(
    body: BodyMarkers, pelvis: Places, axes: Float64[np.ndarray, "T 3 3"], shoulders: Places
) -> dict[str, Places]:
    """Chest, neck and the beginnings of the collar bones."""
    front = [n for n in ("jugular", "xiphoid") if n in body.at]
    back = [n for n in ("c7", "t10") if n in body.at]
    if len(front) + len(back) < 3:
        body.said["chest"] = "between shoulders"
        neck = body.at["c7"] if body.has("c7") else shoulders
        return {"chest": pelvis + 0.6 * (shoulders - pelvis), "neck": neck}
    high = body.mean("c7", "jugular")
    low = body.mean("t10", "xiphoid")
    ahead = body.mean(*front) - body.mean(*back)
    up = high - low
    left = unit(cross(up, ahead))
    body.said["chest"] = "breastbone and spine"
    found = {"chest": low, "neck": high}
    for side, sign in SIDES:
        found[f"{side}_collar"] = high + sign * _COLLAR * left
    return found


def _arm(
    body: BodyMarkers,
    side: str,
    sign: float,
    joints: Mapping[str, Places],
    axes: Float64[np.ndarray, "T 3 3"],
) -> dict[str, Places]:
    tops = {
        s: body.mean(*(f"{s}_{n}" for n in ("shoulder", "front_shoulder", "back_shoulder")))
        for s, _ in SIDES
    }
    apart = _median(np.linalg.norm(tops["left"] - tops["right"], axis=1))
    trunk = unit((tops["left"] + tops["right"]) / 2 - joints["pelvis"])
    shoulder = tops[side] - _ACROMION * apart * trunk
    body.said["shoulder"] = "Rab 2002"
    elbow_marker = body.at.get(f"{side}_elbow", body.at.get(f"{side}_elbow_medial"))
    assert elbow_marker is not None
    wrist, middle = _wrist(body, side, sign, elbow_marker)
    half = _half(body, f"{side[0].upper()}ELBOWWIDTH", _ELBOW - _RADIUS)
    hinge = sign * _hinge(shoulder, elbow_marker, middle, axes, -1.0, body.fps)
    elbow = _between_or_inside(body, side, "elbow", "no wand", shoulder, half, hinge)
    found = {f"{side}_shoulder": shoulder, f"{side}_elbow": elbow, f"{side}_wrist": wrist}
    if body.has(f"{side}_hand"):
        found[f"{side}_hand"] = body.at[f"{side}_hand"]
    for part in ("thumb", "little"):
        if body.has(f"{side}_hand_{part}"):
            found[f"{side}_hand_{part}"] = body.at[f"{side}_hand_{part}"]
    return found


def _wrist(body: BodyMarkers, side: str, sign: float, elbow: Places) -> tuple[Places, Places]:
    """The wrist's centre, and the middle of its markers: those of a bar lie on the back of the hand's side."""
    bar = [f"{side}_wrist_bar_{part}" for part in ("thumb", "little")]
    if body.has(*bar):
        middle = body.mean(*bar)
        palm = sign * unit(cross(middle - elbow, body.at[bar[0]] - body.at[bar[1]]))
        body.said["wrist"] = "below the bar on its back"
        return np.asarray(middle + _WRIST * palm), middle
    both = [f"{side}_wrist_{part}" for part in ("thumb", "little")]
    names = both if body.has(*both) else [f"{side}_wrist", *both, *bar]
    wrist = next(body.at[name] for name in names if name in body.at)
    wrist = body.mean(*both) if body.has(*both) else wrist
    return wrist, wrist
