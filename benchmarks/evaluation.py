"""Evaluation of a batch: real results, many times over, judged into a folder by one process.

Usage: python benchmarks/evaluation.py [--many CLIPS]
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from measure import (
    CLIPS,
    clip_files,
    memory_unit,
    on_one_core,
    table,
    write_section,
)

on_one_core()
LOAD = os.getloadavg()[0]

from retarget.batch.events import BatchEvent  # noqa: E402
from retarget.evaluation import MEASURES, evaluate_result  # noqa: E402
from retarget.jobs.evaluation_batch import evaluate_batch  # noqa: E402
from retarget.motion import read_motion  # noqa: E402
from retarget.pipeline import retarget_motion  # noqa: E402
from retarget.result import RetargetingResult  # noqa: E402
from retarget.robots import RobotModel, load_robot  # noqa: E402

COMMAND = "make bench (benchmarks/evaluation.py)"
HEADS = ("clips", "frames", "processor s", "frames/s", "summary s", "peak MB", "again s")
COUNTS = (100, 1000)
MARKS = (
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
)  # clips after which `--many` looks at itself
FIRST_FRAMES = 60
REPEATS = 15
SHORT = "amp_npz/humanoid_walk.npz"
LONG = "lafan1_bvh/bvhTools_test2_3945f.bvh"


def main() -> None:
    robot = load_robot("unitree_g1")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "results"
        _make_results(folder, robot, None)
        rows = [_row(_told(folder, Path(place) / f"out{n}", n), n) for n in COUNTS]
    single = []
    for name in (SHORT, LONG):
        result = retarget_motion(read_motion(CLIPS / name), robot)
        evaluate_result(result, robot)
        busy = min(_busy(result, robot) for _ in range(REPEATS))
        row = [f"`{name}`", str(len(result)), f"{busy * 1e3:.1f}", f"{len(result) / busy:,.0f}"]
        single.append(row)
    body = (
        f"All {len(MEASURES)} measures, series for the worst second, gates, diagnoses and a report on disk of each "
        "clip, by `evaluate_batch` in one process: the readable clips' results over and over. Read, judged, hashed and "
        "written; *again* is a second run, which finds all done.\n\n"
        + table(HEADS, rows)
        + f"\n\nOne clip in memory, processor time, the least of {REPEATS}:\n\n"
        + table(["clip", "frames", "ms", "frames/s"], single)
    )
    write_section("evaluation", "Evaluation", COMMAND, body)


def many(count: int) -> None:
    """What so many short clips take, and how it grows while they are judged."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "results"
        _make_results(folder, load_robot("unitree_g1"), FIRST_FRAMES)
        told = _told(folder, Path(place) / "out", count)
    rows = [
        [f"{done:,}", f"{frames:,}", f"{busy:.1f}", f"{frames / busy:,.0f}", f"{peak / 1e6:.0f}"]
        for done, frames, busy, peak in told["marks"]
    ]
    body = (
        f"One run of `evaluate_batch` over {count:,} results, in one process: the first {FIRST_FRAMES} frames of each "
        "readable clip's result, over and over under other names. What it had taken, and the most memory it had had, "
        f"after so many of them. The summary of all then takes {told['summary']:.1f} s of processor time, and a "
        f"second run, which finds all done, {told['again']:.1f} s; {told['end'] / 1e6:.0f} MB at the peak of these. "
        f"Load of the machine before and after: {LOAD:.0f} and {os.getloadavg()[0]:.0f}.\n\n"
        + table(["clips", "frames", "processor s", "frames/s", "peak MB"], rows)
    )
    command = f"python benchmarks/evaluation.py --many {count}"
    write_section("evaluation-many", "Evaluation of many clips", command, body)


def _make_results(folder: Path, robot: RobotModel, frames: int | None) -> None:
    """The readable clips' results, all frames of each or the first ones."""
    folder.mkdir()
    for k, path in enumerate(clip_files()):
        result = retarget_motion(read_motion(path), robot)
        part = result.frames(0, min(frames or len(result), len(result)))
        part.save_npz(folder / f"{k:03d}.npz")


def _told(folder: Path, output: Path, count: int) -> dict[str, Any]:
    """What a process tells that judges so many results."""
    words = [sys.executable, __file__, str(folder), str(output), str(count)]
    said = subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout
    return dict(json.loads(said))


def _row(told: Mapping[str, Any], count: int) -> list[str]:
    return [
        f"{count:,}",
        f"{told['frames']:,}",
        f"{told['busy']:.1f}",
        f"{told['frames'] / told['busy']:,.0f}",
        f"{told['summary']:.1f}",
        f"{told['peak'] / 1e6:.0f}",
        f"{told['again']:.1f}",
    ]


def _busy(result: RetargetingResult, robot: RobotModel) -> float:
    """Seconds that the processor works to judge a result."""
    started = time.process_time()
    evaluate_result(result, robot)
    return time.process_time() - started


def _judge(folder: Path, output: Path, count: int) -> None:
    files = sorted(folder.iterdir())
    lengths = [len(RetargetingResult.load_npz(file)) for file in files]
    links = output.parent / f"links{count}"
    links.mkdir()
    results = {}
    for k in range(count):
        name = f"{k:05d}.npz"
        os.link(files[k % len(files)], links / name)
        results[name] = links / name
    evaluate_batch(dict(list(results.items())[: len(files)]), output.parent / f"warm{count}")
    marks: list[tuple[int, int, float, int]] = []
    judged = seen = 0
    busy = time.process_time()

    def note(event: BatchEvent) -> None:
        nonlocal judged, seen
        if event.kind == "finished" and event.job is not None:
            judged, seen = judged + 1, seen + lengths[int(event.job.id[:-4]) % len(files)]
            if judged in MARKS:
                marks.append((judged, seen, time.process_time() - busy, _peak()))

    done = evaluate_batch(results, output, on_event=note)
    busy = time.process_time() - busy
    peak = _peak()
    started = time.process_time()
    done.summary()
    summed = time.process_time() - started
    started = time.process_time()
    evaluate_batch(results, output)
    again = time.process_time() - started
    told = {"frames": seen, "busy": busy, "summary": summed, "peak": peak, "again": again}
    print(json.dumps({**told, "marks": marks, "end": _peak()}))


def _peak() -> int:
    """The most bytes that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * memory_unit()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--many"]:
        many(int(sys.argv[2]))
    elif len(sys.argv) > 1:
        _judge(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
