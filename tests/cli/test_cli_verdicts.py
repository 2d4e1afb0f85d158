"""What gates say is said: by run in a line, by batch and evaluate in a count, and in the exit code where asked."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import Bvh, Command

from retarget.demo import clips_folder
from retarget.evaluation import ClipReport, Summary
from retarget.result import RetargetingResult


@pytest.fixture(scope="module")
def sound(bvh: Bvh) -> str:
    return bvh.text(bvh.rows[:40])


def hanging(bvh: Bvh) -> str:
    """A clip of a jump that stands still for half a second in the middle of it."""
    rows = list(bvh.rows[60:160])
    rows[40:55] = [rows[40]] * 15
    return bvh.text(rows)


@pytest.fixture(scope="module")
def batch_of_four(
    bvh: Bvh, sound: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """Output and input folder of a batch: a clip passes, one hangs, one cannot be read, one has a name beyond UTF-8."""
    from retarget.cli.main import main

    folder = tmp_path_factory.mktemp("batch")
    clips, out = folder / "in", folder / "out"
    clips.mkdir()
    (clips / "sound.bvh").write_text(sound)
    (clips / "hangs.bvh").write_text(hanging(bvh))
    (clips / "broken.bvh").write_text("no motion")
    (clips / os.fsdecode(b"caf\xe9.bvh")).write_text(sound)
    words = ["batch", "--input-dir", clips, "--output-dir", out, "--max-workers", "1"]
    assert main([str(word) for word in words]) == 1
    return out, str(clips)


def test_run_says_in_one_line_which_gates_are_missed(
    command: Command, bvh: Bvh, sound: str, tmp_path: Path
) -> None:
    (tmp_path / "sound.bvh").write_text(sound)
    (tmp_path / "hangs.bvh").write_text(hanging(bvh))

    def run(name: str, *more: str):
        return command("run", "--motion", tmp_path / name, "--output", tmp_path / "r.npz", *more)

    assert "  passes all " in run("sound.bvh", "--fail-on-gates").out
    missed = run("hangs.bvh")
    assert missed.code == 0
    (line,) = [line for line in missed.out.splitlines() if line.startswith("  misses ")]
    assert "the recording hangs for 0.467 s amid motion, at most 0.2 (at 1.6 s)" in line
    assert run("hangs.bvh", "--fail-on-gates").code == 1
    assert "human_repeated_time_max" in run("hangs.bvh", "--json").json["failed_gates"]


def test_batch_ends_with_how_many_clips_miss_which_gate(
    command: Command, batch_of_four: tuple[Path, str], tmp_path: Path
) -> None:
    out, clips = batch_of_four
    words = ["batch", "--input-dir", clips, "--output-dir", out, "--max-workers", "1"]
    outcome = command(*words)
    assert "1 of 3 clips misses a gate: " in outcome.out
    assert "Longest loss of frames of the recording (1)" in outcome.out
    words = [
        *("batch", "--input-dir", clips, "--pattern", "hangs.bvh"),
        *("--output-dir", tmp_path / "out", "--max-workers", "1"),
    ]
    assert command(*words).code == 0
    assert command(*words, "--fail-on-gates").code == 1


def test_a_damaged_result_stops_no_evaluation_and_is_named_with_its_reason(
    command: Command, batch_of_four: tuple[Path, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(batch_of_four[0], out)
    manifest = moved(out, batch_of_four[0])
    with np.load(out / "sound.npz") as archive:
        arrays = {**archive, "contacts": np.zeros((40, 2, 1), bool)}
    np.savez(out / "sound.npz", **arrays)
    words = ["evaluate", "--batch-manifest", manifest, "--output", tmp_path / "sum.json"]
    outcome = command(*words, "--output-dir", tmp_path / "reports")
    assert outcome.code == 1
    assert "error: sound.bvh: " in outcome.err and "contacts" in outcome.err
    assert "1 result cannot be judged" in outcome.out
    assert "1 job has no result" in outcome.out
    assert "hangs.bvh: misses " in outcome.out
    summary = Summary.read(tmp_path / "sum.json")
    assert [clip.clip for clip in summary.clips] == ["caf\\udce9.bvh", "hangs.bvh"]
    assert {clip.clip: clip.has_result for clip in summary.unjudged} == {
        "sound.bvh": True,
        "broken.bvh": False,
    }
    assert summary.missed_gates["human_repeated_time_max"] == 1
    assert ClipReport.read(tmp_path / "reports" / "hangs.bvh.json").failed_gates


def moved(out: Path, earlier: Path) -> Path:
    """The manifest of a batch that lies elsewhere now."""
    manifest = out / "batch_manifest.json"
    manifest.write_text(manifest.read_text().replace(str(earlier), str(out)))
    return manifest


def test_evaluate_ends_with_a_summary_and_leaves_details_to_the_reports(
    command: Command, batch_of_four: tuple[Path, str]
) -> None:
    words = ["evaluate", "--batch-manifest", batch_of_four[0] / "batch_manifest.json"]
    outcome = command(*words)
    assert outcome.code == 0
    assert " s" not in [line[-2:] for line in outcome.out.splitlines() if "joint is at" in line]
    assert "1 of 3 clips misses a gate: " in outcome.out
    assert "1 job has no result" in outcome.out.splitlines()[-1]
    assert command(*words, "--fail-on-gates").code == 1
    assert len(command(*words, "--json").json["unjudged"]) == 1


def test_outputs_whose_names_are_not_utf_8_are_found(
    command: Command, batch_of_four: tuple[Path, str]
) -> None:
    manifest = batch_of_four[0] / "batch_manifest.json"
    assert "caf\\udce9.bvh" in manifest.read_text().replace("\\\\", "\\")
    verified = command("manifest", "verify", manifest)
    assert (verified.code, verified.out) == (0, "3 of 3 outputs are what their records say\n")
    judged = command("evaluate", "--batch-manifest", manifest, "--json").json
    assert "caf\\udce9.bvh" in [clip["clip"] for clip in judged["clips"]]


def test_a_large_batch_is_told_in_few_lines(
    command: Command, batch_of_four: tuple[Path, str], tmp_path: Path
) -> None:
    """Thirty clips and twenty without a result: a table of the worst, and counts."""
    manifest = json.loads((batch_of_four[0] / "batch_manifest.json").read_text())
    by_id = {record["job_id"]: record for record in manifest["records"]}
    records = [by_id["hangs.bvh"] | {"job_id": f"hangs{i}"} for i in range(3)]
    records += [by_id["sound.bvh"] | {"job_id": f"sound{i}"} for i in range(27)]
    records += [by_id["broken.bvh"] | {"job_id": f"broken{i}"} for i in range(20)]
    manifest |= {"records": records, "total": 50, "success_count": 30, "failed_count": 20}
    (tmp_path / "m.json").write_text(json.dumps(manifest))
    outcome = command("evaluate", "--batch-manifest", tmp_path / "m.json")
    assert outcome.code == 0, outcome.err
    assert "the 10 worst of 30 clips" in outcome.out
    assert "3 of 30 clips miss a gate" in outcome.out
    assert "20 jobs have no result" in outcome.out
    assert "... and 10 more" in outcome.err
    assert len(outcome.out.splitlines()) < 25
    rows = [line.split()[0] for line in outcome.out.splitlines()[1:4]]
    assert rows == ["hangs0", "hangs1", "hangs2"]


def test_a_clip_in_which_nobody_stands_says_why_columns_are_empty(
    command: Command, bvh: Bvh, tmp_path: Path
) -> None:
    (tmp_path / "flight.bvh").write_text(bvh.text(bvh.rows[100:102]))  # too short for any stance
    words = ["--motion", tmp_path / "flight.bvh", "--output", tmp_path / "r.npz"]
    assert "no foot of the human stands in this clip" in command("run", *words).out
    assert "no foot of the human" in command("evaluate", "--result", tmp_path / "r.npz").out


def test_who_inspects_a_result_is_told_what_it_is(command: Command, walk_result: Path) -> None:
    outcome = command("inspect", walk_result)
    assert outcome.code == 0
    assert "a result of retarget: a robot's motion" in outcome.out
    facts = command("inspect", walk_result, "--json").json
    assert (facts["robot"], facts["frames"]) == ("unitree_g1", 77)
    assert command("inspect", clips_folder() / "humanoid_walk.npz", "--json").json["rig"]


def test_a_result_of_another_robot_is_told_apart(command: Command, walk_result: Path) -> None:
    outcome = command("evaluate", "--result", walk_result, "--robot", "unitree_h1")
    assert "'unitree_g1' does not fit 'unitree_h1': it has 29 joints, the robot 19" in outcome.error
    assert RetargetingResult.load_npz(walk_result).robot == "unitree_g1"


def test_a_batch_is_parted_by_gates_into_what_to_train_on_and_what_not(
    command: Command, batch_of_four: tuple[Path, str], tmp_path: Path
) -> None:
    words = ["evaluate", "--batch-manifest", batch_of_four[0] / "batch_manifest.json"]
    outcome = command(*words, "--gate", "train-ready", "--output-dir", tmp_path)
    assert outcome.code == 1
    assert (tmp_path / "train.txt").read_text() == "caf\\udce9.bvh\nsound.bvh\n"
    rejected = dict(
        line.split("\t") for line in (tmp_path / "rejected.txt").read_text().splitlines()
    )
    assert set(rejected) == {"hangs.bvh", "broken.bvh"}
    said = "the recording hangs for 0.467 s amid motion, at most 0.2 (at 1.6 s)"
    assert said in rejected["hangs.bvh"]
    manifest = batch_of_four[0] / "batch_manifest.json"
    assert said in command("evaluate", "--batch-manifest", manifest).out
    table = tmp_path / "report.csv"
    assert command("report", manifest, "--format", "csv", "--output", table).code == 0
    assert said in table.read_text()
    assert rejected["broken.bvh"].startswith("no result: ")


def test_a_profile_of_ones_own_decides_and_an_unknown_one_is_wrong_usage(
    command: Command, walk_result: Path, tmp_path: Path
) -> None:
    words = ["evaluate", "--result", walk_result]
    assert command(*words, "--gate", "look-only").code == 0
    (tmp_path / "own.toml").write_text("[gates.jerk_mean]\nfail = 1.0\n")
    outcome = command(*words, "--gate", tmp_path / "own.toml")
    assert outcome.code == 1
    assert "joints jerk by " in outcome.out
    for unknown in ("lenient", tmp_path / "none.toml"):
        assert command(*words, "--gate", unknown).code == 2
