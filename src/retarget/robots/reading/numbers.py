"""Numbers of a model file: what no robot can have is refused with its place, before MuJoCo sees it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from retarget.errors import FileFormatError

__all__ = ["mend_commas", "refuse_impossible_numbers"]

_LARGEST_LENGTH = 100.0  # metres: what a robot's files place so far away is a slip
_LARGEST_MASS = 1e4  # kg: the heaviest humanoid that was built weighs 4 t
_LENGTHS = {"pos", "xyz", "fromto", "size", "radius", "length"}
_MASSES = {"mass"}
_OTHERS = {
    *("quat", "euler", "rpy", "axisangle", "xyaxes", "zaxis", "axis", "range", "ref", "scale"),
    *("diaginertia", "fullinertia", "density", "lower", "upper", "effort", "velocity", "gear"),
    *("actuatorfrcrange", "forcerange", "ctrlrange", "multiplier", "offset", "polycoef"),
    *("ixx", "iyy", "izz", "ixy", "ixz", "iyz"),
}
_MAY_BE_INFINITE = {
    *("range", "lower", "upper", "effort", "velocity", "actuatorfrcrange", "forcerange"),
    "ctrlrange",
}
_WORLD = {"plane", "hfield"}  # sizes of the ground are not a robot's
_PLACED = {  # elements in which these attributes say what a robot is made of
    *("body", "geom", "joint", "inertial", "site", "frame", "freejoint", "default"),
    *("origin", "box", "sphere", "cylinder", "capsule", "axis", "limit", "mimic", "general"),
    *("motor", "position", "velocity", "mass", "inertia"),
}


def mend_commas(root: ElementTree.Element) -> bool:
    """Put spaces for the commas between numbers, which some exporters write; whether there were any."""
    mended = False
    for element in root.iter():
        for key in (_LENGTHS | _OTHERS) & set(element.keys()):
            if "," in (text := element.get(key, "")):
                element.set(key, text.replace(",", " "))
                mended = True
    return mended


def refuse_impossible_numbers(root: ElementTree.Element, path: Path) -> None:
    """Check lengths, turns, masses and ranges that a robot is made of.

    Raises:
        FileFormatError: One is not a number, infinite, absurdly large, or a mass below zero.
    """
    for element, holder in _with_holders(root):
        if element.tag not in _PLACED or element.get("type") in _WORLD:
            continue
        for key, text in element.items():
            named = "mass" if (element.tag, key) == ("mass", "value") else key
            if named not in _LENGTHS | _MASSES | _OTHERS:
                continue
            cause = _fault(named, text)
            if cause:
                whose = element.get("name") or holder
                place = f"<{element.tag}>" + (f" of {whose!r}" if whose else "")
                raise FileFormatError(
                    path, f'{place} has {key}="{text.strip()[:60]}", {cause}', "correct the model"
                )


def _with_holders(root: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, str]]:
    """All elements, each with the name of what holds it."""
    stack = [(root, "")]
    while stack:
        element, holder = stack.pop()
        yield element, holder
        name = element.get("name") or holder
        stack.extend((child, name) for child in element)


def _fault(key: str, text: str) -> str:
    """What is wrong with an attribute's numbers; nothing, or text that MuJoCo will speak of."""
    try:
        numbers = [float(word) for word in text.split()]
    except ValueError:
        return ""
    if any(map(math.isnan, numbers)):
        return "which is not a number"
    if key not in _MAY_BE_INFINITE and any(map(math.isinf, numbers)):
        return "which is infinite"
    if key in _LENGTHS and any(abs(number) > _LARGEST_LENGTH for number in numbers):
        return "which is farther than a robot reaches: lengths are in metres"
    if key in _MASSES and any(number < 0 for number in numbers):
        return "a mass below zero"
    if key in _MASSES and any(number > _LARGEST_MASS for number in numbers):
        return "more than 10 t: masses are in kg"
    return ""
