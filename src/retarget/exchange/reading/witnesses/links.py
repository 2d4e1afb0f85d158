"""Links against the joints and the base that should put them there: frame, scale, signs, edited frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.exchange.reading.layout import FITS_M, Layout, configurations, link_errors
from retarget.exchange.reading.stored import StoredMotion
from retarget.exchange.reading.witnesses.finding import Finding
from retarget.geometry import rotated
from retarget.robots.model import RobotModel
from retarget.tracks import Tracks, make_tracks

__all__ = ["edited_places", "is_odd", "why_odd"]

_LEVER_M: Final = 0.1  # by which a turn counts as a distance
_ODD_M: Final = 0.03  # of one link in most frames: fixed links differ by half of it between models
_ODD_TURN: Final = np.radians(1.5)
_OFF_M: Final = 0.02  # of one link in one frame: more than any rounding or model leaves
_TURN: Final = np.radians(2.0)
_MOST_FLIPS: Final = 6
_PROBED: Final = 24  # frames
_SCALED: Final = 0.08  # share by which a scale is off one


def why_odd(stored: StoredMotion, robot: RobotModel, layout: Layout) -> Iterator[Finding]:
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
            abs(scale - 1) > _SCALED
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


def is_odd(stored: StoredMotion, robot: RobotModel, layout: Layout) -> bool:
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


def edited_places(stored: StoredMotion, robot: RobotModel, layout: Layout) -> Iterator[Finding]:
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
