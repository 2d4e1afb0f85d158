"""One take in two formats, and joint centres below markers beside those that Plug-in Gait computed.

Usage: python benchmarks/same_takes.py
"""

from __future__ import annotations

import importlib
import sys

from measure import CLIPS, ROOT, on_one_core, table, write_section

on_one_core()

import numpy as np  # noqa: E402

from retarget import Motion, read_motion  # noqa: E402
from retarget.motion.formats.asked import Asked  # noqa: E402
from retarget.motion.formats.markers.c3d import parse_c3d  # noqa: E402
from retarget.motion.formats.markers.reader import recording_of_markers  # noqa: E402

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


def main() -> None:
    if not CLIPS.is_dir():
        print(f"benchmarks need real clips in {CLIPS}, which is absent: skipped")
        return
    pairs = [
        row(name, *(read_motion(CLIPS / file) for file in files)) for name, files in PAIRS.items()
    ]
    limbs = [f"{near}-{far}" for near, far in (*LEGS, *ARMS)]
    write_section(
        "same-takes",
        "One take in two formats",
        COMMAND,
        "Degrees between limbs' directions, mean over frames and sides; how far the middle of the hips goes from its "
        "mean distance, and that mean; how far apart stances of toes begin and end at most.\n\n"
        + table(["take", *limbs, "root mm", "constant mm", "touch-down ms", "lift-off ms"], pairs)
        + "\n\nThe upper arms of HDM05 differ by its skeleton: its collar bones hold the shoulders 3 to 4 cm outside "
        "of the acromions' markers in every frame. Published regressions (Rab 2002, Reed 1999) put none there, "
        "Plug-in Gait neither. Less a constant turn, 2 degrees are left. Joint centres of ours beside "
        "Plug-in Gait's own, mm (hips: Harrington's regression beside Davis'):\n\n"
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
    ]
    begin, end = 1000 * np.max(times, axis=0)
    wander = np.linalg.norm(apart - constant, axis=1).max()
    return [name, *(f"{limb:.1f}" for limb in limbs), f"{1000 * wander:.0f}",
            f"{1000 * np.linalg.norm(constant):.0f}", f"{begin:.0f}", f"{end:.0f}"]  # fmt: skip


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
