"""The whole-clip solve: overlapping windows of Gauss-Newton steps, marched over the clip in linear time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from retarget.compiled.packs import LANES, REAL
from retarget.geometry import without_flips
from retarget.solver.arrays import Problem, single_robot
from retarget.solver.beginning import clip_led_in, held_before
from retarget.solver.kinematics.poses import Poses, allocate_poses, pack_count
from retarget.solver.limits.joints import without_reserve
from retarget.solver.limits.keep import keep_joint_limits, lift_above_floor
from retarget.solver.linear.banded import aligned_room, block_rows, block_width
from retarget.solver.window.march import calm_seam, solve_windows
from retarget.solver.window.room import allocate_things
from retarget.solver.window.settle import ClipOptions
from retarget.solver.window.system import Window, block_places

__all__ = ["ClipOptions", "March", "keep_limits", "march_windows", "solve_clip"]


class March(NamedTuple):
    """Frames that are being solved, and what windows that overlap hand on.

    Attributes:
        qpos: Configurations.
        shift: Multiplier of each floor sphere, metres; see `retarget.solver.window.system.Window`.
        cost: Cost of each frame before its last step.
    """

    qpos: Float64[np.ndarray, "T Q"]
    shift: Float64[np.ndarray, "T F"]
    cost: Float64[np.ndarray, "T"]

    @classmethod
    def of(cls, start: Float64[np.ndarray, "T Q"], problem: Problem) -> March:
        """Frames that are at their start."""
        shift = np.zeros((len(start), len(problem.floor.bodies)))
        return cls(np.ascontiguousarray(start).copy(), shift, np.zeros(len(start)))


def solve_clip(
    start: Float64[np.ndarray, "T Q"], problem: Problem, options: ClipOptions
) -> tuple[Float64[np.ndarray, "T Q"], Float64[np.ndarray, "T"], int]:
    """Make a start into a smooth motion that keeps its constraints.

    Returns:
        Configurations, the cost of each frame before its last step, and the number of steps times frames taken.
    """
    march = March.of(start, problem)
    steps, _ = march_windows(march, 0, 0, len(march.qpos), problem, options)
    keep_limits(march.qpos, problem)
    return march.qpos, march.cost, steps


def march_windows(
    march: March, first: int, begin: int, end: int, problem: Problem, options: ClipOptions
) -> tuple[int, int]:
    """Solve windows, in place, that begin about every `ClipOptions.window` frames before ``end``.

    Frames before ``first`` are fixed, but for `ClipOptions.seam`; a march from frame 0 is led in to. ``begin`` is where
    the first window would begin if it was not moved.

    Returns:
        Steps times frames, and where a march that goes on begins; some frames from there on are solved too.
    """
    qpos, shift, cost = march
    count = len(qpos)
    packed = single_robot(problem)
    longest = max(options.window + options.shift + options.ahead, 2 * options.seam)
    most = options.lead + min(longest, count)
    window = _allocate(most, packed)
    poses = allocate_poses(most, packed.tree, packed.capsules, packed.clip)
    steps = 0
    if first == 0:
        first = calm_seam(qpos, 0, options.window, options, problem.limits.step)
        begin = options.window
        steps = _solve_beginning(march, first, packed, options, window, poses)
        if first + options.ahead >= count:
            return steps, count
    more, at = solve_windows(qpos, shift, cost, first, begin, end, packed, options, window, poses)
    return steps + more, at


def _solve_beginning(
    march: March,
    seam: int,
    problem: Problem,
    options: ClipOptions,
    window: Window,
    poses: Poses,
) -> int:
    """Solve a clip's first window, in place, and the frames that lead in to it; returns steps times frames."""
    frames, lead = min(seam + options.ahead, len(march.qpos)), options.lead
    led = March.of(held_before(march.qpos[:frames], lead), problem)
    scene = problem.scene
    begun = problem._replace(
        clip=clip_led_in(problem.clip, frames, lead, problem.fps),
        scene=None if scene is None else scene.led_in(frames, lead),
    )
    wider = options._replace(window=seam + lead)
    steps, _ = solve_windows(*led, 0, 0, 1, begun, wider, window, poses)
    for values, solved in zip(march, led, strict=True):
        values[:frames] = solved[lead:]
    return steps


def keep_limits(qpos: Float64[np.ndarray, "T Q"], problem: Problem) -> None:
    """Project solved frames, in place, onto joint limits and floor; the base's quaternions keep their sign."""
    qpos[:, 3:7] = without_flips(qpos[:, 3:7])
    keep_joint_limits(qpos, without_reserve(problem.limits))
    lift_above_floor(qpos, problem, problem.fps)


def _allocate(frames: int, problem: Problem) -> Window:
    size = len(problem.limits.lower) + 5
    packs, pairs, spheres = (
        pack_count(frames),
        len(problem.capsules.pairs),
        len(problem.floor.bodies),
    )
    return Window(
        system=aligned_room((frames + 2) * block_rows(size) * 3 * block_width(size)),
        places=block_places(problem.tree, block_width(size)),
        pulls=np.zeros((frames + 2, size)),
        least=np.zeros((frames, block_rows(size)), REAL),
        step=np.zeros((frames + 2, size)),
        damping=np.zeros(frames + 2),
        cost=np.zeros(frames + 2),
        floor_shift=np.zeros((packs, spheres, LANES), REAL),
        pair_shift=np.zeros((packs, pairs, LANES), REAL),
        floor_active=np.zeros((packs, spheres, LANES), REAL),
        speed_active=np.zeros((frames + 2, size), np.int8),
        acceleration_active=np.zeros((frames + 2, size), np.int8),
        pair_active=np.zeros((packs, pairs, LANES), REAL),
        candidates=np.zeros(pairs, np.int64),
        joint_state=np.zeros((frames + 2, size), np.int8),
        held_rows=np.empty((frames * size, size + 5)),
        held_index=np.empty((frames * size, 2), np.int64),
        things=allocate_things(frames, len(problem.tree.parents), problem.scene),
    )
