"""Climbs as live streams among their steps, beside whole clips and streams that do not know the steps.

Each is judged by the evaluation of whole clips, among the same things and with the same contacts.

Usage: python benchmarks/scene_streams.py
"""

from __future__ import annotations

import time
from dataclasses import replace

from measure import CLIPS, on_one_core, table, write_section

on_one_core()

import numpy as np  # noqa: E402

from retarget import StreamingRetargeter, evaluate_result, load_robot, retarget_motion  # noqa: E402
from retarget.motion import Motion  # noqa: E402
from retarget.robots import RobotModel  # noqa: E402
from retarget.scenes import Scene  # noqa: E402
from scenes import clip  # noqa: E402

COMMAND = "make bench (benchmarks/scene_streams.py)"
HEADS = [
    "clip", "robot", "as", "hand gap mm", "hands kept %", "deepest mm", "> 5 mm %", "foot slide mm/s", "limb deg",
    "jerk", "us a frame", "99 % below us",
]  # fmt: skip


def main() -> None:
    if not (CLIPS / "scenes").is_dir():
        print(
            "benchmarks of streams among things need ../shared/clips/scenes, which is absent: skipped"
        )
        return
    rows = []
    for robot in (load_robot(name) for name in ("unitree_g1", "booster_t1")):
        for name in ("climb 0", "climb 1", "climb 4"):
            rows += _rows(name, robot)
    write_section(
        "scene streams",
        "Climbs as live streams",
        COMMAND,
        "Climbs among their terrain, frame by frame; times are of one step, the median and what 99 in 100 stay below, "
        "one core. Whole clips beside, and streams that do not know the terrain.\n\n"
        + table(HEADS, rows),
    )


def _rows(name: str, robot: RobotModel) -> list[list[str]]:
    motion, scene = clip(name)
    whole = retarget_motion(motion, robot, scene=scene)
    rows = []
    for said, known in (("whole clip", None), ("stream", scene), ("stream without", Scene())):
        qpos, seconds = (whole.qpos, None) if known is None else _streamed(motion, robot, known)
        report = evaluate_result(replace(whole, qpos=qpos), robot)
        values = [
            ("hand_gap_mean", 1e3, 2), ("hands_kept_share", 100, 1), ("scene_depth_max", 1e3, 1),
            ("scene_depth_share", 100, 1), ("toe_slide_mean", 1e3, 1), ("limb_error_mean", 1, 1), ("jerk_mean", 1, 0),
        ]  # fmt: skip
        cells = [f"{factor * float(report[key] or 0):.{digits}f}" for key, factor, digits in values]
        times = ["", ""]
        if seconds is not None:
            times = [f"{1e6 * np.quantile(seconds, share):.0f}" for share in (0.5, 0.99)]
        rows.append([name, robot.name, said, *cells, *times])
        print(*rows[-1], sep="  ", flush=True)
    return rows


def _streamed(motion: Motion, robot: RobotModel, scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Configurations of a stream, and the seconds of each step: the least of several runs."""
    retargeter = StreamingRetargeter(robot, motion, scene=scene)
    least = np.full(len(motion), np.inf)
    for _ in range(5):
        retargeter.reset()
        found = []
        for t, frame in enumerate(zip(motion.positions, motion.rotations, strict=True)):
            started = time.perf_counter()
            answer = retargeter.step(*frame)
            least[t] = min(least[t], time.perf_counter() - started)
            found.append(answer.copy())
    return np.array(found), least


if __name__ == "__main__":
    main()
