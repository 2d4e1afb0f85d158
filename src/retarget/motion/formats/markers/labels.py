"""Which landmark of the body a marker's name means, in the sets of many laboratories.

Plug-in Gait, CMU's 41 markers (HDM05), Rizzoli (Leardini 2007), Helen Hayes and OpenSim names, ISB-like names of
condyles and malleoli. A name such as ``Anna:LASI``, ``R.ASIS`` or ``L_Knee_Medial`` is a side and a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.motion.formats.markers.trajectories import Trajectories

__all__ = ["LANDMARKS", "landmarks_of", "people_in"]

LANDMARKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "asis": "ASI ASIS IAS ASISF",
        "psis": "PSI PSIS IPS",
        "front_waist": "FWT",
        "back_waist": "BWT",
        "trochanter": "GT TRO TROCH GTR",
        "thigh": "THI THIGH TH1 THIGH1 TTHI THIU THIGHUPPER THIGHFRONT",
        "knee": "KNE KNEE LFC LE LK LEK FLE LKNE KNEL LATKNEE KNEELAT KNEELATERAL LATERALKNEE LKC",
        "knee_medial": "KNEIN MFC ME MEK FME MKNE KNEM KNI MKNEE MEDKNEE KNEEMED KNEEMEDIAL MEDIALKNEE KNM MKC",
        "shank": "TIB TIBIA SH1 SHN SHANK SHK TB1 SHANKUPPER SHANKFRONT",
        "ankle": "ANK ANKLE LMAL LM FAL LATANKLE ANKLELAT ANKLELATERAL MLAT",
        "ankle_medial": "MMAL MM TAM MANKLE MANK ANKM ANKIN MEDANKLE ANKLEMED ANKLEMEDIAL MED MMED",
        "heel": "HEE HEEL HEL CA CAL FCC CALC",
        "toe": "TOE SM SMH MT2 TOETIP MTH2 2MT FM2 DP2 TOP",
        "toe_lateral": "MT5 VM VMH FM5 TOELAT 5MT MTH5 5META FOOTLATERAL MIDFOOTLAT",
        "toe_medial": "MT1 FM FMH FM1 TOEMED 1MT MTH1 FOOTMEDIAL",
        "shoulder": "SHO SHOULDER ACR ACROMIUM ACROMION AC CAJ SAE ACJ",
        "front_shoulder": "FSH SHF",
        "back_shoulder": "BSH SHB",
        "elbow": "ELB ELBOW LELBOW LEL HLE ELBL ELBLAT ELBOWLAT ELBOWLATERAL",
        "elbow_medial": "MEL MELBOW IEL HME ELBM ELBIN ELBMED ELBOWMED ELBOWMEDIAL",
        "wrist_bar_thumb": "WRA",
        "wrist_bar_little": "WRB",
        "wrist_thumb": "IWR LWRIST RSP WRIM WRISTMED RS",
        "wrist_little": "OWR MWRIST USP WRIL WRISTLAT US",
        "wrist": "WRI WRIST WRT WRE",
        "hand": "FIN HAND HND MCP3 HM2 HM3",
        "hand_thumb": "IHAND MCP2",
        "hand_little": "OHAND MCP5 HM5",
        "front_head": "FHD TEMPLE HDF",
        "back_head": "BHD HDB",
        "ear": "EAR TRAGUS TR",
    }
)
"""Landmarks that lie on both sides, with the words for them; the first word is the usual one."""
_MIDDLE: Final = {
    "sacrum": "SACR SACRAL VSACRAL SAC MBWT SACRUM S1 V.SACRAL",
    "c7": "C7 CV7 SPC7",
    "t10": "T10 TV10 T8 TV8 MAI T12",
    "jugular": "CLAV IJ SJN JN STERNUMTOP SUP INCJUG STERNUM",
    "xiphoid": "STRN PX SXS XIPH XP PROCXIP",
    "top_head": "ARIEL TOPHEAD TOP HEADTOP VERTEX",
}
# Words that Plug-in Gait and others write for what they compute: no markers.
_AXES: Final = re.compile(
    r"^(PEL|HED|TRX|[LR](FE|TI|FO|TO|CL|HU|RA|HN))[OALP]$|^[LR](HJC|KJC|AJC|SJC|EJC|WJC)$|^CENTREOFMASS"
)
_GHOST: Final = re.compile(r"^(\*|#|UNLABEL|U_|UNKNOWN|UNNAMED|EXTRA|TRAJECTORY)")
_SIDED: Final = re.compile(r"^(?:(?P<long>LEFT|RIGHT)[ _.-]*|(?P<short>[LR])[ _.-]*)(?P<word>.+)$")
_SIDE_LAST: Final = re.compile(r"^(?P<word>.+?)[ _.-](?P<short>[LR]|LEFT|RIGHT)$")
_GUESSED: Final = "_study"
_PLAIN: Final = re.compile(r"[ _.\-]")


def people_in(markers: Trajectories) -> dict[str, list[int]]:
    """Markers by the prefix of their names, such as ``Anna`` in ``Anna:LASI``; those without one have an empty prefix.

    Ghosts and computed points are left out. Markers that a model guessed from other points (OpenCap's, whose names end
    in ``_study``) are a body of their own.
    """
    found: dict[str, list[int]] = {}
    for index, name in enumerate(markers.names):
        prefix, _, word = name.rpartition(":")
        if word.endswith(_GUESSED):
            prefix = f"{prefix} study".strip()
        plain = _PLAIN.sub("", word.strip().upper())
        if (
            not plain
            or _GHOST.match(word.strip().upper())
            or _AXES.match(plain.removesuffix("STUDY"))
        ):
            continue
        found.setdefault(prefix.strip(), []).append(index)
    return found


def landmarks_of(
    names: Sequence[str], places: Float64[np.ndarray, "T N 3"]
) -> dict[str, Float64[np.ndarray, "T 3"]]:
    """Places of landmarks such as ``left_asis`` and ``c7``; of two markers of one name the one that is seen more.

    Args:
        names: Names of markers, with or without prefixes.
        places: Their positions, NaN where they were not seen.
    """
    words = {word: key for key, known in LANDMARKS.items() for word in known.split()}
    middles = {
        _PLAIN.sub("", word): key for key, known in _MIDDLE.items() for word in known.split()
    }
    best: dict[str, tuple[float, int]] = {}
    for index, name in enumerate(names):
        bare = name.rpartition(":")[2].strip().removesuffix(_GUESSED).upper()
        key = _landmark(bare, words, middles)
        if key:
            word = _PLAIN.sub("", bare)
            rank = _rank(word, key)
            seen = float(np.isfinite(places[:, index, 0]).mean())
            better = (seen > 0.0, -rank, seen)
            if key not in best or better > best[key][0]:  # type: ignore[operator]
                best[key] = (better, index)  # type: ignore[assignment]
    return {key: places[:, index] for key, (rated, index) in best.items() if rated[0]}  # type: ignore[index]


def _rank(word: str, key: str) -> int:
    """How far down the list of words for a landmark a name stands."""
    known = LANDMARKS.get(key.partition("_")[2], _MIDDLE.get(key, "")).split()
    return next((i for i, one in enumerate(known) if word.endswith(one)), len(known))


def _landmark(name: str, words: Mapping[str, str], middles: Mapping[str, str]) -> str:
    plain = _PLAIN.sub("", name)
    if plain in middles:
        return middles[plain]
    for pattern in (_SIDED, _SIDE_LAST):
        match = pattern.match(name)
        if match:
            groups = match.groupdict()
            side = {"L": "left", "R": "right"}[(groups.get("long") or groups["short"])[0]]
            key = words.get(_PLAIN.sub("", match["word"]))
            if key:
                return f"{side}_{key}"
    return ""
