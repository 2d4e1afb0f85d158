"""Which results of a batch may be handed on: those that are there and pass the gates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retarget.batch import BatchRunRecord

__all__ = ["LeftOut", "reason_against"]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A clip that is not exported, and why."""

    clip: str
    reason: str


def reason_against(record: BatchRunRecord, everything: bool) -> str:
    """Why a result is not handed on; empty when it is.

    Args:
        record: What a batch recorded of it.
        everything: Hand on also what does not pass the gates, or of which nothing is known.
    """
    if record.status == "failed":
        return f"failed: {record.message}"
    if everything:
        return ""
    gates = record.provenance.get("failed_gates")
    if gates is None:
        return "its record says nothing of gates; retarget it again, or export all"
    return f"does not pass: {', '.join(map(str, gates))}" if gates else ""
