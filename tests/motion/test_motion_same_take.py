"""One take in two formats is one motion: directions of limbs, the root's path, and when feet stand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import smpl_files as made
from bvh_files import CLIPS

from retarget.motion import Motion, find_anatomy, find_contacts, read_motion
from retarget.motion.formats.markers.c3d import parse_c3d
from retarget.motion.ground.floor import levelled

pytestmark = pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/clips")

LEGS = (("hip", "knee"), ("knee", "ankle"))
ARMS = (("shoulder", "elbow"), ("elbow", "wrist"))
SIDES = ("left", "right")
TIMELY = 0.05  # seconds


def bone(motion: Motion, side: str, near: str, far: str) -> np.ndarray:
    """From one joint to the next, metres."""
    return motion.role_positions(f"{side}_{far}") - motion.role_positions(f"{side}_{near}")


def degrees_apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    cosine = (
        np.sum(one * other, axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
    )
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))


def middle(motion: Motion, part: str) -> np.ndarray:
    return np.mean([motion.role_positions(f"{side}_{part}") for side in SIDES], axis=0)


def stances(motion: Motion) -> dict[tuple[int, int], np.ndarray]:
    """Beginnings and ends of stances in seconds, by foot (left, right) and point (heel, toe)."""
    stance = find_contacts(find_anatomy(levelled(motion)[0])).stance
    found = {}
    for foot in range(2):
        for point in range(2):
            edges = np.diff(np.concatenate([[0], stance[:, foot, point].astype(np.int8), [0]]))
            runs = np.stack([np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)], axis=1)
            found[foot, point] = runs / motion.fps
    return found


def assert_stances_match(one: Motion, other: Motion, lift: float = TIMELY) -> None:
    """Every stance of a toe begins and ends with one of the other's; ends may be later by ``lift`` seconds."""
    first, second = stances(one), stances(other)
    for foot in range(2):
        ours, theirs = first[foot, 1], second[foot, 1]
        assert len(ours) == len(theirs) > 0, foot
        assert np.abs(ours[:, 0] - theirs[:, 0]).max() <= TIMELY, foot
        assert np.abs(ours[:, 1] - theirs[:, 1]).max() <= lift, foot


@pytest.fixture(scope="module")
def hdm05() -> tuple[Motion, Motion]:
    """A jog of HDM05: the skeleton that was fitted to it by its makers, and the markers."""
    (amc,), (c3d,) = CLIPS.glob("hdm05/*.amc"), CLIPS.glob("hdm05/*.c3d")
    skeleton, markers = read_motion(amc), read_motion(c3d)
    assert len(skeleton) == len(markers) == 202
    assert skeleton.fps == markers.fps == 120
    return skeleton, markers


def test_limbs_of_hdm05_point_the_same_way_as_a_skeleton_and_as_markers(
    hdm05: tuple[Motion, Motion],
) -> None:
    apart = [
        degrees_apart(*(bone(motion, side, near, far) for motion in hdm05)).mean()
        for side in SIDES
        for near, far in (*LEGS, ("elbow", "wrist"))
    ]
    assert np.mean(apart) < 4.0
    assert max(apart) < 5.0


def test_upper_arms_of_hdm05_differ_by_where_its_skeleton_has_its_shoulders(
    hdm05: tuple[Motion, Motion],
) -> None:
    """Its fixed collar bones hold them 3 to 4 cm outside of what markers on the acromions allow, all the time.

    So the arm is turned by one and the same angle about the trunk; what is left over moves alike.
    """
    markers = hdm05[1]
    widths = [
        np.linalg.norm(
            m.role_positions("left_shoulder") - m.role_positions("right_shoulder"), axis=1
        )
        for m in hdm05
    ]
    assert 0.06 < (widths[0] - widths[1]).mean() < 0.08
    assert (widths[0] - widths[1]).std() < 0.01
    trunk = chest_axes(markers)
    for side in SIDES:
        arms = [bone(m, side, "shoulder", "elbow") for m in hdm05]
        assert 6.0 < degrees_apart(*arms).mean() < 10.0
        local = [
            np.einsum("tji,tj->ti", trunk, arm / np.linalg.norm(arm, axis=1)[:, None])
            for arm in arms
        ]
        shift = (local[1] - local[0]).mean(axis=0)
        assert degrees_apart(local[0] + shift, local[1]).mean() < 2.5
        # The joint that markers tell stays as far from the markers of its own arm; the skeleton's does not.
        upper = marker_near(side)
        kept = [
            np.linalg.norm(upper - m.role_positions(f"{side}_shoulder"), axis=1).std()
            for m in hdm05
        ]
        assert kept[1] < kept[0]


def chest_axes(motion: Motion) -> np.ndarray:
    up = middle(motion, "shoulder") - middle(motion, "hip")
    across = motion.role_positions("left_shoulder") - motion.role_positions("right_shoulder")
    z = up / np.linalg.norm(up, axis=1)[:, None]
    x = np.cross(across, z)
    x /= np.linalg.norm(x, axis=1)[:, None]
    return np.stack([x, np.cross(z, x), z], axis=-1)


def marker_near(side: str) -> np.ndarray:
    """The marker on the outside of the elbow, metres."""
    (path,) = CLIPS.glob("hdm05/*.c3d")
    markers = parse_c3d(path.read_bytes(), path)
    names = [name.rpartition(":")[2] for name in markers.names]
    return markers.places[:, names.index(f"{side[0].upper()}ELB")] * (
        markers.metres_per_unit or 0.001
    )


def test_the_root_of_hdm05_goes_the_same_way(hdm05: tuple[Motion, Motion]) -> None:
    """The skeleton's hips are 4 cm lower, at thighs 3 cm shorter; across the ground they are one point."""
    skeleton, markers = (middle(motion, "hip") for motion in hdm05)
    apart = skeleton - markers
    assert np.linalg.norm(apart[:, :2], axis=1).max() < 0.02
    assert np.abs(apart[:, 2].mean() + 0.039) < 0.005
    assert np.linalg.norm(apart - apart.mean(axis=0), axis=1).max() < 0.02


def test_feet_of_hdm05_stand_at_the_same_times(hdm05: tuple[Motion, Motion]) -> None:
    """Touch-down to within 50 ms; the skeleton's ball of the foot rises 3 to 5 cm while the toe still rests."""
    skeleton, markers = hdm05
    assert_stances_match(skeleton, markers, lift=0.08)
    for foot in range(2):
        lifted = stances(markers)[foot, 1][:, 1] - stances(skeleton)[foot, 1][:, 1]
        assert (lifted > 0).all()


def test_cmu_01_01_is_the_same_motion_as_acclaim_and_as_bvh() -> None:
    """The BVH, a conversion, leaves out the thorax and the last third of the forearms, and is else the same."""
    ours, bvh = (
        read_motion(CLIPS / "cmu_asf_amc" / "01_01.amc"),
        read_motion(CLIPS / "cmu_bvh" / "01_01.bvh"),
    )
    assert len(ours) == len(bvh)
    assert ours.fps == bvh.fps == 120
    legs = [f"{side}_{part}" for side in SIDES for part in ("hip", "knee", "ankle", "toe")]
    for role in ("pelvis", *legs):
        np.testing.assert_allclose(ours.role_positions(role), bvh.role_positions(role), atol=1e-4)
    for side in SIDES:
        upper, forearm = (
            [bone(motion, side, near, far) for motion in (ours, bvh)] for near, far in ARMS
        )
        np.testing.assert_allclose(*upper, atol=1e-4)
        assert degrees_apart(*forearm).max() < 0.01
        lengths = [np.linalg.norm(arm, axis=1) for arm in forearm]
        np.testing.assert_allclose(lengths[1], lengths[0] / 1.5, rtol=0.01)
    thorax = ours.role_positions("left_shoulder") - bvh.role_positions("left_shoulder")
    np.testing.assert_allclose(np.linalg.norm(thorax, axis=1), 2.06488 * 0.0254 / 0.45, atol=1e-4)
    assert_stances_match(ours, bvh)


def test_xsens_is_the_same_motion_as_mvnx_and_as_bvh() -> None:
    """The arms, which wore sensors: directions in the world, frame by frame, after the BVH's T-pose.

    Nobody stands in this take: the pelvis is held at the origin, which is a doubt.
    """
    (mvnx,), (bvh,) = CLIPS.glob("mvnx/*.mvnx"), CLIPS.glob("bvh_more/xsens*.bvh")
    first, second = read_motion(mvnx), read_motion(bvh)
    late = len(first) - len(second)
    assert abs(late) <= 1
    assert first.fps == second.fps == 60
    assert "travel" in [doubt.name for doubt in first.source.doubts]
    frames = min(len(first), len(second))
    for side in SIDES:
        for near, far in ARMS:
            bones = [bone(motion, side, near, far) for motion in (first, second)]
            lengths = [np.linalg.norm(one, axis=1) for one in bones]
            assert lengths[0].mean() == pytest.approx(lengths[1].mean(), abs=2e-3)
            slant = [one[:, 2] / length for one, length in zip(bones, lengths, strict=True)]
            np.testing.assert_allclose(
                slant[0][max(late, 0) :][:frames], slant[1][:frames], atol=0.03
            )
    for motion in (first, second):
        assert np.ptp(middle(motion, "hip"), axis=0).max() < 0.02


def test_lafan1_is_the_same_motion_as_bvh_and_as_global_places(tmp_path: Path) -> None:
    (path, *_) = sorted(CLIPS.glob("lafan1_bvh/*.bvh"))
    motion = read_motion(path)
    kept = [joint for joint, name in enumerate(motion.joint_names) if "#" not in name]
    places = np.asarray(motion.positions[:, kept])
    data = made.npz(global_joint_positions=places, height=np.array(1.7))
    other = read_motion(made.written(tmp_path, "lafan.npz", data))
    assert any("LAFAN1" in note for note in other.source.notes)
    np.testing.assert_allclose(other.positions, places, atol=1e-9)
    ours, theirs = stances(motion), stances(other)
    for foot in range(
        2
    ):  # toes: heels lie below the ankles by the foot's turn, which places do not tell
        np.testing.assert_allclose(ours[foot, 1], theirs[foot, 1], atol=TIMELY)


def test_one_trial_in_three_encodings_of_c3d_is_the_same() -> None:
    more = CLIPS / "c3d_more"
    intel, sgi, dec = (
        parse_c3d((more / f"c3dorg_Eb015{x}.c3d").read_bytes(), more) for x in ("pi", "si", "vr")
    )
    assert intel.names == sgi.names == dec.names
    assert intel.places.shape == (450, 26, 3)
    np.testing.assert_array_equal(intel.places, sgi.places)
    np.testing.assert_allclose(
        dec.places, intel.places, atol=1e-3
    )  # mm; one is rounded to integers
