"""A walk on every embedded robot meets the gates."""

from __future__ import annotations

from functools import lru_cache

import pytest

from retarget.demo import embedded_clip
from retarget.evaluation import evaluate_result
from retarget.motion import Motion, read_motion
from retarget.pipeline import retarget_motion
from retarget.robots import load_robot
from retarget.robots.catalogue import embedded_entries

# What a robot's build does not give in this brisk walk. All pass all gates on a calmer one: benchmarks/RESULTS.md.
BUILT_OTHERWISE = {
    "pal_talos": {
        "limb_error_mean",
        "limb_error_p95",
        "limb_gain_error_mean",
        "limb_gain_error_max",
    },  # the first joint of its arm ends at 45 degrees
    "aldebaran_romeo": {"toe_slide_mean"},  # its ankles turn at 4 rad/s
}


@lru_cache
def walk() -> Motion:
    path = embedded_clip("humanoid_walk")
    assert path is not None
    return read_motion(path)


@pytest.mark.parametrize("name", [one.name for one in embedded_entries()])
def test_a_walk_meets_the_gates(name: str) -> None:
    robot = load_robot(name)
    report = evaluate_result(retarget_motion(walk(), robot), robot)
    failed = {gate.measure for gate in report.gates if not gate.passed}
    assert failed <= BUILT_OTHERWISE.get(name, set())
    assert report["limb_error_mean"] < 5.0
