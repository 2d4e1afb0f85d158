"""The last projection out of things: what keeps feet where they are does so after it is spread over time."""

import numpy as np

from retarget.solver.push_out import _spread


def test_changes_that_leave_a_point_where_it_is_do_so_when_they_are_spread() -> None:
    rng = np.random.default_rng(0)
    held = rng.normal(size=(3, 20))  # how a held point moves with each degree of freedom
    free = np.linalg.svd(held)[2][3:]
    change = np.zeros((40, 20))
    change[[10, 11, 14, 15]] = rng.normal(size=(4, len(free))) @ free
    spread = _spread(change, 4)
    np.testing.assert_allclose(spread @ held.T, 0.0, atol=1e-9)
    assert spread[6].any() and not spread[:6].any()
    assert spread[19].any() and not spread[20:].any()
    alone = np.zeros((40, 20))
    alone[20] = change[10]
    np.testing.assert_allclose(_spread(alone, 4)[20], change[10])
    sizes = np.abs(_spread(alone, 4)[20:26]).max(axis=1)
    assert (np.diff(sizes) < 0).sum() == 5 and sizes[5] == 0.0
