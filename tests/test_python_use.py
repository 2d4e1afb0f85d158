"""What a notebook shows, and what happens when arguments are of another kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import retarget
import retarget.export
import retarget.report
from retarget import RetargetOptions, StreamingRetargeter, evaluate_result, retarget_motion


@pytest.fixture(scope="module")
def motion() -> retarget.Motion:
    return retarget.read_motion("humanoid_run")


@pytest.fixture(scope="module")
def robot() -> retarget.RobotModel:
    return retarget.load_robot("unitree_g1")


@pytest.fixture(scope="module")
def result(motion: retarget.Motion, robot: retarget.RobotModel) -> retarget.RetargetingResult:
    return retarget_motion(motion, robot)


def test_objects_show_a_line_and_no_arrays(
    motion: retarget.Motion, robot: retarget.RobotModel, result: retarget.RetargetingResult
) -> None:
    assert repr(motion).endswith(
        "humanoid_run.npz': 41 frames at 30 fps, 1.4 s, 17 joints, rig amp_humanoid)"
    )
    assert repr(robot) == "RobotModel('unitree_g1': 29 joints, 33.3 kg)"
    assert repr(result).startswith("RetargetingResult('unitree_g1': 41 frames at 30 fps, 1.4 s, 29")
    for shown in (motion, robot, result, result.source):
        assert "array" not in repr(shown)
        assert len(repr(shown)) < 250


def test_arguments_of_another_kind_are_named_with_a_remedy(
    motion: retarget.Motion, robot: retarget.RobotModel, result: retarget.RetargetingResult
) -> None:
    options = RetargetOptions()
    wrong: list[tuple[Callable[..., object], tuple[object, ...], str]] = [
        (
            retarget_motion,
            (motion, robot, {"fps": 50}),
            "options must be a RetargetOptions, not a dict",
        ),
        (retarget_motion, (motion, robot, {}), "options must be a RetargetOptions, not a dict"),
        (
            retarget_motion,
            (robot, motion),
            "motion must be a Motion, not a RobotModel; write read_",
        ),
        (
            retarget_motion,
            (motion, "unitree_g1"),
            "robot must be a RobotModel, not a str; write load_",
        ),
        (evaluate_result, (robot, result), "result must be a RetargetingResult, not a RobotModel"),
        (evaluate_result, (result, "unitree_g1"), "robot must be a RobotModel, not a str"),
        (StreamingRetargeter, (motion, robot), "robot must be a RobotModel, not a Motion"),
        (StreamingRetargeter, (robot, motion, {"fps": 50}), "options must be a RetargetOptions"),
    ]
    for function, arguments, complaint in wrong:
        with pytest.raises(TypeError, match=complaint):
            function(*arguments)
    assert len(retarget_motion(motion, robot, options)) == 41


@pytest.mark.parametrize("package", [retarget.export, retarget.report])
def test_packages_for_files_and_pictures_have_a_public_face(package: object) -> None:
    names = package.__all__  # type: ignore[attr-defined]
    assert {"export_result"} & set(names) or {"draw_filmstrip", "headline"} <= set(names)
    assert all(getattr(package, name) is not None and name in dir(package) for name in names)


def test_the_page_on_python_names_whatever_is_public() -> None:
    page = (Path(__file__).parents[1] / "docs" / "python.md").read_text()
    for name in set(retarget.__all__) - {"__version__"}:
        assert f"`{name}`" in page, name
