"""Motions of the SMPL family: every layout of one walk is the same motion, and bodies are as long as models say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import smpl_files as made
from bvh_files import CLIPS
from scipy.spatial.transform import Rotation

from retarget.errors import FileFormatError, OptionsError
from retarget.motion import Motion, read_motion
from retarget.motion.fitting.anatomy import leg_length
from retarget.motion.formats.smpl.skeleton import rest_body

LAYOUTS: dict[str, Callable[[made.Walk], bytes]] = {
    "amass.npz": made.amass,
    "stage_two.npz": made.stage_two,
    "hmr4d_results.pt": made.gvhmr,
    "wham_output.pkl": made.wham,
    "glamr.pkl": made.glamr,
    "gBR_sBM.pkl": made.aistpp,
    "hps_track_0.npy": made.tram,
    "res.pk": made.hybrik,
    "demo_track.pkl": made.phalp,
    "walk_3dpw.pkl": made.three_dpw,
    "motion_x.npy": made.motion_x,
    "P1_14_data.pkl": made.emdb,
    "world_results.npz": made.slahmr,
    "results.pkl": made.prompt_hmr,
    "copycat.pkl": made.phc,
    "amass_isaac.pkl": made.phc_amass,
    "s1_cup_lift.npz": made.grab,
    "1.pkl": made.inter_human,
    "P1.npz": made.inter_x,
    "frames.pkl": made.frame_by_frame,
    "sample00_rep00_smpl_params.npy": made.mdm,
}


def limbs(motion: Motion) -> np.ndarray:
    """Directions of eight limb segments in the pelvis' own axes, which no world and no travel changes."""
    bones = [
        (f"{side}_{near}", f"{side}_{far}")
        for side in ("left", "right")
        for near, far in (
            ("hip", "knee"),
            ("knee", "ankle"),
            ("shoulder", "elbow"),
            ("elbow", "wrist"),
        )
    ]
    at = np.stack([motion.role_positions(f) - motion.role_positions(n) for n, f in bones], axis=1)
    at /= np.linalg.norm(at, axis=-1, keepdims=True)
    turns = Rotation.from_quat(
        np.roll(motion.rotations[:, motion.roles["pelvis"]], -1, axis=-1)
    ).as_matrix()
    return np.einsum("tji,tbj->tbi", turns, at)


def angles(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.asarray(2 * np.arcsin(np.clip(np.linalg.norm(first - second, axis=-1) / 2, 0, 1)))


def test_joints_are_where_the_models_rule_puts_them(tmp_path: Path) -> None:
    walk = made.walk()
    motion = read_motion(made.written(tmp_path, "walk.npz", made.amass(walk)))
    joints = made.expected_joints(walk, "smplh")[:, :22]
    np.testing.assert_allclose(motion.positions[:, :22], joints, atol=1e-9)
    assert (motion.source.up_axis, motion.source.unit, motion.source.rig) == ("z", "metre", "smpl")
    assert motion.fps == pytest.approx(120.0, abs=1e-3)


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_holds_the_same_motion(name: str, tmp_path: Path) -> None:
    walk = made.walk()
    motion = read_motion(made.written(tmp_path, name, LAYOUTS[name](walk)), source_fps=30)
    plain = read_motion(made.written(tmp_path, "plain.npz", made.amass(walk)))
    kind = next(note for note in motion.source.notes if "layout" in note)
    if "SMPLX" in kind:  # its own skeleton has other directions
        assert np.degrees(np.median(angles(limbs(motion), limbs(plain)))) < 6
        plain = read_motion(made.written(tmp_path, "plain.npz", made.stage_two(walk)))
    assert angles(limbs(motion), limbs(plain)).max() < 1e-4
    pelvis, expected = (m.role_positions("pelvis") for m in (motion, plain))
    if "4D-Humans" in kind:
        assert any(doubt.name == "travel" for doubt in motion.source.doubts)
        np.testing.assert_allclose(pelvis, pelvis[:1].repeat(len(pelvis), 0), atol=1e-6)
    else:
        np.testing.assert_allclose(np.ptp(pelvis[:, 2]), np.ptp(expected[:, 2]), atol=1e-4)
        speeds = [np.linalg.norm(np.diff(p, axis=0), axis=1) for p in (pelvis, expected)]
        np.testing.assert_allclose(*speeds, atol=1e-4)
    assert motion.role_positions("head")[:, 2].mean() > pelvis[:, 2].mean() + 0.3


@pytest.mark.parametrize("form", ["matrices", "columns", "rows"])
def test_rotations_may_be_matrices_or_six_numbers(form: str, tmp_path: Path) -> None:
    walk = made.walk()
    matrices = form == "matrices"
    values = made.matrices(walk.poses) if matrices else made.six(walk.poses, rows=form == "rows")
    data = made.npz(poses=values, trans=walk.trans, betas=np.zeros(10), fps=30)
    motion = read_motion(made.written(tmp_path, "walk.npz", data))
    np.testing.assert_allclose(
        motion.positions[:, :22], made.expected_joints(walk)[:, :22], atol=1e-6
    )


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("form", ["joints", "rows", "parts"])
def test_rotations_may_be_quaternions_with_their_scalar_first_or_last(
    last: bool, form: str, tmp_path: Path
) -> None:
    walk = made.walk()
    turns = Rotation.from_rotvec(walk.poses.reshape(-1, 3)).as_quat().reshape(-1, 24, 4)
    turns = turns if last else np.roll(turns, 1, axis=-1)
    rows = turns.reshape(len(turns), -1)
    fields = {
        "joints": {"poses": turns},
        "rows": {"poses": rows},
        "parts": {"root_orient": rows[:, :4], "pose_body": rows[:, 4:88]},
    }[form]
    data = made.npz(trans=walk.trans, betas=np.zeros(10), fps=30, **fields)
    motion = read_motion(made.written(tmp_path, "walk.npz", data))
    assert any(("xyzw" if last else "wxyz") in note for note in motion.source.notes)
    joints = made.expected_joints(walk)[:, :22]
    np.testing.assert_allclose(motion.positions[:, :22], joints, atol=1e-6)


@pytest.mark.parametrize(
    ("turn", "cause"),
    [([0.5, 0.5, 0.5, 0.5], "w stands first or last"), ([1.0, 1.0, 0, 0], "is no rotation")],
)
def test_quaternions_that_tell_nothing_are_refused(
    turn: list[float], cause: str, tmp_path: Path
) -> None:
    data = made.npz(poses=np.tile(turn, (30, 24, 1)), trans=np.zeros((30, 3)), fps=30)
    with pytest.raises(FileFormatError, match=cause):
        read_motion(made.written(tmp_path, "walk.npz", data))


def test_a_file_that_does_not_say_its_rate_asks_for_it(tmp_path: Path) -> None:
    path = made.written(tmp_path, "walk.npz", made.amass(made.walk(), mocap_framerate=None))
    with pytest.raises(FileFormatError, match="--source-fps"):
        read_motion(path)
    assert read_motion(path, source_fps=25).fps == 25
    with pytest.raises(OptionsError, match="source's rate"):
        read_motion(path, source_fps=0)


def test_a_rate_that_a_tool_implies_is_a_doubt_until_it_is_said(tmp_path: Path) -> None:
    path = made.written(tmp_path, "hmr4d_results.pt", made.gvhmr(made.walk()))
    assert "rate" in [doubt.name for doubt in read_motion(path).source.doubts]
    assert "rate" not in [doubt.name for doubt in read_motion(path, source_fps=30).source.doubts]


def test_one_of_several_persons_is_picked_behind_the_path(tmp_path: Path) -> None:
    walk = made.walk()
    still = made.Walk(walk.poses[:1].repeat(20, 0), walk.trans[:1].repeat(20, 0))
    path = made.written(tmp_path, "wham_output.pkl", made.wham(walk, still))
    first, second = (read_motion(f"{path}{which}", source_fps=30) for which in ("", "#2"))
    assert (len(first), len(second)) == (made.FRAMES, 20)
    assert any("holds 2 persons" in note for note in first.source.notes)
    assert second.source.path.endswith("#2")
    with pytest.raises(FileFormatError, match="no person '3'; it holds 2 persons"):
        read_motion(f"{path}#3", source_fps=30)


@pytest.mark.parametrize("write", [made.slahmr, made.prompt_hmr, made.phc, made.inter_human])
def test_persons_of_one_file_are_told_apart_whoever_wrote_it(
    write: Callable[..., bytes], tmp_path: Path
) -> None:
    walk = made.walk()
    turned = walk._replace(poses=walk.poses[::-1].copy(), trans=walk.trans[::-1].copy())
    file = made.written(
        tmp_path, "both.npz" if write is made.slahmr else "both.pkl", write(walk, turned)
    )
    first, second = (read_motion(f"{file}#{number}", source_fps=30) for number in (1, 2))
    np.testing.assert_allclose(limbs(first), limbs(second)[::-1], atol=1e-6)
    assert angles(limbs(first)[0], limbs(second)[0]).max() > 0.1


def test_poses_alone_are_read_in_one_place_which_is_doubted(tmp_path: Path) -> None:
    walk = made.walk()
    data = made.npz(poses=walk.poses.reshape(-1, 72))
    motion = read_motion(made.written(tmp_path, "walk.npz", data), source_fps=30)
    plain = read_motion(made.written(tmp_path, "plain.npz", made.amass(walk)))
    assert angles(limbs(motion), limbs(plain)).max() < 1e-4
    assert "travel" in [doubt.name for doubt in motion.source.doubts]


def test_hands_are_kept_where_they_move(tmp_path: Path) -> None:
    walk = made.walk()
    hands = np.zeros((len(walk.trans), 90))
    assert (
        "left_index1"
        not in read_motion(made.written(tmp_path, "a.npz", made.stage_two(walk))).joint_names
    )
    hands[:, 0] = np.linspace(0, 1, len(hands))
    motion = read_motion(made.written(tmp_path, "b.npz", made.stage_two(walk, pose_hand=hands)))
    names = list(motion.joint_names)
    before, after = names.index("left_index1"), names.index("left_wrist")
    turn = Rotation.from_quat(
        np.roll(motion.rotations[:, after], -1, -1)
    ).inv() * Rotation.from_quat(np.roll(motion.rotations[:, before], -1, -1))
    np.testing.assert_allclose(turn.magnitude(), hands[:, 0], atol=1e-6)


@pytest.mark.parametrize("form", ["npz", "pkl"])
@pytest.mark.parametrize("kind", ["smpl", "smplx"])
def test_a_users_model_file_gives_the_joints_of_the_shape(
    kind: str, form: str, tmp_path: Path
) -> None:
    betas = np.random.default_rng(3).normal(0, 1, 10)
    arrays = made.model_arrays(kind)
    models = tmp_path / "models"
    models.mkdir()
    data = made.npz(**arrays) if form == "npz" else made.chumpy_pickle(arrays)
    made.written(models, f"{kind.upper()}_MALE.{form}", data)
    body = rest_body(kind, "male", betas, models)
    np.testing.assert_allclose(body.joints, made.shaped_joints(arrays, betas), atol=1e-9)
    assert not body.cause
    assert any(
        "a male one was used" in note for note in rest_body(kind, "female", betas, models).notes
    )


@pytest.fixture(scope="module")
def real_walk() -> made.Walk:
    (path,) = CLIPS.glob("smpl_npz/*.npz") if CLIPS.is_dir() else [None]
    if path is None:
        pytest.skip("needs ../shared/clips/smpl_npz")
    clip = np.load(path)
    return made.Walk(clip["poses"].reshape(-1, 24, 3).astype(float), clip["trans"].astype(float))


def bodies(folder: Path, kind: str, seed: int) -> dict[str, np.ndarray]:
    """A model whose first shape coefficient makes it 6 percent longer, and the others move joints by some mm."""
    arrays = made.model_arrays(kind, seed)
    arrays["shapedirs"] *= 0.15  # 1 to 2 mm per unit and axis, as in SMPL-X beside its lengths
    arrays["shapedirs"][..., 0] = 0.06 * arrays["v_template"]
    made.written(folder, f"{kind.upper()}_NEUTRAL.npz", made.npz(**arrays))
    return arrays


def clip_of(folder: Path, kind: str, walk: made.Walk, betas: np.ndarray) -> Path:
    """The walk as a body of this shape walks it: everything is as much larger as the body is."""
    size = 1 + 0.06 * betas[0]
    fields = {
        "trans": walk.trans * size,
        "betas": betas,
        "gender": "neutral",
        "mocap_frame_rate": 30.0,
    }
    if kind == "smplx":
        rows = walk.poses[:, :22].reshape(-1, 66)
        fields |= {
            "root_orient": rows[:, :3],
            "pose_body": rows[:, 3:],
            "surface_model_type": "smplx",
        }
    else:
        fields |= {"poses": walk.poses.reshape(-1, 72)}
    return made.written(folder, f"{kind}_{betas[0]:.3f}.npz", made.npz(**fields))


@pytest.mark.parametrize("kind", ["smpl", "smplx"])
def test_without_a_model_the_doubt_tells_what_it_costs(
    kind: str, tmp_path: Path, real_walk: made.Walk
) -> None:
    """Directions and lengths with and without the model differ by what the doubt says."""
    rng = np.random.default_rng(5)
    bodies(tmp_path, kind, seed=5)
    turned, longer, said = [], [], []
    for _ in range(6):
        path = clip_of(tmp_path, kind, real_walk, rng.normal(0, 1, 10))
        without, exact = read_motion(path), read_motion(path, smpl_models=tmp_path)
        (doubt,) = (d for d in without.source.doubts if d.name == "skeleton")
        assert "0.6 to 0.9 degrees" in doubt.reason
        assert not [d for d in exact.source.doubts if d.name == "skeleton"]
        turned.append(np.degrees(angles(limbs(without), limbs(exact))))
        longer.append(leg_length(without) / leg_length(exact) - 1)
        said.append(float(doubt.reason.partition("lengths by about ")[2].partition(" percent")[0]))
    assert 0.2 < np.median(turned) < 1.5
    assert max(said) < 2.5
    assert 100 * np.sqrt(np.mean(np.square(longer))) < max(said)
    assert 100 * np.abs(longer).max() < 2.5 * max(said)


@pytest.mark.parametrize("size", [-2.0, 1.5])
def test_feet_that_stand_tell_a_bodys_size(
    size: float, tmp_path: Path, real_walk: made.Walk
) -> None:
    """Of SMPL's bodies the first coefficient's sign is not told by any source; stance tells how long legs are."""
    betas = np.array([size, *np.zeros(9)])
    path = clip_of(tmp_path, "smpl", real_walk, betas)
    motion = read_motion(path)
    scale = leg_length(motion) / leg_length(
        read_motion(clip_of(tmp_path, "smpl", real_walk, 0 * betas))
    )
    assert scale == pytest.approx(1 + 0.06 * size, abs=0.02)
    (doubt,) = (d for d in motion.source.doubts if d.name == "skeleton")
    assert "s of feet that stand show it" in doubt.reason
    ankle = motion.role_positions("left_ankle")
    speed = np.linalg.norm(np.diff(ankle[:, :2], axis=0), axis=1) * 30
    assert np.quantile(speed, 0.15) < 0.1  # it stands still in stance


def test_who_stays_in_one_place_tells_no_size(tmp_path: Path, real_walk: made.Walk) -> None:
    still = made.Walk(
        np.repeat(real_walk.poses[:1], 90, axis=0), np.repeat(real_walk.trans[:1], 90, axis=0)
    )
    motion = read_motion(clip_of(tmp_path, "smpl", still, np.full(10, 0.5)))
    (doubt,) = (d for d in motion.source.doubts if d.name == "skeleton")
    assert "scaled" not in doubt.reason
    assert "lengths by about 6.9 percent" in doubt.reason


def test_a_folder_without_models_is_told(tmp_path: Path) -> None:
    path = made.written(tmp_path, "walk.npz", made.amass(made.walk()))
    (doubt,) = (
        d for d in read_motion(path, smpl_models=tmp_path).source.doubts if d.name == "skeleton"
    )
    assert "holds no SMPLH model file" in doubt.reason
    with pytest.raises(OptionsError, match="no such folder of body models"):
        read_motion(path, smpl_models=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"poses": np.zeros((40, 70))}, "70 numbers per frame"),
        ({"trans": np.zeros((39, 3))}, "40 poses and translations"),
        ({"trans": np.full((40, 3), np.nan)}, "frame 0: the translation is not finite"),
        ({"poses": np.full((40, 156), np.inf)}, "a rotation that is not finite"),
        ({"mocap_framerate": np.array(-30)}, "a rate of -30 frames"),
        ({"poses": np.array(["a"] * 40)}, "poses holds <U1"),
        ({"poses": None, "trans": None}, "not of any known motion format"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_in_one_line(
    change: dict[str, object], words: str, tmp_path: Path
) -> None:
    path = made.written(tmp_path, "walk.npz", made.amass(made.walk(), **change))
    with pytest.raises(FileFormatError, match=words) as error:
        read_motion(path)
    assert "\n" not in str(error.value)


@pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/clips")
def test_real_files_stand_on_their_floor() -> None:
    (amass,) = CLIPS.glob("smpl_npz/*.npz")
    motion = read_motion(amass)
    assert motion.source.up_axis == "z"
    toes = [motion.role_positions(f"{side}_toe")[:, 2].min() for side in ("left", "right")]
    np.testing.assert_allclose(toes, 0.045, atol=0.01)
    (glamr,) = CLIPS.glob("video_pose/glamr*.pkl")
    with pytest.raises(FileFormatError, match="does not say how many frames a second"):
        read_motion(glamr)
    running = read_motion(glamr, source_fps=30)
    assert len(running) == 203
    assert (
        running.role_positions("head")[:, 2].mean() > running.role_positions("pelvis")[:, 2].mean()
    )


@pytest.mark.parametrize("name", ["wham_output.pkl", "glamr.pkl", "hps_track_0.npy", "res.pk"])
def test_a_layout_without_a_rate_asks_for_it(name: str, tmp_path: Path) -> None:
    path = made.written(tmp_path, name, LAYOUTS[name](made.walk()))
    with pytest.raises(FileFormatError, match=r"does not say how many frames a second.*source-fps"):
        read_motion(path)
