"""CSV in Unitree's order."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retarget.errors import OptionsError, OutputError, UnknownNameError
from retarget.export import write_csv, writer_of
from retarget.result import RetargetingResult, SourceClip, packed_rotations
from retarget.robots import load_robot

FRAMES, JOINTS = 31, 29


@pytest.fixture
def result() -> RetargetingResult:
    """A base that turns by a quarter in a second while its joints move evenly."""
    time = np.linspace(0, 1, FRAMES)
    qpos = np.zeros((FRAMES, 7 + JOINTS))
    qpos[:, :3] = np.outer(time, [1.0, 2.0, 0.0]) + np.array([0, 0, 0.78])
    qpos[:, 3], qpos[:, 6] = np.cos(time * np.pi / 4), np.sin(time * np.pi / 4)
    qpos[:, 7:] = np.outer(time, np.arange(JOINTS) / JOINTS)
    source = SourceClip(
        ("pelvis",),
        np.zeros((FRAMES, 1, 3), np.float32),
        ("pelvis",),
        packed_rotations(np.tile([1.0, 0, 0, 0], (FRAMES, 1, 1))),
    )
    return RetargetingResult(
        qpos,
        30.0,
        load_robot("unitree_g1").joint_names,
        "unitree_g1",
        np.zeros((FRAMES, 2, 2), bool),
        np.zeros(FRAMES),
        source,
    )


def test_rows_are_position_then_xyzw_then_joints(result: RetargetingResult, tmp_path: Path) -> None:
    write_csv(result, tmp_path / "out.csv")
    rows = np.loadtxt(tmp_path / "out.csv", delimiter=",")
    assert rows.shape == (FRAMES, 36)
    np.testing.assert_allclose(rows[:, :3], result.qpos[:, :3], atol=1e-6)
    np.testing.assert_allclose(rows[:, 3:6], result.qpos[:, 4:7], atol=1e-6)
    np.testing.assert_allclose(rows[:, 6], result.qpos[:, 3], atol=1e-6)
    np.testing.assert_allclose(rows[:, 7:], result.qpos[:, 7:], atol=1e-6)


def test_there_is_no_header_and_the_file_ends_with_a_newline(
    result: RetargetingResult, tmp_path: Path
) -> None:
    write_csv(result, tmp_path / "out.csv")
    text = (tmp_path / "out.csv").read_text()
    assert text.startswith("0.000000,0.000000,0.780000,0.000000,0.000000,0.000000,1.000000,")
    assert text.endswith("\n")


@pytest.mark.parametrize("fps", [15.0, 50.0, 1000.0])
def test_another_rate_keeps_time_and_unit_quaternions(
    result: RetargetingResult, tmp_path: Path, fps: float
) -> None:
    write_csv(result, tmp_path / "out.csv", fps=fps)
    rows = np.loadtxt(tmp_path / "out.csv", delimiter=",")
    time = np.arange(len(rows)) / fps
    assert len(rows) == int(fps) + 1
    np.testing.assert_allclose(rows[:, 0], time, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(rows[:, 3:7], axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(2 * np.arctan2(rows[:, 5], rows[:, 6]), time * np.pi / 2, atol=1e-5)


def test_writing_does_not_change_the_result(result: RetargetingResult, tmp_path: Path) -> None:
    before = result.qpos.copy()
    write_csv(result, tmp_path / "out.csv", fps=10)
    write_csv(result, tmp_path / "out.csv")
    assert np.array_equal(result.qpos, before)


@pytest.mark.parametrize("fps", [0.0, -30.0, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(
    result: RetargetingResult, tmp_path: Path, fps: float
) -> None:
    with pytest.raises(OptionsError, match=r"a rate of .* is not between"):
        write_csv(result, tmp_path / "out.csv", fps=fps)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_a_file_leaves_nothing_behind(
    result: RetargetingResult, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_csv(result, tmp_path / "taken" / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_one_frame_is_one_row(result: RetargetingResult, tmp_path: Path) -> None:
    source = replace(
        result.source, positions=result.source.positions[:1], rotations=result.source.rotations[:1]
    )
    one = replace(
        result,
        qpos=result.qpos[:1],
        contacts=result.contacts[:1],
        body_contacts=result.body_contacts[:1],
        frame_cost=np.zeros(1),
        source=source,
    )
    write_csv(one, tmp_path / "out.csv", fps=100)
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 1


def test_an_unknown_format_lists_those_known() -> None:
    with pytest.raises(UnknownNameError, match=r"known: .*unitree_csv"):
        writer_of("xml")
