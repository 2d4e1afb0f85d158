"""Speed: every stage of one clip on one core, beside mink and daqp on the same targets.

Usage: python benchmarks/bench.py [--clip FILE] [--repeats N]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from measure import CLIPS, child_cost, clip_files, median_seconds, on_one_core, table, write_section

on_one_core()

from dataclasses import replace  # noqa: E402

from peer import solve_with_mink  # noqa: E402
from retarget.config import RunConfig  # noqa: E402
from retarget.evaluation import COLUMNS, evaluate_result  # noqa: E402
from retarget.pipeline import make_targets  # noqa: E402
from retarget.report.scores import score_cells  # noqa: E402
from retarget.result import RetargetingResult  # noqa: E402
from retarget.streaming import StreamingRetargeter  # noqa: E402
from retarget.worker import retarget_file  # noqa: E402

COMMAND = "make bench (benchmarks/bench.py)"
ROUNDS = 3  # beside the peer
SHORT_CLIP = CLIPS / "amp_npz" / "humanoid_walk.npz"
SHORT_REPEATS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clip", type=Path, help="motion file; the LAFAN1 clip if none")
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    clip_files()
    clip = arguments.clip or next((CLIPS / "lafan1_bvh").glob("*.bvh"))
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "result.npz"
        _stages(clip, output, arguments.repeats)
        _beside_the_peer(clip, output)
        _whole_process(clip, output)


def _stages(clip: Path, output: Path, repeats: int) -> None:
    """Frames per second of every stage."""
    runs: list[dict[str, float]] = []

    def run() -> int:
        record = retarget_file(clip, output, RunConfig())
        runs.append(record["seconds"])
        return int(record["frames"])

    whole, frames = median_seconds(run, repeats)
    runs = runs[1:]  # the first one warmed up
    seconds = {name: median(one[name] for one in runs) for name in runs[0]}
    solving = _solving(seconds)
    stages = [
        ("reading", seconds["read"]),
        ("targets", seconds["targets"]),
        ("per-frame start", seconds["problem"] + seconds["start"]),
        ("whole-clip solve", seconds["solve"]),
        ("start and solve together", solving),
        ("evaluating", seconds["evaluate"]),
        ("saving", seconds["save"]),
        ("whole `retarget run` in a warm process", whole),
        ("live, frame by frame", _streaming(clip, repeats)),
    ]
    rows = [
        [name, f"{t * 1e3:.1f}", f"{t / frames * 1e6:.1f}", f"{frames / t:,.0f}"]
        for name, t in stages
    ]
    wall, busy, few = _short_run(output)
    body = (
        f"`{clip.name}`, {frames} frames, Unitree G1; medians of {repeats} repeats in a warm process.\n\n"
        + table(["stage", "ms", "us per frame", "frames/s"], rows)
        + f"\n\nWhole run of {few} frames, warm (`{SHORT_CLIP.name}`): {wall * 1e3:.1f} ms, of which the processor "
        f"works for {busy * 1e3:.1f} ms; the least of {SHORT_REPEATS}.\n"
    )
    write_section("speed", "Speed", COMMAND, body)


def _short_run(output: Path) -> tuple[float, float, int]:
    """Seconds that the run of a short clip takes at least, on the clock and of the processor, and its frames."""
    runs = []
    for _ in range(SHORT_REPEATS):
        wall, busy = time.perf_counter(), time.process_time()
        record = retarget_file(SHORT_CLIP, output, RunConfig())
        runs.append((time.perf_counter() - wall, time.process_time() - busy))
    return min(one[0] for one in runs), min(one[1] for one in runs), int(record["frames"])


def _solving(seconds: dict[str, float]) -> float:
    return seconds["problem"] + seconds["start"] + seconds["solve"]


def _streaming(clip: Path, repeats: int) -> float:
    """Seconds to stream a clip that has calibrated the stream before."""
    motion = RunConfig().read_motion(clip)
    retargeter = StreamingRetargeter(RunConfig().load_robot(), motion)

    def stream() -> None:
        retargeter.reset()
        for positions, rotations in zip(motion.positions, motion.rotations, strict=True):
            retargeter.step(positions, rotations)

    return median_seconds(stream, repeats)[0]


def _beside_the_peer(clip: Path, output: Path) -> None:
    robot = RunConfig().load_robot()
    motion = RunConfig().read_motion(clip)
    _, _, targets, anatomy = make_targets(motion, robot)
    speeds = []
    for _ in range(ROUNDS):  # in turn, as a machine's pace drifts
        own = [retarget_file(clip, output, RunConfig())["seconds"] for _ in range(3)]
        peer = solve_with_mink(targets, anatomy, robot)
        speeds.append((len(motion) / median(map(_solving, own)), len(motion) / peer.seconds))
    ours, theirs = (median(one) for one in zip(*speeds, strict=True))
    ratio = median(ours / theirs for ours, theirs in speeds)
    result = RetargetingResult.load_npz(output)
    of_peer = evaluate_result(replace(result, qpos=peer.qpos), robot)
    of_ours = evaluate_result(result, robot)
    rows = [
        ["retarget", f"{ours:,.0f}", f"{ratio:.1f}", *score_cells(of_ours)],
        ["mink + daqp", f"{theirs:,.0f}", "1", *score_cells(of_peer)],
    ]
    body = (
        f"`{clip.name}`, solving only, the same targets in the same process; medians of {ROUNDS} rounds in turn. mink "
        "1.3 with daqp: a frame task a segment, joint limits, warm start from the previous frame, Gauss-Newton steps "
        f"until the error stops falling ({peer.steps_per_frame:.1f} QPs per frame); it knows no floor, no contacts and "
        "no collisions.\n\n"
        + table(["", "frames/s", "ratio", *(column.title for column in COLUMNS)], rows)
    )
    write_section("peer", "Beside mink + daqp", COMMAND, body)


def _whole_process(clip: Path, output: Path) -> None:
    """Time and memory of the command as a fresh process."""
    python = [sys.executable, "-m", "retarget"]
    run = [*python, "run", "--motion", str(clip), "--output", str(output)]
    with tempfile.TemporaryDirectory() as cache:
        cold, _ = child_cost(run, {"NUMBA_CACHE_DIR": cache}, all_cores=True)
    with tempfile.TemporaryDirectory() as cache:
        alone, _ = child_cost(run, {"NUMBA_CACHE_DIR": cache})
    warm, memory = min(child_cost(run) for _ in range(3))
    start = median(child_cost([*python, "--help"])[0] for _ in range(7))
    rows = [
        ["`retarget --help`", f"{start:.2f}", "-"],
        ["`retarget run`, compile cache warm", f"{warm:.2f}", f"{memory:.0f}"],
        ["`retarget run`, nothing compiled yet, all cores", f"{cold:.2f}", "-"],
        ["`retarget run`, nothing compiled yet, one core", f"{alone:.2f}", "-"],
    ]
    body = f"`{clip.name}`, as a process of its own.\n\n" + table(["", "s", "peak memory MB"], rows)
    write_section("process", "Start-up and memory", COMMAND, body)


if __name__ == "__main__":
    main()
