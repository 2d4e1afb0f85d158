"""Writes the tables of motion formats, export formats, measures, robots and options into their pages in ``docs``."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from retarget.config import RunConfig
from retarget.evaluation.documentation import measures_markdown
from retarget.exchange.documentation import formats_markdown as export_formats
from retarget.files import write_text
from retarget.motion.formats.documentation import formats_markdown as motion_formats
from retarget.options import RetargetOptions
from retarget.robots.descriptions.documentation import robots_markdown

_ATTRIBUTE = re.compile(r"^        (\w+): (.*?)(?=^        \w+: |\Z)", re.DOTALL | re.MULTILINE)


def options_markdown() -> str:
    """Tables of what may be asked of a run, from the models that check it."""
    return "\n\n".join(
        [
            "## How a motion is retargeted",
            "In a TOML file under `[options]`; in Python fields of `RetargetOptions`.",
            _fields(RetargetOptions),
            "## How files are read, and onto which robot",
            "In a TOML file at the top; in Python fields of `RunConfig`.",
            _fields(RunConfig),
        ]
    )


def _fields(model: Any) -> str:
    """A row for each field: name, default and what its docstring says."""
    doc = model.__doc__.partition("Attributes:\n")[2]
    attributes = doc.partition("\n\n    Example")[0].rstrip()
    said = {name: " ".join(text.split()) for name, text in _ATTRIBUTE.findall(attributes)}
    rows = ["| option | default | what it does |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = (
            ""
            if default is None or not isinstance(default, bool | int | float | str)
            else f"`{default}`"
        )
        rows.append(
            f"| `{name}` | {shown} | {said[name].replace('``', '`').replace('|', chr(92) + '|')} |"
        )
    return "\n".join(rows)


_DOCS = Path(__file__).parents[1] / "docs"
FORMATS, EXPORTS, MEASURES, ROBOTS, OPTIONS = (
    _DOCS / f"{name}.md" for name in ("formats", "exports", "measures", "robots", "options")
)
_TABLES: dict[Path, Callable[[], str]] = {
    FORMATS: motion_formats,
    EXPORTS: export_formats,
    MEASURES: measures_markdown,
    ROBOTS: robots_markdown,
    OPTIONS: options_markdown,
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
