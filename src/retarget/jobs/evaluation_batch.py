"""Results of a batch judged in parallel: resumable, recorded and atomic, as the batch itself was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from retarget._version import __version__
from retarget.batch import BatchJob, BatchManifest, BatchRunner
from retarget.config import RunConfig
from retarget.errors import FileFormatError, RetargetError
from retarget.files import sha256_of

if TYPE_CHECKING:
    from retarget.evaluation import ClipReport, Gates, Summary
    from retarget.result import RetargetingResult
    from retarget.robots import RobotModel

__all__ = ["MANIFEST_NAME", "BatchEvaluation", "EvaluateWorker", "evaluate_batch"]

MANIFEST_NAME: Final = "evaluation_manifest.json"


@dataclass(frozen=True, slots=True)
class EvaluateWorker:
    """A batch worker that judges a job's result and writes its report.

    Attributes:
        robot: Robot to judge with; the result's own if None.
        robot_description: TOML that describes it.
        profile: Gates to pass, as JSON; ``train-ready`` if empty.
        anew: Measure also where a report of the same result lies, made with other gates.

    Example:
        >>> worker = EvaluateWorker()
        >>> BatchRunner().run(jobs, worker, manifest_path="manifest.json")  # doctest: +SKIP
    """

    robot: str | None = None
    robot_description: Path | None = None
    profile: str = ""
    anew: bool = False

    def __call__(self, job: BatchJob) -> Mapping[str, Any]:
        """Judge one result; returns what is worth recording about it.

        Raises:
            RetargetError: The result cannot be read or judged, or the report cannot be written.
        """
        basis = self._basis(job)
        report = None if self.anew else self._by_other_gates(job, basis)
        if report is None:
            report = self._measured(job).model_copy(update={"basis": basis})
        report.write(job.output)
        return {
            "passed": report.passed,
            "failed_gates": [gate.measure for gate in report.failed_gates],
            "verdict": report.verdict,
            "frames": report.frames,
            "notes": list(report.notes),
        }

    def _measured(self, job: BatchJob) -> ClipReport:
        from retarget.evaluation import evaluate_result
        from retarget.result import RetargetingResult

        result = RetargetingResult.load_npz(job.motion)
        robot = self.robot_of(result)
        report = evaluate_result(result, robot, gates=self.gates, clip=job.id)
        made_with = result.provenance.get("robot_sha256", robot.sha256)
        changed = robot.name == result.robot and robot.sha256 != made_with
        note = f"the description of {robot.name} has changed since the result was made"
        return report.model_copy(update={"notes": (note,)}) if changed else report

    def _by_other_gates(self, job: BatchJob, basis: str) -> ClipReport | None:
        """The verdict from what was measured before; None where nothing was, of this very result and robot."""
        from retarget.evaluation import ClipReport
        from retarget.evaluation.rejudge import rejudged

        try:
            report = ClipReport.read(job.output)
        except FileFormatError:
            return None
        return rejudged(report, self.gates) if report.basis == basis else None

    def _basis(self, job: BatchJob) -> str:
        """A hash of all that a report's measures follow from."""
        given = {name: said for name, said in self.fingerprint(job).items() if name != "gates"}
        return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()

    @property
    def gates(self) -> Gates:
        """The gates to pass."""
        from retarget.evaluation import Gates
        from retarget.evaluation.gates import DEFAULT_PROFILE

        return (
            Gates.model_validate_json(self.profile)
            if self.profile
            else Gates.named(DEFAULT_PROFILE)
        )

    def warm_up(self) -> None:
        """Compile or load the kernels before the first job."""
        from retarget.ahead import judge_nothing

        judge_nothing()

    def fingerprint(self, job: BatchJob) -> dict[str, str]:
        """All that determines the job's report: result, robot, gates, version.

        Raises:
            OSError: The result cannot be read.
        """
        files = (
            []
            if self.robot is None
            else RunConfig(robot=self.robot, robot_description=self.robot_description).robot_files()
        )
        return {
            "result": sha256_of(job.motion),
            "robot": ",".join([str(self.robot), *(sha256_of(file) for file in files)]),
            "gates": hashlib.sha256(self.gates.model_dump_json().encode()).hexdigest(),
            "version": __version__,
        }

    def robot_of(self, result: RetargetingResult) -> RobotModel:
        """The robot asked for, else the one that the result was made with."""
        if self.robot is None:
            return RunConfig.of_result(result).load_robot()
        return RunConfig(robot=self.robot, robot_description=self.robot_description).load_robot()


@dataclass(frozen=True, slots=True)
class BatchEvaluation:
    """What judging the results of a batch came to; reports are read one by one when they are asked for.

    Attributes:
        reports: File of each clip's report, by name; of those that could be judged.
        failed: Why the others could not.
        manifest: What happened to each, as of any batch.
        gates: Name of the profile.

    Example:
        >>> done = evaluate_batch(results, "reports", max_workers=8)  # doctest: +SKIP
        >>> done.summary().passed_share  # doctest: +SKIP
        0.93
    """

    reports: Mapping[str, Path]
    failed: Mapping[str, str]
    manifest: BatchManifest
    gates: str = ""

    def __iter__(self) -> Iterator[ClipReport]:
        """The reports, in the order of the results."""
        return (self.report(name) for name in self.reports)

    def report(self, name: str) -> ClipReport:
        """The report of a clip.

        Raises:
            RetargetError: It could not be judged; or its report has gone since.
        """
        from retarget.evaluation import ClipReport

        if name in self.failed:
            raise RetargetError(self.failed[name])
        return ClipReport.read(self.reports[name])

    def summary(self) -> Summary:
        """All clips together; memory does not grow with their number but for a line each."""
        from retarget.evaluation import Unjudged, summarise

        unjudged = [Unjudged(clip=name, reason=reason) for name, reason in self.failed.items()]
        return summarise(iter(self), unjudged)


def evaluate_batch(
    results: Mapping[str, str | Path],
    output_dir: str | Path,
    *,
    max_workers: int = 1,
    gates: Gates | None = None,
    robot: str | None = None,
    robot_description: Path | None = None,
    force: bool = False,
    on_event: Callable[[Any], None] | None = None,
) -> BatchEvaluation:
    """Judge many results at once, a report (JSON) of each in a folder; run again it goes on where it stopped.

    A report whose result or robot have changed since is made anew; where only the gates have, it is judged by what was
    measured, and the motion is looked at again only where the second of a newly missed gate must be found.
    What happened to each clip is in ``evaluation_manifest.json`` beside the reports, which is a batch's manifest.

    Args:
        results: Result files by name; a report is the file of that name in the folder, with ``.json`` after it.
        output_dir: The folder.
        max_workers: How many to judge at once.
        gates: To pass; ``train-ready`` if none.
        robot: Robot to judge with; each result's own if none.
        robot_description: TOML that describes it.
        force: Judge all again.
        on_event: Told of what happens, as `BatchRunner` tells it.

    Raises:
        ManifestError: Another run writes into the folder.
        OutputError: The folder cannot be written to.

    Example:
        >>> manifest = BatchManifest.load("robot/batch_manifest.json")  # doctest: +SKIP
        >>> results = {r.job_id: r.output_file for r in manifest.records if r.status != "failed"}  # doctest: +SKIP
        >>> evaluate_batch(results, "reports", max_workers=8).summary().missed_gates  # doctest: +SKIP
        {'jerk_mean': 3}
    """
    folder = Path(output_dir)
    worker = EvaluateWorker(
        robot, robot_description, "" if gates is None else gates.model_dump_json(), anew=force
    )
    jobs = [
        BatchJob(id=name, motion=Path(path).absolute(), output=folder / f"{name}.json")
        for name, path in results.items()
    ]
    runner = BatchRunner(fingerprint=worker.fingerprint, on_event=on_event, stale="rerun")
    manifest = runner.run(
        jobs,
        worker,
        manifest_path=folder / MANIFEST_NAME,
        max_workers=max_workers,
        force=force,
        output_dir=folder,
    )
    records = manifest.records_by_id()
    failed = {job.id: records[job.id].message for job in jobs if records[job.id].status == "failed"}
    return BatchEvaluation(
        reports={job.id: job.output for job in jobs if job.id not in failed},
        failed=failed,
        manifest=manifest,
        gates=worker.gates.name,
    )
