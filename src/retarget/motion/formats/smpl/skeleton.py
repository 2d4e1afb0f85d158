"""Where the joints of a body are at rest: from the user's own model files, else from one fixed skeleton."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError
from retarget.inputs import read_bytes
from retarget.motion.doubts import Doubt
from retarget.motion.formats.smpl.body import body_tree, fixed_skeleton
from retarget.motion.formats.smpl.size import Size

__all__ = ["RestBody", "rest_body", "stand_in_doubt"]

_KEYS: Final = ("v_template", "shapedirs", "J_regressor")
_SHAPES: Final = {"smpl": 300, "smplh": 300, "smplx": 300}
_DEEPEST: Final = 3  # folders below the one given
_MOST_FILES: Final = 2000
_LARGEST: Final = 2**30  # bytes of a model file; SMPL-X's largest have 170 MB
_LIKELY: Final = 4.0  # a shape coefficient beyond is no person's
# What the first shape coefficient does to lengths in SMPL-X, per unit (measured over 2000 random bodies), and the
# standard deviation of lengths that is left. For SMPL and SMPL-H the sign was not confirmed: feet alone tell sizes.
_LONGER: Final = 0.06
_ERROR_SHAPED, _ERROR_UNKNOWN = 0.028, 0.069
_LEAST_PERCENT: Final = (
    0.5  # genders differ by more than that from the skeleton even at a mean shape
)
_UNKNOWN_SHAPE: Final = 0.1
_AVERAGE_SHAPE: Final = 0.03
_COST: Final = (
    "limb directions differ from those of the true body by 0.6 to 0.9 degrees (median; 2 in the worst twentieth), "
    "hips and collars by 2 to 2.5, lengths by about {length} percent; give your own model files with --smpl-models"
)
# Between the two skeletons that NVIDIA publishes: Kimodo's, which stands in, and soma-retargeter's.
_COST_OF_SOMA: Final = (
    "shanks may be 5 degrees off the true body's, other bones 1, lengths about {length} percent; for the body's own "
    "skeleton give the BVH that GEM-X's export_soma_bvh writes"
)


class RestBody(NamedTuple):
    """Rest joints in the model's axes, metres (x left, y up, z forward), and what to say about them.

    Attributes:
        joints: The joints, of a fixed skeleton at size 1 where no model file tells them.
        notes: What a user should know.
        cause: Why a fixed skeleton stands in; empty where a model file told the joints.
        size: The body's size as far as its shape tells it.
    """

    joints: Float64[np.ndarray, "J 3"]
    notes: tuple[str, ...]
    cause: str = ""
    size: Size = Size(1.0, 0.0, 0.0)


class _Shaped(NamedTuple):
    """A model file's rest joints: those of the mean body, and what each shape coefficient adds."""

    mean: Float64[np.ndarray, "J 3"]
    directions: Float64[np.ndarray, "J 3 B"]
    sha256: str


def rest_body(
    kind: str, gender: str, betas: Float64[np.ndarray, "B"], models: Path | None
) -> RestBody:
    """Rest joints of a body of a shape.

    Args:
        kind: ``smpl``, ``smplh``, ``smplx`` or ``soma``, of which no model files are read.
        gender: ``female``, ``male`` or ``neutral``.
        betas: Shape coefficients; those beyond what a model file has are left out.
        models: Folder of the user's model files; None to take the fixed skeleton.

    Raises:
        FileFormatError: A model file is there and unreadable.
    """
    if kind == "soma":
        cause = "SOMA's own body model is not read"
        return RestBody(fixed_skeleton(kind), (), cause, Size(1.0, _ERROR_UNKNOWN, 0.0))
    if models is not None:
        found = _model_file(models, kind, gender)
        if found is not None:
            return _from_model(found, kind, gender, betas)
    cause = (
        f"{models} holds no {kind.upper()} model file"
        if models is not None
        else "no body model was given"
    )
    scale, shaped = 1.0, bool(np.any(np.abs(betas) > 1e-6))
    if kind == "smplx" and len(betas):
        scale = 1.0 + _LONGER * float(np.clip(betas[0], -_LIKELY, _LIKELY))
    error = (_ERROR_SHAPED if kind == "smplx" else _ERROR_UNKNOWN) if shaped else 0.0
    return RestBody(fixed_skeleton(kind), (), cause, Size(scale, error, 0.0))


def stand_in_doubt(kind: str, cause: str, size: Size) -> Doubt:
    """What a fixed skeleton costs that stands in for a body's own, at a size."""
    how = f", scaled by {size.scale:.3f}" if abs(size.scale - 1.0) > 5e-4 else ""
    if size.seconds:
        how += f" as {size.seconds:.1f} s of feet that stand show it"
    reason = f"{cause}, so a fixed skeleton stands in{how}: " + (
        _COST_OF_SOMA if kind == "soma" else _COST
    ).format(length=f"{max(100 * size.error, _LEAST_PERCENT):.1f}")
    return Doubt("skeleton", _UNKNOWN_SHAPE if size.error else _AVERAGE_SHAPE, reason)


def _from_model(path: Path, kind: str, gender: str, betas: Float64[np.ndarray, "B"]) -> RestBody:
    status = path.stat()
    model = _loaded(path, status.st_mtime_ns, status.st_size)
    count = len(body_tree(kind).names)
    if len(model.mean) != count:
        cause = f"has {len(model.mean)} joints, {kind.upper()} has {count}"
        raise FileFormatError(path, cause, "give the model files as they were published")
    used = min(len(betas), model.directions.shape[2], _SHAPES[kind])
    joints = model.mean + model.directions[..., :used] @ betas[:used]
    notes = [
        f"rest joints from {path.name} (sha256 {model.sha256[:12]}), {used} shape coefficients"
    ]
    if _gender_of(path) != gender:
        notes.append(
            f"no {gender} {kind.upper()} model was found; a {_gender_of(path)} one was used"
        )
    return RestBody(joints, tuple(notes))


def _model_file(folder: Path, kind: str, gender: str) -> Path | None:
    """The model file of a kind for a gender, else a neutral one, else any of the kind."""
    files = sorted(_model_files(folder, kind))
    for wanted in (gender, "neutral", "male", "female"):
        for path in files:
            if _gender_of(path) == wanted:
                return path
    return None


def model_files(folder: Path) -> list[Path]:
    """All files of a folder that are taken for models of bodies, as their names say."""
    return _model_files(folder, None)


def _model_files(folder: Path, kind: str | None) -> list[Path]:
    """Model files of a kind, or of any."""
    found: list[Path] = []
    waiting, seen = [(folder, 0)], 0
    while waiting:
        here, depth = waiting.pop()
        for path in sorted(here.iterdir()):
            seen += 1
            if seen > _MOST_FILES:
                return found
            if path.is_dir() and depth < _DEEPEST and not path.is_symlink():
                waiting.append((path, depth + 1))
            elif (
                path.is_file()
                and path.suffix.lower() in (".npz", ".pkl")
                and _kind_of(path.relative_to(folder)) in ({kind} if kind else set(_SHAPES))
            ):
                found.append(path)
    return found


def _kind_of(path: Path) -> str:
    """What a model file's name says: ``SMPLX_NEUTRAL.npz``, ``smplh/female/model.npz``, ``basicModel_f...pkl``."""
    name = path.name.lower()
    text = name if name != "model.npz" else str(path).lower()
    for sign, kind in (
        ("smplx", "smplx"),
        ("smplh", "smplh"),
        ("smpl", "smpl"),
        ("basicmodel", "smpl"),
    ):
        if sign in text:
            return kind
    return ""


def _gender_of(path: Path) -> str:
    name = path.name.lower() if path.name.lower() != "model.npz" else path.parent.name.lower()
    if "female" in name or "model_f" in name:
        return "female"
    if "male" in name or "model_m" in name:
        return "male"
    return "neutral"


@lru_cache(maxsize=12)
def _loaded(path: Path, _changed: int, _size: int) -> _Shaped:
    """Rest joints and their shape directions; read once a process and file."""
    from retarget.containers import CHUMPY, PLAIN, SPARSE, npz_names, read_data, read_npz

    data = read_bytes(path, "give the published files", most=_LARGEST)
    allowed = PLAIN | CHUMPY | SPARSE
    whole = not npz_names(data)
    arrays = read_data(data, path, allowed) if whole else read_npz(data, path, _KEYS)
    if not isinstance(arrays, Mapping) or any(key not in arrays for key in _KEYS):
        cause = f"has no {', '.join(_KEYS)}"
        raise FileFormatError(path, cause, "give the model files as they were published")
    vertices = _numbers(arrays["v_template"], path)
    shapes = _numbers(arrays["shapedirs"], path)
    regressor = _numbers(arrays["J_regressor"], path)
    if (
        regressor.ndim != 2
        or vertices.ndim != 2
        or shapes.ndim != 3
        or shapes.shape[:2] != vertices.shape
        or regressor.shape[1] != len(vertices)
        or vertices.shape[1] != 3
    ):
        cause = f"v_template {vertices.shape}, shapedirs {shapes.shape} and J_regressor {regressor.shape} do not fit"
        raise FileFormatError(path, cause, "give the model files as they were published")
    # The last ones of SMPL-X files are for the face: 300 + 100, or 10 + 10 in older files.
    count = shapes.shape[2]
    shape_count = {400: 300, 20: 10}.get(count, count) if len(regressor) == 55 else count
    directions = np.einsum("jv,vcb->jcb", regressor, shapes[..., :shape_count], optimize=True)
    return _Shaped(regressor @ vertices, directions, hashlib.sha256(data).hexdigest())


def _numbers(value: Any, path: Path) -> Float64[np.ndarray, "..."]:
    array = np.asarray(value)
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        raise FileFormatError(path, "a model array holds no finite numbers", "copy it again")
    return array.astype(np.float64)
