"""Files that are no motion which can be read, but of a kind that is known: what they are, and what to do with them."""

from __future__ import annotations

import re
from typing import Final

from retarget.motion.formats.arrays.headers import is_table_of_numbers
from retarget.motion.formats.contents import NPY

__all__ = ["what_it_is"]

_TO_BVH: Final = "export the skeleton as BVH or GLB, in Blender or in the program that wrote it"
_HEADS: Final = (
    (b"PXR-USDC", "is USD, which is not read", _TO_BVH),
    (b"#usda", "is USD, which is not read", _TO_BVH),
    (b"\x1f\x8b", "is packed with gzip", "unpack it first"),
    (b"7z\xbc\xaf", "is a 7z archive", "unpack it first"),
    (b"Rar!", "is a RAR archive", "unpack it first"),
    (b"\x89HDF", "is HDF5 or a new MAT file, which is not read", "write the arrays as .npz with names"),
    (b"MATLAB 5.0", "is a MAT file, which is not read", "write the arrays as .npz with names"),
    (b"version https://git-lfs", "is a pointer of Git LFS and not the file", "fetch it with: git lfs pull"),
    (b"BLENDER", "is a Blender scene", "export the armature as BVH or GLB in Blender"),
    (b"Ogawa", "is Alembic, which holds no skeleton", _TO_BVH),
    (b"Vocaloid Motion Data", "is MikuMikuDance's VMD, whose skeleton lies in another file", _TO_BVH),
    (b"[Header]", "is HTR, which is not read", _TO_BVH),
    (b"%YAML", "is YAML, as Unity writes clips without their skeleton", _TO_BVH),
    (b"\xcd\xf3\x00\x01", "is CDF, as Human3.6M has its poses, which is not read", "write its array Pose as .npy"),
    (b"PAR1", "is a Parquet table", "write its arrays as .npz with names; data sets of robots' motions are no input"),
    (b"<mujoco", "is a robot's model", "give a motion file; robots go to --robot"),
    (b"<robot", "is a robot's model", "give a motion file; robots go to --robot"),
)  # fmt: skip

_FBX: Final = b"; FBX"  # as text; binary files are left to their reader, which says more
_OPENSIM: Final = (b"endheader", b"inDegrees")  # texts of joint angles, forces and states
_BODY_POSES: Final = re.compile(rb"'shape': \(\d+, 63\)")
_OF_A_RESULT: Final = (b"qpos.npy", b"manifest_json.npy")
_DIRECTORY: Final = (
    4096  # bytes at the end of an archive, in which a result's table of contents lies
)


def what_it_is(data: bytes) -> tuple[str, str] | None:
    """What a file is and what to do with it, as cause and remedy; None where nobody knows."""
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    for head, cause, remedy in _HEADS:
        if start.startswith(head):
            return cause, remedy
    if start.startswith(_FBX) and b"AnimationCurve" not in data:
        if b"KeyCount" in data:  # of curves as they were up to version 6
            return (
                "is FBX of version 6, which is not read",
                "export it again as FBX 2014 (7.4) or newer",
            )
        return "is FBX that holds no animation", "export it with its animation, baked"
    if all(word in start for word in _OPENSIM):
        cause = "is an OpenSim motion: angles of a model's joints, which only that model tells"
        return cause, "give the markers (.trc or .c3d) that it was made from"
    if b"<COLLADA" in start:
        return "is COLLADA, which is not read", _TO_BVH
    if data.startswith(b"PK\x03\x04") and any(
        suffix in data[:256] for suffix in (b".usdc", b".usda", b".usd")
    ):
        return "is USD in an archive (USDZ), which is not read", _TO_BVH
    if data.startswith(b"PK\x03\x04") and all(name in data[-_DIRECTORY:] for name in _OF_A_RESULT):
        return (
            "is a result of retarget, a robot's motion",
            "judge it with: retarget evaluate --result",
        )
    if (
        data.startswith(b"PK\x03\x04")
        and b".npy" not in data[:256]
        and b"data.pkl" not in data[:512]
    ):
        return "is a ZIP archive", "unpack it first"
    return _of_numbers(data, start)


def _of_numbers(data: bytes, start: bytes) -> tuple[str, str] | None:
    """What texts and arrays of numbers are that lack what would make them a motion."""
    if numbers := is_table_of_numbers(data):
        cause = f"is a table of {numbers} numbers a row without names, in no known order of a body's points"
        return cause, "name its columns name_x, name_y, name_z in a first line"
    if b'"babel_sid"' in start:
        cause = "is BABEL's labels, which say what AMASS's motions show and hold none"
        return cause, "give the files of AMASS that it names (feat_p)"
    if data.startswith(NPY) and _BODY_POSES.search(data, 0, 256):
        cause = "holds 63 numbers a frame, as of SMPL-X's body poses (TRUMANS) without its root's turns and places"
        return cause, "write poses (T, 66) and trans (T, 3) of one recording as .npz"
    return None
