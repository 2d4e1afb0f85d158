"""Writes the tables of export formats into ``docs/exports.md``."""

from __future__ import annotations

from pathlib import Path

from retarget.exchange.documentation import formats_markdown
from retarget.files import write_text

DOCUMENT = Path(__file__).parents[1] / "docs" / "exports.md"
BEGIN, END = "<!-- formats -->\n", "<!-- end of formats -->\n"


def documented(text: str) -> str:
    """The document with its tables made anew."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{formats_markdown()}\n{END}{after}"


if __name__ == "__main__":
    write_text(DOCUMENT, documented(DOCUMENT.read_text("utf-8")))
