"""Text of files as panels show it."""

from __future__ import annotations

__all__ = ["breakable", "plain"]


def plain(text: str) -> str:
    r"""Text of files in Markdown, without what would be markup.

    Example:
        >>> plain("take_1")
        'take\\_1'
    """
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#+!|&$" else letter for letter in text)


def breakable(text: str) -> str:
    """The same, with places at which a long name may be broken into lines."""
    return "".join(
        f"{plain(letter)}\N{ZERO WIDTH SPACE}" if letter in "_-./" else plain(letter)
        for letter in text
    )
