"""A recording that several jobs share, read once in a process: variants of one clip come one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from retarget.files import sha256_of, split_which

if TYPE_CHECKING:
    from retarget.config import RunConfig
    from retarget.motion import Motion

__all__ = ["ReadOnce"]

_NOT_READING = {"robot", "robot_description", "scene", "variant", "options", "subject_from"}


@dataclass(slots=True)
class ReadOnce:
    """The recording that was read last, kept while the next jobs are of the same file, read in the same way.

    What it was made from is told by the file's content: a file that is written anew is read anew. It takes as much
    memory as one recording, so that it is for jobs that are known to share theirs.

    Attributes:
        read: Reads a recording.

    Example:
        >>> read = ReadOnce(lambda path, config: config.read_motion(path))
        >>> read("walk.bvh", config) is read("walk.bvh", config)  # doctest: +SKIP
        True
    """

    read: Callable[[Path, RunConfig], Motion]
    _key: tuple[str, ...] = field(default=(), init=False)
    _kept: Motion | None = field(default=None, init=False)

    def __call__(self, path: Path, config: RunConfig) -> Motion:
        """The recording in a file.

        Raises:
            RetargetError: It cannot be read.
        """
        from retarget.motion.read import MODELS_VARIABLE

        try:
            content = sha256_of(split_which(path)[0])
        except OSError:  # the reader says what is wrong with it
            return self.read(path, config)
        way = config.model_dump_json(exclude=_NOT_READING)
        key = (os.path.abspath(path), content, way, os.environ.get(MODELS_VARIABLE, ""))  # noqa: PTH100 - keeps links
        if self._kept is None or key != self._key:
            self.forget()
            self._kept, self._key = self.read(path, config), key
        return self._kept

    def forget(self) -> None:
        """Let go of the recording."""
        self._kept, self._key = None, ()
