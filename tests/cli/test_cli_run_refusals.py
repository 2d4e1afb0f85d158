"""What `retarget run` refuses: wrong usage, broken files and outputs that cannot be, each in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_helpers import Bvh, Command


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("robbot = 'x'", "unknown key robbot; known: motion_format, robot,"),
        ("[options]\nsmothness = 1", "unknown key options.smothness; known: fps, start_s,"),
        ("[options]\nsmoothness = -1.0", "options.smoothness"),
        ("[options.weights]\ntail = 2", "options.weights: unknown segment 'tail'; segments are"),
        ("[options]\njoint_acceleration_limit = 0", "options.joint_acceleration_limit"),
        ("[options]\njoint_margin = -0.1", "options.joint_margin"),
        ("motion_format = 'mp4'", "mp4"),
        ("robot = ", "is not TOML"),
    ],
)
def test_a_wrong_config_is_wrong_usage(
    command: Command, walk: Path, tmp_path: Path, text: str, complaint: str
) -> None:
    config = tmp_path / "run.toml"
    config.write_text(text)
    outcome = command("run", "--motion", walk, "--output", tmp_path / "r.npz", "--config", config)
    assert outcome.code == 2
    assert complaint in outcome.error
    assert str(config) in outcome.error


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--robot", "g2"], "did you mean fourier_gr2 or unitree_g1"),
        (["--format", "mp4"], "unknown motion format 'mp4'; known: "),
        (["--config", "missing.toml"], "missing.toml"),
        (["--frobnicate"], "no such option"),
    ],
)
def test_an_unknown_name_is_wrong_usage_and_lists_those_known(
    command: Command, walk: Path, tmp_path: Path, words: list[str], complaint: str
) -> None:
    outcome = command("run", "--motion", walk, "--output", tmp_path / "r.npz", *words)
    assert outcome.code == 2
    assert complaint in outcome.error
    assert not list(tmp_path.iterdir())


def broken(bvh: Bvh) -> dict[str, tuple[str, str]]:
    """Broken files by name, each with what its error says."""
    rows = bvh.rows
    whole = bvh.text(rows)
    values = rows[5].split()
    legless = bvh.head.split("JOINT LHipJoint")[0].rstrip()
    return {
        "empty": ("", "is empty"),
        "cut in a row": (whole[: len(whole) // 2], "cut short"),
        "cut in the skeleton": (bvh.head[: len(bvh.head) // 2], "cut short"),
        "NaN": (
            bvh.text([*rows[:5], " ".join(["NaN", *values[1:]])]),
            "frame 5, value 1 (joint Hips)",
        ),
        "infinite": (
            bvh.text([*rows[:5], " ".join(["inf", *values[1:]])]),
            "frame 5, value 1 (joint Hips)",
        ),
        "no frames": (bvh.text([]), "no frames"),
        "no rate": (bvh.text(rows[:9], frame_time=0.0), "Frame Time"),
        "no motion": (bvh.head, "MOTION"),
        "a skeleton without legs": (
            legless + "\nEnd Site\n{\nOFFSET 0 1 0\n}\n}\n"
            "MOTION\nFrames: 1\nFrame Time: 0.03\n0 0 0 0 0 0\n",
            "left_knee",
        ),
        "words": ("this is no motion\n", "not a BVH file"),
    }


@pytest.mark.parametrize("name", [*broken(Bvh())])
def test_broken_input_gets_one_line_that_names_file_and_cause(
    command: Command, bvh: Bvh, tmp_path: Path, name: str
) -> None:
    text, complaint = broken(bvh)[name]
    motion = tmp_path / "clip.bvh"
    motion.write_text(text)
    outcome = command("run", "--motion", motion, "--output", tmp_path / "r.npz", "--json")
    assert outcome.code == 1
    assert str(motion) in outcome.error
    assert complaint in outcome.error
    assert outcome.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["clip.bvh"]
    assert motion.read_text() == text


def test_binary_rubbish_is_no_motion(command: Command, tmp_path: Path) -> None:
    motion = tmp_path / "clip.npz"
    motion.write_bytes(b"PK\x03\x04" + bytes(range(256)) * 9)
    outcome = command("run", "--motion", motion, "--output", tmp_path / "r.npz")
    assert outcome.code == 1
    assert "clip.npz" in outcome.error


def test_a_missing_file_or_a_folder_is_wrong_usage(command: Command, tmp_path: Path) -> None:
    for motion, complaint in ((tmp_path / "no.bvh", "no such file"), (tmp_path, "is a folder")):
        outcome = command("run", "--motion", motion, "--output", tmp_path / "r.npz")
        assert outcome.code == 2
        assert complaint in outcome.error


@pytest.mark.parametrize("kind", ["same", "dotted", "symbolic link", "hard link"])
def test_an_output_that_is_the_input_is_refused(
    command: Command, walk: Path, tmp_path: Path, kind: str
) -> None:
    motion = tmp_path / "walk.npz"
    motion.write_bytes(walk.read_bytes())
    output = tmp_path / "out.npz"
    if kind == "same":
        output = motion
    elif kind == "dotted":
        (tmp_path / "sub").mkdir()
        output = tmp_path / "sub" / ".." / "walk.npz"
    elif kind == "symbolic link":
        output.symlink_to(motion)
    else:
        os.link(motion, output)
    outcome = command("run", "--motion", motion, "--output", output)
    assert outcome.code == 2
    assert "the output is the input" in outcome.error
    assert motion.read_bytes() == walk.read_bytes()


def test_a_folder_that_cannot_be_written_is_said_before_nothing_is_left(
    command: Command, walk: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("taken")
    outcome = command("run", "--motion", walk, "--output", tmp_path / "file" / "r.npz")
    assert outcome.code == 1
    assert "cannot be written" in outcome.error
    assert (tmp_path / "file").read_text() == "taken"


def test_an_output_that_is_a_folder_is_refused(
    command: Command, walk: Path, tmp_path: Path
) -> None:
    outcome = command("run", "--motion", walk, "--output", tmp_path)
    assert outcome.code == 2
    assert "is a folder" in outcome.error


def test_a_process_ends_with_code_2_and_no_traceback_on_wrong_usage() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "retarget", "run", "--motion", "nowhere.bvh", "--output", "x.npz"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "error: nowhere.bvh: no such file; give a motion file, or the name of an embedded clip "
        "(cmu_01_01, humanoid_dance, humanoid_run, humanoid_walk)\n"
    )


@pytest.mark.parametrize(
    ("weight", "complaint"),
    [
        ("hnad=4", "--weight: unknown segment 'hnad'; segments are pelvis, chest, thigh,"),
        ("hand", "--weight 'hand': no factor; give a segment and a number, such as hand=4"),
        ("hand=much", "--weight 'hand=much': no factor"),
        ("hand=-1", "--weight hand: must be greater than or equal to 0, not -1.0"),
        ("hand=inf", "--weight hand: must be a finite number, not inf"),
        ("hand=1e9", "--weight hand: must be less than or equal to 10000, not 1000000000.0"),
    ],
)
def test_a_wrong_weight_is_wrong_usage(
    command: Command, walk: Path, tmp_path: Path, weight: str, complaint: str
) -> None:
    said = ["run", "--motion", walk, "--output", tmp_path / "r.npz", "--weight", weight]
    outcome = command(*said)
    assert outcome.code == 2
    assert complaint in outcome.error


@pytest.mark.parametrize(
    "words",
    [
        ["--fps", "0"],
        ["--fps", "nan"],
        ["--start", "-1"],
        ["--time-scale", "fast"],
        ["--time-scale", "9"],
        ["--style", "nice"],
        ["--smoothness", "1e300"],
        ["--joint-acceleration-limit", "1e-6"],
        ["--collision-margin", "5"],
        ["--end", "1e300"],
    ],
)
def test_an_impossible_option_is_wrong_usage(
    command: Command, walk: Path, tmp_path: Path, words: list[str]
) -> None:
    outcome = command("run", "--motion", walk, "--output", tmp_path / "r.npz", *words)
    assert outcome.code == 2
    assert outcome.error.startswith(f"error: {words[0]}: ")
    assert not list(tmp_path.iterdir())
