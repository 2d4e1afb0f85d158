"""Files that were made to do harm, or are none: refused in one line, nothing run and nothing written, in any format."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import smpl_files as made
from c3d_files import c3d
from test_motion_acclaim import asf
from test_motion_gltf import glb, gltf
from torch_files import torch

from retarget.errors import RetargetError
from retarget.motion import motion_formats, read_motion

MANY = 1_000_000
SUFFIXES = sorted({suffix for one in motion_formats() for suffix in one.suffixes})


class Trap:
    """What runs when somebody unpickles it: it makes a folder."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, ("sprung",))


def refusal(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The line in which a file is refused; nothing else may come of it."""
    there = path.parent / "cwd"
    there.mkdir()
    monkeypatch.chdir(there)
    with pytest.raises(RetargetError) as error:
        read_motion(path, source_fps=30)
    line = str(error.value)
    assert len(line.splitlines()) == 1
    assert len(line) < 1200
    assert str(path.parent) in line
    assert not list(there.iterdir()), "something was run, or written"
    return line


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_folder_is_no_motion(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"clip{suffix}"
    path.mkdir()
    assert "folder" in refusal(path, monkeypatch)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_pipe_is_no_motion(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"clip{suffix}"
    os.mkfifo(path)
    assert "pipe" in refusal(path, monkeypatch)


def npy(value: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array(value, object), allow_pickle=True)
    return stream.getvalue()


def trapped_archive() -> bytes:
    poses = np.empty((40, 156), object)
    poses[0, 0] = Trap()
    return made.npz(poses=poses, trans=np.zeros((40, 3)), mocap_framerate=30.0)


def trapped_torch() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("clip/data.pkl", pickle.dumps({"poses": Trap()}, 2))
        archive.writestr("clip/version", "3\n")
    return stream.getvalue()


def promised(name: str) -> bytes:
    """A small archive with an array that says it is of 64 GB."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f8", "fortran_order": False, "shape": (1 << 33,)}
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, head.getvalue() + bytes(1 << 22))
    return stream.getvalue()


def vast_tensor() -> bytes:
    """A file of torch with a tensor of more numbers than its storage holds."""
    with zipfile.ZipFile(io.BytesIO(torch({"poses": np.zeros((40, 72), np.float32)}))) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content[:400] if "/data/" in name else content)
    return stream.getvalue()


def accessor(**changes: Any) -> bytes:
    content, buffer = gltf()
    content["accessors"][0] |= changes
    return glb(content, buffer)


def columns(end: str) -> bytes:
    return (",".join(f"j{i}_{axis}" for i in range(MANY // 3) for axis in "xyz") + end).encode()


def markers(count: int) -> bytes:
    head = f"PathFileType\t4\t(X/Y/Z)\ta.trc\nDataRate\tNumFrames\tNumMarkers\tUnits\n30\t1\t{count}\tmm\n"
    names = "\t\t\t".join(f"m{i}" for i in range(count))
    return (
        head + f"Frame#\tTime\t{names}\n\n1\t0.0\t" + "\t".join(["1"] * 3 * count) + "\n"
    ).encode()


def channels() -> bytes:
    said = f" CHANNELS {MANY} {'Xrotation ' * MANY}\n"
    head = (
        "HIERARCHY\nROOT hips\n{\n OFFSET 0 0 0\n"
        + said
        + "}\nMOTION\nFrames: 1\nFrame Time: 0.03\n"
    )
    return (head + "0 " * MANY + "\n").encode()


def deep_bvh() -> bytes:
    depth = 100_000
    joint = "JOINT a%d\n{\nOFFSET 0 1 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n"
    return (
        "HIERARCHY\nROOT r\n{\nOFFSET 0 0 0\n"
        + "".join(joint % i for i in range(depth))
        + "}\n" * depth
    ).encode()


def points() -> bytes:
    data = bytearray(c3d({"LASI": np.zeros((4, 3))}))
    data[2:4] = struct.pack("<H", 65535)
    return bytes(data)


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE m [<!ENTITY a "ha">'
    + b"".join(
        b'<!ENTITY a%d "&a%d;&a%d;&a%d;&a%d;">' % (i, i - 1, i - 1, i - 1, i - 1)
        for i in range(1, 40)
    )
    + b']><mvnx version="4"><subject label="&a39;" frameRate="60"><segments><segment label="&a39;"/></segments>'
    b'<frames><frame type="normal"><orientation>&a39;</orientation><position>&a39;</position></frame></frames>'
    b"</subject></mvnx>"
)

HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "an array of objects": ("clip.npz", trapped_archive),
    "a plain pickle that runs": ("clip.pkl", lambda: pickle.dumps({"poses": Trap()})),
    "an array that is a pickle that runs": ("clip.npy", lambda: npy({"motion": Trap()})),
    "a pickle of torch that runs": ("clip.pt", trapped_torch),
    "an archive that promises 64 GB": ("clip.npz", lambda: promised("poses.npy")),
    "a tensor beyond its storage": ("clip.pt", vast_tensor),
    "JSON without an end": ("clip.json", lambda: b"[" * MANY),
    "JSON in JSON": ("clip.json", lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "glTF in glTF": ("clip.gltf", lambda: b'{"asset":{"version":"2.0"},"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "2^60 keys": ("clip.glb", lambda: accessor(count=1 << 60)),
    "-1 keys": ("clip.glb", lambda: accessor(count=-1)),
    "a million columns": ("clip.csv", lambda: columns("\n" + "1," * MANY)),
    "a million columns and no rows": ("clip.csv", lambda: columns("")),
    "300,000 markers": ("clip.trc", lambda: markers(300_000)),
    "a million channels": ("clip.bvh", channels),
    "100,000 joints in joints": ("clip.bvh", deep_bvh),
    "65,535 points": ("clip.c3d", points),
    "laughs without end": ("clip.mvnx", lambda: LAUGHS),
    "a million bones": ("clip.amc", lambda: b":DEGREES\n1\n" + b"".join(b"b%d 1 2 3\n" % i for i in range(MANY))),
    "zeros": ("clip.npz", lambda: bytes(1 << 20)),
    "one letter": ("clip.bvh", lambda: b"H" * (1 << 20)),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_what_was_made_to_do_harm_does_none(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, make = HOSTILE[what]
    (tmp_path / "clip.asf").write_text(asf())
    refusal(made.written(tmp_path, name, make()), monkeypatch)
