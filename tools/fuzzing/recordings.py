"""Sound recordings of humans in every format, made by the writers of the tests, and how each is damaged."""

from __future__ import annotations

import importlib
import io
import json
import pickle
import struct
import sys
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, Final, NamedTuple

import numpy as np

from fuzzing.archives import damage_archive, damage_pickle
from fuzzing.mutations import Mutation, damage_bytes, damage_json, damage_text, json_text, mixed

__all__ = ["RECORDINGS", "Sound"]

_TESTS: Final = Path(__file__).parents[2] / "tests" / "motion"
_HEAD: Final = 1024  # bytes of a binary file that say how the rest is to be read
_SHORT: Final = 8  # frames of half of the sound files from which cases begin
_LEAST: Final = 3  # and of the other half, in which more of what is damaged has a meaning
_LONG: Final = 120  # and of those from which a case begins now and then


class Sound(NamedTuple):
    """A kind of sound files.

    Attributes:
        file: Name of the file.
        make: Makes them, of so many frames.
        damage: Makes a damaged one of a sound one.
        beside: Files that belong to it, by name.
    """

    file: str
    make: Callable[[int], list[bytes]]
    damage: Mutation
    beside: Callable[[], Mapping[str, bytes]] = dict

    def short(self) -> list[bytes]:
        """Files of a few frames, which have all that long ones have."""
        return [*self.make(_SHORT), *self.make(_LEAST)]

    def long(self) -> list[bytes]:
        """Files of some seconds."""
        return self.make(_LONG)


def _writers(module: str) -> ModuleType:
    """A module of the tests that writes files."""
    if str(_TESTS) not in sys.path:
        sys.path.insert(0, str(_TESTS))
    return importlib.import_module(module)


def _steps(frames: int) -> Any:
    """The walk of the tests as SMPL's rotations."""
    return _writers("smpl_files").walk(frames)


@cache
def _walk(frames: int) -> Any:
    """The walk of the tests as a motion of SMPL's joints."""
    from retarget.motion import read_motion

    made = _writers("smpl_files")
    with TemporaryDirectory() as folder:
        return read_motion(made.written(Path(folder), "walk.npz", made.amass(_steps(frames))))


def _of_smpl(*names: str) -> Callable[[int], list[bytes]]:
    def make(frames: int) -> list[bytes]:
        return [getattr(_writers("smpl_files"), name)(_steps(frames)) for name in names]

    return cache(make)


@cache
def _amass(frames: int) -> list[bytes]:
    made, steps = _writers("smpl_files"), _steps(frames)
    return [made.amass(steps), made.stage_two(steps, gender=np.array("neutral"))]


def _names() -> tuple[str, ...]:
    from retarget.motion.formats.smpl.body import body_tree

    return body_tree("smpl").names[:22]


def _at(frames: int) -> np.ndarray:
    """Where the walk's joints are, without those of the hands, (T, 22, 3) in metres, z up."""
    return np.asarray(_walk(frames).positions[:, :22])


@cache
def _places(frames: int) -> list[bytes]:
    made, places = _writers("smpl_files"), _at(frames)
    kimodo = _walk(frames).rotations[:, :22]
    return [
        made.npz(joint_names=np.array(_names()), positions=places, fps=30),
        made.npz(global_joint_positions=places, height=np.array(1.7)),
        made.npz(posed_joints=places, root_positions=places[:, 0], turns=kimodo),
    ]


@cache
def _plain_array(frames: int) -> list[bytes]:
    tests = _writers("test_motion_arrays")
    samples = {"motion": _at(frames)[None].transpose(0, 2, 3, 1), "lengths": [frames]}
    return [
        tests.npy(_at(frames).astype(np.float32)),
        tests.npy(np.array(samples, object)),
        tests.npy(tests.features(tests.y_up(_walk(frames)))),
    ]


@cache
def _table(frames: int) -> list[bytes]:
    head = ",".join(f"{name}_{axis}" for name in _names() for axis in "xyz")
    rows = [",".join(f"{v:.4f}" for v in row) for row in _at(frames).reshape(-1, 66)]
    return ["\n".join([head, *rows, ""]).encode()]


@cache
def _object(frames: int) -> list[bytes]:
    positions = np.round(_at(frames), 4).tolist()
    whole = {"joint_names": _names(), "positions": positions, "fps": 30}
    rows = [{"landmarks": [dict(zip("xyz", at, strict=True)) for at in row]} for row in positions]
    return [
        json.dumps(one).encode() for one in (whole, {"frames": rows, "fps": 30, "names": _names()})
    ]


@cache
def _acclaim(frames: int) -> list[bytes]:
    tests = _writers("test_motion_acclaim")
    return [tests.amc(tests.motion_values(frames)).encode()]


@cache
def _skeleton() -> dict[str, bytes]:
    return {"Walker.asf": _writers("test_motion_acclaim").asf().encode()}


@cache
def _markers(frames: int) -> dict[str, np.ndarray]:
    tests = _writers("test_motion_markers")
    return dict(tests.renamed(tests.marked(_walk(frames)), "rizzoli"))


@cache
def _trc(frames: int) -> list[bytes]:
    return [_writers("test_motion_markers").trc(_markers(frames))]


@cache
def _tsv(frames: int) -> list[bytes]:
    write = _writers("test_motion_markers").tsv
    return [write(_markers(frames)), write(_markers(frames), led=False, header=False)]


@cache
def _nexus(frames: int) -> list[bytes]:
    tests = _writers("test_motion_nexus")
    return [tests.nexus(_markers(frames)), tests.nexus(_markers(frames), before=tests.DEVICES)]


@cache
def _c3d(frames: int) -> list[bytes]:
    return [_writers("c3d_files").c3d(_markers(frames))]


@cache
def _mvnx(frames: int) -> list[bytes]:
    return [_writers("mvnx_files").mvnx(_walk(frames))]


@cache
def _motive(frames: int) -> list[bytes]:
    write = _writers("test_motion_suits").motive
    return [write(_walk(frames)), write(_walk(frames), local=True, version="1.25")]


@cache
def _glb(frames: int) -> list[bytes]:
    tests, steps = _writers("test_motion_gltf"), _steps(frames)
    return [tests.glb(*tests.gltf(how=how, whole=steps)) for how in ("LINEAR", "CUBICSPLINE")]


@cache
def _fbx(frames: int) -> list[bytes]:
    write, steps = _writers("fbx_files").walking, _steps(frames)
    return [write(whole=steps), write(whole=steps, version=7700, packed=True)]


@cache
def _fbx_text(frames: int) -> list[bytes]:
    return [_writers("fbx_files").walking(whole=_steps(frames), text=True)]


@cache
def _kinect(frames: int) -> list[bytes]:
    tests = _writers("test_motion_kinect")
    body = tests.joints_of(_walk(frames))
    return [tests.skeleton_text(body), tests.skeleton_text(body[: frames // 2], body)]


@cache
def _easymocap(frames: int) -> list[bytes]:
    """A folder's only files: what damages one frame damages all there is."""
    tests = _writers("test_motion_easymocap")
    body = tests.bodies(_steps(frames))[-1]
    return [json.dumps(one).encode() for one in ([body], tests.seen_points(_walk(frames))[-1])]


@cache
def _clips(frames: int) -> list[bytes]:
    made, tests = _writers("clip_files"), _writers("test_motion_clips")
    points = tests.in_order(_walk(frames), "MHR")
    return [
        made.human_act(_at(frames)),
        pickle.dumps(made.sam_body(points, listed=True)),
        made.babel(_steps(frames), _steps(frames)),
    ]


@cache
def _torch(frames: int) -> list[bytes]:
    return [_writers("torch_files").torch({"fps": 30, "smpl_params_global": _gvhmr(frames)})]


def _gvhmr(frames: int) -> dict[str, np.ndarray]:
    whole = pickle.loads(_writers("smpl_files").gvhmr(_steps(frames)))
    world: dict[str, np.ndarray] = whole["smpl_params_global"]
    return world


def damage_head(data: bytes, random: Random) -> bytes:
    """Words of a binary file's head set to what they should not be: nothing, all bits, one more."""
    content = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(0, min(_HEAD, len(content) - 4))
        size = random.choice((1, 2, 4))
        value = int.from_bytes(content[at : at + size], "little")
        other = random.choice(
            (0, (1 << 8 * size) - 1, value + 1, value * 2, random.getrandbits(8 * size))
        )
        content[at : at + size] = (other % (1 << 8 * size)).to_bytes(size, "little")
    return bytes(content)


def damage_glb(data: bytes, random: Random) -> bytes:
    """A GLB whose JSON is sound text of another content, in chunks of the right lengths; or damaged bytes."""
    if random.random() < 0.3:
        return damage_bytes(data, random)
    length = struct.unpack("<I", data[12:16])[0]
    text = json_text(damage_json(json.loads(data[20 : 20 + length]), random))
    text += b" " * (-len(text) % 4)
    rest = data[20 + length :]
    head = struct.pack("<4sIIII", b"glTF", 2, 20 + len(text) + len(rest), len(text), 0x4E4F534A)
    return head + text + rest


def damage_zipped_pickle(data: bytes, random: Random) -> bytes:
    """A ZIP of torch's with a damaged pickle or storage in it, its check sums put right; or damaged bytes."""
    if random.random() < 0.2:
        return damage_bytes(data, random)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    name = random.choice([*entries, *(n for n in entries if n.endswith("data.pkl"))])
    entries[name] = damage_bytes(entries[name], random)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for key, content in entries.items():
            archive.writestr(key, content)
    return stream.getvalue()


def _json(data: bytes, random: Random) -> bytes:
    return json_text(damage_json(json.loads(data), random))


_TEXT: Final = mixed(damage_text, damage_text, damage_bytes)
_BINARY: Final = mixed(damage_head, damage_bytes)

RECORDINGS: Final[Mapping[str, Sound]] = {
    "smpl_npz": Sound("clip.npz", _amass, damage_archive),
    "smpl_pkl": Sound("clip.pkl", _of_smpl("gvhmr", "gem_x", "wham", "glamr", "aistpp"),
                      mixed(damage_pickle, damage_bytes)),
    "smpl_frames": Sound("clip.pkl", _of_smpl("hybrik", "phalp", "three_dpw"), damage_bytes),
    "smpl_npy": Sound("clip.npy", _of_smpl("tram", "motion_x"), _BINARY),
    "torch": Sound("clip.pt", _torch, damage_zipped_pickle),
    "arrays_npz": Sound("clip.npz", _places, damage_archive),
    "arrays_npy": Sound("clip.npy", _plain_array, _BINARY),
    "named_csv": Sound("clip.csv", _table, _TEXT),
    "named_json": Sound("clip.json", _object, mixed(_TEXT, _json)),
    "clips": Sound("clip.pkl", _clips, mixed(damage_pickle, damage_bytes)),
    "kinect": Sound("clip.skeleton", _kinect, _TEXT),
    "easymocap": Sound("000000.json", _easymocap, mixed(_TEXT, _json)),
    "acclaim": Sound("clip.amc", _acclaim, _TEXT, _skeleton),
    "c3d": Sound("clip.c3d", _c3d, _BINARY),
    "trc": Sound("clip.trc", _trc, _TEXT),
    "qualisys": Sound("clip.tsv", _tsv, _TEXT),
    "nexus": Sound("clip.csv", _nexus, _TEXT),
    "mvnx": Sound("clip.mvnx", _mvnx, _TEXT),
    "motive": Sound("clip.csv", _motive, _TEXT),
    "gltf": Sound("clip.glb", _glb, damage_glb),
    "fbx": Sound("clip.fbx", _fbx, _BINARY),
    "fbx_text": Sound("clip.fbx", _fbx_text, _TEXT),
}  # fmt: skip
"""Kinds of recordings by name."""
