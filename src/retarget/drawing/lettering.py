"""Words in pictures: the packages that write them, and fonts in which any name can be written."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from retarget.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.ft2font import FT2Font

__all__ = ["drawable", "font_file", "require_pictures", "write_line"]

# Fonts with letters that matplotlib's own lacks, as systems have them; those that are not installed are passed over.
_MORE_FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Source Han Sans",
    "WenQuanYi Zen Hei",
    "IPAexGothic",
    "Hiragino Sans",
    "PingFang SC",
    "Yu Gothic",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Noto Sans",
    "Arial Unicode MS",
)


def require_pictures() -> None:
    """Check that pictures can be drawn, before the work whose result is to be drawn.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        importlib.import_module("matplotlib")
    except ImportError as error:
        raise MissingExtraError("drawing a picture", "picture") from error


def drawable(text: str) -> tuple[str, list[str]]:
    """A text and the fonts to draw it in; letters that none of them has are escaped, as boxes would tell nothing.

    Example:
        >>> drawable("walk")
        ('walk', ['DejaVu Sans'])
    """
    fonts = _fonts()
    own, *more = fonts
    letters = [
        letter if any(_has(fonts[name], letter) for name in fonts) else _escaped(letter)
        for letter in text
    ]
    used = [
        own,
        *(n for n in more if any(_has(fonts[n], x) and not _has(fonts[own], x) for x in text)),
    ]
    return "".join(letters), used


def write_line(figure: Figure, x: float, y: float, text: str, **style: Any) -> None:
    """Write a line whose letters may be any, and in which a dollar sign begins no formula.

    Args:
        figure: matplotlib's figure.
        x: Where, as a share of the figure's width.
        y: Its middle, as a share of the figure's height from below.
        text: The line.
        style: How, as matplotlib has it.

    Example:
        >>> write_line(figure, 0.5, 0.9, "walk", color="black", ha="center")  # doctest: +SKIP
    """
    words, fonts = drawable(text)
    figure.text(x, y, words, va="center", parse_math=False, fontfamily=fonts, **style)


def font_file(text: str) -> str:
    """Path of a font that has all letters of a text, or of the one that has most of those of languages of Europe.

    Example:
        >>> Path(font_file("walk")).name  # doctest: +SKIP
        'DejaVuSans.ttf'
    """
    from matplotlib.font_manager import FontProperties, findfont

    fonts = _fonts()
    whole = [name for name, font in fonts.items() if all(_has(font, letter) for letter in text)]
    return str(findfont(FontProperties(family=(whole or list(fonts))[0])))


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")


def _has(font: FT2Font, letter: str) -> bool:
    return bool(font.get_char_index(ord(letter)))


@cache
def _fonts() -> dict[str, FT2Font]:
    """Fonts by name: matplotlib's own first, which is always there."""
    return dict(_found())


def _found() -> Iterator[tuple[str, FT2Font]]:
    from matplotlib.font_manager import fontManager, get_font

    installed = {entry.name: entry.fname for entry in reversed(fontManager.ttflist)}
    for name in ("DejaVu Sans", *_MORE_FONTS):
        if name in installed:
            yield name, get_font(installed[name])
