"""Tracks as one format lists them: its order, links and quaternions; where the rows of a table get their numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from retarget.errors import OptionsError
from retarget.exchange.objects import Around
from retarget.exchange.orders import Ordering, by_name, ordering
from retarget.exchange.rotations import stored_rotation
from retarget.exchange.tables import ExportTable, Quaternion, Row
from retarget.geometry import quaternion_product, rotated
from retarget.robots.model import RobotModel
from retarget.tracks import LinkSet, Tracks, free_joint_rates, link_set

__all__ = ["View", "links_of_table", "row_values", "view_of"]

_CONJUGATE = np.array([1.0, -1.0, -1.0, -1.0])


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Tracks, and the order in which a format lists their links and joints.

    Attributes:
        tracks: The motion at the file's rate.
        table: The format.
        order: Its links and joints among those of the tracks.
        clip: Name of the clip, for formats that hold several.
        around: The things on paths that the file holds; None where it holds none.
        model: Text of a MuJoCo model with robot and things; empty of formats that hold none.
    """

    tracks: Tracks
    table: ExportTable
    order: Ordering
    clip: str
    around: Around | None = None
    model: str = ""

    @property
    def joint_position(self) -> Float64[np.ndarray, "T D"]:
        """Joint angles in the file's order, rad."""
        return self.tracks.joint_position[:, self.order.joints]

    @property
    def joint_velocity(self) -> Float64[np.ndarray, "T D"]:
        """Joint rates in the file's order, rad/s."""
        return self.tracks.joint_velocity[:, self.order.joints]


def links_of_table(
    table: ExportTable, robot: RobotModel, joints: tuple[str, ...] | None = None
) -> LinkSet:
    """The links that a format tracks on a robot; its files may list fewer (`view_of`).

    Args:
        table: The format.
        robot: The robot.
        joints: Names of the joints to write; all when None.
    """
    return link_set(robot, fixed=table.links == "all", group=table.group, joints=joints)


def view_of(
    tracks: Tracks, table: ExportTable, clip: str, around: Around | None = None, model: str = ""
) -> View:
    """Tracks as a format lists them, with the things around them and the model of all where it holds these."""
    order = ordering(tracks.links, table.order)
    if table.links == "tracked":
        order = _tracked(order, tracks)
    return View(tracks, table, order, clip, around, model)


def _tracked(order: Ordering, tracks: Tracks) -> Ordering:
    """Only the links of body roles, depth first whatever the joints' order is."""
    robot = tracks.robot
    wanted = {robot.body_names[body] for body in robot.roles.values()} | {robot.body_names[0]}
    names = tuple(name for name in tracks.links.names if name in wanted)
    return Ordering(
        by_name(names, tracks.links.names, "link"), order.joints, names, order.joint_names
    )


def row_values(row: Row, view: View) -> Any:
    """What a row of a table holds, in double precision and its order of quaternions.

    Raises:
        OptionsError: The motion does not know it, such as contacts.
    """
    return _SOURCES[row.source](view, row.quaternion)


def _links(name: str) -> Callable[[View, Quaternion | None], np.ndarray]:
    def values(view: View, stored: Quaternion | None) -> np.ndarray:
        track = getattr(view.tracks.bodies, name)[:, view.order.links]
        return track if stored is None else stored_rotation(track, stored)

    return values


def _local_position(view: View, _: Quaternion | None) -> np.ndarray:
    tracks = view.tracks
    away = tracks.bodies.position[:, view.order.links] - tracks.root_position[:, None]
    return rotated(_inverse_root(view), away)


def _local_rotation(view: View, stored: Quaternion | None) -> np.ndarray:
    world = view.tracks.bodies.rotation[:, view.order.links]
    local = quaternion_product(_inverse_root(view), world)
    return stored_rotation(local, stored or "wxyz")


def _inverse_root(view: View) -> np.ndarray:
    inverse = (view.tracks.root_rotation * _CONJUGATE)[:, None]
    return np.broadcast_to(inverse, (len(inverse), len(view.order.links), 4))


def _root_rotation(view: View, stored: Quaternion | None) -> np.ndarray:
    return stored_rotation(view.tracks.root_rotation, stored or "wxyz")


def _qpos(view: View, stored: Quaternion | None) -> np.ndarray:
    root = view.tracks.root_position, _root_rotation(view, stored)
    things = [_object_pose(view, stored)] if view.table.objects and view.around is not None else []
    return np.concatenate([*root, view.joint_position, *things], axis=1)


def _qvel(view: View, _: Quaternion | None) -> np.ndarray:
    root = view.tracks.root_velocity, view.tracks.root_spin_local
    things = [_object_rates(view)] if view.table.objects and view.around is not None else []
    return np.concatenate([*root, view.joint_velocity, *things], axis=1)


def _around(view: View) -> Around:
    if view.around is None:
        raise OptionsError(f"{view.clip}: there are no things around it; leave out --objects")
    return view.around


def _object_rotation(view: View, stored: Quaternion | None) -> np.ndarray:
    return stored_rotation(_around(view).poses[..., 3:], stored or "wxyz")


def _object_pose(view: View, stored: Quaternion | None) -> np.ndarray:
    poses = _around(view).poses
    joined = np.concatenate([poses[..., :3], _object_rotation(view, stored)], axis=2)
    return joined.reshape(len(poses), -1)


def _object_rates(view: View) -> np.ndarray:
    """Rates of free joints as MuJoCo has them: velocity in the world, spin in the thing's frame."""
    around, fps = _around(view), view.tracks.fps
    rates = [free_joint_rates(around.poses[:, o], fps) for o in range(len(around.names))]
    return np.concatenate([np.zeros((len(around.poses), 0)), *rates], axis=1)


def _foot_contacts(view: View, _: Quaternion | None) -> np.ndarray:
    return _known(view.tracks.foot_contacts, view)


def _link_contacts(view: View, _: Quaternion | None) -> np.ndarray:
    return _known(view.tracks.link_contacts, view)[:, view.order.links]


def _known(contacts: np.ndarray | None, view: View) -> np.ndarray:
    if contacts is None:
        raise OptionsError(
            f"{view.clip}: nothing is known of its contacts, which {view.table.kind} needs; "
            "retarget it from the human's motion, or choose another format"
        )
    return contacts


def _special(view: View, _: Quaternion | None) -> Any:
    raise AssertionError(f"{view.table.kind}: its builder makes this row")


_SOURCES: dict[str, Callable[[View, Quaternion | None], Any]] = {
    "root_position": lambda view, _: view.tracks.root_position,
    "root_rotation": _root_rotation,
    "joint_position": lambda view, _: view.joint_position,
    "joint_velocity": lambda view, _: view.joint_velocity,
    "root_velocity": lambda view, _: view.tracks.root_velocity,
    "root_spin": lambda view, _: view.tracks.root_spin,
    "qpos": _qpos,
    "qvel": _qvel,
    "link_position": _links("position"),
    "link_rotation": _links("rotation"),
    "link_velocity": _links("velocity"),
    "centre_velocity": _links("centre_velocity"),
    "link_spin": _links("spin"),
    "local_link_position": _local_position,
    "local_link_rotation": _local_rotation,
    "foot_contacts": _foot_contacts,
    "link_contacts": _link_contacts,
    "fps": lambda view, _: view.tracks.fps,
    "joint_names": lambda view, _: view.order.joint_names,
    "link_names": lambda view, _: view.order.link_names,
    "frame": lambda view, _: np.arange(len(view.tracks), dtype=np.float64)[:, None],
    "time": lambda view, _: np.arange(len(view.tracks)) / view.tracks.fps,
    "order": lambda view, _: view.table.order,
    "velocity_point": lambda view, _: view.table.velocity_point,
    "object_names": lambda view, _: _around(view).names,
    "object_position": lambda view, _: _around(view).poses[..., :3],
    "object_rotation": _object_rotation,
    "object_pose": _object_pose,
    "model": lambda view, _: view.model,
    "special": _special,
}
