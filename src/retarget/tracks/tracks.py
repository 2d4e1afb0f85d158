"""A robot motion at one rate with its velocities and link poses, from which every file is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from retarget.errors import OptionsError
from retarget.geometry import quaternion_from_matrix, quaternion_product, rotated, without_flips
from retarget.robots.model import RobotModel
from retarget.tracks.kernels import LinkArrays, LinkMotion, RootMotion, TreeArrays, track_links
from retarget.tracks.link_sets import LinkSet, link_set

__all__ = ["BodyTracks", "Tracks", "free_joint_rates", "make_tracks"]

_BLOCK_FRAMES = 4096
_BY_FRAME = (
    "root_position",
    "root_rotation",
    "joint_position",
    "root_velocity",
    "root_spin",
    "joint_velocity",
    "foot_contacts",
    "link_contacts",
)


@dataclass(frozen=True, slots=True, eq=False)
class BodyTracks:
    """Links in the world over time, in the order of a `LinkSet`.

    Attributes:
        position: Origins of the link frames, metres.
        rotation: Rotations of the link frames, wxyz, without jumps of sign; w >= 0 in the first frame.
        velocity: Velocity of the origins, m/s.
        centre_velocity: Velocity of the centres of mass, m/s.
        spin: Angular velocity, rad/s.
    """

    position: Float64[np.ndarray, "T L 3"]
    rotation: Float64[np.ndarray, "T L 4"]
    velocity: Float64[np.ndarray, "T L 3"]
    centre_velocity: Float64[np.ndarray, "T L 3"]
    spin: Float64[np.ndarray, "T L 3"]


@dataclass(frozen=True, eq=False)
class Tracks:
    """A robot motion at one rate: what files of other tools are made of; z up, SI units, the world's frame.

    Velocities are central differences over two frames, one-sided at both ends; the angular velocity of the base is
    that of the rotation from the frame before to the frame after, and its ends repeat their neighbours. Those of links
    follow from base and joints by kinematics, not from differences of link positions, so that all agree with each
    other.

    Attributes:
        robot: The robot.
        links: Its links and moving joints that are tracked, depth first.
        fps: Frames per second.
        root_position: Base, metres.
        root_rotation: Base, wxyz, without jumps of sign; w >= 0 in the first frame.
        joint_position: The D moving joints, rad, in the robot's order.
        root_velocity: m/s.
        root_spin: Angular velocity of the base in the world's frame, rad/s.
        joint_velocity: rad/s.
        foot_contacts: Whether the left and the right foot stand, or None where nobody knows.
        link_contacts: Whether each link touches the ground, or None where nobody knows.
        link_signs: Signs of the links' rotations, of a part of a motion; None chooses them by the first frame.

    Example:
        >>> tracks = make_tracks(result.qpos, result.fps, robot)  # doctest: +SKIP
        >>> tracks.bodies.position.shape  # doctest: +SKIP
        (250, 30, 3)
    """

    robot: RobotModel
    links: LinkSet
    fps: float
    root_position: Float64[np.ndarray, "T 3"]
    root_rotation: Float64[np.ndarray, "T 4"]
    joint_position: Float64[np.ndarray, "T D"]
    root_velocity: Float64[np.ndarray, "T 3"]
    root_spin: Float64[np.ndarray, "T 3"]
    joint_velocity: Float64[np.ndarray, "T D"]
    foot_contacts: Bool[np.ndarray, "T 2"] | None = None
    link_contacts: Bool[np.ndarray, "T L"] | None = None
    link_signs: Float64[np.ndarray, "L"] | None = None

    def __len__(self) -> int:
        return len(self.root_position)

    @property
    def root_spin_local(self) -> Float64[np.ndarray, "T 3"]:
        """Angular velocity of the base in its own frame, rad/s: MuJoCo's ``qvel[3:6]``."""
        inverse = self.root_rotation * np.array([1.0, -1.0, -1.0, -1.0])
        return rotated(inverse, self.root_spin)

    @cached_property
    def bodies(self) -> BodyTracks:
        """Poses and velocities of the links; calculated when first asked for."""
        return _body_tracks(self)

    def blocks(self) -> Iterator[tuple[slice, Tracks]]:
        """The motion in parts of some thousand frames, as `bodies` of an hour fill a gigabyte."""
        for first in range(0, len(self), _BLOCK_FRAMES):
            frames = slice(first, min(first + _BLOCK_FRAMES, len(self)))
            yield frames, self._part(frames, self._signs)

    @cached_property
    def _signs(self) -> Float64[np.ndarray, "L"]:
        first = _body_tracks(self._part(slice(0, 1), np.ones(len(self.links))))
        return np.where(first.rotation[0, :, 0] < 0, -1.0, 1.0)

    def _part(self, frames: slice, signs: Float64[np.ndarray, "L"]) -> Tracks:
        arrays: dict[str, Any] = {
            name: None if getattr(self, name) is None else getattr(self, name)[frames]
            for name in _BY_FRAME
        }
        return replace(self, link_signs=signs, **arrays)


def make_tracks(
    qpos: Float64[np.ndarray, "T Q"],
    fps: float,
    robot: RobotModel,
    *,
    links: LinkSet | None = None,
    foot_contacts: Bool[np.ndarray, "T 2"] | None = None,
    body_contacts: Bool[np.ndarray, "T B"] | None = None,
) -> Tracks:
    """Tracks of configurations at their own rate.

    Args:
        qpos: Configurations of the robot: base (m, wxyz), then all its joints (rad) in its order. Joints that the link
            set locks count as zero.
        fps: Frames per second.
        robot: The robot.
        links: Links and joints to track; all that move when None.
        foot_contacts: Whether the left and the right foot stand.
        body_contacts: Whether each body of the robot model touches the ground.

    Raises:
        OptionsError: The configurations are not the robot's, or not finite.
    """
    links = link_set(robot) if links is None else links
    qpos = np.asarray(qpos, np.float64)
    if qpos.ndim != 2 or qpos.shape[1] != robot.qpos_size or not len(qpos):
        raise OptionsError(
            f"configurations of {robot.name} are (T, {robot.qpos_size}) with T > 0, not {qpos.shape}"
        )
    if not np.isfinite(qpos).all():
        raise OptionsError("configurations hold NaN or infinite values")
    rotation = without_flips(qpos[:, 3:7])
    rotation /= np.linalg.norm(rotation, axis=1, keepdims=True)
    rotation *= -1.0 if rotation[0, 0] < 0 else 1.0
    joints = np.ascontiguousarray(qpos[:, 7 + links.joint_indices])
    position = np.ascontiguousarray(qpos[:, :3])
    return Tracks(
        robot=robot,
        links=links,
        fps=float(fps),
        root_position=position,
        root_rotation=rotation,
        joint_position=joints,
        root_velocity=_gradient(position, fps),
        root_spin=_spin(rotation, fps),
        joint_velocity=_gradient(joints, fps),
        foot_contacts=foot_contacts,
        link_contacts=None if body_contacts is None else body_contacts[:, links.bodies],
    )


def free_joint_rates(pose: Float64[np.ndarray, "T 7"], fps: float) -> Float64[np.ndarray, "T 6"]:
    """Rates of something on a free joint: velocity in the world, m/s, and spin in its own frame, rad/s.

    Args:
        pose: xyz in metres, wxyz without jumps of sign.
        fps: Frames per second.
    """
    spin = _spin(pose[:, 3:], fps)
    inverse = pose[:, 3:] * np.array([1.0, -1.0, -1.0, -1.0])
    return np.concatenate([_gradient(pose[:, :3], fps), rotated(inverse, spin)], axis=1)


def _gradient(values: Float64[np.ndarray, "T n"], fps: float) -> Float64[np.ndarray, "T n"]:
    """Central differences, one-sided at both ends; zero for a single frame."""
    if len(values) < 2:
        return np.zeros_like(values)
    out = np.empty_like(values)
    out[1:-1] = (values[2:] - values[:-2]) * (fps / 2)
    out[0] = (values[1] - values[0]) * fps
    out[-1] = (values[-1] - values[-2]) * fps
    return out


def _spin(rotations: Float64[np.ndarray, "T 4"], fps: float) -> Float64[np.ndarray, "T 3"]:
    """Angular velocity in the world over two frames, wxyz without flips; ends repeat their neighbours."""
    frames = len(rotations)
    if frames < 2:
        return np.zeros((frames, 3))
    apart = min(2, frames - 1)
    inverse = rotations[:-apart] * np.array([1.0, -1.0, -1.0, -1.0])
    turn = quaternion_product(rotations[apart:], inverse)
    sine = np.linalg.norm(turn[:, 1:], axis=1, keepdims=True)
    angle = 2 * np.arctan2(sine, turn[:, :1])
    per_sine = np.where(sine > 1e-12, angle / np.maximum(sine, 1e-12), 2.0)
    inner = turn[:, 1:] * per_sine * (fps / apart)
    if apart == 1:
        return np.repeat(inner, 2, axis=0)
    return np.concatenate([inner[:1], inner, inner[-1:]])


def _body_tracks(tracks: Tracks) -> BodyTracks:
    robot, links = tracks.robot, tracks.links
    frames, count = len(tracks), len(links)
    angles = np.zeros((frames, robot.joint_count))
    angles[:, links.joint_indices] = tracks.joint_position
    rates = np.zeros((frames, robot.joint_count))
    rates[:, links.joint_indices] = tracks.joint_velocity
    motion = LinkMotion(
        np.empty((frames, count, 3)),
        np.empty((frames, count, 4)),
        np.empty((frames, count, 3)),
        np.empty((frames, count, 3)),
        np.empty((frames, count, 3)),
    )
    track_links(
        RootMotion(
            tracks.root_position,
            tracks.root_rotation,
            tracks.root_velocity,
            tracks.root_spin,
            angles,
            rates,
        ),
        TreeArrays(
            np.ascontiguousarray(robot.parents, np.int64),
            np.ascontiguousarray(robot.offsets, np.float64),
            quaternion_from_matrix(robot.orientations),
            np.ascontiguousarray(robot.axes, np.float64),
        ),
        LinkArrays(links.bodies, links.offsets, links.rotations, links.mass_centres),
        motion,
    )
    signs = tracks.link_signs
    if signs is None:
        signs = np.where(motion.rotation[0, :, 0] < 0, -1.0, 1.0)
    motion.rotation[:, signs < 0] *= -1.0
    return BodyTracks(*motion)
