"""Files that once led to a traceback, to NaN, to gigabytes or to no end are one line today, or taken with a word."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzz_tools import ACCEPTED, REFUSED, fault_of
from fuzzing import checks
from retarget.errors import RetargetError
from retarget.motion import read_motion
from retarget.pipeline import retarget_motion
from retarget.robots import load_robot

REPRO = Path(__file__).resolve().parents[2] / "shared" / "repro"
FILES = sorted(path.name for path in REPRO.glob("*")) if REPRO.is_dir() else []

CHECKS: dict[str, Callable[[Path], object]] = {
    r"(bvh|deepmimic|npz|frame-time)-": checks.check_motion,
    r"result-": checks.check_result,
    r"(robot-|base-)": checks.check_robot,
    r"one-point-": checks.check_description,
    r"run-toml-": checks.check_run_toml,
    r"journal-": checks.check_journal,
}
REFUSALS = {
    r"bvh-nonsense-": r"joint LeftArm \(left_shoulder\) is 6\.\d+e\+06 m from the pelvis",
    r"bvh-traceback-": r":187: a frame time of 1e\+307 s is not between 0\.0005 and 1 s",
    r"frame-time-1000": r":187: a frame time of 1000 s .*: is it in milliseconds, .* or the rate itself\?",
    r"frame-time-1e-9": r":187: a frame time of 1e-09 s is not between 0\.0005 and 1 s; correct the line",
    r"deepmimic-(nonsense-5c4855|traceback)": r"a frame time of 1e[+-]\d+ s is not between",
    r"npz-(nonsense-5c4855|traceback-04f7bd)": r"a rate of 1e[+-]\d+ frames a second is not between 1 and 2000",
    r"npz-traceback-(19dfbb|4f934f)": r"is torn, or no NumPy archive \(BadZipFile",
    r"npz-traceback-5dd895": r"is locked with a password",
    # They were made by an earlier version; what they were damaged in is tried in test_damaged_results.py.
    r"result-(nonsense|traceback-(159063|31b315|58fb37|6a8860|e9d91f))": r"another version of retarget wrote it",
    r"result-traceback-(19dfbb|dcad52)": r"is torn, or no NumPy archive",
    r"robot-mjcf-nonsense-4e023c": r"arms.* were not found; name the bodies under \[roles\]",
    r"robot-mjcf-nonsense-6efaa4": r"<inertial> of 'right_hip_yaw_link' has mass=\"inf\", which is infinite",
    r"robot-mjcf-(nonsense-d5b0c0|traceback-42ee3a)": r"<joint> of '\w+' has axis=\"[^\"]*nan[^\"]*\"",
    r"robot-mjcf-nonsense-fc1b5d": r"<geom> of 'right_knee_link_2' has size=\"inf\", which is infinite",
    r"robot-mjcf-traceback-4b01d9": r"<geom> of 'right_foot2_collision' has size=\"0\.01 1e308\", which is farther",
    r"robot-mjcf-traceback-e4cafe": r"<geom> of 'left_foot2_collision' has pos=.*which is farther",
    r"robot-urdf-nonsense-6efaa4": r"<mass> of 'right_hip_pitch_link' has value=\"inf\", which is infinite",
    r"robot-urdf-nonsense-(a7ca4f|fc1b5d)": r"<sphere> of '\w+' has radius=\"inf\", which is infinite",
    r"robot-urdf-(nonsense-d5b0c0|traceback-42ee3a)": r"<axis> of '\w+' has xyz=\"[^\"]*nan",
    r"robot-urdf-traceback-988dc6": r"repeated name 'left_knee' in joint",
    r"run-toml-(memory|traceback-73584d)": r"options\.fps: a rate of .* frames a second is not between 1 and 2000",
    r"run-toml-traceback-b37df8": r"options\.start_s: must be less than or equal to 10000000, not 1e\+308",
}


def entry(table: dict[str, object], name: str) -> object | None:
    return next((value for pattern, value in table.items() if re.match(pattern, name)), None)


def copied(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy alone in its folder, with an empty working folder."""
    for folder in ("in", "cwd"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    return Path(shutil.copy(REPRO / name, tmp_path / "in" / name))


@pytest.mark.skipif(not FILES, reason="needs ../shared/repro")
@pytest.mark.parametrize("name", FILES or ["none"])
def test_a_file_is_refused_in_one_line_or_taken(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = copied(name, tmp_path, monkeypatch)
    check, refusal = entry(CHECKS, name), entry(REFUSALS, name)
    assert callable(check)
    how, said = fault_of(check, file)
    if refusal is None:
        assert how == ACCEPTED, said
    else:
        assert how == REFUSED, said
        assert re.search(str(refusal), said), said


@pytest.mark.skipif(not FILES, reason="needs ../shared/repro")
@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("deepmimic-nonsense-93ad12.txt", r"glitches.*no body can be in frames 0;"),
        ("npz-nonsense-93ad12.npz", r"left_shin: up to 1000 km from the body"),
    ],
)
def test_what_is_taken_is_told_of(name: str, word: str) -> None:
    source = read_motion(REPRO / name).source
    assert re.search(word, " | ".join([*source.notes, *(doubt.text for doubt in source.doubts)]))


@pytest.mark.skipif(not FILES, reason="needs ../shared/repro")
def test_an_event_that_cannot_be_is_left_out_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from retarget.batch import read_status

    copied("journal-traceback-71b426.journal", tmp_path, monkeypatch)
    shutil.copy(REPRO / "journal-traceback-71b426.journal", tmp_path / "m.json.journal")
    with caplog.at_level(logging.WARNING, logger="retarget.batch"):
        read_status(tmp_path / "m.json")
    assert re.search(r"m\.json\.journal: an event was left out: -1 stands where", caplog.text)


@pytest.mark.skipif(not FILES, reason="needs ../shared/repro")
def test_a_robot_with_one_point_under_each_foot_walks() -> None:
    robot = load_robot("unitree_g1", description=REPRO / "one-point-sole.toml")
    motion = read_motion("humanoid_walk").frames(0, 20)
    assert abs(retarget_motion(motion, robot).qpos).max() < 10
    assert issubclass(RetargetError, Exception)
