"""Commands beside `run` and `batch`: what is wrong is told before the work, and nothing that is there is lost."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli_helpers import Command

from retarget.demo import clips_folder


def test_a_picture_of_a_robot_takes_nobody_s_place(command: Command, tmp_path: Path) -> None:
    recording = tmp_path / "walk.bvh"
    shutil.copy(clips_folder() / "cmu_01_01.bvh", recording)
    before = recording.read_bytes()
    outcome = command("robots", "inspect", "unitree_g1", "--picture", recording)
    assert outcome.code == 2
    assert "walk.bvh: a picture is a .png file; call it walk.png" in outcome.error
    assert recording.read_bytes() == before
    assert command("robots", "inspect", "unitree_g1", "--picture", tmp_path).code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["walk.bvh"]


def test_a_description_of_a_robot_is_a_toml_file(command: Command, tmp_path: Path) -> None:
    model = tmp_path / "robot.xml"
    model.write_text("<mujoco/>")
    outcome = command("robots", "add", model, "--name", "lab", "--output", tmp_path / "lab.xml")
    assert outcome.code == 2
    assert "lab.xml: a robot's description is a .toml file" in outcome.error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--speed", "1e-9"), "--speed: must be from 0.01 to 100, not 1e-09"),
        (("--speed", "nan"), "--speed: must be from 0.01 to 100, not nan"),
        (("--fps", "1e-300"), "--fps: must be from 1 to 240, not 1e-300"),
        (("--size", "0x0"), "--size: must be 32 to 8192 pixels each, not 0x0"),
        (("--size", "99999x100"), "--size: must be 32 to 8192 pixels each, not 99999x100"),
    ],
)
def test_films_without_measure_are_refused_by_the_option(
    command: Command, walk_result: Path, tmp_path: Path, words: tuple[str, str], said: str
) -> None:
    outcome = command("render", walk_result, "--output", tmp_path / "film.mp4", *words)
    assert outcome.code == 2
    assert outcome.error == f"error: {said}"
    assert not list(tmp_path.iterdir())


def test_what_is_no_data_set_and_no_manifest_is_wrong_usage(
    command: Command, tmp_path: Path
) -> None:
    outcome = command("dataset", "show", tmp_path)
    assert outcome.code == 2
    assert f"{tmp_path}: holds no data set (dataset.json); make one" in outcome.error
    (tmp_path / "batch_manifest.json").write_text("{}")
    outcome = command("status", tmp_path)
    assert outcome.code == 2
    assert f"give its manifest, {tmp_path}/batch_manifest.json" in outcome.error


def test_diff_is_of_files_and_benchmark_of_a_known_suite(command: Command, tmp_path: Path) -> None:
    outcome = command("diff", tmp_path, tmp_path)
    assert outcome.code == 2
    assert f"{tmp_path}: is a folder; give a result (.npz) or another tool's file" in outcome.error
    outcome = command("benchmark", "--suite", "nope")
    assert outcome.code == 2
    assert "nope" in outcome.error


def test_a_command_starts_no_process_to_look_for_windows() -> None:
    """MuJoCo's does, unless told that nothing is drawn with OpenGL; it takes a tenth of a second and hears Ctrl-C."""
    program = (
        "import sys\n"
        "started = []\n"
        "sys.addaudithook(lambda name, _: started.append(name) if name == 'subprocess.Popen' else None)\n"
        "from retarget.cli.main import main\n"
        "main(['robots', 'inspect', 'unitree_g1'])\n"
        "print(started, file=sys.stderr)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "MUJOCO_GL"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-1] == "[]"


def test_a_missing_list_of_clips_and_a_file_for_a_folder_are_wrong_usage(
    command: Command, walk_result: Path, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    shutil.copy(clips_folder() / "cmu_01_01.bvh", tmp_path / "in")
    folders = ("--input-dir", tmp_path / "in", "--output-dir", tmp_path / "out")
    outcome = command("batch", *folders, "--only", tmp_path / "nope.txt")
    assert outcome.code == 2
    assert "nope.txt: no such file; give a list of clips, or a review (.json)" in outcome.error
    outcome = command(
        "export", "--result", walk_result, "--for", "phc", "--joints", "nope*", "--output", "x.pkl"
    )
    assert outcome.code == 2
    assert outcome.error.endswith("; or give a robot's model file")
