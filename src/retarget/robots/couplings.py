"""Joints that follow others: by a polynomial (gears, mimics), or because bodies are joined into a loop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.robots.kinematics import Tree, axis_rotation

__all__ = [
    "NO_COUPLINGS",
    "NO_LOOPS",
    "Couplings",
    "Loops",
    "close_loops",
    "follow",
    "free_in_loops",
    "loop_joints",
]

_STEPS = 30  # of Gauss-Newton, in which a loop closes from its neutral posture
_CLOSED = 1e-6  # metres
_DAMPING = 1e-9  # m^2: joints that nothing tells about, such as a rod's turn about itself, stay


@dataclass(frozen=True, slots=True, eq=False)
class Couplings:
    """Joints whose angle is a polynomial of another joint's, in an order in which each is known when it is used.

    Attributes:
        dependents: Joints that follow.
        drivers: Joints that they follow; -1 where the angle is constant.
        polynomials: Coefficients of the driver's powers 0 to 4, rad.

    Example:
        >>> Couplings(np.array([3]), np.array([1]), np.array([[0.0, -2.0, 0, 0, 0]])).angles(np.ones((1, 8)))
        array([[ 1.,  1.,  1., -2.,  1.,  1.,  1.,  1.]])
    """

    dependents: Int64[np.ndarray, "K"]
    drivers: Int64[np.ndarray, "K"]
    polynomials: Float64[np.ndarray, "K 5"]

    def angles(self, joints: Float64[np.ndarray, "T N"]) -> Float64[np.ndarray, "T N"]:
        """Joint angles with those that follow put where they belong; rad."""
        out = joints.copy()
        for dependent, driver, powers in zip(
            self.dependents, self.drivers, self.polynomials, strict=True
        ):
            own = out[:, driver] if driver >= 0 else np.zeros(len(out))
            out[:, dependent] = np.polynomial.polynomial.polyval(own, powers)
        return out


@dataclass(frozen=True, slots=True, eq=False)
class Loops:
    """Points of two bodies that are in one place.

    Attributes:
        bodies: The two bodies of each.
        points: The point in the frame of each, metres.
        names: What people call each loop: its two links.

    Example:
        >>> load_robot("limx_oli.xml").loops.names[0]  # doctest: +SKIP
        ('left_ankle_roll_link', 'left_A_achilles_rod_link')
    """

    bodies: Int64[np.ndarray, "L 2"]
    points: Float64[np.ndarray, "L 2 3"]
    names: tuple[tuple[str, str], ...]


NO_COUPLINGS = Couplings(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 5)))
NO_LOOPS = Loops(np.zeros((0, 2), np.int64), np.zeros((0, 2, 3)), ())


def free_in_loops(held: Bool[np.ndarray, "N"], couplings: Couplings) -> Bool[np.ndarray, "N"]:
    """Joints that loops may turn: held ones that follow no joint."""
    free = held.copy()
    free[couplings.dependents] = False
    return free


def follow(
    tree: Tree,
    couplings: Couplings,
    loops: Loops,
    free: Bool[np.ndarray, "N"],
    joints: Float64[np.ndarray, "T N"],
) -> Float64[np.ndarray, "T N"]:
    """Joint angles (rad) with all that follow others put where they belong.

    Args:
        tree: The robot.
        couplings: Its gears and mimics.
        loops: Its closed loops.
        free: Joints that loops may turn: those that nothing else has set.
        joints: All angles; those of ``free`` are where loops begin to close from.
    """
    out = couplings.angles(joints) if len(couplings.dependents) else joints
    return close_loops(tree, loops, free, out)[0] if len(loops.bodies) else out


def close_loops(
    tree: Tree,
    loops: Loops,
    free: Bool[np.ndarray, "N"],
    joints: Float64[np.ndarray, "T N"],
    limits: tuple[Float64[np.ndarray, "N"], Float64[np.ndarray, "N"]] | None = None,
) -> tuple[Float64[np.ndarray, "T N"], Float64[np.ndarray, "T L"]]:
    """Turn the free joints of loops so that they close; also tells how far each stays open, metres.

    All frames at once, by damped Gauss-Newton steps from where the joints are; ``limits`` (rad) are kept if given.
    """
    out = joints.copy()
    branches = [_branches(tree, loops, k) for k in range(len(loops.bodies))]
    moving = [j for j in loop_joints(tree, loops) if free[j]]
    column = {joint: c for c, joint in enumerate(moving)}
    for _ in range(_STEPS):
        gaps, jacobian = _residuals(tree, loops, branches, column, out)
        if not moving or np.abs(gaps).max(initial=0.0) < _CLOSED:
            break
        rows = gaps.reshape(len(out), -1, 1)
        normal = jacobian.transpose(0, 2, 1) @ jacobian + _DAMPING * np.eye(len(moving))
        step = np.linalg.solve(normal, -jacobian.transpose(0, 2, 1) @ rows)[..., 0]
        out[:, moving] += np.clip(step, -0.5, 0.5)
        if limits is not None:
            out[:, moving] = np.clip(out[:, moving], limits[0][moving], limits[1][moving])
    gaps, _ = _residuals(tree, loops, branches, column, out)
    return out, np.linalg.norm(gaps, axis=-1)


def loop_joints(tree: Tree, loops: Loops) -> list[int]:
    """Joints that any loop goes through."""
    found: set[int] = set()
    for k in range(len(loops.bodies)):
        first, second = _branches(tree, loops, k)
        found |= {body - 1 for body in (*first, *second)}
    return sorted(found)


def _branches(tree: Tree, loops: Loops, k: int) -> tuple[list[int], list[int]]:
    """Bodies from where a loop's branches part to its two ends, outwards."""
    paths = []
    for end in loops.bodies[k]:
        path, body = [], int(end)
        while body > 0:
            path.append(body)
            body = int(tree.parents[body])
        paths.append(path[::-1])
    shared = 0
    while shared < min(map(len, paths)) and paths[0][shared] == paths[1][shared]:
        shared += 1
    return paths[0][shared:], paths[1][shared:]


def _residuals(
    tree: Tree,
    loops: Loops,
    branches: list[tuple[list[int], list[int]]],
    column: dict[int, int],
    joints: Float64[np.ndarray, "T N"],
) -> tuple[Float64[np.ndarray, "T L 3"], Float64[np.ndarray, "T R V"]]:
    """Gaps of all loops in the frame of the body where their branches part (m), and their derivatives (m/rad)."""
    frames = len(joints)
    gaps = np.zeros((frames, len(branches), 3))
    jacobian = np.zeros((frames, 3 * len(branches), len(column)))
    for k, pair in enumerate(branches):
        for sign, branch, point in zip((1.0, -1.0), pair, loops.points[k], strict=True):
            places, turns = _poses(tree, branch, joints)
            end = places[-1] + turns[-1] @ point if branch else np.tile(point, (frames, 1))
            gaps[:, k] += sign * end
            for body, place, turn in zip(branch, places, turns, strict=True):
                if body - 1 in column:
                    axis = turn @ tree.axes[body]
                    moved = sign * np.cross(axis, end - place)
                    jacobian[:, 3 * k : 3 * k + 3, column[body - 1]] += moved
    return gaps, jacobian


def _poses(
    tree: Tree, branch: list[int], joints: Float64[np.ndarray, "T N"]
) -> tuple[list[Float64[np.ndarray, "T 3"]], list[Float64[np.ndarray, "T 3 3"]]]:
    """Places (m) and turns of a branch's bodies in the frame of the body that carries it."""
    places, turns = [], []
    place, turn = np.zeros((len(joints), 3)), np.tile(np.eye(3), (len(joints), 1, 1))
    for body in branch:
        place = place + turn @ tree.offsets[body]
        turn = turn @ tree.orientations[body] @ _turns(tree.axes[body], joints[:, body - 1])
        places.append(place)
        turns.append(turn)
    return places, turns


def _turns(
    axis: Float64[np.ndarray, "3"], angles: Float64[np.ndarray, "T"]
) -> Float64[np.ndarray, "T 3 3"]:
    """Rotations about an axis by several angles in rad."""
    straight, square = axis_rotation(axis, 0.0), axis_rotation(axis, np.pi / 2)
    half = axis_rotation(axis, np.pi)
    # Rodrigues' formula is linear in sine and cosine: three angles tell the coefficients.
    constant = (straight + half) / 2
    cosine = (straight - half) / 2
    sine = square - constant
    c, s = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
    return np.asarray(constant + c * cosine + s * sine)
