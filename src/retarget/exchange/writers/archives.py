"""NumPy archives that any reader understands, those in C++ too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from retarget.containers import write_npz

__all__ = ["write_npz_values"]


def write_npz_values(path: Path, values: Mapping[str, Any]) -> None:
    """Write arrays uncompressed, numbers before texts.

    Readers in C++ (cnpy) cannot inflate members with 64-bit sizes, and lose their place behind an array of texts,
    whose characters they take for one byte each.
    """
    arrays = {key: np.asarray(value) for key, value in values.items()}
    ordered = dict(sorted(arrays.items(), key=lambda item: item[1].dtype.kind == "U"))
    with path.open("wb") as stream:
        write_npz(stream, ordered, stored=tuple(ordered))
