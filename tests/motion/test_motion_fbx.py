"""Binary FBX: poses by the whole chain of matrices, curves of all kinds, takes, rates, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pytest
import smpl_files as made
from bvh_files import CLIPS
from fbx_files import CONSTANT, CUBIC, LINEAR, ORDERS, Curve, Model, content, fbx, walking
from scipy.spatial.transform import Rotation

from retarget.errors import FileFormatError
from retarget.motion import read_motion
from retarget.motion.formats.asked import Asked
from retarget.motion.formats.scenes.fbx import read_fbx

needs_clips = pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/clips")
HERE = Path("rig.fbx")
RATE = 30.0


@pytest.mark.parametrize("version", [7400, 7700])
@pytest.mark.parametrize("scale", [1.0, 0.01, 100.0])
def test_a_walk_is_the_walk(version: int, scale: float, tmp_path: Path) -> None:
    walk = read_motion(made.written(tmp_path, "amass.npz", made.amass(made.walk())))
    data = walking(version=version, packed=version == 7700, scale=scale)
    motion = read_motion(made.written(tmp_path, "walk.fbx", data))
    assert (motion.fps, len(motion), motion.source.format) == (RATE, made.FRAMES, "fbx")
    assert (motion.source.up_axis, motion.source.unit) == ("y", "metre")
    for joint in range(22):
        at = motion.joint_names.index(walk.joint_names[joint])
        found, expected = motion.positions[:, at], walk.positions[:, joint]
        np.testing.assert_allclose(found[:, 2], expected[:, 2], atol=1e-5)
        far = [np.linalg.norm(m.positions[:, a] - m.role_positions("pelvis"), axis=1)
               for m, a in ((motion, at), (walk, joint))]  # fmt: skip
        np.testing.assert_allclose(*far, atol=1e-5)


def matrix(place: np.ndarray, turn: Rotation | None = None, scale: float = 1.0) -> np.ndarray:
    out = np.eye(4)
    out[:3, :3] = scale * (np.eye(3) if turn is None else turn.as_matrix())
    out[:3, 3] = place
    return out


def test_joints_are_where_the_product_of_all_matrices_puts_them() -> None:
    """T Roff Rp Rpre R Rpost^-1 Rp^-1 Soff Sp S Sp^-1, in each joint's parent."""
    random = np.random.default_rng(3)
    times = np.arange(7) / RATE
    none = np.zeros(3)
    models, places = [], np.empty((len(times), 6, 3))
    whole = [np.tile(np.eye(4), (len(times), 1, 1)) for _ in range(6)]
    for joint in range(6):
        vectors = {
            name: random.normal(size=3)
            for name in (
                "Lcl_Translation",
                "RotationOffset",
                "RotationPivot",
                "ScalingOffset",
                "ScalingPivot",
            )
        }
        turns = {name: random.uniform(-80, 80, 3) for name in ("PreRotation", "PostRotation")}
        scale = float(random.uniform(0.5, 2.0))
        angles = random.uniform(-80, 80, (len(times), 3))
        models.append(Model(
            f"bone{joint}", joint - 1,
            said={**{n: list(v) for n, v in {**vectors, **turns}.items()}, "Lcl_Scaling": [scale] * 3,
                  "RotationActive": 1, "RotationOrder": joint},
            moves={("Lcl Rotation", a): Curve(times, angles[:, k]) for k, a in enumerate("XYZ")},
        ))  # fmt: skip
        before, after = (
            Rotation.from_euler("xyz", turns[n], degrees=True)
            for n in ("PreRotation", "PostRotation")
        )
        order = ORDERS[joint]
        for t in range(len(times)):
            turn = Rotation.from_euler(
                order, angles[t, ["xyz".index(a) for a in order]], degrees=True
            )
            own = (
                matrix(vectors["Lcl_Translation"])
                @ matrix(vectors["RotationOffset"]) @ matrix(vectors["RotationPivot"])
                @ matrix(none, before) @ matrix(none, turn) @ matrix(none, after.inv())
                @ matrix(-vectors["RotationPivot"])
                @ matrix(vectors["ScalingOffset"]) @ matrix(vectors["ScalingPivot"])
                @ matrix(none, None, scale) @ matrix(-vectors["ScalingPivot"])
            )  # fmt: skip
            whole[joint][t] = whole[joint - 1][t] @ own if joint else own
        places[:, joint] = whole[joint][:, :3, 3]
    recording = read_fbx(fbx(models), HERE, Asked())
    np.testing.assert_allclose(recording.positions, places, atol=2e-4)
    turned = Rotation.from_quat(np.roll(recording.rotations[:, 5], -1, axis=1)).as_matrix()
    expected = whole[5][:, :3, :3]
    np.testing.assert_allclose(
        turned, expected / np.cbrt(np.linalg.det(expected))[:, None, None], atol=1e-5
    )


def moved(curve: Curve, **settings: float) -> np.ndarray:
    """The heights of a bone that moves along a curve, at the frames that are read."""
    bones = [Model("a"), Model("b", 0), Model("c", 1, moves={("Lcl Translation", "Y"): curve})]
    return read_fbx(fbx(bones, **settings), HERE, Asked()).positions[:, 2, 1]  # type: ignore[arg-type]


def test_cubic_keys_are_bezier_curves_in_time_and_value() -> None:
    times = np.array([0.0, 0.4, 1.0])
    slopes = np.array([3.0, -2.0, 1.0])
    values = np.array([1.0, 2.0, -1.0])
    even = np.zeros((3, 4))
    even[:, 0], even[:2, 1] = slopes, slopes[1:]
    found = moved(Curve(times, values, CUBIC, even))
    assert len(found) == 31  # keys by hand: at the rate that the settings say
    from scipy.interpolate import CubicHermiteSpline

    np.testing.assert_allclose(
        found, CubicHermiteSpline(times, values, slopes)(np.arange(31) / 30), atol=1e-5
    )
    right, left = 0.8, 0.15
    uneven = even.copy().astype(np.float32)
    packed = np.uint32(round(right * 10_000) | round(left * 10_000) << 16)
    uneven[:, 2] = np.array([packed]).view(np.float32)[0]
    found = moved(Curve(times, values, CUBIC | 0x03000000, uneven))
    s = np.linspace(0, 1, 20_001)
    for k in range(2):
        span = times[k + 1] - times[k]
        points = np.array([
            [times[k], values[k]], [times[k] + right * span, values[k] + slopes[k] * right * span],
            [times[k + 1] - left * span, values[k + 1] - slopes[k + 1] * left * span], [times[k + 1], values[k + 1]],
        ])  # fmt: skip
        weights = np.stack([(1 - s) ** 3, 3 * s * (1 - s) ** 2, 3 * s**2 * (1 - s), s**3], axis=1)
        path = weights @ points
        at = np.arange(31) / 30
        here = (at >= times[k]) & (at <= times[k + 1])
        np.testing.assert_allclose(found[here], np.interp(at[here], *path.T), atol=1e-4)


def test_constant_keys_hold_and_linear_ones_lead_on() -> None:
    times, values = np.array([0.0, 0.5, 1.0]), np.array([0.0, 2.0, 4.0])
    found = moved(Curve(times, values, CONSTANT))
    np.testing.assert_allclose(found[[0, 14, 15, 29, 30]], [0, 0, 2, 2, 4])
    np.testing.assert_allclose(moved(Curve(times, values, LINEAR)), np.arange(31) / 7.5, atol=1e-5)
    np.testing.assert_allclose(moved(Curve(times, values, CONSTANT | 0x100))[[0, 1, 16]], [2, 2, 4])


def test_the_rate_is_that_of_dense_keys_else_of_the_settings() -> None:
    dense = Curve(np.arange(40) / 24.0, np.zeros(40))
    sparse = Curve(np.array([0.0, 2.0]), np.zeros(2))
    assert len(moved(dense, TimeMode=3)) == 40
    assert len(moved(sparse, TimeMode=3)) == 121
    assert len(moved(sparse, TimeMode=14, CustomFrameRate=12.5)) == 26


def test_one_of_several_takes_is_picked_behind_the_path(tmp_path: Path) -> None:
    bones = [
        Model("a"),
        Model("b", 0),
        Model("c", 1, moves={("Lcl Rotation", "Y"): Curve(np.arange(9) / 30, np.arange(9.0))}),
    ]
    data = fbx(bones, takes=("walk", "run"))
    assert "holds 2 animations" in " ".join(read_fbx(data, HERE, Asked()).notes)
    assert len(read_fbx(data, HERE, Asked("run")).positions) == 9
    with pytest.raises(FileFormatError, match="animation"):
        read_fbx(data, HERE, Asked("jump"))


def test_a_bone_may_take_no_scale_from_what_it_hangs_on() -> None:
    """As Maya writes HumanIK's: the reference and every bone are a hundredth, and nothing is multiplied."""
    turn = {("Lcl Rotation", "Y"): Curve(np.arange(9) / 30, np.zeros(9))}
    said = {"Lcl_Scaling": [0.01] * 3, "InheritType": 2, "Lcl_Translation": [0.0, 100.0, 0.0]}
    bones = [Model("Reference", kind="Null", said={"Lcl_Scaling": [0.01] * 3}),
             Model("Hips", 0, said=said, moves=turn),
             Model("Leg", 1, said=said), Model("Foot", 2, said=said)]  # fmt: skip
    heights = read_fbx(fbx(bones), HERE, Asked()).positions[0, :, 1]
    np.testing.assert_allclose(heights, [0, 1, 2, 3])


def rig(times: np.ndarray, *parents: int) -> bytes:
    """Bones of which the last one turns."""
    turn = {("Lcl Rotation", "X"): Curve(times, np.zeros(len(times)))}
    last = len(parents) - 1
    return fbx(
        [
            Model(f"bone{joint}", parent, moves=turn if joint == last else {})
            for joint, parent in enumerate(parents)
        ]
    )


SOON: Final = np.arange(9) / 30


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (content([], 6100), "is FBX of version 6.1"),
        (content([]), "holds no animation"),
        (walking()[:9000], "is torn"),
        (b"Kaydara FBX Binary  \0", "ends within its head"),
        (rig(SOON, -1), "moves no skeleton"),
        (rig(SOON, 1, 0), "no tree"),
        (rig(np.array([0, 1e6]), -1, 0, 1), "lasts from 0 to 1e"),
        (rig(SOON / 3000, -1, 0, 1), "keys are at a rate of"),
    ],
)
def test_what_is_no_animated_skeleton_is_refused_in_one_line(
    data: bytes, words: str, tmp_path: Path
) -> None:
    with pytest.raises(FileFormatError, match=words) as error:
        read_motion(made.written(tmp_path, "rig.fbx", data))
    assert "\n" not in str(error.value)


@needs_clips
def test_a_real_run_is_a_run() -> None:
    """A character of Kenney's out of Maya: a cycle of sixteen frames, the second half the mirror of the first."""
    motion = read_motion(next(CLIPS.glob("fbx/*kenney*.fbx")))
    assert (motion.fps, motion.source.unit, motion.source.up_axis) == (24, "centimetre", "y")
    legs = [
        motion.role_positions(f"{s}_ankle") - motion.role_positions("pelvis")
        for s in ("left", "right")
    ]
    ahead = [np.ptp(leg[:, 0]) for leg in legs]
    assert min(ahead) > 0.8
    np.testing.assert_allclose(legs[0][0, 0], legs[1][8, 0], atol=0.12)
    assert (motion.role_positions("head")[:, 2] > motion.role_positions("pelvis")[:, 2] + 1).all()


@needs_clips
def test_a_real_rig_without_curves_says_so() -> None:
    (path,) = CLIPS.glob("fbx/*7400_binary.fbx")
    with pytest.raises(FileFormatError, match="holds no animation"):
        read_motion(path)
