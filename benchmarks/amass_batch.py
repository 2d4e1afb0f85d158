"""A batch of AMASS-like clips: as many and as long as asked for, made from a real SMPL clip, with real sizes.

AMASS (Mahmood et al. 2019) has 11,265 motions of 40.2 hours: 12.9 s on average, most at 120 frames a second, some of
minutes. Made clips are drawn so; each is the real walk there and back, from elsewhere, in another direction, as another
person.

Usage: python benchmarks/amass_batch.py [--clips N] [--workers W] [--alone]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from measure import CLIPS, child_cost, table, write_section

COMMAND = "python benchmarks/amass_batch.py"
MEAN_SECONDS, SPREAD, LONGEST = 12.9, 1.1, 240.0  # of a log-normal distribution
RATES = (120.0, 120.0, 120.0, 100.0, 60.0)
PEOPLE = 25  # clips of one person, about


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--alone", action="store_true", help="only with each clip by itself")
    arguments = parser.parse_args()
    walks = sorted(CLIPS.glob("smpl_npz/*.npz"))
    if not walks:
        print(f"the batch of AMASS-like clips needs {CLIPS}/smpl_npz, which is absent: skipped")
        return
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "amass"), Path(folder, "out")
        frames = make_clips(walks[0], source, arguments.clips)
        size = sum(path.stat().st_size for path in source.rglob("*.npz"))
        words = [sys.executable, "-m", "retarget", "batch", "--input-dir", str(source), "--output-dir", str(output),
                 "--dataset", "amass", "--max-workers", str(arguments.workers), "--json"]  # fmt: skip
        seconds, peak = child_cost([*words, "--limit", "1"])  # what is compiled once, is
        rows = [["each clip alone", *run(words, output, arguments)]]
        if not arguments.alone:
            shared = [*words, "--subject-from", "dataset", "--force"]
            rows.append(["--subject-from dataset", *run(shared, output, arguments)])
    write_section(
        "amass-batch",
        "AMASS-like clips through a batch",
        f"{COMMAND} --clips {arguments.clips} --workers {arguments.workers}"
        + (" --alone" if arguments.alone else ""),
        f"{arguments.clips:,} made clips of AMASS' sizes ({frames:,} frames, {size / 1e6:.0f} MB; AMASS has 11,265) "
        f"onto the G1, {arguments.workers} worker processes. Overhead is what workers spend on neither reading, "
        "retargeting, evaluating nor saving; memory is the most that one process had.\n\n"
        + table(
            [
                "",
                "clips done",
                "seconds",
                "frames/s",
                "overhead",
                "ms a clip besides",
                "peak MB of a process",
            ],
            rows,
        )
        + f"\n\nThe first clip, done before the others, start of the process included: {seconds:.1f} s, {peak:.0f} MB.",
    )


def run(words: list[str], output: Path, arguments: argparse.Namespace) -> list[str]:
    """One run of the batch: clips, seconds, frames/s, overhead and memory."""
    seconds, peak = child_cost(words)
    manifest = json.loads((output / "batch_manifest.json").read_text())
    records = [r["provenance"] for r in manifest["records"] if r["status"] == "success"]
    frames = sum(record["frames"] for record in records)
    worked = sum(record["seconds"]["total"] for record in records)
    spare = arguments.workers * seconds - worked
    return [f"{len(records):,}", f"{seconds:.0f}", f"{frames / seconds:,.0f}",
            f"{100 * spare / (arguments.workers * seconds):.1f} %", f"{1000 * spare / max(len(records), 1):.0f}",
            f"{peak:.0f}"]  # fmt: skip


def make_clips(walk: Path, folder: Path, count: int) -> int:
    """Write clips of AMASS' first layout; returns how many frames they have."""
    rng = np.random.default_rng(11)
    with np.load(walk) as archive:
        poses = archive["poses"].reshape(-1, 24, 3)[:, :22].astype(np.float64)
        trans = archive["trans"].astype(np.float64)
    total = 0
    for number in range(count):
        fps = float(rng.choice(RATES))
        length = min(rng.lognormal(np.log(MEAN_SECONDS) - SPREAD**2 / 2, SPREAD), LONGEST)
        frames = max(round(length * fps), round(fps))
        at = there_and_back(len(trans), rng.uniform(0, len(trans)), np.arange(frames) * 30.0 / fps)
        rows = np.zeros((frames, 156))
        rows[:, :66] = between(poses.reshape(len(poses), 66), at)
        person = folder / f"set{number // (8 * PEOPLE)}" / f"subject{number // PEOPLE}"
        person.mkdir(parents=True, exist_ok=True)
        np.savez(
            person / f"{number:05d}_poses.npz", poses=rows, trans=between(trans, at), betas=rng.normal(0, 1, 16),
            gender="neutral", mocap_framerate=fps, dmpls=np.zeros((frames, 8)),
        )  # fmt: skip
        total += frames
    return total


def there_and_back(length: int, begin: float, time: np.ndarray) -> np.ndarray:
    """Places in a clip of so many frames that is played forwards and backwards in turn."""
    last = length - 1.0
    return np.asarray(last - np.abs((begin + time) % (2 * last) - last))


def between(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Values between frames: rotation vectors of neighbours are near each other here."""
    low = np.minimum(at.astype(int), len(values) - 2)
    share = (at - low)[:, None]
    return np.asarray((1 - share) * values[low] + share * values[low + 1])


if __name__ == "__main__":
    main()
