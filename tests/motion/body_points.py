"""Points on a body by their names, as detectors and cameras have them, and whether two motions are the same body."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.motion import Motion

_LIMBS = tuple(
    f"{side}_{part}" for side in ("left", "right")
    for part in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
)  # fmt: skip
_BODY = {
    "pelvis": "pelvis",
    "spine": "spine",
    "chest": "chest",
    "thorax": "neck",
    "neck": "neck",
    "head": "head",
}
_TOES = ("toe", "big_toe", "foot", "foot_index", "small_toe")


def points(motion: Motion, names: tuple[str, ...]) -> Float64[np.ndarray, "T N 3"]:
    """Points of a body by their names, metres, z up; those of a face and of fingers go with head and hand."""
    at = {
        role: np.asarray(motion.positions[:, joint], float) for role, joint in motion.roles.items()
    }
    across = at["left_hip"] - at["right_hip"]
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    ahead = np.cross(across, np.array([0, 0, 1.0]))
    out = []
    for name in names:
        side = next((s for s in ("left", "right") if s in name.split("_")), "")
        part = "_".join(word for word in name.split("_") if word != side)
        sign = {"left": 1.0, "right": -1.0, "": 0.0}[side]
        if part in _BODY:
            out.append(at[_BODY[part]])
        elif f"{side}_{part}" in at and part != "toe":
            out.append(at[f"{side}_{part}"])
        elif part in _TOES:
            out.append(at[f"{side}_toe"] + (0.03 * sign * across if part == "small_toe" else 0.0))
        elif part == "heel":
            out.append(at[f"{side}_ankle"] - 0.05 * ahead - np.array([0, 0, 0.06]))
        elif part == "clavicle":
            out.append(at["neck"] + 0.2 * (at[f"{side}_shoulder"] - at["neck"]))
        elif part.split("_")[0] in ("hand", "pinky", "index", "middle", "ring", "thumb"):
            along = at[f"{side}_wrist"] - at[f"{side}_elbow"]
            out.append(at[f"{side}_wrist"] + (0.3 if part != "thumb" else 0.2) * along)
        elif part in ("olecranon", "cubital_fossa"):
            out.append(at[f"{side}_elbow"])
        elif part == "acromion":
            out.append(at[f"{side}_shoulder"] + np.array([0, 0, 0.04]))
        else:
            out.append(at["head"] + 0.09 * ahead + 0.03 * sign * across)
    return np.stack(out, axis=1)


def assert_same_body(found: Motion, expected: Motion, atol: float = 2e-3) -> None:
    """The same limbs at the same places, up to a turn about the vertical and a shift."""
    assert len(found) == len(expected)
    one, other = (
        np.stack([m.positions[:, m.roles[role]] for role in _LIMBS], axis=1).astype(float)
        for m in (found, expected)
    )
    one, other = (a - a.mean(axis=(0, 1)) for a in (one, other))
    matrix = np.einsum("tji,tjk->ik", one[..., :2], other[..., :2])
    turn = np.arctan2(matrix[0, 1] - matrix[1, 0], matrix[0, 0] + matrix[1, 1])
    cosine, sine = np.cos(turn), np.sin(turn)
    one[..., :2] = one[..., :2] @ np.array([[cosine, sine], [-sine, cosine]])
    np.testing.assert_allclose(one, other, atol=atol)
