"""Results of a batch are judged at once: a report of each, gone on with later, made anew where something changed."""

from __future__ import annotations

import json
from pathlib import Path

import motions
import pytest

from retarget.batch import BatchJob, BatchManifest
from retarget.errors import RetargetError
from retarget.evaluation import ClipReport, Gates, evaluate_result
from retarget.jobs.evaluation_batch import MANIFEST_NAME, EvaluateWorker, evaluate_batch
from retarget.result import RetargetingResult
from retarget.robots import load_robot


@pytest.fixture
def results(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "results"
    folder.mkdir()
    clips = {
        "walk.npz": motions.walk(),
        "deep/jumps.npz": motions.jumps(),
        "floats.npz": motions.raised(motions.walk(), 0.05),
    }
    for name, result in clips.items():
        (folder / name).parent.mkdir(exist_ok=True)
        result.save_npz(folder / name)
    (folder / "torn.npz").write_bytes(b"PK torn")
    return {name: folder / name for name in (*clips, "torn.npz")}


def test_reports_are_those_of_one_by_one(results: dict[str, Path], tmp_path: Path) -> None:
    done = evaluate_batch(results, tmp_path / "reports")
    assert list(done.reports) == ["walk.npz", "deep/jumps.npz", "floats.npz"]
    alone = evaluate_result(
        RetargetingResult.load_npz(results["deep/jumps.npz"]),
        load_robot("unitree_g1"),
        clip="deep/jumps.npz",
    )
    written = ClipReport.read(tmp_path / "reports" / "deep" / "jumps.npz.json")
    assert written.measures == alone.measures and written.gates == alone.gates
    assert done.report("deep/jumps.npz") == written
    summary = done.summary()
    assert [clip.passed for clip in summary.clips] == [True, True, False]
    assert [clip.clip for clip in summary.unjudged] == ["torn.npz"]
    with pytest.raises(RetargetError, match=r"torn\.npz"):
        done.report("torn.npz")
    records = BatchManifest.load(tmp_path / "reports" / MANIFEST_NAME).records_by_id()
    assert records["floats.npz"].provenance["failed_gates"][0] == "sole_lifted_share"


def test_what_is_judged_is_not_judged_again(results: dict[str, Path], tmp_path: Path) -> None:
    del results["torn.npz"]
    evaluate_batch(results, tmp_path / "reports")
    report = tmp_path / "reports" / "walk.npz.json"
    before = report.stat().st_mtime_ns
    again = evaluate_batch(results, tmp_path / "reports")
    assert again.manifest.skipped_count == 3
    assert report.stat().st_mtime_ns == before
    assert len(list(again)) == 3


def test_other_results_or_gates_are_judged_anew(results: dict[str, Path], tmp_path: Path) -> None:
    del results["torn.npz"]
    evaluate_batch(results, tmp_path / "reports")
    motions.raised(motions.walk(), 0.03).save_npz(results["walk.npz"])
    done = evaluate_batch(results, tmp_path / "reports")
    assert (done.manifest.success_count, done.manifest.skipped_count) == (1, 2)
    assert not done.report("walk.npz").passed
    loose = Gates.named("look-only")
    done = evaluate_batch(results, tmp_path / "reports", gates=loose)
    assert done.manifest.success_count == 3 and done.gates == "look-only"


def test_the_command_judges_a_batch_into_a_folder(
    results: dict[str, Path], tmp_path: Path, capsys
) -> None:
    from retarget.batch import BatchJob, BatchRunner, RunStatus
    from retarget.cli.main import main

    jobs = [
        BatchJob(id=name, motion=path, output=tmp_path / "batch" / name)
        for name, path in results.items()
    ]

    def copy(job: BatchJob) -> dict[str, str]:
        job.output.parent.mkdir(exist_ok=True, parents=True)
        job.output.write_bytes(job.motion.read_bytes())
        return {}

    batch = BatchRunner().run(jobs, copy, manifest_path=tmp_path / "batch" / "m.json")
    assert {record.status for record in batch.records} == {RunStatus.SUCCESS}
    words = ["evaluate", "--batch-manifest", str(tmp_path / "batch" / "m.json")]
    words += ["--output-dir", str(tmp_path / "reports"), "--gate", "train-ready", "--json"]
    assert main(words) == 1
    summary = json.loads(capsys.readouterr().out)
    assert [clip["passed"] for clip in summary["clips"]] == [True, True, False]
    assert (tmp_path / "reports" / "train.txt").read_text() == "walk.npz\ndeep/jumps.npz\n"
    rejected = (tmp_path / "reports" / "rejected.txt").read_text()
    assert "floats.npz\tmisses" in rejected and "torn.npz\t" in rejected
    assert main(["evaluate", "--result", str(results["walk.npz"]), "--max-workers", "2"]) == 2


def test_other_gates_take_what_was_measured(
    results: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del results["torn.npz"]
    folder = tmp_path / "reports"
    measured: list[str] = []

    def counted(self: EvaluateWorker, job: BatchJob) -> ClipReport:
        measured.append(job.id)
        return own(self, job)

    own = EvaluateWorker._measured
    monkeypatch.setattr(EvaluateWorker, "_measured", counted)
    first = {report.clip: report for report in evaluate_batch(results, folder)}
    assert sorted(measured) == sorted(results)
    measured.clear()
    loose = evaluate_batch(results, folder, gates=Gates.named("look-only"))
    assert loose.manifest.success_count == 3 and not measured
    for report in loose:
        assert report.measures == first[report.clip].measures
        assert {gate.measure for gate in report.gates} == set(Gates.named("look-only").gates)
    hard = Gates.named("train-ready").changed(limb_error_mean=0.1)
    anew = evaluate_batch(results, folder, gates=hard)
    assert sorted(measured) == sorted(results), "at which second a limb is worst was not known"
    assert all(
        gate.at_s is not None
        for report in anew
        for gate in report.failed_gates
        if gate.measure == "limb_error_mean"
    )
    measured.clear()
    evaluate_batch(results, folder, gates=hard, force=True)
    assert sorted(measured) == sorted(results)
    measured.clear()
    motions.raised(motions.walk(), 0.03).save_npz(results["walk.npz"])
    evaluate_batch(results, folder, gates=Gates.named("look-only"))
    assert measured == ["walk.npz"], "another result"
    measured.clear()
    torn = folder / "walk.npz.json"
    torn.write_text(torn.read_text().replace("mean of thighs", "mean of all"))
    evaluate_batch(results, folder, gates=Gates.named("train-ready"))
    assert "walk.npz" in measured, "a measure that was defined otherwise"
