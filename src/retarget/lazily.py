"""Public names of a package that are loaded from their modules when they are first used (PEP 562)."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["names_of"]


def names_of(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """What a package needs as its ``__getattr__`` and ``__dir__``.

    Args:
        package: Its ``__name__``.
        homes: Public name -> module that has it.

    Example:
        >>> __getattr__, __dir__ = names_of("retarget", {"Motion": "retarget.motion"})
    """

    def load(name: str) -> Any:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(home), name)
        setattr(sys.modules[package], name, value)
        return value

    def listing() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return load, listing
