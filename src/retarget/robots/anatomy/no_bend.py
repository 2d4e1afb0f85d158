"""Limbs that nothing bends in their middle as a knee or an elbow does, or not alike: what is wrong, in one line."""

from __future__ import annotations

from retarget.errors import RoleError
from retarget.robots.anatomy.limbs import Limb
from retarget.robots.tree import KinematicTree
from retarget.wording import listed

__all__ = ["no_bend", "require_knees_that_bend", "require_same_joints"]

_ASIDE = 0.5  # cosine to the line from leg to leg under which a knee bends the leg aside


def no_bend(robot: str, tree: KinematicTree, limb: Limb, called: str) -> RoleError:
    """The error that a leg or an arm has no knee or elbow."""
    joints = listed([tree.joint_names[body - 1] for body in limb.bodies])
    return RoleError(
        f"{robot}: no joint of the {called} bends it in its middle, of {joints}; correct their axes and places, or "
        "name the bodies under [roles] in a robot TOML file"
    )


def require_knees_that_bend(robot: str, tree: KinematicTree, leg: Limb) -> None:
    """Refuse a leg whose knee, by its name, bends aside: its axes are of a robot that looks elsewhere.

    Raises:
        RoleError: It has such a knee, and no other.
    """
    called = [
        k for k, body in enumerate(leg.bodies) if "knee" in tree.joint_names[body - 1].lower()
    ]
    if called and all(abs(leg.axes[k, 1]) < _ASIDE for k in called):
        knee = tree.joint_names[leg.bodies[called[0]] - 1]
        raise RoleError(
            f"{robot}: {knee!r} is called a knee and bends the leg aside, as its axis does not point from leg to leg; "
            "correct the axis, or name the bodies under [roles] in a robot TOML file"
        )


def require_same_joints(
    robot: str, tree: KinematicTree, pair: tuple[Limb, Limb], bends: list[int], middle: str
) -> None:
    """Refuse limbs that mirror each other and are bent by joints that do not: one of their axes is wrong.

    Raises:
        RoleError: They are.
    """
    if bends[0] == bends[1] or len(pair[0].bodies) != len(pair[1].bodies):
        return
    names = [tree.joint_names[limb.bodies[k] - 1] for limb, k in zip(pair, bends, strict=True)]
    others = [
        tree.joint_names[limb.bodies[k] - 1] for limb, k in zip(reversed(pair), bends, strict=True)
    ]
    raise RoleError(
        f"{robot}: the left {middle} would be {names[0]!r} and the right {middle} {names[1]!r}, which are mirror "
        f"images of {others[0]!r} and {others[1]!r}; correct the axes of these, or name the bodies under [roles] in a "
        "robot TOML file"
    )
