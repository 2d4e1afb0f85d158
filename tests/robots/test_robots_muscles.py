"""Musculoskeletal models: of many files that include each other, inertias of six numbers, muscles by the hundred."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from retarget.robots.reading.description import floating_spec, read_description
from retarget.robots.reading.mjcf import prepare_mjcf

BONE = '<geom type="capsule" size="0.03" fromto="0 0 0 0 0 -0.3" contype="0" conaffinity="0"/>'
MUSCULAR = f"""<mujoco><worldbody>
<body name="thigh"><freejoint/>{BONE}<site name="origin" pos="0 0.02 -0.1"/><site name="hook" pos="0 0 -0.3"/>
<body name="shin" pos="0 0 -0.3"><joint name="knee" axis="0 1 0" range="0 2"/>
<inertial pos="0 0 -0.1" mass="2" fullinertia="0.03 0.025 0.02 0.001 0 0"/>{BONE}
<site name="insertion" pos="0 0.02 -0.1"/><site name="eye"/></body></body></worldbody>
<equality><connect site1="hook" site2="eye"/></equality>
<tendon><spatial name="muscle"><site site="origin"/><site site="insertion"/></spatial></tendon>
<actuator><muscle name="pull" tendon="muscle"/><motor name="turn" joint="knee" gear="1"/></actuator></mujoco>"""


def test_files_are_included_from_beside_the_model_or_what_includes_them(tmp_path: Path) -> None:
    folder = tmp_path / "parts" / "leg"
    (tmp_path / "body").mkdir()
    folder.mkdir(parents=True)
    (folder / "leg.xml").write_text(
        '<mujocoinclude><geom size="0.1" mass="1"/><include file="shin.xml"/></mujocoinclude>'
    )
    shin = '<body name="{}"><joint axis="0 1 0"/><geom size="0.1"/></body>'
    (folder / "shin.xml").write_text(f"<mujocoinclude>{shin.format('beside')}</mujocoinclude>")
    model = tmp_path / "body" / "model.xml"
    model.write_text(
        '<mujoco><worldbody><body name="base"><freejoint/><include file="../parts/leg/leg.xml"/>'
        "</body></worldbody></mujoco>"
    )
    assert read_description(model).model.body(2).name == "beside"
    # MuJoCo looks beside the model first.
    (tmp_path / "body" / "shin.xml").write_text(
        f"<mujocoinclude>{shin.format('own')}</mujocoinclude>"
    )
    assert read_description(model).model.body(2).name == "own"


def test_an_inertia_of_six_numbers_stays_where_others_are_weighed_by_their_shapes(
    tmp_path: Path,
) -> None:
    path = tmp_path / "model.xml"
    path.write_text(MUSCULAR)
    model = read_description(path).model
    expected = np.linalg.eigvalsh([[0.03, 0.001, 0.0], [0.001, 0.025, 0.0], [0.0, 0.0, 0.02]])
    assert np.sort(model.body("shin").inertia) == pytest.approx(expected)
    assert model.body("thigh").mass[0] > 0.5


def test_muscles_are_left_out_before_anything_is_read_and_what_closes_loops_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "model.xml"
    path.write_text(MUSCULAR)
    read = ElementTree.fromstring(
        prepare_mjcf(ElementTree.fromstring(MUSCULAR), path, [], whole=False)
    )
    assert read.find("tendon") is None
    assert [actuator.get("name") for actuator in read.findall("actuator/*")] == ["turn"]
    assert {site.get("name") for site in read.iter("site")} == {"hook", "eye"}
    assert read_description(path).model.neq == 1
    assert len(floating_spec(path).tendons) == 1
