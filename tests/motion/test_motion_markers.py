"""Markers in C3D and TRC: numbers of all processors, names of many laboratories, joint centres, gaps and refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import smpl_files as made
from bvh_files import CLIPS
from c3d_files import turns_alone

from retarget.errors import FileFormatError
from retarget.motion import Motion, read_motion
from retarget.motion.formats.markers.body import BodyMarkers
from retarget.motion.formats.markers.c3d import parse_c3d
from retarget.motion.formats.markers.centres import joint_centres
from retarget.motion.formats.markers.labels import landmarks_of, people_in
from retarget.motion.formats.markers.qualisys import parse_qualisys
from retarget.motion.formats.markers.reader import unit_of_size
from retarget.motion.formats.markers.trc import parse_trc

needs_clips = pytest.mark.skipif(not CLIPS.is_dir(), reason="needs ../shared/clips")
MORE = CLIPS / "c3d_more"

# Markers of three laboratories: (name, landmark as we call it).
RIZZOLI = {
    "ASIS": "asis", "PSIS": "psis", "LE": "knee", "ME": "knee_medial", "LM": "ankle", "MM": "ankle_medial",
    "CA": "heel",
    "SM": "toe", "ACR": "shoulder", "ELB": "elbow", "ELBM": "elbow_medial", "US": "wrist_little", "RS": "wrist_thumb",
}  # fmt: skip
NAMES = {
    "rizzoli": (lambda side, word: f"{side}{word}", RIZZOLI),
    "opensim": (
        lambda side, word: f"{side}.{word}",
        {"ASIS": "asis", "PSIS": "psis", "Knee": "knee", "Knee.Medial": "knee_medial", "Ankle": "ankle",
         "Ankle.Medial": "ankle_medial", "Heel": "heel", "Toe.Tip": "toe", "Acromium": "shoulder", "Elbow": "elbow",
         "Elbow.Medial": "elbow_medial", "Wrist.Lat": "wrist_little", "Wrist.Med": "wrist_thumb"},
    ),
    "prefixed": (lambda side, word: f"Anna:{side}{word}", RIZZOLI),
}  # fmt: skip


def marked(motion: Motion) -> dict[str, np.ndarray]:
    """Markers around a walk's joints, metres: pairs on both sides of knees, ankles, elbows and wrists."""
    at = {role: motion.role_positions(role) for role in motion.roles}
    ahead = np.array([0.0, -1.0, 0.0])  # the walk goes along -y, its left is +x
    hips = (at["left_hip"] + at["right_hip"]) / 2
    markers = {"C7": (at["neck"] - 0.06 * ahead), "CLAV": at["neck"] + 0.06 * ahead + [0, 0, -0.08],
               "STRN": at["chest"] + 0.12 * ahead, "T10": at["chest"] - 0.1 * ahead}  # fmt: skip
    for letter, side, sign in (("L", "left", 1.0), ("R", "right", -1.0)):
        out = np.array([sign, 0.0, 0.0])
        markers |= {
            f"{letter} asis": hips + 0.12 * out + 0.08 * ahead + [0, 0, 0.09],
            f"{letter} psis": hips + 0.05 * out - 0.08 * ahead + [0, 0, 0.09],
            f"{letter} heel": at[f"{side}_ankle"] - 0.06 * ahead + [0, 0, -0.05],
            f"{letter} toe": at[f"{side}_toe"] + [0, 0, 0.02],
            f"{letter} shoulder": at[f"{side}_shoulder"] + [0, 0, 0.06],
        }
        pairs = [(joint, f"{joint}_medial", joint) for joint in ("knee", "ankle", "elbow")]
        for joint, inner, outer in (*pairs, ("wrist", "wrist_thumb", "wrist_little")):
            markers[f"{letter} {outer}"] = at[f"{side}_{joint}"] + 0.05 * out
            markers[f"{letter} {inner}"] = at[f"{side}_{joint}"] - 0.05 * out
    return markers


def trc(markers: dict[str, np.ndarray], *, fps: float = 30, unit: float = 1000, count: int | None = None,
        end: str = "\r\n", blank: bool = True) -> bytes:  # fmt: skip
    names = list(markers)
    places = np.stack([markers[name] for name in names], axis=1) * unit
    word = {1000: "mm", 1: "m"}[int(unit)]
    head = [
        "PathFileType\t4\t(X/Y/Z)\twalk.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\t",
        f"{fps}\t{fps}\t{len(places)}\t{count or len(names)}\t{word}\t{fps}\t1\t{len(places)}\t",
        "Frame#\tTime\t" + "\t\t\t".join(names) + "\t\t\t",
        "\t\t" + "\t".join(f"{axis}{i}" for i in range(1, len(names) + 1) for axis in "XYZ") + "\t",
    ]
    rows = [
        f"{185 + t}\t{t / fps:.3f}\t" + "\t".join(f"{v:.5f}" if np.isfinite(v) else "" for v in row.ravel()) + "\t"
        for t, row in enumerate(places)
    ]  # fmt: skip
    return end.join([*head, *([""] if blank else []), *rows, ""]).encode()


def renamed(markers: dict[str, np.ndarray], laboratory: str) -> dict[str, np.ndarray]:
    pattern, words = NAMES[laboratory]
    back = {landmark: word for word, landmark in words.items()}
    prefix = "Anna:" if laboratory == "prefixed" else ""
    return {
        (pattern(name[0], back[name[2:]]) if " " in name else prefix + name): place
        for name, place in markers.items()
    }


@pytest.fixture
def walk(tmp_path: Path) -> Motion:
    return read_motion(made.written(tmp_path, "amass.npz", made.amass(made.walk())))


@pytest.mark.parametrize("laboratory", NAMES)
def test_joints_lie_between_markers_on_both_sides_whoever_named_them(
    laboratory: str, walk: Motion, tmp_path: Path
) -> None:
    motion = read_motion(made.written(tmp_path, "walk.trc", trc(renamed(marked(walk), laboratory))))
    assert (motion.fps, motion.source.up_axis) == (30, "z")
    for part in ("knee", "ankle", "elbow", "wrist"):
        for side in ("left", "right"):
            role = f"{side}_{part}"
            np.testing.assert_allclose(
                motion.role_positions(role), walk.role_positions(role), atol=1e-4
            )
    shoulder = motion.role_positions("left_shoulder") - walk.role_positions("left_shoulder")
    assert np.abs(shoulder).max() < 0.02  # 6 cm below the acromion, as these shoulders are wide
    assert {"markers", "rotations"} <= {doubt.name for doubt in motion.source.doubts}


@pytest.mark.parametrize("how", ["metres", "unix", "no blank line", "wrong count"])
def test_marker_files_are_read_as_they_come(how: str, walk: Motion, tmp_path: Path) -> None:
    options = {
        "metres": {"unit": 1},
        "unix": {"end": "\n"},
        "no blank line": {"blank": False},
        "wrong count": {"count": 66},
    }
    markers = renamed(marked(walk), "rizzoli")
    motion = read_motion(made.written(tmp_path, "walk.trc", trc(markers, **options[how])))
    np.testing.assert_allclose(
        motion.role_positions("left_knee"), walk.role_positions("left_knee"), atol=1e-4
    )
    assert any("66 markers" in note for note in motion.source.notes) == (how == "wrong count")


def test_a_short_gap_is_filled_and_a_long_one_ends_the_stretch(
    walk: Motion, tmp_path: Path
) -> None:
    markers = renamed(marked(walk), "rizzoli")
    markers["LLE"] = markers["LLE"].copy()
    markers["LLE"][12:15] = np.nan
    motion = read_motion(made.written(tmp_path, "walk.trc", trc(markers)))
    assert len(motion) == len(walk)
    np.testing.assert_allclose(
        motion.role_positions("left_knee"), walk.role_positions("left_knee"), atol=4e-3
    )
    assert any("not seen 3 times" in doubt.reason for doubt in motion.source.doubts)
    markers["LLE"][20:] = np.nan
    motion = read_motion(made.written(tmp_path, "walk.trc", trc(markers)))
    assert len(motion) == 20
    assert any("frames 185 to 204 of 185 to 224 were read" in note for note in motion.source.notes)
    markers["LLE"][5:] = np.nan
    with pytest.raises(FileFormatError, match="left_knee cannot be found in 88% of the frames"):
        read_motion(made.written(tmp_path, "walk.trc", trc(markers)))


def test_markers_that_are_never_seen_together_are_told_by_the_joint(
    walk: Motion, tmp_path: Path
) -> None:
    markers = marked(walk)
    half = len(walk) // 2
    for name in ("L ankle", "L ankle_medial"):
        markers[name] = markers[name].copy()
        markers[name][half - 12 :] = np.nan
    for name in ("L knee", "L knee_medial"):
        markers[name] = markers[name].copy()
        markers[name][: half + 12] = np.nan
    data = trc(renamed(markers, "rizzoli"))
    with pytest.raises(FileFormatError, match=r"left_\w+ cannot be found in 100% of the frames"):
        read_motion(made.written(tmp_path, "walk.trc", data))


def test_frames_with_nobody_in_sight_tell_nothing_of_the_unit(walk: Motion) -> None:
    places = np.stack(list(marked(walk).values()), axis=1) * 1000
    places[:5] = np.nan
    places[5:8, :, 2] = np.nan
    assert unit_of_size(places) == 0.001
    assert unit_of_size(np.full((4, 3, 3), np.nan)) == 1.0


def test_one_of_two_people_is_picked_by_the_prefix_of_their_markers(
    walk: Motion, tmp_path: Path
) -> None:
    anna = renamed(marked(walk), "prefixed")
    bea = {
        name.replace("Anna", "Bea"): place + np.array([2.0, 0, 0]) for name, place in anna.items()
    }
    box = {"Box:1": np.zeros((40, 3)) + 1, "*17": np.zeros((40, 3)) + 2}
    path = made.written(tmp_path, "two.trc", trc({**anna, **bea, **box}))
    first, second = read_motion(path), read_motion(f"{path}#Bea")
    np.testing.assert_allclose(
        second.role_positions("pelvis"),
        first.role_positions("pelvis") + np.array([2.0, 0, 0]),
        atol=1e-6,
    )
    assert any("#2 Bea" in note for note in first.source.notes)


def test_one_marker_on_the_outside_is_followed_inwards_along_the_hinge(walk: Motion) -> None:
    markers = {
        name.replace("L ", "left_").replace("R ", "right_"): place
        for name, place in marked(walk).items()
    }
    markers |= {
        ours: markers.pop(theirs)
        for ours, theirs in (("c7", "C7"), ("t10", "T10"), ("jugular", "CLAV"), ("xiphoid", "STRN"))
    }
    sizes = {"LKNEEWIDTH": 0.086, "RKNEEWIDTH": 0.086}  # and 7 mm: the markers are 5 cm outside
    lateral = {name: place for name, place in markers.items() if not name.endswith("_medial")}
    joints = joint_centres(BodyMarkers(lateral, sizes, 30.0))
    for side in ("left", "right"):
        # The markers of this walk lie beside the knee in the world, its hinge turns with the leg: within 1 cm.
        np.testing.assert_allclose(
            joints[f"{side}_knee"], walk.role_positions(f"{side}_knee"), atol=0.01
        )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"PathFileType\t4\n", "ends within its head"),
        (
            trc({"LASI": np.ones((3, 3))}).replace(b"30\t30", b"fast\t30", 1),
            "DataRate is 'fast', no number",
        ),
        (trc({"LASI": np.ones((3, 3))}).replace(b"1000.00000", b"1e3x", 1), "'1e3x'"),
        (trc({"LASI": np.ones((3, 3)), "what": np.ones((3, 3))}), "not those of a known set"),
    ],
)
def test_what_is_no_body_of_markers_is_refused(text: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=words):
        read_motion(made.written(tmp_path, "walk.trc", text))


def test_turns_of_segments_without_markers_are_told(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"turns of segments, as Theia3D .* export the skel"):
        read_motion(made.written(tmp_path, "theia.c3d", turns_alone()))


def tsv(
    markers: dict[str, np.ndarray], *, led: bool = True, header: bool = True, kind: str = "3D"
) -> bytes:
    """As Qualisys Track Manager exports markers: millimetres, rows with or without frame and time."""
    names = list(markers)
    places = np.stack([markers[name] for name in names], axis=1) * 1000
    lines = [f"NO_OF_FRAMES\t{len(places)}", "NO_OF_CAMERAS\t12", f"NO_OF_MARKERS\t{len(names)}", "FREQUENCY\t30",
             "NO_OF_ANALOG\t0", "ANALOG_FREQUENCY\t0", "DESCRIPTION\t--", "TIME_STAMP\t2026-01-01, 10:00:00.000\t1.5",
             f"DATA_INCLUDED\t{kind}", "EVENT\tStart\t1\t0.0", "MARKER_NAMES\t" + "\t".join(names),
             "TRAJECTORY_TYPES\t" + "\t".join(["Measured"] * len(names))]  # fmt: skip
    columns = [f"{name} {axis}" for name in names for axis in "XYZ"]
    if header:
        lines.append("\t".join([*(["Frame", "Time"] if led else []), *columns]))
    for t, row in enumerate(places):
        cells = [f"{v:.3f}" if np.isfinite(v) else "0.000" for v in row.ravel()]
        lines.append("\t".join([*([str(7 + t), f"{t / 30:.5f}"] if led else []), *cells]))
    return "\r\n".join([*lines, ""]).encode()


@pytest.mark.parametrize("led", [True, False])
@pytest.mark.parametrize("header", [True, False])
def test_tables_of_qualisys_are_the_same_motion(
    led: bool, header: bool, walk: Motion, tmp_path: Path
) -> None:
    markers = renamed(marked(walk), "rizzoli")
    data = tsv(markers, led=led, header=header)
    ours = read_motion(made.written(tmp_path, "walk.tsv", data))
    theirs = read_motion(made.written(tmp_path, "walk.trc", trc(markers)))
    assert (ours.source.format, ours.fps, len(ours)) == ("qualisys", 30, len(theirs))
    for role in ("left_hip", "right_knee", "left_elbow", "right_wrist"):
        np.testing.assert_allclose(
            ours.role_positions(role), theirs.role_positions(role), atol=2e-3
        )
    assert parse_qualisys(data, tmp_path).first_frame == (7 if led else 1)


def test_markers_that_qualisys_did_not_see_are_gaps(walk: Motion, tmp_path: Path) -> None:
    markers = renamed(marked(walk), "rizzoli")
    name = next(iter(markers))
    markers[name] = markers[name].copy()
    markers[name][5:9] = np.nan
    places = parse_qualisys(tsv(markers), tmp_path).places
    assert np.isnan(places[5:9, 0]).all()
    assert np.isfinite(places[9:]).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [(lambda t: t.replace("DATA_INCLUDED\t3D", "DATA_INCLUDED\t6D"), "holds '6D' and no places"),
     (lambda t: t.replace("MARKER_NAMES", "BODY_NAMES"), "names no markers"),
     (lambda t: t.replace("FREQUENCY\t30", "FREQUENCY\t0"), "FREQUENCY"),
     (lambda t: t.replace("\t0.03333\t", "\t0.03333\tx"), "must be a number"),
     (lambda t: t.partition("Frame\t")[0], "holds no frames")],
)  # fmt: skip
def test_what_is_wrong_in_a_table_of_qualisys_is_named(
    change, words: str, walk: Motion, tmp_path: Path
) -> None:
    text = tsv(renamed(marked(walk), "rizzoli")).decode()
    with pytest.raises(FileFormatError, match=words):
        read_motion(made.written(tmp_path, "walk.tsv", change(text).encode()))


@needs_clips
def test_real_marker_files_with_nan_exponents_and_blanks_are_parsed() -> None:
    nan = parse_trc((CLIPS / "trc" / "opensim_nan_cases.trc").read_bytes(), CLIPS)
    assert nan.places.shape == (5, 14, 3)
    assert np.isnan(nan.places).any()
    metres = parse_trc((CLIPS / "trc" / "opensim_eformat.trc").read_bytes(), CLIPS)
    assert (metres.metres_per_unit, metres.fps) == (1.0, 119.88012)
    assert np.isfinite(metres.places).all()


@needs_clips
@pytest.mark.parametrize(
    ("name", "frames", "fps", "first"),
    [("vicon_pig_fullbody_movement", 323, 120, 695), ("phoenix_dance_unlabelled", 499, 65.05, 1),
     ("kinetics_one_leg_clusters", 3361, 160, 0), ("vicon_pig_lower_walk", 293, 100, 725)],
)  # fmt: skip
def test_frames_and_rates_of_real_files(name: str, frames: int, fps: float, first: int) -> None:
    markers = parse_c3d((MORE / f"{name}.c3d").read_bytes(), MORE)
    assert (len(markers.places), markers.first_frame) == (frames, first)
    assert markers.fps == pytest.approx(fps, abs=0.01)


@needs_clips
@pytest.mark.parametrize(
    ("name", "words"),
    [("btk_shd01_upper_body", "no markers for left knee"), ("opensim_test_walking", "no markers for left shoulder"),
     ("c3dorg_Eb015pi", "not those of a known set"), ("phoenix_dance_unlabelled", "not those of a known set"),
     ("phasespace_no_params", "names 0 of its 40 points")],
)  # fmt: skip
def test_half_bodies_and_unlabelled_markers_are_refused_with_the_reason(
    name: str, words: str
) -> None:
    with pytest.raises(FileFormatError, match=words):
        read_motion(MORE / f"{name}.c3d")


@needs_clips
def test_joint_centres_are_near_those_of_plug_in_gait() -> None:
    """Hips by Harrington are 2 to 3.5 cm from Davis', which Plug-in Gait uses; CT says Harrington's are nearer."""
    theirs = {
        "hip": "FEP",
        "knee": "FEO",
        "ankle": "TIO",
        "shoulder": "CLO",
        "elbow": "HUO",
        "wrist": "RAO",
    }
    most = {
        "hip": 0.036,
        "knee": 0.010,
        "ankle": 0.006,
        "shoulder": 0.017,
        "elbow": 0.016,
        "wrist": 0.014,
    }
    for name in ("vicon_pig_fullbody_movement", "vicon_pig_fullbody_static"):
        markers = parse_c3d((MORE / f"{name}.c3d").read_bytes(), MORE)
        kept = people_in(markers)[""]
        metres = replace(markers, places=markers.places / 1000)
        at = landmarks_of([markers.names[i] for i in kept], metres.places[:, kept])
        joints = joint_centres(
            BodyMarkers(at, {k: v / 1000 for k, v in markers.sizes.items()}, markers.fps)
        )
        for side in ("left", "right"):
            for joint, label in theirs.items():
                theirs_at = metres.places[:, markers.names.index(side[0].upper() + label)]
                apart = np.nanmean(np.linalg.norm(joints[f"{side}_{joint}"] - theirs_at, axis=1))
                assert apart < most[joint], (name, side, joint)
