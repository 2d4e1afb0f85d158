"""``retarget report``, and ``batch --report``: where they write, what they say, what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_helpers import Bvh, Command


@pytest.fixture(scope="module")
def folder(bvh: Bvh, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A batch of one clip and one that cannot be read, run with a report."""
    from retarget.cli.main import main

    place = tmp_path_factory.mktemp("batch")
    (place / "in").mkdir()
    (place / "in" / "walk.bvh").write_text(bvh.text(bvh.rows[:40]))
    (place / "in" / "broken.bvh").write_text("no motion")
    words = ["batch", "--input-dir", place / "in", "--output-dir", place / "out", "--report"]
    assert main([str(word) for word in [*words, "--max-workers", "1"]]) == 1
    return place / "out"


def test_a_batch_ends_with_its_report(folder: Path) -> None:
    assert "of 2 clips are fit to train on" in (folder / "report.html").read_text()


def test_a_folder_or_a_manifest_is_reported_on(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    for number, source in enumerate([folder, folder / "batch_manifest.json"]):
        output = tmp_path / f"{number}.html"
        outcome = command("report", source, "--output", output)
        assert outcome.code == 0
        assert "1 of 2 clips are fit to train on; 1 without a result" in outcome.out
        assert output.is_file()
    said = command("report", folder, "--output", tmp_path / "x.csv", "--json").json
    assert said["batches"][0]["fit"] == 1
    assert (tmp_path / "x.csv").read_text().count("\n") == 3


def test_pages_are_made_when_asked_for_and_kept(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "report.html"
    outcome = command(
        "report", folder, "--output", output, "--details", "all", "--max-workers", "1"
    )
    assert outcome.code == 0
    (page,) = (tmp_path / "report_clips").glob("*.html")
    made = page.stat().st_mtime_ns
    assert command("report", folder, "--output", output, "--clip", "walk.bvh").code == 0
    assert page.stat().st_mtime_ns == made
    manifest = json.loads((tmp_path / "report_clips" / "pages.json").read_text())
    assert manifest["skipped_count"] == 1


def test_wrong_usage_is_told_in_a_line(command: Command, folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "r.html"

    def refused(*words: str | Path) -> str:
        outcome = command("report", *words)
        assert outcome.code == 2, outcome.err
        assert not output.exists()
        return outcome.error

    assert "no such file" in refused(tmp_path / "none", "--output", output)
    assert "a batch is given twice" in refused(folder, folder, "--output", output)
    assert "--details" in refused(folder, "--output", output, "--details", "some")
    assert "unknown clip" in refused(folder, "--output", output, "--clip", "wlk")
    assert "has no result" in refused(folder, "--output", output, "--clip", "broken.bvh")
    assert ".html" in refused(folder, "--output", tmp_path / "r.npz", "--format", "html")
    assert "not csv" in refused(folder, "--output", tmp_path / "r.csv", "--clip", "walk.bvh")
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / "batch_manifest.shard-1-of-2.json").write_text("{}")
    assert "manifest merge" in refused(tmp_path / "shards", "--output", output)


def test_results_that_nobody_judged_are_judged_when_asked(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    manifest = json.loads((folder / "batch_manifest.json").read_text())
    for record in manifest["records"]:
        for key in ("failed_gates", "gates", "verdict", "quality"):
            record["provenance"].pop(key, None)
    silent = tmp_path / "batch_manifest.json"
    silent.write_text(json.dumps(manifest))
    assert "0 of 2 clips" in command("report", silent).out
    assert (
        "1 of 2 clips are fit" in command("report", silent, "--evaluate", "--max-workers", "1").out
    )
    (report,) = (tmp_path / "report_evaluation").glob("walk*.json")
    made = report.stat().st_mtime_ns
    assert "1 of 2" in command("report", silent, "--evaluate", "--max-workers", "1").out
    assert report.stat().st_mtime_ns == made
