"""A robot's own meshes: found by name wherever they lie, on the right bodies, and refused with the reason."""

from pathlib import Path

import numpy as np
import pytest

from retarget import load_robot
from retarget.drawing.meshes import read_meshes
from retarget.errors import RobotError
from retarget.solver.kinematics.forward import forward_kinematics

G1 = load_robot("unitree_g1")
CUBE = "\n".join(
    [
        *(f"v {x} {y} {z}" for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)),
        *(
            f"f {a} {b} {c}"
            for a, b, c in (
                (1, 2, 4), (1, 4, 3), (5, 7, 8), (5, 8, 6), (1, 5, 6), (1, 6, 2),
                (3, 4, 8), (3, 8, 7), (1, 3, 7), (1, 7, 5), (2, 6, 8), (2, 8, 4),
            )
        ),
    ]
)  # fmt: skip


def description(mesh: str = "meshes/knee.obj") -> str:
    """A model with the robot's links, of which a knee has a mesh and a part welded to it another one."""
    links = G1.links
    moving = [k for k in range(len(links.names)) if links.moving[k]]
    bodies = []
    for k in moving:
        name = links.names[k]
        extra = ""
        if name == "left_knee_link":
            extra = (
                '<geom type="mesh" mesh="knee" pos="0 0 -0.1" contype="0" conaffinity="0"/>'
                '<body name="pad" pos="0 0 -0.3"><geom type="mesh" mesh="knee" contype="0" conaffinity="0"/></body>'
                '<geom type="mesh" mesh="knee"/>'
            )
        joint = "<freejoint/>" if k == 0 else "<joint/>"
        bodies.append(f'<body name="{name}">{joint}<geom size="0.01"/>{extra}</body>')
    return (
        f'<mujoco><asset><mesh name="knee" file="{mesh}" scale="0.05 0.05 0.05"/></asset>'
        f"<worldbody>{''.join(bodies)}</worldbody></mujoco>"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "somewhere" / "else").mkdir(parents=True)
    (tmp_path / "somewhere" / "else" / "Knee.OBJ").write_text(CUBE)
    (tmp_path / "g1.xml").write_text(description())
    (tmp_path / "other.xml").write_text("<mujoco/>")
    return tmp_path


@pytest.mark.parametrize("whole_folder", [True, False])
def test_meshes_lie_on_the_bodies_of_their_links(folder: Path, whole_folder: bool) -> None:
    found = read_meshes(G1, folder if whole_folder else folder / "g1.xml")
    assert len(found) == 2  # what collides is left out where there is something to look at
    qpos = np.concatenate([[0.0, 0, 0.8, 1, 0, 0, 0], G1.neutral])[None]
    places, turns = forward_kinematics(qpos, G1)
    link = G1.links.names.index("left_knee_link")
    body = int(G1.links.bodies[link])
    frame = turns[0, body] @ G1.links.rotations[link]
    origin = places[0, body] + turns[0, body] @ G1.links.offsets[link]
    for mesh, down in zip(found, (0.1, 0.3), strict=True):
        assert mesh.body == body
        world = mesh.points @ turns[0, body].T + places[0, body]
        np.testing.assert_allclose(world.mean(axis=0), origin + frame @ [0, 0, -down], atol=1e-6)
        away = np.linalg.norm(world - world.mean(axis=0), axis=1)
        np.testing.assert_allclose(away, 0.05 * np.sqrt(3), atol=1e-6)
        outward = ((mesh.points - mesh.points.mean(axis=0)) * mesh.normals).sum(axis=1)
        assert (outward > 0).all()


def test_a_mesh_that_is_missing_leaves_the_others(folder: Path) -> None:
    text = (
        description()
        .replace("</asset>", '<mesh name="lost" file="lost.stl"/></asset>')
        .replace("</worldbody>", '<geom type="mesh" mesh="lost"/></worldbody>')
    )
    (folder / "g1.xml").write_text(text)
    assert len(read_meshes(G1, folder)) == 2


def test_a_folder_without_the_robot_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "other.xml").write_text("<mujoco/>")
    with pytest.raises(RobotError, match="no model file there names the links of unitree_g1"):
        read_meshes(G1, tmp_path)
    (tmp_path / "g1.xml").write_text(description("gone.stl"))
    with pytest.raises(RobotError, match=r"g1\.xml: has no mesh on a link of unitree_g1"):
        read_meshes(G1, tmp_path)
