"""What a file says twice, held against itself: poses, velocities, rates, units and signs; each fault by its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

import numpy as np
from jaxtyping import Float64

from retarget.exchange.reading.layout import FITS_M, Layout, configurations, link_errors
from retarget.exchange.reading.stored import StoredMotion
from retarget.geometry import rotated
from retarget.robots.kinematics import body_poses
from retarget.robots.model import RobotModel
from retarget.tracks import Tracks, link_set, make_tracks

__all__ = ["Finding", "FindingName", "pose_findings", "velocity_findings"]

FindingName: TypeAlias = Literal[
    "container", "contacts", "frame", "joints", "limits", "links", "numbers", "order", "poses", "quaternion", "rate",
    "sign", "unit", "velocity", "velocity_point",
]  # fmt: skip

_OFF_UNIT: Final = 1e-3  # of a quaternion; a hundred times as much is none
_LEVER_M: Final = 0.1  # by which a turn counts as a distance
_ODD_M: Final = 0.03  # of one link in most frames: fixed links differ by half of it between models
_ODD_TURN: Final = np.radians(1.5)
_OFF_M: Final = 0.02  # of one link in one frame: more than any rounding or model leaves
_TURN: Final = np.radians(2.0)
_SMALL_RATE: Final = 0.02  # m/s or rad/s under which a motion says nothing about its rates
_SMOOTHED: Final = 0.5  # of the motion: stored rates may be smoothed or differenced forwards
_RATE_OFF: Final = 0.08  # share by which rates may be off from differences
_DEGREES: Final = 180 / np.pi
_OUTSIDE: Final = 0.5  # rad beyond a limit
_GENTLE: Final = 0.05  # rad beyond a limit, as models of one robot differ
_TALL: Final = 5.0  # times a standing robot's height
_MOST_FLIPS: Final = 6
_PROBED: Final = 24  # frames


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a file.

    Attributes:
        name: What it is about.
        wrong: Whether the file's consumer would be misled; else it is worth knowing.
        text: A plain sentence.
        derived: It is about velocities or contacts, which follow from a motion; the motion itself may be sound.
    """

    name: FindingName
    wrong: bool
    text: str
    derived: bool = False


def pose_findings(stored: StoredMotion, robot: RobotModel, layout: Layout) -> Iterator[Finding]:
    """Whether joints, base and links agree, and numbers are what they should be."""
    for name, values in stored.values.items():
        if not np.isfinite(values).all():
            frame = int(np.argwhere(~np.isfinite(values))[0][0])
            yield Finding(
                "numbers", True, f"{name} holds NaN or an infinite value at frame {frame}"
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
    if layout.misfit is not None and _odd(stored, robot, layout) and not faults:
        faults = list(_explained(stored, robot, layout))
    if layout.misfit is not None and not faults:
        faults = list(_edited(stored, robot, layout))
    faults += _vector_faults(stored, robot, layout)
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


def _explained(stored: StoredMotion, robot: RobotModel, layout: Layout) -> Iterator[Finding]:
    """Why links are not where joints put them: frame, scale or the sign of some joints."""
    sample = _probe(stored.frames)
    qpos = configurations(stored, robot, layout.joints)[sample]
    tracks = make_tracks(qpos, 1.0, robot, links=layout.link_set)
    known = layout.links >= 0
    if "link_position" in stored.values:
        there = stored.values["link_position"][sample][:, known]
        here = tracks.bodies.position[:, layout.links[known]]
        turn = np.broadcast_to(tracks.root_rotation[:, None], (*there.shape[:2], 4))
        world = rotated(turn, there - there[:, :1]) + here[:, :1]
        if np.linalg.norm(world - here, axis=-1).mean() < FITS_M:
            yield Finding("frame", True, "link positions are in the base's frame, not the world's")
            return
        away, meant = there - there[:, :1], here - here[:, :1]
        scale = float((away * meant).sum() / max(float((meant * meant).sum()), 1e-12))
        if (
            abs(scale - 1) > _RATE_OFF
            and scale > 0
            and np.linalg.norm(away / scale - meant, axis=-1).mean() < FITS_M
        ):
            yield Finding("unit", True, f"link positions are {scale:.4g} times metres")
            return
    if "local_link_position" in stored.values:
        there = stored.values["local_link_position"][sample][:, known]
        here = tracks.bodies.position[:, layout.links[known]]
        for base in (tracks.root_position[:, None], np.zeros(3)):
            if np.linalg.norm(here - base - there, axis=-1).mean() < FITS_M:
                text = "link positions are turned as the world's, not in the base's frame"
                yield Finding("frame", True, text)
                return
    flipped = _negated(stored, robot, layout, qpos, sample)
    if flipped:
        yield Finding("sign", True, f"joints are negated: {', '.join(flipped)}")
        return
    error = link_errors(stored, tracks, layout.links, sample)
    worst = np.flatnonzero(known)[int(error.mean(axis=0).argmax())]
    name = layout.link_set.names[int(layout.links[worst])]
    yield Finding(
        "poses",
        True,
        f"links are {error.mean():.3f} m from where joints and base put them on {robot.name}, {name} most "
        f"({error.mean(axis=0).max():.3f} m): another robot, another order, or a torn file",
    )


def _probe(frames: int) -> np.ndarray:
    return np.unique(np.linspace(0, frames - 1, _PROBED).astype(np.int64))


def _combined(
    stored: StoredMotion, tracks: Tracks, layout: Layout, sample: np.ndarray
) -> Float64[np.ndarray, "S K"]:
    """How far links are off, turns counted over a lever, metres."""
    error = link_errors(stored, tracks, layout.links, sample)
    if "link_rotation" not in stored.values or "link_position" not in stored.values:
        return error
    return error + _LEVER_M * _turned_by(stored, tracks, layout, sample)


def _turned_by(
    stored: StoredMotion, tracks: Tracks, layout: Layout, sample: np.ndarray | slice
) -> Float64[np.ndarray, "S K"]:
    known = layout.links >= 0
    there = stored.values["link_rotation"][sample][:, known]
    here = tracks.bodies.rotation[:, layout.links[known]]
    return np.asarray(2 * np.arccos(np.clip(np.abs(np.einsum("tbi,tbi->tb", here, there)), 0, 1)))


def _odd(stored: StoredMotion, robot: RobotModel, layout: Layout) -> bool:
    """Whether some link is off in most frames."""
    sample = _probe(stored.frames)
    qpos = configurations(stored, robot, layout.joints)[sample]
    tracks = make_tracks(qpos, 1.0, robot, links=layout.link_set)
    return _is_odd(stored, tracks, layout, sample)


def _is_odd(stored: StoredMotion, tracks: Tracks, layout: Layout, sample: np.ndarray) -> bool:
    error = link_errors(stored, tracks, layout.links, sample)
    if np.median(error, axis=0).max() > _ODD_M:
        return True
    if "link_rotation" not in stored.values:
        return False
    angle = _turned_by(stored, tracks, layout, sample)
    return bool(np.median(angle, axis=0).max() > _ODD_TURN)


def _negated(
    stored: StoredMotion,
    robot: RobotModel,
    layout: Layout,
    qpos: Float64[np.ndarray, "S Q"],
    sample: np.ndarray,
) -> list[str]:
    """Joints whose negation puts all links where the file has them; none where that does not explain it."""

    def misfit(at: Float64[np.ndarray, "S Q"]) -> tuple[float, bool]:
        tracks = make_tracks(at, 1.0, robot, links=layout.link_set)
        error = float(_combined(stored, tracks, layout, sample).mean())
        return error, _is_odd(stored, tracks, layout, sample)

    found: list[str] = []
    best, _ = misfit(qpos)
    for _ in range(_MOST_FLIPS):
        trials = []
        for joint in layout.joints:
            trial = qpos.copy()
            trial[:, 7 + joint] *= -1
            trials.append((*misfit(trial), int(joint)))
        least, odd, joint = min(trials)
        if least > 0.95 * best:
            return []
        qpos[:, 7 + joint] *= -1
        best = least
        found.append(robot.joint_names[joint])
        if not odd:
            return found
    return []


def _edited(stored: StoredMotion, robot: RobotModel, layout: Layout) -> Iterator[Finding]:
    """A frame or link off by itself, in a file that fits as a whole; and rotations of links."""
    qpos = configurations(stored, robot, layout.joints)
    tracks = make_tracks(qpos, 1.0, robot, links=layout.link_set)
    known = np.flatnonzero(layout.links >= 0)
    error = link_errors(stored, tracks, layout.links)
    if error.max() > _OFF_M:
        frame, link = np.unravel_index(int(error.argmax()), error.shape)
        name = layout.link_set.names[int(layout.links[known[int(link)]])]
        yield Finding(
            "poses",
            True,
            f"at frame {frame} {name} is {error.max():.3f} m from where joints and base put it",
        )
        return
    if "link_rotation" not in stored.values:
        return
    angle = _turned_by(stored, tracks, layout, slice(None))
    share = float((angle > _TURN).mean())
    if share > 0.5 and np.median(angle) > _TURN:
        yield Finding(
            "quaternion",
            True,
            "rotations of links do not follow from the joints that put them there",
        )
    elif angle.max() > 5 * _TURN and share < 0.5:
        frame, link = np.unravel_index(int(angle.argmax()), angle.shape)
        name = layout.link_set.names[int(layout.links[known[int(link)]])]
        degrees = float(np.degrees(angle.max()))
        text = f"at frame {frame} {name} is turned by {degrees:.1f} degrees from where its joints put it"
        yield Finding("poses", share > 0.02, text)


def _vector_faults(stored: StoredMotion, robot: RobotModel, layout: Layout) -> list[Finding]:
    """Rotation vectors of bodies (PHC) against joints and base."""
    vectors = stored.values.get("pose_vectors")
    if vectors is None:
        return []
    names = [robot.joint_names[joint] for joint in sorted(layout.joints)]
    kept = link_set(robot, joints=names)
    rows = {joints[0]: row for row, joints in enumerate(kept.joints) if len(joints) == 1}
    if vectors.shape[1] < len(kept):
        return [
            Finding("links", True, f"pose_aa has {vectors.shape[1]} rows for {len(kept)} bodies")
        ]
    found = []
    angles = stored.values["joint_position"]
    summed = vectors.sum(axis=2)  # as readers take the angle of a hinge
    negated: list[str] = []
    other: list[str] = []
    for column, joint in enumerate(layout.joints):
        difference = np.abs(summed[:, rows[int(joint)]] - angles[:, column]).max()
        if difference > 1e-3:
            reverse = np.abs(summed[:, rows[int(joint)]] + angles[:, column]).max()
            (negated if reverse < 1e-3 else other).append(robot.joint_names[int(joint)])
    if other:
        found.append(
            Finding("order", True, f"pose_aa and dof do not agree: {', '.join(other[:4])}")
        )
    elif negated:
        found.append(
            Finding(
                "sign", True, f"pose_aa and dof are each other's negative: {', '.join(negated)}"
            )
        )
    base = stored.with_quaternions_turned() if layout.turned else stored
    rotation = base.values["root_rotation"]
    angle = np.linalg.norm(vectors[:, 0], axis=1)
    factor = np.where(angle > 1e-9, np.sin(angle / 2) / np.maximum(angle, 1e-9), 0.5)
    quaternion = np.concatenate(
        [np.cos(angle / 2)[:, None], vectors[:, 0] * factor[:, None]], axis=1
    )
    if np.abs(np.einsum("ti,ti->t", quaternion, rotation)).min() < np.cos(_TURN / 2):
        found.append(Finding("quaternion", True, "root_rot and the first row of pose_aa differ"))
    return found


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


def velocity_findings(
    stored: StoredMotion, robot: RobotModel, layout: Layout, fps: float
) -> Iterator[Finding]:
    """Whether stored rates are those of the motion: their scale, point, frame and sign."""
    if stored.frames < 5:
        return
    read = stored.with_quaternions_turned() if layout.turned else stored
    qpos = configurations(read, robot, layout.joints)
    tracks = make_tracks(qpos, fps, robot, links=layout.link_set)
    rated = list(_joint_rates(stored, tracks, robot, layout, fps))
    yield from rated
    if any(finding.name == "rate" for finding in rated):
        return  # the others follow from it
    yield from _link_rates(read, tracks, layout)
    yield from _spins(read, tracks, layout)


def _scale(
    stored: Float64[np.ndarray, "*n"], meant: Float64[np.ndarray, "*n"]
) -> tuple[float, float]:
    """Factor of stored rates on meant ones, and their likeness (cosine)."""
    dot, own = float((stored * meant).sum()), float((meant * meant).sum())
    other = float((stored * stored).sum())
    return dot / max(own, 1e-12), dot / max(np.sqrt(own * other), 1e-12)


def _joint_rates(
    stored: StoredMotion, tracks: Tracks, robot: RobotModel, layout: Layout, fps: float
) -> Iterator[Finding]:
    rates = stored.values.get("joint_velocity")
    if rates is None or rates.shape != stored.values["joint_position"].shape:
        return
    place = {int(joint): at for at, joint in enumerate(tracks.links.joint_indices)}
    meant = tracks.joint_velocity[:, [place[int(joint)] for joint in layout.joints]]
    if np.abs(meant).mean() < _SMALL_RATE:
        return
    factor, likeness = _scale(rates, meant)
    signs = [_scale(rates[:, j], meant[:, j])[1] for j in range(rates.shape[1])]
    moving = np.abs(meant).mean(axis=0) > _SMALL_RATE
    names = [robot.joint_names[joint] for joint in layout.joints]
    opposite = [n for n, s, m in zip(names, signs, moving, strict=True) if m and s < -_SMOOTHED]
    if opposite:
        yield Finding("sign", True, f"joint rates run against the joints: {', '.join(opposite)}")
    elif likeness < _SMOOTHED:
        yield Finding(
            "velocity", True, f"joint rates are not those of the joints (likeness {likeness:.2f})"
        )
    elif abs(factor / _DEGREES - 1) < _RATE_OFF:
        yield Finding("unit", True, "joint rates are in degrees per second")
    elif abs(factor - 1) > _RATE_OFF and likeness > 0.95:
        yield Finding(
            "rate",
            True,
            f"joint rates are those of {factor * fps:.4g} frames per second, the file says {fps:g}",
        )
    elif abs(factor - 1) > _RATE_OFF:
        text = (
            f"joint rates are {factor:.2f} times those of the joints: smoothed, or of another rate"
        )
        yield Finding("velocity", False, text)


def _mean_error(first: Float64[np.ndarray, "T K 3"], second: Float64[np.ndarray, "T K 3"]) -> float:
    return float(np.linalg.norm(first - second, axis=-1).mean())


def _link_rates(stored: StoredMotion, tracks: Tracks, layout: Layout) -> Iterator[Finding]:
    source = next((s for s in ("link_velocity", "centre_velocity") if s in stored.values), None)
    if source is None:
        return
    known = layout.links >= 0
    rates, places = stored.values[source][:, known], layout.links[known]
    bodies = tracks.bodies
    origins, centres = bodies.velocity[:, places], bodies.centre_velocity[:, places]
    if np.linalg.norm(origins, axis=-1).mean() < _SMALL_RATE:
        return
    meant = origins if source == "link_velocity" else centres
    factor, likeness = _scale(rates, meant)
    inverse = tracks.root_rotation * np.array([1.0, -1.0, -1.0, -1.0])
    turn = np.broadcast_to(inverse[:, None], (*rates.shape[:2], 4))
    if likeness < -_SMOOTHED:
        yield Finding("sign", True, "velocities of links run against the links")
        return
    _, local = _scale(rates, rotated(turn, meant))
    if local > likeness + 0.05:
        yield Finding("frame", True, "velocities of links are in the base's frame, not the world's")
        return
    if likeness < _SMOOTHED or abs(factor - 1) > 4 * _RATE_OFF:
        text = f"velocities of links are {factor:.2f} times theirs (likeness {likeness:.2f})"
        yield Finding("velocity", True, text)
        return
    # Relative to the base's: some writers are off by one velocity for all links.
    errors = [_mean_error(rates - rates[:, :1], v - v[:, :1]) for v in (origins, centres)]
    apart = _mean_error(origins - origins[:, :1], centres - centres[:, :1])
    stated, other = errors if source == "link_velocity" else errors[::-1]
    if other < 0.5 * stated and stated > 0.25 * apart:
        points = ("origins", "centres of mass")
        is_, meant_ = points[::-1] if source == "link_velocity" else points
        yield Finding(
            "velocity_point",
            True,
            f"velocities are those of the links' {is_}, where {stored.table.kind} has those of their {meant_}",
        )


def _spins(stored: StoredMotion, tracks: Tracks, layout: Layout) -> Iterator[Finding]:
    """Angular velocities of links and of the base: in the world's frame, their own, or turned twice."""
    candidates = []
    if "link_spin" in stored.values:
        known = layout.links >= 0
        places = layout.links[known]
        turns = tracks.bodies.rotation[:, places]
        candidates.append(
            (stored.values["link_spin"][:, known], tracks.bodies.spin[:, places], turns, "links")
        )
    if "root_spin" in stored.values:
        base = stored.values["root_spin"][:, None]
        candidates.append(
            (base, tracks.root_spin[:, None], tracks.root_rotation[:, None], "the base")
        )
    for rates, meant, turns, whose in candidates:
        if np.linalg.norm(meant, axis=-1).mean() < _SMALL_RATE:
            continue
        world = _scale(rates, meant)[1]
        own = _scale(rates, rotated(turns * np.array([1.0, -1.0, -1.0, -1.0]), meant))[1]
        twice = _scale(rates, rotated(turns, meant))[1]
        right = (
            "the world's frame" if whose == "links" or "qvel" not in _sources(stored) else "its own"
        )
        if world < -_SMOOTHED:
            yield Finding("sign", True, f"angular velocities of {whose} run against them")
        elif max(own, twice) > world + 0.02 and max(own, twice) > 0.8:
            wrong = "their own frame" if own >= twice else "a frame turned twice"
            yield Finding(
                "frame", True, f"angular velocities of {whose} are in {wrong}, not in {right}"
            )
        elif world < _SMOOTHED:
            text = f"angular velocities of {whose} are not theirs (likeness {world:.2f})"
            yield Finding("velocity", True, text)


def _sources(stored: StoredMotion) -> set[str]:
    return {row.source for row in stored.table.rows}


def turned(stored: StoredMotion, layout: Layout) -> tuple[StoredMotion, Layout]:
    """The motion as its quaternions are, and a layout that knows it."""
    if not layout.turned:
        return stored, layout
    return stored.with_quaternions_turned(), replace(layout, turned=False)
