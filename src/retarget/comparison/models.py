"""What a comparison says: plain data that JSON holds."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from retarget.errors import RetargetError

__all__ = ["ClipValues", "Comparison", "MeasureRow", "PairedRow", "SideSummary"]


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SideSummary(_Plain):
    """One of the things compared.

    Attributes:
        label: Its name.
        path: Where it is.
        clips: How many clips of it were judged.
        passed: How many of these pass all gates.
        unmatched: Clips that not every other side has.
    """

    label: str
    path: str
    clips: int
    passed: int
    unmatched: tuple[str, ...] = ()


class ClipValues(_Plain):
    """One clip on all sides.

    Attributes:
        clip: Its name.
        fps: Frames per second at which all sides were judged.
        duration_s: Seconds that all sides have of it.
        offsets_s: When each side's motion begins in the human's, seconds.
        likeness: How alike each side's limbs rise and fall to the human's, 1 at best; none of results of ours.
        passed: Whether each side passes the gates.
        failed_gates: Those that each side misses.
        values: Of each side, by measure; none where there was nothing to measure.
    """

    clip: str
    fps: float
    duration_s: float
    offsets_s: tuple[float, ...]
    likeness: tuple[float | None, ...]
    passed: tuple[bool, ...]
    failed_gates: tuple[tuple[str, ...], ...] = ()
    values: dict[str, tuple[float | None, ...]]


class PairedRow(_Plain):
    """A measure on another side than the first, clip by clip.

    Attributes:
        label: The other side.
        clips: How many clips have a value on both.
        difference: Mean over clips of the other side's value less the first side's.
        low: Lower end of the interval in which the mean difference lies with 95 %, by bootstrap over clips; none of
            fewer than two clips.
        high: Upper end.
        wins: Clips on which the other side is better.
        losses: Clips on which it is worse.
    """

    label: str
    clips: int
    difference: float | None
    low: float | None
    high: float | None
    wins: int
    losses: int

    def verdict(self, better: str) -> str:
        """``better``, ``worse`` or ``even`` for the other side; empty where neither direction is better.

        Example:
            >>> PairedRow(label="b", clips=9, difference=-1, low=-2, high=-0.5, wins=9, losses=0).verdict("lower")
            'better'
        """
        if better == "none" or self.low is None or self.high is None:
            return ""
        if self.low <= 0 <= self.high:
            return "even"
        return "better" if (self.high < 0) == (better == "lower") else "worse"


class MeasureRow(_Plain):
    """A measure on all sides.

    Attributes:
        measure: Its name in `retarget.evaluation.MEASURES`.
        unit: Of the values.
        better: ``lower``, ``higher`` or ``none``.
        means: Mean over clips of each side; none where no clip has a value.
        misses: Clips on which each side misses the gate of the measure; none where there is no such gate.
        pairs: Every other side beside the first.
    """

    measure: str
    unit: str
    better: str
    means: tuple[float | None, ...]
    misses: tuple[int, ...] | None = None
    pairs: tuple[PairedRow, ...]


class Comparison(_Plain):
    """Several sides on the same clips.

    Attributes:
        sides: In the order given; the first is what the others are compared with.
        rows: By measure.
        clips: One by one.
        unjudged: Clips that could not be judged, and why.
        gates: Name of the profile of gates.
        seed: Of the bootstrap.
    """

    sides: tuple[SideSummary, ...]
    rows: tuple[MeasureRow, ...]
    clips: tuple[ClipValues, ...]
    unjudged: dict[str, str] = {}
    gates: str = ""
    seed: int = 0

    def row(self, measure: str) -> MeasureRow:
        """The row of a measure.

        Raises:
            RetargetError: There is none of that name.
        """
        for row in self.rows:
            if row.measure == measure:
                return row
        raise RetargetError(f"nothing is compared by {measure!r}; see retarget.evaluation.MEASURES")
