"""Writes the tables of motion formats, export formats, measures and embedded robots into their pages in ``docs``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from retarget.evaluation.documentation import measures_markdown
from retarget.exchange.documentation import formats_markdown as export_formats
from retarget.files import write_text
from retarget.motion.formats.documentation import formats_markdown as motion_formats
from retarget.robots.documentation import robots_markdown

_DOCS = Path(__file__).parents[1] / "docs"
FORMATS, EXPORTS, MEASURES, ROBOTS = (
    _DOCS / f"{name}.md" for name in ("formats", "exports", "measures", "robots")
)
_TABLES: dict[Path, Callable[[], str]] = {
    FORMATS: motion_formats,
    EXPORTS: export_formats,
    MEASURES: measures_markdown,
    ROBOTS: robots_markdown,
}
BEGIN, END = "<!-- formats -->\n", "<!-- end of formats -->\n"


def documented(document: Path) -> str:
    """The text of a document with its tables made anew."""
    before, _, rest = document.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{_TABLES[document]()}\n{END}{after}"


if __name__ == "__main__":
    for document in _TABLES:
        write_text(document, documented(document))
