"""Every robot that can be had: what is understood of its model, and what retargeting onto it gives.

Usage:
    python benchmarks/matrix.py                    # load every model: roles, soles, notes
    python benchmarks/matrix.py --solve            # and solve a walk and a dance on each: RESULTS.md
    python benchmarks/matrix.py --solve --causes   # and what stands in the way of those that miss gates: RESULTS.md
    python benchmarks/matrix.py --only g1 --details
    python benchmarks/matrix.py --embedded --solve --pictures FOLDER  # embedded ones, and film strips

Models are the embedded ones and those in ``../shared/robots``, which are no part of the repository.
"""

from __future__ import annotations

import argparse
import csv
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import causes
from measure import CLIPS, ROOT, on_one_core, table, write_section

if TYPE_CHECKING:
    from retarget.motion import Motion
    from retarget.robots import RobotModel

ROBOTS = ROOT.parent / "shared" / "robots"
_SUFFIXES = (".xml", ".mjcf", ".urdf", ".xacro", ".sdf")
_CLIPS = {
    "walk": CLIPS / "misc_bvh" / "mixamo_Walk-In-Circle.bvh",
    "dance": CLIPS / "lafan1_bvh" / "bvhTools_test2_3945f.bvh",
}


_SHOWN = (
    "limb_error_mean",
    "toe_slide_mean",
    "sole_penetration_max",
    "self_collision_share",
    "jerk_mean",
)


@dataclass
class Row:
    """One model: how it loaded, and how it moved."""

    name: str
    robot: RobotModel | None = None
    error: str = ""
    seconds: float = 0.0
    scores: dict[str, dict[str, float | None]] = field(default_factory=dict)
    failed: dict[str, list[str]] = field(default_factory=dict)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--solve", action="store_true", help="solve both clips on each model")
    parser.add_argument("--causes", action="store_true", help="and why models miss gates")
    parser.add_argument("--only", default="", help="models whose name holds this text")
    parser.add_argument("--embedded", action="store_true", help="embedded robots only")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="draw film strips there")
    parser.add_argument("--details", action="store_true", help="print roles and notes too")
    arguments = parser.parse_args()
    on_one_core()
    clips = _motions() if arguments.solve else {}
    rows = []
    if clips:  # kernels are compiled before any time is taken
        judged("warm", "unitree_g1", clips, None)
    for name, path in models(arguments.only, arguments.embedded):
        row = judged(name, path, clips, arguments.pictures)
        rows.append(row)
        print(line(row), flush=True)
        if arguments.details and row.robot is not None:
            print(details(row.robot))
    print(summary(rows))
    why = _causes(rows, clips) if arguments.causes else ""
    if not arguments.solve or arguments.only:
        print(why)
        return
    if why:
        command = (
            f"python benchmarks/matrix.py --solve{' --embedded' * arguments.embedded} --causes"
        )
        write_section("causes", "What stands in the way of robots", command, why)
    if arguments.embedded:
        command = "python benchmarks/matrix.py --embedded --solve"
        write_section("embedded", "Embedded robots", command, report(rows))
    else:
        write_section("matrix", "Any humanoid", "python benchmarks/matrix.py --solve", report(rows))


def models(only: str, embedded: bool) -> list[tuple[str, str | Path]]:
    """Names and places of all models whose name holds a text."""
    from retarget.robots.catalogue import embedded_entries

    found: list[tuple[str, str | Path]] = [(one.name, one.name) for one in embedded_entries()]
    folders = sorted(ROBOTS.iterdir()) if ROBOTS.is_dir() and not embedded else []
    for folder in folders:
        if folder.name.startswith("_") or not folder.is_dir():
            continue
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
        # A scene and what it includes lie side by side: the scene is what its folder is about.
        mains = [path for path in files if _holds_a_robot(path)]
        chosen = [path for path in mains if path.stem == "scene"] or mains[:1]
        found += [(folder.name, path) for path in chosen]
    return [(name, path) for name, path in found if only in name]


def _holds_a_robot(path: Path) -> bool:
    text = path.read_bytes()
    return b"<joint" in text or b"<include" in text or b"xacro:" in text


def judged(name: str, path: str | Path, clips: dict[str, Motion], pictures: Path | None) -> Row:
    """Load one model and solve the clips on it."""
    from retarget.errors import RetargetError
    from retarget.robots import load_robot
    from retarget.robots.held import moving_part
    from retarget.targets.robot_frames import robot_anatomy

    row = Row(name)
    started = time.perf_counter()
    try:
        row.robot = load_robot(path)
        robot_anatomy(moving_part(row.robot).robot)
        row.seconds = time.perf_counter() - started
        for clip, motion in clips.items():
            _solve(row, clip, motion, pictures)
    except RetargetError as error:
        row.error = str(error).replace(f"{path}: ", "")
    return row


def _solve(row: Row, clip: str, motion: Motion, pictures: Path | None) -> None:
    from retarget.evaluation import evaluate_result
    from retarget.pipeline import retarget_motion

    assert row.robot is not None
    started = time.perf_counter()
    result = retarget_motion(motion, row.robot)
    report = evaluate_result(result, row.robot)
    row.scores[clip] = {name: report[name] for name in _SHOWN}
    row.scores[clip]["seconds"] = time.perf_counter() - started
    row.failed[clip] = [gate.measure for gate in report.gates if not gate.passed]
    if pictures is not None:
        from retarget.report import draw_filmstrip

        pictures.mkdir(parents=True, exist_ok=True)
        draw_filmstrip(result, row.robot, pictures / f"{row.name}_{clip}.png", title=row.name)


def _causes(rows: list[Row], clips: dict[str, Motion]) -> str:
    """Why models miss gates; files that hold the same robot are looked at once."""
    same: dict[str, list[Row]] = {}
    for row in rows:
        if row.robot is not None and not row.error:
            same.setdefault(row.robot.sha256, []).append(row)
    found = []
    for group in same.values():
        first, names = group[0], tuple(row.name for row in group)
        assert first.robot is not None
        for clip in (clip for clip, failed in first.failed.items() if failed):
            found.append(causes.causes_of(names, first.robot, clip, clips[clip]))
            print(found[-1], flush=True)
    return causes.report(found)


def _motions() -> dict[str, Motion]:
    from retarget.motion import read_motion

    return {name: read_motion(path) for name, path in _CLIPS.items()}


def line(row: Row) -> str:
    """One line about a model."""
    if row.robot is None or row.error:
        return f"{row.name:32} REFUSED {row.error[:170]}"
    robot = row.robot
    text = f"{row.name:32} {robot.joint_count:3d} joints {robot.masses.sum():6.1f} kg {row.seconds:5.2f} s "
    text += f"{len(robot.notes):3d} notes  "
    for clip, scores in row.scores.items():
        error = scores["limb_error_mean"]
        text += f"{clip} {error:5.2f} deg {scores['seconds']:5.1f} s {','.join(row.failed[clip]) or 'passed'}  "
    return text


def details(robot: RobotModel) -> str:
    """Roles of the left side, the sole's size and the notes."""
    from retarget.robots.spec import LIMB_ROLES

    wanted = ("pelvis", "chest", *(f"left_{role}" for role in LIMB_ROLES))
    names = [robot.body_names[robot.roles[role]] for role in wanted if role in robot.roles]
    lines = [f"      {' > '.join(names)}"]
    if robot.has("leg"):
        lines[0] += f"; sole {np.ptp(robot.soles[0], axis=0).round(3).tolist()}"
    return "\n".join([*lines, *(f"      - {note}" for note in robot.notes)])


def summary(rows: list[Row]) -> str:
    loaded = [row for row in rows if row.robot is not None and not row.error]
    text = f"{len(loaded)} of {len(rows)} models load"
    for clip in _CLIPS:
        solved = [row for row in loaded if clip in row.failed]
        if solved:
            passed = sum(not row.failed[clip] for row in solved)
            errors = sorted(row.scores[clip]["limb_error_mean"] or 0.0 for row in solved)
            text += f"; {clip}: {passed} of {len(solved)} pass, median limb error {errors[len(errors) // 2]:.2f} deg"
    return text


def report(rows: list[Row]) -> str:
    """The section of RESULTS.md: every model's roles and what came of both clips."""
    from retarget.evaluation import MEASURES

    truth = _truth()
    columns = [MEASURES[name] for name in _SHOWN]
    shown = [f"{measure.title.split(',')[0].lower()} {measure.shown_unit}" for measure in columns]
    head = ["model", "joints", "roles", "clip", *shown, "s", "gates missed"]
    body = []
    for row in rows:
        if row.robot is None or row.error:
            body.append(
                [row.name, "", "", "", *[""] * len(shown), "", f"refused: {row.error[:160]}"]
            )
            continue
        for clip in _CLIPS:
            scores = row.scores[clip]
            cells = [measure.number(scores[measure.name]) for measure in columns]
            own = [row.name, str(row.robot.joint_count), _right(row, truth)]
            missed = ", ".join(row.failed[clip]) or "none"
            body.append([*own, clip, *cells, f"{scores['seconds'] or 0.0:.1f}", missed])
    return f"{summary(rows)}.\n\n{_families(rows)}{table(head, body)}"


# One robot as several people wrote it down, with the same joints.
_FAMILIES = {
    "G1, 29 joints": ("unitree_g1_29_urdf", "unitree_g1_mjlab", "unitree_g1_unilab", "unitree_g1_gmr",
                      "unitree_g1_protomotions", "unitree_g1_playground"),
    "G1, 23 joints": ("unitree_g1_23_urdf", "unitree_g1_23_xml", "robosuite_g1"),
    "H1": ("unitree_h1_menagerie", "unitree_h1_holosoma_urdf", "unitree_h1_urdf", "robosuite_h1"),
    "T1, 23 joints": ("booster_t1_23_xml", "booster_t1_23_urdf", "booster_t1_rcsssmj", "booster_t1_menagerie"),
    "GR1": ("fourier_gr1t1", "fourier_gr1t2", "robosuite_gr1"),
}  # fmt: skip


def _families(rows: list[Row]) -> str:
    """How far limb errors of one robot's files lie apart, degrees."""
    by_name = {row.name: row for row in rows if row.scores}
    body = []
    for family, names in _FAMILIES.items():
        own = [by_name[name] for name in names if name in by_name]
        if len(own) < 2:
            continue
        cells = [family, str(len(own))]
        for clip in _CLIPS:
            errors = [row.scores[clip]["limb_error_mean"] or 0.0 for row in own]
            farthest = own[int(np.argmax(errors))].name
            cells += [f"{min(errors):.2f} to {max(errors):.2f}", farthest]
        body.append(cells)
    if not body:
        return ""
    head = [
        "one robot, several files",
        "files",
        "walk: limb deg",
        "most in",
        "dance: limb deg",
        "most in",
    ]
    return f"{table(head, body)}\n\n"


def _truth() -> dict[str, dict[str, str]]:
    """Roles of the models as people read them: of the tests' table."""
    with (ROOT / "tests" / "robots" / "truth.csv").open(newline="") as stream:
        return {row.pop("model"): row for row in csv.DictReader(stream)}


def _right(row: Row, truth: dict[str, dict[str, str]]) -> str:
    if row.robot is None or row.name not in truth:
        return ""
    bodies = {role: row.robot.body_names[body] for role, body in row.robot.roles.items()}
    expected = {role: body for role, body in truth[row.name].items() if body}
    return "right" if bodies == expected else "wrong"


if __name__ == "__main__":
    main()
