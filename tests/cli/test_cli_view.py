"""``retarget view``, and what was decided there: which words are understood, and who hears of it."""

from pathlib import Path

import pytest
from cli_helpers import Command

from retarget.batch.review import ClipReview, Review, review_path
from retarget.cli.main import main
from retarget.cli.view import entries_at
from retarget.demo import clips_folder


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of a batch of three clips; not to be written to."""
    out = tmp_path_factory.mktemp("batch")
    words = [
        "batch",
        "--input-dir",
        str(clips_folder()),
        "--pattern",
        "*.npz",
        "--robot",
        "unitree_g1",
    ]
    assert main([*words, "--output-dir", str(out), "--max-workers", "1"]) == 0
    return out / "batch_manifest.json"


def test_a_manifest_its_folder_and_a_folder_of_results_are_lists_of_clips(
    batch: Path, tmp_path: Path
) -> None:
    entries, review = entries_at(batch)
    assert [entry.name for entry in entries] == [
        "humanoid_dance.npz",
        "humanoid_run.npz",
        "humanoid_walk.npz",
    ]
    assert review == review_path(batch)
    assert all("limb_error_mean" in entry.measures for entry in entries)
    assert entries_at(batch.parent)[0] == entries
    alone = tmp_path / "results"
    alone.mkdir()
    (alone / "run.npz").write_bytes(entries[1].path.read_bytes())
    assert [entry.name for entry in entries_at(alone)[0]] == ["run"]
    assert entries_at(alone)[1] is None


def test_an_embedded_clip_is_shown_by_its_name() -> None:
    assert entries_at(Path("humanoid_run"))[0][0].path.parent == clips_folder()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nobody.npz"], "nobody.npz: no such file"),
        (["."], "holds neither a manifest nor a result"),
        (["humanoid_run", "--compare", "gone.npz"], "gone.npz: no such file"),
        (["humanoid_run", "--meshes", "gone"], "gone: no such folder"),
    ],
)
def test_what_cannot_be_shown_is_named(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = command("view", *words, "--no-open")
    assert outcome.code == 2
    assert said in outcome.error


def test_without_the_extra_it_says_what_to_install(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "viser", None)
    outcome = command("view", "humanoid_run")
    assert outcome.code == 1
    assert "pip install 'retarget[viewer]'" in outcome.error


def test_exports_hear_what_was_decided_and_what_is_asked_for(
    command: Command, batch: Path, tmp_path: Path
) -> None:
    own = tmp_path / "m.json"
    own.write_bytes(batch.read_bytes())
    review = Review().changed("humanoid_run.npz", ClipReview(decision="reject", note="falls"))
    review = review.changed("humanoid_walk.npz", ClipReview(decision="keep"))
    review.save(review_path(own))
    words = ["export", "--batch-manifest", own, "--for", "gmr", "--max-workers", "1", "--all"]
    outcome = command(*words, "--output-dir", tmp_path / "all")
    assert outcome.code == 0
    assert "humanoid_run.npz: rejected by hand: falls" in outcome.err
    assert len(list((tmp_path / "all").glob("*.pkl"))) == 2
    command(*words, "--output-dir", tmp_path / "kept", "--only", review_path(own))
    assert [path.stem for path in (tmp_path / "kept").glob("*.pkl")] == ["humanoid_walk"]
    outcome = command(*words, "--output-dir", tmp_path / "no", "--only", own)
    assert outcome.code != 0


def test_a_batch_runs_only_what_a_list_names(command: Command, tmp_path: Path) -> None:
    (tmp_path / "some.txt").write_text("humanoid_run.npz\tagain\nnobody\n")
    outcome = command(
        "batch", "--input-dir", clips_folder(), "--pattern", "*.npz", "--output-dir", tmp_path / "out",
        "--only", tmp_path / "some.txt", "--max-workers", "1",
    )  # fmt: skip
    assert outcome.code == 0
    assert [path.name for path in (tmp_path / "out").glob("*.npz")] == ["humanoid_run.npz"]


def test_a_data_set_holds_only_what_was_asked_for(
    command: Command, batch: Path, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "train.txt").write_text("humanoid_walk.npz\n")
    outcome = command(
        "dataset",
        "pack",
        batch,
        "--output",
        tmp_path / "set",
        "--only",
        tmp_path / "train.txt",
        "--json",
    )
    assert outcome.code == 0
    assert outcome.json["clips"] == 1
    assert outcome.json["left_out"]["humanoid_run.npz"] == "is not among those asked for"


def test_a_film_is_rendered_and_its_speed_is_told(
    command: Command, batch: Path, tmp_path: Path
) -> None:
    film = tmp_path / "run.gif"
    words = ["render", batch.parent / "humanoid_run.npz", "--output", film, "--size", "160x90"]
    outcome = command(*words, "--fps", "10", "--compare", batch.parent / "humanoid_run.npz")
    assert outcome.code == 0
    assert "pictures/s" in outcome.out
    assert film.read_bytes().startswith(b"GIF89a")
    assert command(*words[:-1], "1280").error.endswith("such as 1280x720, not '1280'")
    assert command("render", film, "--output", film).code == 2
    assert command(*words[:3], tmp_path / "x.avi").code == 2
    assert command("render", "humanoid_walk", "--output", tmp_path / "w.png", "--bare").code == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--port", "99999"], "error: --port: must be from 0 to 65535, not 99999"),
        (["--port", "-1"], "error: --port: must be from 0 to 65535, not -1"),
        (["--host", "203.0.113.7"], "error: --host: nothing can be served at '203.0.113.7'"),
        (["--host", "no.such.name.invalid"], "error: --host: nothing can be served at"),
    ],
)
def test_an_address_that_this_machine_has_not_is_wrong_usage(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["view", "humanoid_walk", "--no-open", *words]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(complaint)
