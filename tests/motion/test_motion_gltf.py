"""glTF, GLB and VRM files: rates of keys, curves, scaled roots, humans by their bones, and what is refused."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import smpl_files as made
from bvh_files import CLIPS
from scipy.spatial.transform import Rotation

from retarget.errors import FileFormatError
from retarget.motion import Motion, read_motion
from retarget.motion.formats.smpl.body import body_tree, fixed_skeleton

needs_clips = pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/clips")


@pytest.fixture
def walk(tmp_path: Path) -> Motion:
    return read_motion(made.written(tmp_path, "amass.npz", made.amass(made.walk())))


def gltf(*, scale: float = 1.0, fps: float = 30.0, how: str = "LINEAR", short: bool = False,
         names: tuple[str, ...] | None = None, animations: int = 1,
         whole: made.Walk | None = None) -> tuple[dict[str, Any], bytes]:  # fmt: skip
    """The walk with y up, its joints below a root that scales them."""
    walk = made.y_up(whole or made.walk())
    tree = body_tree("smpl")
    rest = fixed_skeleton("smpl")
    names = names or tree.names
    buffer = b""
    accessors: list[dict[str, Any]] = []
    views: list[dict[str, Any]] = []

    def add(values: np.ndarray, kind: str, **said: Any) -> int:
        nonlocal buffer
        views.append({"buffer": 0, "byteOffset": len(buffer), "byteLength": values.nbytes})
        component = {"float32": 5126, "int16": 5122}[values.dtype.name]
        accessors.append(
            {
                "bufferView": len(views) - 1,
                "componentType": component,
                "count": len(values),
                "type": kind,
                **said,
            }
        )
        buffer += values.tobytes() + b"\0" * (-values.nbytes % 4)
        return len(accessors) - 1

    frames = len(walk.trans)
    time = add((np.arange(frames) / fps).astype(np.float32), "SCALAR")
    nodes: list[dict[str, Any]] = [{"name": "Root", "scale": [scale] * 3, "children": [1]}]
    samplers, channels = [], []
    for joint, parent in enumerate(tree.parents):
        place = rest[joint] - rest[parent] if parent >= 0 else np.zeros(3)
        nodes.append({"name": names[joint], "translation": list(place / scale)})
        if parent >= 0:
            nodes[parent + 1].setdefault("children", []).append(joint + 1)
        turn = Rotation.from_rotvec(walk.poses[:, joint]).as_quat()
        turn *= np.where(
            np.cumprod(np.concatenate([[1.0], np.sign(np.sum(turn[1:] * turn[:-1], axis=1))])) < 0,
            -1,
            1,
        )[:, None]
        if how == "CUBICSPLINE":
            slope = np.gradient(turn, 1 / fps, axis=0)
            turn = np.stack([slope, turn, slope], axis=1).reshape(-1, 4)
        if short:
            values = add(np.round(turn * 32767).astype(np.int16), "VEC4", normalized=True)
        else:
            values = add(turn.astype(np.float32), "VEC4")
        samplers.append({"input": time, "output": values, "interpolation": how})
        channels.append(
            {"sampler": len(samplers) - 1, "target": {"node": joint + 1, "path": "rotation"}}
        )
    move = (walk.trans + rest[0]) / scale
    if how == "CUBICSPLINE":
        slope = np.gradient(move, 1 / fps, axis=0)
        move = np.stack([slope, move, slope], axis=1).reshape(-1, 3)
    samplers.append(
        {"input": time, "output": add(move.astype(np.float32), "VEC3"), "interpolation": how}
    )
    channels.append({"sampler": len(samplers) - 1, "target": {"node": 1, "path": "translation"}})
    content = {
        "asset": {"version": "2.0"}, "nodes": nodes, "scenes": [{"nodes": [0]}], "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(buffer)}],
        "animations": [{"name": f"take{i}", "samplers": samplers, "channels": channels} for i in range(animations)],
    }  # fmt: skip
    return content, buffer


def glb(content: dict[str, Any], buffer: bytes) -> bytes:
    text = json.dumps(content).encode()
    text += b" " * (-len(text) % 4)
    size = 12 + 8 + len(text) + 8 + len(buffer)
    return (
        struct.pack("<4sII", b"glTF", 2, size)
        + struct.pack("<II", len(text), 0x4E4F534A)
        + text
        + struct.pack("<II", len(buffer), 0x004E4942)
        + buffer
    )


def check(motion: Motion, walk: Motion, most: float) -> None:
    for joint in range(22):
        name = walk.joint_names[joint]
        found, expected = (
            motion.positions[:, motion.joint_names.index(name)],
            walk.positions[:, joint],
        )
        np.testing.assert_allclose(found[:, 2], expected[:, 2], atol=most)


@pytest.mark.parametrize("scale", [1.0, 0.01])
@pytest.mark.parametrize("how", ["LINEAR", "STEP", "CUBICSPLINE"])
def test_an_animation_is_the_motion_at_the_rate_of_its_keys(
    how: str, scale: float, walk: Motion, tmp_path: Path
) -> None:
    motion = read_motion(made.written(tmp_path, "walk.glb", glb(*gltf(scale=scale, how=how))))
    assert (motion.fps, len(motion), motion.source.up_axis) == (30, made.FRAMES, "y")
    check(motion, walk, 1e-5)


def test_normalised_integers_are_rotations(walk: Motion, tmp_path: Path) -> None:
    check(read_motion(made.written(tmp_path, "walk.glb", glb(*gltf(short=True)))), walk, 1e-3)


@pytest.mark.parametrize("where", ["inside", "beside"])
def test_buffers_may_lie_in_the_text_or_beside_it(where: str, walk: Motion, tmp_path: Path) -> None:
    content, buffer = gltf()
    if where == "inside":
        content["buffers"][0]["uri"] = (
            "data:application/octet-stream;base64," + base64.b64encode(buffer).decode()
        )
    else:
        content["buffers"][0]["uri"] = "walk%20data.bin"
        made.written(tmp_path, "walk data.bin", buffer)
    check(
        read_motion(made.written(tmp_path, "walk.gltf", json.dumps(content).encode())), walk, 1e-5
    )


def test_one_of_several_animations_is_picked_by_its_name(tmp_path: Path) -> None:
    path = made.written(tmp_path, "walk.glb", glb(*gltf(animations=3)))
    assert any("3 animations" in note for note in read_motion(path).source.notes)
    assert len(read_motion(f"{path}#take2")) == made.FRAMES
    with pytest.raises(FileFormatError, match="no animation 'take9'; it holds 3 animations"):
        read_motion(f"{path}#take9")


def test_bones_of_a_vrm_human_need_no_names(walk: Motion, tmp_path: Path) -> None:
    ours = body_tree("smpl").names
    content, buffer = gltf(names=tuple(f"bone.{i}" for i in range(24)))
    human = {"pelvis": "hips", "spine1": "spine", "spine3": "chest", "neck": "neck", "head": "head"}
    for side in ("left", "right"):
        human |= {f"{side}_{a}": f"{side}{b}" for a, b in (
            ("collar", "Shoulder"), ("shoulder", "UpperArm"), ("elbow", "LowerArm"), ("wrist", "Hand"),
            ("hip", "UpperLeg"), ("knee", "LowerLeg"), ("ankle", "Foot"), ("foot", "Toes"))}  # fmt: skip
    bones = {theirs: {"node": ours.index(name) + 1} for name, theirs in human.items()}
    content["extensions"] = {"VRMC_vrm": {"humanoid": {"humanBones": bones}}}
    motion = read_motion(made.written(tmp_path, "walk.vrm", glb(content, buffer)))
    for role in ("left_hip", "right_knee", "left_toe", "right_wrist"):
        np.testing.assert_allclose(
            motion.role_positions(role)[:, 2], walk.role_positions(role)[:, 2], atol=1e-5
        )


def test_a_child_that_holds_its_parent_is_refused(tmp_path: Path) -> None:
    content, buffer = gltf()
    content["nodes"][5]["children"] = [0]
    with pytest.raises(FileFormatError, match="its nodes are no tree"):
        read_motion(made.written(tmp_path, "walk.glb", glb(content, buffer)))


def _channel(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = content["animations"][0]["channels"][0]
    return found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.pop("animations"), "holds no animation"),
        (lambda c: c["bufferViews"][3].update(byteOffset=10**9), "cut short"),
        (lambda c: c["accessors"][3].update(count=10**12), "of no kind that is known"),
        (lambda c: c["buffers"][0].update(uri="../../etc/passwd"), "lies elsewhere"),
        (lambda c: c["accessors"][2].update(type="VEC3"), "keys that do not fit"),
        (lambda c: _channel(c)["target"].update(node=-1), "names node -1 of 25"),
        (lambda c: _channel(c).update(sampler=-2), "names sampler -2 of"),
    ],
)
def test_a_torn_file_is_refused_in_one_line(change, words: str, tmp_path: Path) -> None:
    content, buffer = gltf()
    change(content)
    with pytest.raises(FileFormatError, match=words) as error:
        read_motion(made.written(tmp_path, "walk.glb", glb(content, buffer)))
    assert "\n" not in str(error.value)


@needs_clips
def test_a_real_vrm_animation_is_a_human() -> None:
    (path,) = CLIPS.glob("gltf/*.vrma")
    motion = read_motion(path)
    assert motion.positions.shape[1] == 53
    assert motion.duration == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize(
    ("name", "head", "words"),
    [
        (
            "walk.fbx",
            b"; FBX 6.1.0 project file\nTakes:  {\n\tKeyCount: 3\n}",
            "is FBX of version 6, which is not read; export it again as FBX 2014",
        ),
        ("walk.usda", b"#usda 1.0", "is USD"),
        ("walk.npz", b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        (
            "walk.usdz",
            b"PK\x03\x04" + b"\x00" * 26 + b"walk.usdc",
            r"is USD in an archive \(USDZ\)",
        ),
        ("walk.dae", b'<?xml version="1.0"?>\n<COLLADA version="1.4.1">', "is COLLADA"),
        ("walk.blend", b"BLENDER-v402", "is a Blender scene; export the armature"),
        ("walk.mot", b"Coordinates\nversion=1\ninDegrees=yes\nendheader\n", "is an OpenSim motion"),
        ("walk.anim", b"%YAML 1.1\n%TAG !u! tag:unity3d.com,2011:", "is YAML, as Unity writes"),
        ("walk.vmd", b"Vocaloid Motion Data 0002", "is MikuMikuDance's VMD"),
        (
            "human_pose.npy",
            b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (900, 63), }",
            "body poses .* without its root",
        ),
        ("Walking.cdf", b"\xcd\xf3\x00\x01\x00\x00\xff\xff", "is CDF, as Human3.6M has its poses"),
        ("walks.zip", b"PK\x03\x04" + b"walk.bvh" * 10, "is a ZIP archive; unpack it first"),
    ],
)
def test_what_is_not_read_says_what_it_is_and_what_to_do(
    name: str, head: bytes, words: str, tmp_path: Path
) -> None:
    with pytest.raises(FileFormatError, match=words):
        read_motion(made.written(tmp_path, name, head + b"\n" * 20))


def test_keys_too_close_to_be_of_any_recorder_are_refused_before_they_take_memory(
    tmp_path: Path,
) -> None:
    content, buffer = gltf(fps=90_000.0)
    with pytest.raises(FileFormatError, match=r"keys are at a rate of 9\d* frames a second"):
        read_motion(made.written(tmp_path, "walk.glb", glb(content, buffer)))
