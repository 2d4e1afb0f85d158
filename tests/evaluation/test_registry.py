"""One registry says what is measured: values, series, gates, tables and documents follow it."""

from __future__ import annotations

import sys
from pathlib import Path

import motions
import numpy as np
import pytest

from retarget.evaluation import COLUMNS, GROUPS, MEASURES, SERIES, evaluate_result, frame_series
from retarget.evaluation.look import look_at
from retarget.evaluation.moments import measure_moments
from retarget.evaluation.series import all_series
from retarget.report.scores import key_measures
from retarget.robots import RobotModel, load_robot

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


def test_what_is_measured_is_what_is_registered(robot: RobotModel) -> None:
    seen = look_at(motions.jumps(), robot)
    assert {*seen.values(), *measure_moments(seen, all_series(seen))} == set(MEASURES)
    assert not set(seen.values()) & set(measure_moments(seen, all_series(seen)))


def test_every_measure_says_what_it_is() -> None:
    for name, measure in MEASURES.items():
        assert measure.name == name
        assert measure.group in GROUPS
        assert measure.title and len(measure.definition) > 15
        assert measure.per_frame == (measure.series in SERIES)
    titles = [measure.title for measure in MEASURES.values()]
    assert len(set(titles)) == len(titles)
    assert {measure.series for measure in MEASURES.values()} - {""} <= set(SERIES)


def test_names_that_others_use_are_nobody_elses() -> None:
    aliases = [alias for measure in MEASURES.values() for alias in measure.aliases]
    assert len(set(aliases)) == len(aliases)
    assert not set(aliases) & set(MEASURES)


def test_people_see_handy_units() -> None:
    assert MEASURES["sole_penetration_max"].text(0.0012) == "1.2 mm"
    assert MEASURES["self_collision_share"].text(0.034) == "3.4 %"
    assert MEASURES["joint_jumps"].text(7.0) == "7"
    assert MEASURES["jerk_mean"].text(None) == "-"


def test_columns_have_unit_and_values(robot: RobotModel) -> None:
    report = evaluate_result(motions.jumps(), robot)
    cells = {column.title: column.cell(report) for column in COLUMNS}
    assert cells["limb deg"] == f"{report['limb_error_mean']:.1f} / {report['limb_error_p95']:.1f}"
    assert cells["slide mm/s"].startswith(f"{1e3 * report['toe_slide_mean']:.0f} / ")
    assert set(key_measures(report)) == {name for column in COLUMNS for name in column.measures}


def test_series_have_a_number_per_frame_and_make_the_measures(robot: RobotModel) -> None:
    result = motions.jumps()
    series, report = frame_series(result, robot), evaluate_result(result, robot)
    assert set(series) <= set(SERIES)
    of_things = {
        m.series for m in MEASURES.values() if m.group == "things"
    }  # and there is nothing around it
    assert {"joint_acceleration_ratio"} | of_things >= set(SERIES) - set(series)  # no such limit
    for name, values in series.items():
        assert values.shape == (len(result),) and values.dtype == np.float64, name
        assert not np.isinf(values).any(), name
    for name in ("limb_error", "orientation_error", "trunk_lean_error", "force_left", "jerk"):
        assert np.nanmean(series[name]) == pytest.approx(report[f"{name}_mean"], rel=1e-5), name
    for name in ("base_speed", "base_turn", "joint_speed", "joint_acceleration"):
        assert np.nanmax(series[name]) == pytest.approx(report[f"{name}_max"]), name
    assert np.nanmax(series["jerk_worst"]) == pytest.approx(report["jerk_max"])
    assert series["sole_depth"].max() == pytest.approx(report["sole_penetration_max"], abs=1e-12)
    assert series["self_overlap"].max() == report["self_collision_max"]
    assert np.nanmean(series["joint_speed_ratio"] > 1) == report["velocity_limit_share"]
    assert series["both_soles_down"].mean() == pytest.approx(report["both_soles_down_share"])
    assert series["scuff"].mean() == pytest.approx(report["swing_scuff_share"])
    assert np.nanmax(series["toe_slide"]) >= report["toe_slide_p95"]


def test_series_show_a_fault_where_it_is(robot: RobotModel) -> None:
    qpos = motions.jumps().qpos.copy()
    qpos[100:110, 2] -= 0.2
    series = frame_series(motions.with_qpos(motions.jumps(), qpos), robot)
    deep = np.flatnonzero(series["sole_depth"] > 0.15)
    assert 100 <= deep.min() <= deep.max() < 110
    assert np.nanargmax(series["base_speed"]) in (100, 110)


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
def test_short_clips_have_series_of_their_length(frames: int, robot: RobotModel) -> None:
    for name, values in frame_series(motions.jumps().frames(0, frames), robot).items():
        assert values.shape == (frames,), name


def test_the_document_says_what_the_registry_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "tools"), *sys.path])
    from document_tables import MEASURES as PAGE
    from document_tables import documented

    text = PAGE.read_text("utf-8")
    assert documented(PAGE) == text, "run: python tools/document_tables.py"
    for name in MEASURES:
        assert f"`{name}`" in text
