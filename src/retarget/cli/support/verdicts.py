"""Verdicts on clips in words: scores, the worst of a batch, what cannot be judged, lists of what to train on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retarget.cli.support.common import gates_in_words, print_json, say, steps, tell
from retarget.cli.support.tables import print_table
from retarget.errors import OutputError, RetargetError
from retarget.wording import counted

if TYPE_CHECKING:
    from retarget.evaluation import ClipReport, Summary, Unjudged

__all__ = ["lists_in", "print_scores", "report_lines", "tell_all"]

_MOST_ROWS = 10  # of the table of a batch: all clips, or the worst
_MOST_UNJUDGED = 10  # told one by one; the summary holds all


def lists_in(folder: Path | None) -> list[Path]:
    """The clips to train on, and the others with reasons."""
    return [] if folder is None else [folder / "train.txt", folder / "rejected.txt"]


def tell_all(
    inputs: dict[str, Path],
    judge: Callable[[str, Path], ClipReport],
    unjudged: list[Unjudged],
    output: Path | None,
    output_dir: Path | None,
    lists: Path | None,
    as_json: bool,
) -> bool:
    """Judge the clips of a batch one by one, write and print their summary; whether anything misses a gate.

    Clips that cannot be judged are added to ``unjudged``, with the reason.
    """
    from retarget.evaluation import summarise

    worst = _Worst()
    verdicts: list[tuple[str, str]] = []
    summary = summarise(_judged(inputs, judge, unjudged, worst, verdicts), unjudged)
    _write_lists(lists, verdicts, summary)
    if output is not None:
        summary.write(output)
    if as_json:
        print_json(json.loads(summary.model_dump_json()))
    else:
        worst.tell(summary)
        _tell_unjudged(summary)
        if output_dir is not None:
            tell(f"reports, with all measures and where robots could not follow: {output_dir}")
        for path in [*lists_in(lists), *([] if output is None else [output])]:
            tell(f"written: {path}")
    return summary.passed_share < 1 or bool(unjudged)


def _judged(
    inputs: dict[str, Path],
    judge: Callable[[str, Path], ClipReport],
    unjudged: list[Unjudged],
    worst: _Worst,
    verdicts: list[tuple[str, str]],
) -> Iterator[ClipReport]:
    from retarget.evaluation import Unjudged

    for name, path in steps(inputs.items(), "evaluating"):
        try:
            report = judge(name, path)
        except OutputError:  # of no clip, but of the folder of reports
            raise
        except Exception as error:
            reason = str(error) if isinstance(error, RetargetError) else repr(error)
            unjudged.append(Unjudged(clip=name, reason=" ".join(reason.split())))
            continue
        worst.add(report)
        verdicts.append((name, "" if report.passed else report.verdict))
        yield report


def _write_lists(
    folder: Path | None, verdicts: Sequence[tuple[str, str]], summary: Summary
) -> None:
    """Write which clips to train on, a name in a line, and which not: name, tab, reason."""
    from retarget.files import write_text

    if folder is None:
        return
    rejected = [f"{name}\t{verdict}" for name, verdict in verdicts if verdict]
    rejected += [
        f"{clip.clip}\t{'' if clip.has_result else 'no result: '}{clip.reason}"
        for clip in summary.unjudged
    ]
    train, others = lists_in(folder)
    write_text(train, "".join(f"{name}\n" for name, verdict in verdicts if not verdict))
    write_text(others, "".join(f"{line}\n" for line in rejected))


class _Worst:
    """The clips that are farthest from passing, or all where they are few."""

    def __init__(self) -> None:
        self._count = 0
        self._kept: list[ClipReport] = []

    def add(self, report: ClipReport) -> None:
        self._count += 1
        self._kept.append(report)
        if len(self._kept) >= 2 * _MOST_ROWS:
            self._cut()

    def _cut(self) -> None:
        self._kept.sort(key=lambda one: (one.passed, -_excess(one), -len(one.failed_gates)))
        del self._kept[_MOST_ROWS:]

    def tell(self, summary: Summary) -> None:
        """Print the table, what they miss, and how many clips miss which gate."""
        if self._count > _MOST_ROWS:
            self._cut()
        if self._kept:
            print_scores(self._kept, summary)
        if self._count > len(self._kept):
            tell(f"the {len(self._kept)} worst of {counted(self._count, 'clip')}")
        for report in self._kept:
            if not report.passed:
                tell(f"{report.clip}: {report.verdict}")
        judged = gates_in_words(len(summary.clips), [c.failed_gates for c in summary.clips])
        clips = len(summary.clips)
        passed = f"all {clips:,} clips pass the gates" if clips > 1 else "the clip passes the gates"
        tell(judged or (passed if summary.clips else "no clip could be judged"))


def _excess(report: ClipReport) -> float:
    return max((gate.excess for gate in report.failed_gates), default=0.0)


def _tell_unjudged(summary: Summary) -> None:
    for has_result, one, several in (
        (True, "result cannot be judged", "results cannot be judged"),
        (False, "job has no result", "jobs have no result"),
    ):
        clips = [clip for clip in summary.unjudged if clip.has_result is has_result]
        for clip in clips[:_MOST_UNJUDGED]:
            say(f"{'error' if has_result else 'no result'}: {clip.clip}: {clip.reason}")
        if len(clips) > _MOST_UNJUDGED:
            say(f"... and {len(clips) - _MOST_UNJUDGED:,} more; --output writes all")
        if clips:
            tell(counted(len(clips), one, several))


def report_lines(report: ClipReport) -> list[str]:
    """What a person should know beyond the scores: failed gates, things, and where it could not follow."""
    from retarget.report.scores import things_line, why_empty

    gates = [gate.text for gate in report.failed_gates]
    empty = [line for line in (things_line(report), why_empty(report)) if line]
    doubts = [f"doubt: {doubt.text}" for doubt in report.doubts]
    return gates + empty + doubts + [diagnosis.text for diagnosis in report.diagnostics]


def print_scores(reports: Sequence[ClipReport], summary: Summary | None) -> None:
    """Print a row of scores a clip, and one for all."""
    from retarget.evaluation import COLUMNS
    from retarget.report.scores import score_cells

    def row(name: str, report: Any, passed: str) -> list[str]:
        return [name, f"{report.duration_s:.1f}", *score_cells(report), passed]

    rows = [row(r.clip, r, "pass" if r.passed else "FAIL") for r in reports]
    if summary is not None and len(summary.clips) > 1:
        rows.append(row("all", summary, f"{summary.passed_share:.0%}"))
    print_table(["clip", "s", *(column.title for column in COLUMNS), "gates"], rows)
