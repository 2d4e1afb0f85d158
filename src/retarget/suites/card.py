"""The card of a benchmark: what was scored, how, and what came of it, so that others can do it again."""

from __future__ import annotations

from collections import Counter
from shlex import quote
from typing import Literal

from pydantic import BaseModel, ConfigDict

from retarget.comparison.shown import of_recording, telling
from retarget.evaluation.gates import measure_behind, title_of
from retarget.evaluation.measures.registry import COLUMNS, MEASURES

__all__ = ["BenchmarkCard", "CardClip", "card_markdown"]


class CardClip(BaseModel):
    """One clip on a card.

    Attributes:
        name: Of the clip.
        status: ``judged``; ``no result`` where the tool has none; ``failed`` where its result cannot be judged;
            ``no clip`` where the recording is not at hand, which does not count against the tool.
        reason: Why it failed.
        source_sha256: Of the recording's file.
        source_known: Whether that is a hash of the suite; none where the suite knows none.
        result_sha256: Of the tool's file.
        result_format: What it was read as.
        offset_s: When the tool's motion begins in the recording, seconds.
        covered: Share of the recording that the tool's motion covers.
        passed: Whether it passes all gates, and covers the clip.
        failed_gates: Those that it does not pass.
        values: By measure; none where there is nothing to measure.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    status: Literal["judged", "no result", "failed", "no clip"]
    reason: str = ""
    source_sha256: str = ""
    source_known: bool | None = None
    result_sha256: str = ""
    result_format: str = ""
    offset_s: float | None = None
    covered: float | None = None
    passed: bool = False
    failed_gates: tuple[str, ...] = ()
    values: dict[str, float | None] = {}


class BenchmarkCard(BaseModel):
    """The score of a tool on a suite. The same files give the same card, to the byte.

    Attributes:
        schema_version: Of this layout.
        suite: Name of the suite.
        suite_version: Its version.
        suite_sha256: Of its file.
        tool: Name of the tool.
        robot: The robot.
        robot_sha256: Of its model.
        fps: Frames per second at which everything was judged.
        gates: Name of the profile of gates.
        limits: What it fails beyond, by measure, in its unit.
        source_fps: Frames per second that the tool's files were said to have; none where they say it.
        read_as: Format that they were said to have; none where it was told from them.
        scored_by: Version of this package.
        means: Mean over judged clips of each measure, every clip counting alike.
        clips: One by one, in the suite's order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = 1
    suite: str
    suite_version: int
    suite_sha256: str
    tool: str
    robot: str
    robot_sha256: str
    fps: float
    gates: str
    limits: dict[str, float]
    source_fps: float | None = None
    read_as: str | None = None
    scored_by: str
    means: dict[str, float | None]
    clips: tuple[CardClip, ...]

    def count(self, status: str) -> int:
        """How many clips have a status."""
        return sum(clip.status == status for clip in self.clips)

    @property
    def asked(self) -> int:
        """How many clips were at hand: a tool without a result of one has failed on it."""
        return len(self.clips) - self.count("no clip")

    @property
    def passed(self) -> int:
        """How many clips pass."""
        return sum(clip.passed for clip in self.clips)


def card_markdown(card: BenchmarkCard) -> str:
    """The card for people, in Markdown."""
    whole = (
        ""
        if not card.count("no clip")
        else (
            f" **Not the whole suite: {card.count('no clip')} of {len(card.clips)} clips were not at hand.**"
        )
    )
    facts = [
        ["suite", f"{card.suite}, version {card.suite_version} (`{card.suite_sha256[:12]}`)"],
        ["robot", f"{card.robot} (`{card.robot_sha256[:12]}`)"],
        ["scored by", f"retarget {card.scored_by}, gates {card.gates}, at {card.fps:g} fps"],
        ["clips that pass", f"{card.passed} of {card.asked}"],
        ["without a result", str(card.count("no result"))],
        ["that cannot be judged", str(card.count("failed"))],
    ]
    rows = [_row(clip) for clip in card.clips if clip.status != "no clip"]
    heads = ["clip", "", *(column.title for column in COLUMNS), "covered", "recording", "result"]
    return (
        f"# {card.tool} on {card.suite}\n\n"
        f"{card.passed} of {card.asked} clips pass.{whole}\n\n"
        + _table(["", ""], facts)
        + "\n\n## Over clips\n\n"
        + _table(["", "mean", "worst", "gate", "measure"], _measured(card))
        + _missed(card)
        + "\n\n## Clips\n\n"
        + _table(heads, rows)
        + "\n\nHashes are the first twelve digits of SHA-256; a star marks a recording whose hash the suite knows. To "
        "do it again:\n\n```sh\n"
        f"retarget benchmark --suite {card.suite} --clips DIR --results DIR --tool {quote(card.tool)} "
        f"--robot {card.robot}{_said(card)}\n"
        "```\n"
    )


def _said(card: BenchmarkCard) -> str:
    """What was said of the tool's files, as options."""
    rate = "" if card.source_fps is None else f" --source-fps {card.source_fps:g}"
    return rate + ("" if card.read_as is None else f" --read-as {card.read_as}")


def _measured(card: BenchmarkCard) -> list[list[str]]:
    """Mean and worst clip of what passes and tables are made of; of what no clip has, nothing."""
    rows = []
    for name in telling(card.limits):
        measure, limit = MEASURES[name], card.limits.get(name)
        values = [v for clip in card.clips if (v := clip.values.get(name)) is not None]
        if of_recording(name) or not values:
            continue
        worst = min(values) if measure.better == "higher" else max(values)
        gate = "" if limit is None else measure.text(limit)
        told = [measure.text(card.means[name]), measure.text(worst), gate]
        rows.append([measure.title, *told, f"`{name}`"])
    return rows


def _missed(card: BenchmarkCard) -> str:
    """The gates that clips miss, most missed first; nothing where none does."""
    counts = Counter(gate for clip in card.clips for gate in clip.failed_gates).most_common()
    if not counts:
        return ""
    rows = []
    for gate, count in counts:
        measure = measure_behind(gate)
        rows.append(
            [measure.title, str(count), measure.text(card.means[measure.name]), f"`{measure.name}`"]
        )
    return "\n\n## Gates that clips miss\n\n" + _table(["", "clips", "mean", "measure"], rows)


def _row(clip: CardClip) -> list[str]:
    if clip.status != "judged":
        return [clip.name, clip.reason or clip.status, *["-"] * (len(COLUMNS) + 3)]
    verdict = (
        "pass"
        if clip.passed
        else "; ".join(map(title_of, clip.failed_gates)) or "not all of the clip"
    )
    known = "*" if clip.source_known else ""
    return [
        clip.name,
        verdict,
        *(column.cell(clip.values) for column in COLUMNS),
        f"{clip.covered or 0:.0%}",
        f"`{clip.source_sha256[:12]}`{known}",
        f"`{clip.result_sha256[:12]}`",
    ]


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def means_of(clips: list[CardClip]) -> dict[str, float | None]:
    """Mean of each measure over the clips that have it, each counting alike."""
    means: dict[str, float | None] = {}
    for name in MEASURES:
        known = [v for clip in clips if (v := clip.values.get(name)) is not None]
        means[name] = sum(known) / len(known) if known else None
    return means
