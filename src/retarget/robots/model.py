"""A robot as flat arrays: the one model that solver, evaluation and pictures share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.robots.couplings import Couplings, Loops
from retarget.robots.links import Links
from retarget.robots.spec import LIMBS, SIDES

__all__ = ["RobotModel"]


@dataclass(frozen=True, slots=True, eq=False)
class RobotModel:
    """Kinematic tree of a floating-base robot whose joints are hinges.

    Bodies are the moving bodies only: body 0 is the floating base and body ``b > 0`` is moved by hinge
    joint ``b - 1``; parents come before their children. A body's frame has its origin on its joint's axis;
    bodies welded to another are merged into it. A joint that slides has no axis here: it is held. A configuration
    is ``qpos`` (7 + N): base position in metres, base rotation wxyz, then the joint angles in radians in MuJoCo's
    order, which is the order of the bodies.

    The pose of body ``b`` in its parent's frame at angle ``q`` is: translate by ``offsets[b]``, rotate by
    ``orientations[b]``, then rotate by ``q`` about ``axes[b]``.

    Attributes:
        name: Name of the robot.
        sha256: Hash over the model's content, for provenance and fingerprints.
        body_names: B names.
        joint_names: N = B - 1 names.
        parents: Parent body, -1 for the base.
        offsets: Origin of each body in its parent's frame, metres (zero for the base).
        orientations: Rotation of each body in its parent's frame at joint angle zero (identity for the base).
        axes: Unit joint axis in the body's frame (zero for the base).
        lower: Lower joint limit, rad.
        upper: Upper joint limit, rad.
        velocity_limits: Joint speed limit, rad/s; infinite where unknown.
        acceleration_limits: Joint acceleration limit, rad/s^2; infinite where unknown.
        effort_limits: Joint torque limit, N m; infinite where unknown.
        neutral: A relaxed upright configuration of the joints, rad, used where nothing else is known.
        held: Joints that no body role needs (fingers, heads, what slides), or that follow others: they are out of
            every solve, at neutral or where ``couplings`` and ``loops`` put them.
        couplings: Joints that follow others by a polynomial: gears and mimics.
        loops: Points of bodies that are in one place: rods of parallel ankles.
        upright: Rotation of the base with which the robot stands along z and looks along x.
        roles: Body role -> body index: pelvis, chest and left/right hip, knee, ankle, shoulder, elbow, wrist.
            The origin of a limb role's body is the joint's centre; ankle is the foot's body, wrist the hand's.
            A robot that has no arms lacks their roles and the chest; one that has no legs lacks theirs, and its
            pelvis is the base.
        role_points: Body role -> joint centre in the role body's frame, metres.
        feet: Bodies of the left and the right foot; none where the robot has no legs.
        soles: Centres of the spheres of radius ``sole_radius`` that touch the ground, in the foot's frame,
            metres; left, right; none where the robot has no legs.
        sole_radius: Radius of those spheres, metres (0 for corners of a box).
        capsule_bodies: Body of each collision capsule.
        capsule_starts: First end of its axis in the body's frame, metres (a sphere has both ends equal).
        capsule_ends: Second end.
        capsule_radii: Radius, metres.
        capsule_names: Names for reports.
        ball_bodies: Hand's body of each ball that meets things in place of the body's capsules; none where the hands'
            meshes are not known. The first balls of a body say most of it.
        balls: Centre in that body's frame and radius, metres.
        collision_pairs: Pairs of capsules that must not overlap; adjacent and always-touching ones are left out.
        collision_gaps: Least gap of each pair in the upright and the neutral posture, metres.
        masses: Body masses, kg.
        mass_centres: Centre of mass of each body in its frame, metres.
        inertias: Rotational inertia of each body about its centre of mass, in its frame, kg m^2.
        links: Links of the description, moving and fixed, as other tools list them; not part of the hash, as no
            result depends on them.
        joint_sets: Name -> joints of a smaller robot of the same family, for exports.
        stated_roles: Roles that a description states; the others were proposed.
        source: Path of the description, licence and package, for people.
        notes: What was assumed, added or left out when the description was read, in plain sentences.

    Example:
        >>> from retarget.robots import load_robot
        >>> robot = load_robot("unitree_g1")
        >>> robot.body_names[robot.roles["left_knee"]], robot.qpos_size
        ('left_knee_link', 36)
    """

    name: str
    sha256: str
    body_names: tuple[str, ...]
    joint_names: tuple[str, ...]
    parents: Int64[np.ndarray, "B"]
    offsets: Float64[np.ndarray, "B 3"]
    orientations: Float64[np.ndarray, "B 3 3"]
    axes: Float64[np.ndarray, "B 3"]
    lower: Float64[np.ndarray, "N"]
    upper: Float64[np.ndarray, "N"]
    velocity_limits: Float64[np.ndarray, "N"]
    acceleration_limits: Float64[np.ndarray, "N"]
    effort_limits: Float64[np.ndarray, "N"]
    neutral: Float64[np.ndarray, "N"]
    held: Bool[np.ndarray, "N"]
    couplings: Couplings
    loops: Loops
    upright: Float64[np.ndarray, "3 3"]
    roles: dict[str, int]
    role_points: dict[str, Float64[np.ndarray, "3"]]
    feet: Int64[np.ndarray, "F"]
    soles: Float64[np.ndarray, "F S 3"]
    sole_radius: float
    capsule_bodies: Int64[np.ndarray, "G"]
    capsule_starts: Float64[np.ndarray, "G 3"]
    capsule_ends: Float64[np.ndarray, "G 3"]
    capsule_radii: Float64[np.ndarray, "G"]
    capsule_names: tuple[str, ...]
    ball_bodies: Int64[np.ndarray, "H"]
    balls: Float64[np.ndarray, "H 4"]
    collision_pairs: Int64[np.ndarray, "P 2"]
    collision_gaps: Float64[np.ndarray, "P"]
    masses: Float64[np.ndarray, "B"]
    mass_centres: Float64[np.ndarray, "B 3"]
    inertias: Float64[np.ndarray, "B 3 3"]
    links: Links
    joint_sets: dict[str, tuple[str, ...]]
    stated_roles: tuple[str, ...]
    source: str
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        mass = float(self.masses.sum())
        return f"RobotModel({self.name!r}: {self.joint_count} joints, {mass:.1f} kg)"

    def has(self, limb: Literal["leg", "arm"]) -> bool:
        """Whether the robot has both legs, or both arms: all that asks about roles asks this first."""
        return all(f"{side}_{role}" in self.roles for side in SIDES for role in LIMBS[limb])

    @property
    def joint_count(self) -> int:
        """Number N of hinge joints."""
        return len(self.joint_names)

    @property
    def qpos_size(self) -> int:
        """Length of a configuration, 7 + N."""
        return 7 + self.joint_count
