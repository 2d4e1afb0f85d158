"""Equality constraints of a compiled model: joints that follow joints, and points that are in one place."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

from retarget.robots.couplings import Couplings, Loops
from retarget.robots.tree import KinematicTree, quaternion_matrix

__all__ = ["find_couplings", "find_loops"]

_ASIDE = 0.05  # metres from a weld's place to two further points that it holds, too


def find_couplings(model: Any, tree: KinematicTree) -> Couplings:
    """Joints that follow a joint by a polynomial, or stand fast, as the file has them.

    What slides takes no part: it stays where it is.
    """
    joints = _hinges(model, tree)
    rows: list[tuple[int, int, np.ndarray]] = []
    taken: set[int] = set()
    for k in range(model.neq):
        kind = mujoco.mjtEq(int(model.eq_type[k]))
        if kind != mujoco.mjtEq.mjEQ_JOINT or not model.eq_active0[k]:
            continue
        first, second = int(model.eq_obj1id[k]), int(model.eq_obj2id[k])
        if first not in joints or joints[first] in taken or (second >= 0 and second not in joints):
            continue
        taken.add(joints[first])
        powers = np.array(model.eq_data[k, :5], np.float64)
        start = float(model.qpos0[model.jnt_qposadr[first]])
        from_ = float(model.qpos0[model.jnt_qposadr[second]]) if second >= 0 else 0.0
        rows.append((joints[first], joints.get(second, -1), _shifted(powers, start, from_)))
    return Couplings(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float64).reshape(-1, 5),
    )


def _hinges(model: Any, tree: KinematicTree) -> dict[int, int]:
    """MuJoCo's hinges -> joints of the tree."""
    numbers = {name: j for j, name in enumerate(tree.joint_names)}
    names = {j: model.joint(j).name or f"joint_{j}" for j in range(model.njnt)}
    return {
        j: numbers[name]
        for j, name in names.items()
        if name in numbers and model.jnt_type[j] == mujoco.mjtJoint.mjJNT_HINGE
    }


def _shifted(powers: np.ndarray, start: float, driver: float) -> np.ndarray:
    """A polynomial of the driver's distance from its reference as one of its angle; both references in rad."""
    shifted = np.polynomial.Polynomial(powers)(np.polynomial.Polynomial([-driver, 1.0]))
    out = np.zeros(5)
    coefficients = shifted.coef if hasattr(shifted, "coef") else np.array([shifted])
    out[: len(coefficients)] = coefficients
    out[0] += start
    return out


def find_loops(model: Any, tree: KinematicTree) -> Loops:
    """Points that the file holds together: one for each connection, three for each weld."""
    bodies, points, names = [], [], []
    for k in range(model.neq):
        kind = mujoco.mjtEq(int(model.eq_type[k]))
        loop = kind in (mujoco.mjtEq.mjEQ_CONNECT, mujoco.mjtEq.mjEQ_WELD)
        if not loop or not model.eq_active0[k]:
            continue
        found = _ends(model, k)
        if found is None:
            continue
        ids, pairs = found
        frames = [tree.frames[i] for i in ids]
        if frames[0].body == frames[1].body:
            continue
        for pair in pairs:
            bodies.append([frame.body for frame in frames])
            points.append(
                [f.position + f.rotation @ point for f, point in zip(frames, pair, strict=True)]
            )
            names.append((model.body(ids[0]).name, model.body(ids[1]).name))
    return Loops(
        np.array(bodies, np.int64).reshape(-1, 2),
        np.array(points, np.float64).reshape(-1, 2, 3),
        tuple(names),
    )


def _ends(model: Any, k: int) -> tuple[tuple[int, int], list[tuple[np.ndarray, np.ndarray]]] | None:
    """The two MuJoCo bodies of a constraint, and the points (in their frames) that it holds together."""
    first, second = int(model.eq_obj1id[k]), int(model.eq_obj2id[k])
    data = np.array(model.eq_data[k], np.float64)
    sites = mujoco.mjtObj(int(model.eq_objtype[k])) == mujoco.mjtObj.mjOBJ_SITE
    own, other = data[:3], data[3:6]
    if sites:
        ids = (int(model.site_bodyid[first]), int(model.site_bodyid[second]))
        own, other = model.site_pos[first], model.site_pos[second]
        turns = [quaternion_matrix(model.site_quat[site]) for site in (first, second)]
    else:
        ids = (first, second)
    if min(ids) < 1:
        return None  # a part that is held in the world
    if mujoco.mjtEq(int(model.eq_type[k])) == mujoco.mjtEq.mjEQ_CONNECT:
        return ids, [(own, other)]
    if not sites:  # first the point in the second body's frame, then in the first's, then the second's turn in it
        own, other = data[3:6], data[:3]
        turn = quaternion_matrix(data[6:10] / max(float(np.linalg.norm(data[6:10])), 1e-12))
        turns = [turn, np.eye(3)]
    aside = [np.zeros(3), np.array([_ASIDE, 0.0, 0.0]), np.array([0.0, _ASIDE, 0.0])]
    return ids, [(own + turns[0] @ a, other + turns[1] @ a) for a in aside]
