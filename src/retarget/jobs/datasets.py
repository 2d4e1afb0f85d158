"""Data sets that are known by name: which of their files are motion, how they are split, and on which terms they lie.

A preset chooses files and says what to know; it changes nothing about how one is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

from retarget.errors import OptionsError, UnknownNameError
from retarget.wording import listed

__all__ = ["DATASETS", "Dataset", "dataset_named"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set's files.

    Attributes:
        name: Its name on the command line.
        pattern: Its motion files, as a glob below its folder.
        terms: What its licence asks for, in a line; its own text counts.
        without: Files to leave out, by a regular expression over the path below the folder, each with the reason.
        splits: Files of each split, by a regular expression over the path below the folder.
        otherwise: The split of files that are in none of ``splits``.
        source_fps: Frames per second of its files, where they do not say.
        format: The format of all its files; empty to look.
        subjects: Which of its files are of one person, a rule of `retarget.jobs.subject_rules`; empty if not known.

    Example:
        >>> dataset_named("lafan1").why_left_out("dance1_subject2.bvh", split="test")
        'is of another split than test'
    """

    name: str
    pattern: str
    terms: str
    without: Mapping[str, str] = field(default_factory=dict)
    splits: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = ""
    source_fps: float | None = None
    format: str = ""
    subjects: str = ""

    def why_left_out(self, relative: str | PurePosixPath, split: str | None = None) -> str:
        """Why a file is left out; empty if it is taken.

        Raises:
            OptionsError: The data set has no such split.
        """
        path = str(relative)
        for expression, reason in self.without.items():
            if re.search(expression, path, re.I):
                return reason
        if split is None:
            return ""
        names = [*self.splits, *([self.otherwise] if self.otherwise else [])]
        if split not in names:
            known = f"it has {listed(names)}" if names else "its makers define none"
            raise OptionsError(f"the data set {self.name} has no split {split!r}; {known}")
        own = next(
            (n for n, which in self.splits.items() if re.search(which, path, re.I)), self.otherwise
        )
        return "" if own == split else f"is of another split than {split}"


_AMASS_TERMS: Final = "AMASS: non-commercial research, no redistribution of the data (amass.is.tue.mpg.de/license.html)"
# As in AMASS' own repository (nghorbani/amass, README): by sub-collection.
_AMASS_VALIDATION: Final = r"(?:^|/)(?:HumanEva|MPI_HDM05|HDM05|SFU|MPI_mosh|MoSh)(?:/|_)"
_AMASS_TEST: Final = r"(?:^|/)(?:Transitions_mocap|Transitions|SSM_synced|SSM)(?:/|_)"

DATASETS: Final[Mapping[str, Dataset]] = MappingProxyType(
    {
        one.name: one
        for one in (
            Dataset(
                "amass",
                "**/*.npz",
                _AMASS_TERMS,
                {r"(^|/)(neutral_|female_|male_)?shape\.npz$": "holds a body's shape and no motion",
                 r"_stagei\.npz$": "holds the first stage of a fit and no motion"},
                {"val": _AMASS_VALIDATION, "test": _AMASS_TEST},
                otherwise="train",
                format="smpl",
                subjects="folder",
            ),
            Dataset(
                "lafan1",
                "**/*.bvh",
                "LAFAN1: CC BY-NC-ND 4.0",
                splits={"train": r"subject[1-4]\.bvh$", "test": r"subject5\.bvh$"},
                format="bvh",
                subjects="*_{subject}.bvh",
            ),
            Dataset(
                "bones_seed",
                "**/*.bvh",
                "BONES-SEED: see the licence of the release; attribution to Bones Studio",
                format="bvh",
            ),
            Dataset("cmu", "**/*.amc", "CMU: free for all uses, not to be resold as it is", format="acclaim",
                    subjects="{subject}_*.amc"),
            Dataset("cmu_bvh", "**/*.bvh", "CMU: free for all uses, not to be resold as it is", format="bvh",
                    subjects="{subject}_*.bvh"),
            Dataset("hdm05", "**/*.amc", "HDM05: CC BY-SA 3.0", format="acclaim", source_fps=120.0,
                    subjects="HDM_{subject}_*.amc"),
            Dataset("100style", "**/*.bvh", "100STYLE: CC BY 4.0", format="bvh", subjects="folder"),
            Dataset("zeroeggs", "**/*.bvh", "ZeroEGGS: CC BY-NC-ND 4.0", format="bvh", subjects="folder"),
            Dataset(
                "omomo",
                "**/*.pt",
                "OMOMO: see the licence of the release",
                splits={"train": r"(^|/)sub([1-9]|1[0-5])_", "test": r"(^|/)sub1[67]_"},
                format="arrays",
                subjects="{subject}_*.pt",
            ),
            Dataset("aistpp", "**/*.pkl", "AIST++: annotations CC BY 4.0; videos and music under AIST's terms",
                    {r"(^|/)(cameras|keypoints[23]d|splits)/": "holds cameras or key points"}, format="smpl",
                    subjects="*_d{subject}_*.pkl"),
            Dataset("motion_x", "**/*.npy", "Motion-X: non-commercial research; each part under its source's terms",
                    format="smpl"),
            Dataset("humanml3d", "**/new_joints/*.npy", "HumanML3D: MIT for text; motions are AMASS', under its terms",
                    format="arrays", source_fps=20.0),
        )
    }
)  # fmt: skip
"""All presets by name."""


def dataset_named(name: str) -> Dataset:
    """The preset of this name.

    Raises:
        UnknownNameError: There is none; the message lists those known.
    """
    if name not in DATASETS:
        raise UnknownNameError("data set", name, list(DATASETS))
    return DATASETS[name]
