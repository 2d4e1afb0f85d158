"""Builds the site of the documents into ``build/site``: `make docs`.

The pages in ``docs`` link to each other and to files of the repository. Files that are pages of the site too are copied
and their links turned; links to code become its name, as a site has no code to show.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
DOCS, BUILD = ROOT / "docs", ROOT / "build" / "docs"
PAGES = {  # files outside docs that are pages, and where
    "README.md": "index.md",
    "ARCHITECTURE.md": "project/architecture.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "examples/README.md": "project/examples.md",
    "benchmarks/RESULTS.md": "project/results.md",
}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_FILE = re.compile(r"[\w./]+\.md")  # as the words of a link: the page's title is better
_BLOCK = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)


def site_path(file: str) -> str | None:
    """Where a file of the repository is on the site; None where it is not."""
    if file in PAGES:
        return PAGES[file]
    return file.removeprefix("docs/") if file.startswith("docs/") else None


def title_of(file: str) -> str:
    """The first heading of a file of the repository."""
    found = re.search(r"^# (.+)$", (ROOT / file).read_text("utf-8"), re.MULTILINE)
    return found[1] if found else file


def turned(text: str, file: str, page: str) -> str:
    """A file's text with its links as they are on the site; those in blocks of code are left alone."""
    here, there = PurePosixPath(file).parent, PurePosixPath(page).parent

    def link(found: re.Match[str]) -> str:
        picture, words, target = found.groups()
        place, mark, anchor = target.partition("#")
        if "://" in target or not place:
            return found[0]
        goal = site_path(os.path.normpath(here / place))
        if goal is None:
            return words if words.startswith("`") else f"`{words}`"
        if _FILE.fullmatch(words):
            words = title_of(os.path.normpath(here / place))
        return f"{picture}[{words}]({os.path.relpath(goal, there)}{mark}{anchor})"

    parts = _BLOCK.split(text)
    plain = [part if k % 2 else _LINK.sub(link, part) for k, part in enumerate(parts)]
    # Types such as float[][] are no links without a target.
    return "".join(
        part if k % 2 else part.replace("[][]", r"\[\]\[\]") for k, part in enumerate(plain)
    )


def pages() -> dict[str, str]:
    """All pages: file of the repository -> page of the site."""
    own = {f"docs/{path.relative_to(DOCS).as_posix()}" for path in DOCS.rglob("*.md")}
    outside = {file: page for file, page in PAGES.items() if page != "index.md"}
    return {**{file: file.removeprefix("docs/") for file in sorted(own)}, **outside}


def gather(target: Path) -> None:
    """Write all pages and pictures of the site into a folder of its own."""
    shutil.rmtree(target, ignore_errors=True)
    for file, page in pages().items():
        made = target / page
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(turned((ROOT / file).read_text("utf-8"), file, page), "utf-8")
    for picture in DOCS.rglob("*"):
        if picture.suffix in {".png", ".gif", ".webp", ".svg"}:
            made = target / picture.relative_to(DOCS)
            made.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(picture, made)


if __name__ == "__main__":
    gather(BUILD)
    zensical = Path(sys.executable).with_name("zensical")
    command = [str(zensical), "build", "--strict", "--clean", "--config-file", "mkdocs.yml"]
    raise SystemExit(subprocess.run(command, cwd=ROOT, check=False).returncode)
