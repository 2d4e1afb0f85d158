"""Robot motions of other tools: scored beside their source, and recordings for other robots."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from retarget.cli.main import main
from retarget.config import RunConfig
from retarget.errors import FileFormatError, OptionsError, RobotError
from retarget.evaluation import evaluate_result
from retarget.exchange.robot_motion import RobotMotion, read_robot_motion
from retarget.exchange.write import export_result
from retarget.foreign_result import align, foreign_result, judge_alone
from retarget.motion import Motion
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robot_recording import motion_of_robot
from retarget.robots import load_robot
from retarget.solver.kinematics.forward import pose_blocks

ROBOTS = Path(__file__).parents[2] / "shared" / "robots"


@lru_cache
def human() -> Motion:
    """Two seconds of an embedded walk."""
    from retarget.demo import embedded_clips

    walk = next(path for path in embedded_clips() if "walk" in path.name.lower())
    clip = RunConfig().read_motion(walk)
    return clip.frames(0, min(len(clip), 240))


@lru_cache
def ours() -> RetargetingResult:
    return retarget_motion(human(), load_robot("unitree_g1"))


def motion_from(result: RetargetingResult, rows: slice = slice(None)) -> RobotMotion:
    return RobotMotion(
        path=Path("walk.pkl"),
        clip="walk",
        kind="gmr",
        sha256="",
        robot=result.robot,
        joint_names=result.joint_names,
        qpos=result.qpos[rows],
        fps=result.fps,
        held=(),
    )


def test_a_file_of_another_tool_is_scored_as_our_own_result_is(tmp_path: Path) -> None:
    robot, own = load_robot("unitree_g1"), ours()
    path = tmp_path / "walk.pkl"
    export_result(own.resampled(30.0), path, "gmr", robot=robot)
    result, found = foreign_result(read_robot_motion(path, robot), robot, human())
    assert found is not None and abs(found.offset_s) < 1.5 / 30 and found.likeness > 0.99
    theirs, mine = evaluate_result(result, robot), evaluate_result(own, robot)
    for name in ("limb_error_mean", "trunk_lean_error_mean", "orientation_error_mean"):
        assert theirs[name] == pytest.approx(mine[name], abs=0.3), name
    assert result.provenance["made_elsewhere"]["format"] == "gmr"
    result.save_npz(tmp_path / "result.npz")
    assert len(RetargetingResult.load_npz(tmp_path / "result.npz")) == found.frames


def test_a_format_that_is_named_leaves_no_doubt_about_quaternions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    robot, path = load_robot("unitree_g1"), tmp_path / "upside.pkl"
    still = replace(ours(), qpos=ours().qpos.copy())
    still.qpos[:, 3:7] = [
        1.0,
        0.0,
        0.0,
        0.0,
    ]  # read in the other order it is turned about z: as upright
    export_result(still, path, "gmr", robot=robot)
    guessed, named = read_robot_motion(path, robot), read_robot_motion(path, robot, kind="gmr")
    assert [doubt.name for doubt in guessed.doubts] == ["layout"]
    assert any("cannot be told" in note for note in guessed.notes)
    assert named.doubts == () and not any("cannot be told" in note for note in named.notes)
    np.testing.assert_allclose(named.qpos, still.qpos, atol=1e-6)
    with pytest.raises(FileFormatError):
        read_robot_motion(path, robot, kind="mjlab")
    words = ["evaluate", "--result", str(path), "--robot", "unitree_g1"]
    capsys.readouterr()
    assert main([*words, "--read-as", "gmr"]) == 0
    assert "cannot be told" not in capsys.readouterr().err
    assert main([*words, "--read-as", "nobody"]) == 2
    assert "nobody" in capsys.readouterr().err
    assert main(["run", "--motion", str(path), "--read-as", "gmr", "--output", "x.npz"]) == 2
    assert "--from-robot" in capsys.readouterr().err


def test_what_cannot_be_laid_beside_its_source_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from retarget.demo import embedded_clips

    other = next(path for path in embedded_clips() if "walk" not in path.name.lower())
    path = tmp_path / "walk.pkl"
    export_result(ours().resampled(30.0), path, "gmr", robot=load_robot("unitree_g1"))
    words = ["evaluate", "--result", str(path), "--robot", "unitree_g1"]
    assert main([*words, "--source", str(other)]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"error: {path}: ") and "another take" in line
    assert line.count(str(path)) == 1


@pytest.mark.parametrize("begin", [0, 17])
def test_a_motion_that_begins_later_is_laid_where_it_belongs(begin: int) -> None:
    robot, own = load_robot("unitree_g1"), ours()
    part = motion_from(own, slice(begin, None))
    result, found = foreign_result(part, robot, human())
    assert found is not None
    assert found.offset_s == pytest.approx(begin / own.fps, abs=1.01 / own.fps)
    assert evaluate_result(result, robot)["limb_error_mean"] < 4


def test_curves_are_aligned_to_the_frame_and_another_take_is_refused() -> None:
    rng = np.random.default_rng(3)
    curve = np.cumsum(rng.normal(0, 0.03, (400, 8)), axis=0)
    for lag in (-30, 0, 45):
        part = curve[max(lag, 0) : 300 + lag]
        before = rng.normal(curve[0], 0.05, (max(-lag, 0), 8))
        found = align(0.8 * np.concatenate([before, part]), curve, 30.0)
        assert found.offset_s == pytest.approx(lag / 30)
        assert found.first == max(lag, 0)
    with pytest.raises(OptionsError, match="another take"):
        align(rng.normal(0, 1, (400, 8)), curve, 30.0)
    still = align(np.full((90, 8), 0.8), curve, 30.0)
    assert still.likeness is None and still.offset_s == 0 and still.frames == 90


def test_without_a_source_nothing_is_said_about_following() -> None:
    robot, own = load_robot("unitree_g1"), ours()
    result, found = foreign_result(motion_from(own), robot, None)
    assert found is None
    report, mine = judge_alone(result, robot), evaluate_result(own, robot)
    assert report["limb_error_mean"] is None and report["human_toe_slide_mean"] is None
    for name in ("jerk_mean", "self_collision_share", "sole_penetration_max", "joint_speed_max"):
        assert report[name] == mine[name], name


def test_a_robots_bodies_are_a_recording_of_their_roles() -> None:
    for name in ("unitree_g1", "booster_t1", "unitree_h1"):
        robot = load_robot(name)
        qpos = np.zeros((5, robot.qpos_size))
        qpos[:, 2], qpos[:, 3], qpos[:, 7:] = 1.0, 1.0, robot.neutral
        still = RobotMotion(
            Path("x"), "x", "gmr", "", robot.name, robot.joint_names, qpos, 30.0, ()
        )
        motion = motion_of_robot(still, robot)
        for _, places, turns in pose_blocks(qpos, robot):
            foot = robot.feet[0]
            soles = places[0, foot] + robot.soles[0] @ turns[0, foot].T
        toe, ankle = (motion.role_positions(f"left_{part}")[0] for part in ("toe", "ankle"))
        assert toe[2] == pytest.approx(soles[:, 2].min() - robot.sole_radius, abs=0.01)
        assert toe[0] == pytest.approx(soles[:, 0].max(), abs=0.02) and toe[0] > ankle[0] + 0.08
        assert motion.role_positions("left_hip")[0, 1] > motion.role_positions("right_hip")[0, 1]


def test_a_robots_motion_goes_to_another_robot_and_back_without_a_human() -> None:
    g1, t1 = load_robot("unitree_g1"), load_robot("booster_t1")
    own = ours()
    there = retarget_motion(motion_of_robot(motion_from(own), g1), t1)
    back = retarget_motion(motion_of_robot(motion_from(there), t1), g1)
    for result, robot in ((there, t1), (back, g1)):
        report = evaluate_result(result, robot)
        assert report["limb_error_mean"] < 3 and report["toe_slide_mean"] < 0.02
    _, found = foreign_result(motion_from(back), g1, human())
    whole, _ = foreign_result(motion_from(back), g1, human())
    assert (
        evaluate_result(whole, g1)["limb_error_mean"]
        < evaluate_result(own, g1)["limb_error_mean"] + 3
    )
    assert found is not None and abs(found.offset_s) < 0.1


@pytest.mark.parametrize("model", ["unitree_g1_23_xml", "unitree_g1_hands_menagerie"])
def test_a_robots_motion_goes_to_one_of_its_family_with_other_joints(model: str) -> None:
    """Fewer joints, or fingers besides: the same limbs move alike, and what has no part in it stays at rest."""
    if not (ROBOTS / model).is_dir():
        pytest.skip(f"no model {model} on this machine")
    g1 = load_robot("unitree_g1")
    other = load_robot(next((ROBOTS / model).glob("*.xml")))
    own = ours()
    there = retarget_motion(motion_of_robot(motion_from(own), g1), other)
    report = evaluate_result(there, other)
    assert report["limb_error_mean"] < 2 and report["toe_slide_mean"] < 0.01
    assert report["limb_error_mean"] < evaluate_result(own, g1)["limb_error_mean"] + 1
    fingers = [7 + at for at, name in enumerate(other.joint_names) if "hand" in name]
    assert np.ptp(there.qpos[:, fingers], axis=0).max(initial=0.0) == 0
    back = retarget_motion(motion_of_robot(motion_from(there), other), g1)
    off = np.abs(back.qpos[:, 7:19] - own.qpos[:, 7:19])  # legs
    assert np.rad2deg(off).mean() < 4


def test_a_motion_of_another_robot_is_refused() -> None:
    motion = replace(motion_from(ours()), robot="unitree_g1")
    with pytest.raises(RobotError, match="whose joints are not those of booster_t1"):
        motion_of_robot(motion, load_robot("booster_t1"))


def test_the_command_line_runs_scores_and_asks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, own = tmp_path / "walk.csv", tmp_path / "own.npz"
    ours().save_npz(own)
    export_result(ours(), table, "unitree_csv", robot=load_robot("unitree_g1"))
    run = ["run", "--motion", str(table), "--from-robot", "unitree_g1", "--robot", "unitree_h1"]
    run += ["--output", str(tmp_path / "h1.npz")]
    assert main(run) == 2
    assert "say so with --source-fps" in capsys.readouterr().err
    assert main([*run, "--source-fps", "30"]) == 0
    assert RetargetingResult.load_npz(tmp_path / "h1.npz").robot == "unitree_h1"
    capsys.readouterr()
    assert main(["evaluate", "--result", str(table)]) == 2
    assert "name its robot with --robot" in capsys.readouterr().err
    assert main(["evaluate", "--result", str(own), "--source-fps", "30"]) == 2
    judged = ["evaluate", "--result", str(table), "--robot", "unitree_g1", "--source-fps", "30"]
    assert main([*judged, "--save-result", str(tmp_path / "as_result.npz")]) == 0
    assert "without --source" in capsys.readouterr().err
    convert = [
        "export",
        "--result",
        str(table),
        "--for",
        "gmr",
        "--output",
        str(tmp_path / "x.pkl"),
    ]
    assert main(convert) == 2
    assert "name its robot with --robot" in capsys.readouterr().err
    assert main([*convert, "--robot", "unitree_g1", "--source-fps", "30"]) == 0
    g1 = load_robot("unitree_g1")
    converted = read_robot_motion(tmp_path / "x.pkl", g1)
    np.testing.assert_allclose(converted.qpos, read_robot_motion(table, g1, fps=30).qpos, atol=2e-6)
    own_result = ["export", "--result", str(own), "--output", str(tmp_path / "y.csv")]
    assert main([*own_result, "--robot", "unitree_g1"]) == 2
    assert "for another tool's motion" in capsys.readouterr().err
    assert main(["check", str(table)]) == 0
    assert "unitree_csv" in capsys.readouterr().out
    assert main(["check", str(own)]) == 1
    assert "is a result of retarget itself" in capsys.readouterr().err
    with pytest.raises(FileFormatError, match="whose joints are not booster_t1's"):
        read_robot_motion(own, load_robot("booster_t1"))
