"""In which order files list links and joints: computed from the robot by each simulator's rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Int64

from retarget.errors import UnknownNameError
from retarget.tracks.link_sets import LinkSet

__all__ = ["ORDERS", "Order", "Ordering", "by_name", "depth_first", "level_order", "ordering"]

Order: TypeAlias = Literal["depth_first", "level"]
ORDERS: tuple[Order, ...] = ("depth_first", "level")


@dataclass(frozen=True, slots=True, eq=False)
class Ordering:
    """Where the links and joints of a file are among those of a `LinkSet`.

    Attributes:
        links: For each link of the file its place in the set.
        joints: For each joint of the file its place among the set's joints.
        link_names: Names of the file's links.
        joint_names: Names of the file's joints.

    Example:
        >>> from retarget.robots import load_robot
        >>> from retarget.tracks import link_set
        >>> ordering(link_set(load_robot("unitree_g1")), "level").joint_names[:3]
        ('left_hip_pitch_joint', 'right_hip_pitch_joint', 'waist_yaw_joint')
    """

    links: Int64[np.ndarray, "L"]
    joints: Int64[np.ndarray, "D"]
    link_names: tuple[str, ...]
    joint_names: tuple[str, ...]


def ordering(links: LinkSet, order: Order) -> Ordering:
    """The links and joints of a set in one of the orders that simulators use.

    ``depth_first`` is MuJoCo's and URDF's: every link before its children, branches in the order of the model file,
    and joints in the robot's order. ``level`` is Isaac's: level by level, the children of one link after those of the
    other, siblings by name, and joints in the order of the links that they move.
    """
    if order == "depth_first":
        chosen = np.arange(len(links))
        joints = np.arange(len(links.joint_names))
    else:
        chosen = np.array(level_order(links.parents, links.names), np.int64)
        place = {int(joint): at for at, joint in enumerate(links.joint_indices)}
        joints = np.array([place[j] for link in chosen for j in links.joints[link]], np.int64)
    return Ordering(
        chosen,
        joints,
        tuple(links.names[i] for i in chosen),
        tuple(links.joint_names[j] for j in joints),
    )


def depth_first(parents: Sequence[int] | Int64[np.ndarray, "L"]) -> list[int]:
    """Links of a tree in depth-first order, siblings as they come; -1 is the root's parent."""
    children = _children(parents)
    order: list[int] = []
    waiting = [i for i, parent in enumerate(parents) if parent < 0][::-1]
    while waiting:
        link = waiting.pop()
        order.append(link)
        waiting.extend(reversed(children[link]))
    return order


def level_order(parents: Sequence[int] | Int64[np.ndarray, "L"], names: Sequence[str]) -> list[int]:
    """Links of a tree level by level, parent by parent, siblings sorted by name; -1 is the root's parent.

    The rule by which Isaac Lab (PhysX articulations) numbers links, measured on recordings that name them.

    Example:
        >>> level_order([-1, 0, 1, 0], ["base", "right", "foot", "left"])
        [0, 3, 1, 2]
    """
    children = _children(parents)
    level = [i for i, parent in enumerate(parents) if parent < 0]
    order: list[int] = []
    while level:
        order += level
        level = [
            child for link in level for child in sorted(children[link], key=lambda i: names[i])
        ]
    return order


def by_name(wanted: Sequence[str], present: Sequence[str], what: str) -> Int64[np.ndarray, "n"]:
    """Place among ``present`` of each name that is wanted.

    Raises:
        UnknownNameError: One is missing; ``what`` says what kind of thing it is.
    """
    place = {name: at for at, name in enumerate(present)}
    for name in wanted:
        if name not in place:
            raise UnknownNameError(what, name, list(present))
    return np.array([place[name] for name in wanted], np.int64)


def _children(parents: Sequence[int] | Int64[np.ndarray, "L"]) -> list[list[int]]:
    children: list[list[int]] = [[] for _ in parents]
    for link, parent in enumerate(parents):
        if parent >= 0:
            children[parent].append(link)
    return children
