"""Blocks of code in the documents: where they are, what they say, and how they are run."""

from __future__ import annotations

import re
import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path

from retarget.cli.main import main

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"]
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
        tomllib.loads(block.text)
    else:
        raise AssertionError(f"{block.place}: nobody runs {block.language!r}")


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
