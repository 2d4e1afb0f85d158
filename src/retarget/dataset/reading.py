"""A packed data set, opened: its index, its clips by split, and whether it is whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32

from retarget.dataset.columns import COLUMNS
from retarget.dataset.description import INDEX, Description
from retarget.dataset.tables import read_index, read_rows, shard_name
from retarget.errors import UnknownNameError
from retarget.files import sha256_of

__all__ = ["Dataset"]


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """A folder that `retarget.dataset.pack` has written.

    Attributes:
        folder: Where it is.
        description: What it holds.
        rows: Its index, a row for each clip.

    Example:
        >>> data = Dataset.open("walks")  # doctest: +SKIP
        >>> for name in data.clips("train"):  # doctest: +SKIP
        ...     frames = data.clip(name)["joint_position"]  # (T, D) rad
    """

    folder: Path
    description: Description
    rows: tuple[dict[str, Any], ...]

    @classmethod
    def open(cls, folder: str | Path) -> Dataset:
        """Open a data set.

        Raises:
            FileFormatError: It is none, or torn.
            MissingExtraError: pyarrow is not installed.
        """
        folder = Path(folder)
        description = Description.read(folder)
        return cls(folder, description, tuple(read_index(folder / INDEX)))

    def clips(
        self, split: str | None = None, by: Literal["clip", "folder"] = "clip"
    ) -> tuple[str, ...]:
        """Names of the clips of a split, or of all.

        Raises:
            UnknownNameError: There is no such split.
        """
        if split is not None and split not in self.description.shares:
            raise UnknownNameError("split", split, list(self.description.shares))
        column = f"split_by_{by}"
        return tuple(row["clip"] for row in self.rows if split in (None, row[column]))

    def clip(self, name: str) -> dict[str, Float32[np.ndarray, "T *n"]]:
        """The frames of a clip by column: (T, D), (T, B, 3) and so on, as the columns' shapes say.

        Raises:
            UnknownNameError: There is no such clip.
            FileFormatError: Its file is torn.
        """
        row = next((row for row in self.rows if row["clip"] == name), None)
        if row is None:
            raise UnknownNameError("clip", name, list(self.clips()))
        path = self.folder / shard_name(row["shard"])
        (table,) = read_rows(path, [row["row_group"]])
        sizes = {"D": len(self.description.joint_names), "B": len(self.description.link_names)}
        arrays = {}
        for column in COLUMNS:
            flat = table[column.name].combine_chunks().flatten().to_numpy()
            shape = (sizes[s] if s in sizes else int(s) for s in column.shape.split())
            arrays[column.name] = flat.reshape(len(table), *shape)
        return arrays

    def problems(self) -> Iterator[str]:
        """What is not as the description says: files that are missing or have changed."""
        for name, recorded in self.description.files.items():
            path = self.folder / name
            if not path.is_file():
                yield f"{path}: is missing"
            elif sha256_of(path) != recorded:
                yield f"{path}: has changed since the data set was packed"
