"""Bodies of the SMPL family with and without their model files: what a fixed skeleton that stands in costs.

Model files are made: real ones may not be handed on. Usage: python benchmarks/body_models.py
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

from measure import CLIPS, ROOT, on_one_core, table, write_section

on_one_core()

import numpy as np  # noqa: E402

from retarget import Motion, read_motion  # noqa: E402
from retarget.motion.fitting.anatomy import leg_length  # noqa: E402

sys.path.insert(0, str(ROOT / "tests" / "motion"))

COMMAND = "make bench (benchmarks/body_models.py)"
BODIES = 40
JOINTS = 22


def main() -> None:
    if not CLIPS.is_dir():
        print(f"benchmarks need real clips in {CLIPS}, which is absent: skipped")
        return
    rows = [row(kind) for kind in ("smpl", "smplx")]
    write_section(
        "body-models",
        "Bodies with and without their model files",
        COMMAND,
        f"A real walk as {BODIES} bodies of random shape (betas of standard deviation 1), read with a made model file "
        "whose shapes move joints as SMPL-X's do, and without: the fixed skeleton stands in, in the size that feet in "
        "stance show. Degrees between limbs' directions in the pelvis' axes; millimetres between joints beside the "
        "pelvis, and the same of bodies of equal leg length; leg lengths; and what the doubt says of both.\n\n"
        + table(
            [
                "body",
                "limbs deg, median",
                "p95",
                "joints mm, mean",
                "less leg length",
                "legs %, rms",
                "doubt: deg",
                "doubt: legs %, median",
            ],
            rows,
        ),
    )


def row(kind: str) -> list[str]:
    tests = importlib.import_module("test_motion_smpl")
    made = importlib.import_module("smpl_files")
    clip = np.load(next(CLIPS.glob("smpl_npz/*.npz")))
    walk = made.Walk(
        clip["poses"].reshape(-1, 24, 3).astype(np.float64), clip["trans"].astype(np.float64)
    )
    rng = np.random.default_rng(1)
    turned, apart, formed, longer, said, degrees = [], [], [], [], [], set()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tests.bodies(folder, kind, seed=5)
        for _ in range(BODIES):
            path = tests.clip_of(folder, kind, walk, rng.normal(0, 1, 10))
            without, exact = read_motion(path), read_motion(path, smpl_models=folder)
            turned.append(np.degrees(tests.angles(tests.limbs(without), tests.limbs(exact))))
            ratio = leg_length(exact) / leg_length(without)
            one, other = beside_pelvis(without), beside_pelvis(exact)
            apart.append(np.linalg.norm(one - other, axis=-1).mean())
            formed.append(np.linalg.norm(ratio * one - other, axis=-1).mean())
            longer.append(1 / ratio - 1)
            reason = next(d.reason for d in without.source.doubts if d.name == "skeleton")
            degrees.add(reason.partition(" degrees")[0].rpartition("by ")[2])
            said.append(float(reason.partition("lengths by about ")[2].partition(" percent")[0]))
    angles = np.concatenate([one.ravel() for one in turned])
    return [
        kind, f"{np.median(angles):.2f}", f"{np.percentile(angles, 95):.1f}", f"{1000 * np.mean(apart):.0f}",
        f"{1000 * np.mean(formed):.0f}", f"{100 * np.sqrt(np.mean(np.square(longer))):.1f}",
        " / ".join(sorted(degrees)), f"{np.median(said):.1f}",
    ]  # fmt: skip


def beside_pelvis(motion: Motion) -> np.ndarray:
    return np.asarray(motion.positions[:, :JOINTS] - motion.positions[:, :1])


if __name__ == "__main__":
    main()
