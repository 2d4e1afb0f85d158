"""Jobs from folders: what matches, how outputs are called, and where they may not lie."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from retarget.batch import (
    BatchJob,
    BatchRunner,
    jobs_from_folder,
)
from retarget.errors import BatchError, OptionsError
from retarget.files import sha256_of


def make_tree(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_a_folder_becomes_jobs_with_relative_ids_and_outputs(tmp_path: Path) -> None:
    make_tree(tmp_path / "in", "b.bvh", "a/b.bvh", "a/notes.txt", "a/c/d.e.bvh")
    jobs = jobs_from_folder(tmp_path / "in", "**/*.bvh", tmp_path / "out")
    assert [(job.id, str(job.output.relative_to(tmp_path / "out"))) for job in jobs] == [
        ("a/b.bvh", "a/b.npz"),
        ("a/c/d.e.bvh", "a/c/d.e.npz"),
        ("b.bvh", "b.npz"),
    ]
    assert [job.id for job in jobs_from_folder(tmp_path / "in", "*.bvh", tmp_path)] == ["b.bvh"]
    assert [job.id for job in jobs_from_folder(tmp_path / "in", "a/**", tmp_path)] == [
        "a/b.bvh",
        "a/c/d.e.bvh",
        "a/notes.txt",
    ]


def test_inputs_that_differ_in_suffix_have_outputs_of_their_own(tmp_path: Path) -> None:
    make_tree(tmp_path / "in", "walk.bvh")
    (alone,) = jobs_from_folder(tmp_path / "in", "**/*", tmp_path / "out")
    make_tree(tmp_path / "in", "walk.npz", "walk")
    jobs = jobs_from_folder(tmp_path / "in", "**/*", tmp_path / "out")
    assert len({job.output for job in jobs}) == 3
    assert alone in jobs  # the newcomers have not renamed it


def test_suffixes_match_in_upper_and_lower_case_and_outputs_stay_distinct(tmp_path: Path) -> None:
    make_tree(tmp_path / "in", "a.bvh", "a.BVH", "b.Bvh", "c.bvhx")
    for pattern in ("*.bvh", "**/*.bvh", "**/?.bvh"):
        jobs = jobs_from_folder(tmp_path / "in", pattern, tmp_path / "out")
        outputs = {job.id: job.output.name for job in jobs}
        assert outputs == {"a.BVH": "a.BVH.npz", "a.bvh": "a.npz", "b.Bvh": "b.Bvh.npz"}
    upper = jobs_from_folder(tmp_path / "in", "*.BVH", tmp_path / "out")
    assert {job.id: job.output.name for job in upper}["a.BVH"] == "a.npz"
    assert [job.id for job in jobs_from_folder(tmp_path / "in", "A.bvh", tmp_path)] == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_dead_links_and_pipes_are_jobs_and_each_ends_in_a_record(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    make_tree(folder, "good.bvh")
    (folder / "dead.bvh").symlink_to("nowhere.bvh")
    (folder / "circle.bvh").symlink_to("circle.bvh")
    os.mkfifo(folder / "pipe.bvh")
    jobs = jobs_from_folder(folder, "**/*.bvh", tmp_path / "out")
    assert [job.id for job in jobs] == ["circle.bvh", "dead.bvh", "good.bvh", "pipe.bvh"]

    def hash_it(job: BatchJob) -> dict[str, str]:
        job.output.write_text(sha256_of(job.motion))
        return {}

    manifest = BatchRunner(fingerprint=lambda job: sha256_of(job.motion)).run(
        jobs, hash_it, manifest_path=tmp_path / "m.json"
    )
    assert [r.status for r in manifest.records] == ["failed", "failed", "success", "failed"]


def test_folders_that_match_or_cannot_be_read_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_tree(tmp_path, "walks.bvh/a.bvh", "private/b.bvh", "notes/c.txt")
    scandir = os.scandir

    def refused(path: str) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "private":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    told: list[tuple[str, str]] = []
    jobs = jobs_from_folder(
        tmp_path, "**/*.bvh", tmp_path / "out", unreadable=lambda *what: told.append(what)
    )
    assert [job.id for job in jobs] == ["walks.bvh/a.bvh"]
    assert told == [("private", "Permission denied")]
    assert "walks.bvh: is a folder, though its name matches '**/*.bvh'" in caplog.text
    jobs_from_folder(tmp_path, "**/*.bvh", tmp_path / "out")
    assert "private: cannot be read" in caplog.text
    with pytest.raises(BatchError, match=r"private: cannot be read \(Permission denied\)"):
        jobs_from_folder(tmp_path / "private", "**/*.bvh", tmp_path / "out")


def test_circular_links_and_outputs_among_the_inputs(tmp_path: Path) -> None:
    make_tree(tmp_path, "a/x.npz", "out/y.npz")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "linked").symlink_to(tmp_path / "a")
    jobs = jobs_from_folder(tmp_path, "**/*.npz", tmp_path / "out")
    assert [job.id for job in jobs] == ["a/x.npz", "linked/x.npz"]


@pytest.mark.parametrize("pattern", ["", "/abs/*.bvh", "../*.bvh", "a/../../*.bvh"])
def test_patterns_that_leave_the_folder_are_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(OptionsError, match="pattern: must be relative"):
        jobs_from_folder(tmp_path, pattern, tmp_path)


def test_a_missing_input_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="no such folder"):
        jobs_from_folder(tmp_path / "none", "*", tmp_path)


def test_outputs_lie_nowhere_among_what_is_searched(tmp_path: Path) -> None:
    """There a recording could be taken for a result that is done, or a result for a recording."""
    make_tree(tmp_path / "in", "walk.bvh", "walk.npz", "in/turn.bvh")
    (tmp_path / "same").symlink_to(tmp_path / "in")
    make_tree(tmp_path / "links", "own.bvh")
    (tmp_path / "links" / "there").symlink_to(tmp_path / "in")
    for folder, target in (
        (tmp_path / "in", tmp_path / "in"),
        (tmp_path / "in", tmp_path / "in" / ".." / "same"),
        (tmp_path / "in", tmp_path),  # which holds the input folder: in/turn.bvh writes in/turn.npz
        (tmp_path / "links", tmp_path / "links" / "there" / ".." / "links"),
    ):
        for pattern in ("**/*.bvh", "**/*"):
            with pytest.raises(OptionsError, match="would lie among what is searched") as refused:
                jobs_from_folder(folder, pattern, target)
            assert refused.value.option == "output_dir"
            assert "\n" not in str(refused.value)
    # What lands beside the input folder, or in a folder of its own inside, is well apart.
    assert jobs_from_folder(tmp_path / "in", "*.bvh", tmp_path)
    for target in (tmp_path / "in" / "robot", tmp_path / "in" / "robot" / "g1"):
        assert len(jobs_from_folder(tmp_path / "in", "**/*.bvh", target)) == 2
    # One that is met through a link is left out as any other is.
    found = jobs_from_folder(tmp_path / "links", "**/*.bvh", tmp_path / "in")
    assert [job.id for job in found] == ["own.bvh"]


def test_recordings_in_the_folder_for_outputs_are_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_tree(tmp_path, "a.bvh", "day2/b.bvh", "day2/c.BVH")
    assert [job.id for job in jobs_from_folder(tmp_path, "**/*.bvh", tmp_path / "day2")] == [
        "a.bvh"
    ]
    assert "and 1 more match, are left out: outputs go there" in caplog.text
    caplog.clear()
    make_tree(tmp_path, "robot/a.npz", "x.npz")
    assert len(jobs_from_folder(tmp_path, "**/*.npz", tmp_path / "robot")) == 1
    assert not caplog.text  # its own results are no news
