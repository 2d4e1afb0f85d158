"""A person's longer clips tell what a short one does not show, and only those of the same skeleton."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from retarget.errors import RetargetError
from retarget.motion import Motion, find_anatomy, find_contacts, fit_subject, read_motion
from retarget.motion.edit import mirrored
from retarget.motion.segments import SEGMENTS

CLIPS = Path(__file__).parents[3] / "shared/clips"
DANCE = CLIPS / "lafan1_bvh/bvhTools_test2_3945f.bvh"
SECONDS = 2.0


@pytest.fixture(scope="module")
def halves() -> tuple[Motion, Motion]:
    if not DANCE.is_file():
        pytest.skip(f"needs the real clip {DANCE}, which is absent")
    motion = read_motion(DANCE)
    return motion.frames(0, len(motion) // 2), motion.frames(len(motion) // 2, len(motion))


def degrees_apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    trace = np.einsum("...sij,...sij->...s", one, other)
    return np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))


def cuts_of(motion: Motion) -> list[Motion]:
    length = round(SECONDS * motion.fps)
    starts = range(0, len(motion) - length, length)
    other_file = replace(motion, source=replace(motion.source, sha256="of another file"))
    return [other_file.frames(start, start + length) for start in starts]


def test_short_clips_are_understood_better_with_another_clip_of_the_person(
    halves: tuple[Motion, Motion],
) -> None:
    first, second = halves
    subject = fit_subject([first])
    right = find_anatomy(second).calibration.offsets
    alone = np.array(
        [degrees_apart(find_anatomy(c).calibration.offsets, right) for c in cuts_of(second)]
    )
    known = np.array(
        [
            degrees_apart(find_anatomy(c, subject).calibration.offsets, right)
            for c in cuts_of(second)
        ]
    )
    for segment in ("left_foot", "right_foot", "left_upper_arm", "left_forearm", "left_shank"):
        s = SEGMENTS.index(segment)
        assert known[:, s].mean() < 0.6 * alone[:, s].mean(), segment
        assert known[:, s].max() < 4.5, segment


def test_what_a_short_clip_shows_counts_besides(halves: tuple[Motion, Motion]) -> None:
    """A person who never bent a knee is told by the clip in which it bends."""
    first, second = halves
    straight = fit_subject([stiff(first)])
    bent = max(cuts_of(second), key=lambda cut: sharpest_knee(cut))
    right = find_anatomy(second).calibration.offsets
    s = SEGMENTS.index("left_shank")
    alone = degrees_apart(straight.calibration.offsets, right)[s]
    assert degrees_apart(find_anatomy(bent, straight).calibration.offsets, right)[s] < 0.75 * alone


def stiff(motion: Motion) -> Motion:
    """Only the frames in which the left knee is straight, if somewhat beyond."""
    straight = np.flatnonzero(left_knee(motion) < np.quantile(left_knee(motion), 0.05))
    return replace(
        motion, positions=motion.positions[straight], rotations=motion.rotations[straight]
    )


def left_knee(motion: Motion) -> np.ndarray:
    """Sine of the left knee's bend."""
    hip, knee, ankle = (
        motion.role_positions(f"left_{joint}") for joint in ("hip", "knee", "ankle")
    )
    upper, lower = knee - hip, ankle - knee
    area = np.linalg.norm(np.cross(upper, lower), axis=1)
    return np.asarray(area / np.linalg.norm(upper, axis=1) / np.linalg.norm(lower, axis=1))


def sharpest_knee(motion: Motion) -> float:
    return float(np.quantile(left_knee(motion), 0.8))


def test_an_ankle_that_never_rests_flat_is_as_high_as_in_other_clips(
    halves: tuple[Motion, Motion],
) -> None:
    first, second = halves
    subject = fit_subject([first])
    rises = subject.calibration.ankle_rises
    assert rises is not None
    anatomy = find_anatomy(cuts_of(second)[0], subject)
    in_flight = replace(anatomy, flat={side: np.zeros(len(anatomy), bool) for side in anatomy.flat})
    contacts = find_contacts(in_flight)
    shared = (contacts.toe_heights + rises).mean()
    assert contacts.ankle_heights == pytest.approx([shared, shared], abs=1e-9)


def test_a_person_is_told_of_several_clips_as_of_all_their_frames(
    halves: tuple[Motion, Motion],
) -> None:
    first, second = halves
    both = fit_subject([first, second], "anna")
    assert both.name == "anna"
    assert both.seconds == pytest.approx(first.duration + second.duration)
    singles = [fit_subject([half]).calibration.offsets for half in halves]
    apart = max(degrees_apart(both.calibration.offsets, one).max() for one in singles)
    assert 0.05 < apart < 8.0  # it is neither of them, and near both


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda m: replace(m, positions=1.2 * m.positions), "from its joint"),
        (lambda m: replace(m, joint_names=tuple(f"B_{n}" for n in m.joint_names)), "same name"),
        (lambda m: replace(m, rotations=turned(m, [1.0, 0.0, 0.0])), "in the axes of its joint"),
    ],
    ids=["larger", "other names", "other axes"],
)
def test_what_is_of_another_skeleton_is_refused(
    halves: tuple[Motion, Motion], spoil, reason: str
) -> None:
    first, second = halves
    other = spoil(second)
    assert reason in fit_subject([first]).why_not(other)
    with pytest.raises(RetargetError, match=f"not of the same skeleton.*{reason}"):
        fit_subject([first, other])


def turned(motion: Motion, axis: list[float]) -> np.ndarray:
    """Rotations with all joints' axes turned by 60 degrees."""
    turn = Rotation.from_rotvec(np.radians(60.0) * np.array(axis))
    own = Rotation.from_quat(motion.rotations.reshape(-1, 4), scalar_first=True)
    return (own * turn).as_quat(scalar_first=True).reshape(motion.rotations.shape)


def test_axes_that_are_turned_about_a_bone_show_where_the_limb_bends(
    halves: tuple[Motion, Motion],
) -> None:
    first, second = halves
    subject = fit_subject([first])
    knee = second.roles["left_knee"]
    bone = next(b for (role, _), b in subject.bones.items() if role == "left_knee")
    turn = Rotation.from_rotvec(np.radians(90.0) * bone / np.linalg.norm(bone))
    rotations = second.rotations.copy()
    own = Rotation.from_quat(rotations[:, knee], scalar_first=True)
    rotations[:, knee] = (own * turn).as_quat(scalar_first=True)
    why = subject.why_not(replace(second, rotations=rotations))
    assert re.match("the left shank has its hinge (8|9)[0-9] degrees elsewhere", why)


def test_a_person_in_a_mirror_is_fitted_as_the_mirrored_clip_is(
    halves: tuple[Motion, Motion],
) -> None:
    first, _ = halves
    there = fit_subject([first]).mirrored()
    here = fit_subject([mirrored(first)])
    assert degrees_apart(there.calibration.offsets, here.calibration.offsets).max() < 0.01
    np.testing.assert_allclose(there.calibration.wrists, here.calibration.wrists, atol=1e-6)
    assert there.why_not(mirrored(first)) == ""
    assert fit_subject([first]).why_not(mirrored(first)) != ""


def test_without_clips_there_is_no_person() -> None:
    with pytest.raises(RetargetError, match="no motions of the person"):
        fit_subject([])
