"""What gears, mimics and closed loops mean for a robot's solve: which joints are held, and which follow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from retarget.errors import RobotError
from retarget.robots.couplings import Couplings, Loops, close_loops, free_in_loops, loop_joints
from retarget.robots.tree import KinematicTree
from retarget.wording import listed

__all__ = ["Coupled", "resolve_couplings"]

_REACH = 0.25  # of the way from neutral to a joint's limits: so far its loop must close
_OPEN = 0.01  # metres by which a loop may stay open there
_ROUNDS = 8  # chains of joints that follow joints that follow joints


class Coupled(NamedTuple):
    """A robot's couplings in the order of the solve.

    Attributes:
        held: All joints that are out of the solve.
        couplings: How held joints follow those that are solved, or stand.
        neutral: The neutral posture, with what follows where it belongs, rad.
        lower: Joint limits, rad, within which what follows keeps its own.
        upper: Likewise.
        notes: What was made of it, in plain sentences.
    """

    held: Bool[np.ndarray, "N"]
    couplings: Couplings
    neutral: Float64[np.ndarray, "N"]
    lower: Float64[np.ndarray, "N"]
    upper: Float64[np.ndarray, "N"]
    notes: tuple[str, ...]


def resolve_couplings(
    robot: str,
    tree: KinematicTree,
    given: Couplings,
    loops: Loops,
    held: Bool[np.ndarray, "N"],
    neutral: Float64[np.ndarray, "N"],
    bending: set[int],
) -> Coupled:
    """Sort out which of two coupled joints is solved: the one that a body role needs.

    Where roles need both, both stand at neutral: a robot whose hips share a motor cannot turn them for itself. What
    loops turn is computed for the result; a loop must leave the joints of roles free.

    Args:
        robot: The model file, for messages.
        tree: The robot's tree.
        given: Couplings as the file has them.
        loops: Closed loops.
        held: Joints that no role needs.
        neutral: The neutral posture, rad.
        bending: Joints of knees and elbows, without which nothing can be retargeted.

    Raises:
        RobotError: A knee or elbow is coupled to another joint that a role needs, or a loop binds joints of roles.
    """
    held, neutral = held.copy(), neutral.copy()
    lower, upper = tree.lower.copy(), tree.upper.copy()
    notes: list[str] = []
    rows: list[tuple[int, int, np.ndarray]] = []
    for dependent, driver, powers in zip(
        given.dependents.tolist(), given.drivers.tolist(), given.polynomials, strict=True
    ):
        if driver >= 0 and not held[dependent]:
            if held[driver] and powers[1] and not powers[2:].any():
                inverse = np.array([-powers[0] / powers[1], 1.0 / powers[1], 0.0, 0.0, 0.0])
                rows.append((driver, dependent, inverse))
                continue
            names = (tree.joint_names[dependent], tree.joint_names[driver])
            if bending & {dependent, driver}:
                raise RobotError(
                    f"{robot}: joint {names[0]!r} follows {names[1]!r}, and both move a leg or an arm, so that knee or "
                    "elbow are not free; give a model in which they are joints of their own"
                )
            held[[dependent, driver]] = True
            notes.append(
                f"{names[0]!r} follows {names[1]!r}: both are held, as body roles need both"
            )
        if driver < 0:
            held[dependent] = True
        rows.append((dependent, driver, powers))
    rows = _in_order(rows, held)
    couplings = Couplings(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float64).reshape(-1, 5),
    )
    for dependent, driver, powers in rows:
        if driver >= 0 and not held[driver]:
            _narrow(lower, upper, tree, dependent, driver, powers)
    neutral = couplings.angles(np.clip(neutral, lower, upper)[None])[0]
    if len(loops.bodies):
        free = free_in_loops(held, couplings)
        neutral = close_loops(tree, loops, free, neutral[None], (lower, upper))[0][0]
        _require_free(robot, tree, loops, held, free, neutral, lower, upper)
        pairs = [f"{first} to {second}" for first, second in dict.fromkeys(loops.names)]
        notes.append(f"closed loops, whose joints are computed for the result: {listed(pairs)}")
    following = [tree.joint_names[row[0]] for row in rows]
    if following:
        notes.append(f"{len(following)} joints follow others, or stand fast: {listed(following)}")
    return Coupled(held, couplings, neutral, lower, upper, tuple(notes))


def _in_order(
    rows: list[tuple[int, int, np.ndarray]], held: Bool[np.ndarray, "N"]
) -> list[tuple[int, int, np.ndarray]]:
    """Couplings so that each driver comes before what follows it."""
    ordered: list[tuple[int, int, np.ndarray]] = []
    dependents = {row[0] for row in rows}
    known = {j for j in range(len(held)) if j not in dependents} | {-1}
    for _ in range(_ROUNDS):
        ready = [row for row in rows if row[1] in known and row[0] not in known]
        ordered += ready
        known |= {row[0] for row in ready}
    return ordered


def _narrow(
    lower: Float64[np.ndarray, "N"],
    upper: Float64[np.ndarray, "N"],
    tree: KinematicTree,
    dependent: int,
    driver: int,
    powers: Float64[np.ndarray, "5"],
) -> None:
    """Narrow, in place, the driver's range to what what follows it allows; only of straight couplings."""
    if powers[2:].any() or not powers[1]:
        return
    ends = [(limit[dependent] - powers[0]) / powers[1] for limit in (tree.lower, tree.upper)]
    low, high = max(lower[driver], min(ends)), min(upper[driver], max(ends))
    if low < high:
        lower[driver], upper[driver] = low, high


def _require_free(
    robot: str,
    tree: KinematicTree,
    loops: Loops,
    held: Bool[np.ndarray, "N"],
    free: Bool[np.ndarray, "N"],
    neutral: Float64[np.ndarray, "N"],
    lower: Float64[np.ndarray, "N"],
    upper: Float64[np.ndarray, "N"],
) -> None:
    """Refuse loops that do not close when a joint of a role moves by itself.

    Raises:
        RobotError: One does not.
    """
    moving = [j for j in loop_joints(tree, loops) if not held[j]]
    _, before = close_loops(tree, loops, free, neutral[None], (lower, upper))
    for joint in moving:
        for limit in (lower, upper):
            posture = neutral[None].copy()
            posture[0, joint] += _REACH * (limit[joint] - neutral[joint])
            _, gaps = close_loops(tree, loops, free, posture, (lower, upper))
            opened = gaps[0] - before[0]
            if opened.max() > _OPEN:
                first, second = loops.names[int(np.argmax(opened))]
                raise RobotError(
                    f"{robot}: joint {tree.joint_names[joint]!r} cannot move by itself: the closed loop of {first!r} "
                    f"and {second!r} binds it to others; give a model in which the loop is replaced by plain joints"
                )
