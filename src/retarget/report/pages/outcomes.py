"""What became of a batch's clips, in numbers: how many, why not, and which are worst."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from retarget.report.pages.clips import FATES, Clip, Fate
from retarget.report.pages.gather import Batch

__all__ = [
    "Cause",
    "Difference",
    "Doubted",
    "Verdict",
    "causes_of",
    "differences",
    "doubted",
    "verdict_of",
    "worst_of",
]

_LONGEST_LIST = 100  # clips whose verdicts differ between batches


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many clips of a batch have which fate.

    Attributes:
        counts: Clips by fate.
        seconds: Seconds of motion by fate; 0 for clips without a result.
        total: All clips that have ended.
        unfinished: Jobs that have not.
    """

    counts: dict[Fate, int]
    seconds: dict[Fate, float]
    total: int
    unfinished: int

    @property
    def fit(self) -> int:
        """Clips that pass all gates."""
        return self.counts[Fate.FIT] + self.counts[Fate.CLOSE]

    @property
    def share(self) -> float:
        """Share of the clips that have ended that pass all gates."""
        return self.fit / self.total if self.total else 0.0

    @property
    def fit_seconds(self) -> float:
        """Seconds of motion that pass all gates."""
        return self.seconds[Fate.FIT] + self.seconds[Fate.CLOSE]

    @property
    def all_seconds(self) -> float:
        """Seconds of motion that have a result."""
        return sum(self.seconds.values())


def verdict_of(batch: Batch) -> Verdict:
    """The verdict on a batch in numbers."""
    counts, seconds = dict.fromkeys(FATES, 0), dict.fromkeys(FATES, 0.0)
    for clip in batch.clips:
        counts[clip.fate] += 1
        seconds[clip.fate] += clip.duration_s
    return Verdict(counts, seconds, len(batch.clips), batch.unfinished)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why clips are not fit, or only just.

    Attributes:
        name: A gate, or a kind of error.
        fate: Of the clips that have it.
        counts: Clips by batch.
        seconds: Seconds of motion by batch.
        example: The worst clip with it.
        reason: What is said of that one.
    """

    name: str
    fate: Fate
    counts: tuple[int, ...]
    seconds: tuple[float, ...]
    example: Clip
    reason: str
    batch: int


def causes_of(batches: Sequence[Batch]) -> list[Cause]:
    """All causes, those of clips that are lost first, most frequent first."""
    found: dict[tuple[Fate, str], list[tuple[int, Clip]]] = defaultdict(list)
    for index, batch in enumerate(batches):
        for clip in batch.clips:
            for cause in clip.causes:
                found[clip.fate, cause].append((index, clip))
    causes = []
    for (fate, name), clips in found.items():
        of_batch = [[clip for at, clip in clips if at == index] for index in range(len(batches))]
        at, example = max(clips, key=lambda one: one[1].excess)
        causes.append(
            Cause(
                name,
                fate,
                tuple(map(len, of_batch)),
                tuple(sum(clip.duration_s for clip in those) for those in of_batch),
                example,
                example.reasons[example.causes.index(name)],
                at,
            )
        )
    order = [Fate.UNFIT, Fate.FAILED, Fate.UNJUDGED, Fate.CLOSE, Fate.FIT]
    return sorted(causes, key=lambda one: (order.index(one.fate), -sum(one.counts), one.name))


def worst_of(batches: Sequence[Batch], most: int) -> list[tuple[int, Clip]]:
    """The clips with a result that are worst, with their batch; the worst of each cause before the second of any."""
    unfit = [
        (index, clip)
        for index, batch in enumerate(batches)
        for clip in batch.clips
        if clip.fate in {Fate.UNFIT, Fate.CLOSE}
    ]
    unfit.sort(key=lambda one: (one[1].fate is Fate.CLOSE, -one[1].excess, -len(one[1].causes)))
    seen: dict[str, int] = defaultdict(int)
    ranked = []
    for place, (index, clip) in enumerate(unfit):
        seen[clip.causes[0]] += 1
        ranked.append((clip.fate is Fate.CLOSE, seen[clip.causes[0]], place, index, clip))
    ranked.sort(key=lambda one: one[:3])
    return [(index, clip) for *_, index, clip in ranked[:most]]


@dataclass(frozen=True, slots=True)
class Doubted:
    """A doubt that clips share: its name, in how many clips by batch, and where it weighs most."""

    name: str
    counts: tuple[int, ...]
    weight: float
    reason: str
    example: Clip
    batch: int


def doubted(batches: Sequence[Batch]) -> list[Doubted]:
    """All doubts, those of most clips first."""
    found: dict[str, list[tuple[float, str, int, Clip]]] = defaultdict(list)
    for index, batch in enumerate(batches):
        for clip in batch.clips:
            for name, weight, reason in clip.doubts:
                found[name].append((weight, reason, index, clip))
    doubts = []
    for name, entries in found.items():
        weight, reason, at, clip = max(entries, key=lambda entry: entry[0])
        counts = tuple(
            len({entry[3].name for entry in entries if entry[2] == index})
            for index in range(len(batches))
        )
        doubts.append(Doubted(name, counts, weight, reason, clip, at))
    return sorted(doubts, key=lambda one: (-sum(one.counts), one.name))


@dataclass(frozen=True, slots=True)
class Difference:
    """A clip whose fate is not the same in all batches: by batch, None where a batch has it not."""

    name: str
    clips: tuple[Clip | None, ...]


def differences(batches: Sequence[Batch]) -> tuple[list[Difference], int]:
    """Clips that several batches share and that are fit in some of them only: the first ones, and how many there are.

    Clips are the same that have the same name, or else were made from the same bytes.
    """
    if len(batches) < 2:
        return [], 0
    table: dict[str, list[Clip | None]] = {}
    by_bytes: dict[str, str] = {}
    for index, batch in enumerate(batches):
        taken = {clip.name for clip in batch.clips}
        for clip in batch.clips:
            sha256 = clip.told.get("motion_sha256", "")
            key = clip.name
            if index and key not in table and sha256 in by_bytes and by_bytes[sha256] not in taken:
                key = by_bytes[sha256]
            if sha256:
                by_bytes.setdefault(sha256, key)
            table.setdefault(key, [None] * len(batches))[index] = clip
    found = [
        Difference(name, tuple(clips))
        for name, clips in table.items()
        if len({clip.fits for clip in clips if clip is not None}) > 1
    ]
    return found[:_LONGEST_LIST], len(found)
