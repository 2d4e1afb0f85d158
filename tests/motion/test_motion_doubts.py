"""A doubt has a known name, a weight from 0 to 1 and a reason; it survives JSON, and doubts add up."""

import json

import pytest

from retarget.errors import RetargetError
from retarget.motion import DOUBTS, Doubt, total_doubt
from retarget.motion.doubts import doubts_from_json


def test_doubts_add_up_as_independent_chances_do() -> None:
    assert total_doubt([]) == 0.0
    assert total_doubt([Doubt("unit", 0.3, "")]) == pytest.approx(0.3)
    assert total_doubt([Doubt("unit", 0.3, ""), Doubt("floor", 0.5, "")]) == pytest.approx(0.65)
    assert total_doubt([Doubt("unit", 1.0, ""), Doubt("floor", 0.5, "")]) == 1.0


def test_a_doubt_comes_back_from_json() -> None:
    doubts = (Doubt("up_axis", 0.6, "z was taken as up"), Doubt("unit", 0.3, "a child"))
    stored = json.loads(json.dumps([doubt.as_json() for doubt in doubts]))
    assert doubts_from_json(stored) == doubts
    assert doubts_from_json(None) == ()


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
def test_a_weight_is_a_share(weight: float) -> None:
    with pytest.raises(RetargetError, match="from 0 to 1"):
        Doubt("unit", weight, "")


def test_an_unknown_name_lists_those_known() -> None:
    with pytest.raises(RetargetError, match="unknown doubt 'mood'; known: roles, up_axis, unit"):
        Doubt("mood", 0.5, "")
    assert all(DOUBTS.values())


@pytest.mark.parametrize(
    "entries", ["much", [3], [{"name": "unit"}], [{"name": "unit", "weight": "x", "reason": ""}]]
)
def test_what_is_no_doubt_is_said(entries: object) -> None:
    with pytest.raises(RetargetError, match="retarget"):
        doubts_from_json(entries)
