"""A batch of variants that is interrupted goes on where it stopped, and says of each why it is not fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from retarget.batch import BatchJob, BatchManifest, BatchRunner
from retarget.config import RunConfig
from retarget.demo import embedded_clips
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
