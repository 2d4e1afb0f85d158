"""Skeletons in tables of OptiTrack's Motive: a bone's rotation and place in seven columns, under rows of names.

The format: "Data Export: CSV" of the Motive documentation, versions 1.21 to 1.25.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.errors import FileFormatError
from retarget.frame_rates import rate_problem
from retarget.geometry import unit, without_flips
from retarget.motion.doubts import Doubt
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.gaps import fill_gaps
from retarget.motion.formats.posed import posed
from retarget.motion.formats.suits.turns import ready_turns
from retarget.motion.formats.table import Pick, parse_picks
from retarget.motion.recording import LONG, Recording
from retarget.wording import listed, quoted

__all__ = ["looks_like_motive", "read_motive"]

_HEAD: Final = 1 << 20
_UNITS: Final = {"meters": 1.0, "centimeters": 0.01, "millimeters": 0.001}
_REMEDY: Final = "export the take again as CSV with bones, quaternions and positions"
_FILLED: Final = 0.1
# Parents of bones where the file does not name them, by the ends of names as Motive has them.
_PARENTS: Final = {
    "Ab": "Hip", "Spine": "Hip", "Spine1": "Ab", "Spine2": "Spine1", "Chest": "Ab", "Neck": "Chest", "Neck2": "Neck",
    "Head": "Neck", "HeadTop": "Head",
    **{
        f"{side}{bone}": parent if parent in ("Hip", "Chest") else f"{side}{parent}"
        for side in "LR"
        for bone, parent in (
            ("Shoulder", "Chest"), ("UArm", "Shoulder"), ("FArm", "UArm"), ("Hand", "FArm"), ("Thigh", "Hip"),
            ("Shin", "Thigh"), ("Foot", "Shin"), ("Toe", "Foot"),
            *((f"{finger}{i}", "Hand" if i == 1 else f"{finger}{i - 1}")
              for finger in ("Thumb", "Index", "Middle", "Ring", "Pinky") for i in (1, 2, 3)),
        )
    },
}  # fmt: skip


# The same where bones have the names of FBX, in which skeletons can be exported since Motive 2.
_FBX_PARENTS: Final = {
    "Spine": "Hip", "Spine1": "Spine", "Spine2": "Spine1", "Spine3": "Spine2", "Spine4": "Spine3", "Neck": "Spine4",
    "Neck1": "Neck", "Head": "Neck1",
    **{
        f"{side}{bone}": parent if parent in ("Hip", "Spine4") else f"{side}{parent}"
        for side in ("Left", "Right")
        for bone, parent in (
            ("Shoulder", "Spine4"), ("Arm", "Shoulder"), ("ForeArm", "Arm"), ("Hand", "ForeArm"), ("UpLeg", "Hip"),
            ("Leg", "UpLeg"), ("Foot", "Leg"), ("ToeBase", "Foot"),
            *((f"Hand{finger}{i}", "Hand" if i == 1 else f"Hand{finger}{i - 1}")
              for finger in ("Thumb", "Index", "Middle", "Ring", "Pinky") for i in (1, 2, 3)),
        )
    },
}  # fmt: skip


class _Bone(NamedTuple):
    """A bone of one asset: its name without it, its parent's if the file says so, and its first columns."""

    name: str
    parent: str
    rotation: int
    position: int


def looks_like_motive(data: bytes) -> bool:
    """Whether a text begins as Motive's tables do."""
    start = data[:4096].lstrip(b"\xef\xbb\xbf")
    return start.startswith(b"Format Version,") and b"Take Name" in start


def read_motive(data: bytes, path: Path, asked: Asked) -> Recording:
    """Read one skeleton of a Motive table.

    Args:
        data: The file's bytes.
        path: Where they are from.
        asked: Which skeleton.

    Raises:
        FileFormatError: There is no skeleton's bone in it, rotations are no quaternions, or a cell is no number.
    """
    lines = data[:_HEAD].splitlines(keepends=True)
    rows = _head_rows(lines[:12], path)
    said = dict(zip(rows[0][::2], rows[0][1::2], strict=False))
    begin, skeletons = _bones(rows, path)
    names = list(skeletons)
    bones = skeletons[names[asked.index_of(names, path, "skeleton")]]
    if said.get("Rotation Type", "Quaternion") != "Quaternion":
        raise FileFormatError(
            path, f"rotations are {quoted(said['Rotation Type'])}", "export quaternions"
        )
    start = sum(map(len, lines[:begin]))
    order, parents = _tree(bones)
    places = [bones[i].position + axis for i in order for axis in range(3)]
    quaternions = [bones[i].rotation + axis for i in order for axis in range(4)]
    width = len(rows[begin - 1])
    if max(*places, *quaternions) >= width:
        raise FileFormatError(path, "its last bone lacks columns", _REMEDY)
    # A long recording's rotations end in single precision; so they are taken out of the text at once.
    kind = np.float32 if data.count(b"\n", start) > LONG else np.float64
    positions, turns = parse_picks(
        data, start, width, path, [Pick(places), Pick(quaternions, kind)], first_line=begin + 1
    )  # fmt: skip
    del data
    if len(positions) == 0:
        raise FileFormatError(path, "holds no frames", "export it again with its motion")
    fps = _rate(said, path)
    positions = positions.reshape(len(positions), -1, 3)
    turns = turns.reshape(len(turns), -1, 4)
    doubts = _filled(positions, turns, fps, [bones[i].name for i in order], path)
    rotations = ready_turns(turns, lambda some: unit4(np.roll(some, 1, axis=-1)))
    del turns
    if said.get("Coordinate Space", "Global").strip() == "Local":
        turned = rotations
        positions, rotations = posed(
            len(positions),
            parents,
            lambda block: np.asarray(turned[block], np.float64),
            lambda block: positions[block],
        )
    return Recording(
        joint_names=tuple(bones[i].name for i in order),
        parents=parents,
        positions=np.ascontiguousarray(positions),
        rotations=rotations,
        fps=fps,
        metres_per_unit=_UNITS.get(said.get("Length Units", "").strip().lower()),
        up_axis="y",
        notes=asked.note_of_others(names, "skeleton"),
        doubts=doubts,
    )


def _head_rows(lines: list[bytes], path: Path) -> list[list[str]]:
    """Cells of the lines above the numbers."""
    try:
        return [
            next(csv.reader(io.StringIO(line.decode("utf-8", "replace"))), []) for line in lines
        ]
    except csv.Error as error:
        raise FileFormatError(path, f"its head cannot be read ({error})", _REMEDY) from None


def unit4(quaternions: Float64[np.ndarray, "*n 4"]) -> Float64[np.ndarray, "*n 4"]:
    """Quaternions of length one."""
    return np.asarray(unit(quaternions))


def _bones(rows: list[list[str]], path: Path) -> tuple[int, dict[str, list[_Bone]]]:
    """The number of the first row of numbers, and the bones of each skeleton."""
    begin = next((i for i, row in enumerate(rows) if row[:1] == ["Frame"]), -1)
    if begin < 3:
        raise FileFormatError(path, "has no row that begins with Frame", _REMEDY)
    heads = rows[1:begin]
    kinds = next(
        (row for row in heads if any(cell in ("Bone", "Rigid Body", "Marker") for cell in row)), []
    )
    at = heads.index(kinds) if kinds else 0
    names = heads[at + 1] if at + 1 < len(heads) else []
    what = heads[-1]
    parents = next((row for row in heads if row[1:2] == ["Parent"]), [])
    axes = rows[begin]
    found: dict[str, dict[str, dict[str, int]]] = {}
    above: dict[tuple[str, str], str] = {}
    for column, kind in enumerate(kinds):
        if kind != "Bone" or column >= min(len(names), len(what), len(axes)):
            continue
        asset, _, bone = names[column].rpartition(":")
        asset, bone = (
            (asset, bone) if asset else (bone, "Hip")
        )  # the root has the skeleton's own name
        key = f"{what[column]} {axes[column]}"
        found.setdefault(asset, {}).setdefault(bone, {}).setdefault(key, column)
        if column < len(parents):
            above[asset, bone] = "Hip" if parents[column] == asset else parents[column]
    whole = {
        asset: [
            _Bone(name, above.get((asset, name), ""), at["Rotation X"], at["Position X"])
            for name, at in bones.items()
            if "Rotation X" in at and "Rotation W" in at and "Position X" in at
        ]
        for asset, bones in found.items()
    }
    whole = {asset: bones for asset, bones in whole.items() if len(bones) > 1}
    if not whole:
        kinds_there = sorted({kind for kind in kinds if kind})
        raise FileFormatError(
            path, f"holds {listed(kinds_there) or 'nothing'} and no skeleton's bones", _REMEDY
        )
    return begin + 1, whole


def _rate(said: dict[str, str], path: Path) -> float:
    for key in ("Export Frame Rate", "Capture Frame Rate"):
        word = said.get(key, "")
        if re.fullmatch(r"[0-9.]+", word):
            fps = float(word)
            if problem := rate_problem(fps):
                raise FileFormatError(path, problem, f"correct {key}, or say it with --source-fps")
            return fps
    return float("nan")


def _filled(
    positions: Float64[np.ndarray, "T J 3"],
    turns: Float64[np.ndarray, "T J 4"] | Float32[np.ndarray, "T J 4"],
    fps: float,
    names: list[str],
    path: Path,
) -> tuple[Doubt, ...]:
    """Fill short gaps in place."""
    missing = ~(np.isfinite(positions).all(axis=-1) & np.isfinite(turns).all(axis=-1))
    if not missing.any():
        return ()
    turns[:] = without_flips(np.where(np.isfinite(turns), turns, 0.0))
    turns[missing] = np.nan
    rate = 30.0 if np.isnan(fps) else fps
    for joint in np.flatnonzero(missing.any(axis=0)):
        fill_gaps(positions[:, joint], rate)
        fill_gaps(turns[:, joint], rate)
    left = ~(np.isfinite(positions).all(axis=-1) & np.isfinite(turns).all(axis=-1))
    if left.any():
        frame, joint = np.argwhere(left)[0]
        cause = (
            f"bone {names[joint]} is missing from frame {frame} on, for longer than can be filled"
        )
        raise FileFormatError(path, cause, "cut the take there")
    return (
        Doubt(
            "glitches", _FILLED, f"bones were missing {int(missing.sum())} times; they were filled"
        ),
    )


def _tree(bones: list[_Bone]) -> tuple[list[int], Int64[np.ndarray, "J"]]:
    index = {bone.name: i for i, bone in enumerate(bones)}
    known = _FBX_PARENTS if "LeftUpLeg" in index else _PARENTS

    def parent_of(bone: _Bone) -> int:
        name = bone.parent.rpartition(":")[2] if bone.parent else known.get(bone.name, "")
        while name and name not in index:
            name = known.get(name, "")
        at = index.get(name, -1)
        if at < 0 and bone.name != "Hip" and not bone.parent:
            at = index.get("Hip", -1)
        return -1 if at == index[bone.name] else at

    above = [parent_of(bone) for bone in bones]
    order: list[int] = []
    waiting = [i for i, parent in enumerate(above) if parent < 0]
    while waiting:
        here = waiting.pop(0)
        order.append(here)
        waiting = [i for i, parent in enumerate(above) if parent == here] + waiting
    place = {bone: at for at, bone in enumerate(order)}
    return order, np.array([place.get(above[i], -1) for i in order], np.int64)
