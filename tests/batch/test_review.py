"""What people decide about clips: kept beside the manifest, and heard by whoever hands clips on."""

from pathlib import Path

import pytest

from retarget.batch import BatchRunRecord
from retarget.batch.models import utc_now
from retarget.batch.review import ClipReview, Review, read_names, review_path
from retarget.errors import ManifestError, OptionsError
from retarget.jobs.passing import Choice, reason_against
from retarget.kinds import RunStatus


def record(status: RunStatus = RunStatus.SUCCESS, gates: list[str] | None = None) -> BatchRunRecord:
    now = utc_now()
    return BatchRunRecord(
        job_id="walk",
        motion=Path("walk.bvh"),
        output=Path("walk.npz"),
        status=status,
        started_at=now,
        finished_at=now,
        message="torn",
        provenance={} if gates is None else {"failed_gates": gates},
    )


def said(decision: str, note: str = "") -> Review:
    return Review().changed("walk", ClipReview(decision=decision, note=note))  # type: ignore[arg-type]


def test_a_review_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = review_path(tmp_path / "batch_manifest.json")
    review = said("reject", "slides; ü 走").changed("run", ClipReview(note="look again"))
    review.save(path)
    assert Review.load(path) == review
    assert Review.beside(tmp_path / "batch_manifest.json") == review
    assert Review.beside(tmp_path / "other.json") == Review()


def test_saying_nothing_takes_a_clip_out() -> None:
    assert said("keep").changed("walk", ClipReview()) == Review()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema_version": 9}', '{"clips": {"a": 3}}'])
def test_what_is_no_review_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.review.json"
    path.write_text(text)
    with pytest.raises((ManifestError, ValueError), match=r"x\.review\.json"):
        Review.load(path)


def test_rejected_clips_are_never_handed_on_and_kept_ones_whatever_their_gates() -> None:
    fails, passes = record(gates=["jerk_mean"]), record(gates=[])
    assert reason_against(passes, Choice()) == ""
    assert "jerk_mean" in reason_against(fails, Choice())
    assert reason_against(fails, Choice(everything=True)) == ""
    assert reason_against(fails, Choice(review=said("keep"))) == ""
    assert reason_against(record(), Choice(review=said("keep"))) == ""
    for everything in (False, True):
        choice = Choice(everything=everything, review=said("reject", "slides"))
        assert reason_against(passes, choice) == "rejected by hand: slides"
    failed = record(RunStatus.FAILED, [])
    assert reason_against(failed, Choice(review=said("keep"))) == "failed: torn"


def test_only_those_asked_for_are_handed_on() -> None:
    passes = record(gates=[])
    assert reason_against(passes, Choice(only=frozenset({"walk"}))) == ""
    assert "not among" in reason_against(passes, Choice(True, frozenset({"run"}), said("keep")))


def test_lists_and_reviews_name_clips(tmp_path: Path) -> None:
    listed, review = tmp_path / "train.txt", tmp_path / "m.review.json"
    listed.write_text("walk\nruns/run 2\tfine\n\n")
    said("keep").save(review)
    known = ["walk", "runs/run 2", "jump"]
    assert read_names(listed, known) == {"walk", "runs/run 2"}
    assert read_names(review, known) == {"walk"}
    listed.write_text("nobody\n")
    with pytest.raises(OptionsError, match=r"train\.txt: names no clip.*'nobody'"):
        read_names(listed, known)
