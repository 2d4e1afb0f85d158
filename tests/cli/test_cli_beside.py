"""Nothing that a run reads besides its motion is written over, and what is missing of it is wrong usage."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import Command

from retarget.demo import clips_folder

CRATE = """[[object]]
name = "crate"
shape = "box"
size_m = [0.3, 0.3, 0.3]
trajectory = "crate.npz"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two clips of a person, a scene with a path, and models of bodies; and nothing may be solved."""
    for name in ("humanoid_walk.npz", "humanoid_run.npz"):
        shutil.copy(clips_folder() / name, tmp_path / name)
    path = np.tile([2.0, 0.0, 0.15], (80, 1))
    np.savez(tmp_path / "crate.npz", positions=path, fps=np.array(30.0))
    (tmp_path / "scene.toml").write_text(CRATE)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "SMPLX_NEUTRAL.npz").write_bytes(b"a licence was signed for it")

    def solved(*_: object, **__: object) -> None:
        raise AssertionError("retargeted before the outputs were looked at")

    monkeypatch.setattr("retarget.worker.retarget_file", solved)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("options", "victim"),
    [
        (["--scene", "scene.toml"], "crate.npz"),
        (["--subject-from", "folder"], "humanoid_run.npz"),
        (["--smpl-models", "models"], "models/SMPLX_NEUTRAL.npz"),
    ],
)
def test_a_run_writes_over_nothing_that_it_reads(
    command: Command, folder: Path, options: list[str], victim: str
) -> None:
    before = (folder / victim).read_bytes()
    outcome = command("run", "--motion", "humanoid_walk.npz", *options, "--output", victim)
    assert outcome.code == 2
    assert "the output is the input" in outcome.error
    assert (folder / victim).read_bytes() == before


def test_a_batch_writes_over_no_path_of_its_scenes(command: Command, folder: Path) -> None:
    clips = folder / "clips"
    clips.mkdir()
    shutil.move(folder / "humanoid_walk.npz", clips / "crate.npz")
    (clips / "crate.toml").write_text(CRATE.replace("crate.npz", "../crate.npz"))
    before = (folder / "crate.npz").read_bytes()
    said = ["batch", "--input-dir", clips, "--pattern", "*.npz", "--output-dir", folder]
    outcome = command(*said, "--scene", "{stem}.toml")
    assert outcome.code == 2
    assert "crate.npz" in outcome.error and "the output is the input" in outcome.error
    assert (folder / "crate.npz").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["run", "--scene", "{stem}.nope.toml", "--output", "r.npz"], "humanoid_walk.nope.toml"),
        (["run", "--scene", "lost.toml", "--output", "r.npz"], "lost.npz"),
        (["inspect", "--scene", "lost.toml"], "lost.npz"),
    ],
)
def test_what_is_missing_of_a_scene_is_wrong_usage(
    command: Command, folder: Path, words: list[str], named: str
) -> None:
    (folder / "lost.toml").write_text(CRATE.replace("crate.npz", "lost.npz"))
    motion = ["humanoid_walk.npz"] if words[0] == "inspect" else ["--motion", "humanoid_walk.npz"]
    outcome = command(words[0], *motion, *words[1:])
    assert outcome.code == 2
    assert f"{named}: does not exist; give" in outcome.error
    assert not (folder / "r.npz").exists()


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (None, "plan.toml: does not exist"),
        ("sizes = { chair = [1.2] }", "chair: no scene has such an object; there are crate"),
        ("terrain_height = [0.9]", "terrain_height: no scene has terrain; leave it out"),
        ("sizes = { crate = [] }", "crate: no value is given"),
        ("sizes = { crate = [1.2, 1.2] }", "crate: a value is given twice"),
        ("size = { crate = [1.2] }", "size: there is no such key; known: sizes,"),
        ("sizes = { crate = [nan] }", "sizes.crate.0: must be a finite number"),
        ("shift_m = { crate = [[0, 0]] }", "shift_m.crate.0.2: is missing"),
    ],
)
def test_a_plan_that_varies_nothing_is_told_before_the_work(
    command: Command, folder: Path, plan: str | None, said: str
) -> None:
    if plan is not None:
        (folder / "plan.toml").write_text(plan)
    words = ["--pattern", "humanoid_*.npz", "--scene", "scene.toml", "--augment", "plan.toml"]
    outcome = command("batch", "--input-dir", folder, "--output-dir", folder / "out", *words)
    assert outcome.code == 2
    assert said in outcome.error
    assert not (folder / "out").exists()
