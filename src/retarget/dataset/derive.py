"""Data sets from data sets: fewer clips by their measures, or other splits."""

from __future__ import annotations

import operator
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retarget.dataset.description import INDEX, Description
from retarget.dataset.index import FIXED_COLUMNS, with_splits
from retarget.dataset.pack import finish
from retarget.dataset.reading import Dataset
from retarget.dataset.splits import Shares
from retarget.dataset.tables import ShardWriter, read_rows, shard_name
from retarget.errors import OptionsError, UnknownNameError
from retarget.files import atomic_path, same_file

__all__ = ["Condition", "filtered", "resplit"]

_CONDITION = re.compile(r"\s*(\w+)\s*(<=|>=|==|!=|<|>)\s*([-+.\w]+)\s*")
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A bound on a number of the index. A clip without that number does not meet it.

    Example:
        >>> Condition.parsed("limb_error_mean <= 10").met({"limb_error_mean": 3.2})
        True
    """

    column: str
    comparison: str
    bound: float

    @classmethod
    def parsed(cls, text: str) -> Condition:
        """A condition from a text such as ``frames >= 100``.

        Raises:
            OptionsError: It is none.
        """
        found = _CONDITION.fullmatch(text)
        try:
            if found is not None:
                return cls(found[1], found[2], float(found[3]))
        except ValueError:
            pass
        raise OptionsError(
            f"a condition is MEASURE, one of {' '.join(_COMPARE)}, and a number, not {text!r}"
        )

    def met(self, row: Mapping[str, Any]) -> bool:
        """Whether a row of the index meets it."""
        value = row.get(self.column)
        return value is not None and _COMPARE[self.comparison](float(value), self.bound)

    def __str__(self) -> str:
        return f"{self.column} {self.comparison} {self.bound:g}"


def filtered(data: Dataset, output: str | Path, conditions: Sequence[Condition]) -> Description:
    """Write a data set of the clips that meet all conditions; they stay in their splits.

    Raises:
        UnknownNameError: A condition is about no number of the index.
        OptionsError: No clip is left, or the output is the data set itself.
        FileFormatError: The data set is torn.
        OutputError: The folder cannot be written.
    """
    numbers = [name for name, kind in FIXED_COLUMNS.items() if kind in ("number", "whole", "truth")]
    numbers += data.description.measures
    for condition in conditions:
        if condition.column not in numbers:
            raise UnknownNameError("measure", condition.column, numbers)
    kept = [dict(row) for row in data.rows if all(c.met(row) for c in conditions)]
    if not kept:
        raise OptionsError(f"no clip of {data.folder} meets {' and '.join(map(str, conditions))}")
    output = _other_folder(data, output)
    with atomic_path(output) as folder:
        shards = ShardWriter(folder)
        for number, row in enumerate(kept):
            (table,) = read_rows(data.folder / shard_name(row["shard"]), [row["row_group"]])
            shards.add_table(_renumbered(table, number))
        files = shards.close()
        for row, (shard, group) in zip(kept, shards.places, strict=True):
            row |= {"shard": shard, "row_group": group}
        clips = {row["clip"] for row in kept}
        dropped = {
            row["clip"]: _unmet(row, conditions) for row in data.rows if row["clip"] not in clips
        }
        description = data.description.model_copy(
            update={
                "title": output.name,
                "left_out": {**data.description.left_out, **dropped},
                "filters": (*data.description.filters, *map(str, conditions)),
            }
        )
        return finish(folder, description, kept, files)


def resplit(data: Dataset, output: str | Path, shares: Shares, seed: int) -> Description:
    """Write the same clips with other splits; frames are linked where the file system can, else copied.

    Raises:
        OptionsError: The output is the data set itself.
        OutputError: The folder cannot be written.
    """
    output = _other_folder(data, output)
    with atomic_path(output) as folder:
        folder.mkdir()
        frames = [name for name in data.description.files if name != INDEX]
        for name in frames:
            _link(data.folder / name, folder / name)
        changes = {
            "title": output.name,
            "shares": dict(zip(shares.names, shares.shares, strict=True)),
            "seed": seed,
        }
        description = data.description.model_copy(update=changes)
        rows = with_splits([dict(row) for row in data.rows], shares, seed)
        return finish(folder, description, rows, frames)


def _other_folder(data: Dataset, output: str | Path) -> Path:
    if same_file(data.folder, output):
        raise OptionsError(f"{output}: is the data set itself; give another folder")
    return Path(output)


def _renumbered(table: Any, number: int) -> Any:
    from retarget.dataset.tables import arrow

    pa = arrow()
    column = pa.array([number] * len(table), pa.int32())
    return table.set_column(table.schema.get_field_index("clip"), "clip", column)


def _unmet(row: Mapping[str, Any], conditions: Sequence[Condition]) -> str:
    return f"does not meet {next(str(c) for c in conditions if not c.met(row))}"


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
