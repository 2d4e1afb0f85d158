"""Tables on standard output: drawn where a person looks at them, plain text where a program reads them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from retarget.cli.support.common import tell
from retarget.wording import shown

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_table"]

_LEAST_TEXT = 14  # characters to which a column of text may be folded
_LEAST_NAME = 28  # characters of the first column that are whole: names are typed after it
_MOST_PADDED = (
    60  # characters: a longer cell of plain text pushes its own row aside, and pads no other
)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: drawn on a terminal, in several pieces where it is narrow; aligned plain text otherwise."""
    rows = [[shown(cell) for cell in row] for row in rows]
    if sys.stdout.isatty() and _print_drawn(columns, rows):
        return
    lines = [list(columns), *rows]
    widths = [
        max(len(line[i]) for line in lines if len(line[i]) <= _MOST_PADDED)
        for i in range(len(columns))
    ]
    for line in lines:
        tell(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


def _print_drawn(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Draw a table, its first column again before each piece; False where a terminal has no room for two columns."""
    from rich.console import Console

    console = Console()
    drawn = [
        _Column(title, [row[index] for row in rows], index) for index, title in enumerate(columns)
    ]
    pieces: list[list[_Column]] = [[]]
    room = first_room = console.width - drawn[0].least
    for column in drawn[1:]:
        if pieces[-1] and column.least > room:
            pieces.append([])
            room = first_room
        pieces[-1].append(column)
        room -= column.least
        if room < 0:
            return False
    for piece in pieces:
        _draw(console, [drawn[0], *piece])
    return True


class _Column:
    """A column of a drawn table: a measure above its unit, and cells that are numbers, whole, or text that folds."""

    def __init__(self, title: str, cells: Sequence[str], index: int) -> None:
        self.heads, self.cells = title.split(" ", 1), cells
        self.numbers = index > 0 and all(cell[:1] in "0123456789-" for cell in cells)
        self.longest = max(map(len, [*cells, *self.heads]))
        folded = _LEAST_TEXT if index > 0 else _LEAST_NAME
        self.whole = self.longest if self.numbers else min(self.longest, folded)
        self.least = self.whole + 2
        """Characters that it takes at least, with what stands between it and the next."""


def _draw(console: Console, columns: Sequence[_Column]) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in columns:
        title = "\n".join(column.heads)
        if column.numbers:
            table.add_column(title, justify="right", min_width=column.whole)
        else:
            table.add_column(title, overflow="fold", min_width=column.whole)
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*[escape(cell) for cell in row])
    console.print(table)
