"""Profiles of gates: each limit has its reason, verdicts say by how much and when, and nothing unknown is accepted."""

from __future__ import annotations

from pathlib import Path

import motions
import pytest

from retarget.errors import FileFormatError, OptionsError, UnknownNameError
from retarget.evaluation import MEASURES, Gate, GateResult, Gates, evaluate_result, profile_names
from retarget.evaluation.measures.sentences import CLAUSES, sentence
from retarget.robots import RobotModel, load_robot


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


@pytest.mark.parametrize("name", profile_names())
def test_every_limit_of_a_profile_has_its_reason(name: str) -> None:
    profile = Gates.named(name)
    assert profile.name == name
    assert profile.description
    for gate in profile.gates.values():
        assert len(gate.why) > 15


def test_strict_is_stricter_and_look_only_is_laxer() -> None:
    strict, ready, look = map(Gates.named, ("strict", "train-ready", "look-only"))
    for name, gate in ready.gates.items():
        sign = -1 if name != "understood" and MEASURES[name].better == "higher" else 1
        assert sign * strict.gates[name].fail <= sign * gate.fail
        if name in look.gates:
            assert sign * look.gates[name].fail >= sign * gate.fail
    assert len(look.gates) < len(ready.gates) < len(strict.gates)


def test_a_value_between_warning_and_limit_passes_with_a_warning(robot: RobotModel) -> None:
    jerk = evaluate_result(motions.walk(), robot).number("jerk_mean")
    near = Gates(gates={"jerk_mean": Gate(fail=2 * jerk, warn=0.5 * jerk)})
    report = evaluate_result(motions.walk(), robot, gates=near)
    (result,) = report.gates
    assert (result.passed, result.warned, result.limit) == (True, True, 0.5 * jerk)
    assert report.passed
    assert report.verdict.startswith("passes its gate; joints jerk by ")
    only = Gates(gates={"jerk_mean": Gate(warn=0.5 * jerk)})
    assert evaluate_result(motions.walk(), robot, gates=only).passed


def test_a_failed_gate_says_at_which_second(robot: RobotModel) -> None:
    qpos = motions.jumps().qpos.copy()
    qpos[150:165, 2] += 0.1
    report = evaluate_result(motions.with_qpos(motions.jumps(), qpos), robot)
    lifted = next(gate for gate in report.failed_gates if gate.measure == "sole_lifted_share")
    assert lifted.at_s == pytest.approx(157 / 30, abs=0.3)
    assert lifted.text.startswith("soles are off the floor in ")
    assert "% of stance, at most 1 (at 5." in lifted.text
    assert lifted.text in report.verdict
    qpos = motions.jumps().qpos.copy()
    qpos[60, 0] += 3.0
    report = evaluate_result(motions.with_qpos(motions.jumps(), qpos), robot)
    (jump,) = [gate for gate in report.failed_gates if gate.measure == "base_speed_max"]
    assert jump.at_s == pytest.approx(2.0, abs=0.05)
    assert jump.text == "the base moves at 90.6 m/s, at most 10 (at 2.0 s)"


def test_every_measure_has_a_clause_of_plain_words() -> None:
    assert set(CLAUSES) == set(MEASURES)
    for clause in CLAUSES.values():
        assert clause.count("{}") == 1
        assert "_" not in clause and "p95" not in clause
        assert clause[0].islower() and clause[-1] not in ".,;:"


def test_sentences_show_where_a_value_lies_however_near_its_limit() -> None:
    slide, tilt, kept = (
        MEASURES[n] for n in ("toe_slide_mean", "sole_tilt_mean", "contact_recall")
    )
    assert sentence(slide, 0.020004, 0.02).endswith(
        "slide at 20.004 mm/s in stance on average, at most 20"
    )
    assert (
        sentence(tilt, 1.0, 0.5) == "soles are tilted by 1 degree in stance on average, at most 0.5"
    )
    assert sentence(kept, 0.93, 0.95, warned=True, at_s=2.0) == (
        "only 93 % of the human's contacts are kept, should be at least 95 (at 2.0 s)"
    )


def test_a_gate_without_a_value_says_so() -> None:
    missing = GateResult(measure="toe_slide_mean", value=None, limit=0.02, passed=True)
    assert missing.text == "slide of toes, mean: nothing to measure it on"


def test_gates_that_are_passed_have_no_worst_second(robot: RobotModel) -> None:
    report = evaluate_result(motions.walk(), robot)
    assert all(gate.at_s is None for gate in report.gates if gate.passed and not gate.warned)


def test_a_profile_of_ones_own_is_read_and_used(tmp_path: Path, robot: RobotModel) -> None:
    path = tmp_path / "slow.toml"
    path.write_text('[gates.base_speed_max]\nfail = 0.5\nwhy = "a treadmill"\n')
    profile = Gates.named(path)
    assert (profile.name, list(profile.gates)) == ("slow", ["base_speed_max"])
    report = evaluate_result(motions.walk(), robot, gates=profile)
    assert [gate.measure for gate in report.failed_gates] == ["base_speed_max"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[gates.grace]\nfail = 1", "there is no measure 'grace'"),
        ("[gates.jerk_mean]\nlimit = 1", "gates.jerk_mean.limit"),
        ("[gates.jerk_mean]\nwhy = 'so'", "neither fail nor warn"),
        ("[gates.jerk_mean]\nfail = 1\nwarn = 2", "the gate 'jerk_mean' warns later than it fails"),
        ("[gates.jerk_mean]\nfail = nan", "finite"),
        ("[gates.jerk_mean]\nfail = 'much'", "number"),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused_with_its_place(
    content: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "own.toml").write_text(content)
    with pytest.raises(OptionsError) as caught:
        Gates.load(tmp_path / "own.toml")
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path}/own.toml: ")


def test_unknown_profiles_are_refused_with_those_known(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="look-only, strict, train-ready"):
        Gates.named("lenient")
    with pytest.raises(FileFormatError, match=r"none\.toml"):
        Gates.named(tmp_path / "none.toml")


def test_changed_gates_are_the_others_with_new_limits() -> None:
    ready = Gates.named("train-ready")
    changed = ready.changed(jerk_mean=5.0, understood=None)
    assert changed.gates["jerk_mean"].fail == 5.0
    assert "understood" not in changed.gates
    assert set(changed.gates) == set(ready.gates) - {"understood"}
    with pytest.raises(ValueError, match="no measure"):
        ready.changed(grace=1.0)


def test_gates_are_named_as_their_measures() -> None:
    for name in profile_names():
        assert set(Gates.named(name).gates) - {"understood"} <= set(MEASURES)


@pytest.mark.parametrize(
    "text", ["{0} = 1\n", "[gates.{0}]\nfail = 1.0\n", "[gates.jerk_mean]\n{0} = 1\n"]
)
def test_names_without_end_are_cut_in_a_line(text: str, tmp_path: Path) -> None:
    profile = tmp_path / "mine.toml"
    profile.write_text(text.format("a" * 5000))
    with pytest.raises(OptionsError) as caught:
        Gates.load(profile)
    assert str(caught.value).startswith(f"{profile}: ")
    assert len(str(caught.value)) < 600 + len(str(profile))
