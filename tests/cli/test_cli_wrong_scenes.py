"""Wrong scenes on the command line: one line with file, thing and remedy, before any work, and nothing half-written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import Command

FRAMES = 77
STILL = np.tile([0.0, 2.0, 0.15], (FRAMES, 1))
MOVED = STILL + np.linspace(0, 1, FRAMES)[:, None] * [1.0, 0.0, 0.0]
LOST = np.where(np.arange(FRAMES)[:, None] == 5, np.nan, STILL)
UNTURNED = np.tile([1.0, 0.0, 0.0, 0.0], (FRAMES, 1))
ZERO = np.where(np.arange(FRAMES)[:, None] == 3, 0.0, UNTURNED)
TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"


def crate(more: str = "", shape: str = "shape = 'box'\nsize_m = [0.3, 0.3, 0.3]") -> str:
    return f"[[object]]\nname = 'crate'\n{shape}\ntrajectory = 'path.npz'\n{more}"


def path(positions: np.ndarray = STILL, **more: object) -> dict[str, object]:
    return {"positions": positions, "rotations": UNTURNED[: len(positions)], "fps": 30.0, **more}


def mesh(unit: str = "") -> str:
    return crate(shape=f"mesh = 'mesh.obj'\n{unit}")


def terrain(text: str) -> str:
    return f"[[terrain]]\nname = 'gym'\n{text}\n"


Files = Mapping[str, object]
WRONG: dict[str, tuple[str, Files, str]] = {
    "NaN pose": (crate(), {"path.npz": path(LOST)}, "path.npz.*position in frame 5.*repair"),
    "quaternion of zero": (
        crate(),
        {"path.npz": path(rotations=ZERO)},
        "path.npz.*rotation in frame 3.*unit quaternions",
    ),
    "no rate": (
        crate(),
        {"path.npz": {k: v for k, v in path().items() if k != "fps"}},
        "path.npz.*fps",
    ),
    "rate of zero": (crate(), {"path.npz": path(fps=0.0)}, "path.npz.*fps|path.npz.*rate"),
    "rate in milliseconds": (crate(), {"path.npz": path(fps=-30.0)}, "path.npz"),
    "no frames": (crate(), {"path.npz": path(STILL[:0])}, r"path.npz.*\(0, 3\)"),
    "lists of anything": (
        crate(),
        {"path.npz": {"positions": np.array([None, 1], object), "fps": 30.0}},
        "path.npz",
    ),
    "no path": (crate(), {}, "path.npz.*does not exist; give"),
    "no size": (
        crate(shape="shape = 'box'\nsize_m = [0.3, 0.3, 0]"),
        {"path.npz": path()},
        "scene.toml.*object 'crate'.size_m.2: must be greater than 0",
    ),
    "scale of zero": (crate("scale = 0\n"), {"path.npz": path()}, "crate: the size 0.*give"),
    "scale below zero": (crate("scale = -1\n"), {"path.npz": path()}, "crate: the size -1.*give"),
    "a mesh in millimetres": (
        mesh(),
        {"path.npz": path(MOVED), "mesh.obj": TRIANGLE.replace("1", "300", 1)},
        "mesh.obj.*m large in metres, and crate moves.*unit = .millimetre.",
    ),
    "a mesh with NaN": (
        mesh(),
        {"path.npz": path(), "mesh.obj": TRIANGLE.replace("1 0 0", "nan 0 0")},
        "mesh.obj",
    ),
    "a mesh whose corners are not there": (
        mesh(),
        {"path.npz": path(), "mesh.obj": TRIANGLE + "f 1 2 99\n"},
        "mesh.obj",
    ),
    "a mesh without triangles": (
        mesh(),
        {"path.npz": path(), "mesh.obj": "v 0 0 0\n"},
        "mesh.obj.*no triangles",
    ),
    "NaN in a height field": (
        terrain("height_fields = [{ size_m = [4, 4], file = 'heights.npy' }]"),
        {"heights.npy": np.array([[0.0, np.nan], [0.0, 0.0]])},
        "heights.npy.*height in row 0, column 1 is not a number; fill",
    ),
    "heights in one row": (
        terrain("height_fields = [{ size_m = [4, 4], file = 'heights.npy' }]"),
        {"heights.npy": np.zeros(4)},
        "heights.npy.*; give 2 x 2",
    ),
    "a box at NaN": (
        terrain("boxes = [{ center = [0, nan, 0], size_m = [1, 1, 1] }]"),
        {},
        "scene.toml.*terrain 'gym'.*center.1: must be a finite number",
    ),
    "unordered times": (
        crate().replace("path.npz", "path.csv"),
        {"path.csv": "t,x,y,z,qw,qx,qy,qz\n0.1,0,0,0,1,0,0,0\n0,0,0,0,1,0,0,0\n"},
        "path.csv",
    ),
}


def write(folder: Path, files: Files) -> None:
    for name, content in files.items():
        if isinstance(content, str):
            (folder / name).write_text(content)
        elif isinstance(content, np.ndarray):
            np.save(folder / name, content)
        else:
            assert isinstance(content, dict)
            np.savez(folder / name, **content)


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("told_by", ["run", "inspect"])
def test_a_wrong_scene_is_one_line_with_file_and_remedy_and_leaves_nothing(
    command: Command, walk: Path, tmp_path: Path, what: str, told_by: str
) -> None:
    text, files, said = WRONG[what]
    (tmp_path / "scene.toml").write_text(text)
    write(tmp_path, files)
    before = sorted(tmp_path.rglob("*"))
    scene = ("--scene", tmp_path / "scene.toml")
    if told_by == "run":
        outcome = command("run", "--motion", walk, *scene, "--output", tmp_path / "out" / "w.npz")
    else:
        outcome = command("inspect", walk, *scene)
    assert outcome.code in {1, 2} and not outcome.out
    assert re.search(said, outcome.error), outcome.error
    assert ";" in outcome.error or ": " in outcome.error.removeprefix("error: ")
    assert sorted(tmp_path.rglob("*")) == before
