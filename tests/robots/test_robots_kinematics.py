"""The flat model moves as MuJoCo's does."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from robot_files import EMBEDDED

from retarget.robots import load_robot, robot_names
from retarget.robots.kinematics import body_poses
from retarget.robots.reading.description import read_description
from retarget.robots.tree import KinematicTree, build_tree
from retarget.solver.kinematics.forward import forward_kinematics


def mujoco_poses(model: mujoco.MjModel, qpos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    return data.xpos.copy(), data.xmat.reshape(-1, 3, 3).copy()


def random_qpos(rng: np.random.Generator, joints: int) -> np.ndarray:
    base = np.concatenate([rng.normal(size=3), _unit(rng.normal(size=4))])
    return np.concatenate([base, rng.uniform(-3, 3, joints)])


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize("name", robot_names())
def test_forward_kinematics_agrees_with_mujoco_on_random_configurations(name: str) -> None:
    robot = load_robot(name)
    model = mujoco.MjModel.from_xml_path(str(EMBEDDED / name / "model.xml"))
    rng = np.random.default_rng(1)
    qpos = np.stack([random_qpos(rng, robot.joint_count) for _ in range(50)])
    positions, rotations = forward_kinematics(qpos, robot)
    order = [model.body(body).id for body in robot.body_names]
    for t, configuration in enumerate(qpos):
        expected_positions, expected_rotations = mujoco_poses(model, configuration)
        np.testing.assert_allclose(positions[t], expected_positions[order], atol=1e-9, rtol=0)
        np.testing.assert_allclose(rotations[t], expected_rotations[order], atol=1e-9, rtol=0)


def whole_inertia(
    masses: np.ndarray, centres: np.ndarray, inertias: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Centre of mass of some bodies and their inertia about it, all in the world."""
    centre = masses @ centres / masses.sum()
    away = centres - centre
    lever = np.einsum("bi,bi->b", away, away)[:, None, None] * np.eye(3)
    lever -= np.einsum("bi,bj->bij", away, away)
    return centre, inertias.sum(axis=0) + np.einsum("b,bij->ij", masses, lever)


@pytest.mark.parametrize("name", robot_names())
def test_masses_lie_and_turn_as_mujocos_do(name: str) -> None:
    robot = load_robot(name)
    model = mujoco.MjModel.from_xml_path(str(EMBEDDED / name / "model.xml"))
    data = mujoco.MjData(model)
    data.qpos[:] = random_qpos(np.random.default_rng(2), robot.joint_count)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    turns = data.ximat.reshape(-1, 3, 3)
    spins = turns @ (model.body_inertia[:, :, None] * np.swapaxes(turns, 1, 2))
    expected = whole_inertia(model.body_mass, data.xipos, spins)
    positions, rotations = (poses[0] for poses in forward_kinematics(data.qpos[None], robot))
    centres = positions + np.einsum("bij,bj->bi", rotations, robot.mass_centres)
    spins = rotations @ robot.inertias @ np.swapaxes(rotations, 1, 2)
    found = whole_inertia(robot.masses, centres, spins)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-9, rtol=0)


@pytest.mark.parametrize("name", robot_names())
def test_joints_are_in_mujocos_order(name: str) -> None:
    model = mujoco.MjModel.from_xml_path(str(EMBEDDED / name / "model.xml"))
    joints = [model.joint(j).name for j in range(model.njnt) if model.jnt_type[j] == 3]
    assert load_robot(name).joint_names == tuple(joints)
    assert model.nq == load_robot(name).qpos_size


def check_against_mujoco(xml: str, path: Path, seed: int = 0) -> KinematicTree:
    """Compare every body of a model, welded ones included, on random configurations."""
    path.write_text(xml)
    description = read_description(path)
    tree = build_tree(description)
    rng = np.random.default_rng(seed)
    for _ in range(5):
        qpos = random_qpos(rng, len(tree.joint_names))
        expected_positions, expected_rotations = mujoco_poses(description.model, qpos)
        base = np.zeros(9)
        mujoco.mju_quat2Mat(base, qpos[3:7])
        positions, rotations = body_poses(tree, qpos[7:], base.reshape(3, 3))
        for body, frame in enumerate(tree.frames[1:], 1):
            rotation = rotations[frame.body]
            position = qpos[:3] + positions[frame.body] + rotation @ frame.position
            np.testing.assert_allclose(position, expected_positions[body], atol=1e-9)
            np.testing.assert_allclose(
                rotation @ frame.rotation, expected_rotations[body], atol=1e-9
            )
    return tree


HARD_MODEL = """
<mujoco><compiler angle="degree"/><worldbody><geom type="plane" size="1 1 1"/>
 <body name="base" pos="0 0 1" quat="0.9 0.1 0.2 0.3"><freejoint/>
  <geom type="sphere" size="0.1"/>
  <body name="welded" pos="0.1 0.2 0.3" euler="10 20 30">
   <geom type="sphere" size="0.1"/>
   <body name="three_hinges" pos="0 0 0.1" euler="40 0 5">
    <joint name="a" axis="0 1 0" pos="0.01 0.02 0.03" ref="20" range="-90 90"/>
    <joint name="b" axis="1 1 0" pos="0.04 0 0"/>
    <joint name="c" axis="0 0 1" pos="0 -0.05 0" ref="-10"/>
    <geom type="sphere" size="0.1"/>
    <body name="after" pos="0.3 0 0"><joint name="d" axis="0.3 0.2 -1" pos="-0.1 0 0"/>
     <geom type="capsule" size="0.05 0.1"/>
     <body name="tip" pos="0 0 0.2" euler="0 0 45"><geom type="sphere" size="0.01"/></body>
    </body></body></body></body></worldbody></mujoco>
"""


def test_offsets_references_several_hinges_and_welds_are_folded(tmp_path: Path) -> None:
    tree = check_against_mujoco(HARD_MODEL, tmp_path / "hard.xml")
    assert tree.joint_names == ("a", "b", "c", "d")
    assert tree.body_names == ("base", "three_hinges/a", "three_hinges/b", "three_hinges", "after")
    assert tree.virtual.tolist() == [False, True, True, False, False]


def test_a_hinge_without_range_gets_a_turn_and_a_note(tmp_path: Path) -> None:
    tree = check_against_mujoco(HARD_MODEL, tmp_path / "hard.xml")
    np.testing.assert_allclose(tree.lower, [-np.pi / 2, -np.pi, -np.pi, -np.pi])
    np.testing.assert_allclose(tree.upper, [np.pi / 2, np.pi, np.pi, np.pi])
    assert any(note.startswith("no range is given for b, ") for note in tree.notes)


def test_a_base_without_joint_becomes_free(tmp_path: Path) -> None:
    path = tmp_path / "fixed.xml"
    tree = check_against_mujoco(HARD_MODEL.replace("<freejoint/>", ""), path)
    assert len(tree.joint_names) == 4
    assert "added a free joint to 'base'" in read_description(path).notes


numbers = st.floats(-1, 1, allow_nan=False).map(lambda x: round(x, 6))
vectors = st.tuples(numbers, numbers, numbers)
axes = vectors.filter(lambda v: np.linalg.norm(v) > 0.1)


@st.composite
def bodies(draw: st.DrawFn, depth: int = 0) -> str:
    text = lambda values: " ".join(map(str, values))  # noqa: E731
    hinges = "".join(
        f'<joint axis="{text(draw(axes))}" pos="{text(draw(vectors))}" ref="{draw(numbers)}"/>'
        for _ in range(draw(st.integers(0, 3)))
    )
    children = "".join(
        draw(bodies(depth=depth + 1)) for _ in range(draw(st.integers(0, 2)) if depth < 3 else 0)
    )
    place = f'pos="{text(draw(vectors))}" euler="{text(draw(vectors))}"'
    return f'<body {place}>{hinges}<geom type="sphere" size="0.1"/>{children}</body>'


@settings(max_examples=40, deadline=None)
@given(tree=st.lists(bodies(), min_size=1, max_size=3).filter(lambda b: "<joint" in "".join(b)))
def test_any_tree_of_hinges_and_welds_moves_as_in_mujoco(
    tmp_path_factory: pytest.TempPathFactory, tree: list[str]
) -> None:
    xml = (
        '<mujoco><compiler angle="radian"/><worldbody><body><freejoint/>'
        f'<geom type="sphere" size="0.1"/>{"".join(tree)}</body></worldbody></mujoco>'
    )
    check_against_mujoco(xml, tmp_path_factory.mktemp("tree") / "tree.xml")
