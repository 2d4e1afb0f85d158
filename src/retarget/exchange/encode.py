"""Rows of a table as a container takes them: types, shapes, units, headings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from retarget.errors import OptionsError
from retarget.exchange.tables import ExportTable, Row
from retarget.exchange.view import View, row_values
from retarget.exchange.writers.csv_tables import Columns

__all__ = ["file_values", "shape_of"]

_LINK_SOURCES = (
    "link_position",
    "link_rotation",
    "link_velocity",
    "centre_velocity",
    "link_spin",
    "local_link_position",
    "local_link_rotation",
)


def file_values(view: View) -> dict[str, Any]:
    """All that a format's file holds of a motion, by key, ready for its container.

    Raises:
        OptionsError: The motion does not know what a row needs, or the format cannot hold it.
    """
    table = view.table
    special = table.builder(view) if table.builder is not None else {}
    links = {} if _is_text(table) else _link_arrays(view)
    values: dict[str, Any] = {}
    for number, row in enumerate((*table.rows, *table.extras)):
        key = row.key or f"columns {number}"
        if key in links:
            values[key] = links[key]
        else:
            found = special[row.key] if row.source == "special" else row_values(row, view)
            values[key] = _encoded(row, found, view)
    return {view.clip: values} if table.per_clip else values


def _is_text(table: ExportTable) -> bool:
    return table.container in ("csv", "csv_folder")


def _link_arrays(view: View) -> dict[str, np.ndarray]:
    """Arrays of links, a part of the motion at a time: in double precision they may take gigabytes."""
    rows = [row for row in view.table.rows if row.source in _LINK_SOURCES]
    arrays = {row.key: np.empty(_expected(row, view), row.dtype) for row in rows}
    for frames, part in view.tracks.blocks() if rows else ():
        shown = replace(view, tracks=part)
        for row in rows:
            arrays[row.key][frames] = row_values(row, shown) * row.scale
    for row in rows:
        _require_numbers(row, arrays[row.key], view)
    return arrays


def shape_of(row: Row, table: ExportTable, frames: int, joints: int, links: int) -> tuple[int, ...]:
    """The numbers that a row's shape stands for.

    Example:
        >>> shape_of(Row("joint_pos", "qpos", shape="T 7+D"), None, 5, 29, 30)  # doctest: +SKIP
        (5, 36)
    """
    known = {"T": frames, "D": joints, "B": links}
    return tuple(
        sum(known[part] if part in known else int(part) for part in size.split("+"))
        for size in row.shape.split()
    )


def _encoded(row: Row, value: Any, view: View) -> Any:
    if _is_text(view.table):
        return value if isinstance(value, str) else _columns(row, np.asarray(value), view)
    plain = _PLAIN.get(row.dtype)
    if plain is not None:
        return plain(value)
    array = np.asarray(value) if row.dtype == "U" else np.asarray(value, np.float64) * row.scale
    expected = _expected(row, view)
    array = array.reshape(expected) if array.size == np.prod(expected, dtype=int) else array
    if array.shape != expected:
        raise AssertionError(f"{row.key} is {array.shape}, its table says {expected}")
    if row.dtype == "U":
        return array
    stored = np.asarray(array, row.dtype, order="C")
    _require_numbers(row, stored, view)
    return stored


def _expected(row: Row, view: View) -> tuple[int, ...]:
    return shape_of(
        row, view.table, len(view.tracks), len(view.order.joints), len(view.order.links)
    )


def _require_numbers(row: Row, array: np.ndarray, view: View) -> None:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise OptionsError(f"{view.clip}: {row.key} has values that {row.dtype} cannot hold")


def _whole(value: float) -> int:
    if value != round(value):
        raise AssertionError(f"{value} is to be written as a whole number")
    return int(value)


def _number(value: float) -> int | float:
    return int(value) if value == round(value) else float(value)


_PLAIN: dict[str, Any] = {
    "int": _whole,
    "float": float,
    "number": _number,
    "text": str,
    "str[]": list,
    "float[][]": lambda value: np.asarray(value, np.float64).tolist(),
}


def _columns(row: Row, values: np.ndarray, view: View) -> Columns:
    flat = np.asarray(values, np.float64).reshape(len(values), -1) * row.scale
    headings = tuple(_headings(row.columns, view))
    if headings and len(headings) != flat.shape[1]:
        raise AssertionError(f"{row.key}: {len(headings)} headings for {flat.shape[1]} columns")
    return Columns(flat, headings, row.decimals)


def _headings(columns: str, view: View) -> list[str]:
    names = columns.split()
    if "{" not in columns:
        return names
    items = (
        view.order.link_names if "{link}" in columns or "{b}" in columns else view.order.joint_names
    )
    return [
        name.format(joint=item, link=item, i=i, b=i)
        for i, item in enumerate(items)
        for name in names
    ]
