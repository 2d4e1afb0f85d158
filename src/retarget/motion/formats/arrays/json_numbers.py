"""Lists of numbers in JSON, parsed by compiled code that accepts no more than JSON does."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64, UInt8
from numba import types

from retarget.compiled.jit import jit
from retarget.motion.formats.numbers import NumberRowsError, parse_rows

__all__ = ["numbers_of_lists"]

_ONE_A_LINE: Final = bytes.maketrans(b",[]\n\r", b"\n    ")
_ZERO: Final = ord("0")
_NINE: Final = ord("9")
_POINT: Final = ord(".")
_PLUS: Final = ord("+")
_MINUS: Final = ord("-")
_OPEN: Final = ord("[")
_CLOSE: Final = ord("]")
_COMMA: Final = ord(",")
_EXPONENTS: Final = (ord("e"), ord("E"))
_BLANKS: Final = (ord(" "), ord("\t"), ord("\n"), ord("\r"))
_WITHIN: Final = (_POINT, _PLUS, *_EXPONENTS)  # stand ahead of more digits of a number
_NOTHING: Final = np.uint8(0)
_BEFORE_OPEN: Final = (0, _OPEN, _COMMA)
_BEHIND_CLOSE: Final = (_CLOSE, _COMMA)


def numbers_of_lists(text: bytes) -> Float64[np.ndarray, "n"] | None:
    """The numbers of lists within lists in their order, or none where it is not sure that JSON would read as many.

    Args:
        text: Brackets, commas, blanks and what numbers are written with, nothing else.
    """
    if not _as_json(np.frombuffer(text, np.uint8)):
        return None
    try:
        parts = parse_rows(text.translate(_ONE_A_LINE), 0, 1, len(text))
    except NumberRowsError:
        return None
    return parts[0][:, 0] if parts else None


@jit(types.boolean(types.Array(types.uint8, 1, "C", readonly=True)))
def _as_json(text: UInt8[np.ndarray, "n"]) -> bool:
    """Whether no number has a plus, zeros ahead or a bare point, and each stands behind its brackets' openings only."""
    length = text.size
    last = _NOTHING  # what stands before, but for blanks
    for at in range(length):
        c = text[at]
        if c in _BLANKS:
            continue
        before = text[at - 1] if at > 0 else _NOTHING
        after = text[at + 1] if at + 1 < length else _NOTHING
        if c == _POINT:
            if not (_ZERO <= before <= _NINE and _ZERO <= after <= _NINE):
                return False
        elif c == _PLUS:
            if before not in _EXPONENTS:
                return False
        elif c == _ZERO and _ZERO <= after <= _NINE:
            if before == _MINUS:
                before = text[at - 2] if at > 1 else _NOTHING
            if not (_ZERO <= before <= _NINE or before in _WITHIN):
                return False
        elif c == _OPEN and last not in _BEFORE_OPEN:
            return False
        if last == _CLOSE and c not in _BEHIND_CLOSE:
            return False
        last = c
    return True
