"""Inertias that no body of a robot's size has, as files state them in other units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from retarget.robots.kinematics import body_poses
from retarget.robots.neutral import zero_joints
from retarget.robots.tree import KinematicTree
from retarget.wording import listed

__all__ = ["with_likely_inertias"]

_FARTHEST = (
    0.5  # of the robot's extent: no body's mass lies so far from its centre (root mean square)
)
_USUAL = 0.06  # of that extent: a trunk's radius of gyration; limbs have less
_NOTHING = 1e-3  # of the whole mass: bodies so light do not matter


def with_likely_inertias(tree: KinematicTree) -> tuple[KinematicTree, tuple[str, ...]]:
    """The tree with a compact body's inertia where a file's says that the mass lies outside the robot, and a note.

    Its extent is the diagonal of the box about all joints, at zero angles.
    """
    places, _ = body_poses(tree, zero_joints(tree))
    extent = float(np.linalg.norm(np.ptp(places, axis=0)))
    masses = np.maximum(tree.masses, 1e-12)
    largest = np.linalg.eigvalsh(tree.inertias)[:, -1]
    odd = (largest > masses * (_FARTHEST * extent) ** 2) & (masses > _NOTHING * masses.sum())
    if not odd.any() or not extent > 0:
        return tree, ()
    inertias = tree.inertias.copy()
    inertias[odd] = (masses[odd] * (_USUAL * extent) ** 2)[:, None, None] * np.eye(3)
    names = [name for name, one in zip(tree.body_names, odd, strict=True) if one]
    note = (
        f"inertias of {listed(names)} would have their masses outside the robot, as in another unit: those of compact "
        "bodies are taken"
    )
    return replace(tree, inertias=inertias), (note,)
