"""What a user says about a recording: up axis, unit, floor and glitches, on the command line, in TOML and in Python."""

import json
from pathlib import Path

import pytest
from cli_helpers import Bvh, Command

from retarget.config import RunConfig
from retarget.demo import clips_folder
from retarget.errors import OptionsError, UnknownNameError
from retarget.motion import read_motion
from retarget.result import RetargetingResult

CMU = clips_folder() / "cmu_01_01.bvh"


def test_inspect_takes_what_is_said_and_asks_no_witness(command: Command) -> None:
    said = ["--up", "z", "--unit", "inch", "--floor", "-0.25"]
    facts = command("inspect", CMU, *said, "--json").json
    assert (facts["up_axis"], facts["unit"], facts["floor_m"]) != ("y", "cmu", None)
    assert (facts["up_axis"], facts["unit"]) == ("z", "inch")
    assert facts["metres_per_unit"] == 0.0254
    assert not [doubt for doubt in facts["doubts"] if doubt["name"] in ("up_axis", "unit")]


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (["--up", "w"], "--up: unknown up axis 'w'; known: -x, -y, -z, x, y, z"),
        (
            ["--unit", "ell"],
            "--unit: unknown unit 'ell'; known: centimetre, cmu, decimetre, foot, inch",
        ),
        (["--floor", "nan"], "--floor: the floor is said to be at nan m; give its height"),
        (["--floor", "1e9"], "--floor: the floor is said to be at 1e+09 m; give its height"),
    ],
)
def test_what_cannot_be_said_lists_what_can(
    command: Command, said: list[str], complaint: str
) -> None:
    for words in (["inspect", CMU], ["run", "--motion", CMU, "--output", "never.npz"]):
        outcome = command(*words, *said)
        assert outcome.code != 0
        assert complaint in outcome.error


def test_a_toml_file_says_the_same_and_is_checked_as_well(tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text('up = "z"\nunit = "inch"\nfloor_m = 0.5\nkeep_glitches = true\n')
    source = RunConfig.load(config).read_motion(CMU).source
    assert (source.up_axis, source.unit, source.floor_m) == ("z", "inch", 0.5)
    config.write_text('up = "upwards"\n')
    with pytest.raises(OptionsError, match=r"run\.toml: up: unknown up axis 'upwards'; known:"):
        RunConfig.load(config)


def test_python_says_the_same_and_is_checked_as_well() -> None:
    assert read_motion(CMU, up="-y", unit="foot").source.up_axis == "-y"
    with pytest.raises(UnknownNameError, match="known: centimetre"):
        read_motion(CMU, unit="cm")
    with pytest.raises(UnknownNameError, match="known: -x"):
        read_motion(CMU, up="Y")
    with pytest.raises(OptionsError, match="the floor is said"):
        read_motion(CMU, floor_m=float("inf"))


def thrown(bvh: Bvh, folder: Path, frames: range) -> Path:
    rows = [*bvh.rows[:120]]
    for frame in frames:
        values = rows[frame].split()
        rows[frame] = " ".join(["25866.0", "-25866.0", *values[2:]])
    file = folder / "thrown.bvh"
    file.write_text(bvh.text(rows))
    return file


def test_a_doubt_goes_from_the_file_to_inspect_run_and_result(
    command: Command, bvh: Bvh, tmp_path: Path
) -> None:
    file, output = thrown(bvh, tmp_path, range(60, 63)), tmp_path / "r.npz"
    assert "doubt          glitches (" in command("inspect", file).out
    outcome = command("run", "--motion", file, "--output", output, "--json")
    assert "frames 60 to 62" in outcome.json["doubts"][0]["reason"]
    kept = RetargetingResult.load_npz(output).provenance["motion"]["doubts"]
    assert kept == outcome.json["doubts"]
    assert "doubt: " in command("run", "--motion", file, "--output", output).err


def test_many_glitches_are_refused_in_one_line_and_kept_when_asked_for(
    command: Command, bvh: Bvh, tmp_path: Path
) -> None:
    file = thrown(bvh, tmp_path, range(40, 90))
    refused = command("inspect", file)
    assert refused.code == 1
    assert f"{file}: the body is where no body can be in frames 40 to 89" in refused.error
    kept = command("inspect", file, "--keep-glitches", "--json")
    assert kept.code == 0
    assert kept.json["doubts"][0]["weight"] > 0.5


def test_a_batch_s_record_holds_doubts_in_its_provenance(
    command: Command, bvh: Bvh, tmp_path: Path
) -> None:
    inputs, outputs = tmp_path / "in", tmp_path / "out"
    inputs.mkdir()
    thrown(bvh, inputs, range(60, 63))
    assert command("batch", "--input-dir", inputs, "--output-dir", outputs).code == 0
    record = json.loads((outputs / "batch_manifest.json").read_text())["records"][0]
    assert record["provenance"]["doubts"][0]["name"] == "glitches"


def test_names_in_a_file_move_no_cursor(command: Command, bvh: Bvh, tmp_path: Path) -> None:
    file = tmp_path / "coloured.bvh"
    file.write_text(bvh.text(bvh.rows[:60]).replace("Spine1", "\x1b[31mSpine\x1b[0m[bold]"))
    outcome = command("inspect", file)
    assert "\\x1b[31mSpine\\x1b[0m[bold]" in outcome.out
    assert "\x1b" not in outcome.out
    roles = tmp_path / "roles.toml"
    roles.write_text('[roles]\nleft_knee = "\\u001b]0;owned\\u0007"\n')
    error = command("inspect", file, "--roles", roles).error
    assert "owned" in error
    assert "\x1b" not in error
