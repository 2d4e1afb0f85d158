"""Acclaim motions (AMC): for each frame a number, then for each bone a line of angles; the skeleton lies beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError
from retarget.geometry import quaternion_product
from retarget.inputs import read_bytes
from retarget.motion.doubts import Doubt
from retarget.motion.formats.acclaim.skeleton import (
    AcclaimSkeleton,
    looks_like_asf,
    parse_asf,
    turns_about,
)
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.posed import posed
from retarget.motion.recording import Recording
from retarget.wording import listed, quoted

__all__ = ["looks_like_acclaim", "read_amc"]

_NAME: Final = re.compile(rb"(?m)^[ \t]*([A-Za-z_][^\s]*)")
_NAMED_LINE: Final = re.compile(rb"(?:\r\n|\r|\n)[ \t]*[A-Za-z_][^\s]*")
_FIRST_FRAME: Final = re.compile(rb"(?m)^[ \t]*\d+[ \t]*\r?$")
_SKELETON_NAME: Final = re.compile(rb"(?i)#!OML:ASF[ \t]+([^\r\n]+)")
_TO_NUMBERS: Final = bytes(
    ord("e") if code == 1 else ord(" ") if chr(code).isalpha() or chr(code) in "_\n" else code
    for code in range(256)
)
_OF_NUMBERS: Final = b"0123456789.+- \t\r"
_REMEDY: Final = "export it again, or copy it whole"
_RATE: Final = 120.0
_RATE_DOUBT: Final = 0.1
_LARGEST_SKELETON: Final = 1 << 24
_MOST_LISTED: Final = 10_000


def looks_like_acclaim(data: bytes) -> bool:
    """Whether a text is an Acclaim motion, or the skeleton that belongs to one."""
    start = data[:65536]
    if start[:1] in (b"{", b"<", b"\x80") or b"\0" in start[:4096]:
        return False
    head = start.upper()
    return b":FULLY-SPECIFIED" in head or b":DEGREES" in head or looks_like_asf(data)


def read_amc(data: bytes, path: Path, asked: Asked) -> Recording:
    """Read an Acclaim motion with the skeleton that lies beside it.

    The skeleton is the one that the motion names, else the one whose name begins the motion's (``01.asf`` for
    ``01_01.amc``), else the only one in its folder.

    Args:
        data: The file's bytes.
        path: Where they are from; its folder is searched.
        asked: Nothing is asked of it but the only person.

    Raises:
        FileFormatError: There is no such skeleton, or a frame's bones are not those of the skeleton.
    """
    asked.index_of(["the only one"], path)
    if looks_like_asf(data):
        raise FileFormatError(path, "is a skeleton without motion", "give the .amc file beside it")
    place = _skeleton_beside(data, path)
    skeleton = parse_asf(read_bytes(place, "give a skeleton", most=_LARGEST_SKELETON), place)
    rows, columns = _frames(data, path, skeleton)
    degrees = skeleton.degrees and b":RADIANS" not in data[:65536].upper()
    root, turns = _Motion(skeleton, rows, columns, degrees), skeleton.offsets[None]
    positions, rotations = posed(
        len(rows), skeleton.parents, root.turns, lambda _: turns, root.places()
    )
    reason = (
        f"Acclaim files do not say their rate; it was taken to be {_RATE:g} as CMU's and HDM05's, "
        "say it with --source-fps"
    )
    return Recording(
        joint_names=skeleton.names,
        parents=skeleton.parents.copy(),
        positions=positions,
        rotations=rotations,
        fps=_RATE,
        metres_per_unit=skeleton.metres_per_unit,
        rest=_rest(skeleton),
        notes=(f"the skeleton is {place.name}",),
        doubts=(Doubt("rate", _RATE_DOUBT, reason),),
    )


def _rest(skeleton: AcclaimSkeleton) -> Float64[np.ndarray, "J 3"]:
    places = skeleton.offsets.copy()
    for joint, parent in enumerate(skeleton.parents):
        if parent >= 0:
            places[joint] += places[parent]
    return np.asarray(places + skeleton.position)


def _skeleton_beside(data: bytes, path: Path) -> Path:
    try:
        here = sorted(p for _, p in zip(range(_MOST_LISTED), path.parent.iterdir(), strict=False)
                      if p.suffix.lower() == ".asf" and p.is_file())  # fmt: skip
    except OSError as error:
        raise FileFormatError(
            path, f"its folder cannot be listed ({error.strerror})", "check its permissions"
        ) from None
    said = _SKELETON_NAME.search(data[:65536])
    name = PureWindowsPath(said[1].decode("latin-1").strip()).name.lower() if said else ""
    same = [p for p in here if p.name.lower() == name]
    if same:
        return same[0]
    stem = path.stem.lower()
    prefixes = [p for p in here if stem.startswith(p.stem.lower())]
    if prefixes:
        return max(prefixes, key=lambda p: len(p.stem))
    if len(here) == 1:
        return here[0]
    others = f"; the skeletons there are {listed([p.name for p in here])}" if here else ""
    named = f" {quoted(name)}" if name else ""
    raise FileFormatError(
        path,
        f"has no skeleton{named} beside it",
        f"copy its .asf file into the same folder{others}",
    )


def _frames(
    data: bytes, path: Path, skeleton: AcclaimSkeleton
) -> tuple[Float64[np.ndarray, "T C"], Mapping[str, slice]]:
    """The numbers of all frames, and which columns are whose."""
    from retarget.motion.formats.numbers import NumberRowsError, parse_rows

    begin = _FIRST_FRAME.search(data)
    if begin is None:
        raise FileFormatError(path, "holds no frames", _REMEDY)
    text = data[begin.start() :]
    second = _FIRST_FRAME.search(text, begin.end() - begin.start())
    first = [
        name.decode("latin-1")
        for name in _NAME.findall(text[: second.start() if second else len(text)])
    ]
    bones = {bone.name: bone for bone in skeleton.bones}
    unknown = [name for name in first if name not in bones]
    if unknown or len(set(first)) != len(first) or "root" not in first:
        cause = (
            f"moves bones that its skeleton lacks: {listed(unknown)}"
            if unknown
            else "its first frame is torn"
        )
        raise FileFormatError(path, cause, "copy the .asf file that belongs to it beside it")
    columns, at = {}, 1  # the frame's number comes first
    for name in first:
        columns[name] = slice(at, at + len(bones[name].freedoms))
        at += len(bones[name].freedoms)
    text = b"\n" + text.replace(b"\r\n", b"\n").strip()
    plain = _is_plain(text, first, path)
    frames = text.count(b"\n" + first[0].encode("latin-1"))
    try:
        (values,) = parse_rows(_numbers_alone(text, plain), 0, at * frames, 1)
    except NumberRowsError as error:
        frame = (error.column or 0) // at if error.count is None else -1
        cause = f"frame {frame}: {quoted(error.word)} is no number"
        if error.count is not None:
            cause = f"its {frames} frames of {at} numbers have {error.count} numbers"
        raise FileFormatError(path, cause, _REMEDY) from None
    return values.reshape(frames, at), columns


def _is_plain(text: bytes, first: list[str], path: Path) -> bool:
    """Whether all letters of the text are those of bones' names and of exponents, in each frame as in the first.

    Raises:
        FileFormatError: A frame lists other bones than the first one; the message names it.
    """
    names = [name.encode("latin-1") for name in first]
    # Without digits, signs and exponents only names are left: far quicker than to look for them.
    left = text.replace(b"e-", b"").replace(b"e+", b"").translate(None, _OF_NUMBERS)
    frame = b"\n" + b"\n".join([b"", *names])
    if left == frame.translate(None, _OF_NUMBERS) * (len(left) // max(1, len(frame))):
        return all(name.replace("_", "").isalpha() and name.isascii() for name in first)
    every = _NAME.findall(text)
    frames, more = divmod(len(every), len(names))
    if more or every != names * frames:
        same = (name == names[i % len(names)] for i, name in enumerate(every))
        wrong = next((i for i, right in enumerate(same) if not right), len(every)) // len(names)
        cause = f"frame {wrong} lists other bones than the first one, or ends early"
        raise FileFormatError(path, cause, _REMEDY)
    return False


def _numbers_alone(text: bytes, plain: bool) -> bytes:
    """The text without names and line ends."""
    if plain:
        # Exponents are put aside while letters become blanks: one pass over the text, and no search.
        return text.replace(b"e-", b"\1-").replace(b"e+", b"\1+").translate(_TO_NUMBERS)
    return _NAMED_LINE.sub(b" ", text).replace(b"\n", b" ")


class _Motion:
    """Turns and places of a skeleton's joints from the numbers of frames."""

    def __init__(
        self,
        skeleton: AcclaimSkeleton,
        rows: Float64[np.ndarray, "T C"],
        columns: Mapping[str, slice],
        degrees: bool,
    ) -> None:
        self.skeleton, self.rows, self.columns = skeleton, rows, columns
        self.scale = np.pi / 180 if degrees else 1.0

    def turns(self, block: slice) -> Float64[np.ndarray, "n J 4"]:
        """Rotations in the parents' frames: about each bone's own axes, which at rest are turned by its axis."""
        rows = self.rows[block]
        out = np.zeros((len(rows), len(self.skeleton.names), 4))
        out[..., 0] = 1.0
        for joint, bone in enumerate(self.skeleton.bones):
            at = self.columns.get(bone.name)
            spins = [i for i, kind in enumerate(bone.freedoms) if kind in ("rx", "ry", "rz")]
            if at is None or not spins:
                continue
            angles = self.scale * rows[:, at][:, spins]
            own = turns_about("".join(bone.freedoms[i][1] for i in spins), angles)
            inverse = bone.axis * [1.0, -1.0, -1.0, -1.0]
            turned = quaternion_product(bone.axis, own)
            out[:, joint] = quaternion_product(turned, inverse) if joint else turned
        return out

    def places(self) -> Float64[np.ndarray, "T 3"]:
        """Where the root is."""
        root, at = self.skeleton.bones[0], self.columns["root"]
        places = np.tile(self.skeleton.position, (len(self.rows), 1))
        for index, kind in enumerate(root.freedoms):
            if kind in ("tx", "ty", "tz"):
                places[:, "xyz".index(kind[1])] += self.rows[:, at.start + index]
        return places
