"""Weights of anchors change gradually where a jump would show."""

from __future__ import annotations

import numpy as np
import pytest

from retarget.targets.anchors import eased, ramped


def test_a_load_comes_and_goes_within_its_time() -> None:
    share = np.zeros((60, 1))
    share[20:45] = 0.8
    share[0:4] = 0.8
    eased_share = eased(share, 30.0)
    assert (eased_share <= share).all()
    assert eased_share[28:37] == pytest.approx(0.8)
    assert np.abs(np.diff(eased_share, axis=0)).max() < 0.15
    assert eased(share, 2.0) is share


def test_a_heel_takes_its_weight_over_a_tenth_of_a_second() -> None:
    held = np.zeros(24, bool)
    held[5:14] = True
    held[20:] = True  # nobody knows when this ends
    share = ramped(held, 30.0)
    assert share[5:14] * 3 == pytest.approx([1, 2, 3, 3, 3, 3, 3, 2, 1])
    assert share[20:] * 3 == pytest.approx([1, 2, 3, 3])
    assert ramped(held, 60.0)[5:14] * 6 == pytest.approx([1, 2, 3, 4, 5, 4, 3, 2, 1])
    assert not share[~held].any()
