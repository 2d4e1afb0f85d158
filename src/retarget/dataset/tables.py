"""Parquet files: frames in shards with one row group for each clip, and the index of clips."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retarget.errors import FileFormatError, MissingExtraError

__all__ = ["ShardWriter", "arrow", "read_index", "read_rows", "write_index"]

_SHARD_FRAMES = 250_000  # about half a gigabyte for a robot of 30 links
_COMPRESSION = "zstd"


def arrow() -> Any:
    """Pyarrow.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError("a data set", "dataset") from error
    return pyarrow


class ShardWriter:
    """Writes clips one after the other into files of some 100,000 frames.

    Attributes:
        places: Shard (by number) and row group of each clip that was added.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pa = arrow()
        self._writer: Any = None
        self._shard, self._group, self._frames = -1, 0, 0
        self.places: list[tuple[int, int]] = []
        folder.mkdir(parents=True)

    def add(self, clip: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Add the frames of a clip: arrays (T, n) of single precision."""
        pa = self._pa
        frames = len(next(iter(arrays.values())))
        columns: dict[str, Any] = {
            "clip": pa.array(np.full(frames, clip, np.int32)),
            "frame": pa.array(np.arange(frames, dtype=np.int32)),
        }
        for name, values in arrays.items():
            flat = pa.array(np.ascontiguousarray(values).reshape(-1))
            columns[name] = pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
        self.add_table(pa.table(columns))

    def add_table(self, table: Any) -> None:
        """Add the frames of a clip as a table of pyarrow."""
        if self._writer is None or self._frames + len(table) > _SHARD_FRAMES:
            self._next(table.schema)
        self._writer.write_table(table, row_group_size=max(len(table), 1))
        self.places.append((self._shard, self._group))
        self._group += 1
        self._frames += len(table)

    def close(self) -> list[str]:
        """Finish the last file; returns the names of all."""
        if self._writer is not None:
            self._writer.close()
        return [shard_name(number) for number in range(self._shard + 1)]

    def _next(self, schema: Any) -> None:
        if self._writer is not None:
            self._writer.close()
        self._shard, self._group, self._frames = self._shard + 1, 0, 0
        self._writer = self._pa.parquet.ParquetWriter(
            self._folder / shard_name(self._shard),
            schema,
            compression=_COMPRESSION,
            use_dictionary=["clip"],
            use_byte_stream_split=False,
            write_statistics=False,
        )


def shard_name(number: int) -> str:
    """File name of a shard of frames.

    Example:
        >>> shard_name(3)
        'frames-00003.parquet'
    """
    return f"frames-{number:05d}.parquet"


def write_index(path: Path, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """Write the index: a row for each clip.

    Args:
        path: File to write.
        rows: Values by column.
        columns: Column -> ``text``, ``texts``, ``whole``, ``number`` or ``truth``.
    """
    pa = arrow()
    kinds = {
        "text": pa.string(),
        "texts": pa.list_(pa.string()),
        "whole": pa.int64(),
        "number": pa.float64(),
        "truth": pa.bool_(),
    }
    arrays = {
        name: pa.array([row.get(name) for row in rows], kinds[kind])
        for name, kind in columns.items()
    }
    pa.parquet.write_table(pa.table(arrays), path)


def read_index(path: Path) -> list[dict[str, Any]]:
    """The rows of an index.

    Raises:
        FileFormatError: The file is missing or torn.
    """
    pa = arrow()
    try:
        rows: list[dict[str, Any]] = pa.parquet.read_table(path).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise FileFormatError(
            path, f"not the index of a data set ({error})", "pack it again"
        ) from error
    return rows


def read_rows(path: Path, groups: Iterable[int]) -> list[Any]:
    """Some row groups of a shard, as tables of pyarrow.

    Raises:
        FileFormatError: The file is missing or torn.
    """
    pa = arrow()
    try:
        with pa.parquet.ParquetFile(path) as shard:
            return [shard.read_row_group(group) for group in groups]
    except (OSError, IndexError, pa.ArrowException) as error:
        raise FileFormatError(
            path, f"not a shard of a data set ({error})", "pack it again"
        ) from error
