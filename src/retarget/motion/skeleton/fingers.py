"""Which joint of a recording is which of a finger: for robots with hands; nothing else looks at them.

Below each wrist names tell the finger (``LeftHandIndex2``, ``f_pinky.01.L``, ``leftRingDistal``, ``Bip01 L Finger12``,
``LeftSecondPP``), and the hierarchy tells the order of its joints.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

__all__ = ["FINGERS", "find_fingers", "finger_named"]

FINGERS: Final = ("thumb", "index", "middle", "ring", "little")

_WORDS: Final = {
    "thumb": "thumb", "index": "index", "pointer": "index", "middle": "middle", "mid": "middle", "ring": "ring",
    "pinky": "little", "little": "little", "pinkie": "little", "first": "thumb", "second": "index", "third": "middle",
    "fourth": "ring", "fifth": "little",
}  # fmt: skip
_IN_THE_PALM: Final = frozenset({"metacarpal", "inhand", "mc", "palm", "carpal", "meta"})
_TOKEN: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_NUMBERED: Final = re.compile(
    r"finger[ _.]?(\d)", re.I
)  # Biped: the first digit is the finger, from the thumb


def find_fingers(
    names: Sequence[str], parents: Sequence[int], roles: Mapping[str, int]
) -> dict[str, int]:
    """Joints of fingers: ``left_index_1`` to ``_3`` from the knuckle on, ``_0`` in the palm, ``_tip`` its end.

    Args:
        names: Joint names; the end site of joint ``Foo`` is named ``Foo#end``.
        parents: Parent joints, -1 for roots.
        roles: Body role -> joint; fingers are looked for below the wrists, and below what is between them and the
            elbows: a thumb may hang on a joint of the forearm beside the hand.

    Example:
        >>> names = ["LeftHand", "LeftHandIndex1", "LeftHandIndex2", "LeftHandIndex2#end"]
        >>> find_fingers(names, [-1, 0, 1, 2], {"left_wrist": 0})
        {'left_index_1': 1, 'left_index_2': 2, 'left_index_tip': 3}
    """
    children: dict[int, list[int]] = {}
    for joint, parent in enumerate(parents):
        children.setdefault(parent, []).append(joint)
    found: dict[str, int] = {}
    for side in ("left", "right"):
        wrist = roles.get(f"{side}_wrist")
        if wrist is None:
            continue
        chains: dict[str, list[int]] = {}
        line = _forearm(wrist, roles.get(f"{side}_elbow", -1), parents)
        waiting = [
            (child, "") for joint in line for child in children.get(joint, []) if child not in line
        ]
        while waiting:
            joint, above = waiting.pop(0)
            finger = finger_named(names[joint]) or above
            if finger:
                chains.setdefault(finger, []).append(joint)
            waiting += [(child, finger) for child in children.get(joint, [])]
        for finger in FINGERS:
            number = 1
            for joint in chains.get(finger, []):
                tokens = _tokens(names[joint])
                if names[joint].endswith("#end") or "end" in tokens:
                    part = "tip"
                elif number == 1 and finger != "thumb" and _IN_THE_PALM & tokens:
                    part = "0"
                else:
                    part, number = str(number), number + 1
                found.setdefault(f"{side}_{finger}_{part}", joint)
    return found


def _forearm(wrist: int, elbow: int, parents: Sequence[int]) -> list[int]:
    """Joints from the wrist up to below the elbow."""
    line = [wrist]
    while parents[line[-1]] not in (elbow, -1):
        line.append(parents[line[-1]])
    return line if parents[line[-1]] == elbow >= 0 else [wrist]


def _tokens(name: str) -> set[str]:
    plain = name.partition("#")[0]
    tokens = [token.lower() for token in _TOKEN.findall(plain)]
    return {*tokens, *(a + b for a, b in pairwise(tokens))}


def finger_named(name: str) -> str:
    """The finger that a name tells of, of `FINGERS`; empty where it tells of none.

    Example:
        >>> finger_named("LeftHandIndex2"), finger_named("L_pinky_proximal_joint"), finger_named("LFinger21")
        ('index', 'little', '')
    """
    tokens = _tokens(name)
    for word, finger in _WORDS.items():
        if word in tokens:
            return finger
    for word, finger in _WORDS.items():  # lindex1, rthumb
        if any(token in (f"l{word}", f"r{word}") for token in tokens):
            return finger
    numbered = _NUMBERED.search(name)
    return FINGERS[int(numbered[1])] if numbered and int(numbered[1]) < len(FINGERS) else ""
