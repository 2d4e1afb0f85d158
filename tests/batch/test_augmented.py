"""A batch of variants that is interrupted goes on where it stopped, and says of each why it is not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retarget import worker as workers
from retarget.batch import BatchJob, BatchManifest, BatchRunner
from retarget.config import RunConfig
from retarget.demo import embedded_clips
from retarget.motion import Motion
from retarget.result import RetargetingResult
from retarget.worker import RetargetWorker

SCENE = "[[terrain]]\nname = 'step'\nboxes = [{ center = [40, 0, 0.1], size_m = [1, 1, 0.2] }]\n"
VARIANTS = ({"terrain": 0.9}, {"terrain": 1.1}, {"mirror": True}, {"sizes": {"crate": 1.0}})


class _DiesAfter(RetargetWorker):
    left = 2

    def __call__(self, job: BatchJob) -> object:  # type: ignore[override]
        if type(self).left == 0:
            raise KeyboardInterrupt
        type(self).left -= 1
        return super().__call__(job)


def _jobs(folder: Path, clip: Path) -> list[BatchJob]:
    return [
        BatchJob(
            id=f"walk{k}", motion=clip, output=folder / f"walk{k}.npz", provenance={"variant": one}
        )
        for k, one in enumerate(VARIANTS)
    ]


def test_variants_are_made_once_each_and_those_that_fail_say_why(tmp_path: Path) -> None:
    clip = next(path for path in embedded_clips() if path.stem == "humanoid_walk")
    (tmp_path / "scene.toml").write_text(SCENE)
    config = RunConfig(scene=tmp_path / "scene.toml")
    jobs, manifest = _jobs(tmp_path, clip), tmp_path / "batch_manifest.json"
    dying = _DiesAfter(config)
    with pytest.raises(KeyboardInterrupt):
        BatchRunner(fingerprint=dying.fingerprint).run(jobs, dying, manifest_path=manifest)
    made = {path: path.stat().st_mtime_ns for path in tmp_path.glob("walk*.npz")}
    assert len(made) == 2
    worker = RetargetWorker(config)
    records = BatchRunner(fingerprint=worker.fingerprint).run(jobs, worker, manifest_path=manifest)
    assert records is not None
    assert all(path.stat().st_mtime_ns == when for path, when in made.items())  # not made again
    found = BatchManifest.load(manifest).records_by_id()
    assert [str(found[job.id].status) for job in jobs[:3]].count("failed") == 0
    failed = found["walk3"]
    assert str(failed.status) == "failed" and "no objects" in str(failed)
    assert not jobs[3].output.exists()
    for job in jobs[:3]:
        assert isinstance(found[job.id].provenance["failed_gates"], list)
        assert found[job.id].provenance["verdict"]
    sizes = [RetargetingResult.load_npz(job.output).scene for job in jobs[:2]]
    ratios = [track.sizes[0] / track.scale for track in sizes if track is not None]
    assert ratios == pytest.approx([0.9, 1.1])


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are read, as they are."""
    read, found = RunConfig.read_motion, []

    def counting(config: RunConfig, path: str | Path) -> Motion:
        found.append(Path(path))
        return read(config, path)

    monkeypatch.setattr(RunConfig, "read_motion", counting)
    workers._varied.forget()
    return found


def test_variants_of_one_recording_read_it_once_and_are_as_made_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = next(path for path in embedded_clips() if path.stem == "humanoid_walk")
    (tmp_path / "scene.toml").write_text(SCENE)
    worker = RetargetWorker(RunConfig(scene=tmp_path / "scene.toml"))
    jobs, read = _jobs(tmp_path, clip)[:3], _counted(monkeypatch)
    for job in jobs:
        worker(job)
    assert read == [clip]
    together = [RetargetingResult.load_npz(job.output) for job in jobs]
    for job, shared in zip(jobs, together, strict=True):
        workers._varied.forget()
        worker(job)
        alone = RetargetingResult.load_npz(job.output)
        np.testing.assert_array_equal(alone.qpos, shared.qpos)
        assert alone.provenance["motion"] == shared.provenance["motion"]


def test_a_recording_that_is_written_anew_or_read_otherwise_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk, run = (
        next(path for path in embedded_clips() if path.stem == name)
        for name in ("humanoid_walk", "humanoid_run")
    )
    clip = tmp_path / walk.name
    clip.write_bytes(walk.read_bytes())
    config = RunConfig(variant={"terrain": 0.9})
    read = _counted(monkeypatch)
    first = workers._read(clip, config, True)
    assert workers._read(clip, config.with_changes({"variant": {"mirror": True}}), True) is first
    slow = workers._read(clip, config.with_changes({"source_fps": 30.0}), True)
    assert slow.fps == first.fps / 2 and len(read) == 2
    clip.write_bytes(run.read_bytes())
    other = workers._read(clip, config, True)
    assert len(read) == 3 and other.source.sha256 != first.source.sha256
    assert workers._read(clip, RunConfig(), True) is not other  # who varies nothing keeps nothing
    assert len(read) == 4
