"""A writer that went wrong is found by what it wrote: the file is refused by name of the fault and never appears."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from robot_motions import result_of, smooth_motion

from retarget.errors import OutputError
from retarget.exchange import view as view_module
from retarget.exchange.encode import file_values
from retarget.export import export_result, export_table
from retarget.geometry import rotated
from retarget.robots import load_robot

G1 = load_robot("unitree_g1")


def other_point(view: object, _: object) -> np.ndarray:
    """Velocities of centres of mass where those of origins are wanted."""
    return view.tracks.bodies.centre_velocity[:, view.order.links]


def local_spin(view: object, _: object) -> np.ndarray:
    """Angular velocities in the links' own frames where the world's are wanted."""
    bodies = view.tracks.bodies
    inverse = bodies.rotation * np.array([1.0, -1.0, -1.0, -1.0])
    return rotated(inverse, bodies.spin)[:, view.order.links]


def other_order(view: object, _: object) -> np.ndarray:
    """Links in another order than the rest of the file."""
    turned = view.tracks.bodies.position[:, view.order.links].copy()
    turned[:, [3, 9]] = turned[:, [9, 3]]
    return turned


def turned_quaternions(view: object, stored: str) -> np.ndarray:
    """Scalar last where it is wanted first."""
    return np.roll(view.tracks.bodies.rotation[:, view.order.links], -1, axis=-1)


def shuffled_joints(view: object, _: object) -> np.ndarray:
    """Two joints changed places."""
    turned = view.joint_position.copy()
    turned[:, [3, 9]] = turned[:, [9, 3]]
    return turned


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("link_velocity", other_point),
        ("link_spin", local_spin),
        ("link_position", other_order),
        ("link_rotation", turned_quaternions),
        ("joint_position", shuffled_joints),
    ],
)
def test_a_fault_of_the_writer_is_found(
    source: str, fault: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = result_of(smooth_motion(G1, 120, 50.0), 50.0, G1)
    export_result(result, tmp_path / "whole.npz", "mjlab", robot=G1)
    monkeypatch.setitem(view_module._SOURCES, source, fault)
    with pytest.raises(OutputError, match="what was written is not what mjlab reads"):
        export_result(result, tmp_path / "wrong.npz", "mjlab", robot=G1)
    assert [path.name for path in tmp_path.iterdir()] == ["whole.npz"]


@pytest.mark.parametrize("kind", ["unitree_csv", "gmr", "mimickit", "phc", "holosoma", "bones_csv"])
@pytest.mark.parametrize("source", ["root_position", "root_rotation", "joint_position"])
def test_what_a_file_says_once_is_held_against_the_motion(
    kind: str, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = result_of(smooth_motion(G1, 60, 30.0), 30.0, G1)
    path = tmp_path / f"clip{export_table(kind).suffix}"

    def delayed(view: view_module.View) -> dict[str, object]:
        late = np.roll(getattr(view.tracks, source), 1, axis=0)
        return file_values(replace(view, tracks=replace(view.tracks, **{source: late})))

    monkeypatch.setattr("retarget.exchange.write.file_values", delayed)
    with pytest.raises(OutputError, match="what was written is not what"):
        export_result(result, path, kind, robot=G1)
    assert not list(tmp_path.iterdir())
