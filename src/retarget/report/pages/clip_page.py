"""A page of one clip: film strip, time lines, all measures and where it is from; made for one or for a whole batch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from retarget._version import __version__
from retarget.batch import BatchJob
from retarget.batch.logs import readable_name
from retarget.batch.plain import printable
from retarget.errors import MissingExtraError
from retarget.evaluation import GROUPS, MEASURES, ClipReport, Gates, evaluate_result, frame_series
from retarget.evaluation.gates import DEFAULT_PROFILE, measure_behind
from retarget.exchange.sources import robot_of_result
from retarget.files import sha256_of, write_text
from retarget.report.pages.clips import Clip, Fate
from retarget.report.pages.render import look_sha256, page
from retarget.report.pages.strips import data_address, small_strip
from retarget.report.pages.timeline import CURVE_HEIGHT, LEFT, WIDTH, time_line
from retarget.result import RetargetingResult
from retarget.robots.model import RobotModel
from retarget.wording import shown

__all__ = ["ClipPageWorker", "page_jobs", "page_name", "pages_folder", "write_clip_page"]

# How a value is shown, by whether it passes its gate and whether that warns.
_KINDS: Final = {(False, False): "over", (True, True): "near", (True, False): ""}


def page_name(clip: str, batch: int | None = None) -> str:
    """File name of a clip's page: readable, and unique to the clip, and to the batch where a report has several.

    Example:
        >>> page_name("day 1/walk")
        'day_1_walk-2747c313.html'
    """
    return f"{readable_name(clip if batch is None else f'{batch + 1}/{clip}')}.html"


def page_jobs(report: Path, wanted: Iterable[tuple[int, Clip]], *, several: bool) -> list[BatchJob]:
    """A job for the page of each clip that has a result, in the folder of pages beside a report.

    Args:
        report: The report's path, which pages lead back to.
        wanted: Clips with the number of their batch.
        several: Whether the report is of several batches.
    """
    folder = pages_folder(report)
    home = f"../{quote(printable(report.name))}"
    return [
        BatchJob(
            id=f"{index + 1}/{clip.name}" if several else clip.name,
            name=clip.name,
            motion=clip.output,
            output=folder / page_name(clip.name, index if several else None),
            provenance={
                "back": f"{home}#clip={quote(shown(clip.name), safe='')}"
                + (f"&in={index + 1}" if several else "")
            },
        )
        for index, clip in wanted
        if clip.fate is not Fate.FAILED
    ]


def pages_folder(report: Path) -> Path:
    """The folder of a report's pages: that of ``report.html`` is ``report_clips`` beside it."""
    return report.with_name(f"{report.stem}_clips")


@dataclass(frozen=True, slots=True)
class ClipPageWorker:
    """A batch worker that makes the page of a job's result.

    Attributes:
        gates: What clips are judged by.

    Example:
        >>> worker = ClipPageWorker(Gates.named("strict"))
        >>> BatchRunner().run(jobs, worker, manifest_path="pages.json")  # doctest: +SKIP
    """

    gates: Gates = field(default_factory=lambda: Gates.named(DEFAULT_PROFILE))

    def __call__(self, job: BatchJob) -> Mapping[str, Any]:
        """Write one page.

        Raises:
            RetargetError: The result cannot be read or judged, or the page not be written.
        """
        result = RetargetingResult.load_npz(job.motion)
        write_clip_page(
            result,
            robot_of_result(result),
            job.output,
            title=job.label,
            gates=self.gates,
            files={"result": str(job.motion), "result's SHA-256": sha256_of(job.motion)},
            back=str(job.provenance.get("back", "")),
        )
        return {"frames": len(result), "result_sha256": sha256_of(job.motion)}

    def fingerprint(self, job: BatchJob) -> dict[str, str]:
        """All that determines a page, each as a short text.

        Raises:
            OSError: The result cannot be read.
        """
        return {
            "result": sha256_of(job.motion),
            "gates": hashlib.sha256(self.gates.model_dump_json().encode()).hexdigest(),
            "back": str(job.provenance.get("back", "")),
            "look": look_sha256(),
            "version": __version__,
        }


def write_clip_page(
    result: RetargetingResult,
    robot: RobotModel,
    path: str | Path,
    *,
    title: str,
    gates: Gates | None = None,
    files: Mapping[str, str] | None = None,
    back: str = "",
) -> None:
    """Write the page of one clip.

    Args:
        result: The clip.
        robot: The robot that it was made for.
        path: Where.
        title: The clip's name.
        gates: What to judge it by; ``train-ready`` if none.
        files: Where it is from: names and values.
        back: Address of the report that it belongs to; empty without one.

    Raises:
        RetargetError: The result does not fit the robot.
        OutputError: The page cannot be written.
    """
    report = evaluate_result(result, robot, gates=gates, clip=title)
    line = time_line(result, report, frame_series(result, robot))
    strip, no_strip = "", ""
    try:
        strip = data_address(small_strip(result, robot, title))
    except MissingExtraError as error:
        no_strip = f"No film strip: {error}."
    rows = _measures(report)
    values = {
        "duration": line.duration_s,
        "curves": [[curve.series.title, curve.unit, curve.columns] for curve in line.curves],
        "lanes": [[lane.name, [bar[:2] for bar in lane.bars]] for lane in line.lanes],
        "width": WIDTH,
    }
    text = page(
        "clip.html.j2",
        ("theme.js", "clip.js"),
        title=title,
        report=report,
        fate=_fate(report),
        line=line,
        strip=strip,
        no_strip=no_strip,
        gated=[row for row in rows if row["gate"]],
        others=[
            (group, those)
            for group in GROUPS
            if (those := [r for r in rows if not r["gate"] and r["measure"].group == group])
        ],
        groups=GROUPS,
        facts=_facts(result, robot, files or {}),
        back=back,
        left=LEFT,
        width=WIDTH,
        curve_height=CURVE_HEIGHT,
        values=json.dumps(values, allow_nan=False).replace("<", "\\u003c"),
    )
    write_text(path, text)


def _fate(report: ClipReport) -> Fate:
    if report.failed_gates:
        return Fate.UNFIT
    return Fate.CLOSE if any(gate.warned for gate in report.gates) else Fate.FIT


def _measures(report: ClipReport) -> list[dict[str, Any]]:
    """A row for each measure, with its gate."""
    gates = {measure_behind(gate.measure).name: gate for gate in report.gates}
    rows = []
    for name, measured in report.measures.items():
        measure, gate = MEASURES[name], gates.get(name)
        rows.append(
            {
                "measure": measure,
                "value": measure.text(measured.value),
                "gate": gate,
                "limit": "" if gate is None else measure.text(gate.limit),
                "kind": "" if gate is None else _KINDS[gate.passed, gate.warned],
            }
        )
    return rows


def _facts(
    result: RetargetingResult, robot: RobotModel, files: Mapping[str, str]
) -> list[tuple[str, str]]:
    told = result.provenance
    motion = told.get("motion") if isinstance(told.get("motion"), dict) else {}
    assert isinstance(motion, dict)
    facts = [
        *files.items(),
        ("recording", motion.get("path")),
        ("recording's SHA-256", motion.get("sha256")),
        ("format", motion.get("format")),
        ("rig", motion.get("rig")),
        ("robot", result.robot),
        ("robot's SHA-256", told.get("robot_sha256") or robot.sha256),
        ("retarget version", told.get("version")),
        *_flat("options", told.get("options")),
        *_flat("seconds", told.get("timings")),
        *((f"note {n}", note) for n, note in enumerate(motion.get("notes") or (), 1)),
    ]
    return [(str(name), str(value)) for name, value in facts if value not in (None, "")]


def _flat(name: str, values: Any) -> list[tuple[str, str]]:
    if not isinstance(values, dict):
        return []
    said = [
        f"{key} = {f'{value:.4g}' if isinstance(value, float) else value}"
        for key, value in values.items()
        if value is not None
    ]
    return [(name, ", ".join(said))] if said else []
