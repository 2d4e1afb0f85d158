"""The layouts in which tools write motions of the SMPL family, told apart by their keys: who is in a file, and where.

Keys as read in the tools' own sources: GVHMR ``hmr4d/model/gvhmr/gvhmr_pl_demo.py``, GEM-X
``scripts/demo/demo_soma.py`` and add-ons that read what it writes, WHAM ``demo.py``, TRAM
``scripts/estimate_humans.py``, HybrIK ``scripts/demo_video.py``, PHALP (4D-Humans), GLAMR, the AIST++, 3DPW and EMDB
releases, AMASS in both generations and Motion-X. From memory are SLAHMR's, PromptHMR's, PHC's, MDM's, GRAB's,
InterHuman's and Inter-X's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from retarget.motion.formats.smpl.lists import mapping_of_list
from retarget.motion.formats.smpl.tools import (
    AISTPP,
    AMASS,
    GEM,
    GEM_X,
    GENERAL,
    GLAMR,
    GRAB,
    GVHMR,
    HYBRIK,
    MDM,
    MOTION_X,
    PHALP,
    PHC,
    PROMPT_HMR,
    SLAHMR,
    THREE_DPW,
    TRAM,
    WHAM,
    Fields,
    Person,
)

__all__ = ["LAYOUTS", "persons_in"]


# Keys under which video models write the body in the world, beside the same in the camera's axes.
_WORLDS: Final = {
    "smpl_params_global": GVHMR, "body_params_global": GEM, "pred_smpl_params_global": GVHMR,
    "pred_body_params_global": GEM,
}  # fmt: skip
# Columns of a Motion-X row.
_MOTION_X: Final = {
    "root_orient": (0, 3), "pose_body": (3, 66), "pose_hand": (66, 156), "trans": (309, 312), "betas": (312, 322),
}  # fmt: skip
_MOTION_X_ROW: Final = 322
_POSE_KEYS: Final = frozenset(
    ("poses", "pose", "fullpose", "full_pose", "pose_body", "body_pose", "poses_body", "smpl_poses", "pred_rotmat",
     "pose_world", "pred_thetas", "smpl_pose")
)  # fmt: skip
_RATES: Final = ("mocap_framerate", "mocap_frame_rate", "framerate", "frame_rate", "fps")
_DEEPEST: Final = 2


def persons_in(content: Any) -> list[Person]:
    """Everybody whose motion a file holds, in the file's order; nobody where it is of none of the layouts."""
    if isinstance(content, np.ndarray) and content.dtype.kind == "f" and content.ndim == 2:
        if content.shape[1] != _MOTION_X_ROW:
            return []
        fields = {key: content[:, slice(*span)] for key, span in _MOTION_X.items()}
        return [Person("1", fields, MOTION_X)]
    if isinstance(content, (list, tuple)):
        content = mapping_of_list(content, _POSE_KEYS)
    if not isinstance(content, Mapping):
        return []
    for layout in LAYOUTS:
        found = layout(content)
        if found:
            return found
    return []


def _grab(content: Fields) -> list[Person]:
    body = content.get("body")
    if isinstance(body, np.ndarray) and body.shape == ():
        body = body.item()
    params = body.get("params") if isinstance(body, Mapping) else None
    if not isinstance(params, Mapping) or "body_pose" not in params:
        return []
    said = {key: content[key] for key in ("framerate", "gender") if key in content}
    return [Person("1", {**said, **params}, GRAB)]


def _gvhmr(content: Fields) -> list[Person]:
    for key, layout in _WORLDS.items():
        world = content.get(key)
        if isinstance(world, Mapping) and "body_pose" in world:
            return [Person("1", world, GEM_X if "identity_coeffs" in world else layout)]
    return []


def _glamr(content: Fields) -> list[Person]:
    people = content.get("person_data")
    if not isinstance(people, Mapping):
        return []
    names = {"root_orient": "smpl_orient_world", "pose_body": "smpl_pose", "trans": "root_trans_world",
             "betas": "smpl_beta", "exists": "exist_frames"}  # fmt: skip
    return [
        Person(str(name), _renamed(one, names), GLAMR)
        for name, one in people.items()
        if isinstance(one, Mapping) and "smpl_orient_world" in one
    ]


def _wham(content: Fields) -> list[Person]:
    names = {"poses": "pose_world", "trans": "trans_world", "betas": "betas", "frames": "frame_ids"}
    people = content if "pose_world" not in content else {"1": content}
    return [
        Person(str(name), _renamed(one, names), WHAM)
        for name, one in people.items()
        if isinstance(one, Mapping) and "pose_world" in one
    ]


def _aistpp(content: Fields) -> list[Person]:
    if "smpl_poses" not in content or "smpl_trans" not in content:
        return []
    scaling = float(np.ravel(content.get("smpl_scaling", 1.0))[0])
    trans = np.asarray(content["smpl_trans"], np.float64) / (scaling if scaling > 0 else np.nan)
    return [Person("1", {"poses": content["smpl_poses"], "trans": trans}, AISTPP)]


def _tram(content: Fields) -> list[Person]:
    if "pred_rotmat" not in content:
        return []
    names = {
        "poses": "pred_rotmat",
        "trans": "pred_trans",
        "betas": "pred_shape",
        "frames": "frame",
    }
    return [Person("1", _renamed(content, names), TRAM)]


def _hybrik(content: Fields) -> list[Person]:
    if "pred_thetas" not in content:
        return []
    names = {"poses": "pred_thetas", "trans": "transl", "betas": "pred_betas"}
    return [Person("1", _renamed(content, names), HYBRIK)]


def _phalp(content: Fields) -> list[Person]:
    """Frames by picture, each with lists of bodies and of whose they are; a track is one person's frames."""
    frames = [one for one in content.values() if isinstance(one, Mapping) and "smpl" in one]
    if not frames or len(frames) != len(content):
        return []
    tracks: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    for number, frame in enumerate(frames):
        bodies = frame["smpl"]
        owners = frame.get("tid", range(len(bodies)))
        for body, owner in zip(bodies, owners, strict=False):
            if isinstance(body, Mapping) and "global_orient" in body:
                tracks.setdefault(str(owner), []).append((number, body))
    people = []
    for name, seen in sorted(tracks.items(), key=lambda item: -len(item[1])):
        fields = {
            key: np.stack([body[key] for _, body in seen]).astype(np.float64, copy=False)
            for key in ("global_orient", "body_pose", "betas")
        }
        people.append(Person(name, {**fields, "frames": np.array([at for at, _ in seen])}, PHALP))
    return people


def _three_dpw(content: Fields) -> list[Person]:
    poses, trans = content.get("poses"), content.get("trans")
    if not isinstance(poses, (list, tuple)) or not isinstance(trans, (list, tuple)):
        return []
    genders = content.get("genders", ["neutral"] * len(poses))
    shapes = content.get("betas", [np.zeros(10)] * len(poses))
    return [
        Person(str(i + 1), {"poses": p, "trans": t, "betas": b, "gender": g}, THREE_DPW)
        for i, (p, t, b, g) in enumerate(zip(poses, trans, shapes, genders, strict=False))
    ]


def _slahmr(content: Fields) -> list[Person]:
    """Arrays with an axis of persons before that of frames; HuMoR's are the same without it."""
    parts = {
        key: np.asarray(content[key])
        for key in ("root_orient", "pose_body", "trans", "betas")
        if key in content
    }
    if [key for key, part in parts.items() if part.ndim == 3][:3] != [
        "root_orient",
        "pose_body",
        "trans",
    ]:
        return []
    people = len(parts["trans"])
    if any(part.ndim == 0 or len(part) != people for part in parts.values()):
        return []
    said = {key: value for key, value in content.items() if np.ndim(value) == 0}
    return [
        Person(
            str(number + 1), {**said, **{key: part[number] for key, part in parts.items()}}, SLAHMR
        )
        for number in range(people)
    ]


def _prompt_hmr(content: Fields) -> list[Person]:
    people = content.get("people")
    if not isinstance(people, Mapping):
        return []
    found = []
    for name, one in people.items():
        world = one.get("smplx_world") if isinstance(one, Mapping) else None
        if isinstance(world, Mapping) and "pose" in world:
            frames = {"frames": one["frames"]} if "frames" in one else {}
            found.append(Person(str(name), {**world, **frames}, PROMPT_HMR))
    return found


def _phc(content: Fields) -> list[Person]:
    """Humans that PHC prepares: clips by name; a robot's motion has the same key, of other joints."""
    names = {"poses": "pose_aa", "betas": "beta", "gender": "gender", "fps": "fps"}
    people = []
    for name, one in content.items() if "pose_aa" not in content else [("1", content)]:
        if isinstance(one, Mapping) and "pose_aa" in one and "dof" not in one:
            trans = next((one[key] for key in ("trans", "trans_orig") if key in one), None)
            if trans is not None:
                people.append(Person(str(name), {**_renamed(one, names), "trans": trans}, PHC))
    return people


def _mdm(content: Fields) -> list[Person]:
    """Bodies that were fitted to what MDM generates: six numbers of each joint, and frames behind them."""
    turns, trans = (np.asarray(content.get(key, 0.0)) for key in ("thetas", "root_translation"))
    if turns.ndim != 3 or trans.ndim != 2 or turns.shape[2] != trans.shape[1]:
        return []
    length = int(np.ravel(content.get("length", turns.shape[2]))[0])
    frames = max(1, min(length, turns.shape[2]))
    return [
        Person("1", {"poses": np.moveaxis(turns, -1, 0)[:frames], "trans": trans.T[:frames]}, MDM)
    ]


def _general(content: Fields) -> list[Person]:
    return _general_below(content, 0)


def _general_below(content: Fields, depth: int) -> list[Person]:
    """A mapping with poses, or mappings with poses inside it."""
    if _POSE_KEYS & set(map(str, content)):
        amass = any(str(key).startswith("mocap_") for key in content)
        return [Person("1", content, AMASS if amass else GENERAL)]
    if depth >= _DEEPEST:
        return []
    people: list[Person] = []
    said = {key: content[key] for key in _RATES if key in content}  # of all who are in the file
    for name, one in content.items():
        if isinstance(one, Mapping):
            below = _general_below({**said, **one}, depth + 1)
            people += [
                Person(str(name) if len(below) == 1 else f"{name} {p.name}", p.fields, p.layout)
                for p in below
            ]
    return people


def _renamed(fields: Fields, names: Mapping[str, str]) -> dict[str, Any]:
    return {ours: fields[theirs] for ours, theirs in names.items() if theirs in fields}


LAYOUTS: Final[Sequence[Callable[[Fields], list[Person]]]] = (
    _gvhmr, _glamr, _wham, _aistpp, _tram, _hybrik, _three_dpw, _phalp, _slahmr, _prompt_hmr, _phc, _mdm, _grab,
    _general,
)  # fmt: skip
"""Each finds who is in a file of one layout; the general one is last."""
