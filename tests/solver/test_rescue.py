"""Frames that no answer solves."""

from __future__ import annotations

import numpy as np
from clips import dance, robot

from retarget.options import RetargetOptions
from retarget.pipeline import make_targets
from retarget.solver.problem import TaskWeights, make_problem
from retarget.solver.start.limbs import TRUNK, find_limbs
from retarget.solver.start.rescue import free_limbs, marches_into, unsolved_runs


def test_arms_that_no_answer_solves_are_found_and_marched_into_from_both_sides() -> None:
    _, _, targets, shape = make_targets(dance().frames(0, 30), robot())
    problem = make_problem(targets, robot(), shape, RetargetOptions(), TaskWeights())
    limbs = find_limbs(problem.tree, problem.tasks)
    free = free_limbs(limbs, problem.soles)
    assert len(free) == 2 and TRUNK not in free  # the arms
    assert not set(free) & set(limbs.group[problem.soles.feet])

    costs = np.zeros((6, 100, len(limbs.first) - 1), np.float32)
    costs[:, 10:14, limbs.group[problem.soles.feet[0]]] = 9.0  # a leg
    costs[:5, 30, free[0]] = 9.0  # one answer is good
    costs[:, 50:53, free[1]] = 9.0
    assert unsolved_runs(costs, free, 5) == [(45, 58)]
    assert marches_into([(45, 58)]).tolist() == [[0, 45, 13, 1, 0], [1, 57, 13, -1, 0]]
