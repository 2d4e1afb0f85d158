"""``retarget batch`` and ``retarget demo``: folders of files, taken up again."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import Bvh, Command

from retarget.batch import BatchManifest
from retarget.demo import clips_folder, embedded_clips
from retarget.result import RetargetingResult


@pytest.fixture
def folder(tmp_path: Path, bvh: Bvh) -> Path:
    """Three short files in two folders, one of them broken."""
    inputs = tmp_path / "in"
    (inputs / "deep").mkdir(parents=True)
    (inputs / "a.bvh").write_text(bvh.text(bvh.rows[1:60]))
    (inputs / "deep" / "b.bvh").write_text(bvh.text(bvh.rows[60:130]))
    (inputs / "broken.bvh").write_text(bvh.text(bvh.rows[1:9])[:-300])
    (inputs / "notes.txt").write_text("not a motion")
    return inputs


def test_every_file_ends_in_one_record_and_outputs_keep_the_path(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    outcome = command("batch", "--input-dir", folder, "--output-dir", out, "--max-workers", "1")
    assert outcome.code == 1
    assert "2 done, 1 failed of 3 jobs" in outcome.out
    manifest = BatchManifest.load(out / "batch_manifest.json")
    assert [r.job_id for r in manifest.records] == ["a.bvh", "broken.bvh", "deep/b.bvh"]
    broken = manifest.records_by_id()["broken.bvh"]
    assert broken.error_type == "FileFormatError"
    assert "broken.bvh" in broken.message
    assert len(RetargetingResult.load_npz(out / "deep" / "b.npz")) == 70
    assert not (out / "broken.npz").exists()
    good = manifest.records_by_id()["a.bvh"].provenance
    assert good["frames"] == 59
    assert set(good["quality"]) >= {"limb_error_mean", "toe_slide_mean"}


def test_a_second_run_skips_what_is_done_and_redoes_what_is_not(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (folder / "broken.bvh").unlink()
    said = ["batch", "--input-dir", folder, "--output-dir", out, "--max-workers", "1", "--json"]
    assert command(*said).json["success_count"] == 2
    assert command(*said).json["skipped_count"] == 2
    (out / "a.npz").unlink()
    third = command(*said).json
    assert {r["job_id"]: r["status"] for r in third["records"]} == {
        "a.bvh": "success",
        "deep/b.bvh": "skipped",
    }
    assert command(*said, "--force").json["success_count"] == 2


def test_results_of_changed_options_are_stale(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (folder / "broken.bvh").unlink()
    config = tmp_path / "run.toml"
    config.write_text("[options]\nsmoothness = 3.0\n")
    said = ["batch", "--input-dir", folder, "--output-dir", out, "--max-workers", "1"]
    assert command(*said).code == 0
    planned = command(*said, "--config", config, "--dry-run", "--stale", "rerun", "--json").json
    assert [(p["action"], "options changed" in p["reason"]) for p in planned] == [("run", True)] * 2
    assert (
        command(*said, "--config", config, "--stale", "rerun", "--json").json["success_count"] == 2
    )
    assert command(*said, "--config", config, "--json").json["skipped_count"] == 2


def test_a_dry_run_says_what_would_run_and_changes_nothing(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    outcome = command("batch", "--input-dir", folder, "--output-dir", out, "--dry-run")
    assert outcome.code == 0
    assert "3 of 3 jobs would run; nothing was changed" in outcome.out
    assert not out.exists()


def test_two_workers_give_the_same_motion_as_one(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    (folder / "broken.bvh").unlink()
    for workers in ("1", "2"):
        outcome = command(
            "batch",
            "--input-dir",
            folder,
            "--output-dir",
            tmp_path / workers,
            "--max-workers",
            workers,
        )
        assert outcome.code == 0, outcome.err
    one, two = (RetargetingResult.load_npz(tmp_path / w / "deep" / "b.npz") for w in ("1", "2"))
    np.testing.assert_array_equal(one.qpos, two.qpos)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--pattern", "**/*.fbx"], "no file matches"),
        (["--robot", "g2"], "unknown robot"),
        (["--format", "mp4"], "unknown motion format"),
        (["--stale", "perhaps"], "known: fail, rerun, skip"),
        (["--engine", "steam"], "unknown engine"),
        (["--address", "auto"], "add --engine ray"),
        (["--max-workers", "0"], "--max-workers: must be a whole number of at least 1, not 0"),
        (["--timeout", "-1"], "--timeout: must be a number of seconds above 0, not -1.0"),
        (["--limit", "-1"], "--limit: must be a whole number of at least 0, not -1"),
        (["--retries", "-1"], "--retries: must be a whole number of at least 0, not -1"),
        (["--memory-limit", "0.0001"], "--memory-limit: 0.102 MiB is less than any worker"),
        (["--engine", "in-process", "--timeout", "5"], "--timeout: only a process of its own"),
    ],
)
def test_wrong_usage_is_said_before_the_first_job(
    command: Command, folder: Path, tmp_path: Path, words: list[str], complaint: str
) -> None:
    out = tmp_path / "out"
    outcome = command("batch", "--input-dir", folder, "--output-dir", out, *words)
    assert outcome.code == 2
    assert complaint in outcome.error
    assert not out.exists()


def test_a_missing_input_folder_is_wrong_usage(command: Command, tmp_path: Path) -> None:
    outcome = command("batch", "--input-dir", tmp_path / "no", "--output-dir", tmp_path / "out")
    assert outcome.code == 2
    assert "no such folder" in outcome.error


def test_a_foreign_manifest_is_not_overwritten(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "batch_manifest.json").write_text('{"name": "someone else\'s"}')
    outcome = command("batch", "--input-dir", folder, "--output-dir", out)
    assert outcome.code == 1
    assert "batch_manifest.json" in outcome.error
    assert json.loads((out / "batch_manifest.json").read_text()) == {"name": "someone else's"}


def test_the_demo_scores_and_draws_each_clip_and_is_resumable(
    command: Command, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in clips_folder().iterdir()}
    out = tmp_path / "demo"
    names = [path.stem for path in embedded_clips()]
    first = command("demo", "--output-dir", out)
    assert first.code == 0, first.err
    for name in names:
        assert f"\n{name} " in first.out
        assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert str(out / f"{name}.png") in first.out
    assert f"{len(names)} done, 0 failed of {len(names)} jobs" in first.out
    films = [*out.glob("film.*")]
    assert len(films) == 1 and films[0].stat().st_size > 50_000
    assert first.out.rstrip().endswith(f"retarget view {out}")
    again = command("demo", "--output-dir", out)
    assert f"0 done, {len(names)} done before, 0 failed" in again.out
    (out / "humanoid_run.npz").unlink()
    third = command("demo", "--output-dir", out)
    assert f"1 done, {len(names) - 1} done before, 0 failed" in third.out
    assert (out / "humanoid_run.npz").exists()
    assert {path: path.read_bytes() for path in clips_folder().iterdir()} == before


def test_a_batch_is_evaluated_by_its_manifest(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    out, reports = tmp_path / "out", tmp_path / "reports"
    command("batch", "--input-dir", folder, "--output-dir", out, "--max-workers", "1")
    said = ["evaluate", "--batch-manifest", out / "batch_manifest.json", "--output-dir", reports]
    outcome = command(*said, "--output", tmp_path / "summary.json")
    assert outcome.code == 0, outcome.err
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert [clip["clip"] for clip in summary["clips"]] == ["a.bvh", "deep/b.bvh"]
    report = json.loads((reports / "deep" / "b.bvh.json").read_text())
    assert report["measures"]["limb_error_mean"]["unit"] == "deg"
    (out / "a.npz").write_bytes(b"torn")
    torn = command(*said)
    assert torn.code == 1
    assert "a.npz" in torn.err


def test_a_finished_batch_is_looked_into(command: Command, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command("batch", "--input-dir", folder, "--output-dir", out, "--max-workers", "1")
    path = out / "batch_manifest.json"
    status = command("status", path, "--json")
    assert status.code == 0
    assert (status.json["state"], status.json["remaining"]) == ("finished", 0)
    assert status.json["failures_by_type"] == {"FileFormatError": 1}
    assert "2 done, 1 failed of 3 jobs, 0 left; finished" in command("status", path).out
    assert "deep/b.bvh" in command("manifest", "show", path).out
    assert command("manifest", "show", path, "--json").json["total"] == 3
    failed = command("manifest", "failed", path)
    assert failed.code == 1
    assert failed.out.startswith("broken.bvh: FileFormatError: ")
    assert command("manifest", "verify", path).out == "2 of 2 outputs are what their records say\n"
    (out / "a.npz").write_bytes((out / "deep" / "b.npz").read_bytes())
    verified = command("manifest", "verify", path, "--json")
    assert verified.code == 1
    assert [problem["job"] for problem in verified.json["problems"]] == ["a.bvh"]


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["manifest", "show"],
        ["manifest", "verify"],
        ["manifest", "failed"],
        ["manifest", "merge", "--output", "whole.json"],
        ["evaluate", "--batch-manifest"],
    ],
)
def test_a_manifest_that_is_missing_is_wrong_usage_and_one_that_is_none_has_failed(
    command: Command, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "m.json").write_text("[1, 2")
    for name, code in (("m.json", 1), ("missing.json", 2)):
        outcome = command(*words, tmp_path / name)
        assert outcome.code == code
        assert name in outcome.error


def test_shards_together_do_everything_once_and_merge_into_one_manifest(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    said = ["batch", "--input-dir", folder, "--output-dir", out, "--max-workers", "1", "--json"]
    parts = [command(*said, "--shard", f"{i}/2").json for i in (1, 2)]
    names = [{record["job_id"] for record in part["records"]} for part in parts]
    assert names[0] | names[1] == {"a.bvh", "broken.bvh", "deep/b.bvh"}
    assert not names[0] & names[1]
    whole = out / "whole.json"
    merged = command("manifest", "merge", *[part["manifest"] for part in parts], "--output", whole)
    assert merged.code == 0
    assert "2 done, 1 failed of 3 jobs" in merged.out
    assert BatchManifest.load(whole).total == 3
    wrong = command(*said, "--shard", "3/2")
    assert wrong.code == 2
    assert "3/2" in wrong.error


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_an_interrupted_batch_exits_130_says_how_to_go_on_and_does(
    command: Command, tmp_path: Path, walk: Path
) -> None:
    inputs, out = tmp_path / "in", tmp_path / "out"
    inputs.mkdir()
    for number in range(40):
        (inputs / f"{number:02}.npz").write_bytes(walk.read_bytes())
    said = [
        "batch",
        "--input-dir",
        inputs,
        "--output-dir",
        out,
        "--pattern",
        "*.npz",
        "--max-workers",
        "1",
    ]
    words = [sys.executable, "-m", "retarget", *map(str, said)]
    with subprocess.Popen(
        words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            if line.startswith("[1/40]"):
                process.send_signal(signal.SIGINT)
    assert process.returncode == 130
    assert lines[-1].startswith("interrupted: ")
    assert "run the same command again to go on" in lines[-1]
    done = BatchManifest.load(out / "batch_manifest.json").success_count
    assert 1 <= done < 40
    again = command(*said, "--json")
    assert again.code == 0
    assert (again.json["skipped_count"], again.json["success_count"]) == (done, 40 - done)


def test_a_mixed_folder_is_looked_into_and_what_was_passed_over_is_listed(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    outcome = command(
        "batch", "--input-dir", folder, "--output-dir", out, "--pattern", "**/*", "--dry-run"
    )
    assert "passed over: notes.txt: is not of any known motion format" in outcome.err
    assert "3 of 3 jobs would run" in outcome.out
    assert not out.exists()


def test_a_data_set_brings_its_pattern_and_its_terms(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    (folder / "walk1_subject5.bvh").write_text((folder / "a.bvh").read_text())
    said = [
        "batch",
        "--input-dir",
        folder,
        "--output-dir",
        tmp_path / "out",
        "--dry-run",
        "--dataset",
    ]
    outcome = command(*said, "lafan1", "--split", "test")
    assert "note: LAFAN1: CC BY-NC-ND 4.0" in outcome.err
    assert "1 of 1 job would run" in outcome.out
    assert command(*said, "nowhere").code == 2
    assert (
        "--dataset NAME"
        in command("batch", "--input-dir", folder, "--output-dir", tmp_path, "--split", "x").error
    )
