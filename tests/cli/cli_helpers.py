"""How a command ended, and files to give it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from retarget.demo import clips_folder


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document that it has to be."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one error line; fails if there is another number of them, or a traceback."""
        lines = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err + self.out
        assert not self.err.split(lines[0])[1].strip(), self.err
        return lines[0]


Command = Callable[..., Outcome]


class Bvh:
    """Writes variants of the embedded BVH clip."""

    def __init__(self) -> None:
        text = (clips_folder() / "cmu_01_01.bvh").read_text()
        self.head, motion = text.split("MOTION")
        self.rows = motion.strip().split("\n")[2:]

    def text(
        self, rows: Sequence[str], *, frame_time: float = 1 / 30, count: int | None = None
    ) -> str:
        """A BVH file with these rows of channel values."""
        said = len(rows) if count is None else count
        return "\n".join(
            [f"{self.head}MOTION", f"Frames: {said}", f"Frame Time: {frame_time:.8f}", *rows, ""]
        )
