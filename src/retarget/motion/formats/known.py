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
        layouts=(
            (
                "any rig",
                "hierarchies, channel orders (several in one file), position channels on any joint, "
                "several roots, wrapper roots, end sites",
            ),
            (
                "names",
                "LAFAN1, CMU, Mixamo, Bandai, 100STYLE, ZeroEGGS, SOMA, Xsens, Noitom, Rokoko, OptiTrack, Nokov,"
                " MakeHuman, Rigify, VRChat, Daz, Biped, Unreal, VRM and others; else the shape tells",
            ),
            (
                "SOMA",
                "six numbers in OFFSET: the rotation at rest is in the channels too",
            ),
        ),
    ),
    MotionFormat(
        MotionFormatKind.AMP_NPZ,
        "NumPy archive of the 15-body AMP humanoid: metres, z up",
        (".npz",),
        found_in("amp_npz.read_amp_npz", "amp_npz.looks_like_amp_npz", asked=False),
        layouts=(
            (
                "Isaac Lab",
                "fps, body_names, body_positions, body_rotations; it has no toes, so front ends of soles "
                "stand in",
            ),
        ),
    ),
    MotionFormat(
        MotionFormatKind.DEEPMIMIC,
        "JSON rows of DeepMimic's 15-joint humanoid: metres, y up",
        (".txt", ".json"),
        found_in("deepmimic.read_deepmimic", "deepmimic.looks_like_deepmimic", asked=False),
        layouts=(
            (
                "humanoid3d",
                "Frames: rows of 44 numbers (duration, root position, root rotation wxyz, then joints); a"
                " dropped frame is interpolated; ends of soles as above",
            ),
        ),
    ),
    MotionFormat(
        MotionFormatKind.SMPL,
        "SMPL, SMPL-H, SMPL-X and SOMA bodies: AMASS, video models, generators",
        (".npz", ".pkl", ".pt", ".npy"),
        found_in("smpl.reader.read_smpl", "smpl.reader.looks_like_smpl"),
        layouts=(
            (
                "AMASS",
                "poses (T, 156 or 72), trans, betas, gender, mocap_framerate; z up",
            ),
            (
                "AMASS stage II",
                "SMPL-X: poses (T, 165), or root_orient, pose_body, pose_hand, ...; mocap_frame_rate *",
            ),
            (
                "Motion-X",
                "rows of 322; 30 fps, doubted *",
            ),
            (
                "GVHMR, GEM",
                "smpl_params_global or body_params_global; y up; 30 fps, doubted *",
            ),
            (
                "GEM-X",
                "body_params_global of SOMA's 77 joints; on a fixed skeleton, doubted; y up; 30 fps, doubted *",
            ),
            (
                "WHAM",
                "pose_world, trans_world of each person; y up; asks for the rate *",
            ),
            (
                "GLAMR",
                "person_data; z up; asks for the rate",
            ),
            (
                "AIST++",
                "smpl_poses, smpl_trans over smpl_scaling; y up; 60 fps *",
            ),
            (
                "TRAM, HybrIK, 4D-Humans",
                "in the axes of a camera; doubted, the last without travel; ask for the rate *",
            ),
            (
                "3DPW",
                "poses, trans, genders of several persons; y down; 30 fps *",
            ),
            (
                "EMDB, SLAHMR, PromptHMR, PHC, MDM",
                "smpl with poses_root and poses_body; arrays with an axis of persons; smplx_world of each of people; "
                "pose_aa of each clip; thetas and root_translation; all but the last ask for the rate *",
            ),
            (
                "GRAB, InterHuman, Inter-X, ARCTIC",
                "params of body; person1 and person2 beside a rate; pose_lhand and pose_rhand; the last two ask "
                "for the rate *",
            ),
            (
                "frame by frame",
                "a list with global_orient and body_pose of each frame; asks for the rate; lists of clips with poses "
                "and trans, as TEACH has BABEL's *",
            ),
            (
                "others",
                "poses, or root_orient/global_orient and pose_body/body_pose, with trans/transl; axis "
                "angle, matrices, quaternions or six numbers; at most two mappings deep",
            ),
        ),
    ),
    MotionFormat(
        MotionFormatKind.ARRAYS,
        "joint places in .npz, .npy, .pkl and .pt: Kimodo, HumanML3D, MDM, OMOMO, and arrays with names",
        (".npz", ".npy", ".pt", ".pkl"),
        found_in("arrays.archives.read_arrays", "arrays.archives.looks_like_arrays"),
        layouts=(
            (
                "Kimodo",
                "posed_joints, global_rot_mats: SOMA with 30 or 77 joints, SMPL-X with 22; y up; 30 fps, "
                "doubted",
            ),
            (
                "HumanML3D, MDM",
                "(T, 22, 3), features (T, 263) that are not normalised, or results.npy with several samples; 20 fps, "
                "doubted *",
            ),
            (
                "MotionStreamer",
                "and MotionMillion: features (T, 272) that are not normalised; y up; 30 fps, doubted *",
            ),
            (
                "OMOMO",
                "torch, (T, 591): 52 joints; z up; 30 fps, doubted",
            ),
            (
                "holosoma",
                "global_joint_positions, also of LAFAN1; 30 fps, doubted *",
            ),
            (
                "Human3.6M, HumanAct12",
                "positions_3d of each action of each subject, as VideoPose3D has them; lists of joints3D; #2 is the "
                "second clip; ask for the rate *",
            ),
            (
                "SAM 3D Body",
                "pred_keypoints_3d of one person at pred_cam_t, as arrays or a list of frames; asks for the rate *",
            ),
            (
                "climbing captures",
                "(T, 53, 3); asks for the rate",
            ),
            (
                "with names",
                "positions (T, J, 3) with joint_names, perhaps parents and fps; orders of SMPL, SMPL-H, "
                "SMPL-X, LAFAN1 and SOMA without names",
            ),
            (
                "keypoints",
                "(T, N, 3), or 4 with confidence, without names: Human3.6M (17, 32), COCO (17, 23, 133), BODY_25, "
                "Halpe (26), MediaPipe (33 and more), SAM 3D Body (70), Kinect (25), Azure Kinect (32), KIT-ML (21); "
                "asks for the rate *",
            ),
        ),
    ),
    MotionFormat(
        MotionFormatKind.NAMED_CSV,
        "CSV with x, y and z of named points, also FreeMoCap's",
        (".csv",),
        found_in("arrays.tables.read_named_csv", "arrays.tables.looks_like_named_csv"),
        layouts=(
            (
                "columns",
                "name_x, name_y, name_z of every point, or x_name, or x0 in an order as of arrays; perhaps time; "
                "names above the axes, as DeepLabCut writes, or no words at all; commas, semicolons or tabs *",
            ),
            (
                "FreeMoCap",
                "a row for each point of each frame: frame, timestamp, keypoint (landmark, joint), x, y, z *",
            ),
        ),
    ),
    MotionFormat(
        MotionFormatKind.EASYMOCAP,
        "EasyMocap's folders with a JSON file for each frame",
        (".json",),
        found_in("easymocap.read_easymocap", "easymocap.looks_like_easymocap"),
        layouts=(
            (
                "smpl",
                "Rh, Th, poses and shapes of each person; the folder's first file is given; asks for the rate *",
            ),
            (
                "keypoints3d",
                "points of each person, in an order as of arrays, likewise *",
            ),
        ),
    ),
    MotionFormat(
        MotionFormatKind.NAMED_JSON,
        "JSON of named places, or of frames with points",
        (".json",),
        found_in("arrays.tables.read_named_json", "arrays.tables.looks_like_named_json"),
        layouts=(
            (
                "object",
                "joint_names, positions (T, J, 3), fps, perhaps parents *",
            ),
            (
                "frames",
                "a list of frames, or one under a key beside fps; each has points as [x, y, z], or x, y and z with or "
                "without a name, or by name; up to 64 MB *",
            ),
        ),
    ),
    MotionFormat(
        MotionFormatKind.KINECT,
        "bodies tracked by a Kinect of the second version, as text",
        (".skeleton",),
        found_in("arrays.kinect.read_kinect", "arrays.kinect.looks_like_kinect"),
        layouts=(
            (
                "NTU RGB+D",
                "25 joints of each body in the camera's axes; the body that was seen longest first; 30 fps, doubted *",
            ),
        ),
    ),
    MotionFormat(
        MotionFormatKind.ACCLAIM,
        "Acclaim motion (AMC) with its skeleton (ASF) beside it: CMU, HDM05",
        (".amc", ".asf"),
        found_in("acclaim.motion.read_amc", "acclaim.motion.looks_like_acclaim"),
        layouts=(
            (
                "CMU, HDM05",
                "the skeleton that the motion names, else whose name begins the motion's, else the only "
                "one in the folder; 120 fps, doubted",
            ),
        ),
    ),
    MotionFormat(
        MotionFormatKind.C3D,
        "C3D markers of a whole body, by the names of many laboratories",
        (".c3d",),
        found_in("markers.reader.read_c3d", "markers.c3d.looks_like_c3d"),
        layouts=(
            (
                "marker sets",
                "Plug-in Gait, CMU 41 (HDM05), Rizzoli, Helen Hayes, OpenSim and ISB names, with prefixes"
                " for each person",
            ),
            (
                "joint centres",
                "hips by Harrington 2007, shoulders by Rab 2002, other joints between medial and lateral "
                "markers, else half a width inwards; computed points in a file are no input",
            ),
            (
                "gaps",
                "up to 0.25 s are filled; else the longest stretch in which all is seen",
            ),
        ),
    ),
    MotionFormat(
        MotionFormatKind.TRC,
        "TRC markers of a whole body, likewise",
        (".trc",),
        found_in("markers.reader.read_trc", "markers.trc.looks_like_trc"),
        layouts=(
            (
                "Pose2Sim, OpenCap",
                "points named as joints (RHip, LKnee, RBigToe), or the markers that were guessed from them "
                "(r_knee_study) *",
            ),
            (
                "OpenSim, Cortex",
                "blanks, NaN, exponents, wrong counts, CRLF; markers as in C3D",
            ),
        ),
    ),
    MotionFormat(
        MotionFormatKind.QUALISYS,
        "Qualisys TSV: markers of a whole body, likewise",
        (".tsv",),
        found_in("markers.reader.read_qualisys", "markers.qualisys.looks_like_qualisys"),
        layouts=(
            (
                "3D",
                "names, rate, rows with or without frame and time, millimetres, zero or blank where a marker was not "
                "seen; skeletons and 6D bodies are refused *",
            ),
        ),
    ),
    MotionFormat(
        MotionFormatKind.NEXUS,
        "Vicon Nexus CSV: markers of a whole body, likewise",
        (".csv",),
        found_in("markers.reader.read_nexus", "markers.nexus.looks_like_nexus"),
        layouts=(("trajectories", "the section of trajectories, behind others or alone *"),),
    ),
    MotionFormat(
        MotionFormatKind.MVNX,
        "Xsens MVNX: segments in metres, z up",
        (".mvnx",),
        found_in("suits.mvnx.read_mvnx", "suits.mvnx.looks_like_mvnx"),
        layouts=(
            (
                "MVN",
                "orientations and positions of segments; identity and T-pose frames are no motion; "
                "several subjects",
            ),
        ),
    ),
    MotionFormat(
        MotionFormatKind.MOTIVE,
        "OptiTrack Motive tables with a skeleton's bones",
        (".csv",),
        found_in("suits.motive.read_motive", "suits.motive.looks_like_motive"),
        layouts=(
            (
                "1.21 to 1.25",
                "bones with quaternions, in global or local space; rigid bodies and markers alone are "
                "refused *",
            ),
        ),
    ),
    MotionFormat(
        MotionFormatKind.GLTF,
        "glTF, GLB, VRM and VRMA: animated skeletons, one animation",
        (".glb", ".gltf", ".vrm", ".vrma"),
        found_in("scenes.gltf.read_gltf", "scenes.gltf.looks_like_gltf"),
        layouts=(
            (
                "animations",
                "LINEAR, STEP and CUBICSPLINE curves at the rate of their keys; scaled roots; buffers "
                "inside or beside",
            ),
            (
                "VRM, VRMA",
                "bones of the human by the file's own table",
            ),
        ),
    ),
    MotionFormat(
        MotionFormatKind.FBX,
        "FBX from version 7 on, binary or text: animated skeletons, one animation",
        (".fbx",),
        found_in("scenes.fbx.read_fbx", "scenes.fbx.looks_like_fbx"),
        layouts=(
            (
                "bones",
                "constant, linear and cubic curves; orders of angles, turns before and after, pivots, scaled roots; of "
                "several layers the first; older versions are refused",
            ),
        ),
    ),
)
