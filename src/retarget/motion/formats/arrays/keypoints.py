"""Points of the body in the orders of detectors, of depth cameras and of data sets of poses, and what tells them apart.

Such points are no skeleton: a pelvis and a chest are put between hips and shoulders, and what lies in a face says only
where the head is. Orders as their makers document them: Human3.6M with 17 and 32 joints, COCO, OpenPose's BODY_25,
Halpe with 26 points, MediaPipe's pose and holistic models, Kinect's version 2 (NTU RGB+D), Azure Kinect, KIT-ML, and
the 70 points of SAM 3D Body (MHR).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from retarget.motion.formats.joint_orders import JointOrder, fitting_order, orders, variation
from retarget.motion.formats.named_tree import NamedTree, tree_of_names
from retarget.motion.formats.smpl.soma import tree_of_lines
from retarget.motion.skeleton.names import split_name

__all__ = ["KeypointOrder", "by_a_camera", "counts", "keypoint_order", "keypoint_orders"]

_EYES: Final = "nose left_eye right_eye left_ear right_ear"
# Tip and joints of each finger, thumb first.
_FINGERS: Final = " ".join(
    f"{{0}}_{finger}_{part}" for finger in ("thumb", "index", "middle", "ring", "pinky")
    for part in ("tip", "first_joint", "second_joint", "third_joint")
)  # fmt: skip
_COCO: Final = (
    f"{_EYES} left_shoulder right_shoulder left_elbow right_elbow left_wrist "
    "right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle"
)
_POINTS: Final = {
    "Human3.6M": "pelvis right_hip right_knee right_ankle left_hip left_knee left_ankle spine thorax nose head "
                 "left_shoulder left_elbow left_wrist right_shoulder right_elbow right_wrist",
    "COCO": _COCO,
    "COCO whole body": f"{_COCO} left_big_toe left_small_toe left_heel right_big_toe right_small_toe right_heel",
    "BODY_25": "nose neck right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist pelvis right_hip "
               "right_knee right_ankle left_hip left_knee left_ankle right_eye left_eye right_ear left_ear "
               "left_big_toe left_small_toe left_heel right_big_toe right_small_toe right_heel",
    "Halpe 26": f"{_COCO} head neck pelvis left_big_toe right_big_toe left_small_toe right_small_toe left_heel "
                "right_heel",
    "MHR": f"{_EYES} left_shoulder right_shoulder left_elbow right_elbow left_hip right_hip left_knee right_knee "
           "left_ankle right_ankle left_big_toe left_small_toe left_heel right_big_toe right_small_toe right_heel "
           f"{_FINGERS.format('right')} right_wrist {_FINGERS.format('left')} left_wrist left_olecranon "
           "right_olecranon left_cubital_fossa right_cubital_fossa left_acromion right_acromion neck",
    "MediaPipe": "nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye right_eye_outer left_ear "
                 "right_ear mouth_left mouth_right left_shoulder right_shoulder left_elbow right_elbow left_wrist "
                 "right_wrist left_pinky right_pinky left_index right_index left_thumb right_thumb left_hip right_hip "
                 "left_knee right_knee left_ankle right_ankle left_heel right_heel left_foot_index right_foot_index",
    "Kinect": "pelvis spine neck head left_shoulder left_elbow left_wrist left_hand right_shoulder right_elbow "
              "right_wrist right_hand left_hip left_knee left_ankle left_foot right_hip right_knee right_ankle "
              "right_foot chest left_hand_tip left_thumb right_hand_tip right_thumb",
    "Azure Kinect": "pelvis spine chest neck left_clavicle left_shoulder left_elbow left_wrist left_hand left_hand_tip "
                    "left_thumb right_clavicle right_shoulder right_elbow right_wrist right_hand right_hand_tip "
                    "right_thumb left_hip left_knee left_ankle left_foot right_hip right_knee right_ankle right_foot "
                    "head nose left_eye left_ear right_eye right_ear",
    "KIT-ML": "pelvis spine chest neck head right_shoulder right_elbow right_wrist left_shoulder left_elbow left_wrist "
              "right_hip right_knee right_ankle right_heel right_toe left_hip left_knee left_ankle left_heel left_toe",
}  # fmt: skip
_JOINTS: Final = {
    "Human3.6M's skeleton": (
        "Hips RightUpLeg RightLeg RightFoot RightToeBase RightToeEnd",
        "Hips LeftUpLeg LeftLeg LeftFoot LeftToeBase LeftToeEnd", "Hips Spine Spine1 Neck Head HeadEnd",
        "Spine1 LeftShoulder LeftArm LeftForeArm LeftHand LeftThumb LeftThumbEnd",
        "LeftHand LeftFingers LeftFingersEnd",
        "Spine1 RightShoulder RightArm RightForeArm RightHand RightThumb RightThumbEnd",
        "RightHand RightFingers RightFingersEnd",
    ),
}  # fmt: skip
# More points follow the body's: of hands and, for two of MediaPipe's models, of a face.
_MORE: Final = {75: "MediaPipe", 543: "MediaPipe", 553: "MediaPipe", 133: "COCO whole body"}
# Cameras see x to the right and y down, and what they see is written so by most.
_SEEN: Final = frozenset(
    {
        "Human3.6M",
        "COCO",
        "COCO whole body",
        "BODY_25",
        "Halpe 26",
        "MediaPipe",
        "Azure Kinect",
        "MHR",
    }
)
_FACE: Final = frozenset({"eye", "eyeinner", "eyeouter", "ear"})
# Shares by which detectors' bones vary and differ between sides, the mean of all.
_UNSTEADY: Final = 0.4
_SURE: Final = 0.5  # of the next best order's
_SAMPLED: Final = 300  # frames, evenly over the motion


class KeypointOrder(NamedTuple):
    """An order of points, and the body that they make.

    Attributes:
        name: Whose it is.
        points: Names of the points, which are the first ones of an array.
        tree: The skeleton over them.
        likely_up: The up axis of most recordings.
    """

    name: str
    points: tuple[str, ...]
    tree: NamedTree
    likely_up: str


@cache
def keypoint_orders() -> tuple[KeypointOrder, ...]:
    """All known orders of points."""
    found = []
    for name, words in _POINTS.items():
        points = tuple(words.split())
        tree = tree_of_names(points)
        assert tree is not None
        found.append(KeypointOrder(name, points, tree, "-y" if name in _SEEN else "y"))
    for name, lines in _JOINTS.items():
        points, parents = tree_of_lines(lines)
        tree = NamedTree(points, parents, tuple((index,) for index in range(len(points))))
        found.append(KeypointOrder(name, points, tree, "-y"))
    return tuple(found)


def counts() -> frozenset[int]:
    """How many points arrays of a known order have."""
    return frozenset((*_MORE, *(len(order.points) for order in keypoint_orders())))


def by_a_camera(names: Sequence[str]) -> bool:
    """Whether names speak of eyes or ears: such points are a detector's."""
    return any(split_name(name).word in _FACE for name in names)


def keypoint_order(
    places: Float64[np.ndarray, "T N 3"],
) -> tuple[JointOrder | KeypointOrder | None, str]:
    """The order of joints or points that places are in; else None and why there is none.

    Bones that keep their lengths and are as long on both sides tell orders of as many points apart; detectors' bones
    may vary more than skeletons'.
    """
    count = places.shape[1]
    joints = [order for order in orders() if len(order.names) == count]
    points = [
        order for order in keypoint_orders()
        if order.name == _MORE.get(count) or (len(order.points) == count and count not in _MORE)
    ]  # fmt: skip
    if not points:
        return fitting_order(places)
    rated: list[tuple[float, JointOrder | KeypointOrder]] = [
        (_oddness(places, order.names, order.parents), order) for order in joints
    ]
    rated += [
        (_oddness(order.tree.places(places), order.tree.names, order.tree.parents), order)
        for order in points
    ]
    rated.sort(key=lambda one: one[0])
    least, best = rated[0]
    if least > _UNSTEADY:
        cause = f"has {count} points, but no known order of so many keeps its bones' lengths, alike on both sides"
        return None, f"{cause} (they vary and differ by {least:.0%} in that of {best.name})"
    if len(rated) > 1 and least > _SURE * rated[1][0]:
        return (
            None,
            f"has points that may be in the order of {best.name} or of {rated[1][1].name}",
        )
    return best, ""


def _oddness(
    places: Float64[np.ndarray, "T J 3"], names: Sequence[str], parents: Int64[np.ndarray, "J"]
) -> float:
    """Shares by which bones' lengths vary, and differ between left and right, added up."""
    few = places[:: max(1, len(places) // _SAMPLED)]
    said = [split_name(name) for name in names]
    right = {one.word: joint for joint, one in enumerate(said) if one.side == "right"}
    pairs = [
        (joint, right[one.word])
        for joint, one in enumerate(said)
        if one.side == "left" and one.word in right
    ]
    sides = np.array(pairs, np.int64).T
    bones = np.linalg.norm(few[:, sides] - few[:, parents[sides]], axis=-1)
    bones = bones[..., np.isfinite(bones).any(axis=0).all(axis=0)]  # of the others nothing is told
    if not bones.size:
        return float("inf")
    ours, theirs = np.nanmedian(bones, axis=0)
    usual = max(float(np.nanmean((ours, theirs))), 1e-9)
    unlike = np.abs(ours - theirs) / np.maximum((ours + theirs) / 2, 0.1 * usual)
    return variation(places, parents) + float(np.nanmean(unlike))
