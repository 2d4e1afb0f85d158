"""Animated skeletons in FBX files, binary or text, as Maya, MotionBuilder, Blender, Unreal and Mixamo write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.errors import FileFormatError
from retarget.geometry import rotated
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.posed import posed
from retarget.motion.formats.scenes.fbx_file import FBX_MAGIC, FbxNode, open_fbx
from retarget.motion.formats.scenes.fbx_joints import Moving, joints_of
from retarget.motion.formats.scenes.fbx_scene import (
    PLACE,
    REMEDY,
    TURN,
    FbxModel,
    properties_of,
    scene_of,
    skeleton_of,
    takes_of,
)
from retarget.motion.formats.scenes.fbx_text import looks_like_fbx_text, open_fbx_text
from retarget.motion.formats.scenes.keys import moments, rate_of_keys
from retarget.motion.recording import Recording

__all__ = ["looks_like_fbx", "read_fbx"]

# Frames per second by the number that the file's settings say.
_MODES: Final = {1: 120.0, 2: 100.0, 3: 60.0, 4: 50.0, 5: 48.0, 6: 30.0, 7: 30.0, 8: 30 / 1.001, 9: 30 / 1.001,
                 10: 25.0, 11: 24.0, 13: 24 / 1.001, 15: 96.0, 16: 72.0, 17: 60 / 1.001}  # fmt: skip
_USUAL: Final = 30.0
_OWN_SCALE: Final = 2  # of a joint that takes no scale from what it hangs on
_TOLD: Final = 10_000  # keys of a curve tell its rate


def looks_like_fbx(data: bytes) -> bool:
    """Whether a file is FBX with curves; those of rigs and meshes alone are no motion."""
    return (data.startswith(FBX_MAGIC) or looks_like_fbx_text(data)) and b"AnimationCurve" in data


def read_fbx(data: bytes, path: Path, asked: Asked) -> Recording:
    """Read one animation of an FBX file at the rate of its keys, else at the one that its settings say.

    Args:
        data: The file's bytes.
        path: Where they are from.
        asked: Which animation.

    Raises:
        FileFormatError: It is torn or too old, or there is no animation that moves a skeleton.
    """
    roots = [open_fbx_text(data, path) if looks_like_fbx_text(data) else open_fbx(data, path)[0]]
    del data
    try:
        return _recording(roots.pop(), path, asked)
    except FileFormatError:
        raise
    except (ValueError, TypeError, OverflowError, IndexError) as error:
        raise FileFormatError(path, f"is damaged ({error})"[:200], "export it again") from None


def _recording(root: FbxNode, path: Path, asked: Asked) -> Recording:
    scene = scene_of(root)
    takes = {name: curves for name, curves in takes_of(scene).items() if curves}
    if not takes:
        raise FileFormatError(path, "holds no animation", REMEDY)
    names = list(takes)
    curves = takes[names[asked.index_of(names, path, "animation")]]
    order, parents = skeleton_of(scene, {model for model, _ in curves}, path)
    if len(order) < 3:
        raise FileFormatError(path, "its animation moves no skeleton", REMEDY)
    models = [scene.models[number] for number in order]
    used = [curve for axes in curves.values() for curve in axes.values()]
    settings = properties_of(root.first("GlobalSettings"))
    distinct = {id(curve.keys): curve for curve in used}.values()
    fps = rate_of_keys([curve.seconds(_TOLD) for curve in distinct], _rate_said(settings))
    begin, end = min(curve.span[0] for curve in used), max(curve.span[1] for curve in used)
    wanted = moments(begin, end, fps, len(order), path, REMEDY)
    scales = _scales(models, parents)
    # Arrays of a text are parts of the file, which is larger than all that is made of it.
    del root, scene
    joints = joints_of(models)
    places, angles = (
        Moving.of(models, [curves.get((n, what), {}) for n in order], what)
        for what in (PLACE, TURN)
    )
    swung = np.flatnonzero(joints.swung.any(axis=1))

    def turns(block: slice) -> Float64[np.ndarray, "n J 4"]:
        return joints.turns(angles.at(wanted[block]))

    def offsets(block: slice) -> Float64[np.ndarray, "n J 3"]:
        out = places.at(wanted[block])
        out += joints.fixed
        if len(swung):
            turned = joints.turns(angles.at(wanted[block]))[:, swung]
            out[:, swung] += rotated(turned, joints.swung[swung])
        out *= scales[:, None]
        return out

    positions, rotations = posed(len(wanted), parents, turns, offsets)
    axis = "xyz"[int(settings.get("UpAxis", (1.0,))[0]) % 3]
    return Recording(
        joint_names=_distinct([model.name for model in models]),
        parents=parents,
        positions=positions,
        rotations=rotations,
        fps=fps,
        likely_up_axis=axis if settings.get("UpAxisSign", (1.0,))[0] >= 0 else f"-{axis}",
        notes=asked.note_of_others(names, "animation"),
    )


def _scales(models: list[FbxModel], parents: Int64[np.ndarray, "J"]) -> Float64[np.ndarray, "J"]:
    """By how much what is said in each joint's parent is scaled: rigs in metres hang on a root of a hundred."""
    whole: list[float] = []
    for model, parent in zip(models, parents, strict=True):
        own = float(np.cbrt(abs(float(np.prod(model.vector("Lcl Scaling", 1.0))))))
        alone = parent < 0 or model.number("InheritType") == _OWN_SCALE
        whole.append(own if alone else own * whole[parent])
    return np.array([1.0 if parent < 0 else whole[parent] for parent in parents])


def _distinct(names: list[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        distinct, copies = name, 1
        while distinct in found:
            copies += 1
            distinct = f"{name}#{copies}"
        found[distinct] = None
    return tuple(found)


def _rate_said(settings: Mapping[str, tuple[float, ...]]) -> float:
    mode = int(settings.get("TimeMode", (0.0,))[0])
    if mode == 14:
        custom = settings.get("CustomFrameRate", (_USUAL,))[0]
        return custom if custom > 0 else _USUAL
    return _MODES.get(mode, _USUAL)
