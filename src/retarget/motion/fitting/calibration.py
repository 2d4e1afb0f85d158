"""What is constant about one recorded skeleton: lengths, and how its joints' axes lie to the body's.

A joint's recorded axes mean nothing across rigs, so a segment's frame is defined by joint centres: x forward,
y left or along the hinge, z up or from the distal to the proximal joint. Where joint centres say nothing (the
twist of a straight limb, the tilt of the pelvis) the recorded rotation does, through one constant offset per joint
that is fitted over the frames in which geometry is well conditioned. A constant rotation of every joint's axes
therefore changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float64

from retarget.geometry import cross, unit
from retarget.motion.fitting.fits import STRAIGHT, fit_segments
from retarget.motion.ground.feet import FootMarkers, flat_frames, marker_noise
from retarget.motion.motion import Motion
from retarget.motion.numeric.mean_rotation import room_for_samples
from retarget.motion.segments import SEGMENTS, SIDES, needed_roles, other_side

__all__ = ["Calibration", "Sampled", "bend", "calibrate", "fitted", "joint_centre", "sample"]

# Frames, evenly over the motion, that are enough to fit constants: one more is nearly a copy of its neighbours.
ENOUGH = 1000

_MIDDLES = {"hips": ("left_hip", "right_hip"), "shoulders": ("left_shoulder", "right_shoulder")}

Positions = Float64[np.ndarray, "T 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """One recorded skeleton, as far as it does not change over time.

    Attributes:
        leg_length: Thigh plus shank, metres.
        offsets: Rotation from the recorded axes of the joint that carries each of `SEGMENTS` to its anatomical ones.
        residuals: Mean misfit of each offset, rad.
        noise: White noise of the foot markers, metres (robust estimate).
        wrists: Second moments of the turns that bend the left and the right hand away from its forearm, about the
            hand's anatomical x and y axes, rad^2.
        ankle_rises: Height of each ankle above its toes' joint while the foot is flat, metres, where other clips of
            the person tell it; None if they do not.
    """

    leg_length: float
    offsets: Float64[np.ndarray, "S 3 3"]
    residuals: Float64[np.ndarray, "S"]
    noise: float
    wrists: Float64[np.ndarray, "2 2 2"]
    ankle_rises: Float64[np.ndarray, "2"] | None = None


def joint_centre(motion: Motion, role: str) -> Positions:
    """Joint centre by role in metres; also ``hips`` and ``shoulders``, the middles."""
    if role in _MIDDLES:
        left, right = (motion.role_positions(side) for side in _MIDDLES[role])
        return np.asarray((left + right) / 2)
    return motion.role_positions(role)


class Sampled(NamedTuple):
    """Frames of one clip, evenly over it, that tell what is constant about its skeleton.

    Attributes:
        places: Joint centres of `needed_roles` (R), metres, world; like the others in single precision if thinned.
        turns: Their recorded rotations, unit quaternions, wxyz.
        smooth: Foot (left, right) x marker (ankle, toe), without noise, metres.
        flat: In which of them the left and the right foot stand flat.
        noise: White noise of the foot markers, metres.
    """

    places: Float[np.ndarray, "n R 3"]
    turns: Float[np.ndarray, "n R 4"]
    smooth: Float[np.ndarray, "2 2 n 3"]
    flat: Bool[np.ndarray, "2 n"]
    noise: float

    def thinned(self, most: int) -> Sampled:
        """No more than so many frames of these, evenly, in single precision: to be kept for many persons."""
        every = slice(None, None, -(-len(self.places) // most))
        return Sampled(
            self.places[every].astype(np.float32),
            self.turns[every].astype(np.float32),
            self.smooth[:, :, every].astype(np.float32),
            self.flat[:, every].copy(),
            self.noise,
        )

    def mirrored(self) -> Sampled:
        """The same in a mirror along y, as `retarget.motion.edit.mirrored` has it."""
        roles = needed_roles()
        swap = [roles.index(other_side(role)) for role in roles]
        mirror, turn = np.array([1.0, -1.0, 1.0]), np.array([1.0, -1.0, 1.0, -1.0])
        return Sampled(
            self.places[:, swap] * mirror,
            self.turns[:, swap] * turn,
            self.smooth[::-1] * mirror,
            self.flat[::-1],
            self.noise,
        )


def calibrate(
    motion: Motion, leg_length: float
) -> tuple[Calibration, dict[str, Bool[np.ndarray, "T"]]]:
    """Fit a skeleton's offsets over a motion; also tells, by side, in which frames the foot stands flat.

    Args:
        motion: Joint poses; every needed role is there.
        leg_length: Thigh plus shank, metres.
    """
    sampled, flat = sample(motion, leg_length)
    return fitted([sampled], leg_length), flat


def sample(motion: Motion, leg_length: float) -> tuple[Sampled, dict[str, Bool[np.ndarray, "T"]]]:
    """The frames that a motion is calibrated on, and by side, in which of all frames the foot stands flat."""
    every = max(1, len(motion) // ENOUGH)
    joints = [motion.roles[role] for role in needed_roles()]
    places = motion.positions[::every, joints].astype(np.float64)
    turns = motion.rotations[::every, joints].astype(np.float64)
    markers = {
        side: FootMarkers(*(motion.role_positions(f"{side}_{joint}") for joint in ("ankle", "toe")))
        for side in SIDES
    }
    noise = marker_noise([place for foot in markers.values() for place in (foot.ankle, foot.toe)])
    found = {
        side: flat_frames(
            foot,
            motion.role_positions(f"{side}_knee"),
            leg_length=leg_length,
            fps=motion.fps,
            noise=noise,
        )
        for side, foot in markers.items()
    }
    flat = {side: frames for side, (_, frames) in found.items()}
    smooth = np.array([[foot.ankle[::every], foot.toe[::every]] for foot, _ in found.values()])
    stands = np.array([frames[::every] for frames in flat.values()])
    return Sampled(places, turns, smooth, stands, noise), flat


def fitted(clips: Sequence[Sampled], leg_length: float) -> Calibration:
    """What is constant about a skeleton, over all that was sampled of its clips; the noise is the median of theirs."""
    places = np.concatenate([clip.places for clip in clips], dtype=np.float64)
    offsets, residuals = np.empty((len(SEGMENTS), 3, 3)), np.empty(len(SEGMENTS))
    wrists = np.empty((len(SIDES), 2, 2))
    fit_segments(
        places,
        np.concatenate([clip.turns for clip in clips], dtype=np.float64),
        np.concatenate([clip.smooth for clip in clips], axis=2, dtype=np.float64),
        np.concatenate([clip.flat for clip in clips], axis=1),
        room_for_samples(2 * len(places)),
        offsets,
        residuals,
        wrists,
    )
    noise = float(np.median([clip.noise for clip in clips]))
    return Calibration(leg_length, offsets, residuals, noise, wrists)


def bend(
    proximal: Positions, middle: Positions, distal: Positions, sign: float
) -> tuple[Positions, Positions, Positions, Float64[np.ndarray, "T"]]:
    """Long axes of the two segments (towards proximal), their hinge axis, and how well it is defined.

    ``sign`` is +1 where bending takes the distal end backwards (knee), -1 where forwards (elbow). The weight is
    the squared sine of the bend, 0 for a straight limb.
    """
    first, second = unit(middle - proximal), unit(distal - middle)
    normal = sign * cross(first, second)
    sine = np.sqrt(np.einsum("ti,ti->t", normal, normal))
    return -first, -second, unit(normal), np.where(sine > STRAIGHT, sine**2, 0.0)
