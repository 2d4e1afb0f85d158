"""A manifest read from another folder than its batch was run in, and after the batch has been moved."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from batch_workers import write

from retarget.batch import BatchJob, BatchManifest, BatchRunner, located_manifest, verify_manifest


def _run(input_dir: Path, output_dir: Path, manifest: Path, *names: str) -> Path:
    input_dir.mkdir(parents=True, exist_ok=True)
    for name in names:
        (input_dir / name).write_text(name)
    jobs = [
        BatchJob(id=name, motion=input_dir / name, output=output_dir / f"{name}.out")
        for name in names
    ]
    BatchRunner().run(
        jobs, write, manifest_path=manifest, input_dir=input_dir, output_dir=output_dir
    )
    return manifest


@pytest.mark.parametrize("manifest", ["made/out/m.json", "m.json", "made/logs/of/m.json"])
def test_outputs_of_relative_paths_are_found_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(manifest).parent.mkdir(parents=True, exist_ok=True)
    _run(Path("in"), Path("made/out"), Path(manifest), "a", "b")
    here = located_manifest(manifest)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    there = located_manifest(tmp_path / manifest)
    assert [r.output for r in there.records] == [tmp_path / r.output for r in here.records]
    assert [r.motion for r in there.records] == [tmp_path / r.motion for r in here.records]
    assert (there.input_dir, there.output_dir) == (tmp_path / "in", tmp_path / "made/out")
    assert verify_manifest(tmp_path / manifest) == []
    assert BatchManifest.load(tmp_path / manifest).records[0].output == Path("made/out/a.out")


def test_paths_stay_as_they_were_given_in_the_folder_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _run(Path("in"), Path("out"), Path("out/m.json"), "a")
    assert located_manifest("out/m.json") == BatchManifest.load("out/m.json")


def test_another_batch_of_the_same_names_in_the_folder_where_one_is_is_not_taken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        _run(Path("in"), Path("out"), Path("out/m.json"), "a")
    found = located_manifest(tmp_path / "first/out/m.json").records[0]
    assert found.output == tmp_path / "first/out/a.out"


@pytest.mark.parametrize("relative", [True, False])
def test_the_outputs_of_a_moved_batch_are_those_beside_its_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relative: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    root = Path() if relative else tmp_path
    _run(root / "in", root / "out", root / "out/m.json", "a", "b")
    moved = tmp_path / "cluster" / "result"
    moved.parent.mkdir()
    shutil.move(tmp_path / "out", moved)
    found = located_manifest(moved / "m.json")
    assert [r.output for r in found.records] == [moved / "a.out", moved / "b.out"]
    assert found.output_dir == moved
    assert verify_manifest(moved / "m.json") == []
    assert [r.motion for r in found.records] == [root / "in/a", root / "in/b"]


def test_what_is_gone_is_told_by_the_path_of_its_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    manifest = _run(Path("in"), Path("out"), Path("m.json"), "a", "b")
    shutil.rmtree("out")
    assert [str(p) for p in verify_manifest(manifest)] == [
        "a: out/a.out: the file is gone",
        "b: out/b.out: the file is gone",
    ]


def test_one_output_that_is_gone_is_told_and_the_others_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _run(Path("in"), Path("out"), Path("out/m.json"), "a", "b")
    Path("out/a.out").unlink()
    (tmp_path / "away").mkdir()
    monkeypatch.chdir(tmp_path / "away")
    (problem,) = verify_manifest(tmp_path / "out/m.json")
    assert str(problem) == f"a: {tmp_path / 'out/a.out'}: the file is gone"
