"""Options are checked where they come in, do not change, and come back from JSON as they were."""

from __future__ import annotations

import json
import pickle

import pytest
from pydantic import ValidationError

from retarget.motion.segments import SEGMENTS
from retarget.options import WEIGHTED_SEGMENTS, RetargetOptions


def test_every_segment_that_is_followed_can_be_weighted_alone_or_with_its_other_side() -> None:
    parts = {segment.removeprefix("left_").removeprefix("right_") for segment in SEGMENTS}
    assert set(WEIGHTED_SEGMENTS) == {*SEGMENTS, *parts}


def test_a_name_with_a_side_goes_before_one_without() -> None:
    options = RetargetOptions(weights={"hand": 4.0, "left_hand": 2.0})
    factors = {s: options.weight_factor(s) for s in ("left_hand", "right_hand", "left_foot")}
    assert factors == {"left_hand": 2.0, "right_hand": 4.0, "left_foot": 1.0}


def test_equal_options_are_equal_keys_whatever_the_order_of_their_weights() -> None:
    first = RetargetOptions(weights={"hand": 4.0, "chest": 2.0})
    second = RetargetOptions(weights={"chest": 2.0, "hand": 4.0})
    assert first == second
    assert len({first, second, RetargetOptions()}) == 2
    assert first.model_dump_json() == second.model_dump_json()


def test_options_cannot_be_changed_in_place() -> None:
    options = RetargetOptions(weights={"hand": 4.0})
    with pytest.raises(ValidationError):
        options.smoothness = 2.0  # type: ignore[misc]
    with pytest.raises(TypeError):
        options.weights["hand"] = 1.0  # type: ignore[index]


def test_options_survive_json_and_travel_between_processes() -> None:
    options = RetargetOptions(
        weights={"hand": 4.0}, joint_acceleration_limit=200.0, time_scale="similar"
    )
    assert RetargetOptions.model_validate(json.loads(options.model_dump_json())) == options
    assert RetargetOptions.model_validate(options.model_dump()) == options
    assert pickle.loads(pickle.dumps(options)) == options


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"weights": {"hnad": 1.0}}, "unknown segment 'hnad'; segments are pelvis, .*right_hand"),
        ({"weights": {"hand": -1.0}}, "greater than or equal to 0"),
        ({"weights": {"hand": float("nan")}}, "finite"),
        ({"weights": [1.0]}, "dictionary"),
        ({"joint_acceleration_limit": 0.0}, "greater than or equal to 0.01"),
        ({"time_scale": 0.2}, "0.2 is no factor .* from 0.25 to 4, or 'similar'"),
        ({"time_scale": 5}, "from 0.25 to 4, or 'similar'"),
        ({"time_scale": float("nan")}, "from 0.25 to 4, or 'similar'"),
        ({"time_scale": "alike"}, "'alike' is no factor .* or 'similar'"),
        ({"style": "nice"}, "'close', 'balanced' or 'smooth'"),
        ({"time_scale": None}, "from 0.25 to 4, or 'similar'"),
        ({"joint_acceleration_limit": float("inf")}, "finite"),
        ({"joint_margin": -0.1}, "greater than or equal to 0"),
        ({"speed_limits": "perhaps"}, "boolean"),
        ({"smoothness": 1e300}, "less than or equal to 10000"),
        ({"weights": {"hand": 1e9}}, "less than or equal to 10000"),
        ({"collision_margin": 5.0}, "less than or equal to 0.1"),
        ({"joint_acceleration_limit": 1e-6}, "greater than or equal to 0.01"),
        ({"joint_speed_limit": 1e9}, "less than or equal to 1000"),
        ({"joint_margin": 3.0}, "less than or equal to 1.6"),
        ({"start_s": 1e300}, "less than or equal to 10000000"),
    ],
)
def test_wrong_values_are_refused_with_the_reason(wrong: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        RetargetOptions.model_validate(wrong)
