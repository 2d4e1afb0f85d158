"""FBX as text is the same scene as the binary file with the same nodes; what is torn is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import smpl_files as made
from bvh_files import CLIPS
from fbx_files import CUBIC, Curve, Model, fbx, walking

from retarget.errors import FileFormatError
from retarget.motion import read_motion
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.scenes.fbx import read_fbx
from retarget.motion.formats.scenes.fbx_file import open_fbx
from retarget.motion.formats.scenes.fbx_scene import scene_of
from retarget.motion.formats.scenes.fbx_text import open_fbx_text

HERE = Path("walk.fbx")


@pytest.mark.parametrize("version", [7100, 7400, 7700])
def test_a_walk_as_text_is_the_walk(version: int, tmp_path: Path) -> None:
    text = read_motion(made.written(tmp_path, "text.fbx", walking(version=version, text=True)))
    binary = read_motion(made.written(tmp_path, "binary.fbx", walking()))
    assert text.source.format == binary.source.format == "fbx"
    assert (text.joint_names, text.fps) == (binary.joint_names, binary.fps)
    assert text.roles == binary.roles
    np.testing.assert_allclose(text.positions, binary.positions, atol=1e-5)


@pytest.mark.parametrize("version", [7100, 7400])
def test_slopes_and_weights_of_curves_are_the_same(version: int) -> None:
    """From 7.2 on their bits are written as whole numbers: two weights share the bits of one number."""
    weights = np.array([(2000 << 16) | 6000, (1000 << 16) | 4000], np.uint32).view(np.float32)
    data = np.array([[30.0, -20.0, weights[0], 0.0], [5.0, 10.0, weights[1], 0.0]])
    curve = Curve(np.array([0.0, 1.0]), np.array([0.0, 40.0]), CUBIC | 0x03000000, data)
    steady = Curve(np.arange(31) / 30, np.zeros(31))
    models = [
        Model(f"bone{i}", i - 1, moves={("Lcl Rotation", "X"): curve, ("Lcl Rotation", "Y"): steady})
        for i in range(4)
    ]  # fmt: skip
    text, binary = (
        read_fbx(fbx(models, version=version, text=text), HERE, Asked()) for text in (True, False)
    )
    assert len(text.rotations) == 31
    np.testing.assert_allclose(text.rotations, binary.rotations, atol=1e-6)
    assert np.ptp(text.rotations[:, 0, 1]) > 0.1


@pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/clips")
def test_a_real_rig_has_the_models_of_its_binary_twin() -> None:
    text, binary = (
        CLIPS / "fbx" / f"maya_human_ik_7400_{kind}.fbx" for kind in ("ascii", "binary")
    )
    one = scene_of(open_fbx_text(text.read_bytes(), text)).models.values()
    other = scene_of(open_fbx(binary.read_bytes(), binary)[0]).models.values()
    assert len(one) > 60
    assert [(m.name, m.kind) for m in one] == [(m.name, m.kind) for m in other]
    for ours, theirs in zip(one, other, strict=True):
        for name in ("Lcl Translation", "PreRotation", "RotationOrder"):
            np.testing.assert_allclose(
                ours.properties.get(name, ()), theirs.properties.get(name, ()), atol=1e-4
            )
    with pytest.raises(FileFormatError, match="holds no animation"):
        read_motion(text)


TEXT = walking(text=True)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (TEXT[: len(TEXT) // 2], "is torn"),
        (
            TEXT.replace(b"FBXVersion: 7400", b"FBXVersion: 6100"),
            "of version 6.1, which is not read",
        ),
        (TEXT.replace(b"FBXVersion", b"Version"), "of an unknown version"),
        (TEXT + b"}", "a brace closes nothing"),
        (TEXT + b"A: {" * 100, "its nodes are too deep"),
        (TEXT + b"A: 1" + b"0" * 400, "too many digits"),
        (TEXT.replace(b"KeyTime: *40", b"KeyTime: *41", 1), "other numbers than it says"),
        (TEXT.replace(b"KeyTime: *40 {", b"KeyTime: *40 (", 1), "is torn"),
    ],
)
def test_a_torn_text_is_refused_in_one_line(data: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=words) as told:
        read_motion(made.written(tmp_path, "walk.fbx", data))
    assert len(str(told.value).splitlines()) == 1
