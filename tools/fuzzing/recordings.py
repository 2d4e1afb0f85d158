"""Sound recordings of humans in every format, made by the writers of the tests, and how each is damaged."""

from __future__ import annotations

import importlib
import io
import json
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
_SUPPOSED_FPS: Final = 30.0


class Sound(NamedTuple):
    """A kind of sound files.

    Attributes:
        file: Name of the file.
        seeds: Makes them.
        damage: Makes a damaged one of a sound one.
        beside: Files that belong to it, by name.
    """

    file: str
    seeds: Callable[[], list[bytes]]
    damage: Mutation
    beside: Callable[[], Mapping[str, bytes]] = dict


def _writers(module: str) -> ModuleType:
    """A module of the tests that writes files."""
    if str(_TESTS) not in sys.path:
        sys.path.insert(0, str(_TESTS))
    return importlib.import_module(module)


@cache
def _walk() -> Any:
    """The walk of the tests as a motion of SMPL's joints."""
    from retarget.motion import read_motion

    made = _writers("smpl_files")
    with TemporaryDirectory() as folder:
        return read_motion(made.written(Path(folder), "walk.npz", made.amass(made.walk())))


def _of_smpl(*names: str) -> Callable[[], list[bytes]]:
    def make() -> list[bytes]:
        made = _writers("smpl_files")
        return [getattr(made, name)(made.walk()) for name in names]

    return cache(make)


@cache
def _amass() -> list[bytes]:
    made = _writers("smpl_files")
    return [made.amass(made.walk()), made.stage_two(made.walk(), gender=np.array("neutral"))]


def _names() -> tuple[str, ...]:
    from retarget.motion.formats.smpl.body import body_tree

    return body_tree("smpl").names[:22]


@cache
def _places() -> list[bytes]:
    made, places = _writers("smpl_files"), _walk().positions[:, :22]
    kimodo = _walk().rotations[:, :22]
    return [
        made.npz(joint_names=np.array(_names()), positions=places, fps=30),
        made.npz(global_joint_positions=places, height=np.array(1.7)),
        made.npz(posed_joints=places, root_positions=places[:, 0], turns=kimodo),
    ]


@cache
def _plain_array() -> list[bytes]:
    stream = io.BytesIO()
    np.save(stream, _walk().positions[:, :22].astype(np.float32))
    rows = io.BytesIO()
    samples = {"motion": _walk().positions[None, :, :22].transpose(0, 2, 3, 1), "lengths": [40]}
    np.save(rows, np.array(samples, object), allow_pickle=True)
    tests = _writers("test_motion_arrays")
    features = tests.npy(tests.features(tests.y_up(_walk())))
    return [stream.getvalue(), rows.getvalue(), features]


@cache
def _table() -> list[bytes]:
    head = ",".join(f"{name}_{axis}" for name in _names() for axis in "xyz")
    rows = [",".join(f"{v:.4f}" for v in row) for row in _walk().positions[:, :22].reshape(-1, 66)]
    return ["\n".join([head, *rows, ""]).encode()]


@cache
def _object() -> list[bytes]:
    positions = np.round(_walk().positions[:, :22], 4).tolist()
    return [json.dumps({"joint_names": _names(), "positions": positions, "fps": 30}).encode()]


@cache
def _acclaim() -> list[bytes]:
    tests = _writers("test_motion_acclaim")
    return [tests.amc(tests.motion_values(12)).encode()]


@cache
def _skeleton() -> dict[str, bytes]:
    return {"Walker.asf": _writers("test_motion_acclaim").asf().encode()}


@cache
def _markers() -> dict[str, np.ndarray]:
    tests = _writers("test_motion_markers")
    return dict(tests.renamed(tests.marked(_walk()), "rizzoli"))


@cache
def _trc() -> list[bytes]:
    return [_writers("test_motion_markers").trc(_markers())]


@cache
def _tsv() -> list[bytes]:
    write = _writers("test_motion_markers").tsv
    return [write(_markers()), write(_markers(), led=False, header=False)]


@cache
def _nexus() -> list[bytes]:
    tests = _writers("test_motion_nexus")
    return [tests.nexus(_markers()), tests.nexus(_markers(), before=tests.DEVICES)]


@cache
def _c3d() -> list[bytes]:
    return [_writers("c3d_files").c3d(_markers())]


@cache
def _mvnx() -> list[bytes]:
    return [_writers("mvnx_files").mvnx(_walk())]


@cache
def _motive() -> list[bytes]:
    write = _writers("test_motion_suits").motive
    return [write(_walk()), write(_walk(), local=True, version="1.25")]


@cache
def _glb() -> list[bytes]:
    tests = _writers("test_motion_gltf")
    return [tests.glb(*tests.gltf(how=how)) for how in ("LINEAR", "CUBICSPLINE")]


@cache
def _fbx() -> list[bytes]:
    write = _writers("fbx_files").walking
    return [write(), write(version=7700, packed=True)]


@cache
def _fbx_text() -> list[bytes]:
    return [_writers("fbx_files").walking(text=True)]


@cache
def _torch() -> list[bytes]:
    return [_writers("torch_files").torch({"fps": 30, "smpl_params_global": _gvhmr()})]


def _gvhmr() -> dict[str, np.ndarray]:
    import pickle

    made = _writers("smpl_files")
    world: dict[str, np.ndarray] = pickle.loads(made.gvhmr(made.walk()))["smpl_params_global"]
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
    "smpl_pkl": Sound("clip.pkl", _of_smpl("gvhmr", "wham", "glamr", "aistpp"), mixed(damage_pickle, damage_bytes)),
    "smpl_frames": Sound("clip.pkl", _of_smpl("hybrik", "phalp", "three_dpw"), damage_bytes),
    "smpl_npy": Sound("clip.npy", _of_smpl("tram", "motion_x"), _BINARY),
    "torch": Sound("clip.pt", _torch, damage_zipped_pickle),
    "arrays_npz": Sound("clip.npz", _places, damage_archive),
    "arrays_npy": Sound("clip.npy", _plain_array, _BINARY),
    "named_csv": Sound("clip.csv", _table, _TEXT),
    "named_json": Sound("clip.json", _object, mixed(_TEXT, _json)),
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
