"""A suite: which clips, where from, and what is known of their files."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from retarget.errors import OptionsError, UnknownNameError
from retarget.inputs import read_toml

__all__ = ["Suite", "SuiteClip", "suite_names"]

_FOLDER: Final = Path(__file__).parent


class SuiteClip(BaseModel):
    """A clip of a suite.

    Attributes:
        name: Of the file, without suffix; case does not count.
        also: Other names under which it is spread.
        sha256: Hashes of its file where they are known; several where it is spread in several formats.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    also: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()


class Suite(BaseModel):
    """A named list of public clips, which the user has.

    Attributes:
        name: Of the suite.
        version: Counts up whenever clips or the way of scoring change; scores of two versions do not compare.
        title: In a line.
        about: What is in it.
        source: Where its clips are from.
        licence: Of the clips.
        robot: The robot that is scored where none is named.
        fps: Frames per second at which every tool's motion is judged.
        hashes: What is known of the files' hashes.
        clips: In order.
        sha256: Of the suite's own file: what exactly was scored.

    Example:
        >>> len(Suite.named("lafan1").clips)
        40
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: int = Field(ge=1)
    title: str
    about: str = ""
    source: str = ""
    licence: str = ""
    robot: str
    fps: float = Field(gt=0, le=1000)
    hashes: str = ""
    clips: tuple[SuiteClip, ...] = Field(min_length=1)
    sha256: str

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        names = [name.lower() for clip in self.clips for name in (clip.name, *clip.also)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"has the clip {twice[0]!r} twice")
        return self

    @classmethod
    def named(cls, suite: str | Path) -> Suite:
        """A suite of the package by name, or one of your own by its path (``.toml``).

        Raises:
            UnknownNameError: There is no suite of that name.
            FileFormatError: The file cannot be read.
            OptionsError: The file lacks something, or has something unknown.
        """
        if str(suite) in suite_names():
            return cls.load(_FOLDER / f"{suite}.toml")
        if Path(suite).suffix.lower() != ".toml":
            hint = "or give a TOML file of your own"
            raise UnknownNameError("benchmark suite", str(suite), list(suite_names()), hint)
        return cls.load(suite)

    @classmethod
    def load(cls, path: str | Path) -> Suite:
        """Read a suite's file.

        Raises:
            FileFormatError: The file cannot be read.
            OptionsError: It lacks something, or has something unknown.
        """
        content = read_toml(path, "give the path of a suite (.toml)")
        digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        try:
            return cls.model_validate({"name": Path(path).stem, **content, "sha256": digest})
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            said = first["msg"].removeprefix("Value error, ")
            raise OptionsError(f"{path}: {place}{': ' if place else ''}{said}") from None


@lru_cache(maxsize=1)
def suite_names() -> tuple[str, ...]:
    """Names of the suites that come with the package."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))
