"""A data set holds the motions of a batch, where they are from and how good they are, and tells what was changed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retarget.batch import BatchManifest, BatchRunRecord
from retarget.batch.models import utc_now
from retarget.cli.main import main
from retarget.dataset import Dataset, PackOptions, Shares, filtered, pack, resplit
from retarget.dataset.derive import Condition
from retarget.errors import FileFormatError, OptionsError, UnknownNameError
from retarget.jobs.passing import Choice
from retarget.kinds import RunStatus
from retarget.result import RetargetingResult, SourceClip, packed_rotations
from retarget.robots import RobotModel, load_robot
from retarget.tracks import link_set, make_tracks

G1 = load_robot("unitree_g1")
# Clip -> failed gates, limb error in degrees, frames at 60 frames per second.
CLIPS = {
    "dance/jive": ([], 2.0, 200),
    "dance/jive_mirror": ([], 2.5, 200),
    "walk/slow": ([], 9.0, 150),
    "walk/fast": ([], 12.0, 120),
    "walk/limp": (["limb_error_mean"], 40.0, 130),
}


def motion(robot: RobotModel, frames: int, seed: int) -> RetargetingResult:
    """A result that swings every joint at 60 frames per second, unlike those of other seeds."""
    time = np.arange(frames) / 60
    qpos = np.zeros((frames, robot.qpos_size))
    qpos[:, 0], qpos[:, 2] = time, 0.8
    turn = 0.3 * np.sin(time + seed)
    qpos[:, 3], qpos[:, 6] = np.cos(turn), np.sin(turn)
    qpos[:, 7:] = 0.2 * np.sin(np.outer(time, 1 + np.arange(robot.joint_count) / 9) + seed)
    contacts = np.zeros((frames, 2, 2), bool)
    contacts[::2, 0, 1] = True
    source = SourceClip(
        ("pelvis",),
        np.zeros((frames, 1, 3), np.float32),
        ("pelvis",),
        packed_rotations(np.tile([1.0, 0, 0, 0], (frames, 1, 1))),
    )
    return RetargetingResult(
        qpos, 60.0, robot.joint_names, robot.name, contacts, np.zeros(frames), source
    )


def record(folder: Path, name: str, gates: list[str], error: float) -> BatchRunRecord:
    now = utc_now()
    return BatchRunRecord(
        job_id=f"{name}.bvh",
        motion=folder / "mocap" / f"{name}.bvh",
        output=folder / "robot" / f"{name}.npz",
        status=RunStatus.SUCCESS,
        started_at=now,
        finished_at=now,
        provenance={
            "failed_gates": gates,
            "quality": {"limb_error_mean": error, "toe_slide_mean": None},
            "motion_sha256": f"sha of {name}",
            "doubts": [{"text": "the up axis was guessed"}] if name == "walk/slow" else [],
        },
    )


@pytest.fixture
def batch(tmp_path: Path) -> BatchManifest:
    records = []
    for seed, (name, (gates, error, frames)) in enumerate(CLIPS.items()):
        records.append(record(tmp_path, name, gates, error))
        records[-1].output.parent.mkdir(parents=True, exist_ok=True)
        motion(G1, frames, seed).save_npz(records[-1].output)
    (tmp_path / "mocap" / "dance").mkdir(parents=True)
    (tmp_path / "mocap" / "dance" / "LICENSE.txt").write_text("\nCreative Commons BY 4.0\nmore\n")
    return BatchManifest.from_records(
        records=records,
        total=len(records),
        created_at=utc_now(),
        input_dir=tmp_path / "mocap",
        output_dir=tmp_path / "robot",
    )


def test_clips_come_out_as_they_went_in(batch: BatchManifest, tmp_path: Path) -> None:
    pack(batch, tmp_path / "set", PackOptions(fps=30.0))
    data = Dataset.open(tmp_path / "set")
    assert data.clips() == (
        "dance/jive.bvh",
        "dance/jive_mirror.bvh",
        "walk/slow.bvh",
        "walk/fast.bvh",
    )
    result = RetargetingResult.load_npz(tmp_path / "robot" / "walk" / "slow.npz").resampled(30.0)
    tracks = make_tracks(result.qpos, 30.0, G1, links=link_set(G1, fixed=True))
    found = data.clip("walk/slow.bvh")
    bodies = tracks.bodies
    for name, expected in {
        "root_position": tracks.root_position,
        "root_rotation": tracks.root_rotation,
        "joint_position": tracks.joint_position,
        "joint_velocity": tracks.joint_velocity,
        "root_velocity": tracks.root_velocity,
        "root_spin": tracks.root_spin,
        "link_position": bodies.position,
        "link_rotation": bodies.rotation,
        "link_velocity": bodies.velocity,
        "link_centre_velocity": bodies.centre_velocity,
        "link_spin": bodies.spin,
        "foot_contact": result.contacts.any(axis=2),
    }.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], expected.astype(np.float32), err_msg=name)
    assert data.description.link_names == tracks.links.names
    assert data.description.fps == 30.0


def test_the_index_says_where_clips_are_from_and_how_good_they_are(
    batch: BatchManifest, tmp_path: Path
) -> None:
    pack(batch, tmp_path / "set", PackOptions(licences={"walk": "in house"}))
    rows = {row["clip"]: row for row in Dataset.open(tmp_path / "set").rows}
    slow, jive = rows["walk/slow.bvh"], rows["dance/jive.bvh"]
    assert (slow["source_folder"], slow["source_fps"]) == ("walk", 60.0)
    assert (slow["limb_error_mean"], slow["toe_slide_mean"]) == (9.0, None)
    assert slow["doubts"] == ["the up axis was guessed"] and slow["passed"] is True
    assert slow["duration_s"] == slow["frames"] / 50.0
    assert slow["licence"] == "in house"
    assert jive["licence"].startswith("LICENSE.txt: Creative Commons BY 4.0")
    left_out = Dataset.open(tmp_path / "set").description.left_out
    assert left_out == {"walk/limp.bvh": "does not pass: limb_error_mean"}


def test_the_card_tells_people(batch: BatchManifest, tmp_path: Path) -> None:
    pack(
        batch,
        tmp_path / "set",
        PackOptions(title="Walks and dances", choice=Choice(everything=True)),
    )
    card = (tmp_path / "set" / "card.md").read_text()
    assert card.startswith("# Walks and dances\n\n5 clips, ")
    assert G1.sha256 in card
    assert "| dance | 2 | 332 | LICENSE.txt: Creative Commons BY 4.0" in card
    assert "| walk | 3 | 333 | unknown |" in card
    assert "| limb_error_mean | 9 | " in card
    assert "(deg)" in card


def test_pyarrow_alone_reads_it(batch: BatchManifest, tmp_path: Path) -> None:
    import pyarrow.parquet as parquet

    pack(batch, tmp_path / "set")
    table = parquet.read_table(tmp_path / "set" / "frames-00000.parquet")
    index = parquet.read_table(tmp_path / "set" / "index.parquet").to_pylist()
    assert len(table) == sum(row["frames"] for row in index)
    assert np.bincount(table["clip"].to_numpy()).tolist() == [row["frames"] for row in index]
    assert len(table["joint_position"][0].as_py()) == 29


def test_many_frames_are_divided_among_files(
    batch: BatchManifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(batch, tmp_path / "one")
    monkeypatch.setattr("retarget.dataset.tables._SHARD_FRAMES", 300)
    pack(batch, tmp_path / "some")
    one, some = Dataset.open(tmp_path / "one"), Dataset.open(tmp_path / "some")
    assert len(some.description.files) == 4  # an index, and three files of frames
    for clip in one.clips():
        for name, values in one.clip(clip).items():
            np.testing.assert_array_equal(some.clip(clip)[name], values)


def test_fewer_joints(batch: BatchManifest, tmp_path: Path) -> None:
    description = pack(batch, tmp_path / "set", PackOptions(joints="g1_23"))
    assert description.joint_names == G1.joint_sets["g1_23"]
    clip = Dataset.open(tmp_path / "set").clip("walk/slow.bvh")
    assert clip["joint_position"].shape[1] == 23
    assert clip["link_position"].shape[1] == len(description.link_names)


def test_a_mirrored_take_is_never_on_both_sides(batch: BatchManifest, tmp_path: Path) -> None:
    pack(batch, tmp_path / "set", PackOptions(shares=Shares.parsed("a=0.5,b=0.5")))
    data = Dataset.open(tmp_path / "set")
    sides = set()
    for seed in range(8):
        folder = tmp_path / f"split{seed}"
        resplit(data, folder, Shares.parsed("a=0.5,b=0.5"), seed)
        rows = {row["clip"]: row for row in Dataset.open(folder).rows}
        jive, mirrored = rows["dance/jive.bvh"], rows["dance/jive_mirror.bvh"]
        assert jive["take"] == mirrored["take"] != rows["walk/slow.bvh"]["take"]
        assert jive["split_by_clip"] == mirrored["split_by_clip"]
        assert {row["split_by_folder"] for row in rows.values()} == {"a", "b"}
        assert rows["walk/slow.bvh"]["split_by_folder"] == rows["walk/fast.bvh"]["split_by_folder"]
        sides.add(jive["split_by_clip"])
        assert not list(Dataset.open(folder).problems())
    assert sides == {"a", "b"}  # the seed counts


def test_only_clips_within_bounds_are_kept(batch: BatchManifest, tmp_path: Path) -> None:
    pack(batch, tmp_path / "set")
    data = Dataset.open(tmp_path / "set")
    conditions = [Condition.parsed("limb_error_mean <= 9"), Condition.parsed("duration_s > 2.4")]
    filtered(data, tmp_path / "good", conditions)
    good = Dataset.open(tmp_path / "good")
    assert good.clips() == ("dance/jive.bvh", "dance/jive_mirror.bvh", "walk/slow.bvh")
    for clip in good.clips():
        np.testing.assert_array_equal(good.clip(clip)["link_spin"], data.clip(clip)["link_spin"])
    assert good.description.filters == ("limb_error_mean <= 9", "duration_s > 2.4")
    assert good.description.left_out["walk/fast.bvh"] == "does not meet limb_error_mean <= 9"
    splits = {row["clip"]: row["split_by_clip"] for row in data.rows}
    assert all(splits[row["clip"]] == row["split_by_clip"] for row in good.rows)
    # A clip without the number does not meet a bound on it.
    with pytest.raises(OptionsError, match="no clip of"):
        filtered(data, tmp_path / "none", [Condition.parsed("toe_slide_mean < 1e9")])
    with pytest.raises(UnknownNameError, match="unknown measure 'no_such'"):
        filtered(data, tmp_path / "none", [Condition.parsed("no_such < 1")])
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "text", ["limb_error_mean", "limb < a", "__import__('os') < 1", "a < 1 or 1"]
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(OptionsError, match="a condition is"):
        Condition.parsed(text)


def test_what_was_changed_is_found(batch: BatchManifest, tmp_path: Path) -> None:
    pack(batch, tmp_path / "set")
    path = tmp_path / "set" / "frames-00000.parquet"
    whole = path.read_bytes()
    assert main(["dataset", "verify", str(tmp_path / "set")]) == 0
    for damaged in (whole[:-40], whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:]):
        path.write_bytes(damaged)
        assert main(["dataset", "verify", str(tmp_path / "set")]) == 1
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileFormatError, match="not a shard"):
        Dataset.open(tmp_path / "set").clip("walk/slow.bvh")
    path.unlink()
    assert any("missing" in problem for problem in Dataset.open(tmp_path / "set").problems())
    with pytest.raises(FileFormatError, match="give the folder of a packed data set"):
        Dataset.open(tmp_path)


def test_a_torn_result_is_left_out_and_told(
    batch: BatchManifest, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "robot" / "walk" / "fast.npz").write_bytes(b"torn")
    batch.save_json(tmp_path / "robot" / "batch_manifest.json")
    words = [str(tmp_path / "robot" / "batch_manifest.json"), "--output", str(tmp_path / "set")]
    assert main(["dataset", "pack", *words, "--json"]) == 1
    out, err = capsys.readouterr()
    assert "error: walk/fast.bvh: cannot be read" in err
    assert json.loads(out)["clips"] == 3
    assert "walk/fast.bvh" not in Dataset.open(tmp_path / "set").clips()


def test_two_robots_are_two_data_sets(batch: BatchManifest, tmp_path: Path) -> None:
    other = load_robot("unitree_h1")
    motion(other, 90, 3).save_npz(tmp_path / "robot" / "walk" / "fast.npz")
    with pytest.raises(OptionsError, match="pack each robot by itself"):
        pack(batch, tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_nothing_is_packed_of_nothing(batch: BatchManifest, tmp_path: Path) -> None:
    records = tuple(
        one.model_copy(update={"provenance": {"failed_gates": ["x"]}}) for one in batch.records
    )
    with pytest.raises(OptionsError, match="no clip is left to pack of 5"):
        pack(batch.model_copy(update={"records": records}), tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_commands_filter_split_and_show(
    batch: BatchManifest, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    manifest = tmp_path / "robot" / "batch_manifest.json"
    batch.save_json(manifest)
    first, second, third = (str(tmp_path / name) for name in ("one", "two", "three"))
    licence = ["--licence", "walk=in house"]
    assert main(["dataset", "pack", str(manifest), "--output", first, "--all", *licence]) == 0
    assert main(["dataset", "filter", first, "--output", second, "--where", "passed == 1"]) == 0
    assert main(["dataset", "split", second, "--output", third, "--splits", "a=1,b=1"]) == 0
    capsys.readouterr()
    assert main(["dataset", "show", third, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [row["clip"] for row in shown["clips"]] == list(Dataset.open(second).clips())
    assert shown["shares"] == {"a": 0.5, "b": 0.5}
    assert main(["dataset", "split", second, "--output", second]) == 2
    assert main(["dataset", "pack", str(manifest), "--output", str(tmp_path / "robot")]) == 2


def test_the_same_batch_makes_the_same_data_set(batch: BatchManifest, tmp_path: Path) -> None:
    options = PackOptions(title="same", seed=5)
    first, second = (pack(batch, tmp_path / name, options) for name in ("one", "two"))
    assert first == second
    turned = replace(options, seed=6)
    assert pack(batch, tmp_path / "three", turned).seed == 6
