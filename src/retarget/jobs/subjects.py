"""What the longest clips of a person tell of all their clips, where a run's rule says which files are theirs."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from retarget.config import RunConfig
from retarget.errors import RetargetError
from retarget.files import split_which
from retarget.jobs.subject_rules import REMEMBERED, Group, SubjectRule
from retarget.wording import shortened

if TYPE_CHECKING:
    from retarget.motion import Motion, Subject
    from retarget.motion.subject_fit import SubjectFit

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
    subject, reasons = _person(group, stamps, reading).known_by(motion)
    if subject is not None:
        return motion, subject
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


class _Person:
    """One person's files, read as far as they are needed, on each skeleton that they have."""

    def __init__(self, group: Group, config: RunConfig) -> None:
        self._name, self._config = group.name, config
        self._waiting = list(group.files)
        self._fits: list[SubjectFit] = []
        self._failures: list[str] = []

    def known_by(self, motion: Motion) -> tuple[Subject | None, list[str]]:
        """The person on the skeleton of a motion; else None, and why the files tell nothing of it.

        It is told by the same files whatever was asked before.
        """
        while True:
            reasons = list(self._failures)
            for fit in self._fits:
                why = fit.subject().why_not(motion)
                if not why and (len(fit) == _USED or not self._waiting):
                    return fit.subject(), []
                reasons.append(f"{Path(fit.first).name}: {why}")
            if not self._waiting:
                return None, reasons
            self._read_one_more()

    def _read_one_more(self) -> None:
        from retarget.motion.subject_fit import SubjectFit

        try:
            motion = self._config.read_motion(self._waiting.pop(0))
            fit = next((fit for fit in self._fits if not fit.subject().why_not(motion)), None)
            if fit is None:
                self._fits.append(SubjectFit(motion, self._name))
            elif len(fit) < _USED:
                fit.add(motion)
        except RetargetError as error:
            self._failures.append(str(error))


@lru_cache(maxsize=REMEMBERED)
def _person(group: Group, _stamps: tuple[int, ...], reading: str) -> _Person:
    """A person whose files are as they were at these times; ``reading`` is JSON of how files are read."""
    return _Person(group, RunConfig.model_validate_json(reading))
