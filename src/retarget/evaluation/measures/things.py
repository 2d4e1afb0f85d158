"""Measures of how the robot meets things: what is carried, climbed and sat on."""

from __future__ import annotations

from retarget.evaluation.measures.measure import Measure, Series
from retarget.evaluation.thresholds import COLLISION_DEPTH, HAND_REACHED

__all__ = ["MEASURES", "SERIES"]

_REACHED = f"{HAND_REACHED * 1000:.0f} mm"
_WHILE = "while the human's palm touches a thing (`SceneTrack.touches`)"

MEASURES: tuple[Measure, ...] = (
    Measure(
        name="hand_gap_mean",
        unit="m",
        title="Hands off what they hold",
        definition=f"distance between the surfaces of hand and thing, or depth, {_WHILE}",
        group="things",
        beside_human=True,
        series="hand_gap",
    ),
    Measure(
        name="hand_gap_p95",
        unit="m",
        title="Hands off what they hold, 95th percentile",
        definition=f"95th percentile of that distance {_WHILE}",
        group="things",
        beside_human=True,
        series="hand_gap",
    ),
    Measure(
        name="hands_kept_share",
        unit="1",
        title="Hands kept on things",
        definition=f"share of frames and hands, {_WHILE}, with less than {_REACHED} between them",
        group="things",
        better="higher",
        beside_human=True,
        series="hand_gap",
    ),
    Measure(
        name="unreached_holds",
        unit="1",
        title="Holds out of reach",
        definition=f"number of holds of hands on things whose median distance is over {_REACHED}",
        group="things",
        over_clips="sum",
        shown="count",
        beside_human=True,
        series="hand_gap",
    ),
    Measure(
        name="hand_place_error_mean",
        unit="m",
        title="Hands elsewhere on the thing",
        definition="distance on the thing between the robot's hand and the human's mean place during the hold, in the "
        "thing's own size",
        group="things",
        beside_human=True,
        series="hand_place_error",
    ),
    Measure(
        name="hand_slide_mean",
        unit="m/s",
        title="Hands sliding on things",
        definition=f"speed of the hand in the thing's frame {_WHILE}",
        group="things",
        beside_human=True,
        series="hand_slide",
    ),
    Measure(
        name="hand_slide_p95",
        unit="m/s",
        title="Hands sliding on things, 95th percentile",
        definition=f"95th percentile of that speed {_WHILE}",
        group="things",
        beside_human=True,
        series="hand_slide",
    ),
    Measure(
        name="human_hand_slide_mean",
        unit="m/s",
        title="The human's hands sliding on things",
        definition=f"speed of the human's wrist in the thing's frame {_WHILE}",
        group="things",
        better="none",
        beside_human=True,
    ),
    Measure(
        name="scene_depth_max",
        unit="m",
        title="Deepest in a thing",
        definition="deepest point of the robot's spheres in a thing, the floor left out",
        group="things",
        over_clips="max",
        series="scene_depth",
    ),
    Measure(
        name="scene_depth_share",
        unit="1",
        title="Time in things",
        definition=f"share of frames with a point over {COLLISION_DEPTH * 1000:.0f} mm deep in a thing",
        group="things",
        series="scene_depth",
    ),
    Measure(
        name="clearance_error_mean",
        unit="m",
        title="Joints nearer to things, or farther",
        definition="distance of joints from things less the human's, scaled, where that is below 0.3 m; absolute",
        group="things",
        beside_human=True,
        series="clearance_error",
    ),
    Measure(
        name="clearance_error_p95",
        unit="m",
        title="Joints nearer to things, or farther, 95th percentile",
        definition="95th percentile over frames of the mean over joints of that distance",
        group="things",
        beside_human=True,
        series="clearance_error",
    ),
    Measure(
        name="interaction_direction_mean",
        unit="rad",
        title="Joints on another side of things",
        definition="angle between the directions of joints from the nearest places on a thing and the human's, in its "
        "frame, where the human's joints are within 0.3 m of it",
        group="things",
        beside_human=True,
        series="interaction_direction",
    ),
    Measure(
        name="thing_sole_gap_mean",
        unit="m",
        title="Soles off what they stand on",
        definition="distance of the sole's lowest point from the nearest thing or the floor, or depth, while the "
        "human's toe stands and in the frames before and after",
        group="things",
        beside_human=True,
    ),
    Measure(
        name="object_shift_max",
        unit="m",
        title="Things that give way",
        definition="how far a moving thing of another size is from where the scaled world has it",
        group="things",
        better="none",
        over_clips="max",
        beside_human=True,
        series="object_shift",
    ),
)

SERIES: tuple[Series, ...] = (
    Series(
        "hand_gap", "m", "hands off things", "mean distance of hands from what they are to touch"
    ),
    Series(
        "hand_place_error",
        "m",
        "hands elsewhere",
        "mean distance of hands on things from the human's places there",
    ),
    Series("hand_slide", "m/s", "hands sliding", "highest speed of a hand on what it touches"),
    Series("scene_depth", "m", "depth in things", "deepest point in a thing", COLLISION_DEPTH),
    Series(
        "clearance_error",
        "m",
        "clearance of things",
        "mean over joints near things of how far their distance from these is off the human's, scaled",
    ),
    Series(
        "interaction_direction",
        "rad",
        "sides of things",
        "mean over joints near things of the angle to the human's direction from these",
    ),
    Series("object_shift", "m", "things giving way", "farthest that a thing gives way"),
)
