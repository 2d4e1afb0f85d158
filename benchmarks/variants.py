"""One recording as fifty: a batch of variants on one core, beside the same jobs that know nothing of each other.

Each job reads, understands, solves, judges and saves. The clips are the first ten seconds of holosoma's climbs,
recorded at 120 and taken at 30 frames/s by holosoma itself, and two carried boxes as long as they are.

Usage: python benchmarks/variants.py
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path

from measure import CLIPS, on_one_core, table, write_section

on_one_core()

import numpy as np  # noqa: E402

from retarget import worker as workers  # noqa: E402
from retarget.batch import BatchJob, BatchManifest, BatchRunner  # noqa: E402
from retarget.config import RunConfig  # noqa: E402
from retarget.scenes.variants import AugmentPlan, variants  # noqa: E402

COMMAND = "make bench (benchmarks/variants.py)"
FOLDER = CLIPS / "scenes"
SECONDS, RECORDED = 10, 120
CLIMB = AugmentPlan(
    terrain=[0.8, 0.9, 1.0, 1.1, 1.2],
    terrain_height=[0.9, 0.95, 1.0, 1.05, 1.1],
    mirror=True,
)
CARRY = AugmentPlan(
    sizes={"largebox": [0.7, 0.85, 1.0, 1.1, 1.2]},
    yaw_deg={"largebox": [-20, -10, 0, 10, 20]},
    mirror=True,
)
HEADS = [
    "clip", "frames/s", "s long", "variants", "that pass", "CPU s", "s", "CPU s of each alone", "solve",
    "understand", "judge", "save",
]  # fmt: skip


def main() -> None:
    if not FOLDER.is_dir():
        print("benchmarks of variants need ../shared/clips/scenes, which is absent: skipped")
        return
    with tempfile.TemporaryDirectory() as made:
        rows, reasons = [], Counter[str]()
        workers.RetargetWorker().warm_up()
        for number in (0, 1, 4):
            for fps in (30, RECORDED):
                folder = climb(Path(made), number, fps)
                rows.append(row(f"climb {number}", folder, CLIMB, fps, reasons))
        rows += [
            row(name, carry(Path(made), name), CARRY, 30, reasons)
            for name in ("sub3_largebox_003", "sub10_largebox_049")
        ]
    why = ", ".join(f"{gate} {count}" for gate, count in reasons.most_common())
    write_section(
        "variants",
        "One recording as fifty",
        COMMAND,
        "Variants of a clip as jobs of a batch in one process on one core, all in: reading, understanding, solving, "
        "judging, writing results and manifest. Beside them the same jobs when each reads the recording by itself, and "
        "the CPU seconds that stages take of all. `s` is wall-clock time. Climbs: the first "
        f"{SECONDS} s. Gates that variants miss: {why or 'none'}.\n\n" + table(HEADS, rows),
    )  # fmt: skip


def climb(made: Path, number: int, fps: int) -> Path:
    """A folder with the beginning of a climb and its terrain."""
    source = FOLDER / f"climb_seq_{number}"
    folder = made / f"climb{number}_{fps}"
    folder.mkdir()
    places = np.load(next(source.glob("*.npy")))
    np.save(folder / "clip.npy", places[:: RECORDED // fps][: SECONDS * fps])
    shutil.copy(source / "multi_boxes.obj", folder)
    text = "[[terrain]]\nname = 'steps'\nmesh = 'multi_boxes.obj'\n"
    (folder / "scene.toml").write_text(text)
    return folder


def carry(made: Path, name: str) -> Path:
    """A folder with a carried box."""
    folder = made / name
    folder.mkdir()
    shutil.copy(FOLDER / f"{name}.pt", folder / "clip.pt")
    shutil.copy(FOLDER / "largebox.obj", folder)
    text = "[[object]]\nname = 'largebox'\nmesh = 'largebox.obj'\ntrajectory = 'clip.pt'\n"
    (folder / "scene.toml").write_text(text)
    return folder


def row(name: str, folder: Path, plan: AugmentPlan, fps: int, reasons: Counter[str]) -> list[str]:
    motion = next(folder.glob("clip.*"))
    config = RunConfig(scene=folder / "scene.toml", source_fps=fps)
    batch(folder / "first", motion, config, plan, 2)  # what is compiled and loaded once
    wall, cpu, manifest = batch(folder / "all", motion, config, plan)
    alone = sum(
        batch(folder / "alone", motion, config, plan, 1, k)[1] for k in range(manifest.total)
    )
    stages = Counter[str]()
    for record in manifest.records:
        stages.update(record.provenance["seconds"])
        reasons.update(record.provenance["failed_gates"])
    passing = sum(not record.provenance["failed_gates"] for record in manifest.records)
    frames = manifest.records[0].provenance["frames"]
    busy = cpu / max(wall, 1e-9)  # of the seconds of stages, as others may use this core

    def spent(*names: str) -> str:
        return f"{busy * sum(stages[name] for name in names):.2f}"

    cells = [
        name, f"{fps}", f"{frames / fps:.1f}", f"{manifest.total}", f"{passing}", f"{cpu:.2f}", f"{wall:.2f}",
        f"{alone:.2f}", spent("start", "solve"), spent("targets", "touches", "problem", "level"), spent("evaluate"),
        spent("save"),
    ]  # fmt: skip
    print(*cells, sep="  ", flush=True)
    return cells


def batch(
    output: Path,
    motion: Path,
    config: RunConfig,
    plan: AugmentPlan,
    count: int | None = None,
    first: int = 0,
) -> tuple[float, float, BatchManifest]:
    """Wall-clock and CPU seconds of some of a plan's variants in a batch that begins anew, and its manifest."""
    chosen = list(variants(plan))[first : None if count is None else first + count]
    jobs = [
        BatchJob(
            id=one.name,
            motion=motion,
            output=output / f"{one.name}.npz",
            provenance={"variant": one.model_dump(mode="json")},
        )
        for one in chosen
    ]
    worker = workers.RetargetWorker(config)
    workers._varied.forget()
    wall, cpu = time.perf_counter(), time.process_time()
    runner = BatchRunner(fingerprint=worker.fingerprint)
    manifest = runner.run(jobs, worker, manifest_path=output / f"batch{first}.json", force=True)
    return time.perf_counter() - wall, time.process_time() - cpu, manifest


if __name__ == "__main__":
    main()
