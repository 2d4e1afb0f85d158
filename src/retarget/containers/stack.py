"""The part of a pickle's machine that knows no names: its place in the file, its stack and memo, plain values."""

from __future__ import annotations

import codecs
import struct
from typing import Final

import numpy as np

__all__ = ["Stack", "key"]

_KEYS: Final = (str, int, float, bytes, type(None))
_DOUBLE: Final = struct.Struct(">d")


class Stack:
    """Takes bytes off a file and keeps what they say: numbers, text, lists, dictionaries, sets.

    Args:
        data: The file.
        at: Where to begin.
    """

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at
        self._stack: list[object] = []
        self._marks: list[list[object]] = []
        self._memo: dict[int, object] = {}

    def take(self, size: int) -> bytes:
        """The next bytes of the file.

        Raises:
            EOFError: It ends before.
        """
        begin = self.at
        end = begin + size
        if size < 0 or end > len(self.data):
            raise EOFError(f"{size} bytes are promised at byte {begin} and not there")
        self.at = end
        return self.data[begin:end]

    def _line(self) -> bytes:
        end = self.data.index(b"\n", self.at)
        return self.take(end + 1 - self.at)[:-1]

    def _number(self, layout: struct.Struct) -> int:
        return int(layout.unpack(self.take(layout.size))[0])

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _marked(self) -> list[object]:
        items, self._stack = self._stack, self._marks.pop()
        return items

    # Numbers, text and bytes

    def _small(self) -> None:
        self._stack.append(self.data[self.at])
        self.at += 1

    def _integer_line(self) -> None:
        line = self._line()
        self._push({b"00": False, b"01": True}.get(line) if line in {b"00", b"01"} else int(line))

    def _long_line(self) -> None:
        self._push(int(self._line().removesuffix(b"L")))

    def _float_line(self) -> None:
        self._push(float(self._line()))

    def _float(self) -> None:
        self._push(_DOUBLE.unpack(self.take(8))[0])

    def _long(self, size: int) -> None:
        self._push(int.from_bytes(self.take(size), "little", signed=True))

    def _escaped_line(self) -> None:
        quoted = self._line().strip()
        if len(quoted) < 2 or quoted[:1] != quoted[-1:] or quoted[:1] not in {b"'", b'"'}:
            raise ValueError("a text has no quotes")
        raw: object = codecs.escape_decode(quoted[1:-1])[0]
        assert isinstance(raw, bytes)
        self._push(raw.decode("latin-1"))

    def _unicode_line(self) -> None:
        self._push(self._line().decode("raw-unicode-escape"))

    def _text(self, size: int) -> None:
        self._push(self.take(size).decode("utf-8", "surrogatepass"))

    def _old_text(self, size: int) -> None:
        """Text or bytes of Python 2: one character a byte, so that both come back whole."""
        self._push(self.take(size).decode("latin-1"))

    # Collections

    def _mark(self) -> None:
        self._marks.append(self._stack)
        self._stack = []

    def _pop(self) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._marked()

    def _tuple_of_one(self) -> None:
        self._stack[-1] = (self._stack[-1],)

    def _tuple_of_two(self) -> None:
        last = self._stack.pop()
        self._stack[-1] = (self._stack[-1], last)

    def _tuple_of_three(self) -> None:
        last, middle = self._stack.pop(), self._stack.pop()
        self._stack[-1] = (self._stack[-1], middle, last)

    def _marked_tuple(self) -> None:
        items = tuple(self._marked())
        self._stack.append(items)

    def _extend(self, items: list[object]) -> None:
        target = self._stack[-1]
        if type(target) is not list:
            raise TypeError(f"items are appended to a {type(target).__name__}")
        target.extend(items)

    def _set_items(self, items: list[object]) -> None:
        target = self._stack[-1]
        if type(target) is not dict or len(items) % 2:
            raise TypeError(f"keys are set in a {type(target).__name__}")
        target.update(zip(map(key, items[::2]), items[1::2], strict=True))

    def _append(self) -> None:
        item = self._stack.pop()
        self._extend([item])

    def _set_item(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set_items([key, value])

    def _add_items(self) -> None:
        items, target = self._marked(), self._stack[-1]
        if type(target) is not set:
            raise TypeError(f"items are added to a {type(target).__name__}")
        target.update(map(key, items))

    def _marked_dict(self) -> None:
        items = self._marked()
        self._push({})
        self._set_items(items)

    # Memo

    def _get(self, index: int) -> None:
        self._push(self._memo[index])

    def _get_near(self) -> None:
        self._stack.append(self._memo[self.data[self.at]])
        self.at += 1

    def _put_near(self) -> None:
        self._memo[self.data[self.at]] = self._stack[-1]
        self.at += 1

    def _memoize(self) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _put(self, index: int) -> None:
        self._memo[index] = self._stack[-1]


def key(value: object) -> object:
    """A key of a dictionary. Nested ones are refused, as their hashes may take for ever."""
    if type(value) is str:  # nearly all are
        return value
    if isinstance(value, tuple) and all(isinstance(part, _KEYS) for part in value):
        return value
    if not isinstance(value, (*_KEYS, np.generic)):
        raise TypeError(f"a key is a {type(value).__name__}")
    return value
