"""Spans of frames say what a loop over the frames says."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from retarget.motion.numeric.spans import runs, spans

masks = arrays.arrays(bool, st.integers(0, 40))


def walked(mask: np.ndarray, begins: np.ndarray) -> list[tuple[int, int]]:
    found: list[list[int]] = []
    for t, held in enumerate(mask):
        if not held:
            continue
        if t and mask[t - 1] and not begins[t]:
            found[-1][1] = t + 1
        else:
            found.append([t, t + 1])
    return [(first, last) for first, last in found]


@given(masks, st.randoms(use_true_random=False))
def test_a_span_begins_where_a_run_does_and_where_it_is_told_to(mask, random) -> None:  # type: ignore[no-untyped-def]
    begins = np.array([random.random() < 0.3 for _ in mask], bool)
    found = spans(mask, begins)
    assert list(zip(*found, strict=True)) == walked(mask, begins)
    assert runs(mask) == walked(mask, np.zeros(len(mask), bool))


@given(masks, st.integers(0, 2**32 - 1))
def test_means_and_medians_are_those_of_each_span(mask: np.ndarray, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(len(mask), 2))
    found = spans(mask)
    parts = [values[first:last] for first, last in runs(mask)]
    for got, of in ((found.means, np.mean), (found.medians, np.median)):
        assert np.allclose(got(values), [of(part, axis=0) for part in parts] or np.empty((0, 2)))
    firsts = [first for first, last in runs(mask) for _ in range(first, last)]
    assert found.by_frame(found.first).tolist() == firsts
    assert [tuple(pair) for pair in zip(*found.lasting(3), strict=True)] == [
        (first, last) for first, last in runs(mask) if last - first >= 3
    ]
