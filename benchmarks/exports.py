"""Exports: size and time of every reader's file, read back by its loader's rules; a batch of 1,000; a data set.

Usage: python benchmarks/exports.py [--clips N]
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from measure import CLIPS, ROOT, child_cost, clip_files, on_one_core, table, write_section

on_one_core()

import numpy as np  # noqa: E402 - after the number of its threads is said

sys.path.insert(0, str(ROOT / "tests" / "exchange"))

from test_consumers import (  # type: ignore[import-not-found] # noqa: E402 - loaders restated there
    ISAAC_LINKS,
    LINKS,
    READERS,
    mujoco_positions,
)

from retarget.batch import BatchManifest, BatchRunRecord  # noqa: E402
from retarget.batch.models import utc_now  # noqa: E402
from retarget.export import export_formats, export_result  # noqa: E402
from retarget.kinds import RunStatus  # noqa: E402
from retarget.motion import read_motion  # noqa: E402
from retarget.pipeline import retarget_motion  # noqa: E402
from retarget.result import RetargetingResult  # noqa: E402
from retarget.robots import load_robot  # noqa: E402
from retarget.tracks import link_set, make_tracks  # noqa: E402

COMMAND = "make bench (benchmarks/exports.py)"
_REPEATS = 5
_FRAMES_APART = 40  # between frames whose links are compared with MuJoCo's
_CLIP_FRAMES = 300  # of a clip of the batch
_SOURCES = {
    "LAFAN1 dance": CLIPS / "lafan1_bvh" / "bvhTools_test2_3945f.bvh",
    "CMU 01_01": CLIPS / "cmu_bvh" / "01_01.bvh",
    "walk": CLIPS / "amp_npz" / "humanoid_walk.npz",
}
_OTHER_ROBOTS = ("unitree_h1", "booster_t1")


@dataclass(frozen=True)
class Cost:
    """Megabytes of a file, and milliseconds of processor time to write it."""

    size: float
    time: float

    def __str__(self) -> str:
        return f"{self.size:.2f} / {self.time:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clips", type=int, default=1000, help="clips of the batch")
    count = parser.parse_args().clips
    clip_files()  # says so when there are none
    motions = {name: read_motion(path) for name, path in _SOURCES.items()}
    g1 = load_robot("unitree_g1")
    results = {name: retarget_motion(motion, g1) for name, motion in motions.items()}
    others = {
        name: retarget_motion(motions["CMU 01_01"], load_robot(name)) for name in _OTHER_ROBOTS
    }
    with tempfile.TemporaryDirectory() as folder:
        rows = [_row(str(table.kind), results, others, Path(folder)) for table in export_formats()]
        speed = _speed(results["LAFAN1 dance"])
        bulk = _bulk(results["LAFAN1 dance"], count, Path(folder))
    columns = [
        "for",
        *(f"{name} ({len(result)} frames)" for name, result in results.items()),
        *(f"CMU on {name}" for name in _OTHER_ROBOTS),
        "loader's rules: joints, rad",
        "base, m",
        "links, m",
        "in the other order, m",
    ]
    body = (
        "Megabytes and milliseconds of processor time for each clip, from the result in memory to the file on disk, "
        f"on the Unitree G1 and others; median of {_REPEATS}. *Loader's rules*: the LAFAN1 dance read back as each "
        "reader's loader reads it (restated in `tests/exchange/loaders.py`), greatest difference from the result at "
        "the reader's rate; "
        "links against MuJoCo's kinematics, in the stated order and in the other simulator's.\n\n"
        + table(columns, rows)
        + f"\n\n{speed}\n\n{bulk}"
    )
    write_section("exports", "Files for trainers", COMMAND, body)


def _row(
    kind: str,
    results: dict[str, RetargetingResult],
    others: dict[str, RetargetingResult],
    folder: Path,
) -> list[str]:
    costs = [str(_cost(result, kind, folder)) for result in (*results.values(), *others.values())]
    return [kind, *costs, *_verified(results["LAFAN1 dance"], kind, folder)]


def _cost(result: RetargetingResult, kind: str, folder: Path) -> Cost:
    path = _path(kind, folder)
    robot = load_robot(result.robot)
    seconds = []
    for _ in range(_REPEATS):
        started = time.process_time()
        export_result(result, path, kind, robot=robot)
        seconds.append(time.process_time() - started)
    files = [path] if path.is_file() else list(path.iterdir())
    return Cost(sum(file.stat().st_size for file in files) / 1e6, statistics.median(seconds) * 1e3)


def _path(kind: str, folder: Path) -> Path:
    stem, suffix = next((t.stem, t.suffix) for t in export_formats() if str(t.kind) == kind)
    return folder / f"{kind}{'_' + stem if stem else ''}{suffix}"


def _verified(result: RetargetingResult, kind: str, folder: Path) -> list[str]:
    """How far what a loader finds is from the result: joints, base, links in both orders."""
    read, fps, joints = READERS[kind]
    export_result(result, _path(kind, folder), kind)
    loaded: Any = read(_path(kind, folder))
    expected = result.resampled(fps).qpos
    columns = [7 + result.joint_names.index(name) for name in joints]
    off = np.abs(loaded.joints - expected[:, columns]).max()
    base = np.abs(loaded.position - expected[:, :3]).max()
    cells = [f"{off:.0e}", f"{base:.0e}"]
    names = tuple(loaded.link_names)
    if not set(LINKS) <= set(names):
        return [*cells, "-", "-"]
    dropped = [7 + j for j, name in enumerate(result.joint_names) if name not in joints]
    posed = expected[::_FRAMES_APART].copy()
    posed[:, dropped] = 0
    own = loaded.links["position"][::_FRAMES_APART][:, [names.index(name) for name in LINKS]]
    true = mujoco_positions(posed, LINKS)
    if kind not in ("beyondmimic", "mjlab"):
        return [*cells, f"{np.abs(own - true).max():.0e}", "by name"]
    other = LINKS if kind == "beyondmimic" else ISAAC_LINKS
    stored = loaded.links["position"][::_FRAMES_APART]
    wrong = np.abs(stored - mujoco_positions(posed, other)).max()
    return [*cells, f"{np.abs(own - true).max():.0e}", f"{wrong:.2f}"]


def _speed(result: RetargetingResult) -> str:
    robot = load_robot(result.robot)
    links = link_set(robot)
    seconds = []
    for _ in range(_REPEATS * 3):
        started = time.process_time()
        _ = make_tracks(result.qpos, result.fps, robot, links=links).bodies
        seconds.append(time.process_time() - started)
    rate = len(result) / statistics.median(seconds)
    return (
        f"Tracks (velocities of base and joints, poses and velocities of {len(links)} links): {rate:,.0f} frames/s of "
        "processor time on the G1."
    )


def _bulk(dance: RetargetingResult, count: int, folder: Path) -> str:
    manifest = _batch(dance, count, folder / "robot")
    lines = []
    for kind, words in (("mjlab", []), ("asap", ["--merge"])):
        output = folder / f"bulk_{kind}"
        command = _command(manifest, output, kind, words)
        seconds, peak = child_cost(command, all_cores=True)
        files = list(output.rglob(f"*{_path(kind, folder).suffix}"))
        size = sum(file.stat().st_size for file in files) / 1e6
        merged = ", and the dictionary of all" if words else ""
        lines.append(
            f"- `--for {kind}`: {len(files):,} files of {size:,.0f} MB{merged} in {seconds:.1f} s on "
            f"{os.cpu_count()} cores, {peak:.0f} MB at the peak of a process."
        )
        assert len(files) == count
    lines.append(_killed(manifest, count, folder / "killed"))
    output = folder / "set"
    words = [sys.executable, "-m", "retarget", "dataset", "pack", str(manifest)]
    seconds, peak = child_cost([*words, "--output", str(output)])
    size = sum(file.stat().st_size for file in output.iterdir()) / 1e6
    lines.append(
        f"- `retarget dataset pack`: {size:,.0f} MB of Parquet in {seconds:.1f} s, {peak:.0f} MB at the peak."
    )
    return (
        f"A batch of {count:,} clips of {_CLIP_FRAMES} frames, each a piece of the dance:\n\n"
        + "\n".join(lines)
    )


def _batch(dance: RetargetingResult, count: int, folder: Path) -> Path:
    """A manifest of many results, each another piece of the dance."""
    records = []
    starts = np.linspace(0, len(dance) - _CLIP_FRAMES, count).astype(int)
    for number, start in enumerate(starts):
        piece = slice(start, start + _CLIP_FRAMES)
        source = replace(
            dance.source,
            positions=dance.source.positions[piece],
            rotations=dance.source.rotations[piece],
        )
        clip = replace(
            dance,
            qpos=dance.qpos[piece],
            contacts=dance.contacts[piece],
            body_contacts=dance.body_contacts[piece],
            frame_cost=dance.frame_cost[piece],
            residuals={name: values[piece] for name, values in dance.residuals.items()},
            source=source,
            yielded=(),
        )
        path = folder / f"{number % 10}" / f"clip_{number:05d}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        clip.save_npz(path)
        now = utc_now()
        records.append(
            BatchRunRecord(
                job_id=f"{number % 10}/clip_{number:05d}.bvh",
                motion=Path(f"{number % 10}/clip_{number:05d}.bvh"),
                output=path,
                status=RunStatus.SUCCESS,
                started_at=now,
                finished_at=now,
                provenance={"failed_gates": [], "quality": {}},
            )
        )
    manifest = BatchManifest.from_records(
        records=records, total=count, created_at=utc_now(), output_dir=folder
    )
    manifest.save_json(folder / "batch_manifest.json")
    return folder / "batch_manifest.json"


def _command(manifest: Path, output: Path, kind: str, words: list[str]) -> list[str]:
    where = ["--batch-manifest", str(manifest), "--output-dir", str(output)]
    return [sys.executable, "-m", "retarget", "export", *where, "--for", kind, *words]


def _killed(manifest: Path, count: int, output: Path) -> str:
    """Kill an export with all its processes when half of it is written, go on, and verify all files."""
    command = _command(manifest, output, "gmr", [])
    running = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while running.poll() is None and len(list(output.rglob("clip_*.pkl"))) < count // 2:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    written = {
        path: path.stat().st_mtime_ns
        for path in output.rglob("clip_*.pkl")
        if ".tmp" not in str(path)
    }
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    kept = sum(path.stat().st_mtime_ns == stamp for path, stamp in written.items())
    verify = [
        sys.executable,
        "-m",
        "retarget",
        "manifest",
        "verify",
        str(output / "export_manifest.json"),
    ]
    checked = subprocess.run(verify, check=True, capture_output=True, text=True).stdout.strip()
    left = len(list(output.rglob("*.tmp")))
    return (
        f"- `--for gmr`, killed (SIGKILL, all processes) with {len(written):,} files written: the same command went on "
        f"and was done in {seconds:.1f} s; {kept:,} files were left as they were, {left} temporary ones remained; "
        f"{checked}."
    )


if __name__ == "__main__":
    main()
