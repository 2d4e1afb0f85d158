"""What joint names say: the side of the body, the word for the joint, and the naming convention.

A name such as ``mixamorig7:LeftUpLeg``, ``UpperLeg_L``, ``lThigh``, ``Bip01 L Thigh``, ``DEF-thigh.L`` or
``lfemur`` is split into a side and a word without prefixes, digits and separators.
"""

from __future__ import annotations

import functools
import re
from typing import Final, NamedTuple

from retarget.motion.skeleton.languages import SIDES, WORDS, in_latin, without_shared_prefix

__all__ = ["LIMB_WORDS", "NamedJoint", "part_of_body", "recognised_rig", "split_name"]

# Words for the joint at the near end of a segment, best first. Where a rig uses two of the words of one role,
# the better one is the joint: LeftShoulder is a collar bone's where there is a LeftArm.
LIMB_WORDS: Final = {
    "hip": "upleg upperleg uprleg thigh thighbend femur hip hips hipjoint legupper leg",
    "knee": "lowerleg lowleg loleg lwrleg shin calf tibia knee leg leglower crus",
    "ankle": "ankle foot",
    "toe": "toe toes ball forefoot foot",
    "shoulder": "upperarm uparm uprarm arm shldrbend shldr humerus armupper uarm shoulder",
    "elbow": "forearm lowerarm lowarm loarm lwrarm forearmbend farm elbow radius armlower",
    "wrist": "wrist hand palm",
}
# Words that say to which part of the body a joint belongs, for names that do not tell its role. A hip or a shoulder may
# be a collar bone's or the pelvis' too, so those words say nothing.
_PARTS: Final = {
    "leg": "leg thigh femur shin calf tibia knee ankle foot toe heel crus",
    "arm": "arm humerus elbow radius ulna wrist hand finger thumb pinky palm metacarpal",
    "head": "head neck eye jaw tongue brow lid nose mouth lip cheek ear hair chin teeth",
    "trunk": "spine chest pelvis hips abdomen torso breast belly tail wing",
}
_NOISE: Final = frozenset(
    {
        *(
            "mixamorig",
            "bip",
            "biped",
            "valve",
            "cc",
            "def",
            "org",
            "mch",
            "robot",
            "noitom",
            "actor",
        ),
        *(
            "armature",
            "rig",
            "skel",
            "character",
            "joint",
            "jnt",
            "bone",
            "base",
            "avg",
            "stretch",
            "bn",
            "sk",
        ),
        *("b", "c", "f", "j", "m"),
    }
)
_ATTACHED: Final = {"left": "left", "l": "left", "right": "right", "r": "right"}
_VOCABULARY: Final = frozenset(word for words in LIMB_WORDS.values() for word in words.split()) | {
    "clavicle", "collar", "fingers", "thumb",
}  # fmt: skip
_LIMBS: Final = ("leg", "arm")  # said before the joint by some: leg_knee
_PLAIN: Final = re.compile(r"[^A-Za-z]")
_TOKEN: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")

_RIGS: Final = (  # the convention's name, and joints that only it has together
    ("mixamo", ("mixamorig hips", "mixamorig left up leg", "mixamorig left toe base")),
    ("bandai", ("joint root", "hips", "upper leg l", "lower leg l", "toes l")),
    ("cmu", ("l hip joint", "lower back", "left up leg", "left toe base")),
    ("lafan1", ("hips", "spine2", "left up leg", "left toe", "left fore arm")),
    ("smpl", ("pelvis", "l hip", "l knee", "l ankle", "spine3")),
    ("smpl", ("pelvis", "left hip", "left knee", "left ankle", "spine3")),
    ("poser", ("left collar", "left shoulder", "left elbow", "left hip", "left knee")),
    ("amp_humanoid", ("pelvis", "torso", "right upper arm", "right thigh", "right shin")),
    ("acclaim", ("lfemur", "ltibia", "lhumerus", "lradius")),
    ("xsens", ("l5", "t8", "right upper leg", "right lower leg", "right toe")),
    ("rigify", ("thigh l", "shin l", "upper arm l", "forearm l", "hand l")),
    ("unreal", ("pelvis", "thigh l", "calf l", "upperarm l", "lowerarm l")),
    ("biped", ("bip01 l thigh", "bip01 l calf", "bip01 l upper arm")),
    ("vrm", ("j bip l upper leg", "j bip l lower leg", "j bip c hips")),
    ("daz", ("hip", "l shldr bend", "l thigh bend", "l shin")),
    ("perception_neuron", ("robot hips", "robot left up leg", "robot left fore arm")),
    ("makehuman", ("up arm l", "lo arm l", "up leg l", "lo leg l")),
    ("soma", ("left leg", "left shin", "left arm", "left fore arm")),
    ("humanik", ("hips", "left up leg", "left leg", "left fore arm")),
)


class NamedJoint(NamedTuple):
    """A joint's name taken apart.

    Attributes:
        side: ``left``, ``right`` or empty.
        word: Lower-case letters without the side, prefixes and digits, such as ``upleg``.
    """

    side: str
    word: str


@functools.lru_cache(4096)
def split_name(name: str) -> NamedJoint:
    """Take a joint name apart.

    Example:
        >>> split_name("mixamorig7:LeftUpLeg")
        NamedJoint(side='left', word='upleg')
        >>> split_name("upper_arm.R")
        NamedJoint(side='right', word='upperarm')
    """
    tokens = _TOKEN.findall(in_latin(_without_namespace(name)))
    side, words = "", []
    for token in tokens:
        lowered = token.lower()
        if not side and lowered in SIDES:
            side = SIDES[lowered]
        elif lowered not in _NOISE:
            words.append(token)
    if not words:
        return NamedJoint("", _PLAIN.sub("", name).lower())
    if not side:
        side, words = _attached_side(words)
    return NamedJoint(side, _in_english("".join(words).lower()))


def _in_english(word: str) -> str:
    """A word in English, without the limb that stands before a joint's own word."""
    word = WORDS.get(word, word)
    for limb in _LIMBS:
        if word not in _VOCABULARY and word.startswith(limb) and word[len(limb) :] in _VOCABULARY:
            return word[len(limb) :]
    return word


@functools.lru_cache(4096)
def part_of_body(name: str) -> str:
    """The part that a joint's name speaks of: ``leg``, ``arm``, ``head``, ``trunk``, or empty where it says nothing.

    Example:
        >>> part_of_body("__Eye_R"), part_of_body("LoArm_L"), part_of_body("Bone.013")
        ('head', 'arm', '')
    """
    found = _TOKEN.findall(in_latin(_without_namespace(name)))
    tokens = [WORDS.get(token.lower(), token.lower()) for token in found]
    word = split_name(name).word
    for part, words in _PARTS.items():
        for wanted in words.split():
            if wanted in tokens or word in (wanted, f"{wanted}s") or _is_compound(word, wanted):
                return part
    return ""


def _is_compound(word: str, wanted: str) -> bool:
    """Whether a word ends or begins with another one of four letters or more, or is a known word that ends with it."""
    if len(wanted) < 4:
        return word in _VOCABULARY and word.endswith(wanted)
    return word.startswith(wanted) or word.endswith(wanted)


@functools.lru_cache(256)
def recognised_rig(names: tuple[str, ...]) -> str:
    """Name of the first known convention whose joints are all there, else ``unknown``."""
    plain = {_plain(name) for known in (names, without_shared_prefix(names)) for name in known}
    for rig, signature in _RIGS:
        if all(joint in plain for joint in signature):
            return rig
    return "unknown"


def _without_namespace(name: str) -> str:
    return re.split(r"[:|]", name.partition("#")[0])[-1]


def _attached_side(words: list[str]) -> tuple[str, list[str]]:
    """The side in ``LUArm``, ``LThigh`` (first capital) or ``lfemur``, ``leftfoot`` (before a known word)."""
    first = words[0]
    if len(first) > 1 and first.isupper() and first[0] in "LR":
        return _ATTACHED[first[0].lower()], [first[1:], *words[1:]]
    lowered = "".join(words).lower()
    for prefix, side in _ATTACHED.items():
        if lowered.startswith(prefix) and lowered[len(prefix) :] in _VOCABULARY:
            return side, [lowered[len(prefix) :]]
    return "", words


def _plain(name: str) -> str:
    """Lower-case words with single spaces; a prefix such as ``mixamorig7:`` becomes ``mixamorig``."""
    name = re.sub(r"(?i)^(mixamorig)\d*[:_]?", r"\1 ", name)
    name = re.split(r"[:|]", name)[-1]
    words = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d*|[A-Z]+\d*|\d+", name)
    return " ".join(words).lower()
