"""Which results of a batch may be handed on: those that are there, and pass the gates or were kept by somebody."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retarget.batch.review import Review

if TYPE_CHECKING:
    from retarget.batch import BatchRunRecord

__all__ = ["Choice", "LeftOut", "reason_against"]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A clip that is not exported, and why."""

    clip: str
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Which clips of a batch are wanted.

    Attributes:
        everything: Those too that do not pass the gates, or of which nothing is known.
        only: Of these jobs alone; None for all.
        review: What people have decided about them.

    Example:
        >>> Choice(everything=True).only is None
        True
    """

    everything: bool = False
    only: frozenset[str] | None = None
    review: Review = field(default_factory=Review)


def reason_against(record: BatchRunRecord, choice: Choice) -> str:
    """Why a result is not handed on; empty when it is.

    What failed is not there; what somebody has rejected is never handed on, and what somebody has kept always.

    Args:
        record: What a batch recorded of it.
        choice: Which clips are wanted.
    """
    if record.status == "failed":
        return f"failed: {record.message}"
    if choice.only is not None and record.job_id not in choice.only:
        return "is not among those asked for"
    said = choice.review.of(record.job_id)
    if said is not None and said.decision == "reject":
        return f"rejected by hand{f': {said.note}' if said.note else ''}"
    if choice.everything or (said is not None and said.decision == "keep"):
        return ""
    gates = record.provenance.get("failed_gates")
    if gates is None:
        return "its record says nothing of gates; retarget it again, or export all"
    return f"does not pass: {', '.join(map(str, gates))}" if gates else ""
