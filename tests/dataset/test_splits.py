"""Splits: shares are met, a take stays whole, and only clips and seed decide."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retarget.dataset.splits import Shares, SplitClip, assigned, takes
from retarget.errors import OptionsError


def clip(name: str, folder: str = "f", content: str = "", frames: int = 100) -> SplitClip:
    return SplitClip(name, folder, f"{name}.bvh", (content or name,), frames)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("walk", "walk_mirror"),
        ("walk", "Walk_M"),
        ("walk_mirrored", "walk_flip"),
        ("run_part1", "run_part12"),
        ("run-seg_3", "run"),
        ("jump_chunk2_mirror", "jump_chunk7"),
    ],
)
def test_mirror_images_and_pieces_are_one_take(first: str, second: str) -> None:
    assert len(set(takes([clip(first), clip(second)]))) == 1
    assert len(set(takes([clip(first, "a"), clip(second, "b")]))) == 2  # other folders, other takes


@pytest.mark.parametrize(
    ("first", "second"), [("01_01", "01_02"), ("walk1", "walk2"), ("take_1", "take_2"), ("m", "w")]
)
def test_numbers_tell_takes_apart(first: str, second: str) -> None:
    assert len(set(takes([clip(first), clip(second)]))) == 2


def test_one_recording_is_one_take_wherever_it_lies_and_however_long_the_chain() -> None:
    clips = [
        SplitClip("a", "x", "a.bvh", ("1", "p"), 10),
        SplitClip("b", "y", "b.bvh", ("1", "q"), 10),
        SplitClip("c", "z", "c.bvh", ("2", "q"), 10),
        SplitClip("d", "z", "c_mirror.bvh", ("3", "r"), 10),
        SplitClip("e", "z", "e.bvh", ("4", "s"), 10),
    ]
    assert takes(clips) == ["a", "a", "a", "a", "e"]


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 4), st.integers(1, 400)),
        min_size=1,
        max_size=40,
    ),
    st.integers(0, 5),
    st.booleans(),
)
def test_no_take_and_no_folder_is_in_two_splits(
    drawn: list[tuple[int, int, int]], seed: int, by_folder: bool
) -> None:
    clips = [
        clip(f"c{at}", f"folder{folder}", f"take{take}", frames)
        for at, (take, folder, frames) in enumerate(drawn)
    ]
    split = assigned(clips, Shares(), seed, by_folder=by_folder)
    assert set(split) <= set(Shares().names)
    for key in ("contents", "folder") if by_folder else ("contents",):
        sides: dict[object, set[str]] = {}
        for one, side in zip(clips, split, strict=True):
            sides.setdefault(getattr(one, key), set()).add(side)
        assert all(len(found) == 1 for found in sides.values())


def test_shares_are_met_where_clips_are_many() -> None:
    rng = random.Random(1)
    clips = [clip(f"c{at:04}", frames=rng.randrange(50, 500)) for at in range(600)]
    split = assigned(clips, Shares(), 0)
    total = sum(one.frames for one in clips)
    for name, share in zip(Shares().names, Shares().shares, strict=True):
        frames = sum(one.frames for one, side in zip(clips, split, strict=True) if side == name)
        assert abs(frames / total - share) < 0.01


def test_the_order_of_clips_does_not_count_and_the_seed_does() -> None:
    clips = [clip(f"c{at:03}", frames=50 + at) for at in range(100)]
    split = dict(zip(clips, assigned(clips, Shares(), 4), strict=True))
    turned = list(reversed(clips))
    assert dict(zip(turned, assigned(turned, Shares(), 4), strict=True)) == split
    assert dict(zip(clips, assigned(clips, Shares(), 5), strict=True)) != split


def test_small_sets_test_something_too() -> None:
    clips = [clip(f"c{at}") for at in range(10)]
    for seed in range(6):
        split = assigned(clips, Shares(), seed)
        assert [split.count(name) for name in Shares().names] == [8, 1, 1]


@pytest.mark.parametrize(
    "text", ["", "train", "a=x", "a=-1,b=2", "a=0", "a=1,a=2", "a=inf", "a=nan"]
)
def test_shares_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(OptionsError, match="splits"):
        Shares.parsed(text)


def test_shares_count_in_proportion() -> None:
    assert Shares.parsed("a=3, b=1").shares == (0.75, 0.25)
