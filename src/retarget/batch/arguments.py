"""Checks of what a `BatchRunner` is told: each complaint names the argument, the value and what it should be."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

from retarget.errors import OptionsError

__all__ = ["LEAST_MEMORY", "check_count", "check_memory_limit", "check_seconds"]

LEAST_MEMORY = 32 << 20  # bytes; less than any Python process that has imported something takes


def check_count(option: str, value: Any, *, least: int, may_be_none: bool = True) -> None:
    """Check that a value is a whole number of at least ``least``, or None.

    Raises:
        OptionsError: It is not.
    """
    if value is None and may_be_none:
        return
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise OptionsError(
            f"must be a whole number of at least {least}, not {value!r}", option=option
        )


def check_seconds(option: str, value: Any, *, zero: bool, may_be_none: bool = False) -> None:
    """Check that a value is a number of seconds, more than 0 or, with ``zero``, not less; or None.

    Raises:
        OptionsError: It is not.
    """
    if value is None and may_be_none:
        return
    number = isinstance(value, Real) and value is not True and math.isfinite(value)
    if not number or value < 0 or (value == 0 and not zero):
        wanted = "a number of seconds, 0 or more" if zero else "a number of seconds above 0"
        raise OptionsError(f"must be {wanted}, not {value!r}", option=option)


def check_memory_limit(option: str, value: Any) -> None:
    """Check that a value is a number of bytes that a worker process can live with, or None.

    Raises:
        OptionsError: It is not.
    """
    check_count(option, value, least=1)
    if value is not None and value < LEAST_MEMORY:
        raise OptionsError(
            f"{value / 2**20:.3g} MiB is less than any worker process takes; give at least "
            f"{LEAST_MEMORY >> 20} MiB ({LEAST_MEMORY} bytes)",
            option=option,
        )
