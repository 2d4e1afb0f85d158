"""A person's constants, fitted over several of their clips at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import numpy as np

from retarget.errors import RetargetError
from retarget.motion.contacts import FEWEST_FLAT, find_contacts
from retarget.motion.fitting.anatomy import find_anatomy, leg_length
from retarget.motion.fitting.calibration import Sampled, fitted, sample
from retarget.motion.fitting.subject import Subject, SubjectClip, bones_of
from retarget.motion.ground.level_floor import on_level_floor
from retarget.motion.motion import Motion
from retarget.motion.segments import SIDES

__all__ = ["SubjectFit", "fit_subject"]

_KEPT: Final = (
    500  # frames of each clip: half of what a clip is fitted on by itself, and there are more clips
)


def fit_subject(motions: Iterable[Motion], name: str = "") -> Subject:
    """What is constant about a person, over several motions of one skeleton.

    Args:
        motions: The motions, longest first; they may come one by one, so that only one is in memory.
        name: What to call the person.

    Raises:
        RetargetError: There are none, or one is of another skeleton than the first.
        RoleError: One lacks a needed role, or has legs without length.

    Example:
        >>> subject = fit_subject([read_motion("long_walk.bvh")], "anna")  # doctest: +SKIP
        >>> subject.calibration.leg_length  # doctest: +SKIP
        0.86
    """
    fit: SubjectFit | None = None
    for motion in motions:
        if fit is None:
            fit = SubjectFit(motion, name)
        elif why := fit.subject().why_not(motion):
            raise RetargetError(
                f"{motion.source.path or 'motion'}: not of the same skeleton as {fit.first}: {why}; leave it out"
            )
        else:
            fit.add(motion)
    if fit is None:
        raise RetargetError("no motions of the person were given; give one at least")
    return fit.subject()


class SubjectFit:
    """A person's constants while clips are added, of which some frames are kept."""

    def __init__(self, motion: Motion, name: str) -> None:
        """Begin with the longest clip."""
        self._name, self._bones, self._leg = name, bones_of(motion), leg_length(motion)
        self._clips: list[SubjectClip] = []
        self._samples: list[Sampled] = []
        self._rises: list[np.ndarray] = []
        self._told: Subject | None = None
        self.first = motion.source.path or "the first motion"
        self.add(motion)

    def __len__(self) -> int:
        return len(self._clips)

    def add(self, motion: Motion) -> None:
        """Add a clip of the same skeleton."""
        source, self._told = motion.source, None
        motion = on_level_floor(motion).motion
        self._clips.append(SubjectClip(source.path, source.sha256, motion.duration))
        self._samples.append(sample(motion, self._leg)[0].thinned(_KEPT))
        anatomy = find_anatomy(motion)
        contacts = find_contacts(anatomy)
        flat = np.array([anatomy.flat[side].sum() >= FEWEST_FLAT for side in SIDES])
        rises = contacts.ankle_heights - contacts.toe_heights
        self._rises.append(np.where(flat, rises, np.nan))

    def subject(self) -> Subject:
        """What the clips so far tell."""
        if self._told is not None:
            return self._told
        known = [rises for rises in self._rises if np.isfinite(rises).all()]
        rises = np.median(known, axis=0) if known else None
        calibration = replace(fitted(self._samples, self._leg), ankle_rises=rises)
        self._told = Subject(
            self._name, tuple(self._clips), calibration, tuple(self._samples), self._bones
        )
        return self._told
