"""Arms that cannot point as the human's do not turn the whole body."""

from __future__ import annotations

import pytest
from clips import SHARED, jump, robot

from retarget.evaluation import evaluate_result
from retarget.pipeline import retarget_motion
from retarget.robots import load_robot
from retarget.robots.plausibility.shoulders import points_by_turning
from retarget.solver.problem import TaskWeights

ROBOTS = SHARED.parent / "robots"
FEW = ["robotis_op3_menagerie/op3.xml", "darwin_op/darwin.urdf"]


@pytest.mark.parametrize("name", FEW)
def test_a_body_is_not_turned_for_its_arms(name: str) -> None:
    path = ROBOTS / name
    if not path.exists():
        pytest.skip(f"needs {name} of the shared robots")
    model = load_robot(path)
    assert points_by_turning(model)
    motion = jump().frames(0, 600)
    asked = {}
    for factor in (1.0, TaskWeights().turned_trunk):
        weights = TaskWeights(turned_trunk=factor)
        report = evaluate_result(retarget_motion(motion, model, weights=weights), model)
        asked[factor] = report["pelvis_heading_error_p95"]
    # The heading of the pelvis' own axes: 33 of 89 degrees are left on the OP3, whose chest is the same body.
    assert asked[TaskWeights().turned_trunk] < min(36.0, 0.8 * asked[1.0])


def test_robots_whose_arms_point_keep_their_weights() -> None:
    for name in ("unitree_g1", "unitree_h1", "booster_t1", "boston_dynamics_atlas"):
        assert not points_by_turning(robot(name))
