"""``retarget robots``: what is understood of a model, said, drawn and written down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import retarget.robots
from retarget.cli.main import main
from retarget.robots import load_robot

EMBEDDED = Path(retarget.robots.__file__).parent / "embedded"


def model_without_soles(folder: Path) -> Path:
    """An H1 that looks along -x, whose feet have no geometry, under names that say nothing."""
    text = (EMBEDDED / "unitree_h1/model.xml").read_text()
    text = re.sub(r'\s*<geom name="(?:left|right)_ankle_link[^>]*/>', "", text)
    for number, name in enumerate(sorted(set(re.findall(r'name="([^"]+)"', text)), key=len)[::-1]):
        text = text.replace(f'"{name}"', f'"n{number}"')
    path = folder / "model.xml"
    path.write_text(text)
    return path


def test_inspect_says_roles_lengths_and_what_was_assumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["robots", "inspect", str(model_without_soles(tmp_path))]) == 0
    out = capsys.readouterr().out
    assert re.search(r"left_knee +n\d+ +80% +by how its chain moves; its name does not tell", out)
    assert re.search(r"thigh +0\.\d\d\d +0\.\d\d\d", out)
    assert re.search(r"sole: \d\d\.\d x \d\.\d cm", out)
    assert "assumed: soles of" in out and "confidence 40%" in out


def test_what_a_description_states_is_certain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["robots", "inspect", "G1"]) == 0
    out = capsys.readouterr().out
    assert out.count("100%  stated in the description") == 14
    assert "left_wrist_yaw_link" in out


def test_inspect_as_json_is_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    assert main(["robots", "inspect", "unitree_g1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [role["role"] for role in found["roles"]][:3] == ["pelvis", "chest", "left_hip"]
    assert found["sole_cm"] == pytest.approx([18.6, 5.3, 3.5], abs=0.3)


def test_the_picture_is_drawn_and_never_over_the_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, picture = model_without_soles(tmp_path), tmp_path / "look.png"
    assert main(["robots", "inspect", str(path), "--picture", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    before = path.read_bytes()
    assert main(["robots", "inspect", str(path), "--picture", str(path)]) == 2
    assert path.read_bytes() == before


def test_add_writes_a_description_whose_doubtful_lines_can_be_taken_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, toml = model_without_soles(tmp_path), tmp_path / "lab.toml"
    assert main(["robots", "add", str(path), "--name", "lab_h1", "--output", str(toml)]) == 0
    proposed = load_robot(toml)
    assert proposed.name == "lab_h1"
    text = toml.read_text()
    assert "#? left_knee = " in text and "#? [soles]" in text
    toml.write_text(text.replace("#? ", ""))
    stated = load_robot(toml)
    assert len(stated.stated_roles) == 14
    assert stated.roles == proposed.roles
    assert stated.soles == pytest.approx(proposed.soles, abs=1e-4)
    assert not any(note.startswith("soles of") for note in stated.notes)
    assert main(["robots", "add", str(path), "--name", "lab_h1", "--output", str(toml)]) == 2
