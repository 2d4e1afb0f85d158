"""Jobs from a folder of files: one per file that matches, with stable ids and outputs."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath

from retarget.batch.models import BatchJob
from retarget.batch.plain import printable
from retarget.errors import BatchError
from retarget.kinds import MotionFormatKind, RobotKind

__all__ = ["jobs_from_folder"]


def jobs_from_folder(
    input_dir: str | Path,
    pattern: str,
    output_dir: str | Path,
    *,
    suffix: str = ".npz",
    motion_format: MotionFormatKind | None = None,
    robot: RobotKind | None = None,
    config_path: Path | None = None,
) -> list[BatchJob]:
    """One job per file of a folder, in the order of their names.

    A job's id is the file's path relative to ``input_dir``, with ``/``; its output has the same relative
    path in ``output_dir``, with another suffix. Where the pattern leaves the suffix open, as ``**/*`` does,
    the output keeps it (``walk.bvh.npz``): so ``walk.bvh`` and ``walk.npz`` never write one file, and no
    output's name depends on which other files are there.

    Links to folders are followed, but not round in circles. An ``output_dir`` inside ``input_dir`` is not
    searched.

    Args:
        input_dir: Folder to search.
        pattern: Glob relative to it; ``**`` stands for any number of folders.
        output_dir: Folder for the outputs.
        suffix: Suffix of the outputs.
        motion_format: Given to every job.
        robot: Given to every job.
        config_path: Given to every job.

    Raises:
        BatchError: ``input_dir`` is no folder, or the pattern leaves it.
    """
    root, target = Path(input_dir), Path(output_dir)
    if not root.is_dir():
        raise BatchError(f"{printable(str(root))}: no such folder; check the input folder")
    parts = tuple(part for part in pattern.split("/") if part not in {"", "."})
    if not parts or pattern.startswith("/") or ".." in parts:
        raise BatchError(
            f"the pattern {pattern!r} must be relative to the input folder, like '**/*.bvh'"
        )
    keep_suffix = not re.fullmatch(r"[^\[\]]*\.[A-Za-z0-9]+", parts[-1])
    jobs: list[BatchJob] = []
    for relative in sorted(_files(root, avoid=target)):
        if not _matches(PurePosixPath(relative).parts, parts):
            continue
        output = _output_name(relative, suffix, keep_suffix)
        jobs.append(
            BatchJob(
                id=printable(relative),
                motion=root / relative,
                output=target / output,
                motion_format=motion_format,
                robot=robot,
                config_path=config_path,
            )
        )
    return jobs


def _output_name(relative: str, suffix: str, keep_suffix: bool) -> str:
    path = PurePosixPath(relative)
    return str(path.with_name((path.name if keep_suffix else path.stem) + suffix))


def _files(root: Path, *, avoid: Path) -> Iterator[str]:
    """All files below a folder, by relative path."""
    try:
        avoided = avoid.resolve().stat()
        inside = root.resolve() in avoid.resolve().parents
    except OSError:
        inside = False
    ancestors: dict[str, frozenset[tuple[int, int]]] = {}
    for folder, folders, files in os.walk(root, followlinks=True):
        here = os.stat(folder)  # noqa: PTH116
        mark = (here.st_dev, here.st_ino)
        above = ancestors.pop(folder, frozenset())
        if mark in above or (inside and os.path.samestat(here, avoided)):
            folders.clear()
            continue
        for name in folders:
            ancestors[os.path.join(folder, name)] = above | {mark}  # noqa: PTH118
        for name in files:
            path = os.path.join(folder, name)  # noqa: PTH118
            if os.path.isfile(path):  # noqa: PTH113
                yield os.path.relpath(path, root).replace(os.sep, "/")


def _matches(names: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Whether path components match pattern components; ``**`` matches any number of folders."""
    if not parts:
        return not names
    if parts[0] == "**":
        rest = parts[1:] or ("*",)
        return any(_matches(names[skip:], rest) for skip in range(len(names)))
    return (
        bool(names)
        and bool(_regex(parts[0]).fullmatch(names[0]))
        and _matches(names[1:], parts[1:])
    )


@lru_cache(maxsize=64)
def _regex(part: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(part), re.DOTALL)
