"""Which joint and link each column of a file is, and which way its quaternions are written: what fits the robot.

Names say it where a file has them. Where it has none the robot does: of all orders that simulators use, and both ways
to write a quaternion, only the true ones put the links where the file has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from retarget.exchange.orders import ORDERS, ordering
from retarget.exchange.reading.raw import Misfit
from retarget.exchange.reading.stored import StoredMotion
from retarget.geometry import rotated
from retarget.robots.model import RobotModel
from retarget.tracks import LinkSet, Tracks, link_set, make_tracks

__all__ = [
    "FITS_M",
    "Layout",
    "base_pose",
    "configurations",
    "find_layout",
    "link_errors",
    "turned",
]

FITS_M: Final = 5e-3
"""Metres by which links may be off on average where a file is of the robot: single precision leaves 1e-6, models of the
same robot that makers have changed a little leave millimetres."""
_SAMPLED: Final = 40  # frames on which layouts are compared
_SURE: Final = 0.1  # of a base's uprightness
_CALM: Final = 0.5  # of how much the lowest link's height varies
_CONJUGATE: Final = np.array([1.0, -1.0, -1.0, -1.0])


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How a file's columns lie.

    Attributes:
        joints: For each of its D joints the robot's.
        links: For each of its B links its place in ``link_set``; -1 for those that the robot does not have.
        link_set: The robot's links.
        turned: Its quaternions are written in the other order than its table says.
        misfit: Mean distance of its links from where its joints put them, metres; None where it has no links.
        sure: Whether it is known which of two ways its quaternions are written.
        others: Joint sets of the robot that fit as well.
    """

    joints: Int64[np.ndarray, "D"]
    links: Int64[np.ndarray, "B"]
    link_set: LinkSet
    turned: bool
    misfit: float | None
    sure: bool = True
    others: tuple[str, ...] = ()


def find_layout(
    stored: StoredMotion, robot: RobotModel, joints: tuple[str, ...] | None = None
) -> Layout:
    """The layout that fits best; the table's own where several fit alike. ``joints`` are its joints, where known.

    Raises:
        Misfit: No joints of the robot are as many as the file's, or a name is none of the robot's.
    """
    joint_choices = list(_joint_choices(stored, robot, joints))
    links = link_set(robot, fixed=True, group=stored.table.group)
    link_choices = [one for one in _link_choices(stored, robot, links) if (one >= 0).any()]
    turnings = (False, True) if _has_quaternions(stored) else (False,)
    if not link_choices:
        turned, sure = _upright(stored, robot, joint_choices[0][1], turnings)
        fitting = tuple(name for name, _ in joint_choices if name)
        none = np.full(stored.links, -1)
        return Layout(joint_choices[0][1], none, links, turned, None, sure, fitting[1:])
    sure = True
    if not any(row.quaternion for row in stored.table.rows if row.source.startswith("link_")):
        turned, sure = _upright(stored, robot, joint_choices[0][1], turnings)  # links do not tell
        turnings = (turned,)
    sample = _sample(stored)
    best: tuple[float, Layout] | None = None
    for turned, (_, chosen) in product(turnings, joint_choices):
        read = stored.with_quaternions_turned() if turned else stored
        tracks = _tracks(read, robot, chosen, links, sample)
        for places in link_choices:
            misfit = float(link_errors(read, tracks, places, sample).mean())
            # A later choice must be better by more than rounding is.
            if best is None or misfit < 0.8 * best[0] - 1e-6:
                best = misfit, Layout(chosen, places, links, turned, misfit, sure)
    assert best is not None
    return best[1]


def _sample(stored: StoredMotion) -> Int64[np.ndarray, "S"]:
    """Frames, evenly over those whose numbers are all known."""
    known = np.ones(stored.frames, bool)
    for array in stored.values.values():
        if array.dtype.kind == "f":
            known &= np.isfinite(array).reshape(stored.frames, -1).all(axis=1)
    frames = np.flatnonzero(known)
    if not len(frames):
        raise Misfit(
            "none of its frames is whole: all hold numbers that are NaN, infinite or absurd"
        )
    return frames[np.unique(np.linspace(0, len(frames) - 1, _SAMPLED).astype(np.int64))]


def _has_quaternions(stored: StoredMotion) -> bool:
    return any(row.quaternion in {"wxyz", "xyzw"} for row in stored.table.rows)


def _joint_choices(
    stored: StoredMotion, robot: RobotModel, given: tuple[str, ...] | None
) -> Iterator[tuple[str, Int64[np.ndarray, "D"]]]:
    """Which joints the columns may be, with the name of the joint set; the table's own order first."""
    if stored.joint_names is not None:
        yield "", _by_names(stored.joint_names, robot)
        return
    sets: dict[str, Sequence[str]] = {"all": robot.joint_names, **robot.joint_sets}
    if given is not None:
        sets = {"given": given}
    wanted = {name: names for name, names in sets.items() if len(names) == stored.joints}
    if not wanted:
        counts = ", ".join(f"{name} ({len(names)})" for name, names in sets.items())
        raise Misfit(f"it has {stored.joints} joints; {robot.name} has {counts}")
    first = stored.table.joint_set
    for order in sorted(ORDERS, key=lambda order: order != stored.table.order):
        for name in sorted(wanted, key=lambda name: name != first):
            kept = link_set(robot, joints=wanted[name])
            places = ordering(kept, order).joints
            yield name if order == stored.table.order else "", kept.joint_indices[places]


def _by_names(names: tuple[str, ...], robot: RobotModel) -> Int64[np.ndarray, "D"]:
    place = {_core(name): at for at, name in enumerate(robot.joint_names)}
    unknown = [name for name in names if _core(name) not in place]
    if unknown:
        raise Misfit(f"its joint {unknown[0]!r} is none of {robot.name}'s")
    if len(set(names)) != len(names):
        raise Misfit("it names a joint twice")
    return np.array([place[_core(name)] for name in names], np.int64)


def _core(name: str) -> str:
    return name.lower().removesuffix("_joint").removesuffix("_dof")


def _link_choices(
    stored: StoredMotion, robot: RobotModel, links: LinkSet
) -> Iterator[Int64[np.ndarray, "B"]]:
    """Which links the rows may be; the table's own order first."""
    place = {name: at for at, name in enumerate(links.names)}
    if not stored.links:
        return
    if stored.link_names is not None and len(stored.link_names) == stored.links:
        yield np.array([place.get(name, -1) for name in stored.link_names], np.int64)
        return
    groups = sorted(
        {*robot.links.groups, stored.table.group}, key=lambda g: g != stored.table.group
    )
    for order in sorted(ORDERS, key=lambda order: order != stored.table.order):
        for fixed, group in product((stored.table.links == "all", False, True), groups):
            listed = link_set(robot, fixed=fixed, group=group)
            names = ordering(listed, order).link_names
            if stored.link_indices is not None:
                if max(stored.link_indices) >= len(names):
                    continue
                names = tuple(names[at] for at in stored.link_indices)
            if len(names) == stored.links:
                yield np.array([place.get(name, -1) for name in names], np.int64)


def base_pose(
    stored: StoredMotion, robot: RobotModel
) -> tuple[Float64[np.ndarray, "T 3"], Float64[np.ndarray, "T 4"]]:
    """Where the base is: as the file says it, else its link."""
    base = robot.links.names[0]
    names = stored.link_names or ()
    row = names.index(base) if base in names else 0
    values = stored.values
    position = values.get("root_position")
    rotation = values.get("root_rotation")
    return (
        values["link_position"][:, row] if position is None else position,
        values["link_rotation"][:, row] if rotation is None else rotation,
    )


def configurations(
    stored: StoredMotion, robot: RobotModel, joints: Int64[np.ndarray, "D"]
) -> Float64[np.ndarray, "T Q"]:
    """The robot's configurations (wxyz, its own joints); joints that the file does not have are zero."""
    qpos = np.zeros((stored.frames, robot.qpos_size))
    qpos[:, :3], qpos[:, 3:7] = base_pose(stored, robot)
    qpos[:, 7 + joints] = stored.values["joint_position"]
    return qpos


def _tracks(
    stored: StoredMotion,
    robot: RobotModel,
    joints: Int64[np.ndarray, "D"],
    links: LinkSet,
    sample: Int64[np.ndarray, "S"],
) -> Tracks:
    return make_tracks(configurations(stored, robot, joints)[sample], 1.0, robot, links=links)


def link_errors(
    stored: StoredMotion,
    tracks: Tracks,
    places: Int64[np.ndarray, "B"],
    sample: Int64[np.ndarray, "S"] | slice = slice(None),
) -> Float64[np.ndarray, "S K"]:
    """How far links that the robot has are from where the file has them, metres; or radians, without positions."""
    known = places >= 0
    bodies = tracks.bodies
    if "link_position" in stored.values:
        there = stored.values["link_position"][sample][:, known]
        return np.asarray(np.linalg.norm(bodies.position[:, places[known]] - there, axis=-1))
    if "local_link_position" in stored.values:
        there = stored.values["local_link_position"][sample][:, known]
        away = bodies.position[:, places[known]] - tracks.root_position[:, None]
        inverse = np.broadcast_to(
            (tracks.root_rotation * _CONJUGATE)[:, None], (*away.shape[:2], 4)
        )
        return np.asarray(np.linalg.norm(rotated(inverse, away) - there, axis=-1))
    there = stored.values["link_rotation"][sample][:, known]
    dot = np.abs(np.einsum("tbi,tbi->tb", bodies.rotation[:, places[known]], there))
    return np.asarray(2 * np.arccos(np.clip(dot, 0.0, 1.0)))


def _upright(
    stored: StoredMotion,
    robot: RobotModel,
    joints: Int64[np.ndarray, "D"],
    turnings: tuple[bool, ...],
) -> tuple[bool, bool]:
    """Whether quaternions are written the other way, and whether that is sure: a robot stands, mostly, on a floor."""
    if len(turnings) == 1:
        return False, True
    sample = _sample(stored)
    upright, calm = [], []
    for turned in turnings:
        read = stored.with_quaternions_turned() if turned else stored
        tracks = _tracks(read, robot, joints, link_set(robot), sample)
        up = rotated(tracks.root_rotation, np.array([0.0, 0.0, 1.0]))[:, 2]
        upright.append(float(up.mean()))
        calm.append(float(tracks.bodies.position[..., 2].min(axis=1).std()))
    if abs(upright[1] - upright[0]) > _SURE:
        return upright[1] > upright[0], True
    if calm[1] < _CALM * calm[0] or calm[0] < _CALM * calm[1]:
        return calm[1] < calm[0], True
    return False, False


def turned(stored: StoredMotion, layout: Layout) -> tuple[StoredMotion, Layout]:
    """The motion as its quaternions are, and a layout that knows it."""
    if not layout.turned:
        return stored, layout
    return stored.with_quaternions_turned(), replace(layout, turned=False)
