"""A manifest read from anywhere: its files found also from another folder, and after the batch has been moved."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from retarget.batch.manifest import BatchManifest
from retarget.batch.manifest_file import real_path
from retarget.batch.models import BatchRunRecord, slimmed
from retarget.batch.plain import on_disk

__all__ = ["located", "located_manifest"]

_TRIED = (
    20  # outputs that are looked for, of which one must be there: single ones may have been removed
)


def located_manifest(path: str | Path) -> BatchManifest:
    """Load a manifest, with the paths of its records as they are seen from here.

    A manifest says paths as the batch was given them. See :func:`located` for how they are found.

    Raises:
        ManifestError: The file is missing, foreign, corrupt, empty or of a newer version.

    Example:
        >>> located_manifest("/data/robot/batch_manifest.json").records[0].output  # doctest: +SKIP
        PosixPath('/data/robot/walk.npz')
    """
    return located(BatchManifest.load(path), path)


def located(manifest: BatchManifest, path: str | Path) -> BatchManifest:
    """The same manifest, with the paths of its records as they are seen from here.

    Relative paths counted from the folder in which the batch was run. That is found from where the manifest lies:
    it is the folder above the output folder, as this is spelled, where the manifest lies in it, else this folder or
    the nearest one above the manifest in which outputs are. Of a batch that has been moved, whose manifest lies
    among its outputs, the outputs are found beside the manifest. Paths stay as they are where nothing is found.

    Args:
        manifest: What was loaded.
        path: Where from.
    """
    folder = real_path(path).parent
    outputs = [on_disk(r.output) for r in manifest.records if r.status != "failed"][:_TRIED]
    out = None if manifest.output_dir is None else on_disk(manifest.output_dir)
    if not outputs:
        return manifest
    if not outputs[0].is_absolute():
        for base in _bases(folder, out):
            if any((base / output).exists() for output in outputs):
                return manifest if base == Path() else _moved(manifest, base.joinpath)
    if out is None or any(output.exists() for output in outputs):
        return manifest
    beside = _beside(out, folder)
    if any(beside(output).exists() for output in outputs):
        return _moved(manifest, beside, outputs_only=True)
    return manifest


def _bases(folder: Path, out: Path | None) -> Iterator[Path]:
    """Folders from which relative paths may count, the likeliest first."""
    if out is not None and not out.is_absolute():
        parts = Path(os.path.normpath(out)).parts
        if parts and folder.parts[-len(parts) :] == parts:
            above = Path(*folder.parts[: -len(parts)])
            yield Path() if above == Path.cwd() else above
    yield Path()
    yield from (folder, *folder.parents)


def _beside(out: Path, folder: Path) -> Callable[[Path], Path]:
    """Turns a path below the output folder into the same path below the manifest's."""

    def moved(path: Path) -> Path:
        return folder / path.relative_to(out) if path.is_relative_to(out) else path

    return moved


def _moved(
    manifest: BatchManifest, move: Callable[[Path], Path], *, outputs_only: bool = False
) -> BatchManifest:
    def record(one: BatchRunRecord) -> BatchRunRecord:
        motion = one.motion if outputs_only else move(one.motion)
        return slimmed(one.model_copy(update={"output": move(one.output), "motion": motion}))

    moved = {"records": tuple(record(one) for one in manifest.records)}
    folders = {} if outputs_only else {"input_dir": manifest.input_dir}
    folders["output_dir"] = manifest.output_dir
    said = {name: move(folder) for name, folder in folders.items() if folder is not None}
    return manifest.model_copy(update=moved | said)
