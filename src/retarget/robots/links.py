"""All links of a robot, moving and fixed: what other tools list as its bodies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.errors import RobotError
from retarget.robots.spec import LinkSpec
from retarget.robots.tree import Frame, KinematicTree, quaternion_matrix
from retarget.wording import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Links", "build_links"]


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Links of a robot's description as its file has them: parents first, depth first.

    `retarget.robots.RobotModel` merges what is welded and puts every frame on its joint's axis. Files of motion
    address links by name or place, in the frames of the description: this says where those are.

    Attributes:
        names: L names; link 0 is the floating base.
        parents: Parent link, -1 for the base.
        bodies: The robot model's body that carries each link.
        offsets: Origin of each link in that body's frame, metres.
        rotations: Rotation of each link in that body's frame.
        moving: Whether a joint moves the link; the base moves too.
        masses: Mass of the link alone, kg.
        mass_centres: Its centre of mass in the link's frame, metres.
        groups: Empty for what the model file holds; else the group of `RobotSpec.links` that adds the link.

    Example:
        >>> from retarget.robots import load_robot
        >>> links = load_robot("unitree_g1").links
        >>> links.names[:2], int(links.moving.sum())
        (('pelvis', 'imu_in_pelvis'), 30)
    """

    names: tuple[str, ...]
    parents: Int64[np.ndarray, "L"]
    bodies: Int64[np.ndarray, "L"]
    offsets: Float64[np.ndarray, "L 3"]
    rotations: Float64[np.ndarray, "L 3 3"]
    moving: Bool[np.ndarray, "L"]
    masses: Float64[np.ndarray, "L"]
    mass_centres: Float64[np.ndarray, "L 3"]
    groups: tuple[str, ...]


@dataclass(slots=True)
class _Link:
    name: str
    parent: str
    frame: Frame
    moving: bool
    mass: float = 0.0
    mass_centre: Any = (0.0, 0.0, 0.0)
    group: str = ""


def build_links(
    robot: str, model: Any, tree: KinematicTree, added: Mapping[str, Mapping[str, LinkSpec]]
) -> Links:
    """The links of a compiled MuJoCo model, and those that a ``robot.toml`` adds to it, each behind its parent.

    Raises:
        RobotError: The parent of an added link is no link of the robot, or a name is taken.
    """
    links = [_model_link(model, tree, index) for index in range(1, model.nbody)]
    for group, members in added.items():
        _require_new_names(robot, group, members, links)
        for name, place in members.items():
            _insert(robot, links, name, place, group)
    index = {(link.group, link.name): at for at, link in enumerate(links)}
    parents = [
        index.get((link.group, link.parent), index.get(("", link.parent), -1)) for link in links
    ]
    return Links(
        tuple(link.name for link in links),
        np.array(parents, np.int64),
        np.array([link.frame.body for link in links], np.int64),
        np.array([link.frame.position for link in links], np.float64),
        np.array([link.frame.rotation for link in links], np.float64),
        np.array([link.moving for link in links], bool),
        np.array([link.mass for link in links], np.float64),
        np.array([link.mass_centre for link in links], np.float64),
        tuple(link.group for link in links),
    )


def _model_link(model: Any, tree: KinematicTree, index: int) -> _Link:
    parent = int(model.body_parentid[index])
    return _Link(
        _name(model, index),
        _name(model, parent) if index > 1 else "",
        tree.frames[index],
        index == 1 or bool(model.body_jntnum[index]),
        float(model.body_mass[index]),
        model.body_ipos[index].copy(),
    )


def _name(model: Any, index: int) -> str:
    return model.body(index).name or f"body_{index}"


def _require_new_names(
    robot: str, group: str, members: Mapping[str, LinkSpec], links: list[_Link]
) -> None:
    own = {link.name for link in links if not link.group}
    taken = sorted(own & set(members))
    if taken:
        raise RobotError(
            f"{robot}: links.{group} adds {taken[0]!r}, which the model file has already; take it out"
        )


def _insert(robot: str, links: list[_Link], name: str, place: LinkSpec, group: str) -> None:
    """Put an added link right behind its parent and the links that were added to it before."""
    seen = [at for at, link in enumerate(links) if link.name == place.parent]
    fitting = [at for at in seen if links[at].group in ("", group)]
    if not fitting:
        known = listed([link.name for link in links if link.group in ("", group)])
        raise RobotError(
            f"{robot}: link {name!r} of links.{group} hangs on {place.parent!r}, which is no link of the robot; "
            f"links are {known}"
        )
    at = fitting[-1]
    frame = links[at].frame.child(
        np.array(place.position), quaternion_matrix(np.array(place.rotation))
    )
    after = at + 1
    while after < len(links) and links[after].group and _hangs_on(links, after, at):
        after += 1
    links.insert(after, _Link(name, place.parent, frame, False, group=group))


def _hangs_on(links: list[_Link], link: int, ancestor: int) -> bool:
    """Whether an added link hangs on another one, directly or through added links between them."""
    by_name = {(one.group, one.name): at for at, one in enumerate(links)}
    while link != ancestor and links[link].group:
        one = links[link]
        link = by_name.get((one.group, one.parent), by_name.get(("", one.parent), -1))
    return link == ancestor
