"""The formats that are known from the start, in the order in which they are tried."""

from __future__ import annotations

from typing import Final

from retarget.kinds import MotionFormatKind
from retarget.motion.formats.format import MotionFormat, found_in

__all__ = ["KNOWN"]

KNOWN: Final = (
    MotionFormat(
        MotionFormatKind.BVH,
        "Biovision Hierarchy: any skeleton, unit and up axis",
        (".bvh",),
        found_in("bvh.read_bvh", "bvh_hierarchy.looks_like_bvh", asked=False),
    ),
    MotionFormat(
        MotionFormatKind.AMP_NPZ,
        "NumPy archive of the 15-body AMP humanoid: metres, z up",
        (".npz",),
        found_in("amp_npz.read_amp_npz", "amp_npz.looks_like_amp_npz", asked=False),
    ),
    MotionFormat(
        MotionFormatKind.DEEPMIMIC,
        "JSON rows of DeepMimic's 15-joint humanoid: metres, y up",
        (".txt", ".json"),
        found_in("deepmimic.read_deepmimic", "deepmimic.looks_like_deepmimic", asked=False),
    ),
    MotionFormat(
        MotionFormatKind.SMPL,
        "SMPL, SMPL-H and SMPL-X bodies: AMASS, video models, generators",
        (".npz", ".pkl", ".pt", ".npy"),
        found_in("smpl.reader.read_smpl", "smpl.reader.looks_like_smpl"),
    ),
)
