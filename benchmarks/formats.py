"""Every motion format: how fast it is read on one core, and how well what was read is retargeted onto the G1.

Files of layouts that could not be had are made from a real SMPL clip by the writers of the tests, and marked so.

Usage: python benchmarks/formats.py
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from measure import CLIPS, ROOT, median_seconds, on_one_core, table, write_section

on_one_core()

import numpy as np  # noqa: E402

from retarget import evaluate, load_robot, read_motion, retarget_motion  # noqa: E402
from retarget.errors import RetargetError  # noqa: E402
from retarget.files import split_which  # noqa: E402
from retarget.motion.formats.asked import Asked  # noqa: E402
from retarget.motion.formats.registry import sniff_format  # noqa: E402

sys.path.insert(0, str(ROOT / "tests" / "motion"))

COMMAND = "make bench (benchmarks/formats.py)"
REAL = (
    "amp_npz/*.npz", "bvh_more/*.bvh", "cmu_asf_amc/*.amc", "hdm05/*.amc", "hdm05/*.c3d", "c3d/*.c3d",
    "c3d_more/vicon_pig_full*.c3d", "trc/btk*.trc", "trc/motek*.trc", "mvnx/*.mvnx", "gltf/*.vrma", "smpl_npz/*.npz",
    "video_pose/*.pkl", "kimodo_npz/soma*.npz", "omomo_pt/*.pt", "climb_npy/*.npy", "deepmimic_txt/*3d_walk.txt",
)  # fmt: skip
RATES = {"video_pose": 30.0, "climb_npy": 120.0}  # of files that do not say theirs
FRAMES = 10_000  # of made files that are read for their speed


class Tried(NamedTuple):
    """A file, and a longer one of the same layout where it was made."""

    path: Path
    made: bool
    long: Path | None
    fps: float | None


def main() -> None:
    if not CLIPS.is_dir():
        print(f"benchmarks need real clips in {CLIPS}, which is absent: skipped")
        return
    robot = load_robot("unitree_g1")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for tried in [*real_files(), *made_files(Path(folder))]:
            try:
                motion = read_motion(tried.path, source_fps=tried.fps)
                report = evaluate(retarget_motion(motion, robot), robot)
                failed = [gate.measure for gate in report.gates if not gate.passed]
                scores = [
                    number(report["limb_error_mean"]),
                    number(report["toe_slide_mean"], 1000.0),
                    ", ".join(failed) or "all met",
                ]
            except RetargetError as error:
                scores = ["-", "-", str(error).partition(": ")[2].partition(";")[0]]
                if "motion" not in locals():
                    continue
            rows.append(
                [motion.source.format, tried.path.name[:44], "made" if tried.made else "real", str(len(motion)),
                 str(motion.positions.shape[1]), f"{speed(tried.long or tried.path):,.0f}", *scores]
            )  # fmt: skip
            print(*rows[-1], sep="  ", flush=True)
    write_section(
        "formats",
        "Every motion format",
        COMMAND,
        f"Reading is from bytes to joint poses on one core, of made layouts with {FRAMES:,} frames; made "
        "files hold the SMPL clip of the real one, in what each tool's source says it writes.\n\n"
        + table(
            [
                "format",
                "file",
                "",
                "frames",
                "joints",
                "read frames/s",
                "limb deg",
                "slide mm/s",
                "gates missed",
            ],
            rows,
        ),
    )


def number(value: float | None, scale: float = 1.0) -> str:
    return "-" if value is None else f"{scale * value:.2g}"


def real_files() -> Iterator[Tried]:
    for pattern in REAL:
        for path in sorted(CLIPS.glob(pattern)):
            yield Tried(path, False, None, RATES.get(path.parent.name))


def made_files(folder: Path) -> Iterator[Tried]:
    made = importlib.import_module("smpl_files")  # of the tests
    layouts = importlib.import_module("test_motion_smpl").LAYOUTS
    clip = np.load(next(CLIPS.glob("smpl_npz/*.npz")))
    walk = made.Walk(
        clip["poses"].reshape(-1, 24, 3).astype(np.float64), clip["trans"].astype(np.float64)
    )
    long = made.walk(FRAMES)
    for name, write in layouts.items():
        yield Tried(
            made.written(folder, name, write(walk)),
            True,
            made.written(folder, f"long_{name}", write(long)),
            30.0,
        )


def speed(path: Path) -> float:
    """Frames per second of reading alone."""
    path, which = split_which(path)
    data = path.read_bytes()
    chosen = sniff_format(data, path)
    seconds, recording = median_seconds(lambda: chosen.read(data, path, Asked(which)), repeats=3)
    return len(recording.positions) / seconds


if __name__ == "__main__":
    main()
