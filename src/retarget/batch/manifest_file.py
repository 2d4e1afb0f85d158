"""The manifest as a file: read in any layout and version, written one record per line, whole or not at all."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, StrictInt, TypeAdapter, ValidationError

from retarget.batch.journal import LARGEST
from retarget.batch.models import (
    SCHEMA_VERSION,
    BatchRunRecord,
    ManifestContent,
    slimmed,
    time_of,
)
from retarget.batch.plain import printable
from retarget.errors import FileFormatError, ManifestError
from retarget.files import atomic_write
from retarget.inputs import read_bytes

__all__ = [
    "ManifestHead",
    "encode_record",
    "read_manifest_file",
    "real_path",
    "save_manifest",
    "write_manifest_file",
]

_RECORDS_BEGIN, _RECORDS_END = b',\n "records": [\n', b"\n]}\n"

# How to turn the JSON object of one schema version into that of the next.
_MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


@dataclass(frozen=True, slots=True)
class ManifestHead:
    """What a manifest says besides its records."""

    created_at: datetime
    input_dir: Path | None = None
    output_dir: Path | None = None
    pattern: str = ""

    def to_json(self) -> dict[str, Any]:
        """The head as a JSON-ready object."""
        return {
            "created_at": self.created_at.isoformat(),
            "input_dir": None if self.input_dir is None else printable(str(self.input_dir)),
            "output_dir": None if self.output_dir is None else printable(str(self.output_dir)),
            "pattern": printable(self.pattern),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> ManifestHead:
        """The head from what :meth:`to_json` wrote."""

        def folder(name: str) -> Path | None:
            return None if said.get(name) is None else Path(str(said[name]))

        created = time_of(str(said["created_at"]))
        return cls(created, folder("input_dir"), folder("output_dir"), str(said.get("pattern", "")))


def real_path(path: str | Path) -> Path:
    """The file itself: absolute, links followed, so that replacing it does not replace a link."""
    return Path(os.path.realpath(path))


def save_manifest(manifest: ManifestContent, path: Path) -> None:
    """See :meth:`retarget.batch.BatchManifest.save_json`."""
    write_manifest_file(
        path,
        head=ManifestHead(
            manifest.created_at, manifest.input_dir, manifest.output_dir, manifest.pattern
        ),
        updated_at=manifest.updated_at,
        total=manifest.total,
        counts=(manifest.success_count, manifest.skipped_count, manifest.failed_count),
        records=[encode_record(record) for record in manifest.records],
    )


def encode_record(record: BatchRunRecord) -> bytes:
    """The JSON text of a record, on one line."""
    return record.model_dump_json().encode()


def write_manifest_file(
    path: Path,
    *,
    head: ManifestHead,
    updated_at: datetime,
    total: int,
    counts: tuple[int, int, int],
    records: Iterable[bytes],
) -> None:
    """Write a manifest from encoded records, atomically; ``counts`` are success, skipped, failed.

    Raises:
        OutputError: The file cannot be written; what was there is untouched.
    """
    opening = {
        "schema_version": SCHEMA_VERSION,
        "created_at": head.created_at.isoformat(),
        "updated_at": updated_at.isoformat(),
        **{name: value for name, value in head.to_json().items() if name != "created_at"},
        "total": total,
        "success_count": counts[0],
        "skipped_count": counts[1],
        "failed_count": counts[2],
    }
    with atomic_write(real_path(path)) as stream:
        stream.write(json.dumps(opening, indent=1)[:-2].encode() + _RECORDS_BEGIN)
        separator = b""
        for record in records:
            stream.write(separator)
            stream.write(record)
            separator = b",\n"
        stream.write(_RECORDS_END)


def read_manifest_file(path: Path) -> ManifestContent | None:
    """Read the file alone, without its journal; ``None`` when there is none.

    Raises:
        ManifestError: It is foreign, corrupt, empty or of a newer version.
    """
    try:
        data = read_bytes(path, "give a batch manifest", most=LARGEST, empty=True)
    except FileFormatError as error:
        if not path.exists():
            return None
        raise ManifestError(str(error)) from error
    try:
        return _parse(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        cause = f"{place}: {first['msg']}" if place else first["msg"]
    except RecursionError:
        cause = "nested too deep"
    except ValueError as error:
        cause = str(error)
    raise ManifestError(
        f"{path}: not a usable batch manifest ({cause}); it was left as it is: "
        "move it away, or choose another manifest path"
    )


class _Schema(BaseModel):
    """Just enough of a manifest to tell its version."""

    schema_version: StrictInt


def _parse(data: bytes) -> ManifestContent:
    if not data.strip():
        raise ValueError("the file is empty")
    version = _Schema.model_validate_json(data).schema_version
    if version > SCHEMA_VERSION:
        raise ValueError(
            f"schema_version {version} is newer than {SCHEMA_VERSION}: update retarget to read it"
        )
    if version == SCHEMA_VERSION:
        manifest = _parse_by_line(data) or ManifestContent.model_validate_json(data)
    else:
        manifest = ManifestContent.model_validate(_migrated(json.loads(data)))
    if "records" not in manifest.model_fields_set:
        raise ValueError("it has no records")
    if len(manifest.records_by_id()) != len(manifest.records):
        raise ValueError("two records have one job id")
    return manifest


def _parse_by_line(data: bytes) -> ManifestContent | None:
    """A manifest as it is written here, one record per line; ``None`` for any other layout.

    A file of 100,000 records takes a third of the memory that parsing it as a whole does.
    """
    head, mark, rest = data.partition(_RECORDS_BEGIN)
    if not mark or not rest.endswith(_RECORDS_END):
        return None
    try:
        manifest = ManifestContent.model_validate_json(head + _RECORDS_BEGIN + _RECORDS_END)
        read = TypeAdapter(BatchRunRecord).validate_json
        lines = io.BytesIO(rest.removesuffix(_RECORDS_END))
        records = tuple(
            slimmed(read(line.removesuffix(b"\n").removesuffix(b","))) for line in lines
        )
    except ValidationError:
        return None
    return manifest.model_copy(update={"records": records})


def _migrated(said: dict[str, Any]) -> dict[str, Any]:
    """A manifest of an older version as one of the present version."""
    while (version := said["schema_version"]) < SCHEMA_VERSION:
        migrate = _MIGRATIONS.get(version)
        if migrate is None:
            raise ValueError(f"schema_version {version} was never written by retarget")
        said = migrate(said)
    return said
