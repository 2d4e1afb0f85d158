"""Animated skeletons in glTF, GLB, VRM and VRMA files; keys are brought to one rate."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.errors import FileFormatError
from retarget.geometry import quaternion_from_matrix, rotated, unit
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.posed import posed
from retarget.motion.formats.scenes.gltf_file import GltfFile, open_gltf
from retarget.motion.formats.scenes.keys import moments, rate_of_keys
from retarget.motion.recording import Recording

__all__ = ["looks_like_gltf", "read_gltf"]

_REMEDY: Final = "export it with its animation"
_SOON: Final = 1e-4  # seconds
_MOST_NODES: Final = 5000
_VRM: Final = ("VRMC_vrm_animation", "VRMC_vrm", "VRM")


def looks_like_gltf(data: bytes) -> bool:
    """Whether a file is GLB, or JSON with an asset of glTF."""
    if data.startswith(b"glTF"):
        return True
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return (
        start.startswith(b"{")
        and b'"asset"' in data
        and b'"nodes"' in data
        and b'"accessors"' in data
    )


def read_gltf(data: bytes, path: Path, asked: Asked) -> Recording:
    """Read one animation of a glTF file at the rate of its keys, or 30 frames a second where they have none.

    Args:
        data: The file's bytes.
        path: Where they are from; a buffer beside it is read.
        asked: Which animation.

    Raises:
        FileFormatError: There is no animation, or it moves no skeleton.
    """
    file = open_gltf(data, path)
    animations = file.items("animations")
    if not animations:
        raise FileFormatError(path, "holds no animation", _REMEDY)
    names = [str(one.get("name") or number) for number, one in enumerate(animations, 1)]
    animation = animations[asked.index_of(names, path, "animation")]
    nodes, parents = _tree(file)
    curves = _curves(file, animation, len(nodes))
    moved = {node for node, _ in curves}
    kept = _kept(file, parents, moved)
    if len(kept) < 3:
        raise FileFormatError(path, "its animation moves no skeleton", _REMEDY)
    times = [keys for keys, _, _ in curves.values()]
    begin, end = float(min(keys.min() for keys in times)), float(max(keys.max() for keys in times))
    if not all(np.isfinite(keys).all() for keys in times):
        raise FileFormatError(path, "has keys at times that are not finite", _REMEDY)
    fps = rate_of_keys(times)
    wanted = moments(begin, end, fps, len(kept), path, _REMEDY)
    scales = _scales(file, parents, nodes)
    place = {node: joint for joint, node in enumerate(kept)}
    above = np.array([place.get(parents[node], -1) for node in kept], np.int64)
    rest = [_rest(nodes[node]) for node in kept]

    def turns(block: slice) -> Float64[np.ndarray, "n J 4"]:
        out = np.empty((len(wanted[block]), len(kept), 4))
        for joint, node in enumerate(kept):
            curve = curves.get((node, "rotation"))
            out[:, joint] = (
                rest[joint][1] if curve is None else _sampled(*curve, wanted[block], turning=True)
            )
        return out

    def offsets(block: slice) -> Float64[np.ndarray, "n J 3"]:
        out = np.empty((len(wanted[block]), len(kept), 3))
        for joint, node in enumerate(kept):
            curve = curves.get((node, "translation"))
            own = (
                rest[joint][0] if curve is None else _sampled(*curve, wanted[block], turning=False)
            )
            out[:, joint] = own * scales[parents[node]] if parents[node] >= 0 else own
        return out

    positions, rotations = posed(len(wanted), above, turns, offsets)
    return Recording(
        joint_names=_names(file, nodes, kept),
        parents=above,
        positions=positions,
        rotations=rotations,
        fps=fps,
        likely_up_axis="y",
        rest=_rest_places(
            rest, above, [scales[parents[n]] if parents[n] >= 0 else 1.0 for n in kept]
        ),
        notes=asked.note_of_others(names, "animation"),
    )


def _tree(file: GltfFile) -> tuple[list[dict[str, Any]], list[int]]:
    nodes = file.items("nodes")
    if not 0 < len(nodes) <= _MOST_NODES:
        raise FileFormatError(file.path, f"has {len(nodes)} nodes", _REMEDY)
    parents = [-1] * len(nodes)
    for index, node in enumerate(nodes):
        for child in node.get("children", []):
            if not isinstance(child, int) or not 0 <= child < len(nodes) or parents[child] >= 0:
                raise FileFormatError(file.path, "its nodes are no tree", _REMEDY)
            parents[child] = index
    for index in range(len(nodes)):  # nobody is below itself
        at, steps = index, 0
        while at >= 0:
            at, steps = parents[at], steps + 1
            if steps > len(nodes):
                raise FileFormatError(file.path, "its nodes are no tree", _REMEDY)
    return nodes, parents


def _kept(file: GltfFile, parents: list[int], moved: set[int]) -> list[int]:
    """Joints of skins, nodes that move and bones of a human, with what they hang on; parents before their children."""
    wanted = set(moved) | set(_human(file))
    for skin in file.items("skins"):
        wanted |= {int(joint) for joint in skin.get("joints", []) if 0 <= int(joint) < len(parents)}
    for node in list(wanted):
        at = parents[node]
        while at >= 0:
            wanted.add(at)
            at = parents[at]
    depth = {node: _depth(node, parents) for node in wanted}
    return sorted(wanted, key=lambda node: (depth[node], node))


def _depth(node: int, parents: list[int]) -> int:
    depth = 0
    while parents[node] >= 0:
        node, depth = parents[node], depth + 1
    return depth


def _human(file: GltfFile) -> dict[int, str]:
    """Bones of a VRM human by node, where the file names them."""
    extensions, nodes = file.content.get("extensions", {}), len(file.items("nodes"))
    for key in _VRM:
        bones = extensions.get(key, {}).get("humanoid", {}).get("humanBones", {})
        if isinstance(bones, dict) and bones:
            named = {name: bone["node"] for name, bone in bones.items() if "node" in bone}
            return {_one_of(file, "node", node, nodes): name for name, node in named.items()}
        if isinstance(bones, list) and bones:
            return {_one_of(file, "node", bone["node"], nodes): str(bone["bone"]) for bone in bones}
    return {}


def _names(file: GltfFile, nodes: list[dict[str, Any]], kept: list[int]) -> tuple[str, ...]:
    human = _human(file)
    names: list[str] = []
    for node in kept:
        name = human.get(node) or str(nodes[node].get("name") or f"node{node}")
        distinct, copies = name, 1
        while distinct in names:
            copies += 1
            distinct = f"{name}#{copies}"
        names.append(distinct)
    return tuple(names)


def _rest(node: dict[str, Any]) -> tuple[Float64[np.ndarray, "3"], Float64[np.ndarray, "4"], float]:
    """Place, rotation (wxyz) and mean scale of a node in its parent."""
    if "matrix" in node:
        matrix = np.array(node["matrix"], np.float64).reshape(4, 4).T
        scale = np.cbrt(abs(np.linalg.det(matrix[:3, :3])))
        turn = quaternion_from_matrix(matrix[:3, :3] / max(scale, 1e-12))
        return matrix[:3, 3], turn, float(scale)
    place = np.array(node.get("translation", [0, 0, 0]), np.float64)
    x, y, z, w = node.get("rotation", [0, 0, 0, 1])
    scale = np.array(node.get("scale", [1, 1, 1]), np.float64)
    return place, unit(np.array([w, x, y, z], np.float64)), float(np.cbrt(abs(np.prod(scale))))


def _scales(file: GltfFile, parents: list[int], nodes: list[dict[str, Any]]) -> list[float]:
    """By how much what hangs on each node is scaled: models in centimetres hang on a root of a hundredth."""
    scales = [_rest(node)[2] for node in nodes]
    total = []
    for index in range(len(nodes)):
        product, at = 1.0, index
        while at >= 0:
            product *= scales[at]
            at = parents[at]
        total.append(product)
    return total


_Values = Float64[np.ndarray, "k w"] | Float32[np.ndarray, "k w"]
_Curve = tuple[Float64[np.ndarray, "k"], _Values, str]


def _one_of(file: GltfFile, what: str, number: Any, count: int) -> int:
    """The number of one of the file's nodes or samplers, which must be there."""
    if not isinstance(number, int) or not 0 <= number < count:
        raise FileFormatError(file.path, f"names {what} {number!r} of {count}", _REMEDY)
    return number


def _curves(file: GltfFile, animation: dict[str, Any], nodes: int) -> dict[tuple[int, str], _Curve]:
    """Times, values and interpolation of what an animation turns and moves; quaternions are wxyz."""
    found: dict[tuple[int, str], _Curve] = {}
    times: dict[int, Float64[np.ndarray, "k"]] = {}  # many curves have the same
    samplers = animation.get("samplers", [])
    for channel in animation.get("channels", []):
        target = channel.get("target", {})
        what, node = target.get("path"), target.get("node")
        if what not in ("rotation", "translation") or node is None:
            continue
        sampler = samplers[_one_of(file, "sampler", channel["sampler"], len(samplers))]
        if sampler["input"] not in times:
            times[sampler["input"]] = file.numbers(sampler["input"])[:, 0].astype(np.float64)
        keys = times[sampler["input"]]
        values = file.numbers(sampler["output"])
        how = str(sampler.get("interpolation", "LINEAR"))
        rows = 3 * len(keys) if how == "CUBICSPLINE" else len(keys)
        width = 4 if what == "rotation" else 3
        if values.shape != (rows, width) or len(keys) == 0 or np.any(np.diff(keys) < 0):
            raise FileFormatError(
                file.path, f"the {what} of node {node} has keys that do not fit", _REMEDY
            )
        if what == "rotation":
            values = np.roll(values, 1, axis=1)
        found[_one_of(file, "node", node, nodes), what] = (keys, values, how)
    if not found:
        raise FileFormatError(file.path, "its animation turns nothing", _REMEDY)
    return found


def _sampled(
    keys: Float64[np.ndarray, "k"],
    values: _Values,
    how: str,
    wanted: Float64[np.ndarray, "T"],
    turning: bool,
) -> Float64[np.ndarray, "T w"]:
    """A curve at some times: steps, lines (great circles for quaternions) or cubic curves."""
    # Keys are in single precision: one that was meant for this moment has come.
    before = np.clip(
        np.searchsorted(keys, wanted + _SOON, side="right") - 1, 0, max(0, len(keys) - 2)
    )
    after = np.minimum(before + 1, len(keys) - 1)
    span = np.maximum(keys[after] - keys[before], 1e-9)
    s = np.clip((wanted - keys[before]) / span, 0.0, 1.0)[:, None]
    if how == "CUBICSPLINE":
        parts = values.reshape(-1, 3, values.shape[1])
        into, points, out = (np.asarray(parts[:, part]) for part in range(3))
        d = span[:, None]
        found = (
            (2 * s**3 - 3 * s**2 + 1) * points[before] + d * (s**3 - 2 * s**2 + s) * out[before]
            + (3 * s**2 - 2 * s**3) * points[after] + d * (s**3 - s**2) * into[after]
        )  # fmt: skip
        return unit(found) if turning else found
    if how == "STEP":
        last = values[np.where(wanted + _SOON >= keys[after], after, before)].astype(np.float64)
        return unit(last) if turning else last
    one, other = (values[keyed].astype(np.float64) for keyed in (before, after))
    if not turning:
        return np.asarray((1 - s) * one + s * other)
    from retarget.geometry import slerp

    return slerp(unit(one), unit(other), s[:, 0])


def _rest_places(
    rest: list[tuple[Float64[np.ndarray, "3"], Float64[np.ndarray, "4"], float]],
    parents: Int64[np.ndarray, "J"],
    scales: list[float],
) -> Float64[np.ndarray, "J 3"]:
    """Where joints are before they are animated."""
    from retarget.geometry import quaternion_product

    places, turns = np.zeros((len(rest), 3)), np.zeros((len(rest), 4))
    for joint, (place, turn, _) in enumerate(rest):
        parent = parents[joint]
        if parent < 0:
            places[joint], turns[joint] = place, turn
            continue
        places[joint] = places[parent] + rotated(turns[parent], place * scales[joint])
        turns[joint] = quaternion_product(turns[parent], turn)
    return places
