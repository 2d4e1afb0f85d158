"""Containers with many clips, or with a mapping for each frame, written from what their readers tell of them."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
from smpl_files import Walk


def npz_of_objects(**values: Any) -> bytes:
    """Values that are no arrays, as NumPy packs them."""
    stream = io.BytesIO()
    np.savez_compressed(stream, **values)
    return stream.getvalue()


def human_act(places: np.ndarray) -> bytes:
    """HumanAct12: places of SMPL's joints of each clip beside turns that have no place."""
    joints = [places[:40].astype(np.float32), places.astype(np.float32)]
    poses = [np.zeros((len(one), 72), np.float32) for one in joints]
    return pickle.dumps({"poses": poses, "oldposes": poses, "joints3D": joints, "y": [0, 3]})


def video_pose(places: np.ndarray) -> bytes:
    """VideoPose3D's Human3.6M: clips by subject and action."""
    half = places[: len(places) // 2]
    clips = {"S1": {"Walking": places, "Walking 1": half}, "S9": {"Eating": half}}
    return npz_of_objects(positions_3d=np.array(clips, dtype=object))


def sam_body(points: np.ndarray, listed: bool = False) -> list[Any]:
    """What SAM 3D Body says of each frame: points about the body's root, and where the camera sees that."""
    at = points.mean(axis=1)
    frames: list[Any] = [
        {
            "pred_keypoints_3d": (row - root).astype(np.float32),
            "pred_cam_t": root.astype(np.float32),
            "bbox": np.zeros(4, np.float32),
        }
        for row, root in zip(points, at, strict=True)
    ]
    return [[frame] for frame in frames] if listed else frames


def babel(*motions: Walk) -> bytes:
    """A list of clips with what they show, as TEACH has BABEL's."""
    return pickle.dumps(
        [
            {
                "fname": f"KIT/{number}/walk.npz",
                "poses": motion.poses[:, :22].reshape(len(motion.trans), -1),
                "trans": motion.trans,
                "fps": 30.0,
                "babel_id": str(number),
            }
            for number, motion in enumerate(motions)
        ]
    )
