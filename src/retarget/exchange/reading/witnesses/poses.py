"""Joints, base and links of a file against each other, and numbers against what they can be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.exchange.reading.layout import Layout
from retarget.exchange.reading.stored import StoredMotion
from retarget.exchange.reading.witnesses.finding import Finding
from retarget.exchange.reading.witnesses.links import edited_places, is_odd, why_odd
from retarget.exchange.reading.witnesses.vectors import vector_faults
from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel

__all__ = ["pose_findings"]

_OFF_UNIT: Final = 1e-3  # of a quaternion; a hundred times as much is none
_DEGREES: Final = 180 / np.pi
_OUTSIDE: Final = 0.5  # rad beyond a limit
_GENTLE: Final = 0.05  # rad beyond a limit, as models of one robot differ
_TALL: Final = 5.0  # times a standing robot's height


def pose_findings(stored: StoredMotion, robot: RobotModel, layout: Layout) -> Iterator[Finding]:
    """Whether joints, base and links agree, and numbers are what they should be."""
    for name, values in stored.values.items():
        if not np.isfinite(values).all():
            frame = int(np.argwhere(~np.isfinite(values))[0][0])
            yield Finding(
                "numbers",
                True,
                f"{name} holds a number that is NaN, infinite or absurd at frame {frame}",
            )
            return
    if stored.norms > _OFF_UNIT:
        text = f"a quaternion's length is off one by {stored.norms:.3g}"
        yield Finding("quaternion", stored.norms > 100 * _OFF_UNIT, text)
    if stored.flips:
        text = f"the base's quaternion changes its sign {stored.flips} times, which readers that interpolate trip over"
        yield Finding("sign", True, text)
    joints = stored.values["joint_position"]
    faults = list(_unit_faults(stored, robot, layout))
    if layout.misfit is not None and is_odd(stored, robot, layout) and not faults:
        faults = list(why_odd(stored, robot, layout))
    if layout.misfit is not None and not faults:
        faults = list(edited_places(stored, robot, layout))
    faults += vector_faults(stored, robot, layout)
    yield from faults
    if not any(fault.name == "unit" for fault in faults):
        yield from _limit_findings(joints, robot, layout)


def _unit_faults(stored: StoredMotion, robot: RobotModel, layout: Layout) -> Iterator[Finding]:
    """Degrees for radians, or centimetres for metres."""
    joints, chosen = stored.values["joint_position"], layout.joints
    lower, upper = robot.lower[chosen] - _OUTSIDE, robot.upper[chosen] + _OUTSIDE
    beyond = float(((joints < lower) | (joints > upper)).mean())
    in_degrees = joints / _DEGREES
    if beyond > 0.1 and ((in_degrees >= lower) & (in_degrees <= upper)).mean() > 0.99:
        text = f"{beyond:.0%} of the joint angles are beyond the limits in radians and within them in degrees"
        yield Finding("unit", True, text)
    base = stored.values.get("root_position")
    if base is None:
        base = stored.values["link_position"][:, 0]
    height = _standing_height(robot)
    median = float(np.median(np.abs(base[:, 2])))
    if median > _TALL * height:
        yield Finding(
            "unit",
            True,
            f"the base is {median:.3g} m high and the robot stands at {height:.2f} m: centimetres or millimetres",
        )


def _standing_height(robot: RobotModel) -> float:
    positions, _ = body_poses(robot, robot.neutral)
    return float(-positions[:, 2].min())


def _limit_findings(
    joints: Float64[np.ndarray, "T D"], robot: RobotModel, layout: Layout
) -> Iterator[Finding]:
    lower, upper = robot.lower[layout.joints], robot.upper[layout.joints]
    outside = (joints < lower - _GENTLE) | (joints > upper + _GENTLE)
    mirrored = (-joints >= lower - _GENTLE) & (-joints <= upper + _GENTLE)
    share = outside.mean(axis=0)
    names = [robot.joint_names[joint] for joint in layout.joints]
    signs = (share > 0.5) & ((outside & mirrored).mean(axis=0) > 0.9 * share)
    if signs.any():
        listed = ", ".join(name for name, bad in zip(names, signs, strict=True) if bad)
        yield Finding("sign", True, f"beyond the limits, and within them when negated: {listed}")
    worst = int(share.argmax())
    if outside.any() and not signs.any():
        yield Finding(
            "limits",
            False,
            f"{outside.any(axis=0).sum()} joints go beyond the limits of {robot.name}, {names[worst]} in "
            f"{share[worst]:.0%} of the frames",
        )
