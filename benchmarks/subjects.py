"""What short clips gain by their person's long one: cuts of two seconds, with and without it.

Right is what is fitted over the whole other half of a recording, from which the cuts are taken; the person is fitted
over the first half, and has seen none of them.

Usage: python benchmarks/subjects.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from measure import CLIPS, clip_files, on_one_core, table, write_section

on_one_core()

import numpy as np  # noqa: E402

from retarget import evaluate_result, load_robot, read_motion, retarget_motion  # noqa: E402
from retarget.motion import Motion, Subject, find_anatomy, fit_subject  # noqa: E402
from retarget.motion.ground.floor import levelled  # noqa: E402
from retarget.motion.segments import SEGMENTS  # noqa: E402

COMMAND = "make bench (benchmarks/subjects.py)"
SECONDS = 2.0
FILES = {
    "lafan1_bvh/bvhTools_test2_3945f.bvh": None,
    "bandai_bvh/dataset-1_dance-short_normal_001.bvh": None,
    "cmu_bvh/01_01.bvh": None,
    "bvh_more/aitviewer_sample.bvh": None,
    "climb_npy/mocap_climb_seq_4_joint_positions_f0-2303.npy": 120.0,
}
ROBOT_CLIP = "lafan1_bvh/bvhTools_test2_3945f.bvh"
GROUPS: dict[str, tuple[str, ...]] = {
    "trunk": ("pelvis", "chest"),
    "legs": tuple(f"{side}_{part}" for side in ("left", "right") for part in ("thigh", "shank")),
    "arms": tuple(f"{side}_{part}" for side in ("left", "right") for part in ("upper_arm", "forearm")),
    "hands": ("left_hand", "right_hand"),
    "feet": ("left_foot", "right_foot"),
}  # fmt: skip
Frames = np.ndarray


def main() -> None:
    clip_files()
    rows = [
        row
        for name, fps in FILES.items()
        if (CLIPS / name).is_file()
        for row in errors(CLIPS / name, fps)
    ]
    robot = on_the_robot(CLIPS / ROBOT_CLIP)
    write_section(
        "subjects",
        "Short clips and their person",
        COMMAND,
        f"Cuts of {SECONDS:g} s of the second half of a recording, calibrated alone and with the first half "
        "(--subject-from). "
        "Degrees by which segments are turned otherwise than with what the whole second half tells: mean over cuts and "
        "frames, and the worst cut's mean. The slope of the foot is the angle of its sole to the right one.\n\n"
        + table(["clip", "cuts", "segments", "alone", "worst", "with its person", "worst"], rows)
        + "\n\nCuts of the same LAFAN1 half on the G1, by the robot's own soles in stance:\n\n"
        + table(
            ["", "sole tilt deg, mean", "worst cut", "toe slide mm/s", "limb error deg"], robot
        ),
    )


def errors(path: Path, fps: float | None) -> list[list[str]]:
    """Rows of one recording."""
    motion, _ = levelled(read_motion(path, source_fps=fps))
    middle = len(motion) // 2
    subject = fit_subject([motion.frames(0, middle)])
    second = motion.frames(middle, len(motion))
    right = fit_subject([second])
    found = np.array([[off(cut, one, right) for one in (None, subject)] for cut in cuts(second)])
    rows = []
    for group, columns in GROUPS.items():
        picked = found[:, :, [SEGMENTS.index(segment) for segment in columns], 0].mean(axis=2)
        rows.append([path.name[:32], str(len(found)), group, *cells(picked)])
    soles = found[:, :, [SEGMENTS.index(segment) for segment in GROUPS["feet"]], 1].mean(axis=2)
    rows.append([path.name[:32], str(len(found)), "slope of feet", *cells(soles)])
    for row in rows:
        print(*row, sep="  ", flush=True)
    return rows


def cuts(motion: Motion) -> list[Motion]:
    length = round(SECONDS * motion.fps)
    unknown = replace(
        motion, source=replace(motion.source, sha256="")
    )  # as another file than the person's
    return [unknown.frames(at, at + length) for at in range(0, len(motion) - length + 1, length)]


def off(cut: Motion, subject: Subject | None, right: Subject) -> np.ndarray:
    """Mean degrees (segments x 2) by which frames, and their z axes, are turned otherwise than right."""
    own, true = (find_anatomy(cut, one).segment_frames() for one in (subject, right))
    trace = np.einsum("tsij,tsij->ts", own, true)
    whole = degrees((trace - 1) / 2)
    tilt = degrees(np.einsum("tsi,tsi->ts", own[..., 2], true[..., 2]))
    return np.stack([whole.mean(axis=0), tilt.mean(axis=0)], axis=1)


def degrees(cosine: Frames) -> Frames:
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def cells(values: Frames) -> list[str]:
    """Mean and worst cut, alone and with the person."""
    return [f"{value:.1f}" for one in values.T for value in (one.mean(), one.max())]


def on_the_robot(path: Path) -> list[list[str]]:
    motion, _ = levelled(read_motion(path))
    middle = len(motion) // 2
    subject = fit_subject([motion.frames(0, middle)])
    robot = load_robot("unitree_g1")
    rows = []
    second = motion.frames(middle, len(motion))
    some = cuts(second)[::3]
    known = {
        "alone": None,
        "with its person": subject,
        "with all of the second half": fit_subject([second]),
    }
    for name, one in known.items():
        reports = [evaluate_result(retarget_motion(cut, robot, subject=one), robot) for cut in some]
        tilt, slide, limbs = (
            np.array(
                [report[measure] for report in reports if report[measure] is not None], np.float64
            )
            for measure in ("sole_tilt_mean", "toe_slide_mean", "limb_error_mean")
        )
        rows.append(
            [
                name,
                f"{tilt.mean():.1f}",
                f"{tilt.max():.1f}",
                f"{1000 * slide.mean():.0f}",
                f"{limbs.mean():.2f}",
            ]
        )
        print(*rows[-1], sep="  ", flush=True)
    return rows


if __name__ == "__main__":
    main()
