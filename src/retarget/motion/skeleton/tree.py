"""Questions about a joint hierarchy given by its parents."""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = [
    "children_of",
    "descent",
    "is_below",
    "line_to",
    "lowest_common_ancestor",
    "path_to_root",
]


def path_to_root(joint: int, parents: Sequence[int]) -> list[int]:
    """The joint and its ancestors, the root last."""
    path = []
    while joint >= 0:
        path.append(joint)
        joint = parents[joint]
    return path


def is_below(joint: int, ancestor: int, parents: Sequence[int]) -> bool:
    """Whether ``ancestor`` is a proper ancestor of ``joint``."""
    return joint != ancestor and ancestor in path_to_root(joint, parents)


def descent(parents: Sequence[int]) -> Callable[[int, int], bool]:
    """`is_below` for many questions about one hierarchy, each answered at once.

    Joints are numbered as a walk down the tree meets them: those below a joint have the numbers that follow its own.
    """
    sizes = [1] * len(parents)
    for joint in reversed(range(len(parents))):
        if parents[joint] >= 0:
            sizes[parents[joint]] += sizes[joint]
    number, free = [0] * len(parents), [0] * (len(parents) + 1)  # the last: of roots
    for joint, parent in enumerate(parents):
        number[joint] = free[parent]
        free[parent] += sizes[joint]
        free[joint] = number[joint] + 1
    return lambda joint, ancestor: 0 < number[joint] - number[ancestor] < sizes[ancestor]


def line_to(ancestor: int, joint: int, parents: Sequence[int]) -> list[int]:
    """Joints from below ``ancestor`` down to ``joint``, which is the last; empty if it is not below."""
    if not is_below(joint, ancestor, parents):
        return []
    path = path_to_root(joint, parents)
    return path[: path.index(ancestor)][::-1]


def lowest_common_ancestor(first: int, second: int, parents: Sequence[int]) -> int:
    """The deepest joint that has both below it or is one of them; -1 if they are in different trees."""
    others = set(path_to_root(second, parents))
    return next((joint for joint in path_to_root(first, parents) if joint in others), -1)


def children_of(parents: Sequence[int]) -> list[list[int]]:
    """The children of every joint."""
    children: list[list[int]] = [[] for _ in parents]
    for joint, parent in enumerate(parents):
        if parent >= 0:
            children[parent].append(joint)
    return children
