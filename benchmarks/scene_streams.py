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
NOT_GOOD = """What is not good yet: the T1's hands on climb 1 are out of its reach (whole clips keep 66 %), and its
arms are then up to 8 cm in the box. Tried on the G1: a base held to its path as firmly as without things
(4,000 /m^2) let the crawl's feet drag it along by 0.3 m (climb 4: 50 mm deep, feet 44 mm/s, limbs 7.8
deg, jerk 872), 1,000 left 1 to 9 cm in things, 300 and less were alike; holds three times as firm left
71 mm on climb 0, half as firm are alike and take 0.2 deg; joints pulled three times as firmly take a
third of the jerk and add 0.02 deg. Palms and knees are recognised one frame (33 ms) after whole clips
do, which look ahead, in the median; they agree in 98 to 100 % of frames, feet in 99 %."""


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
        + table(HEADS, rows)
        + "\n\n"
        + NOT_GOOD,
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
