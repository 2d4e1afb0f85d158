"""The clips that can be looked at, in an order that people choose, and what is known about each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from retarget.errors import OptionsError
from retarget.evaluation import MEASURES
from retarget.evaluation.gates import GateResult, title_of

if TYPE_CHECKING:
    from retarget.batch import BatchManifest
    from retarget.batch.review import Review

__all__ = ["BY_NAME", "SHOWN", "Entry", "Shown", "arranged", "entries_of_batch", "sort_keys"]

BY_NAME: Final = "name"
Shown: TypeAlias = Literal[
    "all", "missing a gate", "passing", "not yet decided", "kept", "rejected"
]
SHOWN: Final[tuple[Shown, ...]] = (
    "all",
    "missing a gate",
    "passing",
    "not yet decided",
    "kept",
    "rejected",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A clip of the list.

    Attributes:
        name: What it is called, a batch's job.
        path: The file.
        measures: Values by name of `retarget.evaluation.MEASURES`.
        failed_gates: Gates that it misses; None where nothing is known.
        reasons: What is said of each of them.

    Example:
        >>> Entry("walk", Path("walk.npz")).measures
        {}
    """

    name: str
    path: Path
    measures: Mapping[str, float | None] = field(default_factory=dict)
    failed_gates: tuple[str, ...] | None = None
    reasons: tuple[str, ...] = ()


def entries_of_batch(manifest: BatchManifest) -> tuple[Entry, ...]:
    """The clips of a batch that have a result.

    Raises:
        OptionsError: None has.
    """
    entries = tuple(
        Entry(
            record.job_id,
            record.output_file,
            _measures(record.provenance.get("quality")),
            _gates(record.provenance.get("failed_gates")),
            _reasons(record.provenance),
        )
        for record in manifest.records
        if record.status != "failed"
    )
    if not entries:
        raise OptionsError(
            f"the batch has no results to look at: {manifest.failed_count} of {manifest.total} jobs failed"
        )
    return entries


def _measures(said: Any) -> dict[str, float | None]:
    if not isinstance(said, dict):
        return {}
    return {
        str(name): float(value)
        for name, value in said.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _gates(said: Any) -> tuple[str, ...] | None:
    return tuple(map(str, said)) if isinstance(said, list) else None


def _reasons(told: Mapping[str, Any]) -> tuple[str, ...]:
    """Sentences on the gates that a record says were missed; the gates' titles where it holds no values."""
    failed = _gates(told.get("failed_gates")) or ()
    said = told.get("gates")
    results = [GateResult.model_validate(one) for one in said] if isinstance(said, list) else []
    texts = {one.measure: one.text for one in results}
    return tuple(texts.get(gate, title_of(gate)) for gate in failed)


def sort_keys(entries: Sequence[Entry]) -> tuple[str, ...]:
    """By what clips can be ordered: their names, and every measure that one of them has."""
    return BY_NAME, *dict.fromkeys(name for entry in entries for name in entry.measures)


def arranged(
    entries: Sequence[Entry],
    review: Review,
    *,
    by: str = BY_NAME,
    worst_first: bool = True,
    shown: Shown = "all",
) -> tuple[Entry, ...]:
    """Clips in an order: by name, or by a measure from the worst on; those without a value come last.

    Example:
        >>> arranged([Entry("b", Path("b")), Entry("a", Path("a"))], Review())[0].name  # doctest: +SKIP
        'a'
    """
    wanted = [entry for entry in entries if _wanted(entry, review)[shown]()]
    if by == BY_NAME:
        return tuple(sorted(wanted, key=lambda entry: entry.name))
    measure = MEASURES.get(by)
    sign = -1.0 if worst_first else 1.0

    def badness(entry: Entry) -> tuple[bool, float, str]:
        value = entry.measures.get(by)
        if value is None:
            return True, 0.0, entry.name
        return False, sign * (measure.worse(value) if measure is not None else value), entry.name

    return tuple(sorted(wanted, key=badness))


def _wanted(entry: Entry, review: Review) -> dict[Shown, Callable[[], bool]]:
    decision = review.decision(entry.name)
    return {
        "all": lambda: True,
        "missing a gate": lambda: bool(entry.failed_gates),
        "passing": lambda: entry.failed_gates == (),
        "not yet decided": lambda: not decision,
        "kept": lambda: decision == "keep",
        "rejected": lambda: decision == "reject",
    }
