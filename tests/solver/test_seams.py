"""Where the windows of a solve meet, nobody sees it: jerk there is that of the same frames inside a window."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from clips import filled_in, jump, robot

from retarget import take
from retarget.motion import Motion
from retarget.pipeline import retarget_motion
from retarget.solver.problem import rated_clip_options

WINDOW = 48
ELSEWHERE = WINDOW + WINDOW // 2  # windows of this length meet at other frames, two times in three
REACH = 8  # frames around where these meet that are left out


@cache
def motion(times: int) -> Motion:
    return filled_in(jump().frames(200, 500), times)


@cache
def jerk(times: int, window: int, seam: int | None = None) -> np.ndarray:
    """Mean jerk of the joints of a jump, solved in windows that meet at multiples of a number."""
    rated = rated_clip_options(motion(times).fps)._replace(window=window, shift=0)
    if seam is not None:
        rated = rated._replace(seam=seam)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(take, "rated_clip_options", lambda fps: rated)
        joints = retarget_motion(motion(times), robot()).qpos[:, 7:]
    return np.abs(np.diff(joints, n=3, axis=0)).mean(axis=1)


def near_seams(frames: int, offset: int = 0) -> np.ndarray:
    """Whether a third difference spans the place so many frames behind a seam, away from the other windows' seams."""
    t = np.arange(frames)
    near = (t + 3 - offset) % WINDOW < 4
    near[: WINDOW - REACH] = False
    return near & ((t + REACH) % ELSEWHERE >= 2 * REACH)


@pytest.mark.parametrize("side", [-1, 0, 1])  # where frames that are solved again begin and end
@pytest.mark.parametrize(("times", "share"), [(1, 0.05), (2, 0.06), (4, 0.06), (8, 0.1)])
def test_seams_do_not_show_in_jerk_at_30_to_240_frames_a_second(
    times: int, share: float, side: int
) -> None:
    met, inside = jerk(times, WINDOW), jerk(times, ELSEWHERE)
    near = near_seams(len(met), side * rated_clip_options(30.0 * times).seam)
    assert met[near].mean() == pytest.approx(inside[near].mean(), rel=share)


def test_they_would_if_frames_around_them_were_not_solved_again() -> None:
    met, inside = jerk(8, WINDOW, seam=0), jerk(8, ELSEWHERE)
    near = near_seams(len(met))
    assert met[near].mean() > 1.15 * inside[near].mean()
