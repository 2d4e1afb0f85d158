"""What several recordings of one person on one skeleton tell about it: a short one alone shows too little.

A clip of two seconds may show no foot flat on the floor, no bent knee and no upright trunk, from which a skeleton's
constants are fitted. Another clip of the same person does. What it tells holds only for the same skeleton, with the
same axes in its joints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float64

from retarget.motion.fitting.calibration import Calibration, Sampled, calibrate, fitted, sample
from retarget.motion.motion import Motion
from retarget.motion.segments import LIMB_SEGMENTS, LIMBS, SEGMENTS, SIDES, needed_roles, other_side

__all__ = ["Subject", "SubjectClip", "bones_of"]

_SAME_LENGTH: Final = (
    0.02,
    0.04,
)  # metres, and share: bodies under markers are not rigid, offsets of files are
_SHORT: Final = 0.02  # metres; what hangs closer to its joint says nothing of the joint's axes
_SAME_DIRECTION: Final = np.radians(10.0)  # places alone turn joints this well
_SAMPLED: Final = 200  # frames, evenly over a clip, that tell where a bone lies
_BENT: Final = 0.5  # sine of a bend that tells the hinge of a limb well
_FEWEST_BENT: Final = 10
_OTHER_AXES: Final = np.radians(
    45.0
)  # of a limb's fit from the person's: no knee's hinge is so uncertain

Vector = Float64[np.ndarray, "3"]


@dataclass(frozen=True, slots=True)
class SubjectClip:
    """A recording that a person's constants are from.

    Attributes:
        path: The file.
        sha256: Hash of its bytes.
        seconds: How long it lasts.
    """

    path: str
    sha256: str
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A person as recorded, as far as it is the same in all clips of one skeleton.

    Attributes:
        name: What the person is called where files are told apart by it; may be empty.
        clips: What it is from, longest first.
        calibration: Leg length, offsets of segments and slopes of feet, over all these clips.
        samples: Frames of each of these clips.
        bones: Role of the carrying joint, and name of what hangs on it -> where that is in the joint's axes, metres.

    Example:
        >>> subject = fit_subject([read_motion("long_walk.bvh")])  # doctest: +SKIP
        >>> retarget_motion(read_motion("jump.bvh"), robot, subject=subject)  # doctest: +SKIP
    """

    name: str
    clips: tuple[SubjectClip, ...]
    calibration: Calibration
    samples: tuple[Sampled, ...]
    bones: Mapping[tuple[str, str], Vector]

    @property
    def seconds(self) -> float:
        """How long all its clips last."""
        return sum(clip.seconds for clip in self.clips)

    def as_json(self) -> dict[str, Any]:
        """A record of it: name, clips and leg length."""
        clips = [
            {name: getattr(clip, name) for name in SubjectClip.__slots__} for clip in self.clips
        ]
        return {"name": self.name, "clips": clips, "leg_length_m": self.calibration.leg_length}

    def why_not(self, motion: Motion) -> str:
        """Why a motion is not of this skeleton, in a few words; empty if it is."""
        own = bones_of(motion)
        shared = own.keys() & self.bones.keys()
        without = {role for role, _ in self.bones} - {role for role, _ in shared}
        if without:
            return f"nothing of the same name hangs on the {min(without).replace('_', ' ')}"
        share, least = _SAME_LENGTH[1], _SAME_LENGTH[0]
        for role, name in sorted(shared):
            a, b = own[role, name], self.bones[role, name]
            long, other = float(np.linalg.norm(a)), float(np.linalg.norm(b))
            if abs(long - other) > least + share * other:
                return f"{name} is {long:.3f} m from its joint, and {other:.3f} m there"
            cosine = float(a @ b) / max(long * other, 1e-12)
            if min(long, other) > _SHORT and cosine < np.cos(_SAME_DIRECTION):
                degrees = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
                return f"{name} lies {degrees:.0f} degrees elsewhere in the axes of its joint"
        return self._other_hinges(motion)

    def _other_hinges(self, motion: Motion) -> str:
        """Where a limb that bends much has its hinge elsewhere in its joint's axes: they are turned about the bone."""
        turns = calibrate(motion, self.calibration.leg_length)[0].offsets
        for side in SIDES:
            for limb, chain in LIMBS.items():
                top, middle, end = (motion.role_positions(f"{side}_{joint}") for joint in chain)
                upper, lower = middle - top, end - middle
                area = np.linalg.norm(np.cross(upper, lower), axis=1)
                lengths = np.linalg.norm(upper, axis=1) * np.linalg.norm(lower, axis=1)
                if (area > _BENT * lengths).sum() < _FEWEST_BENT:
                    continue
                for segment in LIMB_SEGMENTS[limb][:2]:
                    s = SEGMENTS.index(f"{side}_{segment}")
                    trace = float(np.sum(turns[s] * self.calibration.offsets[s]))
                    apart = np.arccos(np.clip((trace - 1) / 2, -1.0, 1.0))
                    if apart > _OTHER_AXES:
                        return (
                            f"the {side} {segment.replace('_', ' ')} has its hinge {np.degrees(apart):.0f} degrees "
                            "elsewhere in the axes of its joint"
                        )
        return ""

    def calibration_with(
        self, motion: Motion
    ) -> tuple[Calibration, dict[str, Bool[np.ndarray, "T"]]]:
        """What is constant about the skeleton over its clips and a motion of it; by side, when the foot stands flat.

        A clip counts once: one of the subject's own adds nothing.
        """
        sampled, flat = sample(motion, self.calibration.leg_length)
        known = motion.source.sha256 and motion.source.sha256 in {
            clip.sha256 for clip in self.clips
        }
        own = self.calibration
        if not known:
            own = fitted([*self.samples, sampled], own.leg_length)
        return replace(own, noise=sampled.noise, ankle_rises=self.calibration.ankle_rises), flat

    def mirrored(self) -> Subject:
        """The same person in a mirror along y, as `retarget.motion.edit.mirrored` shows its motions."""
        samples = tuple(sampled.mirrored() for sampled in self.samples)
        rises = self.calibration.ankle_rises
        calibration = replace(
            fitted(samples, self.calibration.leg_length),
            ankle_rises=None if rises is None else rises[::-1].copy(),
        )
        mirror = np.array([1.0, -1.0, 1.0])
        bones = {
            (other_side(role), name): bone * mirror for (role, name), bone in self.bones.items()
        }
        return replace(self, calibration=calibration, bones=bones, samples=samples)


def bones_of(motion: Motion) -> dict[tuple[str, str], Vector]:
    """Where what hangs on the joints that carry segments lies in their axes, metres: the median over the clip."""
    from retarget.geometry import matrix_from_quaternion

    every = max(1, len(motion) // _SAMPLED)
    carriers = {motion.roles[role]: role for role in needed_roles() if not role.endswith("toe")}
    bones = {}
    for joint, parent in enumerate(motion.parents.tolist()):
        if parent in carriers:
            turn = matrix_from_quaternion(motion.rotations[::every, parent].astype(np.float64))
            line = (motion.positions[::every, joint] - motion.positions[::every, parent]).astype(
                np.float64
            )
            local = np.einsum("tji,tj->ti", turn, line)
            bones[carriers[parent], motion.joint_names[joint]] = np.median(local, axis=0)
    return bones
