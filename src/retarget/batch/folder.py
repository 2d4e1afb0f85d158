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
from retarget.batch.validation import PathResolver
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
    searched; files with the pattern's suffix that lie there are told of. No output lies in a folder that is searched:
    there a recording could be taken for a result that is done already, or be written over, and results be taken
    for recordings.

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
        OptionsError: The pattern leaves it, or an output would lie among what is searched.

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
    found = _Found(target)
    for relative in sorted(_matching(root, parts, found, unreadable)):
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
    _check_apart(jobs, root, found)
    if wanted and wanted != suffix and found.avoided is not None:
        _tell_left_out(found.avoided, parts[-1])
    return jobs


@lru_cache(maxsize=64)
def _literal_suffix(part: str) -> str:
    """The suffix that a pattern's last part asks for, such as ``.bvh``; empty where it leaves that open."""
    found = re.fullmatch(r"[^\[\]]*(\.[A-Za-z0-9]+)", part)
    return found[1] if found else ""


def _output_name(relative: str, suffix: str, keep_suffix: bool) -> str:
    path = PurePosixPath(relative)
    return str(path.with_name((path.name if keep_suffix else path.stem) + suffix))


class _Found:
    """Which folders were searched, and whether the one for outputs was met among them and left out."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.searched: set[tuple[int, int]] = set()  # by device and inode
        self.avoided: str | None = None


def _check_apart(jobs: list[BatchJob], root: Path, found: _Found) -> None:
    """Check that no output would lie in a folder that was searched.

    Raises:
        OptionsError: One would.
    """
    resolver, target = PathResolver(), os.path.realpath(found.target)
    known: dict[str, bool] = {}
    for job in jobs:
        folder = os.path.dirname(resolver.resolve(job.output))  # noqa: PTH120
        if folder not in known:
            known[folder] = _is_searched(folder, target, found.searched)
        if known[folder]:
            raise OptionsError(
                f"{printable(str(job.output))} would lie among what is searched in {printable(str(root))}, where "
                f"recordings and results could be taken for each other; choose a folder of its own, such as "
                f"{printable(str(root / 'robot'))}",
                option="output_dir",
            )


def _is_searched(folder: str, target: str, searched: set[tuple[int, int]]) -> bool:
    """Whether a folder, or where it would be made, is among those searched and not in the one for outputs."""
    while True:
        try:
            there = os.stat(folder)  # noqa: PTH116
        except OSError:
            above = os.path.dirname(folder)  # noqa: PTH120
            if folder in (target, above):
                return False  # it will be made there, and left out from then on
            folder = above
            continue
        return (there.st_dev, there.st_ino) in searched


def _tell_left_out(folder: str, part: str) -> None:
    """Warn of files in the folder for outputs that match and cannot be outputs."""
    left_out = [
        name
        for _, _, files in os.walk(folder)
        for name in files
        if _name_matches(name, part, last=True)
    ]
    if left_out:
        others = len(left_out) - 1
        _log.warning(
            "%s: %s %s left out: outputs go there; choose another output folder",
            printable(folder),
            printable(left_out[0]),
            f"and {others:,} more match, are" if others else "matches, is",
        )


def _matching(
    root: Path, parts: tuple[str, ...], found: _Found, unreadable: Unreadable
) -> Iterator[str]:
    """Whatever matches a pattern and is not a folder, by relative path."""
    for relative, is_folder in _entries(root, found, unreadable):
        if not _matches(PurePosixPath(relative).parts, parts):
            continue
        if not is_folder:
            yield relative
        elif _literal_suffix(parts[-1]):  # `*` is not meant for folders
            _log.warning("%s: is a folder, though its name matches %r", relative, "/".join(parts))


def _entries(root: Path, found: _Found, unreadable: Unreadable) -> Iterator[tuple[str, bool]]:
    """All that lies below a folder by relative path, and whether it is a folder."""
    try:
        avoided = found.target.resolve().stat()
    except OSError:
        avoided = None

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
        if above and avoided is not None and os.path.samestat(here, avoided):
            found.avoided = folder
            folders.clear()
            continue
        if mark in above:
            folders.clear()
            continue
        found.searched.add(mark)
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
