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


def test_a_heel_takes_its_weight_over_two_thirtieths_of_a_second() -> None:
    held = np.zeros(20, bool)
    held[5:12] = True
    held[17:] = True  # nobody knows when this ends
    assert ramped(held, 30.0)[5:12].tolist() == [0.5, 1, 1, 1, 1, 1, 0.5]
    assert ramped(held, 60.0)[5:12].tolist() == [0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25]
    assert ramped(held, 30.0)[17:].tolist() == [0.5, 1, 1]
    assert not ramped(held, 30.0)[~held].any()
