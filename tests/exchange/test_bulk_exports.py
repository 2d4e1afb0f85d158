"""Bulk export: what is written of a batch, what is left out, and that it goes on where it was stopped."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import loaders
import numpy as np
import pytest
from robot_motions import EMBEDDED, result_of, smooth_motion

from retarget.batch import BatchManifest, BatchRunRecord
from retarget.batch.models import utc_now
from retarget.cli.main import main
from retarget.files import atomic_path, remove_temporaries
from retarget.kinds import RunStatus
from retarget.robots import load_robot

G1 = load_robot("unitree_g1")
CLIPS = {"a/walk.v2": [], "a/run": [], "b/walk": [], "b/fall": ["force_left_mean"]}
FRAMES = {"a/walk.v2": 20, "a/run": 31, "b/walk": 25, "b/fall": 22}


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """The manifest of a batch of four results, of which one does not pass, and of a job that failed."""
    folder, now = tmp_path / "robot", utc_now()
    records = []
    for name, gates in CLIPS.items():
        path = folder / f"{name}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        qpos = smooth_motion(G1, FRAMES[name], 50.0)
        qpos[:, 0] += len(records)
        result_of(qpos, 50.0, G1).save_npz(path)
        records.append(record(name, path, RunStatus.SUCCESS, {"failed_gates": gates}))
    records.append(record("b/torn", folder / "b/torn.npz", RunStatus.FAILED, {}))
    manifest = BatchManifest.from_records(
        records=records, total=5, created_at=now, output_dir=folder
    )
    manifest.save_json(folder / "batch_manifest.json")
    return folder / "batch_manifest.json"


def record(name: str, output: Path, status: RunStatus, provenance: dict) -> BatchRunRecord:
    now = utc_now()
    return BatchRunRecord(
        job_id=f"{name}.bvh",
        motion=Path(f"{name}.bvh"),
        output=output,
        status=status,
        started_at=now,
        finished_at=now,
        message="torn" if status == "failed" else "",
        provenance=provenance,
    )


def export(batch: Path, output: Path, kind: str, *words: str) -> int:
    where = ["--batch-manifest", str(batch), "--output-dir", str(output)]
    return main(["export", *where, "--for", kind, "--max-workers", "1", *words])


def test_clips_that_pass_are_written_and_the_others_are_told(
    batch: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "mjlab"
    assert export(batch, out, "mjlab") == 0
    files = {path.relative_to(out).as_posix() for path in out.rglob("*.npz")}
    assert files == {"a/walk.v2.npz", "a/run.npz", "b/walk.npz"}
    index = json.loads((out / "export.json").read_text())
    assert {clip["file"] for clip in index["clips"]} == files
    assert {clip["clip"]: clip["reason"] for clip in index["left_out"]} == {
        "b/fall.bvh": "does not pass: force_left_mean",
        "b/torn.bvh": "failed: torn",
    }
    assert {clip["fps"] for clip in index["clips"]} == {50.0}
    assert export(batch, tmp_path / "all", "mjlab", "--all") == 0
    assert (tmp_path / "all" / "b" / "fall.npz").is_file()
    capsys.readouterr()
    assert export(batch, tmp_path / "all", "mjlab") == 0  # what failed is there from before
    said = capsys.readouterr().err
    assert "note: 1 file of other runs in" in said and "fall.npz" in said


def test_a_clip_of_which_nothing_is_known_is_left_out(batch: Path, tmp_path: Path) -> None:
    manifest = BatchManifest.load(batch)
    records = [
        one.model_copy(update={"provenance": {}}) if one.job_id == "a/run.bvh" else one
        for one in manifest.records
    ]
    manifest.model_copy(update={"records": tuple(records)}).save_json(batch)
    assert export(batch, tmp_path / "out", "unitree_csv") == 0
    index = json.loads((tmp_path / "out" / "export.json").read_text())
    told = {clip["clip"]: clip["reason"] for clip in index["left_out"]}
    assert "says nothing of gates" in told["a/run.bvh"]


def test_it_goes_on_where_it_stopped_and_sees_what_changed(batch: Path, tmp_path: Path) -> None:
    out = tmp_path / "phc"
    assert export(batch, out, "phc") == 0
    first = {path: path.stat().st_mtime_ns for path in out.rglob("*.pkl")}
    gone, changed = out / "a" / "run.pkl", out / "b" / "walk.pkl"
    gone.unlink()
    source = batch.parent / "b" / "walk.npz"
    result_of(smooth_motion(G1, 40, 50.0), 50.0, G1).save_npz(source)
    assert export(batch, out, "phc") == 0
    now = {path: path.stat().st_mtime_ns for path in out.rglob("*.pkl")}
    assert set(now) == set(first)
    assert {path for path in now if now[path] != first[path]} == {gone, changed}
    assert len(loaders.phc_entry(changed, "walk", G1.joint_names).qpos) == 24  # 40 frames, 50 -> 30


def test_another_model_of_the_robot_that_changes_makes_files_stale(
    batch: Path, tmp_path: Path
) -> None:
    out, model = tmp_path / "mjlab", tmp_path / "g1.xml"
    text = (EMBEDDED / "unitree_g1" / "model.xml").read_text()
    height = []
    for offset in ("-0.017558", "-0.027558"):  # of both feet below the ankles
        model.write_text(text.replace('pos="0 0 -0.017558"', f'pos="0 0 {offset}"'))
        assert export(batch, out, "mjlab", "--joints", str(model)) == 0
        data = np.load(out / "a" / "run.npz")
        foot = data["body_names"].tolist().index("left_ankle_roll_link")
        height.append(data["body_pos_w"][0, foot])
    assert np.linalg.norm(height[0] - height[1]) == pytest.approx(0.01, abs=1e-5)


def test_what_a_killed_writer_leaves_is_taken_away(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic_path(tmp_path / "clip.pkl") as made:
        made.write_bytes(b"half")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())
    left = tmp_path / ".clip.pkl.71-0123abcd.tmp"
    left.mkdir()
    (left / "clip.pkl").write_bytes(b"half")
    remove_temporaries(tmp_path / "clip.pkl")
    assert not list(tmp_path.iterdir())


def test_an_edited_file_is_found(
    batch: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "csv"
    assert export(batch, out, "unitree_csv") == 0
    manifest = str(out / "export_manifest.json")
    assert main(["manifest", "verify", manifest]) == 0
    path = out / "a" / "run.csv"
    text = path.read_text()
    path.write_text(text.replace(text[:4], "9.99", 1))
    capsys.readouterr()
    assert main(["manifest", "verify", manifest]) == 1
    assert "a/run.bvh" in capsys.readouterr().err


def test_one_dictionary_of_all_clips(batch: Path, tmp_path: Path) -> None:
    out = tmp_path / "asap"
    assert export(batch, out, "asap", "--merge") == 0
    library = pickle.loads((tmp_path / "asap.pkl").read_bytes())
    assert list(library) == ["a__walk_v2", "a__run", "b__walk"]
    for name, path in zip(library, ("a/walk_v2", "a/run", "b/walk"), strict=True):
        (entry,) = pickle.loads((out / f"{path}.pkl").read_bytes()).values()
        assert set(entry) == set(library[name])
        for key, value in entry.items():
            np.testing.assert_array_equal(library[name][key], value)
            assert not isinstance(value, np.ndarray) or library[name][key].flags.writeable


def test_one_package_of_all_clips(batch: Path, tmp_path: Path) -> None:
    out = tmp_path / "proto"
    assert export(batch, out, "protomotions", "--merge") == 0
    package = loaders.torch_dict(tmp_path / "proto.pt")
    starts, counts = package["length_starts"], package["motion_num_frames"]
    assert starts.dtype == counts.dtype == np.int64
    assert counts.sum() == len(package["gts"]) == len(package["contacts"])
    assert starts.tolist() == [0, *np.cumsum(counts)[:-1].tolist()]
    np.testing.assert_allclose(package["motion_dt"], 1 / 30)
    np.testing.assert_allclose(package["motion_lengths"], (counts - 1) / 30, rtol=1e-6)
    assert package["motion_files"] == ("a__walk.v2", "a__run", "b__walk")
    for name, start, count in zip(("a/walk.v2", "a/run", "b/walk"), starts, counts, strict=True):
        clip = loaders.torch_dict(out / f"{name}.motion")
        frames = slice(start, start + count)
        np.testing.assert_array_equal(package["gts"][frames], clip["rigid_body_pos"])
        np.testing.assert_array_equal(package["grs"][frames], clip["rigid_body_rot"])
        np.testing.assert_array_equal(package["dvs"][frames], clip["dof_vel"])


def test_one_file_of_trajectories(batch: Path, tmp_path: Path) -> None:
    assert export(batch, tmp_path / "loco", "loco_mujoco", "--merge") == 0
    data = np.load(tmp_path / "loco.npz")
    assert set(data.files) == {
        *("qpos", "qvel", "split_points", "joint_names", "frequency", "njnt", "jnt_type")
    }
    assert data["split_points"].tolist() == [0, 20, 51, 76]
    one = np.load(tmp_path / "loco" / "a" / "run.npz")
    np.testing.assert_array_equal(data["qpos"][20:51], one["qpos"])


def test_lists_name_files_that_are_there(batch: Path, tmp_path: Path) -> None:
    assert export(batch, tmp_path / "twist", "twist", "--merge") == 0
    root, files = "", []
    for line in (tmp_path / "twist.yaml").read_text().splitlines():
        key, _, value = line.removeprefix("- ").strip().partition(": ")
        if key == "root_path":
            root = json.loads(value)
        if key == "file":
            files.append(Path(root) / json.loads(value))
    assert len(files) == 3 and all(file.is_file() for file in files)
    lists = [pickle.loads(file.read_bytes())["link_body_list"] for file in files]
    assert lists[0] == lists[1] == lists[2]  # only the first clip's is kept when they are loaded


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["mjlab", "--merge"], "take clips file by file"),
        (["no_such"], "unknown export format"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    batch: Path, tmp_path: Path, words: list[str], told: str, capsys: pytest.CaptureFixture
) -> None:
    assert export(batch, tmp_path / "out", *words) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_results_are_not_overwritten(batch: Path, capsys: pytest.CaptureFixture) -> None:
    before = {path: path.read_bytes() for path in batch.parent.rglob("*.npz")}
    assert export(batch, batch.parent, "mjlab") == 2
    assert "the output is the input" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in batch.parent.rglob("*.npz")} == before


def test_a_clip_that_cannot_be_written_fails_alone(batch: Path, tmp_path: Path) -> None:
    source = batch.parent / "a" / "run.npz"
    whole = result_of(smooth_motion(G1, 40, 50.0), 50.0, G1)
    short = replace(
        whole,
        qpos=whole.qpos[:2],
        contacts=whole.contacts[:2],
        frame_cost=whole.frame_cost[:2],
        body_contacts=whole.body_contacts[:2],
        source=replace(
            whole.source, positions=whole.source.positions[:2], rotations=whole.source.rotations[:2]
        ),
    )
    short.save_npz(source)
    assert export(batch, tmp_path / "out", "mjlab") == 1
    records = BatchManifest.load(tmp_path / "out" / "export_manifest.json").records_by_id()
    assert "needs 3 frames" in records["a/run.bvh"].message
    assert records["b/walk.bvh"].status == "success"
