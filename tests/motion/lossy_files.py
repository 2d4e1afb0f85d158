"""Recordings of several formats in which frames were lost: stored as zeros, or as the frame before them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import smpl_files as made
from bvh_files import CLIPS, EMBEDDED

Loss = Callable[[Path, slice, bool], Path]
"""Writes a file of a format into a folder, with some frames of zeros, or if not, the same as the one before them."""


def lossy(rows: np.ndarray, frames: slice, zeros: bool) -> np.ndarray:
    changed = rows.copy()
    changed[frames] = 0 if zeros else rows[frames.start - 1]
    return changed


def bvh(folder: Path, frames: slice, zeros: bool) -> Path:
    lines = (EMBEDDED / "cmu_01_01.bvh").read_text().splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("Frame Time")) + 1
    before = lines[first + frames.start - 1]
    for frame in range(*frames.indices(len(lines) - first)):
        lines[first + frame] = " ".join(["0.0"] * len(before.split())) if zeros else before
    return written(folder, "clip.bvh", "\n".join(lines) + "\n")


def amp(folder: Path, frames: slice, zeros: bool) -> Path:
    with np.load(EMBEDDED / "humanoid_dance.npz") as archive:
        arrays = {key: archive[key] for key in archive.files}
    for key in ("body_positions", "body_rotations"):
        arrays[key] = lossy(arrays[key][::2], frames, zeros)  # the file has every frame twice
    np.savez(folder / "clip.npz", **{**arrays, "fps": 30})
    return folder / "clip.npz"


def smpl(folder: Path, frames: slice, zeros: bool) -> Path:
    walk = made.walk(120)
    moved = made.Walk(lossy(walk.poses, frames, zeros), lossy(walk.trans, frames, zeros))
    return made.written(folder, "clip.npz", made.amass(moved))


def places(folder: Path, frames: slice, zeros: bool) -> Path:
    """Places of joints alone, in an array without names."""
    joints = made.expected_joints(made.walk(120))
    np.savez(folder / "clip.npz", positions=lossy(joints, frames, zeros), fps=30)
    return folder / "clip.npz"


def deepmimic(folder: Path, frames: slice, zeros: bool) -> Path:
    motion = json.loads((CLIPS / "deepmimic_txt" / "humanoid3d_dance_a.txt").read_text())
    rows = np.array(motion["Frames"])
    motion["Frames"] = np.hstack([rows[:, :1], lossy(rows[:, 1:], frames, zeros)]).tolist()
    return written(folder, "clip.txt", json.dumps(motion))


def mvnx(folder: Path, frames: slice, zeros: bool) -> Path:
    text = (CLIPS / "mvnx" / "test_mocap.mvnx").read_text()
    for tag in ("position", "orientation"):
        found = list(re.finditer(f"<{tag}>([^<]*)</{tag}>", text))
        # Frames of a calibration come before those of the motion.
        motion = found[text[: text.index('type="normal"')].count(f"<{tag}>") :]
        before = motion[frames.start - 1][1]
        for match in reversed(motion[frames]):
            kept = re.sub(r"-?[0-9.]+", "0", match[1]) if zeros else before
            text = text[: match.start(1)] + kept + text[match.end(1) :]
    return written(folder, "clip.mvnx", text)


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def plain(folder: Path, make: Loss) -> Path:
    """The same file with nothing lost."""
    return make(folder, slice(1, 1), True)
