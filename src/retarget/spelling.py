"""Names as people write them: in capitals, with other separators or none, without the maker's name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

__all__ = ["meant_name", "nearest_names"]

_SEPARATORS = re.compile(r"[\s_.-]+")
_JOINTS = re.compile(r"(?<=\d)dof$")  # of g1_29dof


def meant_name(name: str, known: Mapping[str, str]) -> str | None:
    """The name that is meant, if it can be but one.

    Args:
        name: As somebody wrote it.
        known: Names and aliases, in lower case with ``_`` between words -> the name that each stands for.

    Example:
        >>> meant_name("G1", {"unitree_g1": "unitree_g1", "unitree_g1_23": "unitree_g1_23"})
        'unitree_g1'
    """
    if name in known:
        return known[name]
    meant = {known[one] for one in _spellings(known).get(_squeezed(name), ())}
    return meant.pop() if len(meant) == 1 else None


def nearest_names(name: str, known: Mapping[str, str], count: int = 3) -> list[str]:
    """The names that are spelt most like one; none where nothing is like it."""
    import difflib  # only names that nobody knows need it

    spellings = _spellings(known)
    alike = difflib.get_close_matches(_squeezed(name), spellings, n=2 * count, cutoff=0.6)
    names = (known[one] for spelling in alike for one in spellings[spelling])
    return list(dict.fromkeys(names))[:count]


def _spellings(known: Mapping[str, str]) -> dict[str, list[str]]:
    """How names can be written -> the names: each whole, and without words before it that are no name themselves."""
    found: dict[str, list[str]] = {}
    for name in known:
        for short in _endings(name, known):
            found.setdefault(_squeezed(short), []).append(name)
    return found


def _endings(name: str, known: Mapping[str, str]) -> Iterable[str]:
    """``unitree_g1_23`` and ``g1_23``, but not ``23``: what is before that is a name."""
    words = name.split("_")
    for start in range(len(words)):
        if "_".join(words[:start]) in known:
            return
        yield "_".join(words[start:])


def _squeezed(name: str) -> str:
    return _JOINTS.sub("", _SEPARATORS.sub("", name.strip().lower()))
