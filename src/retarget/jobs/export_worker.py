"""Results of a batch to another tool's files: jobs, what a worker does with one, and the library of all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from retarget._version import __version__
from retarget.batch import BatchJob
from retarget.errors import OptionsError
from retarget.exchange.libraries import LibraryClip, library_suffix, write_library
from retarget.exchange.registry import export_table
from retarget.exchange.write import ExportOptions, export_result, foreign_model_path
from retarget.files import sha256_of, write_text
from retarget.jobs.passing import Choice, LeftOut, reason_against
from retarget.wording import counted

if TYPE_CHECKING:
    from retarget.batch import BatchManifest, BatchRunRecord
    from retarget.exchange.tables import ExportTable
    from retarget.robots import RobotModel

__all__ = [
    "ExportWorker",
    "clip_names",
    "export_jobs",
    "library_path",
    "tree_sha256",
    "write_index",
    "write_merged",
]


@dataclass(frozen=True, slots=True)
class ExportWorker:
    """A batch worker that writes a job's result as a consumer's file.

    Attributes:
        kind: The format.
        options: What to choose other than the format does; the clip's name is the job's.

    Example:
        >>> worker = ExportWorker("mjlab")
        >>> BatchRunner().run(jobs, worker, manifest_path="manifest.json")  # doctest: +SKIP
    """

    kind: str
    options: ExportOptions = field(default_factory=ExportOptions)

    def __call__(self, job: BatchJob) -> Mapping[str, Any]:
        """Write one file; returns what is worth recording about it.

        Raises:
            RetargetError: The result cannot be read, or the format cannot hold it.
        """
        from retarget.result import RetargetingResult

        result = RetargetingResult.load_npz(job.motion)
        written = export_result(
            result, job.output, self.kind, robot=self._robot(result), options=self.options
        )
        return {
            **written.description,
            "notes": list(written.notes),
            "result_sha256": sha256_of(job.motion),
            "output_sha256": tree_sha256(job.output),
        }

    def warm_up(self) -> None:
        """Compile or load the kernel and load what every job needs."""
        import numpy as np

        from retarget.robots import load_robot
        from retarget.tracks import make_tracks

        robot = load_robot("unitree_g1")
        qpos = np.zeros((3, robot.qpos_size))
        qpos[:, 3] = 1.0
        make_tracks(qpos, 50.0, robot).bodies  # noqa: B018 - calculated when asked for

    def fingerprint(self, job: BatchJob) -> dict[str, str]:
        """All that determines the job's file, each as a short text.

        Raises:
            OSError: The result cannot be read.
        """
        table = export_table(self.kind)
        said = repr((table.rows, table.rate, table.order, table.links, table.group, table.extras))
        model = foreign_model_path(self.options)
        return {
            "model": "" if model is None else sha256_of(model),
            "result": sha256_of(job.motion),
            "format": hashlib.sha256(said.encode()).hexdigest(),
            "options": hashlib.sha256(repr(asdict(self.options)).encode()).hexdigest(),
            "version": __version__,
        }

    def _robot(self, result: Any) -> RobotModel:
        from retarget.config import RunConfig

        return RunConfig.of_result(result).load_robot()


def export_jobs(
    manifest: BatchManifest, table: ExportTable, output_dir: Path, choice: Choice | None = None
) -> tuple[list[BatchJob], list[LeftOut]]:
    """One job for each result of a batch that may be exported, and what is left out.

    Without a choice a clip is left out when it failed, when it did not pass the gates, or when nothing is recorded of
    its gates; see `retarget.jobs.passing.Choice`. Files lie in folders as the results do.

    Raises:
        OptionsError: Two clips would be written to one file.
    """
    jobs: list[BatchJob] = []
    left: list[LeftOut] = []
    taken: dict[Path, str] = {}
    for record in manifest.records:
        reason = reason_against(record, choice or Choice())
        if reason:
            left.append(LeftOut(record.job_id, reason))
            continue
        output = output_dir / _relative_output(record, manifest, table)
        if output in taken:
            raise OptionsError(
                f"{record.job_id} and {taken[output]} would both be {output}; rename one of them"
            )
        taken[output] = record.job_id
        jobs.append(BatchJob(id=record.job_id, motion=record.output_file.absolute(), output=output))
    return jobs, left


def _relative_output(record: BatchRunRecord, manifest: BatchManifest, table: ExportTable) -> Path:
    output, root = record.output, manifest.output_dir
    inside = root is not None and output.absolute().is_relative_to(root.absolute())
    relative = (
        output.absolute().relative_to(root.absolute()) if inside and root else PurePath(output.name)
    )
    stem = relative.name.removesuffix(".npz")
    if table.per_clip:
        stem = stem.replace(".", "_")  # readers cut names at the first dot
    ending = f"_{table.stem}" if table.stem and not stem.endswith(table.stem) else ""
    return Path(relative.parent) / f"{stem}{ending}{table.suffix}"


def clip_names(outputs: Iterable[Path], output_dir: Path, table: ExportTable) -> list[str]:
    """Names of clips in a library: their paths in the folder, without suffix, folders joined by ``__``.

    Example:
        >>> clip_names([Path("out/a/walk.pkl")], Path("out"), export_table("asap"))
        ['a__walk']
    """
    names = []
    for output in outputs:
        relative = output.relative_to(output_dir)
        names.append("__".join(relative.parts).removesuffix(table.suffix))
    return names


def write_index(
    manifest: BatchManifest,
    jobs: Sequence[BatchJob],
    left_out: Sequence[LeftOut],
    table: ExportTable,
    path: Path,
) -> None:
    """Write what a folder of exported files holds: each file with its rate, frames and hash, and what is left out."""
    records = manifest.records_by_id()
    clips = [
        {
            "clip": job.id,
            "file": job.output.relative_to(path.parent).as_posix(),
            **_told(records[job.id]),
        }
        for job in jobs
        if job.id in records and records[job.id].status != "failed"
    ]
    document = {
        "format": str(table.kind),
        "clips": clips,
        "left_out": [asdict(clip) for clip in left_out],
    }
    write_text(path, json.dumps(document, indent=1) + "\n")


def _told(record: BatchRunRecord) -> dict[str, Any]:
    wanted = ("fps", "frames", "robot", "output_sha256", "result_sha256", "notes")
    return {key: record.provenance[key] for key in wanted if key in record.provenance}


def write_merged(
    manifest: BatchManifest, jobs: Sequence[BatchJob], table: ExportTable, output_dir: Path
) -> Path:
    """Write the one file of all clips that are written, and return its path.

    Raises:
        OptionsError: The reader has no such file, or a clip is missing.
    """
    path = library_path(output_dir, library_suffix(table))
    records = manifest.records_by_id()
    missing = [
        job.id for job in jobs if job.id not in records or records[job.id].status == "failed"
    ]
    if missing:
        raise OptionsError(
            f"{path}: {counted(len(missing), 'clip')} not written, the first {missing[0]}; export them, then merge"
        )
    outputs = [job.output for job in jobs]
    names = clip_names(outputs, output_dir, table)
    write_library(table, [LibraryClip(*pair) for pair in zip(names, outputs, strict=True)], path)
    return path


def library_path(output_dir: Path, suffix: str) -> Path:
    """The library of a folder's clips: beside the folder, so that readers of the folder do not take it for a clip."""
    return output_dir.with_name(output_dir.name + suffix)


def tree_sha256(path: Path) -> str:
    """SHA-256 of a file, or of a folder's files and their names."""
    if path.is_file():
        return sha256_of(path)
    files: Sequence[Path] = sorted(file for file in path.rglob("*") if file.is_file())
    told = [f"{file.relative_to(path).as_posix()} {sha256_of(file)}" for file in files]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
