"""Rotation vectors of bodies against joints and base."""

from __future__ import annotations

from typing import Final

import numpy as np

from retarget.exchange.reading.layout import Layout
from retarget.exchange.reading.stored import StoredMotion
from retarget.exchange.reading.witnesses.finding import Finding
from retarget.robots.model import RobotModel
from retarget.tracks import link_set

__all__ = ["vector_faults"]

_TURN: Final = np.radians(2.0)


def vector_faults(stored: StoredMotion, robot: RobotModel, layout: Layout) -> list[Finding]:
    """Rotation vectors of bodies (PHC) against joints and base."""
    vectors = stored.values.get("pose_vectors")
    if vectors is None:
        return []
    names = [robot.joint_names[joint] for joint in sorted(layout.joints)]
    kept = link_set(robot, joints=names)
    rows = {joints[0]: row for row, joints in enumerate(kept.joints) if len(joints) == 1}
    if vectors.shape[1] < len(kept):
        return [
            Finding("links", True, f"pose_aa has {vectors.shape[1]} rows for {len(kept)} bodies")
        ]
    found = []
    angles = stored.values["joint_position"]
    summed = vectors.sum(axis=2)  # as readers take the angle of a hinge
    negated: list[str] = []
    other: list[str] = []
    for column, joint in enumerate(layout.joints):
        difference = np.abs(summed[:, rows[int(joint)]] - angles[:, column]).max()
        if difference > 1e-3:
            reverse = np.abs(summed[:, rows[int(joint)]] + angles[:, column]).max()
            (negated if reverse < 1e-3 else other).append(robot.joint_names[int(joint)])
    if other:
        found.append(
            Finding("order", True, f"pose_aa and dof do not agree: {', '.join(other[:4])}")
        )
    elif negated:
        found.append(
            Finding(
                "sign", True, f"pose_aa and dof are each other's negative: {', '.join(negated)}"
            )
        )
    base = stored.with_quaternions_turned() if layout.turned else stored
    rotation = base.values["root_rotation"]
    angle = np.linalg.norm(vectors[:, 0], axis=1)
    factor = np.where(angle > 1e-9, np.sin(angle / 2) / np.maximum(angle, 1e-9), 0.5)
    quaternion = np.concatenate(
        [np.cos(angle / 2)[:, None], vectors[:, 0] * factor[:, None]], axis=1
    )
    if np.abs(np.einsum("ti,ti->t", quaternion, rotation)).min() < np.cos(_TURN / 2):
        found.append(Finding("quaternion", True, "root_rot and the first row of pose_aa differ"))
    return found
