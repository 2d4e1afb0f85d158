"""Ways to damage a file: its bytes, its words, its structure. All are drawn from one random generator."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any, Final
from xml.etree import ElementTree

__all__ = [
    "Mutation",
    "damage_bytes",
    "damage_json",
    "damage_text",
    "damage_xml",
    "json_text",
    "mixed",
]

Mutation = Callable[[bytes, Random], bytes]

NUMBERS: Final = (
    "0", "-0", "1", "-1", "2", "-7", "0.5", "1e-9", "1e-308", "1e9", "1e16", "1e39", "1e154", "1e300", "1.8e308",
    "-1e300", "nan", "inf", "-inf", "1e999", "33.333", "999999999999999999999", "0x10", "1,5", "1e", ".", "--1", "٣",
)  # fmt: skip
WORDS: Final = (
    "", "x", "\x1b[31m", "[bold]", "\x07\x9b2J", "a" * 3000, "\x00", "\ud800", "腰", "../../etc/passwd", "/dev/zero",
    "%s%n", "${HOME}", "true", "null", "None", "{}", "[]", '"', "'", "&lt;", "<!--", "#", "left_knee", "pelvis", "*",
)  # fmt: skip
_NUMBER: Final = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])")
_WORD: Final = re.compile(r"[A-Za-z_][\w.-]*")
_MOST: Final = 400_000  # bytes that a damaged file may grow to by copying


def damage_bytes(data: bytes, random: Random) -> bytes:
    """Flip, cut, repeat, overwrite or insert bytes."""
    content = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        size = len(content)
        if not size:
            break
        at = random.randrange(size)
        length = min(random.choice((1, 2, 8, 64, 512)), size - at)
        what = random.randrange(8)
        if what == 0:
            content[at] ^= 1 << random.randrange(8)
        elif what == 1:
            content[at] = random.randrange(256)
        elif what == 2:
            del content[at:]
        elif what == 3:
            del content[at : at + length]
        elif what == 4 and size < _MOST:
            content[at:at] = content[at : at + length] * random.choice((1, 2, 50))
        elif what == 5:
            content[at : at + length] = bytes(length)
        elif what == 6:
            content[at : at + length] = random.randbytes(length)
        else:
            content[at:at] = random.choice(
                (b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b"PK")
            )
    return bytes(content)


def damage_text(data: bytes, random: Random) -> bytes:
    """Change numbers, names and lines of a text."""
    text = data.decode("utf-8", "surrogateescape")
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        what = random.randrange(9)
        if what <= 2:
            text = _replaced(text, _NUMBER, random.choice(NUMBERS), random)
        elif what == 3:
            text = _replaced(text, _WORD, random.choice(WORDS), random)
        elif what == 4:
            words = _WORD.findall(text[:20_000])
            text = _replaced(text, _WORD, random.choice(words or ["x"]), random)
        elif what == 5:
            text = _with_lines(text, random)
        elif what == 6:
            opening, closing = random.choice((("[", "]"), ("{", "}"), ("(", ")"), ('{"a":', "}")))
            depth = random.choice((3, 200, 5_000, 50_000))
            ends = random.choice((0, depth))
            text = _inserted(text, opening * depth + closing * ends, random)
        elif what == 7:
            text = _inserted(text, random.choice(WORDS + NUMBERS), random)
        else:
            text = text.replace(
                *random.choice(((".", ","), ("\n", "\r"), (" ", "  "), ('"', ""), ("_", "-")))
            )
    return (
        text.encode("utf-8", random.choice(("surrogateescape", "surrogatepass", "replace")))
        if not _mixed_surrogates(text)
        else text.encode("utf-8", "replace")
    )


def _mixed_surrogates(text: str) -> bool:
    try:
        text.encode("utf-8", "surrogateescape")
        text.encode("utf-8", "surrogatepass")
    except UnicodeEncodeError:
        return True
    return False


def _replaced(text: str, pattern: re.Pattern[str], by: str, random: Random) -> str:
    if random.random() < 0.05:
        return pattern.sub(lambda _: by, text, count=random.choice((5, 50)))
    # The beginning holds most of what has a meaning. A file is not searched from end to end for one place in it.
    start = random.randrange(len(text) // random.choice((1, 1, 4, 20, 100)) + 1)
    match = pattern.search(text, start) or pattern.search(text)
    if match is None:
        return text + by
    return text[: match.start()] + by + text[match.end() :]


def _inserted(text: str, more: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + more + text[at:]


def _with_lines(text: str, random: Random) -> str:
    lines = text.split("\n")
    first, second = random.randrange(len(lines)), random.randrange(len(lines))
    what = random.randrange(4)
    if what == 0:
        lines[first], lines[second] = lines[second], lines[first]
    elif what == 1:
        del lines[first : first + random.choice((1, 1, 5, 50))]
    elif what == 2:
        lines[second:second] = lines[first : first + random.choice((1, 3, 30))]
    else:
        lines[first] = lines[first][: random.randrange(len(lines[first]) + 1)]
    return "\n".join(lines)


_VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 10**400, 1e308, float("nan"), float("inf"), "", "x", "\ud800", "\x1b[31m", "nan", [], {},
    [[]], {"a": {}}, "a" * 5000, "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00", 3.7, "success", [1, 2],
)  # fmt: skip


def damage_json(value: Any, random: Random) -> Any:
    """A JSON value with one or some of its parts replaced, dropped, repeated or nested."""
    for _ in range(random.choice((1, 1, 2, 6))):
        value = _changed(value, random, depth=0)
    return value


def _changed(value: Any, random: Random, depth: int) -> Any:
    inside = isinstance(value, dict | list) and len(value) > 0
    if not inside or random.random() < 0.1 + 0.05 * depth:
        if random.random() < 0.05:
            nested: Any = value
            for _ in range(random.choice((50, 900, 3000))):
                nested = [nested]
            return nested
        return random.choice(_VALUES)
    if isinstance(value, dict):
        key = random.choice(list(value))
        what = random.random()
        if what < 0.1:
            return {k: v for k, v in value.items() if k != key}
        if what < 0.15:
            return {**value, str(random.choice(_VALUES)): value[key]}
        return {**value, key: _changed(value[key], random, depth + 1)}
    at = random.randrange(len(value))
    what = random.random()
    if what < 0.1:
        return value[:at] + value[at + 1 :]
    if what < 0.2:
        return [*value, value[at]]
    return [*value[:at], _changed(value[at], random, depth + 1), *value[at + 1 :]]


def json_text(value: Any) -> bytes:
    """The value as JSON; what nests too deep for the encoder is nested by hand."""
    try:
        return json.dumps(value).encode("utf-8", "surrogatepass")
    except RecursionError:
        return b"[" * 3000 + b"]" * 3000


def damage_xml(data: bytes, random: Random) -> bytes:
    """Change attributes and elements of a sound XML file."""
    root = ElementTree.fromstring(data)
    try:
        _damage_tree(root, random)
        return bytes(ElementTree.tostring(root, "utf-8"))
    except (RecursionError, ValueError, UnicodeError):  # an element within itself, or hundreds deep
        return data[: len(data) // 2]


def _damage_tree(root: ElementTree.Element, random: Random) -> None:
    for _ in range(random.choice((1, 1, 2, 6))):
        elements = list(root.iter())
        element = random.choice(elements)
        what = random.randrange(8)
        if what <= 3 and element.attrib:
            name = random.choice(list(element.attrib))
            value = element.attrib[name]
            element.attrib[name] = (
                _replaced(value, _NUMBER, random.choice(NUMBERS), random)
                if random.random() < 0.7
                else random.choice(
                    (*WORDS[:2], *WORDS[7:9], random.choice(elements).get("name", "x"))
                )
            )
        elif what == 4 and element.attrib:
            del element.attrib[random.choice(list(element.attrib))]
        elif what == 5 and len(element):
            element.remove(random.choice(list(element)))
        elif what == 6:
            element.append(deepcopy(random.choice(elements[1:] or elements)))
            if random.random() < 0.2:
                element.tag = random.choice(
                    ("joint", "body", "geom", "link", "freejoint", "include", "x")
                )
        else:
            deep = element
            for _ in range(random.choice((2, 60, 400))):
                deep = ElementTree.SubElement(
                    deep, random.choice(("body", "link", "joint", "default"))
                )


def mixed(*ways: Mutation) -> Mutation:
    """One of several ways, drawn anew for each case."""
    return lambda data, random: random.choice(ways)(data, random)
