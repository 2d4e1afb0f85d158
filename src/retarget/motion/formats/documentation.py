"""What the motion formats are, in Markdown made from the registry, for ``docs/formats.md``."""

from __future__ import annotations

from retarget.motion.formats.known import KNOWN

__all__ = ["formats_markdown"]


def formats_markdown() -> str:
    """All built-in formats as a table: a row for each layout of each."""
    lines = ["| format | files | layout | what is read |", "|---|---|---|---|"]
    for one in KNOWN:
        files = ", ".join(f"`{suffix}`" for suffix in one.suffixes)
        lines.append(f"| `{one.kind}` | {files} | | {one.description} |")
        lines += [f"| | | {name} | {what} |" for name, what in one.layouts]
    return "\n".join(lines) + "\n"
