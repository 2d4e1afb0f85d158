"""Seams: jerk where the solve's windows meet, beside the same frames inside a window, at every rate.

Usage: python benchmarks/seams.py
"""

from __future__ import annotations

from unittest import mock

from measure import clip_files, on_one_core, table, write_section

on_one_core()

import numpy as np  # noqa: E402

from retarget import take  # noqa: E402
from retarget.config import RunConfig  # noqa: E402
from retarget.motion import Motion  # noqa: E402
from retarget.pipeline import retarget_motion  # noqa: E402
from retarget.robots import RobotModel  # noqa: E402
from retarget.solver.clip import ClipOptions  # noqa: E402
from retarget.solver.problem import rated_clip_options  # noqa: E402

COMMAND = "make bench (benchmarks/seams.py)"
CLIPS = ("bvhTools_test2_3945f.bvh", "mixamo_Walk-In-Circle.bvh", "01_01.bvh", "xia_neutral_01.bvh")
AWAY = 8  # frames around a seam of the other windows that are left out


def main() -> None:
    robot = RunConfig().load_robot()
    files = {path.name: path for path in clip_files()}
    rows = [_row(name, RunConfig().read_motion(files[name]), robot) for name in CLIPS]
    body = (
        "Unitree G1. Mean jerk in the four frames at each seam, windows laid at equal distances, as a share of that in "
        "the same frames solved in windows half as long again, which meet elsewhere; and what it would be without the "
        "frames around seams being solved once more, as they are from 45 fps on.\n\n"
        + table(
            [
                "clip",
                "fps",
                "seams",
                "at seams",
                "in all other frames",
                "at seams, not solved once more",
            ],
            rows,
        )
    )
    write_section("seams", "Seams of windows", COMMAND, body)


def _row(name: str, motion: Motion, robot: RobotModel) -> list[str]:
    rated = rated_clip_options(motion.fps)._replace(shift=0)
    longer = rated.window + rated.window // 2
    inside = _jerk(motion, robot, rated._replace(window=longer))
    t = np.arange(len(inside))
    at_seam = (t + 3) % rated.window < 4  # third differences that span a seam
    at_seam[: rated.window - 3] = False
    at_seam &= (t + AWAY) % longer >= 2 * AWAY
    shares = []
    for options in (rated, rated._replace(seam=0)):
        met = _jerk(motion, robot, options)
        shares += [met[part].mean() / inside[part].mean() for part in (at_seam, ~at_seam)]
    return [
        f"`{name}`",
        f"{motion.fps:.4g}",
        str(at_seam.sum() // 4),
        *(f"{share:.3f}" for share in shares[:3]),
    ]


def _jerk(motion: Motion, robot: RobotModel, options: ClipOptions) -> np.ndarray:
    """Mean jerk of the joints at each frame, of a clip solved with other options."""
    with mock.patch.object(take, "rated_clip_options", lambda _: options):
        result = retarget_motion(motion, robot)
    return np.asarray(np.abs(np.diff(result.qpos[:, 7:], n=3, axis=0)).mean(axis=1))


if __name__ == "__main__":
    main()
