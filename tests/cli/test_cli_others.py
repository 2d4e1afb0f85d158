"""``retarget`` evaluate, export, inspect, robots, formats, doctor, and the command line as such."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import Command

import retarget
from retarget.demo import clips_folder
from retarget.evaluation import MEASURES, ClipReport
from retarget.motion import format_names
from retarget.result import RetargetingResult
from retarget.robots import robot_names


def test_evaluate_prints_scores_and_writes_a_report_with_units(
    command: Command, walk_result: Path, tmp_path: Path
) -> None:
    outcome = command("evaluate", "--result", walk_result, "--output", tmp_path / "report.json")
    assert outcome.code == 0
    assert "limb deg" in outcome.out
    report = ClipReport.read(tmp_path / "report.json")
    assert report.robot == "unitree_g1"
    assert set(report.measures) == set(MEASURES)
    assert command("evaluate", "--result", walk_result, "--json").json["clip"] == "walk"


@pytest.mark.parametrize("words", [[], ["--result", "a.npz", "--batch-manifest", "m.json"]])
def test_evaluate_wants_a_result_or_a_manifest(command: Command, words: list[str]) -> None:
    outcome = command("evaluate", *words)
    assert outcome.code == 2
    assert "--result or --batch-manifest" in outcome.error


def test_evaluate_refuses_another_robot_and_its_own_input(
    command: Command, walk_result: Path
) -> None:
    before = walk_result.read_bytes()
    other = command("evaluate", "--result", walk_result, "--robot", "unitree_h1")
    assert other.code == 1
    assert "does not fit" in other.error
    same = command("evaluate", "--result", walk_result, "--output", walk_result)
    assert same.code == 2
    assert walk_result.read_bytes() == before


@pytest.mark.parametrize("damage", ["cut", "empty", "foreign"])
def test_a_damaged_result_is_named(
    command: Command, walk_result: Path, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "r.npz"
    data = walk_result.read_bytes()
    path.write_bytes({"cut": data[: len(data) // 2], "empty": b"", "foreign": b""}[damage])
    if damage == "foreign":
        np.savez(path, other=np.zeros(3))
    for words in (["evaluate"], ["export", "--output", str(tmp_path / "r.csv")]):
        outcome = command(*words, "--result", path)
        # What is no result may be another tool's motion: its robot is to be named.
        assert outcome.code == (2 if damage == "foreign" else 1)
        assert str(path) in outcome.error
    assert [p.name for p in tmp_path.iterdir()] == ["r.npz"]


def test_export_writes_unitree_rows_at_any_rate(
    command: Command, walk_result: Path, tmp_path: Path
) -> None:
    output = tmp_path / "walk.csv"
    outcome = command(
        "export", "--result", walk_result, "--output", output, "--fps", "50", "--json"
    )
    assert outcome.code == 0
    assert (outcome.json["frames"], outcome.json["fps"]) == (127, 50.0)
    assert any("does not tell its rate" in note for note in outcome.json["notes"])
    told = json.loads((tmp_path / "walk.csv.json").read_text())
    assert told["fps"] == 50.0 and len(told["joint_names"]) == 29
    rows = np.loadtxt(output, delimiter=",")
    first = RetargetingResult.load_npz(walk_result).qpos[0]
    assert rows.shape == (127, 36)
    np.testing.assert_allclose(rows[0], first[[0, 1, 2, 4, 5, 6, 3, *range(7, 36)]], atol=1e-6)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--for", "fbx"], "unknown export format 'fbx'; known: amp_rsl_rl"),
        (["--for", "mjlab"], "want names that end in '.npz'"),
        (["--joints", "left_tail"], "unknown joint or joint set of unitree_g1 'left_tail'"),
        (["--quaternion", "zyxw"], "must be wxyz or xyzw"),
        (["--fps", "0"], "fps: a rate of 0 frames a second is not between 1 and 2000"),
        (["--fps", "1e7"], "fps: a rate of 1e+07 frames a second is not between 1 and 2000"),
    ],
)
def test_export_refuses_what_it_cannot_do(
    command: Command, walk_result: Path, tmp_path: Path, words: list[str], complaint: str
) -> None:
    outcome = command("export", "--result", walk_result, "--output", tmp_path / "w.csv", *words)
    assert outcome.code == 2
    assert complaint in outcome.error
    assert not list(tmp_path.iterdir())


def test_inspect_tells_what_was_found_out(command: Command) -> None:
    facts = command("inspect", clips_folder() / "cmu_01_01.bvh", "--json").json
    assert facts["rig"] == "cmu"
    assert facts["up_axis"] == "y"
    assert facts["metres_per_unit"] == pytest.approx(0.0564444, rel=1e-5)
    assert (facts["bind_pose"], facts["dropped_frames"], facts["frames"]) == (True, 1, 688)
    assert 1.5 < facts["height_m"] < 1.9
    assert set(facts["stance_share"]) == {
        f"{s} {p}" for s in ("left", "right") for p in ("heel", "toe")
    }
    roles = {joint["role"]: joint["joint"] for joint in facts["joints"] if joint["role"]}
    assert roles["left_knee"] == "LeftLeg"
    words = command("inspect", clips_folder() / "cmu_01_01.bvh").out
    assert re.search(r"LeftLeg +LeftUpLeg +left_knee", words)


def test_a_result_in_a_motion_s_place_is_told_what_it_is(
    command: Command, walk_result: Path, tmp_path: Path
) -> None:
    outcome = command("run", "--motion", walk_result, "--output", tmp_path / "r.npz")
    assert outcome.code == 1
    assert "is a result of retarget, a robot's motion" in outcome.error


def test_roles_can_be_overridden(command: Command, tmp_path: Path) -> None:
    roles = tmp_path / "roles.toml"
    roles.write_text('[roles]\nhead = "Neck1"\n')
    clip = clips_folder() / "cmu_01_01.bvh"
    facts = command("inspect", clip, "--roles", roles, "--json").json
    assert {j["role"]: j["joint"] for j in facts["joints"]}["head"] == "Neck1"
    roles.write_text('[roles]\nhead = "Hat"\n')
    outcome = command("inspect", clip, "--roles", roles)
    assert outcome.code == 1
    assert "Hat" in outcome.error


def test_robots_and_formats_are_listed(command: Command) -> None:
    robots = command("robots", "--json").json
    assert sorted(robot["robot"] for robot in robots) == list(robot_names())
    families = [(robot["maker"], robot["family"]) for robot in robots]
    starts = [one for place, one in enumerate(families) if one != families[place - 1]]
    assert starts.count(("Unitree", "G1")) == 1 and families.count(("Unitree", "G1")) == 3
    assert all(robot["licence"] and robot["joints"] for robot in robots)
    formats = command("formats", "--json").json
    assert [entry["format"] for entry in formats] == list(format_names())
    for name in (*robot_names(), *format_names()):
        assert f"\n{name} " in command("robots").out + command("formats").out


def test_doctor_finds_nothing_broken_here(command: Command) -> None:
    outcome = command("doctor", "--json")
    assert outcome.code == 0, outcome.out
    checks = {check["check"]: check for check in outcome.json}
    assert checks["a small run"]["status"] == "ok"
    assert "failed" not in {check["status"] for check in outcome.json}


def test_doctor_says_what_is_broken(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("retarget.demo.clips_folder", lambda: tmp_path)
    outcome = command("doctor", "--json")
    assert outcome.code == 1
    assert [c["check"] for c in outcome.json if c["status"] == "failed"] == ["a small run"]


COMMANDS = (
    *("run", "batch", "evaluate", "export", "inspect", "status", "manifest"),
    *("robots", "formats", "doctor", "demo"),
)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(command: Command, name: str) -> None:
    outcome = command(name, "--help")
    assert outcome.code == 0
    assert f"retarget {name}" in outcome.out


def test_the_version_and_an_unknown_command(command: Command) -> None:
    assert command("--version").out == f"retarget {retarget.__version__}\n"
    outcome = command("retarget-everything")
    assert outcome.code == 2
    assert "retarget-everything" in outcome.error


def test_without_a_command_help_is_shown(command: Command) -> None:
    outcome = command()
    assert outcome.code == 2
    assert "inspect" in outcome.out + outcome.err


def test_an_unexpected_error_is_one_line_and_a_traceback_on_request(
    command: Command, monkeypatch: pytest.MonkeyPatch, walk: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr("retarget.jobs.inspection.find_anatomy", broken)
    outcome = command("inspect", walk)
    assert outcome.code == 1
    assert "internal error" in outcome.error
    assert "ZeroDivisionError: boom" in outcome.error
    with pytest.raises(ZeroDivisionError):
        command("inspect", walk, "--debug")


def test_a_reader_that_has_enough_ends_the_command_quietly() -> None:
    inspect = [sys.executable, "-m", "retarget", "inspect", str(clips_folder() / "cmu_01_01.bvh")]
    with subprocess.Popen(inspect, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read().decode()
    assert "Traceback" not in errors
    assert process.returncode in {0, 1}


def test_inspect_lists_several_files_and_says_which_cannot_be_read(
    command: Command, tmp_path: Path
) -> None:
    torn = tmp_path / "torn.bvh"
    torn.write_text("HIERARCHY\n")
    clips = [clips_folder() / name for name in ("cmu_01_01.bvh", "humanoid_walk.npz")]
    both = command("inspect", *clips)
    assert both.code == 0
    assert [line.split()[1] for line in both.out.splitlines()[1:]] == ["bvh", "amp_npz"]
    records = command("inspect", *clips, torn, "--json")
    assert records.code == 1
    assert [("error" in one) for one in records.json] == [False, False, True]
    assert records.json[0]["frames"] == 688


def test_inspect_draws_a_recording_and_says_where(
    command: Command, walk: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "walk.png"
    outcome = command("inspect", walk, "--picture", picture, "--json")
    assert outcome.code == 0
    assert outcome.json["picture"] == str(picture)
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "reason"),
    [(["{walk}", "{walk}", "--picture", "{new}.png"], "one recording"), (["{walk}", "--picture", "{walk}"], "walk"),
     (["{walk}", "--picture", "{new}.pdf"], "png")],
    ids=["two files", "the input", "another kind"],
)  # fmt: skip
def test_inspect_draws_no_picture_in_anothers_place(
    words: list[str], reason: str, command: Command, walk: Path, tmp_path: Path
) -> None:
    before = walk.read_bytes()
    given = [word.format(walk=walk, new=tmp_path / "new") for word in words]
    outcome = command("inspect", *given)
    assert outcome.code == 2
    assert reason in outcome.err
    assert walk.read_bytes() == before
    assert not list(tmp_path.glob("new*"))
