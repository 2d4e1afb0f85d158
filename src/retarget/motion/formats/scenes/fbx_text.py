"""FBX as text: the tree of nodes that a binary file holds, written as names, values and braces.

``Name: value, value { nodes }``; arrays are ``*count { a: numbers }``, and are taken apart when they are asked for.
Names of objects are written with their class before them. Autodesk publishes no description: this is what its own
files have.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from retarget.errors import FileFormatError
from retarget.motion.formats.scenes.fbx_file import OLDEST, TORN, FbxNode

__all__ = ["looks_like_fbx_text", "open_fbx_text"]

_VERSION: Final = re.compile(rb"FBXVersion:\s*(\d{1,9})")
_TOKEN: Final = re.compile(
    rb"""\s*(?:(?P<comment>;[^\n]*)|(?P<name>[A-Za-z_][\w|]*)\s*:|"(?P<text>[^"]*)"|\*(?P<array>\d{1,9})"""
    rb"""|(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?P<word>[A-Za-z_]\w*)|(?P<mark>[{},]))\s*,?"""
)
_DEEPEST: Final = 64
_MOST_NODES: Final = 2_000_000
_MOST_DIGITS: Final = 20  # of a whole number: 64 bits have 19
_BITS_SINCE: Final = (
    7200  # from this version on, bits of single-precision numbers are written as whole numbers
)
_BITS: Final = "KeyAttrDataFloat"
_KINDS: Final = {
    "KeyTime": np.int64,
    "KeyAttrFlags": np.int64,
    "KeyAttrRefCount": np.int64,
    "KeyValueFloat": np.float32,
}


class _TextArray(NamedTuple):
    """An array as it lies in the file: the name of its node, how many numbers it says it has, and their text."""

    name: str
    length: int
    content: memoryview
    version: int

    def numbers(self) -> np.ndarray[Any, Any]:
        """Its numbers.

        Raises:
            ValueError: There are more or fewer than it says, or one is none.
        """
        text = bytes(self.content).partition(b":")[2]
        words = np.array([word.strip() for word in text.split(b",")] if text.strip() else [], "S")
        if len(words) != self.length:
            raise ValueError("an array has other numbers than it says")
        if not len(words):
            return np.empty(0)
        if self.name == _BITS and self.version >= _BITS_SINCE and b"." not in text:
            return words.astype(np.int64).astype(np.int32).view(np.float32)
        return words.astype(_KINDS.get(self.name, np.float64))


def looks_like_fbx_text(data: bytes) -> bool:
    """Whether a file is FBX as text."""
    return data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"; FBX")


def open_fbx_text(data: bytes, path: Path) -> FbxNode:
    """The tree of an FBX file that is a text.

    Raises:
        FileFormatError: It is torn, or older than version 7.
    """
    said = _VERSION.search(data, 0, 1 << 16)
    version = int(said[1]) if said else 0
    if version < OLDEST:
        which = f"of version {version / 1000:g}" if version else "of an unknown version"
        cause = f"is FBX as text, {which}, which is not read"
        raise FileFormatError(path, cause, "export it again as FBX 2014 (7.4) or newer")
    try:
        return FbxNode("", (), _Tree(data, version).nodes())
    except (ValueError, OverflowError) as error:
        raise FileFormatError(path, f"is torn ({error})"[:200], TORN) from None


class _Tree:
    """Takes a text apart: a node ends where the next one begins, or what it is in ends."""

    def __init__(self, data: bytes, version: int) -> None:
        self.data, self.view, self.version = data, memoryview(data), version
        self.lists: list[list[FbxNode]] = [[]]
        self.open: list[tuple[str, tuple[Any, ...]]] = []
        self.name: str | None = None
        self.values: list[Any] = []
        self.made = 0

    def nodes(self) -> tuple[FbxNode, ...]:
        at = 3 if self.data.startswith(b"\xef\xbb\xbf") else 0
        stop = len(self.data)
        while stop and self.data[stop - 1 : stop].isspace():
            stop -= 1
        take = _TOKEN.match
        while at < stop:
            match = take(self.data, at)
            if match is None:
                raise ValueError(f"nothing that is known follows at byte {at}")
            at = match.end()
            kind = match.lastgroup or ""
            word = match[kind]
            if kind == "text":
                self.values.append(self._text(word))
            elif kind == "number":
                self.values.append(_number(word))
            elif kind == "name":
                self._end()
                self.name = word.decode()
            elif kind == "array":
                at = self._array(int(word), at)
            elif kind == "word":
                self.values.append(word)
            elif kind == "mark":
                self._mark(word)
        self._end()
        if self.open:
            raise ValueError(f"it ends within {self.open[-1][0][:40]}")
        return tuple(self.lists[0])

    def _mark(self, mark: bytes) -> None:
        if mark == b"{":
            self._begin_below()
        elif mark == b"}":
            self._end_below()

    def _text(self, text: bytes) -> bytes:
        """A text; the name of an object as binary files have it, with its class behind it."""
        text = text.replace(b"&quot;", b'"') if b"&" in text else text
        if b"::" not in text or len(self.values) != 1 or not isinstance(self.values[0], int):
            return text
        kind, _, name = text.partition(b"::")
        return name + b"\0\1" + kind

    def _array(self, length: int, at: int) -> int:
        begin, end = self.data.find(b"{", at), self.data.find(b"}", at)
        if not 0 <= begin < end or self.name is None:
            raise ValueError(f"an array at byte {at} does not end")
        self.values.append(_TextArray(self.name, length, self.view[begin + 1 : end], self.version))
        return end + 1

    def _begin_below(self) -> None:
        if self.name is None or len(self.open) >= _DEEPEST:
            raise ValueError(
                "its nodes are too deep" if self.name else "a brace belongs to no node"
            )
        self.open.append((self.name, tuple(self.values)))
        self.lists.append([])
        self.name, self.values = None, []

    def _end_below(self) -> None:
        self._end()
        if not self.open:
            raise ValueError("a brace closes nothing")
        below = tuple(self.lists.pop())
        self._add(FbxNode(*self.open.pop(), below))

    def _end(self) -> None:
        if self.name is not None:
            self._add(FbxNode(self.name, tuple(self.values), ()))
        self.name, self.values = None, []

    def _add(self, node: FbxNode) -> None:
        self.made += 1
        if self.made > _MOST_NODES:
            raise ValueError("it has too many nodes")
        self.lists[-1].append(node)


def _number(word: bytes) -> int | float:
    if word.lstrip(b"+-").isdigit():
        if len(word) > _MOST_DIGITS:
            raise ValueError("a number has too many digits")
        return int(word)
    return float(word)
