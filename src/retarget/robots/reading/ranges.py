"""Joint ranges as files state them: swapped, infinite, or in the other unit."""

from __future__ import annotations

import math
from xml.etree import ElementTree

from retarget.wording import listed

__all__ = ["mend_mjcf_ranges", "mend_urdf_ranges"]

_WHOLE_TURN = 2 * math.pi + 0.02  # rad: no hinge of a robot is said to turn farther, in radians
_FEWEST = 6  # joints with a range, for their unit to be judged by them
_IN_DEGREES = 20.0  # what the middle one of a model's largest angles exceeds where they are degrees: no one has 3 turns


def mend_urdf_ranges(root: ElementTree.Element, notes: list[str]) -> None:
    """Order swapped limits, drop infinite ones, and turn degrees into radians, each with a note."""
    limits = [
        (joint.get("name", ""), limit)
        for joint in root.iter("joint")
        if joint.get("type") in ("revolute", "continuous")
        and (limit := joint.find("limit")) is not None
    ]
    swapped, endless, spans = [], [], []
    for name, limit in limits:
        lower, upper = _number(limit.get("lower")), _number(limit.get("upper"))
        if lower is None or upper is None:
            continue
        if math.isinf(lower) or math.isinf(upper):
            for key in ("lower", "upper"):
                limit.attrib.pop(key, None)
            endless.append(name)
            continue
        if lower > upper:
            limit.set("lower", str(upper))
            limit.set("upper", str(lower))
            swapped.append(name)
        if lower != upper:
            spans.append(max(abs(lower), abs(upper)))
    if swapped:
        notes.append(f"lower and upper limit were swapped: of {listed(swapped)}")
    if endless:
        notes.append(f"infinite limits count as none: of {listed(endless)}")
    if len(spans) >= _FEWEST and sorted(spans)[len(spans) // 2] > _IN_DEGREES:
        for _, limit in limits:
            for key in ("lower", "upper"):
                if (value := _number(limit.get(key))) is not None:
                    limit.set(key, repr(math.radians(value)))
        notes.append("joint limits are taken for degrees: in radians they would be many turns")


def mend_mjcf_ranges(root: ElementTree.Element, notes: list[str]) -> None:
    """Order swapped ranges; read angles as radians where as degrees no joint could move."""
    joints = [joint for joint in root.iter("joint") if joint.get("range") and not _slides(joint)]
    swapped, largest = [], []
    for joint in joints:
        try:
            lower, upper = (float(word) for word in joint.get("range", "").split())
        except ValueError:
            continue  # MuJoCo's own message names the place
        if lower > upper:
            joint.set("range", f"{upper!r} {lower!r}")
            swapped.append(joint.get("name", ""))
        largest.append(max(abs(lower), abs(upper)))
    if swapped:
        notes.append(f"lower and upper limit were swapped: of {listed(swapped)}")
    compilers = list(root.iter("compiler"))
    radians = any(compiler.get("angle") == "radian" for compiler in compilers)
    if radians or len(largest) < _FEWEST or max(largest) > _WHOLE_TURN:
        return
    if not compilers:
        compilers = [ElementTree.SubElement(root, "compiler")]
    for compiler in compilers:
        compiler.set("angle", "radian")
    notes.append(
        "angles are taken for radians: no unit is stated, and as degrees no joint could move"
    )


def _slides(joint: ElementTree.Element) -> bool:
    return joint.get("type") in ("slide", "ball", "free")


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
