"""Jobs from a folder of files: one per file that matches, with stable ids and outputs."""

from __future__ import annotations

import fnmatch
import logging
import os
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath

from retarget.batch.models import BatchJob
from retarget.batch.plain import printable
from retarget.errors import BatchError, OptionsError
from retarget.kinds import MotionFormatKind, RobotKind

__all__ = ["Unreadable", "jobs_from_folder"]

_log = logging.getLogger("retarget.batch")

Unreadable = Callable[[str, str], None]
"""Told of a folder that cannot be read, by its path relative to the input folder, and why."""


def _warn(folder: str, reason: str) -> None:
    _log.warning("%s: cannot be read (%s); what it holds is left out", folder, reason)


def jobs_from_folder(
    input_dir: str | Path,
    pattern: str,
    output_dir: str | Path,
    *,
    suffix: str = ".npz",
    motion_format: MotionFormatKind | None = None,
    robot: RobotKind | None = None,
    config_path: Path | None = None,
    unreadable: Unreadable = _warn,
) -> list[BatchJob]:
    """One job for whatever matches in a folder and is not a folder itself, in the order of their names.

    A link that leads nowhere, a file that may not be read and a pipe are jobs too: they fail, and their records
    say why. A job's id is the file's path relative to ``input_dir``, with ``/``; its output has the same relative
    path in ``output_dir``, with another suffix. Where the pattern leaves the suffix open, as ``**/*`` does,
    the output keeps it (``walk.bvh.npz``): so ``walk.bvh`` and ``walk.npz`` never write one file, and no
    output's name depends on which other files are there. A suffix is matched in upper and lower case; where a
    file's differs from the pattern's in that, the output keeps it as well (``WALK.BVH.npz``).

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
        unreadable: Told of each folder that cannot be read; a warning is logged when nothing else is given.

    Raises:
        BatchError: ``input_dir`` is not a folder or cannot be read.
        OptionsError: The pattern leaves it.

    Example:
        >>> jobs = jobs_from_folder("mocap", "**/*.bvh", "robot")  # doctest: +SKIP
        >>> jobs[0].id, str(jobs[0].output)  # doctest: +SKIP
        ('day1/walk.bvh', 'robot/day1/walk.npz')
    """
    root, target = Path(input_dir), Path(output_dir)
    if not root.is_dir():
        raise BatchError(f"{printable(str(root))}: no such folder; check the input folder")
    parts = tuple(part for part in pattern.split("/") if part not in {"", "."})
    if not parts or pattern.startswith("/") or ".." in parts:
        raise OptionsError(
            f"must be relative to the input folder, like '**/*.bvh', not {pattern!r}",
            option="pattern",
        )
    wanted = _literal_suffix(parts[-1])
    jobs: list[BatchJob] = []
    for relative in sorted(_matching(root, parts, target, unreadable)):
        keep_suffix = not wanted or not relative.endswith(wanted)
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


@lru_cache(maxsize=64)
def _literal_suffix(part: str) -> str:
    """The suffix that a pattern's last part asks for, such as ``.bvh``; empty where it leaves that open."""
    found = re.fullmatch(r"[^\[\]]*(\.[A-Za-z0-9]+)", part)
    return found[1] if found else ""


def _output_name(relative: str, suffix: str, keep_suffix: bool) -> str:
    path = PurePosixPath(relative)
    return str(path.with_name((path.name if keep_suffix else path.stem) + suffix))


def _matching(
    root: Path, parts: tuple[str, ...], target: Path, unreadable: Unreadable
) -> Iterator[str]:
    """Whatever matches a pattern and is not a folder, by relative path."""
    for relative, is_folder in _entries(root, target, unreadable):
        if not _matches(PurePosixPath(relative).parts, parts):
            continue
        if not is_folder:
            yield relative
        elif _literal_suffix(parts[-1]):  # `*` is not meant for folders
            _log.warning("%s: is a folder, though its name matches %r", relative, "/".join(parts))


def _entries(root: Path, avoid: Path, unreadable: Unreadable) -> Iterator[tuple[str, bool]]:
    """All that lies below a folder by relative path, and whether it is a folder."""
    try:
        avoided = avoid.resolve().stat()
        inside = root.resolve() in avoid.resolve().parents
    except OSError:
        inside = False

    def relative(path: str) -> str:
        return os.path.relpath(path, root).replace(os.sep, "/")

    def cannot_be_read(error: OSError) -> None:
        folder = relative(str(error.filename))
        if folder == ".":
            raise BatchError(
                f"{printable(str(root))}: cannot be read ({error.strerror})"
            ) from error
        unreadable(folder, str(error.strerror))

    ancestors: dict[str, frozenset[tuple[int, int]]] = {}
    for folder, folders, files in os.walk(root, followlinks=True, onerror=cannot_be_read):
        here = os.stat(folder)  # noqa: PTH116
        mark = (here.st_dev, here.st_ino)
        above = ancestors.pop(folder, frozenset())
        if mark in above or (inside and os.path.samestat(here, avoided)):
            folders.clear()
            continue
        for name in folders:
            path = os.path.join(folder, name)  # noqa: PTH118
            ancestors[path] = above | {mark}
            yield relative(path), True
        for name in files:
            yield relative(os.path.join(folder, name)), False  # noqa: PTH118


def _matches(names: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Whether path components match pattern components; ``**`` matches any number of folders."""
    if not parts:
        return not names
    if parts[0] == "**":
        rest = parts[1:] or ("*",)
        return any(_matches(names[skip:], rest) for skip in range(len(names)))
    return (
        bool(names)
        and _name_matches(names[0], parts[0], last=len(parts) == 1)
        and _matches(names[1:], parts[1:])
    )


def _name_matches(name: str, part: str, *, last: bool) -> bool:
    """Whether one component matches; a file's suffix in upper or lower case."""
    suffix = _literal_suffix(part) if last else ""
    if not suffix:
        return fnmatch.fnmatchcase(name, part)
    stem, end = name[: -len(suffix)], name[-len(suffix) :]
    return end.lower() == suffix.lower() and fnmatch.fnmatchcase(stem, part.removesuffix(suffix))
