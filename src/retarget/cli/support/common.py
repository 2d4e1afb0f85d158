"""What commands share: exit codes, where words go, tables, JSON and checks of paths."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from retarget.errors import RetargetError
from retarget.wording import counted, shown

__all__ = [
    "ALL_WELL",
    "INTERRUPTED",
    "MANIFEST_NAME",
    "SOME_FAILED",
    "WRONG_USAGE",
    "GatesFlag",
    "JsonFlag",
    "UsageError",
    "gates_in_words",
    "print_json",
    "require_file",
    "require_folder",
    "require_manifest",
    "require_motion",
    "say",
    "steps",
    "tell",
    "working_on",
]

_T = TypeVar("_T")

_SPINNER = 3  # characters beside a text that spins

MANIFEST_NAME = "batch_manifest.json"
"""What a batch's manifest is called in its folder."""

ALL_WELL = 0
SOME_FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130

JsonFlag = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON document on standard output, nothing else there."),
]


GatesFlag = Annotated[
    bool, typer.Option("--fail-on-gates", help="Also exit with 1 where a clip misses a gate.")
]


class UsageError(RetargetError):
    """The command line asks for something that makes no sense; exit code 2."""


def say(message: str) -> None:
    """Print a line for people on standard error, which ``--json`` leaves free."""
    tell(message, error=True)


def tell(text: str = "", *, error: bool = False) -> None:
    """Print text for people, names in it without what a terminal would obey; commands print through this alone."""
    print(shown(text), file=sys.stderr if error else sys.stdout, flush=True)


def print_json(document: Any) -> None:
    """Print one JSON document on standard output."""
    print(json.dumps(document, indent=2, allow_nan=False, default=str))


def require_file(path: Path, what: str) -> Path:
    """Return ``path`` if it is a file, or names one of the persons in a file.

    Raises:
        UsageError: It is missing, or a folder.
    """
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; give {what}")
    from retarget.files import split_which

    file = split_which(path)[0]
    if not file.exists():
        cause = "leads to no file" if file.is_symlink() else "no such file"
        raise UsageError(f"{path}: {cause}; give {what}")
    return path


def require_folder(path: Path, what: str) -> Path:
    """Return ``path`` if it is a folder.

    Raises:
        UsageError: It is missing, or a file.
    """
    if not path.is_dir():
        cause = "is a file, not a folder" if path.exists() else "no such folder"
        raise UsageError(f"{path}: {cause}; give the folder of {what}")
    return path


def require_motion(path: Path, what: str = "a motion file") -> Path:
    """A motion file, or the embedded clip that is named.

    Args:
        path: What was given.
        what: What may be given besides the name of an embedded clip.

    Raises:
        UsageError: There is neither.
    """
    from retarget.demo import clip_names, embedded_clip

    clip = embedded_clip(str(path))
    if path.is_dir():
        raise UsageError(
            f"{path}: is a folder; give {what}, or use: retarget batch --input-dir {path}"
        )
    embedded = f"the name of an embedded clip ({', '.join(clip_names())})"
    return clip or require_file(path, f"{what}, or {embedded}")


def require_manifest(path: Path) -> Path:
    """Return ``path`` if a batch's manifest lies there, or at least the journal of one.

    Raises:
        UsageError: There is neither.
    """
    from retarget.batch.journal import journal_path

    if (path / MANIFEST_NAME).is_file():
        raise UsageError(f"{path}: is a folder; give its manifest, {path / MANIFEST_NAME}")
    if not path.is_file() and journal_path(path).is_file():
        return path
    return require_file(path, "a batch manifest (.json)")


def gates_in_words(judged: int, failed: Iterable[Sequence[str]]) -> str:
    """How many clips miss gates and which, most missed first; empty where none does.

    Args:
        judged: How many clips there are.
        failed: The gates that each of them misses.

    Example:
        >>> gates_in_words(3, [["jerk_mean"], [], ["jerk_mean", "understood"]])
        '2 of 3 clips miss a gate: Jerk, mean (2); Doubt about the recording (1)'
    """
    from retarget.evaluation.gates import title_of

    missing = [gates for gates in failed if gates]
    if not missing:
        return ""
    counts = Counter(str(gate) for gates in missing for gate in gates).most_common()
    which = "; ".join(f"{title_of(gate)} ({count:,})" for gate, count in counts)
    return f"{len(missing):,} of {counted(judged, 'clip')} {'misses' if len(missing) == 1 else 'miss'} a gate: {which}"


@contextmanager
def working_on(what: str) -> Iterator[None]:
    """Show a spinner with a text while a short piece of work runs, on a terminal only."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.text import Text

    console, words = Console(stderr=True), Text(shown(what))
    words.truncate(max(console.width - _SPINNER, 1), overflow="ellipsis")  # on one line
    with console.status(words):
        yield


def steps(items: Collection[_T], what: str) -> Iterator[_T]:
    """Go through items, with a progress bar on a terminal."""
    if not sys.stderr.isatty() or len(items) < 2:
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, description=what, console=Console(stderr=True), transient=True)
