"""Stored velocities against those of the motion: their scale, point, frame and sign."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.exchange.reading.layout import Layout, configurations
from retarget.exchange.reading.stored import StoredMotion
from retarget.exchange.reading.witnesses.finding import Finding
from retarget.geometry import rotated
from retarget.robots.model import RobotModel
from retarget.tracks import Tracks, make_tracks

__all__ = ["velocity_findings"]

_SMALL_RATE: Final = 0.02  # m/s or rad/s under which a motion says nothing about its rates
_SMOOTHED: Final = 0.5  # of the motion: stored rates may be smoothed or differenced forwards
_RATE_OFF: Final = 0.08  # share by which rates may be off from differences
_DEGREES: Final = 180 / np.pi


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
    if not known.any():
        return
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
    known = layout.links >= 0
    if "link_spin" in stored.values and known.any():
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
