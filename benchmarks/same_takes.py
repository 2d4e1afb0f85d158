"""One take in two formats, and joint centres below markers beside those that Plug-in Gait computed.

Usage: python benchmarks/same_takes.py
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from measure import CLIPS, ROOT, on_one_core, table, write_section

on_one_core()

import numpy as np  # noqa: E402
from scipy.optimize import least_squares  # noqa: E402

from retarget import Motion, read_motion  # noqa: E402
from retarget.geometry import matrix_from_quaternion  # noqa: E402
from retarget.motion.formats.asked import Asked  # noqa: E402
from retarget.motion.formats.markers.c3d import parse_c3d  # noqa: E402
from retarget.motion.formats.markers.reader import recording_of_markers  # noqa: E402
from retarget.motion.formats.markers.trajectories import Trajectories  # noqa: E402

sys.path.insert(0, str(ROOT / "tests" / "motion"))

TESTS = importlib.import_module(
    "test_motion_same_take"
)  # how takes are compared, as the tests do it
ARMS, LEGS, SIDES = TESTS.ARMS, TESTS.LEGS, TESTS.SIDES

COMMAND = "make bench (benchmarks/same_takes.py)"
PAIRS = {
    "HDM05, a jog: AMC and C3D": ("hdm05/HDM_dg_06-03_03_120.amc", "hdm05/HDM_dg_06-03_03_120.c3d"),
    "CMU 01_01, a jump: AMC and BVH": ("cmu_asf_amc/01_01.amc", "cmu_bvh/01_01.bvh"),
}
THEIRS = {
    "hip": "FEP",
    "knee": "FEO",
    "ankle": "TIO",
    "shoulder": "CLO",
    "elbow": "HUO",
    "wrist": "RAO",
}
MARKED = ("vicon_pig_fullbody_movement", "vicon_pig_fullbody_static")
# What lies on a bone of HDM05's skeleton, by the joint at its beginning; the side's letter goes before each.
ON_BONES = {
    "thigh": ("hip", ("THI", "KNE")),
    "shank": ("knee", ("SHN", "ANK")),
    "foot": ("ankle", ("HEE", "TOE", "MT5")),
    "upper arm": ("shoulder", ("UPA", "ELB")),
    "forearm": ("elbow", ("FRM", "WRA", "WRB")),
}
BONES = {
    "thigh": LEGS[0],
    "shank": LEGS[1],
    "foot": ("ankle", "toe"),
    "upper arm": ARMS[0],
    "forearm": ARMS[1],
}
ON_THORAX = ("C7", "T10", "CLAV", "STRN", "RBAC")
# What is turned about a joint: markers of the segment above it, and of the limb below it.
AROUND = {
    "hip": (("LFWT", "RFWT", "LBWT", "RBWT"), ("THI", "KNE")),
    "shoulder": (ON_THORAX, ("UPA", "ELB")),
}
RISEN = 0.01  # metres by which a marker on the toes has risen that has left the floor for certain


def main() -> None:
    if not CLIPS.is_dir():
        print(f"benchmarks need real clips in {CLIPS}, which is absent: skipped")
        return
    pairs = [
        row(name, *(read_motion(CLIPS / file) for file in files)) for name, files in PAIRS.items()
    ]
    pairs.append(row("LAFAN1, a dance: BVH and global places", *lafan1()))
    pairs.append(row("Xsens, arms: MVNX and BVH", *xsens()))
    limbs = [f"{near}-{far}" for near, far in (*LEGS, *ARMS)]
    write_section(
        "same-takes",
        "One take in two formats",
        COMMAND,
        "Degrees between limbs' directions, mean over frames and sides; how far the middle of the hips goes from its "
        "mean distance, and that mean; how far apart stances of toes begin and end at most.\n\n"
        + table(["take", *limbs, "root mm", "constant mm", "touch-down ms", "lift-off ms"], pairs)
        + "\n\nWhat of HDM05 is its skeleton's own: degrees between bones, and what is left of them once each is "
        "turned by one and the same turn; how far markers go from where they lie on a bone, root mean "
        "square and at most, both sides together.\n\n"
        + table(
            [
                "bone",
                "degrees",
                "less a constant turn",
                "markers on the skeleton's mm",
                "at most",
                "on ours mm",
                "at most",
            ],
            skeleton_and_markers(),
        )
        + f"\n\n{shoulders_and_toes()}\n\n"
        f"One trial in three encodings of C3D (Intel, SGI, DEC), the last in floats: {encodings()}\n\n"
        "Joint centres of ours beside Plug-in Gait's own, mm (hips: Harrington's regression beside Davis'):\n\n"
        + table(["file", *THEIRS], [centres(name) for name in MARKED]),
    )


def row(name: str, first: Motion, second: Motion) -> list[str]:
    frames = min(len(first), len(second))
    one, other = first.frames(0, frames), second.frames(0, frames)
    limbs = [
        np.mean(
            [
                TESTS.degrees_apart(TESTS.bone(one, s, *pair), TESTS.bone(other, s, *pair)).mean()
                for s in SIDES
            ]
        )
        for pair in (*LEGS, *ARMS)
    ]
    apart = TESTS.middle(one, "hip") - TESTS.middle(other, "hip")
    constant = apart.mean(axis=0)
    times = [
        np.abs(TESTS.stances(one)[foot, 1] - TESTS.stances(other)[foot, 1]).max(axis=0)
        for foot in range(len(SIDES))
        if len(TESTS.stances(one)[foot, 1])
    ]
    begun_ended = [f"{t:.0f}" for t in 1000 * np.max(times, axis=0)] if times else ["-", "-"]
    wander = np.linalg.norm(apart - constant, axis=1).max()
    return [name, *(f"{limb:.1f}" for limb in limbs), f"{1000 * wander:.0f}",
            f"{1000 * np.linalg.norm(constant):.0f}", *begun_ended]  # fmt: skip


def lafan1() -> tuple[Motion, Motion]:
    """A take as it is, and read again from its joints' places."""
    motion = read_motion(min(CLIPS.glob("lafan1_bvh/*.bvh")))
    kept = [joint for joint, name in enumerate(motion.joint_names) if "#" not in name]
    places = np.asarray(motion.positions[:, kept])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lafan.npz")
        np.savez(path, global_joint_positions=places, height=np.array(1.7))
        return motion, read_motion(path)


def xsens() -> tuple[Motion, Motion]:
    """The frames that both files have; the BVH lacks those before its T-pose."""
    first, second = (
        read_motion(min(CLIPS.glob(pattern))) for pattern in ("mvnx/*.mvnx", "bvh_more/xsens*.bvh")
    )
    return first.frames(len(first) - len(second), len(first)), second


def takes_of_hdm05() -> tuple[Motion, Motion, Trajectories]:
    skeleton, file = (CLIPS / name for name in next(iter(PAIRS.values())))
    return read_motion(skeleton), read_motion(file), parse_c3d(file.read_bytes(), file)


def marker(markers: Trajectories, name: str) -> np.ndarray:
    """Its places, metres."""
    names = [one.rpartition(":")[2] for one in markers.names]
    return np.asarray(markers.places[:, names.index(name)] * (markers.metres_per_unit or 0.001))


def skeleton_and_markers() -> list[list[str]]:
    """Each bone of HDM05's skeleton and of ours, beside one another and beside the markers on it."""
    *both, markers = takes_of_hdm05()
    rows = []
    for bone, (joint, named) in ON_BONES.items():
        cells = []
        turned = [directions(both, side, BONES[bone]) for side in SIDES]
        cells += [
            f"{np.mean([d.mean() for d, _ in turned]):.1f}",
            f"{np.mean([d.mean() for _, d in turned]):.1f}",
        ]
        for motion in both:
            off = np.concatenate(
                [
                    strayed(motion, f"{side}_{joint}", marker(markers, side[0].upper() + name))
                    for side in SIDES
                    for name in named
                ]
            )
            cells += [f"{1000 * np.sqrt(np.mean(off**2)):.0f}", f"{1000 * off.max():.0f}"]
        rows.append([bone, *cells])
    return rows


def directions(
    both: list[Motion], side: str, bone: tuple[str, str]
) -> tuple[np.ndarray, np.ndarray]:
    """Degrees between two motions' bones in each frame: as they are, and after one turn in the axes of the body."""
    one, other = (TESTS.bone(motion, side, *bone) for motion in both)
    one, other = (v / np.linalg.norm(v, axis=1)[:, None] for v in (one, other))
    trunk = TESTS.chest_axes(both[1])
    one, other = (np.einsum("tji,tj->ti", trunk, v) for v in (one, other))
    left, _, right = np.linalg.svd(
        other.T @ one
    )  # the turn that brings one nearest to the other (Kabsch 1976)
    turn = left @ np.diag([1.0, 1.0, np.linalg.det(left @ right)]) @ right
    return TESTS.degrees_apart(one, other), TESTS.degrees_apart(one @ turn.T, other)


def strayed(motion: Motion, role: str, places: np.ndarray) -> np.ndarray:
    """How far a marker goes from its mean place in a joint's axes, metres, in the frames in which it is seen."""
    turns = matrix_from_quaternion(motion.rotations[:, motion.roles[role]])
    own = np.einsum("tji,tj->ti", turns, places - motion.role_positions(role))
    own = own[np.isfinite(own).all(axis=1)]
    return np.asarray(np.linalg.norm(own - own.mean(axis=0), axis=1))


def shoulders_and_toes() -> str:
    """Where the skeleton of HDM05 has its shoulders and toes, beside markers that are on the skin."""
    *both, markers = takes_of_hdm05()
    acromions = np.linalg.norm(marker(markers, "LSHO") - marker(markers, "RSHO"), axis=1)
    apart = [np.linalg.norm(m.role_positions("left_shoulder") - m.role_positions("right_shoulder"), axis=1)
             for m in both]  # fmt: skip
    risen, least, behind = [], [], []
    late: list[list[float]] = [[], []]
    for foot, side in enumerate(SIDES):
        joint, toes = (
            both[0].role_positions(f"{side}_toe"),
            marker(markers, f"{side[0].upper()}TOE"),
        )
        behind.append(float(np.nanmean(np.linalg.norm(toes - joint, axis=1))))
        ball, skin = joint[:, 2], toes[:, 2]
        for ended, lifted in zip(
            TESTS.stances(both[0])[foot, 1][:, 1],
            TESTS.stances(both[1])[foot, 1][:, 1],
            strict=True,
        ):
            span = slice(round(ended * both[0].fps), round(lifted * both[0].fps))
            risen.append(np.ptp(ball[span]))
            least.append(np.ptp(skin[span]))
            after = round(lifted * both[1].fps)
            left = after + int(np.argmax(skin[after:] > skin[span].min() + RISEN))
            for times, end in zip(late, (ended, lifted), strict=True):
                times.append(left / both[1].fps - end)
    theirs, ours = (f"{1000 * min(t):.0f} to {1000 * max(t):.0f} ms" for t in late)
    about = "; ".join(
        "{} {:.1f} and {:.1f} mm".format(
            joint, *(1000 * x for x in kept_apart(both, markers, joint))
        )
        for joint in AROUND
    )
    inside = " and ".join(f"{1000 * one:.0f} mm" for one in turned_about(markers))
    return (
        f"Its shoulders are {1000 * apart[0].mean():.0f} mm apart, the markers on the acromions "
        f"{1000 * acromions.mean():.0f}, and no joint of a shoulder lies outside of its acromion: the upper arms "
        "lean by that all the time. No published regression (Rab 2002, Reed 1999, Plug-in Gait) puts one there, and "
        f"what the markers of the arms go round lies on the other side: {inside} inside of the acromions, if within "
        "centimetres only, as arms of a jog swing one way. The skeleton's ball of the foot lies "
        f"{1000 * np.mean(behind):.0f} mm from the marker on the toes, behind it: from the end of a toe's stance in "
        f"the skeleton to that in the markers it rises by {1000 * np.mean(risen):.0f} mm (mean of {len(risen)} "
        f"stances), the marker by {1000 * np.mean(least):.0f}, which has risen by {1000 * RISEN:.0f} mm {theirs} after "
        f"the skeleton's toes are said to lift and {ours} after ours. Markers of the limb stray from their distances "
        f"to a joint that lies still in the segment above, about the skeleton's joint and about ours: {about}."
    )


def turned_about(markers: Trajectories) -> list[float]:
    """How far inside of each acromion's marker the point lies about which the arm's turn on the thorax, metres.

    From it the markers on upper arm and elbow keep their distances best, in axes fitted to those of the thorax.
    """
    within = axes_of(markers, ON_THORAX)
    tops = [np.nanmean(within(marker(markers, f"{side}SHO")), axis=0) for side in "LR"]
    across = (tops[0] - tops[1]) / np.linalg.norm(tops[0] - tops[1])
    found = []
    for side, top, outwards in zip("LR", tops, (across, -across), strict=True):
        arm = [within(marker(markers, side + name)) for name in ("UPA", "ELB")]
        arm = [places[np.isfinite(places).all(axis=1)] for places in arm]

        def strayed_by(guess: np.ndarray, arm: list[np.ndarray] = arm) -> np.ndarray:
            apart = [
                np.linalg.norm(p - guess[:3], axis=1) - r
                for p, r in zip(arm, guess[3:], strict=True)
            ]
            return np.concatenate(apart)

        centre = least_squares(strayed_by, np.array([*top, 0.1, 0.3])).x[:3]
        found.append(float((top - centre) @ outwards))
    return found


def axes_of(markers: Trajectories, names: tuple[str, ...]) -> Callable[[np.ndarray], np.ndarray]:
    """What places are in the axes of a segment, to which those of its markers are fitted (Kabsch 1976)."""
    places = np.stack([marker(markers, name) for name in names], axis=1)
    middle = places.mean(axis=1)
    first = places[0] - middle[0]
    left, _, right = np.linalg.svd(np.einsum("tki,kj->tij", places - middle[:, None], first))
    left[..., -1] *= np.linalg.det(left @ right)[:, None]
    axes = left @ right
    return lambda at: np.asarray(np.einsum("tji,tj->ti", axes, at - middle))


def kept_apart(both: list[Motion], markers: Trajectories, joint: str) -> list[float]:
    """How far a limb's markers stray from their mean distances to a joint that lies still in the segment above.

    Metres; the root mean square of both sides, about the one motion's joint and about the other's.
    """
    segment, limb = AROUND[joint]
    within = axes_of(markers, segment)
    found = []
    for motion in both:
        strays = []
        for side in SIDES:
            centre = np.nanmean(within(motion.role_positions(f"{side}_{joint}")), axis=0)
            for name in limb:
                apart = np.linalg.norm(
                    within(marker(markers, side[0].upper() + name)) - centre, axis=1
                )
                strays.append(apart - np.nanmean(apart))
        found.append(float(np.sqrt(np.nanmean(np.square(strays)))))
    return found


def encodings() -> str:
    """How far one trial's places are apart in three encodings."""
    more = CLIPS / "c3d_more"
    intel, sgi, dec = (
        parse_c3d((more / f"c3dorg_Eb015{x}.c3d").read_bytes(), more).places
        for x in ("pi", "si", "vr")
    )
    apart = [float(np.nanmax(np.abs(intel - other))) for other in (sgi, dec)]
    return f"{apart[0]:g} and {apart[1]:.1g} mm apart at most."


def centres(name: str) -> list[str]:
    """Mean distance of each kind of joint over frames and sides."""
    path = CLIPS / "c3d_more" / f"{name}.c3d"
    markers = parse_c3d(path.read_bytes(), path)
    recording = recording_of_markers(markers, path, Asked())
    assert len(recording.positions) == len(markers.places), "frames were left out"
    cells = []
    for joint, label in THEIRS.items():
        apart = [
            recording.positions[:, recording.joint_names.index(f"{side}_{joint}")]
            - markers.places[:, markers.names.index(side[0].upper() + label)] / 1000
            for side in SIDES
        ]
        cells.append(f"{1000 * np.nanmean(np.linalg.norm(apart, axis=2)):.0f}")
    return [name, *cells]


if __name__ == "__main__":
    main()
