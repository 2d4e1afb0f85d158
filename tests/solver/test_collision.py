"""Segment distance against a brute-force search, and near pairs against all pairs."""

from __future__ import annotations

import numpy as np
import pytest
from clips import dance, jump, robot
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kernels import callable_kernel
from retarget.compiled.packs import LANES, REAL
from retarget.pipeline import retarget_motion
from retarget.solver.kinematics import collision
from retarget.solver.kinematics.collision import capsule_arrays
from retarget.solver.kinematics.forward import forward_kinematics
from retarget.solver.problem import TaskWeights

segment_distance = callable_kernel(collision.segment_distance)
list_near = callable_kernel(collision.near_pairs)

POINTS = arrays(np.float64, (4, 3), elements=st.floats(-2, 2, width=32))


@settings(max_examples=200, deadline=None)
@given(POINTS, st.booleans(), st.booleans())
def test_no_pair_of_points_is_nearer(points, first_is_point: bool, second_is_point: bool) -> None:
    a0, a1, b0, b1 = points
    a1 = a0.copy() if first_is_point else a1
    b1 = b0.copy() if second_is_point else b1
    distance, share_a, share_b = segment_distance(np.stack([a0, b0]), np.stack([a1, b1]), 0, 1)
    on_a, on_b = a0 + share_a * (a1 - a0), b0 + share_b * (b1 - b0)
    grid = np.linspace(0, 1, 41)
    along_a = a0 + grid[:, None] * (a1 - a0)
    along_b = b0 + grid[:, None] * (b1 - b0)
    nearest = np.linalg.norm(along_a[:, None] - along_b[None], axis=-1).min()
    assert distance <= nearest + 1e-5
    assert abs(distance - np.linalg.norm(on_a - on_b)) < 1e-9


def in_packs(values: np.ndarray) -> np.ndarray:
    """Frames side by side: the last axis becomes the lanes of a pack."""
    packed = values.reshape(len(values) // LANES, LANES, *values.shape[1:])
    return np.ascontiguousarray(np.moveaxis(packed, 1, -1), REAL)


def test_near_pairs_are_those_within_reach() -> None:
    model = robot()
    qpos = retarget_motion(jump().frames(0, 48), model).qpos  # whole packs
    capsules = capsule_arrays(model)
    near = np.empty(len(capsules.pairs), np.int64)
    positions, rotations = forward_kinematics(qpos, model)
    body = capsules.bodies
    starts = positions[:, body] + np.einsum("tgij,gj->tgi", rotations[:, body], capsules.starts)
    ends = positions[:, body] + np.einsum("tgij,gj->tgi", rotations[:, body], capsules.ends)
    ends_of_all = in_packs(starts), in_packs(ends), len(qpos) // LANES
    count = list_near(*ends_of_all, capsules, 0.06, near, 0)
    expected = [
        p
        for p, (i, j) in enumerate(capsules.pairs)
        if min(segment_distance(starts[t], ends[t], i, j)[0] for t in range(len(qpos)))
        < capsules.radii[i] + capsules.radii[j] + 0.06
    ]
    assert near[:count].tolist() == expected
    near[:1] = next(p for p in range(len(near)) if p not in expected)
    far = int(near[0])
    assert list_near(*ends_of_all, capsules, 0.06, near, 1) == count + 1
    assert near[: count + 1].tolist() == [far, *expected]


def test_bodies_stay_apart_however_hard_they_are_pulled_together() -> None:
    soft = TaskWeights(collision=1e3)  # alone it would give way by a centimetre here
    result = retarget_motion(dance().frames(1500, 1650), robot(), weights=soft)
    assert result.residuals["overlap_m"].max() < 0.005


@pytest.mark.parametrize("name", ["unitree_g1", "unitree_h1", "booster_t1"])
def test_bodies_stay_apart_while_feet_are_pushed_out_of_the_floor(name: str) -> None:
    result = retarget_motion(dance().frames(1000, 2200), robot(name))
    assert result.residuals["overlap_m"].max() < 0.003
