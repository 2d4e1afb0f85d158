"""Motion files of the 15-body humanoid of adversarial motion priors (AMP), as NumPy archives.

The keys read are ``fps``, ``body_names``, ``body_positions`` (T,15,3; metres, z up) and ``body_rotations``
(T,15,4; wxyz), as documented beside the files in Isaac Lab. A body's origin is the joint it hangs on: the
upper arm's is the shoulder, the hand's the wrist, the foot's the ankle.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.containers import npz_names, read_npz
from retarget.errors import FileFormatError
from retarget.frame_rates import rate_problem
from retarget.geometry import rotated
from retarget.motion.formats.gaps import unturned_where_zero
from retarget.motion.recording import Recording
from retarget.wording import listed

__all__ = ["looks_like_amp_npz", "read_amp_npz"]

_PARENTS: Final = {
    "pelvis": "", "torso": "pelvis", "head": "torso",
    "right_upper_arm": "torso", "right_lower_arm": "right_upper_arm", "right_hand": "right_lower_arm",
    "left_upper_arm": "torso", "left_lower_arm": "left_upper_arm", "left_hand": "left_lower_arm",
    "right_thigh": "pelvis", "right_shin": "right_thigh", "right_foot": "right_shin",
    "left_thigh": "pelvis", "left_shin": "left_thigh", "left_foot": "left_shin",
}  # fmt: skip

_TOE_IN_FOOT: Final = np.array([0.1335, 0.0, -0.05])
"""Front end of the sole in the foot's frame, metres. The model's foot is a box with its centre at (0.045, 0,
-0.0225) and half sizes (0.0885, 0.045, 0.0275): the MJCF humanoid of AMP (Peng et al. 2021), which Isaac Lab's
files were made with. The files hold no toes."""

_KEYS: Final = ("fps", "body_names", "body_positions", "body_rotations")
_REMEDY: Final = "it must have fps, body_names, body_positions (T,15,3) and body_rotations (T,15,4)"


def looks_like_amp_npz(data: bytes) -> bool:
    """Whether a file is a NumPy archive with bodies' positions."""
    return data.startswith(b"PK\x03\x04") and "body_positions" in npz_names(data)


def read_amp_npz(data: bytes, path: Path) -> Recording:
    """Read an AMP motion file's content; a joint ``left_foot#toe`` and one on the right are added.

    Args:
        data: The file's bytes.
        path: Where they are from, for messages.

    Raises:
        FileFormatError: The content is no such archive, or holds something that is not a finite number.
    """
    arrays = _arrays(data, path)
    named = np.atleast_1d(arrays["body_names"])
    if named.ndim != 1 or named.dtype.kind not in "US":
        raise FileFormatError(path, "body_names is no list of names", _REMEDY)
    names = [str(name) for name in named]
    if sorted(names) != sorted(_PARENTS):
        cause = (
            f"the bodies are {listed(names, 15) or 'none'}; those known are {', '.join(_PARENTS)}"
        )
        raise FileFormatError(path, cause, _REMEDY)
    positions, rotations = arrays["body_positions"], arrays["body_rotations"]
    frames = len(positions) if positions.ndim == 3 else 0
    if positions.shape != (frames, 15, 3) or rotations.shape != (frames, 15, 4):
        cause = f"body_positions are {positions.shape} and body_rotations {rotations.shape}"
        raise FileFormatError(path, cause, _REMEDY)
    if frames == 0:
        raise FileFormatError(path, "holds no frames", "export it again with its motion")
    fps = arrays["fps"]
    if fps.size != 1:
        raise FileFormatError(path, "fps is not one number", _REMEDY)
    if problem := rate_problem(fps.item()):
        raise FileFormatError(path, problem, "correct fps")

    order = [names.index(name) for name in _PARENTS]  # parents before children
    positions, rotations = positions[:, order], rotations[:, order]
    _check_finite(path, positions, rotations)
    rotations = unturned_where_zero(rotations)
    norms = np.linalg.norm(rotations, axis=-1, keepdims=True)
    if np.any(np.abs(norms - 1) > 1e-2):
        frame, body = np.argwhere(np.abs(norms[..., 0] - 1) > 1e-2)[0]
        cause = f"frame {frame}, body {list(_PARENTS)[body]}: the rotation is no unit quaternion"
        raise FileFormatError(path, cause, _REMEDY)
    return _recording(positions, rotations / norms, float(fps.item()))


def _arrays(data: bytes, path: Path) -> dict[str, np.ndarray]:
    arrays = read_npz(data, path, _KEYS)
    missing = [key for key in _KEYS if key not in arrays]
    if missing:
        raise FileFormatError(path, f"has no {', '.join(missing)}", _REMEDY)
    for key in ("fps", "body_positions", "body_rotations"):
        if arrays[key].dtype.kind not in "fiu":
            raise FileFormatError(path, f"{key} holds {arrays[key].dtype}, not numbers", _REMEDY)
        arrays[key] = arrays[key].astype(np.float64)
    return arrays


def _check_finite(
    path: Path, positions: Float64[np.ndarray, "T 15 3"], rotations: Float64[np.ndarray, "T 15 4"]
) -> None:
    for key, array in (("body_positions", positions), ("body_rotations", rotations)):
        bad = np.argwhere(~np.isfinite(array))
        if len(bad):
            frame, body = bad[0][:2]
            cause = f"{key}, frame {frame}, body {list(_PARENTS)[body]} is not a finite number"
            raise FileFormatError(path, cause, "repair the frame or cut it out")


def _recording(
    positions: Float64[np.ndarray, "T 15 3"], rotations: Float64[np.ndarray, "T 15 4"], fps: float
) -> Recording:
    bodies = list(_PARENTS)
    feet = [bodies.index("left_foot"), bodies.index("right_foot")]
    toes = positions[:, feet] + rotated(rotations[:, feet], _TOE_IN_FOOT)
    parents = [bodies.index(parent) if parent else -1 for parent in _PARENTS.values()]
    return Recording(
        joint_names=(*bodies, "left_foot#toe", "right_foot#toe"),
        parents=np.array([*parents, *feet], np.int64),
        positions=np.concatenate([positions, toes], axis=1),
        rotations=np.concatenate([rotations, rotations[:, feet]], axis=1),
        fps=fps,
        metres_per_unit=1.0,
        up_axis="z",
        notes=("the format has no toes; the front ends of the model's soles stand in for them",),
    )
