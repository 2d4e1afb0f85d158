"""Text of files as panels show it."""

from __future__ import annotations

__all__ = ["plain"]


def plain(text: str) -> str:
    r"""Text of files in Markdown, without what would be markup.

    Example:
        >>> plain("take_1")
        'take\\_1'
    """
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#+!|&$" else letter for letter in text)
