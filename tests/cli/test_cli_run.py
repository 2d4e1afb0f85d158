"""``retarget run``: one file to one result, as its options say."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer.main
from cli_helpers import Bvh, Command

from retarget.cli.main import app
from retarget.options import RetargetOptions
from retarget.result import RetargetingResult


def test_a_clip_becomes_a_result_within_the_robots_limits(
    command: Command, walk: Path, tmp_path: Path
) -> None:
    from retarget import load_robot

    outcome = command("run", "--motion", walk, "--output", tmp_path / "new" / "walk.npz", "--json")
    assert outcome.code == 0
    assert outcome.json["frames"] == 77
    assert outcome.json["robot"] == "unitree_g1"
    assert set(outcome.json["seconds"]) >= {"read", "targets", "solve", "evaluate", "save", "total"}
    result = RetargetingResult.load_npz(tmp_path / "new" / "walk.npz")
    robot = load_robot("unitree_g1")
    assert result.qpos.shape == (77, 36)
    assert (result.qpos[:, 7:] >= robot.lower - 1e-9).all()
    assert (result.qpos[:, 7:] <= robot.upper + 1e-9).all()
    assert result.provenance["motion"]["sha256"] == outcome.json["motion_sha256"]


def test_without_json_the_scores_are_one_line_on_standard_output(
    command: Command, walk: Path, tmp_path: Path
) -> None:
    outcome = command("run", "--motion", walk, "--output", tmp_path / "walk.npz")
    assert outcome.code == 0
    assert "77 frames at 30 fps on unitree_g1" in outcome.out
    assert "limb direction error" in outcome.out
    assert "note:" in outcome.err  # the format has no toes


def test_the_same_input_gives_the_same_file_but_for_times(
    command: Command, walk: Path, tmp_path: Path
) -> None:
    for name in ("a.npz", "b.npz"):
        assert command("run", "--motion", walk, "--output", tmp_path / name).code == 0
    first, second = (RetargetingResult.load_npz(tmp_path / name) for name in ("a.npz", "b.npz"))
    assert np.array_equal(first.qpos, second.qpos)


def test_a_picture_is_drawn_on_request(command: Command, walk: Path, tmp_path: Path) -> None:
    picture = tmp_path / "walk.png"
    outcome = command(
        "run", "--motion", walk, "--output", tmp_path / "walk.npz", "--picture", picture
    )
    assert outcome.code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_config_file_sets_defaults_and_the_command_line_goes_before_it(
    command: Command, walk: Path, tmp_path: Path
) -> None:
    config = tmp_path / "run.toml"
    config.write_text('robot = "booster_t1"\n[options]\nfps = 20.0\n')
    output = tmp_path / "walk.npz"
    said = ["run", "--motion", walk, "--output", output, "--config", config, "--json"]
    assert command(*said).json["robot"] == "booster_t1"
    assert command(*said, "--robot", "unitree_g1").json["robot"] == "unitree_g1"
    assert RetargetingResult.load_npz(output).fps == 20.0


@pytest.mark.parametrize(
    ("frames", "frame_time"), [(1, 1 / 30), (2, 1 / 30), (20, 1.0), (60, 1e-3)]
)
def test_extreme_lengths_and_rates_work(
    command: Command, bvh: Bvh, tmp_path: Path, frames: int, frame_time: float
) -> None:
    motion = tmp_path / "clip.bvh"
    motion.write_text(bvh.text(bvh.rows[1 : frames + 1], frame_time=frame_time))
    outcome = command("run", "--motion", motion, "--output", tmp_path / "r.npz")
    assert outcome.code == 0, outcome.err
    result = RetargetingResult.load_npz(tmp_path / "r.npz")
    assert len(result) == frames
    assert result.fps == pytest.approx(1 / frame_time, rel=1e-5)
    assert np.isfinite(result.qpos).all()


def test_a_bind_pose_is_dropped_and_said_or_kept(
    command: Command, bvh: Bvh, tmp_path: Path
) -> None:
    motion = tmp_path / "clip.bvh"
    motion.write_text(bvh.text(bvh.rows[:40]))
    said = ["run", "--motion", motion, "--output", tmp_path / "r.npz", "--json"]
    dropped = command(*said)
    assert dropped.json["frames"] == 39
    assert any("bind pose" in note for note in dropped.json["notes"])
    assert command(*said, "--keep-bind-pose").json["frames"] == 40


def test_the_command_works_as_a_process_without_a_home(walk: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-m", "retarget", "run", "--motion", walk, "--output", tmp_path / "r.npz"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(RetargetingResult.load_npz(tmp_path / "r.npz")) == 77


def test_a_part_at_another_rate_and_mirrored(command: Command, walk: Path, tmp_path: Path) -> None:
    output = tmp_path / "r.npz"
    said = ["run", "--motion", walk, "--output", output]
    assert command(*said, "--start", "0.5", "--end", "1.5", "--fps", "60").code == 0
    part = RetargetingResult.load_npz(output)
    assert part.fps == 60
    assert part.duration == pytest.approx(1.0, abs=0.05)
    assert command(*said, "--mirror").code == 0
    assert RetargetingResult.load_npz(output).provenance["options"]["mirror"] is True


def test_another_speed_is_said_and_in_the_result(
    command: Command, walk: Path, tmp_path: Path
) -> None:
    output = tmp_path / "r.npz"
    said = ["run", "--motion", walk, "--output", output]
    plain = command(*said)
    assert plain.code == 0
    assert "as fast as recorded" not in plain.out
    frames = len(RetargetingResult.load_npz(output))
    outcome = command(*said, "--time-scale", "similar")
    assert outcome.code == 0
    result = RetargetingResult.load_npz(output)
    scale = result.provenance["time_scale"]
    assert scale == pytest.approx(result.provenance["scale"] ** 0.5, rel=1e-3)
    assert result.provenance["options"]["time_scale"] == "similar"
    assert len(result) == pytest.approx(frames * scale, abs=1)
    assert f"{1 / scale:.3f} times as fast as recorded" in outcome.out


def test_every_option_of_retargeting_is_one_of_run_and_of_batch() -> None:
    for name in ("run", "batch"):
        command = typer.main.get_command(app).commands[name]
        taken = {parameter.name for parameter in command.params}
        assert set(RetargetOptions.model_fields) <= taken
        assert {parameter.name: parameter.help for parameter in command.params}["weights"]


def test_options_of_the_command_line_reach_the_result(
    command: Command, walk: Path, tmp_path: Path
) -> None:
    output = tmp_path / "r.npz"
    numbers = {
        "--time-scale": "1.25",
        "--style": "close",
        "--smoothness": "2",
        "--joint-speed-limit": "8",
        "--joint-acceleration-limit": "90",
        "--joint-margin": "0.02",
        "--collision-margin": "0.01",
        "--hands": "keep",
    }
    kinds = ("speed-limits", "acceleration-limits", "self-collision", "floor", "contacts")
    said = [word for pair in numbers.items() for word in pair] + [f"--no-{kind}" for kind in kinds]
    said += ["--weight", "hand=4", "--weight", "left_foot=2.5"]
    assert command("run", "--motion", walk, "--output", output, *said).code == 0
    assert RetargetingResult.load_npz(output).provenance["options"] == {
        "fps": None,
        "hands": "keep",
        "start_s": 0.0,
        "end_s": None,
        "mirror": False,
        "time_scale": 1.25,
        "style": "close",
        "smoothness": 2.0,
        "weights": {"hand": 4.0, "left_foot": 2.5},
        "joint_speed_limit": 8.0,
        "joint_acceleration_limit": 90.0,
        "joint_margin": 0.02,
        "collision_margin": 0.01,
        "speed_limits": False,
        "acceleration_limits": False,
        "self_collision": False,
        "floor": False,
        "contacts": False,
    }


def test_weights_of_the_command_line_join_those_of_the_config_file(
    command: Command, walk: Path, tmp_path: Path
) -> None:
    config, output = tmp_path / "run.toml", tmp_path / "r.npz"
    config.write_text("[options]\nfloor = false\n[options.weights]\nhand = 4\nfoot = 2\n")
    said = ["run", "--motion", walk, "--output", output, "--config", config]
    assert command(*said, "--weight", "hand=3", "--weight", "chest=0", "--above-floor").code == 0
    options = RetargetingResult.load_npz(output).provenance["options"]
    assert options["weights"] == {"chest": 0.0, "foot": 2.0, "hand": 3.0}
    assert options["floor"] is True


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' file names are text")
def test_a_name_that_is_not_text_works_and_can_be_printed(
    command: Command, walk: Path, tmp_path: Path
) -> None:
    motion = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.npz"))
    motion.write_bytes(walk.read_bytes())
    outcome = command("run", "--motion", motion, "--output", tmp_path / "r.npz", "--json")
    assert outcome.code == 0
    assert outcome.json["motion"] == str(motion)
    motion.write_bytes(b"")
    process = subprocess.run(
        [sys.executable, "-m", "retarget", "run", "--motion", motion, "--output", "x.npz"],
        capture_output=True,
        check=False,
    )
    assert process.returncode == 1
    assert process.stderr.startswith(b"error: ")
    assert b"Traceback" not in process.stderr
