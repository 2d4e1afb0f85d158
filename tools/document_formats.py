"""Writes the table of motion formats into ``docs/formats.md``."""

from __future__ import annotations

from pathlib import Path

from retarget.files import write_text
from retarget.motion.formats.documentation import formats_markdown

DOCUMENT = Path(__file__).parents[1] / "docs" / "formats.md"
BEGIN, END = "<!-- formats -->\n", "<!-- end of formats -->\n"


def documented(text: str) -> str:
    """The document with its table made anew."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{formats_markdown()}\n{END}{after}"


if __name__ == "__main__":
    write_text(DOCUMENT, documented(DOCUMENT.read_text("utf-8")))
