"""Every motion format: how fast it is read on one core, and how well what was read is retargeted onto the G1.

Files of layouts that could not be had are made by the writers of the tests, and marked so.

Usage: python benchmarks/formats.py
"""

from __future__ import annotations

import importlib
import pickle
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from measure import CLIPS, ROOT, on_one_core, table, write_section

on_one_core()

import numpy as np  # noqa: E402

from format_memory import PERIOD, WRITERS, write  # noqa: E402
from retarget import Motion, evaluate_result, load_robot, read_motion, retarget_motion  # noqa: E402
from retarget.errors import RetargetError  # noqa: E402
from retarget.files import split_which  # noqa: E402
from retarget.motion.formats.asked import Asked  # noqa: E402
from retarget.motion.formats.registry import sniff_format  # noqa: E402
from retarget.robots import RobotModel  # noqa: E402

sys.path.insert(0, str(ROOT / "tests" / "motion"))

COMMAND = "make bench (benchmarks/formats.py)"
FOLDERS = (
    "amp_npz", "deepmimic_txt", "lafan1_bvh", "cmu_bvh", "bandai_bvh", "misc_bvh", "bvh_more", "cmu_asf_amc", "hdm05",
    "c3d", "c3d_more", "trc", "mvnx", "motive_csv", "gltf", "fbx", "smpl_npz", "video_pose", "kimodo_npz", "omomo_pt",
    "climb_npy",
)  # fmt: skip
BESIDE = {".asf", ".md"}  # files that belong to others
RATES = {"video_pose": 30.0, "climb_npy": 120.0}  # of files that do not say theirs
ANIMATIONS = {"quaternius_robot.glb": "#Robot_Walking"}
FRAMES = 12_000  # of made files that are read for their speed
FEWEST = 300  # frames of a file by which a speed is told: of fewer it is what every file costs
FOLDER = 1_200  # frames of a folder that has a file for each
SECONDS = 10.0  # of a clip that are retargeted
HEAD = [
    "format",
    "file",
    "",
    "frames",
    "joints",
    "read ms",
    "frames/s of long",
    "limb deg",
    "slide mm/s",
    "gates missed",
]


class Tried(NamedTuple):
    """A file, and a longer one of the same layout where it was made."""

    path: Path
    made: bool = False
    long: Path | None = None
    fps: float | None = None


def main() -> None:
    if not CLIPS.is_dir():
        print(f"benchmarks need real clips in {CLIPS}, which is absent: skipped")
        return
    robot = load_robot("unitree_g1")
    rows, refused = [], []
    with tempfile.TemporaryDirectory() as folder:
        for tried in [
            *real_files(),
            *smpl_files(Path(folder)),
            *other_files(Path(folder)),
            *files_of_points(Path(folder)),
        ]:
            try:
                motion = read_motion(tried.path, source_fps=tried.fps)
            except RetargetError as error:
                cause = (
                    str(error)
                    .removeprefix(f"{tried.path}")
                    .lstrip(": ")
                    .partition("; known are")[0]
                )
                refused.append([tried.path.name, cause])
                continue
            rows.append(
                [motion.source.format, tried.path.name[:44], "made" if tried.made else "real", f"{len(motion):,}",
                 str(motion.positions.shape[1]), *speeds(tried), *scores(motion, robot)]
            )  # fmt: skip
            print(*rows[-1], sep="  ", flush=True)
    write_section(
        "formats",
        "Every motion format",
        COMMAND,
        f"Reading is from bytes to joint poses: milliseconds of a core for the file, and frames per second of one "
        f"with at least {FEWEST:,} frames, of made layouts with {FRAMES:,}; the first {SECONDS:g} s are retargeted. "
        "Made SMPL files hold the clip of the real one, others a walk in place, in what each tool's source says it "
        "writes.\n\n"
        "Milliseconds of short files are what every file costs, whatever it holds (names of markers, JSON, a scene's "
        "nodes); where there is no long file of the kind, no frames per second are told. 4D-Humans writes three "
        "pickled arrays for every frame, which take longer to take apart than to pose.\n\n"
        + table(HEAD, rows)
        + "\n\nFiles that are refused, and why:\n\n"
        + table(["file", "what is said"], refused),
    )


def scores(motion: Motion, robot: RobotModel) -> list[str]:
    """Limb error, slide and the gates that are missed, or why there are none."""
    try:
        part = motion.frames(0, min(len(motion), round(SECONDS * motion.fps)))
        report = evaluate_result(retarget_motion(part, robot), robot)
    except RetargetError as error:
        return ["-", "-", str(error).partition(": ")[2].partition(";")[0]]
    missed = ", ".join(gate.measure for gate in report.gates if not gate.passed)
    slide = report["toe_slide_mean"]
    return [
        number(report["limb_error_mean"]),
        number(None if slide is None else 1000 * slide),
        missed or "all met",
    ]


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2g}"


def real_files() -> Iterator[Tried]:
    for folder in FOLDERS:
        for path in sorted((CLIPS / folder).iterdir()):
            if path.suffix not in BESIDE and path.is_file():
                which = ANIMATIONS.get(path.name, "")
                yield Tried(path.with_name(path.name + which), fps=RATES.get(folder))


def smpl_files(folder: Path) -> Iterator[Tried]:
    made = importlib.import_module("smpl_files")  # of the tests
    layouts = importlib.import_module("test_motion_smpl").LAYOUTS
    clip = np.load(next(CLIPS.glob("smpl_npz/*.npz")))
    walk = made.Walk(
        clip["poses"].reshape(-1, 24, 3).astype(np.float64), clip["trans"].astype(np.float64)
    )
    long = made.walk(FRAMES)
    for name, write_layout in {**layouts, "hpe_results.pt": made.gem_x}.items():
        yield Tried(
            made.written(folder, name, write_layout(walk)),
            True,
            made.written(folder, f"long_{name}", write_layout(long)),
            30.0,
        )


def other_files(folder: Path) -> Iterator[Tried]:
    """Files of the other formats, of which there are no long real ones."""
    for name in WRITERS:
        path = folder / "others" / name
        path.parent.mkdir(exist_ok=True)
        if not (folder / f"long_{name}").exists():  # the SMPL family is there already
            write(path, FRAMES // PERIOD)
            yield Tried(path, True, None, 30.0)


def files_of_points(folder: Path) -> Iterator[Tried]:
    """A walk as cameras and video models write its points, and data sets of many clips in one file."""
    clips, kinect, frames = (
        importlib.import_module(name)
        for name in ("clip_files", "test_motion_kinect", "test_motion_easymocap")
    )
    in_order = importlib.import_module("test_motion_clips").in_order
    steps = importlib.import_module("format_memory").walk(FRAMES // PERIOD)
    made = importlib.import_module("smpl_files")
    walk = read_motion(made.written(folder, "points.npz", made.amass(steps)))
    contents = {
        "walk.skeleton": kinect.skeleton_text(kinect.joints_of(walk)),
        "humanact12poses.pkl#2": clips.human_act(walk.positions[:, :22]),
        "data_3d_h36m.npz": clips.video_pose(in_order(walk, "Human3.6M")),
        "sam_3d_body.pkl": pickle.dumps(clips.sam_body(in_order(walk, "MHR"))),
        "babel.pkl": clips.babel(steps),
    }
    for name, content in contents.items():
        made.written(folder, name.partition("#")[0], content)
        yield Tried(folder / name, True, None, 30.0)
    few = made.Walk(steps.poses[:FOLDER], steps.trans[:FOLDER])
    first = frames.folder(folder / "smpl", [[body] for body in frames.bodies(few)])
    yield Tried(first, True, None, 30.0)


def speeds(tried: Tried) -> list[str]:
    """Milliseconds of reading a file, and frames per second of it or of a longer one of its layout."""
    frames, seconds = cost(tried.path)
    told = f"{1000 * seconds:.1f}"
    if tried.long:
        frames, seconds = cost(tried.long)
    return [told, f"{frames / seconds:,.0f}" if frames >= FEWEST else "-"]


def cost(path: Path) -> tuple[int, float]:
    """Frames of a file, and seconds of a core that reading alone takes: the best of some."""
    path, which = split_which(path)
    data = path.read_bytes()
    chosen = sniff_format(data, path)
    best = float("inf")
    for _ in range(5):
        started = time.process_time()
        recording = chosen.read(data, path, Asked(which))
        best = min(best, time.process_time() - started)
    return len(recording.positions), best


if __name__ == "__main__":
    main()
