"""Ground contact: facts of the clip, found once on the human."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64

from retarget.motion.body_contacts import find_body_contacts
from retarget.motion.fitting.anatomy import Anatomy
from retarget.motion.ground.feet import (
    height_on_floor,
    lowpass,
    speed,
    stance_height,
    stance_runs,
    toe_speeds,
)
from retarget.motion.numeric.quantiles import median_of, quantile_of
from retarget.motion.segments import SIDES

__all__ = ["FEWEST_FLAT", "HEEL", "LOWEST", "TOE", "Contacts", "find_contacts"]

HEEL, TOE = 0, 1
FEWEST_FLAT = 3  # frames in which a foot stands flat that tell how high its ankle is then
LOWEST = 0.05  # share of a joint's heights that may be below where it lies lowest
# Leg lengths: hands, knees, hips or shoulders that are lower than toes that rest lie on a floor below those.
BELOW_TOES = 0.12
_ON_THE_GROUND = ("hip", "knee", "shoulder", "elbow", "wrist")
SHARED_FLOOR = 0.05  # leg lengths; feet that rest at heights closer than this stand on one floor


@dataclass(frozen=True, slots=True, eq=False)
class Contacts:
    """When feet and other parts of the body are on the ground, and where the ground is.

    Attributes:
        stance: Foot (left, right) x point (heel, toe).
        body: Other parts, in the order of `body_contacts.BODY_CONTACTS`.
        ankle_heights: Height of each ankle joint while its foot is flat, metres.
        toe_heights: Height of each toe joint in stance, metres; the lower is the clip's floor.
        lift_heights: Height of each ankle and toe joint (foot x joint) above which it is lifted, metres: the lowest
            that it lies at, which noise and soft shoes make a little lower than where it lies mostly.
        heel_points: Each heel in its foot's anatomical frame, from the ankle, metres; recorded skeletons have none.
        heel_heights: Height of each of these heels in stance, metres.
    """

    stance: Bool[np.ndarray, "T 2 2"]
    body: Bool[np.ndarray, "T C"]
    ankle_heights: Float64[np.ndarray, "2"]
    toe_heights: Float64[np.ndarray, "2"]
    lift_heights: Float64[np.ndarray, "2 2"]
    heel_points: Float64[np.ndarray, "2 3"]
    heel_heights: Float64[np.ndarray, "2"]

    @property
    def floor(self) -> float:
        """Height of the toe joints at rest, metres: the clip's floor but for the thickness of a toe."""
        return float(self.toe_heights.min())

    def part(self, start: int, stop: int) -> Contacts:
        """Those from frame ``start`` up to, not including, ``stop``."""
        return replace(self, stance=self.stance[start:stop], body=self.body[start:stop])


def find_contacts(anatomy: Anatomy) -> Contacts:
    """Detect stance with hysteresis in height and speed, relative to leg length and in seconds."""
    leg, fps = anatomy.leg_length, anatomy.fps
    smooth = {
        name: lowpass(anatomy.point(name), fps=fps, noise=anatomy.noise, leg_length=leg)
        for name in (f"{side}_{joint}" for side in SIDES for joint in ("ankle", "toe"))
    }
    speeds = {name: speed(marker, fps) for name, marker in smooth.items()}
    said = anatomy.motion.source.floor_m
    toe_heights = np.array(
        [
            stance_height(height, speeds[toe], leg)
            if said is None
            else height_on_floor(height, speeds[toe], leg, said)
            for toe, height in ((f"{s}_toe", smooth[f"{s}_toe"][:, 2]) for s in SIDES)
        ]
    )
    if said is None:
        toe_heights = np.minimum(toe_heights, _highest_floor(anatomy, float(toe_heights.min())))
    ankle_heights = np.array(
        [_ankle_height(foot, anatomy, smooth, speeds, toe_heights) for foot in range(len(SIDES))]
    )
    toe_heights, ankle_heights = _shared(toe_heights, leg), _shared(ankle_heights, leg)
    # Under and behind the ankle.
    drop = np.maximum(0.04 * leg, ankle_heights - toe_heights + 0.02 * leg)
    heel_points = np.stack([np.full(2, -0.06 * leg), np.zeros(2), -drop], axis=1)
    heel_heights = np.empty(2)
    slow = toe_speeds(fps=fps, noise=anatomy.noise, leg_length=leg)
    stance = np.zeros((len(smooth["left_toe"]), 2, 2), bool)
    for foot, side in enumerate(SIDES):
        stance[:, foot, TOE] = stance_runs(
            smooth[f"{side}_toe"], speeds[f"{side}_toe"], toe_heights[foot], leg, fps, slow
        )
        heel = anatomy.fixed_point(f"{side}_foot", f"{side}_ankle", heel_points[foot])
        heel = lowpass(heel, fps=fps, noise=anatomy.noise, leg_length=leg)
        flat = anatomy.flat[side]
        rest = (
            median_of(heel[flat, 2])
            if flat.sum() >= FEWEST_FLAT
            else quantile_of(heel[:, 2], LOWEST)
        )
        heel_heights[foot] = rest
        # The heel of a foot that lies on its instep is low, but above its ankle.
        below = heel[:, 2] < smooth[f"{side}_ankle"][:, 2]
        stance[:, foot, HEEL] = below & stance_runs(heel, speed(heel, fps), float(rest), leg, fps)
    body = find_body_contacts(anatomy, float(toe_heights.min()))
    lift_heights = np.array(
        [
            [quantile_of(smooth[f"{side}_{joint}"][:, 2], LOWEST) for joint in ("ankle", "toe")]
            for side in SIDES
        ]
    )
    rests = np.stack([ankle_heights, toe_heights], axis=1)
    return Contacts(
        stance,
        body,
        ankle_heights,
        toe_heights,
        np.minimum(lift_heights, rests),
        heel_points,
        heel_heights,
    )


def _highest_floor(anatomy: Anatomy, toes: float) -> float:
    """The height above which toes do not rest on the floor, but in the air or on a thing: the body is below them.

    Infinite where it is not. Joints of a body on the ground are about as far above it as those of toes that stand.
    """
    joints = [anatomy.point(f"{side}_{joint}")[:, 2] for side in SIDES for joint in _ON_THE_GROUND]
    lowest = quantile_of(np.min(joints, axis=0), LOWEST)
    return lowest if lowest < toes - BELOW_TOES * anatomy.leg_length else np.inf


def _ankle_height(
    foot: int,
    anatomy: Anatomy,
    smooth: dict[str, Float64[np.ndarray, "T 3"]],
    speeds: dict[str, Float64[np.ndarray, "T"]],
    toe_heights: Float64[np.ndarray, "2"],
) -> float:
    side, rises = SIDES[foot], anatomy.calibration.ankle_rises
    height, flat = smooth[f"{side}_ankle"][:, 2], anatomy.flat[side]
    if flat.sum() >= FEWEST_FLAT:
        return median_of(height[flat])
    if rises is not None:
        return float(toe_heights[foot] + rises[foot])
    return stance_height(height, speeds[f"{side}_ankle"], anatomy.leg_length)


def _shared(heights: Float64[np.ndarray, "2"], leg: float) -> Float64[np.ndarray, "2"]:
    """Both feet on one floor; where they differ much, the lower foot knows it better."""
    apart = abs(heights[1] - heights[0]) > SHARED_FLOOR * leg
    return np.full(2, heights.min() if apart else heights.mean())
