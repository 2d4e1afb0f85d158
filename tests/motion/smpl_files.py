"""Motions of the SMPL family in the layouts of many tools, written from what their sources say.

Only AMASS's first layout and GLAMR's are checked against real files; of the others none could be had.
"""

from __future__ import annotations

import io
import pickle
import sys
import types
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csc_matrix
from scipy.spatial.transform import Rotation

from retarget.motion.formats.smpl.body import body_tree, fixed_skeleton

FRAMES, FPS = 40, 30
_KNEES, _ELBOWS = (4, 5), (18, 19)


class Walk(NamedTuple):
    """A person who steps in place and forward: SMPL rotation vectors (T, 24, 3) and translation, z up, metres."""

    poses: np.ndarray
    trans: np.ndarray


def walk(frames: int = FRAMES) -> Walk:
    time = np.arange(frames) / FPS
    poses = np.zeros((frames, 24, 3))
    poses[:, 0] = Rotation.from_euler("x", 90, degrees=True).as_rotvec()
    swing = np.sin(2 * np.pi * 1.1 * time)
    for side, sign in ((0, 1.0), (1, -1.0)):
        poses[:, 1 + side, 0] = -0.1 - 0.45 * sign * swing
        poses[:, _KNEES[side], 0] = 0.5 + 0.35 * sign * np.cos(2 * np.pi * 1.1 * time)
        poses[:, 16 + side, 2] = -1.1 if side == 0 else 1.1
        poses[:, _ELBOWS[side], 1] = (-0.5 if side == 0 else 0.5) * (1.2 + 0.3 * sign * swing)
    trans = np.stack([0 * time, -1.0 * time, 0.95 + 0.02 * np.cos(4 * np.pi * time)], axis=1)
    return Walk(poses, trans)


def expected_joints(motion: Walk, kind: str = "smpl") -> np.ndarray:
    """Joints by the models' own rule: x_j = x_parent + R_parent (J_j - J_parent), the first at trans + J_0."""
    rest, parents = fixed_skeleton(kind), body_tree("smpl").parents
    places = np.zeros((len(motion.trans), 24, 3))
    turns: list[Rotation] = []
    for joint, parent in enumerate(parents):
        own = Rotation.from_rotvec(motion.poses[:, joint])
        if parent < 0:
            turns.append(own)
            places[:, joint] = motion.trans + rest[0]
            continue
        places[:, joint] = places[:, parent] + turns[parent].apply(rest[joint] - rest[parent])
        turns.append(turns[parent] * own)
    return places


def y_up(motion: Walk, kind: str = "smpl") -> Walk:
    """The same motion in a world whose y axis is up."""
    turn = Rotation.from_euler("x", -90, degrees=True)
    poses = motion.poses.copy()
    poses[:, 0] = (turn * Rotation.from_rotvec(poses[:, 0])).as_rotvec()
    pelvis = fixed_skeleton(kind)[0]
    # The root turns about the pelvis, which is not the model's origin.
    return Walk(poses, turn.apply(motion.trans + pelvis) - pelvis)


def matrices(poses: np.ndarray) -> np.ndarray:
    return Rotation.from_rotvec(poses.reshape(-1, 3)).as_matrix().reshape(*poses.shape[:-1], 3, 3)


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def amass(motion: Walk, **changes: Any) -> bytes:
    """SMPL+H: 156 numbers per frame."""
    poses = np.zeros((len(motion.poses), 156))
    poses[:, :66] = motion.poses[:, :22].reshape(-1, 66)
    fields = {"poses": poses, "trans": motion.trans, "betas": np.zeros(16), "gender": np.array(b"male"),
              "mocap_framerate": np.array(120.00004577636719), "dmpls": np.zeros((len(poses), 8))}  # fmt: skip
    return npz(**{key: value for key, value in {**fields, **changes}.items() if value is not None})


def stage_two(motion: Walk, **changes: Any) -> bytes:
    """SMPL-X, the second generation of AMASS, by its split keys alone."""
    rows = motion.poses[:, :22].reshape(-1, 66)
    fields = {"root_orient": rows[:, :3], "pose_body": rows[:, 3:], "pose_hand": np.zeros((len(rows), 90)),
              "pose_jaw": np.zeros((len(rows), 3)), "pose_eye": np.zeros((len(rows), 6)), "trans": motion.trans,
              "betas": np.zeros(16), "gender": np.array("neutral", object), "surface_model_type": np.array("smplx"),
              "mocap_frame_rate": np.array([30.0]), "mocap_time_length": np.array(1.3)}  # fmt: skip
    return npz(**{**fields, **changes})


def gvhmr(motion: Walk) -> bytes:
    upright = y_up(motion, "smplx")
    rows = upright.poses[:, :22].reshape(-1, 66).astype(np.float32)
    world = {"body_pose": rows[:, 3:], "betas": np.zeros((len(rows), 10), np.float32),
             "global_orient": rows[:, :3], "transl": upright.trans.astype(np.float32)}  # fmt: skip
    return pickle.dumps(
        {"smpl_params_global": world, "smpl_params_incam": world, "K_fullimg": np.eye(3)}
    )


_OF_SOMA = {
    "pelvis": "Hips", "spine1": "Spine1", "spine2": "Spine2", "spine3": "Chest", "neck": "Neck1", "head": "Head",
    **{f"{side}_{ours}": f"{side.capitalize()}{theirs}" for side in ("left", "right") for ours, theirs in (
        ("hip", "Leg"), ("knee", "Shin"), ("ankle", "Foot"), ("foot", "ToeBase"), ("collar", "Shoulder"),
        ("shoulder", "Arm"), ("elbow", "ForeArm"), ("wrist", "Hand"))},
}  # fmt: skip


def gem_x(motion: Walk, fists: float = 0.0) -> bytes:
    """SOMA's joints turned as SMPL's; fingers bent by an angle, rad, in the second half."""
    upright, names = y_up(motion), body_tree("soma").names
    poses = np.zeros((len(upright.trans), len(names), 3))
    for ours, theirs in _OF_SOMA.items():
        poses[:, names.index(theirs)] = upright.poses[:, body_tree("smpl").names.index(ours)]
    for joint, name in enumerate(names):
        if name.startswith("LeftHand") and name[-1] in "234":
            poses[len(poses) // 2 :, joint, 2] = -fists
    poses = poses.astype(np.float32)
    world = {"global_orient": poses[:, 0], "body_pose": poses[:, 1:].reshape(len(poses), -1),
             "transl": upright.trans.astype(np.float32), "identity_coeffs": np.zeros((len(poses), 45), np.float32),
             "scale_params": np.zeros((len(poses), 69), np.float32)}  # fmt: skip
    return pickle.dumps(
        {"body_params_global": world, "body_params_incam": world, "K_fullimg": np.eye(3)}
    )


def wham(*motions: Walk) -> bytes:
    people = {}
    for number, motion in enumerate(motions):
        upright = y_up(motion)
        people[number] = {"pose_world": upright.poses.reshape(-1, 72), "trans_world": upright.trans,
                          "pose": upright.poses.reshape(-1, 72), "betas": np.zeros((len(upright.trans), 10)),
                          "frame_ids": np.arange(len(upright.trans))}  # fmt: skip
    return pickle.dumps(people)


def glamr(motion: Walk) -> bytes:
    person = {"smpl_pose": motion.poses[:, 1:].reshape(-1, 69), "smpl_orient_world": motion.poses[:, 0],
              "root_trans_world": motion.trans, "smpl_beta": np.zeros((len(motion.trans), 10)),
              "exist_frames": np.ones(len(motion.trans), bool)}  # fmt: skip
    return pickle.dumps({"person_data": {0: person}})


def aistpp(motion: Walk, scaling: float = 93.77) -> bytes:
    upright = y_up(motion)
    return pickle.dumps({"smpl_poses": upright.poses.reshape(-1, 72), "smpl_trans": upright.trans * scaling,
                         "smpl_scaling": np.array([scaling]), "smpl_loss": 0.1})  # fmt: skip


def tram(motion: Walk) -> bytes:
    """In the axes of a camera that looks at the person: y down, z away."""
    in_camera = camera(motion)
    stream = io.BytesIO()
    fields = {"pred_rotmat": matrices(in_camera.poses).astype(np.float32),
              "pred_shape": np.zeros((len(motion.trans), 10)), "pred_trans": in_camera.trans[:, None],
              "frame": np.arange(len(motion.trans))}  # fmt: skip
    np.save(stream, np.array(fields, object), allow_pickle=True)
    return stream.getvalue()


def camera(motion: Walk) -> Walk:
    upright = y_up(motion)
    turn = Rotation.from_euler("x", 180, degrees=True)
    poses = upright.poses.copy()
    poses[:, 0] = (turn * Rotation.from_rotvec(poses[:, 0])).as_rotvec()
    pelvis = fixed_skeleton("smpl")[0]
    return Walk(poses, turn.apply(upright.trans + pelvis) - pelvis + [0, 0, 5.0])


def hybrik(motion: Walk) -> bytes:
    in_camera = camera(motion)
    turns = matrices(in_camera.poses).reshape(-1, 216)
    return pickle.dumps({"pred_thetas": list(turns), "pred_betas": [np.zeros(10)] * len(turns),
                         "transl": list(in_camera.trans)})  # fmt: skip


def phalp(motion: Walk) -> bytes:
    turns = matrices(camera(motion).poses)
    frames = {}
    for number, turn in enumerate(turns):
        body = {"global_orient": turn[:1], "body_pose": turn[1:], "betas": np.zeros(10)}
        frames[f"{number:06d}.jpg"] = {"smpl": [body], "tid": [7], "time": number}
    return pickle.dumps(frames)


def three_dpw(*motions: Walk) -> bytes:
    seen = [camera(motion) for motion in motions]
    return pickle.dumps({"poses": [m.poses.reshape(-1, 72) for m in seen], "trans": [m.trans for m in seen],
                         "betas": [np.zeros(10)] * len(seen), "genders": ["m", "f"][: len(seen)],
                         "sequence": "walk"})  # fmt: skip


def emdb(motion: Walk) -> bytes:
    upright = y_up(motion)
    rows = upright.poses.reshape(-1, 72)
    body = {
        "poses_root": rows[:, :3],
        "poses_body": rows[:, 3:],
        "trans": upright.trans,
        "betas": np.zeros(10),
    }
    return pickle.dumps({"name": "P1_14", "gender": "male", "n_frames": len(rows), "smpl": body,
                         "camera": {"width": 1920, "extrinsics": np.tile(np.eye(4), (len(rows), 1, 1))},
                         "good_frames_mask": np.ones(len(rows), bool)})  # fmt: skip


def slahmr(*motions: Walk) -> bytes:
    """An axis of persons before that of frames."""
    seen = [y_up(motion) for motion in motions]
    rows = [m.poses[:, :22].reshape(-1, 66) for m in seen]
    return npz(trans=np.stack([m.trans for m in seen]), root_orient=np.stack([r[:, :3] for r in rows]),
               pose_body=np.stack([r[:, 3:] for r in rows]), betas=np.zeros((len(seen), 16)),
               floor_plane=np.zeros((len(seen), 3)), intrins=np.zeros(4))  # fmt: skip


def prompt_hmr(*motions: Walk) -> bytes:
    people = {}
    for number, motion in enumerate(motions, 1):
        upright = y_up(motion, "smplx")
        rows = np.zeros((len(upright.trans), 165))
        rows[:, :66] = upright.poses[:, :22].reshape(-1, 66)
        body = {"pose": rows, "shape": np.zeros((len(rows), 10)), "trans": upright.trans}
        people[number] = {"track_id": number, "frames": np.arange(len(rows)), "smplx_world": body,
                          "smplx_cam": {**body, "trans": upright.trans + 5}}  # fmt: skip
    return pickle.dumps({"camera": {}, "people": people})


def phc(*motions: Walk) -> bytes:
    clips = [
        {"pose_aa": m.poses.reshape(-1, 72), "trans": m.trans, "beta": np.zeros(16), "gender": "neutral",
         "seq_name": "walk", "fps": 30}
        for m in motions
    ]  # fmt: skip
    return pickle.dumps({f"walk {number}": clip for number, clip in enumerate(clips)})


def phc_amass(motion: Walk) -> bytes:
    """As PHC's script writes AMASS: quaternions beside, and the root's place twice."""
    rows = motion.poses.reshape(-1, 72)
    clip = {"pose_quat_global": np.zeros((len(rows), 24, 4)), "pose_quat": np.zeros((len(rows), 24, 4)),
            "trans_orig": motion.trans, "root_trans_offset": motion.trans + 0.2, "beta": np.zeros(16),
            "gender": "neutral", "pose_aa": rows, "fps": 30}  # fmt: skip
    return pickle.dumps({"0-walk": clip})


def _split(motion: Walk) -> dict[str, np.ndarray]:
    rows = motion.poses[:, :22].reshape(-1, 66)
    return {"root_orient": rows[:, :3], "pose_body": rows[:, 3:], "trans": motion.trans}


def grab(motion: Walk) -> bytes:
    split = _split(motion)
    hand = np.zeros((len(motion.trans), 45))
    params = {"transl": motion.trans, "global_orient": split["root_orient"], "body_pose": split["pose_body"],
              "left_hand_pose": hand, "right_hand_pose": hand}  # fmt: skip
    body = np.array({"params": params, "vtemp": "tools/s1.ply"}, dtype=object)
    return npz(
        body=body, gender="male", framerate=120.0, n_frames=len(motion.trans), motion_intent="lift"
    )


def inter_human(*motions: Walk) -> bytes:
    people = {
        f"person{number}": {**_split(m), "betas": np.zeros(10), "gender": "male"}
        for number, m in enumerate(motions, 1)
    }
    return pickle.dumps({"mocap_framerate": 60, "frames": len(motions[0].trans), **people})


def inter_x(motion: Walk) -> bytes:
    split = _split(motion)
    hands = np.zeros((len(motion.trans), 15, 3))
    return npz(**{**split, "pose_body": split["pose_body"].reshape(-1, 21, 3)}, pose_lhand=hands, pose_rhand=hands,
               betas=np.zeros((1, 10)), gender="neutral")  # fmt: skip


def frame_by_frame(motion: Walk) -> bytes:
    rows = motion.poses.reshape(-1, 72)
    return pickle.dumps([
        {"global_orient": row[None, :3], "body_pose": row[None, 3:], "transl": trans[None], "betas": np.zeros((1, 10))}
        for row, trans in zip(rows, motion.trans, strict=True)
    ])  # fmt: skip


def mdm(motion: Walk) -> bytes:
    """Frames behind joints and six numbers, with more of them than the sample is long."""
    upright = y_up(motion)
    turns = np.moveaxis(six(upright.poses, rows=False), 0, -1)
    spare = np.zeros((*turns.shape[:2], 3))
    fields = {"thetas": np.concatenate([turns, spare], axis=-1), "length": len(upright.trans), "text": "walks",
              "root_translation": np.concatenate([upright.trans, np.zeros((3, 3))]).T}  # fmt: skip
    stream = io.BytesIO()
    np.save(stream, np.array(fields, object), allow_pickle=True)
    return stream.getvalue()


def motion_x(motion: Walk) -> bytes:
    upright = y_up(motion, "smplx")
    rows = np.zeros((len(motion.trans), 322))
    rows[:, :66] = upright.poses[:, :22].reshape(-1, 66)
    rows[:, 309:312] = upright.trans
    stream = io.BytesIO()
    np.save(stream, rows)
    return stream.getvalue()


def six(poses: np.ndarray, rows: bool) -> np.ndarray:
    turns = matrices(poses)
    first, second = (turns[..., 0, :], turns[..., 1, :]) if rows else (turns[..., 0], turns[..., 1])
    return np.concatenate([first, second], axis=-1)


def model_arrays(kind: str, seed: int = 0, shapes: int = 10) -> dict[str, Any]:
    """A body model with the keys of the published ones, of few vertices and random shapes."""
    joints = fixed_skeleton(kind)
    rng = np.random.default_rng(seed)
    vertices = np.repeat(joints, 3, axis=0) + np.tile(np.eye(3) * 0.05 - 0.05 / 3, (len(joints), 1))
    regressor = np.kron(np.eye(len(joints)), np.full(3, 1 / 3))
    tree = np.stack([body_tree(kind).parents, np.arange(len(joints))])
    return {"v_template": vertices, "shapedirs": rng.normal(0, 0.01, (*vertices.shape, shapes)),
            "J_regressor": regressor, "kintree_table": tree}  # fmt: skip


def shaped_joints(arrays: dict[str, Any], betas: np.ndarray) -> np.ndarray:
    shape = arrays["shapedirs"][..., : len(betas)] @ betas
    return np.asarray(arrays["J_regressor"] @ (arrays["v_template"] + shape))


def chumpy_pickle(arrays: dict[str, Any]) -> bytes:
    """As SMPL's first files are: chumpy's arrays and a sparse regressor, pickled by Python 2's protocol."""
    module = types.ModuleType("chumpy.ch")
    kind = type("Ch", (), {"__module__": "chumpy.ch"})
    module.Ch = kind  # type: ignore[attr-defined]
    sys.modules |= {"chumpy": types.ModuleType("chumpy"), "chumpy.ch": module}
    try:
        held = kind()
        held.x = arrays["shapedirs"]
        return pickle.dumps(
            {**arrays, "shapedirs": held, "J_regressor": csc_matrix(arrays["J_regressor"])}, 2
        )
    finally:
        del sys.modules["chumpy"], sys.modules["chumpy.ch"]


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path
