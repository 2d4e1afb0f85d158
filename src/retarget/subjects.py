"""What the longest clips of a person tell of all their clips, where a run's rule says which files are theirs."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from retarget.config import RunConfig
from retarget.errors import RetargetError
from retarget.files import split_which
from retarget.subject_rules import REMEMBERED, Group, SubjectRule
from retarget.wording import shortened

if TYPE_CHECKING:
    from retarget.motion import Motion, Subject

__all__ = ["knowing_its_subject"]

_USED: Final = 3  # clips of one skeleton; minutes of motion show what can be seen
_OTHER_SKELETON: Final = (
    0.05  # weight of the doubt: the clip is read as it would be without the rule
)


def knowing_its_subject(
    path: Path, motion: Motion, config: RunConfig
) -> tuple[Motion, Subject | None]:
    """What the longest clips of a motion's person tell of its skeleton, where the run says whose it is.

    Returns:
        The motion, with a doubt where nothing is known of its skeleton, and the person, or None.

    Raises:
        OptionsError: The rule names no file.
    """
    if config.subject_from is None:
        return motion, None
    group = SubjectRule(config.subject_from).group_of(split_which(path)[0])
    if group is None:
        return _doubted(
            motion, f"the rule {config.subject_from!r} does not fit the file's name"
        ), None
    stamps = tuple(path.stat().st_mtime_ns for path in group.files)
    reading = config.model_dump_json(
        exclude={"robot", "robot_description", "options", "subject_from"}
    )
    subjects, failures = _subjects_of(group, stamps, reading)
    reasons = list(failures)
    for subject in subjects:
        why = subject.why_not(motion)
        if not why:
            return motion, subject
        reasons.append(f"{Path(subject.clips[0].path).name}: {why}")
    said = "; ".join(reasons[:2]) or "no other file of the person can be read"
    return _doubted(
        motion, f"no longer clip of {group.name} has this skeleton ({shortened(said, 300)})"
    ), None


def _doubted(motion: Motion, reason: str) -> Motion:
    from retarget.motion.doubts import Doubt

    doubt = Doubt(
        "subject", _OTHER_SKELETON, f"{reason}; its constants were fitted from this clip alone"
    )
    return replace(motion, source=replace(motion.source, doubts=(*motion.source.doubts, doubt)))


@lru_cache(maxsize=REMEMBERED)
def _subjects_of(
    group: Group, _stamps: tuple[int, ...], reading: str
) -> tuple[tuple[Subject, ...], tuple[str, ...]]:
    """A person on each skeleton of their files, the longest clips first; also why files tell nothing.

    ``reading`` is JSON of how files are read.
    """
    from retarget.motion.subject_fit import SubjectFit

    config = RunConfig.model_validate_json(reading)
    fits: list[SubjectFit] = []
    failures: list[str] = []
    for path in group.files:
        try:
            motion = config.read_motion(path)
            fit = next((fit for fit in fits if not fit.subject().why_not(motion)), None)
            if fit is None:
                fits.append(SubjectFit(motion, group.name))
            elif len(fit) < _USED:
                fit.add(motion)
        except RetargetError as error:
            failures.append(str(error))
    return tuple(fit.subject() for fit in fits), tuple(failures)
