"""Masses and inertias as robots have them, however their files state them."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from robot_files import embedded_xml

from retarget.robots import RobotModel, load_robot


def written(folder: Path, root: ElementTree.Element) -> RobotModel:
    path = folder / "robot.xml"
    path.write_text(ElementTree.tostring(root, encoding="unicode"))
    return load_robot(path)


def test_shapes_that_only_look_like_something_weigh_what_mujoco_has_them_weigh(
    tmp_path: Path,
) -> None:
    root = ElementTree.fromstring(embedded_xml("unitree_g1"))
    trunk = next(body for body in root.iter("body") if body.get("name") == "torso_link")
    trunk.remove(trunk.find("inertial"))
    for geom in trunk.findall("geom"):
        geom.set("mass", "0")
    ElementTree.SubElement(
        trunk, "geom", type="box", size="0.1 0.1 0.2", mass="9", contype="0", conaffinity="0"
    )
    robot = written(tmp_path, root)
    body = robot.body_names.index("torso_link")
    assert robot.masses[body] == pytest.approx(9.0, abs=0.2)
    assert robot.inertias[body, 2, 2] == pytest.approx(9 / 3 * 0.02, rel=0.1)
    assert not any("torso" in name for name in robot.capsule_names if name.endswith("_looks"))


def test_inertias_in_another_unit_are_found_and_said(tmp_path: Path) -> None:
    root = ElementTree.fromstring(embedded_xml("unitree_g1"))
    plain = load_robot("unitree_g1")
    for inertial in root.iter("inertial"):
        if (moments := inertial.get("diaginertia")) is not None:
            inertial.set("diaginertia", " ".join(str(1e6 * float(v)) for v in moments.split()))
        if (moments := inertial.get("fullinertia")) is not None:
            inertial.set("fullinertia", " ".join(str(1e6 * float(v)) for v in moments.split()))
    robot = written(tmp_path, root)
    assert any("as in another unit" in note for note in robot.notes)
    np.testing.assert_allclose(robot.masses, plain.masses, atol=1e-9)
    radii = np.sqrt(np.linalg.eigvalsh(robot.inertias)[:, -1] / robot.masses)
    heavy = robot.masses > 1e-3 * robot.masses.sum()
    assert radii[heavy].max() < 0.2
    assert not any("another unit" in note for note in plain.notes)
