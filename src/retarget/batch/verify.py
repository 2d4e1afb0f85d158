"""Whether the outputs that a manifest promises are there and are what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from retarget.batch.located import located_manifest
from retarget.batch.manifest import BatchManifest
from retarget.batch.models import BatchRunRecord
from retarget.batch.plain import printable
from retarget.files import sha256_of

__all__ = ["OutputOpener", "VerifyProblem", "verify_manifest"]

OutputOpener = Callable[[BatchRunRecord], None]


@dataclass(frozen=True, slots=True)
class VerifyProblem:
    """One output that is not what its record promises."""

    job_id: str
    output: Path
    problem: str

    def __str__(self) -> str:
        return f"{self.job_id}: {printable(str(self.output))}: {self.problem}"


def verify_manifest(
    manifest: BatchManifest | str | Path,
    opener: OutputOpener | None = None,
    *,
    progress: Callable[[BatchRunRecord], None] | None = None,
) -> list[VerifyProblem]:
    """Check every output that should stand; an empty list means that all do.

    An output must exist and not be empty, have the hash in its record's provenance (``output_sha256``)
    where there is one, and be opened without an error.

    Args:
        manifest: A manifest, or the path of one.
        opener: Opens the output of a record and raises when it is not what the record says.
        progress: Called after each record that was checked.

    Raises:
        ManifestError: The manifest is not usable.
    """
    if not isinstance(manifest, BatchManifest):
        manifest = located_manifest(manifest)
    problems: list[VerifyProblem] = []
    for record in manifest.records:
        if record.status == "failed":
            continue
        for problem in _problems(record, opener):
            problems.append(VerifyProblem(record.job_id, record.output, problem))
            break
        if progress is not None:
            progress(record)
    return problems


def _problems(record: BatchRunRecord, opener: OutputOpener | None) -> Iterator[str]:
    try:
        output = record.output_file
        found = output.stat()
        if output.is_file():
            if not found.st_size:
                yield "the file is empty"
            promised = record.provenance.get("output_sha256")
            if promised is not None and sha256_of(output) != promised:
                yield "its content has changed since it was recorded"
        if opener is not None:
            opener(record)
    except FileNotFoundError:
        yield "the file is gone"
    except Exception as error:
        yield printable(f"{type(error).__name__}: {error}")
