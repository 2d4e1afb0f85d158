"""Ground contact of heels and toes: facts of the clip, found once on the human."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from retarget.motion.anatomy import Anatomy
from retarget.motion.feet import (
    HEIGHT_OFF,
    HEIGHT_ON,
    SPEED_OFF,
    SPEED_ON,
    lowpass,
    speed,
    stance_height,
)
from retarget.motion.segments import SIDES

__all__ = ["HEEL", "TOE", "Contacts", "find_contacts", "runs"]

HEEL, TOE = 0, 1
SHORTEST_STANCE = 0.08  # seconds; shorter touches and gaps are noise
SHARED_FLOOR = 0.05  # leg lengths; feet that rest at heights closer than this stand on one floor


@dataclass(frozen=True, slots=True, eq=False)
class Contacts:
    """When heels and toes are on the ground, and where the ground is.

    Attributes:
        stance: Foot (left, right) x point (heel, toe).
        ankle_heights: Height of each ankle joint while its foot is flat, metres.
        toe_heights: Height of each toe joint in stance, metres; the lower is the clip's floor.
        heel_points: Each heel in its foot's anatomical frame, from the ankle, metres; recorded skeletons have none.
        heel_heights: Height of each of these heels in stance, metres.
    """

    stance: Bool[np.ndarray, "T 2 2"]
    ankle_heights: Float64[np.ndarray, "2"]
    toe_heights: Float64[np.ndarray, "2"]
    heel_points: Float64[np.ndarray, "2 3"]
    heel_heights: Float64[np.ndarray, "2"]

    @property
    def floor(self) -> float:
        """Height of the toe joints at rest, metres: the clip's floor but for the thickness of a toe."""
        return float(self.toe_heights.min())


def find_contacts(anatomy: Anatomy) -> Contacts:
    """Detect stance with hysteresis in height and speed, relative to leg length and in seconds."""
    leg, fps = anatomy.leg_length, anatomy.fps
    smooth = {
        name: lowpass(anatomy.points[name], fps=fps, noise=anatomy.noise, leg_length=leg)
        for name in (f"{side}_{joint}" for side in SIDES for joint in ("ankle", "toe"))
    }
    speeds = {name: speed(marker, fps) for name, marker in smooth.items()}
    toe_heights = np.array(
        [stance_height(smooth[f"{s}_toe"][:, 2], speeds[f"{s}_toe"], leg) for s in SIDES]
    )
    ankle_heights = np.array([_ankle_height(s, anatomy, smooth, speeds) for s in SIDES])
    toe_heights, ankle_heights = _shared(toe_heights, leg), _shared(ankle_heights, leg)
    # Under and behind the ankle.
    drop = np.maximum(0.04 * leg, ankle_heights - toe_heights + 0.02 * leg)
    heel_points = np.stack([np.full(2, -0.06 * leg), np.zeros(2), -drop], axis=1)
    heel_heights = np.empty(2)
    stance = np.zeros((len(smooth["left_toe"]), 2, 2), bool)
    for foot, side in enumerate(SIDES):
        stance[:, foot, TOE] = _stance(
            smooth[f"{side}_toe"][:, 2], speeds[f"{side}_toe"], toe_heights[foot], leg, fps
        )
        heel = anatomy.points[f"{side}_ankle"] + anatomy.frames[f"{side}_foot"] @ heel_points[foot]
        heel = lowpass(heel, fps=fps, noise=anatomy.noise, leg_length=leg)
        flat = anatomy.flat[side]
        rest = np.median(heel[flat, 2]) if flat.sum() >= 3 else np.percentile(heel[:, 2], 5)
        heel_heights[foot] = rest
        stance[:, foot, HEEL] = _stance(heel[:, 2], speed(heel, fps), float(rest), leg, fps)
    return Contacts(stance, ankle_heights, toe_heights, heel_points, heel_heights)


def _ankle_height(
    side: str,
    anatomy: Anatomy,
    smooth: dict[str, Float64[np.ndarray, "T 3"]],
    speeds: dict[str, Float64[np.ndarray, "T"]],
) -> float:
    height, flat = smooth[f"{side}_ankle"][:, 2], anatomy.flat[side]
    if flat.sum() >= 3:
        return float(np.median(height[flat]))
    return stance_height(height, speeds[f"{side}_ankle"], anatomy.leg_length)


def _shared(heights: Float64[np.ndarray, "2"], leg: float) -> Float64[np.ndarray, "2"]:
    """Both feet on one floor; where they differ much, the lower foot knows it better."""
    apart = abs(heights[1] - heights[0]) > SHARED_FLOOR * leg
    return np.full(2, heights.min() if apart else heights.mean())


def _stance(
    height: Float64[np.ndarray, "T"],
    speeds: Float64[np.ndarray, "T"],
    floor: float,
    leg: float,
    fps: float,
) -> Bool[np.ndarray, "T"]:
    """Runs that stay within the loose thresholds, reach the strict ones, and last; short gaps are closed."""
    strict = (height < floor + HEIGHT_ON * leg) & (speeds < SPEED_ON * leg)
    loose = (height < floor + HEIGHT_OFF * leg) & (speeds < SPEED_OFF * leg)
    stance = np.zeros(len(height), bool)
    for start, stop in runs(loose):
        stance[start:stop] = strict[start:stop].any()
    shortest = max(2, round(SHORTEST_STANCE * fps))
    return _without_short_runs(~_without_short_runs(~stance, shortest), shortest)


def _without_short_runs(mask: Bool[np.ndarray, "T"], shortest: int) -> Bool[np.ndarray, "T"]:
    kept = mask.copy()
    for start, stop in runs(mask):
        if stop - start < shortest:
            kept[start:stop] = False
    return kept


def runs(mask: Bool[np.ndarray, "T"]) -> list[tuple[int, int]]:
    """Start and stop of each run of True."""
    edges = (np.flatnonzero(mask[1:] != mask[:-1]) + 1).tolist()
    if len(mask) and mask[0]:
        edges.insert(0, 0)
    if len(mask) and mask[-1]:
        edges.append(len(mask))
    return list(zip(edges[::2], edges[1::2], strict=True))
