"""Recordings from files of markers: one person's landmarks, short gaps filled, joint centres and a tree over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.errors import FileFormatError
from retarget.motion.doubts import Doubt
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.gaps import fill_gaps
from retarget.motion.formats.markers.body import BodyMarkers, missing_landmarks
from retarget.motion.formats.markers.c3d import looks_like_c3d, parse_c3d
from retarget.motion.formats.markers.centres import joint_centres
from retarget.motion.formats.markers.labels import landmarks_of, people_in
from retarget.motion.formats.markers.nexus import looks_like_nexus, parse_nexus
from retarget.motion.formats.markers.qualisys import looks_like_qualisys, parse_qualisys
from retarget.motion.formats.markers.trajectories import Trajectories
from retarget.motion.formats.markers.trc import looks_like_trc, parse_trc
from retarget.motion.formats.named_tree import tree_of_names
from retarget.motion.recording import Recording
from retarget.wording import listed

__all__ = [
    "looks_like_c3d",
    "looks_like_nexus",
    "looks_like_qualisys",
    "looks_like_trc",
    "read_c3d",
    "read_nexus",
    "read_qualisys",
    "read_trc",
    "recording_of_markers",
    "unit_of_size",
]

_PARENTS: Final = {
    "pelvis": "", "spine": "pelvis", "chest": "spine", "neck": "chest", "head": "neck",
    **{
        f"{side}_{joint}": parent if parent in ("pelvis", "chest") else f"{side}_{parent}"
        for side in ("left", "right")
        for joint, parent in (
            ("hip", "pelvis"), ("knee", "hip"), ("ankle", "knee"), ("toe", "ankle"), ("heel", "ankle"),
            ("collar", "chest"), ("shoulder", "collar"), ("elbow", "shoulder"), ("wrist", "elbow"),
            ("hand", "wrist"), ("hand_thumb", "wrist"), ("hand_little", "wrist"),
        )
    },
}  # fmt: skip
_CENTRES: Final = 0.1
_NAMED: Final = "points are named as joints and taken for their centres, as video tools (Pose2Sim, OpenCap) write them"
_FILLED: Final = 0.05
_CUT: Final = 0.1
_SHORTEST: Final = 0.5  # seconds of a stretch in which all markers are seen
_UNITS: Final = (
    (0.0, 3.0, 1.0),
    (3.0, 400.0, 0.01),
    (400.0, 4000.0, 0.001),
)  # size of a body in it


def read_c3d(data: bytes, path: Path, asked: Asked) -> Recording:
    """Read the markers of one person in a C3D file.

    Args:
        data: The file's bytes.
        path: Where they are from.
        asked: Which person, by the prefix of its markers' names.

    Raises:
        FileFormatError: The file is torn, or its markers are not those of a whole body.
    """
    markers = [parse_c3d(data, path)]
    del data  # of a long recording it is as large as what was read from it
    return recording_of_markers(markers.pop(), path, asked)


def read_trc(data: bytes, path: Path, asked: Asked) -> Recording:
    """Read the markers of one person in a TRC file, as `read_c3d` does."""
    markers = [parse_trc(data, path)]
    del data  # of a long recording it is as large as what was read from it
    return recording_of_markers(markers.pop(), path, asked)


def read_qualisys(data: bytes, path: Path, asked: Asked) -> Recording:
    """Read the markers of one person in a TSV file of Qualisys, as `read_c3d` does."""
    markers = [parse_qualisys(data, path)]
    del data  # of a long recording it is as large as what was read from it
    return recording_of_markers(markers.pop(), path, asked)


def read_nexus(data: bytes, path: Path, asked: Asked) -> Recording:
    """Read the markers of one person in a CSV file of Vicon Nexus, as `read_c3d` does."""
    markers = [parse_nexus(data, path)]
    del data  # of a long recording it is as large as what was read from it
    return recording_of_markers(markers.pop(), path, asked)


def recording_of_markers(markers: Trajectories, path: Path, asked: Asked) -> Recording:
    """Joint centres of one person's markers.

    Raises:
        FileFormatError: The markers are not those of a whole body, or are missing for too long.
    """
    people = people_in(markers)
    bodies = {prefix: _body(markers, kept) for prefix, kept in people.items()}
    whole = [prefix for prefix, body in bodies.items() if not missing_landmarks(body)]
    if not whole:
        centres = _named_joints(markers, people, path, asked)
        if centres is not None:
            return centres
        raise FileFormatError(path, *_what_is_missing(bodies))
    chosen = whole[asked.index_of([prefix or "1" for prefix in whole], path)]
    body = bodies[chosen]
    # Of a long recording each of these is as large as its motion.
    del bodies
    markers = replace(markers, places=np.empty((0, 0, 3)))  # a view of them would keep them all
    hidden = _fill(body)
    joints = joint_centres(body)
    reason = _reason(body)
    del body
    stretch, cut = _seen_throughout(joints, markers, path)
    names = [name for name in _PARENTS if name in joints]
    parents = _parents(names)
    positions = np.empty((len(joints["pelvis"][stretch]), len(names), 3))
    for index, name in enumerate(names):
        positions[:, index] = joints.pop(name)[stretch]
    doubts = [Doubt("markers", _CENTRES, reason)]
    if hidden:
        reason = (
            f"markers were not seen {hidden} times; gaps of up to a quarter of a second were filled"
        )
        doubts.append(Doubt("glitches", _FILLED, reason))
    notes = [*markers.notes, *asked.note_of_others([prefix or "1" for prefix in whole])]
    if cut:
        notes.append(cut)
        doubts.append(Doubt("glitches", _CUT, cut))
    return Recording.of_places(
        names, parents, positions, markers.fps,
        metres_per_unit=1.0, likely_up_axis=markers.likely_up, notes=tuple(notes), doubts=tuple(doubts),
    )  # fmt: skip


def _named_joints(
    markers: Trajectories, people: Mapping[str, list[int]], path: Path, asked: Asked
) -> Recording | None:
    """The body of points that are named as joints, not as markers: hips, knees and ankles, shoulders and the rest."""
    found = {
        prefix or "1": (kept, tree) for prefix, kept in people.items()
        if (tree := tree_of_names([markers.names[i].rpartition(":")[2] for i in kept])) is not None
    }  # fmt: skip
    if not found:
        return None
    kept, tree = list(found.values())[asked.index_of(list(found), path)]
    named = np.array(markers.places[:, kept])
    for point in range(len(kept)):
        fill_gaps(named[:, point], markers.fps)
    places = tree.places(named)
    joints = {name: places[:, joint] for joint, name in enumerate(tree.names)}
    stretch, cut = _seen_throughout(joints, markers, path)
    names = [name for name in tree.names if name in joints]
    parents = tree.parents_of(names)
    doubts = [Doubt("markers", _CENTRES, _NAMED)]
    if cut:
        doubts.append(Doubt("glitches", _CUT, cut))
    return Recording.of_places(
        names, parents, np.stack([joints[name][stretch] for name in names], axis=1), markers.fps,
        metres_per_unit=markers.metres_per_unit, likely_up_axis=markers.likely_up,
        notes=(*markers.notes, *asked.note_of_others(list(found)), *([cut] if cut else [])), doubts=tuple(doubts),
    )  # fmt: skip


def _body(markers: Trajectories, kept: list[int]) -> BodyMarkers:
    names = [markers.names[index] for index in kept]
    metres = markers.metres_per_unit or unit_of_size(markers.places[:, kept])
    sizes = {name.upper(): value * metres for name, value in markers.sizes.items()}
    places = markers.places[:, kept]
    places *= metres
    return BodyMarkers(landmarks_of(names, places), sizes, markers.fps)


def unit_of_size(places: Float64[np.ndarray, "T N 3"]) -> float:
    """The unit in which markers are spread as far as a body."""
    spread = places[:: max(1, len(places) // 100)]
    spread = spread[
        np.isfinite(spread).any(axis=1).all(axis=1)
    ]  # nobody was in sight in the others
    if not len(spread):
        return 1.0
    size = float(np.median(np.max(np.nanmax(spread, axis=1) - np.nanmin(spread, axis=1), axis=1)))
    return next((metres for low, high, metres in _UNITS if low < size <= high), 1.0)


def _what_is_missing(bodies: dict[str, BodyMarkers]) -> tuple[str, str]:
    if not bodies:
        return "holds no labelled markers", "label the markers and export it again"
    best = min(bodies.values(), key=lambda body: len(missing_landmarks(body)))
    lacks = missing_landmarks(best)
    if len(best.at) < 4:
        return "its markers' names are not those of a known set", (
            "label them as Plug-in Gait, CMU, Rizzoli or OpenSim do, see 'retarget formats'"
        )
    return (
        f"has no markers for {listed(lacks)}",
        "a whole body is needed: legs, pelvis, trunk and arms",
    )


def _fill(body: BodyMarkers) -> int:
    """Fill short gaps of a body's markers in place; returns how often one was not seen."""
    hidden = 0
    for place in body.at.values():
        hidden += int(np.isnan(place[:, 0]).sum())
        if np.isnan(place).any():
            filled = place.copy()
            fill_gaps(filled, body.fps)
            place[:] = filled
    return hidden


def _seen_throughout(
    joints: dict[str, Float64[np.ndarray, "T 3"]], markers: Trajectories, path: Path
) -> tuple[slice, str]:
    """The longest stretch in which all joints are known, and what to say if it is not all."""
    for name in (
        "head",
        *(
            f"{s}_{n}"
            for s in ("left", "right")
            for n in ("heel", "hand", "hand_thumb", "hand_little")
        ),
    ):
        # Nothing depends on these: they are left out rather than frames.
        if name in joints and np.isnan(joints[name]).any():
            del joints[name]
    known = np.all([np.isfinite(place).all(axis=1) for place in joints.values()], axis=0)
    if known.all():
        return slice(0, len(known)), ""
    edges = np.diff(np.concatenate([[False], known, [False]]).astype(np.int8))
    runs = list(zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True))
    first, stop = max(runs, key=lambda run: run[1] - run[0], default=(0, 0))
    if stop - first < max(2.0, _SHORTEST * markers.fps):
        worst = max(joints, key=lambda name: float(np.isnan(joints[name][:, 0]).mean()))
        share = float(np.isnan(joints[worst][:, 0]).mean())
        cause = f"{worst} cannot be found in {share:.0%} of the frames, as its markers were not seen for too long"
        raise FileFormatError(path, cause, "fill the gaps in the recorder's program")
    begin = markers.first_frame
    return slice(int(first), int(stop)), (
        f"frames {begin + first} to {begin + stop - 1} of {begin} to {begin + len(known) - 1} were read: in the others "
        "markers were not seen for too long"
    )


def _parents(names: list[str]) -> Int64[np.ndarray, "J"]:
    parents = []
    for name in names:
        parent = _PARENTS[name]
        while parent and parent not in names:
            parent = _PARENTS[parent]
        parents.append(names.index(parent) if parent else -1)
    return np.array(parents, np.int64)


def _reason(body: BodyMarkers) -> str:
    how = "; ".join(f"{what}: {source}" for what, source in body.said.items())
    return f"joint centres were found from markers, hips to within about 12 mm ({how})"
