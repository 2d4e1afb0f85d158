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
    MotionFormat(
        MotionFormatKind.ARRAYS,
        "joint places in .npz, .npy, .pkl and .pt: Kimodo, HumanML3D, MDM, OMOMO, and arrays with names",
        (".npz", ".npy", ".pt", ".pkl"),
        found_in("arrays.archives.read_arrays", "arrays.archives.looks_like_arrays"),
    ),
    MotionFormat(
        MotionFormatKind.NAMED_CSV,
        "CSV with x, y and z of named points, also FreeMoCap's",
        (".csv",),
        found_in("arrays.tables.read_named_csv", "arrays.tables.looks_like_named_csv"),
    ),
    MotionFormat(
        MotionFormatKind.NAMED_JSON,
        "JSON with joint_names, positions and fps",
        (".json",),
        found_in("arrays.tables.read_named_json", "arrays.tables.looks_like_named_json"),
    ),
    MotionFormat(
        MotionFormatKind.ACCLAIM,
        "Acclaim motion (AMC) with its skeleton (ASF) beside it: CMU, HDM05",
        (".amc", ".asf"),
        found_in("acclaim.motion.read_amc", "acclaim.motion.looks_like_acclaim"),
    ),
    MotionFormat(
        MotionFormatKind.C3D,
        "C3D markers of a whole body, by the names of many laboratories",
        (".c3d",),
        found_in("markers.reader.read_c3d", "markers.c3d.looks_like_c3d"),
    ),
    MotionFormat(
        MotionFormatKind.TRC,
        "TRC markers of a whole body, likewise",
        (".trc",),
        found_in("markers.reader.read_trc", "markers.trc.looks_like_trc"),
    ),
    MotionFormat(
        MotionFormatKind.MVNX,
        "Xsens MVNX: segments in metres, z up",
        (".mvnx",),
        found_in("suits.mvnx.read_mvnx", "suits.mvnx.looks_like_mvnx"),
    ),
    MotionFormat(
        MotionFormatKind.MOTIVE,
        "OptiTrack Motive tables with a skeleton's bones",
        (".csv",),
        found_in("suits.motive.read_motive", "suits.motive.looks_like_motive"),
    ),
    MotionFormat(
        MotionFormatKind.GLTF,
        "glTF, GLB, VRM and VRMA: animated skeletons, one animation",
        (".glb", ".gltf", ".vrm", ".vrma"),
        found_in("scenes.gltf.read_gltf", "scenes.gltf.looks_like_gltf"),
    ),
)
