"""Things around motions on the command line: run, inspect and batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_helpers import Command

from retarget.result import RetargetingResult

FAR = "[[terrain]]\nname = 'step'\nboxes = [{ center = [40, 0, 0.1], size_m = [1, 1, 0.2] }]\n"


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    path = tmp_path / "scene.toml"
    path.write_text(FAR)
    return path


def test_a_result_knows_the_things_around_it(
    command: Command, walk: Path, tmp_path: Path, scene: Path
) -> None:
    output = tmp_path / "walk.npz"
    outcome = command("run", "--motion", walk, "--scene", scene, "--output", output, "--json")
    assert outcome.code == 0, outcome.err
    result = RetargetingResult.load_npz(output)
    assert result.scene is not None and result.scene.names == ("step",)
    assert result.provenance["scene"]["kind"] == "climbing"
    assert np.isfinite(result.residuals["scene_m"]).all()


def test_inspect_tells_of_things_and_warns_of_those_that_nobody_meets(
    command: Command, walk: Path, scene: Path
) -> None:
    outcome = command("inspect", walk, "--scene", scene)
    assert outcome.code == 0
    assert "climbing, 1 thing besides" in outcome.out and "never comes nearer" in outcome.out
    told = command("inspect", walk, "--scene", scene, "--json").json["scene"]
    assert told["things"][0]["name"] == "step" and told["touches"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "scene.toml"),
        ("[[terrain]]\nname = 'step'\n", "step"),
        ("[[object]]\nname = 'crate'\nmesh = 'none.obj'\n", "none.obj"),
    ],
)
def test_a_wrong_scene_is_one_line_and_leaves_nothing_behind(
    command: Command, walk: Path, tmp_path: Path, text: str | None, said: str
) -> None:
    path = tmp_path / "scene.toml"
    if text is not None:
        path.write_text(text)
    output = tmp_path / "out" / "walk.npz"
    outcome = command("run", "--motion", walk, "--scene", path, "--output", output)
    assert outcome.code != 0 and said in outcome.error
    assert not output.exists()


def test_a_batch_makes_a_job_of_each_variant_of_each_motions_scene(
    command: Command, walk: Path, tmp_path: Path
) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    (clips / walk.name).write_bytes(walk.read_bytes())
    (clips / f"{walk.stem}.scene.toml").write_text(FAR)
    (tmp_path / "plan.toml").write_text("terrain = [0.9, 1.1]\n")
    words = [
        "batch",
        "--input-dir",
        clips,
        "--output-dir",
        tmp_path / "out",
        "--pattern",
        f"*{walk.suffix}",
    ]
    words += [
        "--scene",
        "{stem}.scene.toml",
        "--augment",
        tmp_path / "plan.toml",
        "--max-workers",
        "1",
    ]
    outcome = command(*words)
    assert outcome.code == 0, outcome.err
    made = sorted(path.name for path in (tmp_path / "out").glob("*.npz"))
    assert [name.partition("__")[2] for name in made] == ["terrain0.9.npz", "terrain1.1.npz"]
    sizes = [RetargetingResult.load_npz(tmp_path / "out" / name).scene for name in made]
    assert all(track is not None for track in sizes)
    ratios = [track.sizes[0] / track.scale for track in sizes if track is not None]
    np.testing.assert_allclose(ratios, [0.9, 1.1])


def test_variants_without_a_scene_are_wrong_usage(
    command: Command, walk: Path, tmp_path: Path
) -> None:
    (tmp_path / "plan.toml").write_text("terrain = [0.9]\n")
    words = [
        "batch",
        "--input-dir",
        walk.parent,
        "--output-dir",
        tmp_path / "out",
        "--pattern",
        walk.name,
    ]
    outcome = command(*words, "--augment", tmp_path / "plan.toml")
    assert outcome.code != 0 and "--scene" in outcome.error
