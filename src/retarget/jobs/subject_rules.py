"""Which files are of one person.

A rule says it: ``folder`` where each folder is one person's, a pattern such as ``*_{subject}.bvh`` where names tell, or
the path of a file, a folder or a glob, which are of the person of every clip.
"""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from retarget.errors import OptionsError
from retarget.files import sha256_of, split_which

__all__ = ["DATASET", "FOLDER", "MARK", "REMEMBERED", "Group", "SubjectRule", "subject_fingerprint"]

FOLDER: Final = "folder"
"""The rule by which each folder holds one person's clips."""
DATASET: Final = "dataset"
"""Asks a batch of a known data set for that data set's rule (`retarget.jobs.datasets`)."""
MARK: Final = "{subject}"
"""Stands in a pattern for the person's name."""
_TRIED: Final = 6  # of a person's files, the largest first; larger ones of a format are longer
REMEMBERED: Final = 256
"""Persons that a process keeps in mind, of some 0.7 MB each, while it works on clips of many in turn."""
_NOT_MOTION: Final = (".asf", ".txt", ".md", ".toml", ".zip", ".tar", ".gz", ".png", ".xml", ".py")
_OTHER_SKELETON: Final = (
    0.05  # weight of the doubt: the clip is read as it would be without the rule
)


class Group(NamedTuple):
    """One person's files.

    Attributes:
        name: The person.
        files: Their files, the largest first, no more than are looked at.
    """

    name: str
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class SubjectRule:
    """Tells which files are of one person.

    Attributes:
        text: ``folder``, a pattern with ``{subject}``, or a path of a file, a folder or a glob.

    Example:
        >>> SubjectRule("*_{subject}.bvh").name_of(Path("lafan1/dance1_subject2.bvh"))
        'subject2'
    """

    text: str

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise OptionsError(
                f"an empty rule for subjects; give {FOLDER}, a pattern with {MARK}, or a path"
            )
        if MARK in self.text and (self.text.count(MARK) > 1 or "**" in self.text):
            raise OptionsError(
                f"{self.text!r}: give {MARK} once, and no **, which would not tell where it is"
            )

    @property
    def is_path(self) -> bool:
        """Whether the rule names files, whatever the clip is."""
        return self.text not in (FOLDER, DATASET) and MARK not in self.text

    def relative_to(self, folder: Path) -> SubjectRule:
        """The same rule where a path is meant from this folder."""
        return SubjectRule(str(folder / self.text)) if self.is_path else self

    def name_of(self, clip: Path) -> str | None:
        """The person of a clip, None where the rule does not fit its name; a path's own name where it names files."""
        if self.text == FOLDER:
            return clip.absolute().parent.name
        if self.is_path:
            return Path(self.text).stem
        parts = self.text.count("/") + 1
        tail = "/".join(clip.absolute().parts[-parts:])
        before, _, after = self.text.partition(MARK)
        wanted = _as_expression(before) + r"(?P<subject>[^/]+?)" + _as_expression(after)
        found = re.fullmatch(wanted, tail, re.I)
        return found["subject"] if found else None

    def group_of(self, clip: Path) -> Group | None:
        """The files of a clip's person, None where the rule says nothing of the clip.

        Raises:
            OptionsError: A rule that is a path names no file.
        """
        if self.text == DATASET:
            raise OptionsError(
                f"the rule {DATASET!r} is for batches of a known data set; give another"
            )
        name = self.name_of(clip)
        if name is None:
            return None
        if self.is_path:
            files = self._named_files()
            if not files:
                raise OptionsError(
                    f"{self.text}: no such file of a person; give a file, a folder or a glob"
                )
            return Group(name, files)
        top = clip.absolute().parent
        if self.text == FOLDER:
            return Group(name, _largest(str(top), f"*{glob.escape(clip.suffix)}", ""))
        for _ in range(self.text.count("/")):
            top = top.parent
        return Group(name, _largest(str(top), self.text, name))

    def _named_files(self) -> tuple[Path, ...]:
        path = Path(self.text)
        if path.is_dir():
            return _largest(str(path), "**/*", "")
        if path.is_file():
            return (path,)
        return _largest(".", self.text, "")


def _as_expression(pattern: str) -> str:
    """A glob as a regular expression in which a star stays within a name."""
    parts = (fnmatch.translate(part)[4:-3] for part in pattern.split("/"))  # without (?s: and )\Z
    return "/".join(part.replace(".*", "[^/]*") for part in parts)


@lru_cache(maxsize=REMEMBERED)
def _largest(folder: str, pattern: str, name: str) -> tuple[Path, ...]:
    """The largest files of one person in a folder: the longest clips, as far as they are of one format.

    They are remembered for as long as the process runs: a batch asks for those of one person again and again.
    """
    wanted = pattern.replace(MARK, glob.escape(name))
    sizes: list[tuple[int, str]] = []
    for found in glob.iglob(wanted, root_dir=folder, recursive=True):  # noqa: PTH207 - relative to a folder
        path = Path(folder, found)
        if path.name.startswith(".") or path.suffix.lower() in _NOT_MOTION:
            continue
        try:
            if path.is_file():
                sizes.append((-path.stat().st_size, str(path)))
        except OSError:
            continue
    return tuple(Path(path) for _, path in sorted(sizes)[:_TRIED])


def subject_fingerprint(rule: str, clip: Path) -> str:
    """What a clip's constants depend on besides itself: a hash of its person's files.

    Raises:
        OSError: A file cannot be read.
        OptionsError: The rule names no file.
    """
    group = SubjectRule(rule).group_of(split_which(clip)[0])
    if group is None:
        return "none"
    return _hash_of(group, tuple(path.stat().st_mtime_ns for path in group.files))


@lru_cache(maxsize=REMEMBERED)
def _hash_of(group: Group, _stamps: tuple[int, ...]) -> str:
    told = hashlib.sha256(group.name.encode(errors="replace"))
    for path in group.files:
        told.update(sha256_of(path).encode())
    return told.hexdigest()
