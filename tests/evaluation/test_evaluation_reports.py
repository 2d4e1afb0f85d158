"""Reports say what every number means, appear whole, and add up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import motions
import pytest

from retarget.errors import FileFormatError, OutputError
from retarget.evaluation import MEASURES, ClipReport, Summary, evaluate_result, summarise
from retarget.result import RetargetingResult
from retarget.robots import load_robot


@pytest.fixture(scope="module")
def good() -> ClipReport:
    return evaluate_result(motions.jumps(), load_robot("unitree_g1"), clip="good")


@pytest.fixture(scope="module")
def floating() -> ClipReport:
    floating = motions.raised(motions.jumps(), 0.05)
    return evaluate_result(floating, load_robot("unitree_g1"), clip="floating")


def test_every_number_has_its_unit_and_definition(good: ClipReport, tmp_path: Path) -> None:
    good.write(tmp_path / "report.json")
    table = json.loads((tmp_path / "report.json").read_text())
    assert set(table["measures"]) == set(MEASURES)
    for name, measure in table["measures"].items():
        assert set(measure) == {"unit", "definition", "value"}
        assert measure["unit"] in {
            "1",
            "m",
            "m/s",
            "m/s^2",
            "deg",
            "rad",
            "rad/s",
            "rad/s^2",
            "rad/s^3",
            "s",
        }, name
        assert len(measure["definition"]) > 15


def test_a_report_comes_back_as_it_was_written(good: ClipReport, tmp_path: Path) -> None:
    good.write(tmp_path / "deep/report.json")
    assert ClipReport.read(tmp_path / "deep/report.json") == good
    summary = summarise([good])
    summary.write(tmp_path / "summary.json")
    assert Summary.read(tmp_path / "summary.json") == summary


def doubted(*weights: float) -> RetargetingResult:
    """The jumps, of which somebody has doubts about unit and up axis."""
    result = motions.jumps()
    names = ("up_axis", "unit")
    doubts = [
        {"name": name, "weight": weight, "reason": "a test"}
        for name, weight in zip(names, weights, strict=False)
    ]
    motion = {**result.provenance["motion"], "doubts": doubts}
    return replace(result, provenance={**result.provenance, "motion": motion})


@pytest.mark.parametrize(
    ("weights", "doubt", "passed"),
    [((), 0.0, True), ((0.4,), 0.4, True), ((0.6,), 0.6, False), ((0.3, 0.4), 0.58, False)],
)
def test_the_gate_understood_fails_where_doubts_weigh_much(
    weights: tuple[float, ...], doubt: float, passed: bool, tmp_path: Path
) -> None:
    report = evaluate_result(doubted(*weights), load_robot("unitree_g1"))
    assert report["doubt"] == pytest.approx(doubt)
    gate = next(gate for gate in report.gates if gate.measure == "understood")
    assert gate.passed is passed
    assert [one.weight for one in report.doubts] == list(weights)
    if not passed:
        assert gate.text == f"doubts about the recording weigh {doubt:.2g}, at most 0.5"
        assert summarise([report]).clips[0].failed_gates == ("understood",)
    report.write(tmp_path / "report.json")
    assert ClipReport.read(tmp_path / "report.json") == report


def test_who_has_not_kept_doubts_has_none_to_measure() -> None:
    report = evaluate_result(replace(motions.jumps(), provenance={}), load_robot("unitree_g1"))
    assert report["doubt"] is None
    assert report.doubts == ()


def test_the_clip_is_named_after_its_file() -> None:
    assert evaluate_result(motions.jumps(), load_robot("unitree_g1")).clip == "cmu_01_01.bvh"


@pytest.mark.parametrize("content", [None, "", "{}", '{"clip": 3}'])
def test_what_is_no_report_is_refused_by_name(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(FileFormatError, match=r"report\.json"):
        ClipReport.read(path)


def test_a_report_that_cannot_be_written_leaves_nothing(good: ClipReport, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        good.write(tmp_path / "file/report.json")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_summary_weighs_clips_by_their_length(good: ClipReport, floating: ClipReport) -> None:
    longer = floating.model_copy(update={"duration_s": 3 * good.duration_s})
    summary = summarise([good, longer])
    expected = (good["sole_lifted_share"] + 3 * 1.0) / 4
    assert summary["sole_lifted_share"] == pytest.approx(expected)
    assert summary.duration_s == pytest.approx(4 * good.duration_s)


@pytest.fixture(scope="module")
def sinking() -> ClipReport:
    sinking = motions.raised(motions.jumps(), -1e-4)
    return evaluate_result(sinking, load_robot("unitree_g1"), clip="sinking")


def test_a_summary_keeps_maxima_and_names_the_worst(
    good: ClipReport, floating: ClipReport, sinking: ClipReport
) -> None:
    summary = summarise([good, sinking])
    assert summary["sole_penetration_max"] == sinking["sole_penetration_max"] > 0
    assert summary.worst["sole_penetration_max"] == "sinking"
    summary = summarise([good, floating])
    assert summary["jerk_max"] == max(good["jerk_max"], floating["jerk_max"])
    assert summary["sole_lifted_share"] > good["sole_lifted_share"]
    assert summary.worst["sole_lifted_share"] == "floating"
    assert summary.passed_share == 0.5
    assert [c.failed_gates for c in summary.clips] == [
        (),
        (
            *("sole_lifted_share", "floating_share", "force_left_mean", "contact_recall"),
            *("sole_lifted_second", "floating_second", "force_left_second"),
        ),
    ]


def test_a_summary_of_nothing_has_no_values(tmp_path: Path) -> None:
    summary = summarise([])
    assert summary.clips == () and summary.passed_share == 0
    assert all(summary[name] is None for name in MEASURES)
    summary.write(tmp_path / "summary.json")
