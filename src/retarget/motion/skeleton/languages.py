"""Joint names in other languages, and with what all names of a rig begin: both said as the rest of the package reads.

MikuMikuDance's bones have Japanese names, and animators name rigs in their own language. A recorder writes the
subject's name before each joint's (``John_LeftUpLeg``), a modeller the character's (``BaseHumanLLegCalf``).
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Final

__all__ = ["SIDES", "WORDS", "in_latin", "is_of_mikumikudance", "without_shared_prefix"]

SIDES: Final = {
    word: side
    for side, words in {
        "left": "left l lt lft links linke linker linkes izq izquierda izquierdo gauche sx sinistra sinistro esq "
        "esquerda esquerdo lev levyy leviy levaya levoe levoye",
        "right": "right r rt rgt rechts rechte rechter rechtes der derecha derecho droite droit dx destra destro dir "
        "direita direito prav pravyy praviy pravaya pravoe pravoye",
    }.items()
    for word in words.split()
}
"""Words for a side, as sides."""

WORDS: Final = {
    word: english
    for english, words in {
        "thigh": "oberschenkel muslo cuisse coscia coxa bedro", "knee": "knie rodilla genou ginocchio joelho koleno",
        "shin": "unterschenkel pantorrilla mollet polpaccio golen", "leg": "bein pierna jambe gamba perna noga",
        "ankle": "fussgelenk knochel knoechel tobillo cheville caviglia tornozelo lodyzhka "
                 "shchikolotka", "foot": "fuss pie pied piede pe stopa stupnya",
        "toe": "zeh zehe zehen orteil orteils nosok paletsnogi "
               "paltsynogi", "hip": "hufte huefte cadera hanche anca quadril",
        "clavicle": "schlusselbein schluesselbein clavicula clavicule clavicola klyuchitsa",
        "shoulder": "schulter hombro epaule spalla ombro plecho", "upperarm": "oberarm",
        "arm": "brazo bras braccio braco ruka",
        "elbow": "ellbogen ellenbogen codo coude gomito cotovelo lokot",
        "forearm": "unterarm antebrazo avantbras avambraccio antebraco predpleche "
                   "predplechye",
        "wrist": "handgelenk muneca poignet polso pulso zapyaste zapyastye",
        "hand": "mano main mao kist", "pelvis": "becken bassin bacino taz",
        "spine": "wirbel wirbelsaule wirbelsaeule columna colonne colonna coluna "
                 "pozvonochnik spina",
        "chest": "brust pecho poitrine petto peito grud",
        "neck": "hals cuello cou collo pescoco sheya", "head": "kopf cabeza tete testa cabeca golova",
    }.items()
    for word in words.split()
}  # fmt: skip
"""German, Spanish, Portuguese, French, Italian and Russian words for joints, in plain Latin letters, in English."""

# Japanese (MikuMikuDance's), Chinese and Korean, the longer ones first: a foot begins what is said of an ankle.
_SIGNS: Final = {
    sign: english
    for english, signs in {
        "toe": "발가락 つま先 爪先 足先EX 脚趾 足尖", "ankle": "발목 足首 脚踝 踝", "wrist": "손목 手首 手腕",
        "wrist twist": "手捩", "arm twist": "腕捩",
        "chest": "가슴 上半身2 上半身3 胸", "spine": "척추 上半身 脊柱 脊椎",
        "pelvis": "골반 下半身 骨盆", "center": "センター", "groove": "グルーブ", "thumb": "親指 拇指",
        "index": "人差指 人指 食指", "middle": "中指", "ring": "薬指 无名指", "pinky": "小指",
        "knee": "무릎 ひざ 膝", "elbow": "팔꿈치 ひじ 肘", "shoulder helper": "肩P 肩C",
        "thigh": "허벅지 大腿", "shin": "종아리 小腿",
        "upper arm": "上臂", "forearm": "팔뚝 前臂 下臂", "clavicle": "쇄골 锁骨",
        "left": "왼쪽 왼 左", "right": "오른쪽 오른 右",
        "leg": "다리 足 腿", "foot": "발 脚", "hip": "髋", "arm": "팔 腕", "hand": "손 手", "shoulder": "어깨 肩",
        "neck": "목 首 颈 頸", "head": "머리 頭 头", "waist": "腰",
    }.items()
    for sign in signs.split()
}  # fmt: skip
# Russian letters in Latin ones, as most write them; soft and hard signs are left out.
_CYRILLIC: Final = {
    **dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziyklmnoprstufye", strict=True)), "ё": "e", "ж": "zh", "\u0445": "kh",
    "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya", "ь": "", "ъ": "",
}  # fmt: skip
_LETTERS: Final = str.maketrans(
    _CYRILLIC | {letter.upper(): latin.capitalize() for letter, latin in _CYRILLIC.items()}
)
# Alone, as R is in English.
_RIGHT: Final = re.compile("(?<![^\\W\\d_])[\u041f\u043f]\u0440?(?![^\\W\\d_])")
_SIGN: Final = re.compile("|".join(sorted(map(re.escape, _SIGNS), key=len, reverse=True)))
_STANDARD_BONES: Final = frozenset(
    {"上半身", "下半身", "左足", "右足", "左ひざ", "右ひざ", "左ひじ", "右ひじ"}
)
_PARTS: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^A-Za-z\d]+")
_SHARED: Final = 0.8  # of the names that begin alike, and it is no part of what they say
_FEWEST: Final = 8
_LONGEST: Final = 6  # parts of a prefix


@functools.lru_cache(4096)
def in_latin(name: str) -> str:
    """A name in Latin letters without accents; Japanese, Chinese and Korean words for joints and sides in English.

    Russian words are spelled in Latin letters.

    Example:
        >>> in_latin("左ひじ"), in_latin("Hüfte_L")
        (' left  elbow ', 'Hufte_L')
    """
    if name.isascii():
        return name
    said = _SIGN.sub(lambda sign: f" {_SIGNS[sign[0]]} ", unicodedata.normalize("NFKC", name))
    said = _RIGHT.sub("right", said).translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", said.replace("ß", "ss"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def is_of_mikumikudance(names: Sequence[str]) -> bool:
    """Whether a rig has the bones that all models of MikuMikuDance have, by their Japanese names."""
    said = {unicodedata.normalize("NFKC", name) for name in names}
    return said >= _STANDARD_BONES


def without_shared_prefix(names: Sequence[str]) -> tuple[str, ...]:
    """Names without what nearly all of them begin with; a name that is nothing else stays as it is.

    Example:
        >>> body = ("Hips", "Spine", "Neck", "Head", "LArm", "RArm", "LLeg", "RLeg")
        >>> without_shared_prefix([f"Eva_{name}" for name in body]) == body
        True
    """
    return _without_shared_prefix(tuple(names))


@functools.lru_cache(64)
def _without_shared_prefix(names: tuple[str, ...]) -> tuple[str, ...]:
    left = list(names)
    for _ in range(_LONGEST):
        begins = Counter(match[0] for name in left if (match := _PARTS.match(name)))
        part, count = begins.most_common(1)[0] if begins else ("", 0)
        if len(names) < _FEWEST or count < _SHARED * len(names):
            break
        left = [
            name[len(part) :] if name.startswith(part) and _says_something(name[len(part) :]) else name
            for name in left
        ]  # fmt: skip
    return tuple(left)


def _says_something(name: str) -> bool:
    return any(letter.isalpha() for letter in name.partition("#")[0])
