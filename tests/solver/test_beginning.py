"""What a clip is solved with before its first frame."""

from __future__ import annotations

import numpy as np
import pytest
from clips import jump, robot

from retarget import RetargetOptions
from retarget.pipeline import make_targets
from retarget.solver.arrays import Clip
from retarget.solver.beginning import clip_led_in
from retarget.solver.problem import TaskWeights, make_problem


def _clip() -> Clip:
    _, _, targets, shape = make_targets(jump().frames(300, 340), robot())
    return make_problem(targets, robot(), shape, RetargetOptions(), TaskWeights()).clip


def test_what_is_before_a_clip_comes_up_to_its_first_frame() -> None:
    clip = _clip()
    led = clip_led_in(clip, 20, 8, 120.0)
    assert all(len(values) == 28 for values in led)
    for values, own in zip(led, clip, strict=True):
        assert (values[8:] == own[:20]).all()
    # A motion that is slower the longer ago, and goes on into the first frames at about their speed.
    steps = np.linalg.norm(np.diff(led.positions[:10, 0], axis=0), axis=1)
    assert (np.diff(steps[:8]) > 0).all()
    assert 0.5 * steps[8] < steps[7] < steps[8]
    turned = np.einsum("tmij,tmik->tmjk", led.frames, led.frames)
    np.testing.assert_allclose(turned, np.broadcast_to(np.eye(3), turned.shape), atol=1e-12)
    assert (led.anchors[:8] == clip.anchors[0]).all()


@pytest.mark.parametrize("frames", [1, 2])
def test_the_shortest_clips_are_led_in_to(frames: int) -> None:
    clip = Clip(*(values[:frames] for values in _clip()))
    led = clip_led_in(clip, frames, 2, 30.0)
    assert all(len(values) == frames + 2 and np.isfinite(values).all() for values in led)
