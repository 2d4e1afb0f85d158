"""Scenes in files: what they say, and one line for each way in which they are wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retarget.errors import RetargetError
from retarget.scenes import ObjectTrajectory, TaskKind, load_scene, read_trajectory
from retarget.scenes.read import read_scene_spec, scene_files, scene_sha256

CUBE = """v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
v 0 0 1
v 1 0 1
v 1 1 1
v 0 1 1
f 1 4 3 2
f 5 6 7 8
f 1 2 6 5
f 2 3 7 6
f 3 4 8 7
f 4 1 5 8
"""
STEP = '[[terrain]]\nname = "step"\nboxes = [{ center = [0, 1, 0.1], size_m = [1, 1, 0.2] }]\n'


def written(folder: Path, text: str, **files: str) -> Path:
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    path = folder / "scene.toml"
    path.write_text(text)
    return path


def path_file(
    folder: Path, positions: np.ndarray, rotations: np.ndarray | None = None, fps: float = 30.0
) -> None:
    arrays = {"positions": positions, "fps": np.array(fps)}
    if rotations is not None:
        arrays["rotations"] = rotations
    np.savez(folder / "path.npz", **arrays)


def test_boxes_balls_and_a_carried_mesh_are_read(tmp_path: Path) -> None:
    path_file(tmp_path, np.linspace([0, 0, 0], [1, 0, 1], 11))
    scene = load_scene(
        written(
            tmp_path,
            STEP
            + "spheres = [{ center = [1, 0, 0.2], radius_m = 0.2 }]\n"
            + '[[object]]\nname = "crate"\nmesh = "cube.obj"\ntrajectory = "path.npz"\nscale = 0.8\n'
            + '[[touch]]\npoint = "left_palm"\nthing = "crate"\nfrom_s = 0.1\nto_s = 0.3\n',
            cube_obj=CUBE,
        )
    )
    assert scene.kind is TaskKind.OBJECT_INTERACTION
    (crate,), (step,) = scene.objects, scene.terrains
    assert crate.moves and crate.size == 0.8 and step.size == "scaled"
    np.testing.assert_allclose(sorted(crate.shapes[0].half), [0.5] * 3, atol=1e-9)
    np.testing.assert_allclose(crate.shapes[0].place, [0.5] * 3, atol=1e-9)
    assert len(step.shapes) == 2 and scene.touches[0].point == "left_palm"


def test_the_words_of_the_toolkit_before_are_understood(tmp_path: Path) -> None:
    path_file(tmp_path, np.zeros((5, 3)))
    scene = load_scene(
        written(
            tmp_path,
            'kind = "climbing"\n[scene.object]\nname = "table"\nmesh_path = "cube.obj"\ntrajectory_path = "path.npz"\n'
            "[scene.terrain]\nsample_points = [[0, 0, 0.1], [0.1, 0, 0.1]]\n",
            cube_obj=CUBE,
        )
    )
    assert scene.kind is TaskKind.CLIMBING  # a table whose path leads nowhere
    assert [o.name for o in scene.objects] == ["table"]
    assert len(scene.terrains[0].shapes) == 2
    assert any("sample points" in note for note in scene.notes)


def test_a_worldbody_of_mujoco_is_terrain(tmp_path: Path) -> None:
    world = """<mujoco><worldbody><geom type="plane" size="1 1 1"/><geom type="box" size=".5 .5 .1" pos="0 1 .1"/>
    <geom type="cylinder" size=".1 .2" pos="1 0 .2"/><body pos="0 0 1"><freejoint/><geom size=".1"/></body>
    </worldbody></mujoco>"""
    scene = load_scene(written(tmp_path, '[[terrain]]\nmjcf = "gym.xml"\n', gym_xml=world))
    heights = sorted(round(float(shape.place[2]), 3) for shape in scene.terrains[0].shapes)
    assert heights == [-1.0, 0.1, 0.2]  # the plane is a slab; what falls is no terrain


def test_terrain_alone_needs_no_toml(tmp_path: Path) -> None:
    toml = written(tmp_path, '[[terrain]]\nname = "steps"\nmesh = "steps.obj"\n', steps_obj=CUBE)
    assert read_scene_spec(tmp_path / "steps.obj") == read_scene_spec(toml)
    alone = load_scene(tmp_path / "steps.obj")
    assert [len(one.shapes) for one in alone.terrains] == [1]
    assert alone.source == tmp_path / "steps.obj"
    (tmp_path / "gym.xml").write_text(
        '<mujoco><worldbody><geom type="box" size="1 1 .1"/></worldbody></mujoco>'
    )
    assert [len(one.shapes) for one in load_scene(tmp_path / "gym.xml").terrains] == [1]
    assert scene_files(tmp_path / "steps.obj") == (tmp_path / "steps.obj",)


def test_terrain_alone_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(RetargetError, match=r"stairs\.obj.*(no such|does not exist|missing)"):
        load_scene(tmp_path / "stairs.obj")


def test_pieces_of_a_mesh_are_boxes_and_a_bowl_is_a_grid(tmp_path: Path) -> None:
    away = CUBE.replace("v 0", "v 3").replace("v 1", "v 4")
    faces = "\n".join(
        "f " + " ".join(str(int(word) + 8) for word in line.split()[1:])
        for line in CUBE.splitlines()
        if line.startswith("f")
    )
    two = (
        CUBE + "\n".join(line for line in away.splitlines() if line.startswith("v")) + "\n" + faces
    )
    scene = load_scene(written(tmp_path, '[[terrain]]\nmesh = "two.obj"\n', two_obj=two))
    places = sorted(shape.place[0] for shape in scene.terrains[0].shapes)
    np.testing.assert_allclose(places, [0.5, 3.5], atol=1e-6)
    scene = load_scene(
        written(tmp_path, '[[terrain]]\nmesh = "cube.obj"\nmesh_as = "grid"\n', cube_obj=CUBE)
    )
    (shape,) = scene.terrains[0].shapes
    assert shape.values.ndim == 3 and shape.values.min() == pytest.approx(-0.5, abs=0.03)


def test_a_mesh_with_y_up_in_millimetres_is_turned_and_made_smaller(tmp_path: Path) -> None:
    corners = [line.split()[1:] for line in CUBE.splitlines() if line[0] == "v"]
    tall = "".join(f"v {1000 * int(x)} {2000 * int(y)} {1000 * int(z)}\n" for x, y, z in corners)
    tall += "".join(f"{line}\n" for line in CUBE.splitlines() if line[0] == "f")
    scene = load_scene(
        written(
            tmp_path,
            '[[terrain]]\nmesh = "tall.obj"\nunit = "millimetre"\nup = "y"\n',
            tall_obj=tall,
        )
    )
    (shape,) = scene.terrains[0].shapes
    assert float(shape.place[2]) == pytest.approx(1.0) and shape.half.max() == pytest.approx(1.0)


def test_paths_are_read_from_tables_and_resampled(tmp_path: Path) -> None:
    rows = "\n".join(f"{t / 10},{t},0,1,1,0,0,0" for t in range(11))
    (tmp_path / "path.csv").write_text("t,x,y,z,qw,qx,qy,qz\n" + rows + "\n")
    path = read_trajectory(tmp_path / "path.csv")
    assert path.fps == pytest.approx(10.0) and len(path) == 11
    twice = path.resampled(20.0, 30)
    np.testing.assert_allclose(twice.positions[:21, 0], np.arange(21) / 2, atol=1e-9)
    np.testing.assert_allclose(twice.positions[21:, 0], 10.0)  # where it ends it stays


def test_signs_of_quaternions_do_not_count() -> None:
    turned = np.tile([0.6, 0.8, 0, 0], (6, 1)) * np.array([1, -1, -1, 1, -1, 1])[:, None]
    path = ObjectTrajectory(np.zeros((6, 3)), turned, 30.0)
    assert np.ptp(path.rotations, axis=0).max() < 1e-12


def test_a_scene_is_read_once_until_one_of_its_files_changes(tmp_path: Path) -> None:
    (tmp_path / "cube.obj").write_text(CUBE)
    scene = written(tmp_path, '[[terrain]]\nname = "cube"\nmesh = "cube.obj"\n')
    first = load_scene(scene)
    assert load_scene(scene) is first
    (tmp_path / "cube.obj").write_text(CUBE.replace(" 1", " 2").replace("f 2", "f 1"))
    assert load_scene(scene) is not first
    (tmp_path / "cube.obj").unlink()
    with pytest.raises(RetargetError, match=r"cube\.obj"):
        load_scene(scene)


def test_the_hash_covers_meshes_and_paths(tmp_path: Path) -> None:
    path_file(tmp_path, np.zeros((5, 3)))
    text = '[[object]]\nname = "crate"\nmesh = "cube.obj"\ntrajectory = "path.npz"\n'
    scene = written(tmp_path, text, cube_obj=CUBE)
    first = scene_sha256(scene)
    assert scene_sha256(scene) == first
    (tmp_path / "cube.obj").write_text(CUBE + "# another\n")
    second = scene_sha256(scene)
    path_file(tmp_path, np.ones((5, 3)))
    assert len({first, second, scene_sha256(scene)}) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[object]]\nname = 'crate'\nmesh = 'none.obj'\n", "none.obj"),
        ("[[object]]\nname = 'crate'\n", "crate: the thing has no shape"),
        ("[[object]]\nname = 'crate'\nshape = 'box'\nsize_m = [1, 1, 0]\n", "size_m"),
        (
            "[[object]]\nname = 'crate'\nshape = 'box'\nsize_m = [1, 1, 1]\nscale = 0\n",
            "crate: the size 0",
        ),
        (
            "[[object]]\nname = 'crate'\nshape = 'box'\nsize_m = [1, 1, 1]\nscale = -1\n",
            "crate: the size -1",
        ),
        ("[[object]]\nname = 'crate'\nshape = 'ball'\n", "shape"),
        (
            "[[object]]\nname = 'crate'\nshape = 'box'\nsize_m = [1, 1, 1]\ncolour = 'red'\n",
            "colour",
        ),
        (STEP + STEP, "two things are named 'step'"),
        (STEP + "[[touch]]\npoint = 'nose'\nthing = 'step'\nfrom_s = 0\nto_s = 1\n", "nose"),
        (STEP + "[[touch]]\npoint = 'left_palm'\nthing = 'roof'\nfrom_s = 0\nto_s = 1\n", "roof"),
        (
            STEP + "[[touch]]\npoint = 'left_palm'\nthing = 'step'\nfrom_s = 2\nto_s = 1\n",
            "no time",
        ),
        ("kind = 'object_interaction'\n" + STEP, "kind"),
        ("topology = 'delaunay'\n" + STEP, "topology"),
        ("[[object]\n", "scene.toml"),
    ],
)
def test_what_is_wrong_with_a_scene_is_said_in_one_line(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(RetargetError) as caught:
        load_scene(written(tmp_path, text))
    message = str(caught.value)
    assert said in message and "\n" not in message


@pytest.mark.parametrize(
    ("positions", "rotations", "said"),
    [
        (np.full((5, 3), np.nan), None, "frame 0"),
        (np.zeros((5, 3)), np.zeros((5, 4)), "length 0"),
        (np.zeros((5, 2)), None, r"\(5, 2\)"),
        (np.zeros((0, 3)), None, r"\(0, 3\)"),
    ],
)
def test_what_is_wrong_with_a_path_is_said_with_the_frame(
    tmp_path: Path, positions: np.ndarray, rotations: np.ndarray | None, said: str
) -> None:
    path_file(tmp_path, positions, rotations)
    with pytest.raises(RetargetError, match=said) as caught:
        read_trajectory(tmp_path / "path.npz")
    assert "path.npz" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("torn.obj", "v 0 0\nf 1 2 3\n", "torn.obj"),
        ("empty.obj", "v 0 0 0\n", "no triangles"),
        ("huge.obj", CUBE.replace(" 1", " 5000").replace("f 5000", "f 1"), "huge.obj"),
        ("mesh.dae", "<x/>", "mesh.dae"),
    ],
)
def test_what_is_wrong_with_a_mesh_is_said(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(RetargetError, match=said):
        load_scene(written(tmp_path, f'[[terrain]]\nmesh = "{name}"\n'))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("boxes = [{ size_m = [1, 1, 1], wxyz = [0, 0, 0, 0] }]", "wxyz .* has length 0"),
        ("boxes = [{ size_m = [1, 1, 1], wxyz = [0, 0, 0, 1e200] }]", "wxyz .* has length"),
        ("boxes = [{ size_m = [1e30, 1, 1] }]", "is 1e[+]30 m large"),
        ("boxes = [{ size_m = [1, 1, 1], center = [1e300, 0, 0] }]", "1e[+]300 m away"),
        ("spheres = [{ radius_m = 1e9, center = [0, 0, 0] }]", "m large"),
        ("cylinders = [{ radius_m = 1e9, height_m = 1 }]", "m large"),
        ("height_fields = [{ size_m = [1, 1], heights = [[1e20, 0], [0, 0]] }]", "m large"),
    ],
)
def test_things_that_nobody_could_meet_are_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(RetargetError, match=f"scene.toml: .*{said}"):
        load_scene(written(tmp_path, f"[[terrain]]\nname = 'x'\n{text}\n"))


def test_a_path_that_leads_nowhere_near_is_refused(tmp_path: Path) -> None:
    path_file(tmp_path, np.full((5, 3), 1e20))
    with pytest.raises(RetargetError, match=r"path.npz: the path leads 1e\+20 m away"):
        read_trajectory(tmp_path / "path.npz", None)


@pytest.mark.parametrize(("cubes", "said"), [(1, "taken as 1 box"), (2, "taken as 2 boxes")])
def test_what_a_mesh_is_taken_as_is_counted(tmp_path: Path, cubes: int, said: str) -> None:
    corners = [line.split()[1:] for line in CUBE.splitlines() if line.startswith("v")]
    faces = [[int(c) for c in line.split()[1:]] for line in CUBE.splitlines() if line[0] == "f"]
    lines = []
    for cube in range(cubes):
        lines += [f"v {float(x) + 3 * cube} {y} {z}" for x, y, z in corners]
        for face in faces:
            lines.append("f " + " ".join(str(corner + len(corners) * cube) for corner in face))
    scene = load_scene(
        written(tmp_path, '[[terrain]]\nname = "x"\nmesh = "cube.obj"\n', cube_obj="\n".join(lines))
    )
    assert len(scene.terrains[0].shapes) == cubes
    assert any(note.endswith(said) for note in scene.notes), scene.notes
