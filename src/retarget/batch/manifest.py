"""The manifest of a batch as users have it: records, loaded from its files and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from retarget.batch.manifest_file import save_manifest
from retarget.batch.models import ManifestContent
from retarget.batch.store import load_manifest

__all__ = ["BatchManifest"]


class BatchManifest(ManifestContent):
    """All outcomes of a resumable batch, as one JSON file.

    A manifest that is taken up again with other jobs keeps the records of the earlier ones, which nothing else
    remembers. Its ``total`` counts those jobs too, so that ``total`` less the records is always what is left.

    Attributes:
        schema_version: Manifest format version for forward compatibility.
        created_at: UTC time when the batch run first started.
        updated_at: UTC time of the most recent manifest write.
        input_dir: Root directory scanned for input motions, if known.
        output_dir: Root directory for written outputs, if known.
        pattern: Glob or filter pattern used to build the job list.
        total: Number of jobs in the batch definition, and of earlier definitions of the same manifest.
        success_count: Jobs that completed with :attr:`RunStatus.SUCCESS`.
        skipped_count: Jobs skipped because outputs already existed.
        failed_count: Jobs that raised during execution.
        records: Per-job outcomes in submission order, after those of jobs of earlier definitions only.

    Example:
        >>> manifest = BatchManifest.from_records(records=[], total=3, created_at=utc_now())
        >>> manifest.total, manifest.failed_count
        (3, 0)
    """

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Load a manifest JSON file, with what its journal holds beyond it.

        While a batch runs, and after a crash, the newest records are in the journal beside the
        manifest; this shows every finished job all the same.

        Raises:
            ManifestError: The file is missing, foreign, corrupt, empty or of a newer version.
        """
        return load_manifest(cls, Path(path))

    def save_json(self, path: str | Path) -> None:
        """Save manifest JSON: one record per line, replaced atomically.

        Raises:
            OutputError: The file cannot be written; what was there is untouched.
        """
        save_manifest(self, Path(path))
