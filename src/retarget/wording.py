"""Words for people: numbers with nouns, short lists, and text from files without what terminals would obey."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from itertools import islice

__all__ = ["bounded", "counted", "listed", "quoted", "shortened", "shown"]

_MOST_LISTED = 8
_LONGEST = 60  # characters of a quoted name
_ENDLESS = 255  # characters that no name of a file, a joint or a link exceeds: file systems' most
# What `repr` made of a text, an apostrophe within a word being no quote; and a word that is no path.
_QUOTED = re.compile(r"""(?<!\w)(['"])((?:(?!\1)[^\\]|\\.)*)\1(?!\w)""", re.DOTALL)
_WORD = re.compile(rf"(?<![^\s'\"])[^\s/\\'\"]{{{_ENDLESS + 1},}}(?![/\\])")
# What terminals obey and no name needs: control codes but for line feed and tab, and marks that turn the direction of
# writing or break lines (Unicode Standard Annex #9, table 4, and U+2028, U+2029).
_OBEYED = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def counted(number: int, one: str, several: str = "") -> str:
    """A number with its noun, such as ``1 job`` or ``2,869 jobs``.

    Example:
        >>> counted(1, "clip"), counted(2869, "frame"), counted(2, "index", "indices")
        ('1 clip', '2,869 frames', '2 indices')
    """
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def listed(names: Collection[object] | Iterable[object], most: int = _MOST_LISTED) -> str:
    """Names as a message lists them, in one line: the first ones, and how many more there are.

    Example:
        >>> listed(range(1000), most=3)
        '0, 1, 2 and 997 more'
    """
    every = names if isinstance(names, Collection) else tuple(names)
    # What is shown of a byte that is no letter is longer than the byte.
    words = [
        shortened(shown(shortened(str(name))).replace("\n", r"\n")) for name in islice(every, most)
    ]
    left = len(every) - len(words)
    return ", ".join(words) + (f" and {left:,} more" if left else "")


def shortened(text: str, most: int = _LONGEST) -> str:
    """Text from a file as messages show it, cut where it has no end.

    Example:
        >>> shortened("one that goes on and on", most=13)
        'one that g...'
    """
    return text if len(text) <= most else f"{text[: most - 3]}..."


def quoted(name: object) -> str:
    """A name from a file in quotes, likewise.

    Example:
        >>> quoted("Hips"), len(quoted("x" * 5000))
        ("'Hips'", 62)
    """
    return repr(shortened(str(name)))


def bounded(text: str) -> str:
    """A message whose words end: what it quotes, and words that are no path, are cut where no name is so long.

    Example:
        >>> bounded(f"joint '{'x' * 5000}' hangs on nothing") == f"joint '{'x' * 57}...' hangs on nothing"
        True
    """
    if len(text) <= _ENDLESS:
        return text
    text = _QUOTED.sub(_ending, text)
    return _WORD.sub(lambda found: shortened(found[0]), text)


def _ending(quote: re.Match[str]) -> str:
    """What is in quotes, cut where no name is so long."""
    return f"{quote[1]}{shortened(quote[2])}{quote[1]}" if len(quote[2]) > _ENDLESS else quote[0]


def shown(text: str) -> str:
    r"""Text as a terminal may have it: what would move the cursor, colour or clear the screen is escaped.

    Example:
        >>> shown("\x1b[31mHips")
        '\\x1b[31mHips'
    """
    if text.isascii() and text.isprintable():
        return text
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
