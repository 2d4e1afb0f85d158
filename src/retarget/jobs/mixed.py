"""Folders that hold motion and other things: which files are motion, by their content, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from retarget.errors import FileFormatError

if TYPE_CHECKING:
    from retarget.batch import BatchJob

__all__ = ["PassedOver", "motion_among"]


class PassedOver(NamedTuple):
    """A file that is no motion.

    Attributes:
        job_id: Its path below the folder.
        reason: Why it was passed over, without its name.
    """

    job_id: str
    reason: str


def motion_among(jobs: Iterable[BatchJob]) -> Iterator[BatchJob | PassedOver]:
    """Each job whose file is motion, and for each other one why it is passed over.

    A suffix that only one format has is believed; other files are looked into. Archives stay closed.
    """
    for job in jobs:
        reason = _why_not(job)
        yield PassedOver(job.id, reason) if reason else job


def _why_not(job: BatchJob) -> str:
    from retarget.inputs import read_bytes
    from retarget.kinds import MotionFormatKind
    from retarget.motion.formats.easymocap import follows_a_frame
    from retarget.motion.formats.registry import format_by_name_alone, recognised_format

    name = job.motion.name
    if name.startswith("."):
        return "is hidden"
    if name.lower().endswith(".asf"):
        return "is a skeleton, which is read with its motions"
    if format_by_name_alone(job.motion) is not None:
        return ""
    try:
        found = recognised_format(read_bytes(job.motion, "give a motion file"), job.motion)
    except FileFormatError as error:
        return f"{error.cause}; {error.remedy}" if error.remedy else error.cause
    if found.kind == MotionFormatKind.EASYMOCAP and follows_a_frame(job.motion):
        return "is a frame, which is read with the first one of its folder"
    return ""
