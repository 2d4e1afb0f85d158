"""Any value as plain JSON: what it says, or a readable stand-in, and never an error.

Provenance comes from workers that know nothing of JSON. A batch must not fail because of what one of them
returned, so everything is turned into ``None``, booleans, numbers, strings, lists and string-keyed dicts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["on_disk", "printable", "to_plain"]

_MAX_DEPTH = 40
_MAX_TEXT = 1_000_000  # characters of one string
_MAX_STAND_IN = 1_000  # characters of the text of an object of unknown kind
_MAX_ARRAY = 100_000  # elements of one array; larger ones belong in the output, not in its record
_INT64 = 2**63
_SIMPLE = (bool, type(None))
_STAND_IN = re.compile(r"\\u(dc[89a-f][0-9a-f])")


def printable(text: str) -> str:
    r"""The text with what UTF-8 cannot hold (lone surrogates of undecodable file names) escaped.

    Example:
        >>> printable("walk_\udcff.bvh")
        'walk_\\udcff.bvh'
    """
    text = str.__str__(text)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def on_disk(path: Path) -> Path:
    r"""A path as it was before `printable`: bytes of a name that are not UTF-8 in place of what stands in for them.

    Where a file has the stand-ins themselves in its name, it is that one.

    Example:
        >>> on_disk(Path("walk_\\udcff.bvh")) == Path("walk_\udcff.bvh")
        True
    """
    text = str(path)
    if not _STAND_IN.search(text) or path.exists():
        return path
    return Path(_STAND_IN.sub(lambda found: chr(int(found[1], 16)), text))


def to_plain(value: Any) -> Any:
    """Turn any value into plain JSON.

    Finite numbers, strings, lists and dicts stay as they are. NumPy scalars and arrays become numbers and
    lists, dates ISO 8601 text, sets sorted lists, paths and bytes text, NaN and infinities their names.
    Cycles, very deep nesting, huge arrays and objects that cannot be read become a short text in ``<>``.

    Example:
        >>> to_plain({"seen": {3, 1}, "cost": float("nan"), 7: b"ok"})
        {'seen': [1, 3], 'cost': 'nan', '7': 'ok'}
    """
    return _plain(value, ())


def _plain(value: Any, parents: tuple[int, ...]) -> Any:
    kind = type(value)
    if kind in _SIMPLE or (kind is str and value.isascii() and len(value) <= _MAX_TEXT):
        return value
    try:
        if isinstance(value, str):
            return printable(value)[:_MAX_TEXT]
        if isinstance(value, int):
            return int(value) if -_INT64 <= value < _INT64 else _big_integer(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else float.__repr__(value)
        if id(value) in parents:
            return "<cycle>"
        if len(parents) >= _MAX_DEPTH:
            return "<nested too deep>"
        return _plain_object(value, (*parents, id(value)))
    except Exception:
        return f"<{type(value).__name__}: cannot be read>"


def _plain_object(value: Any, parents: tuple[int, ...]) -> Any:
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, parents) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, parents) for item in value]
    if isinstance(value, (set, frozenset)):
        return [_plain(item, parents) for item in _in_order(value)]
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "backslashreplace")[:_MAX_TEXT]
    if not isinstance(value, type):
        if hasattr(value, "tolist"):  # NumPy and everything that follows its array interface
            if getattr(value, "size", 0) > _MAX_ARRAY:
                return f"<{type(value).__name__} of shape {getattr(value, 'shape', '?')}>"
            return _plain(value.tolist(), parents)
        if hasattr(value, "isoformat"):
            return str(value.isoformat())
        if hasattr(value, "model_dump"):  # pydantic
            return _plain(value.model_dump(), parents)
    return printable(str(value))[:_MAX_STAND_IN]


def _key(key: Any) -> str:
    if type(key) is str and key.isascii():
        return key
    plain = _plain(key, ())
    return plain if isinstance(plain, str) else str(plain)


def _in_order(values: Iterable[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:
        return sorted(values, key=repr)


def _big_integer(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # beyond sys.get_int_max_str_digits()
        return hex(value)
