"""Blocks of code in the documents: where they are, what they say, and how they are run."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from retarget.cli.main import main
from retarget.config import RunConfig
from retarget.evaluation import Gates
from retarget.motion import read_role_overrides
from retarget.plugins import EXPORTS, FORMATS, ROBOTS
from retarget.robots.spec import read_robot_spec
from retarget.scenes.read import load_scene
from retarget.scenes.variants import load_plan

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "examples/README.md")),
]
_BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]*) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_SHELL = {"sh", "bash", "console", ""}
_OF_OTHERS = (
    "pip ",
    "make ",
    "#",
)  # lines that are no commands of ours, and are tested by installing and building


@dataclass(frozen=True)
class Block:
    """A block of code of a document, and why it is not run, if it is not."""

    document: Path
    line: int
    language: str
    text: str
    reason: str

    @property
    def place(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def blocks_of(document: Path) -> list[Block]:
    text = document.read_text("utf-8")
    return [
        Block(
            document,
            text[: found.start()].count("\n") + 1,
            found["language"],
            found["text"],
            found["reason"] or "",
        )
        for found in _BLOCK.finditer(text)
    ]


def run(block: Block, names: dict[str, object]) -> None:
    """Run a block in the working folder as a reader would; what fails names its place."""
    if block.language in _SHELL:
        for line in block.text.replace("\\\n", " ").splitlines():
            _run_line(line.strip(), block)
    elif block.language == "python":
        exec(compile(block.text, block.place, "exec"), names)  # our own documents
    elif block.language == "toml":
        _read_toml(block)
    else:
        raise AssertionError(f"{block.place}: nobody runs {block.language!r}")


def file_shown(block: Block) -> str:
    """The name of the file that a block shows, which its first line says: ``# plan.toml: ...``; empty of others."""
    found = re.match(r"# (\w[\w.]*\.toml)\b", block.text)
    return found[1] if found else ""


def _read_toml(block: Block) -> None:
    """Read a file that is shown by what reads such files; a package's entry points lead into a group of ours."""
    tables = tomllib.loads(block.text)
    if "project" in tables:
        groups = tables["project"]["entry-points"].keys()
        assert groups <= {group.name for group in (EXPORTS, FORMATS, ROBOTS)}, block.place
        return
    path = Path(file_shown(block) or "shown.toml")
    path.write_text(block.text)
    for keys, read in _READERS:
        if keys & tables.keys():
            read(path)
            return
    raise AssertionError(f"{block.place}: nobody reads a file of {', '.join(tables)}")


_READERS: Final[tuple[tuple[set[str], Callable[[Path], object]], ...]] = (
    ({"gates"}, Gates.load),
    ({"sizes"}, load_plan),
    ({"object", "terrain"}, load_scene),
    ({"options"}, RunConfig.load),
    ({"links", "joint_sets"}, read_robot_spec),
    ({"roles"}, read_role_overrides),
)


def _run_line(line: str, block: Block) -> None:
    if not line or line.startswith(_OF_OTHERS):
        return
    words = shlex.split(line, comments=True)
    assert words[0] == "retarget", f"{block.place}: nobody runs {line!r}"
    spread = [found for word in words[1:] for found in _spread(word)]
    code = main(spread)
    assert code == 0, f"{block.place}: {line!r} ends with {code}"


def _spread(word: str) -> list[str]:
    """A word, or the files that a shell would put in its place; patterns for commands are in quotes and match none."""
    found = sorted(map(str, Path().glob(word))) if "*" in word and "**" not in word else []
    return found or [word]
