"""Body roles of rigs named in other languages, behind a subject's name, or with bones divided in words nobody knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bvh_files import ROTATIONS, Joint, bvh_text, human, read, walking
from role_files import EXPECTED, recording_of

from retarget.motion import read_motion
from retarget.motion.skeleton.languages import without_shared_prefix
from retarget.motion.skeleton.names import split_name
from retarget.motion.skeleton.roles import find_roles

_JAPANESE = {
    "Hips": "下半身", "Spine": "上半身", "Chest": "上半身2", "Neck": "首", "Head": "頭", "Shoulder": "肩", "Arm": "腕",
    "ForeArm": "ひじ", "Hand": "手首", "UpLeg": "足", "Leg": "ひざ", "Foot": "足首", "Toe": "つま先",
}  # fmt: skip
_CHINESE = {
    "Hips": "骨盆", "Spine": "脊柱", "Chest": "胸", "Neck": "颈", "Head": "头", "Shoulder": "锁骨", "Arm": "上臂",
    "ForeArm": "前臂", "Hand": "手", "UpLeg": "大腿", "Leg": "小腿", "Foot": "脚", "Toe": "脚趾",
}  # fmt: skip
_GERMAN = {
    "Hips": "Hüfte", "Spine": "Wirbelsäule", "Chest": "Brust", "Neck": "Hals", "Head": "Kopf",
    "Shoulder": "Schlüsselbein", "Arm": "Oberarm", "ForeArm": "Unterarm", "Hand": "Hand", "UpLeg": "Oberschenkel",
    "Leg": "Unterschenkel", "Foot": "Fuß", "Toe": "Zehen",
}  # fmt: skip
_SPANISH = {
    "Hips": "Cadera", "Spine": "Columna", "Chest": "Pecho", "Neck": "Cuello", "Head": "Cabeza",
    "Shoulder": "Clavícula", "Arm": "Hombro", "ForeArm": "Codo", "Hand": "Muñeca", "UpLeg": "Muslo", "Leg": "Rodilla",
    "Foot": "Tobillo", "Toe": "Pie",
}  # fmt: skip
_FRENCH = {
    "Hips": "Bassin", "Spine": "Colonne", "Chest": "Poitrine", "Neck": "Cou", "Head": "Tête", "Shoulder": "Clavicule",
    "Arm": "Épaule", "ForeArm": "Coude", "Hand": "Poignet", "UpLeg": "Cuisse", "Leg": "Genou", "Foot": "Cheville",
    "Toe": "Pied",
}  # fmt: skip
_PORTUGUESE = {
    "Hips": "Quadril", "Spine": "Coluna", "Chest": "Peito", "Neck": "Pescoço", "Head": "Cabeça",
    "Shoulder": "Clavícula", "Arm": "Ombro", "ForeArm": "Cotovelo", "Hand": "Pulso", "UpLeg": "Coxa", "Leg": "Joelho",
    "Foot": "Tornozelo", "Toe": "Pé",
}  # fmt: skip
_KOREAN = {
    "Hips": "골반", "Spine": "척추", "Chest": "가슴", "Neck": "목", "Head": "머리", "Shoulder": "쇄골", "Arm": "어깨",
    "ForeArm": "팔꿈치", "Hand": "손목", "UpLeg": "허벅지", "Leg": "무릎", "Foot": "발목", "Toe": "발",
}  # fmt: skip
_RUSSIAN = {
    "Hips": "Таз", "Spine": "Позвоночник", "Chest": "Грудь", "Neck": "Шея", "Head": "Голова", "Shoulder": "Ключица",
    "Arm": "Плечо", "ForeArm": "Предплечье", "Hand": "Кисть", "UpLeg": "Бедро", "Leg": "Голень", "Foot": "Стопа",
    "Toe": "Носок",
}  # fmt: skip
_LIMB_FIRST = {
    "Shoulder": "arm_clavicle", "Arm": "arm_shoulder", "ForeArm": "arm_elbow", "Hand": "arm_wrist", "UpLeg": "leg_hip",
    "Leg": "leg_knee", "Foot": "leg_ankle", "Toe": "leg_ball",
}  # fmt: skip
_LANGUAGES = {
    "japanese": (_JAPANESE, "左{}", "右{}"),
    "chinese": (_CHINESE, "左{}", "右{}"),
    "german": (_GERMAN, "{}_Links", "{}_Rechts"),
    "spanish": (_SPANISH, "{}Izq", "{}Der"),
    "french": (_FRENCH, "{} gauche", "{} droite"),
    "portuguese": (_PORTUGUESE, "{}Esq", "{}Dir"),
    "korean": (_KOREAN, "왼쪽{}", "오른쪽{}"),
    "russian": (_RUSSIAN, "{} левая", "{} правая"),
    "russian letters": (_RUSSIAN, "{}_Л", "{}_П"),
    "russian in latin letters": (
        {
            "Hips": "Taz",
            "Spine": "Pozvonochnik",
            "Chest": "Grud",
            "Neck": "Sheya",
            "Head": "Golova",
            "Shoulder": "Klyuchitsa",
            "Arm": "Ruka",
            "ForeArm": "Lokot",
            "Hand": "Zapyaste",
            "UpLeg": "Bedro",
            "Leg": "Koleno",
            "Foot": "Lodyzhka",
            "Toe": "Nosok",
        },
        "Lev_{}",
        "Prav_{}",
    ),
    "limb first": (_LIMB_FIRST, "Lt_{}_jnt", "Rt_{}_jnt"),
}
_PREFIXES = ("Eva_", "Skeleton 001_", "BaseHuman", "subj2-", "My Actor.")


def _renamed(language: str, name: str) -> str:
    words, left, right = _LANGUAGES[language]
    for side, pattern in (("Left", left), ("Right", right)):
        if name.startswith(side):
            return pattern.format(words[name.removeprefix(side)])
    return words.get(name, name)


@pytest.mark.parametrize("language", _LANGUAGES)
def test_names_in_other_languages_tell_roles_and_sides(language: str) -> None:
    recording = recording_of(lambda name: _renamed(language, name))
    roles, _, doubts = find_roles(
        recording.joint_names, recording.parents.tolist(), recording.positions
    )
    found = {role: recording.joint_names[joint] for role, joint in roles.items()}
    assert found == {role: _renamed(language, name) for role, name in EXPECTED.items()}
    assert doubts == []


def test_models_of_mikumikudance_are_as_tall_as_they_are_there(tmp_path: Path) -> None:
    """Twenty of their units are a girl of 1.6 m: as decimetres she was 2 m tall."""
    scale = 0.125  # centimetres to units of 8 cm
    joints = human(lambda name: _renamed("japanese", name), scale)
    (tmp_path / "dance.bvh").write_text(
        bvh_text(joints, walking(human(scale=scale), 40, scale=scale))
    )
    found = read_motion(tmp_path / "dance.bvh")
    (tmp_path / "walk.bvh").write_text(bvh_text(human(), walking(human(), 40)))
    expected = read_motion(tmp_path / "walk.bvh")
    assert (found.source.unit, expected.source.unit) == ("mikucell", "centimetre")
    assert [doubt.weight for doubt in found.source.doubts if doubt.name == "unit"] == [0.1]
    np.testing.assert_allclose(found.positions, expected.positions, atol=1e-3)


@pytest.mark.parametrize("prefix", _PREFIXES)
def test_what_all_names_begin_with_says_nothing(prefix: str) -> None:
    recording = recording_of(lambda name: prefix + name)
    roles, _, doubts = find_roles(
        recording.joint_names, recording.parents.tolist(), recording.positions
    )
    found = {role: recording.joint_names[joint] for role, joint in roles.items()}
    assert found == {role: prefix + name for role, name in EXPECTED.items()}
    assert doubts == []


def test_a_prefix_is_what_nearly_all_names_share() -> None:
    body = ["Hips", "Spine", "Neck", "Head", "LeftArm", "RightArm", "LeftLeg", "RightLeg"]
    assert without_shared_prefix(body) == tuple(body)
    assert without_shared_prefix([f"A_{n}" for n in body] + ["Root"]) == (*body, "Root")
    few = ["LeftArm", "LeftHand", "LeftLeg"]
    assert without_shared_prefix(few) == tuple(few)
    alone = [*(f"Bip001 {n}" for n in body), "Bip001"]
    assert without_shared_prefix(alone) == (*body, "Bip001")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("左足ＩＫ", ("left", "legik")), ("右手捩", ("right", "wristtwist")), ("LUArm", ("left", "uarm")),
        ("LFArm", ("left", "farm")), ("lf_knee", ("", "lfknee")), ("armpit_L", ("left", "armpit")),
    ],
)  # fmt: skip
def test_words_of_other_languages_change_no_others(name: str, expected: tuple[str, str]) -> None:
    assert split_name(name) == expected


def _divided(joints: list[Joint], rows: np.ndarray) -> tuple[list[Joint], np.ndarray]:
    """The same human with a joint that never bends halfway along each limb's bones, under names without words."""
    halved = {"Arm", "ForeArm", "UpLeg", "Leg"}
    new, place, columns = list[Joint](), dict[int, int](), list[np.ndarray]()
    at = 0
    for index, joint in enumerate(joints):
        parent = place.get(joint.parent, -1)
        offset = np.asarray(joint.offset, float)
        if parent >= 0 and not joint.is_end:
            above = joints[joint.parent].name.removeprefix("Left").removeprefix("Right")
            if above in halved and joints[joint.parent].name not in halved:
                new.append(Joint(f"q{len(new)}", parent, offset / 2))
                parent, offset = len(new) - 1, offset / 2
                columns.append(np.zeros((len(rows), len(ROTATIONS))))
        place[index] = len(new)
        name = "" if joint.is_end else f"q{len(new)}"
        new.append(Joint(name, parent, offset.tolist(), joint.channels, joint.is_end))
        columns.append(rows[:, at : at + len(joint.channels)])
        at += len(joint.channels)
    return new, np.concatenate(columns, axis=1)


def test_joints_that_divide_a_bone_are_no_elbows_or_knees() -> None:
    joints, rows = human(), walking(human(), 40)
    plain = read(bvh_text(joints, rows))
    recording = read(bvh_text(*_divided(joints, rows)))
    roles, _, doubts = find_roles(
        recording.joint_names, recording.parents.tolist(), recording.positions
    )
    for role, name in EXPECTED.items():
        if role.startswith(("left", "right")):
            wanted = plain.positions[:, plain.joint_names.index(name)]
            np.testing.assert_allclose(recording.positions[:, roles[role]], wanted, atol=1e-3)
    assert [doubt.name for doubt in doubts] == ["roles"]
