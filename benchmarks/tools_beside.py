"""Ours beside mink on every readable clip, and beside the robot maker's retarget of the dance, by `retarget compare`.

Usage: python benchmarks/tools_beside.py
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from measure import CLIPS, clip_files, on_one_core, table, write_section

on_one_core()

from peer import solve_with_mink  # noqa: E402
from retarget.comparison import compare, comparison_rows  # noqa: E402
from retarget.comparison.models import Comparison  # noqa: E402
from retarget.exchange.write import export_result  # noqa: E402
from retarget.motion import read_motion  # noqa: E402
from retarget.pipeline import make_targets, retarget_motion  # noqa: E402
from retarget.robots import load_robot  # noqa: E402

COMMAND = (
    "make bench (benchmarks/tools_beside.py): "
    "retarget compare ours/ mink/ --robot unitree_g1 --read-as mink=gmr"
)
LONGEST = 8.0  # s of a clip: mink solves 500 to 1000 frames/s
SHORTEST = 1.5  # s that can be laid beside each other in time
DANCE = "lafan1_bvh/bvhTools_test2_3945f.bvh"
MAKERS_FPS = 30.0  # which the file does not say
MAKERS = "robot_unitree_csv/lafan1_g1_dance1_subject2.csv"


def main() -> None:
    robot = load_robot("unitree_g1")
    with tempfile.TemporaryDirectory() as place:
        ours, mink = Path(place) / "ours", Path(place) / "mink"
        ours.mkdir()
        mink.mkdir()
        for path in clip_files():
            motion = read_motion(path)
            motion = motion.frames(0, min(len(motion), int(LONGEST * motion.fps)))
            if len(motion) < SHORTEST * motion.fps:
                continue
            name = "__".join(path.relative_to(CLIPS).with_suffix("").parts)
            result = retarget_motion(motion, robot)
            result.save_npz(ours / f"{name}.npz")
            *_, targets, anatomy = make_targets(motion, robot)
            peer = solve_with_mink(targets, anatomy, robot)
            other = replace(result, qpos=peer.qpos, residuals={}, yielded=())
            export_result(other, mink / f"{name}.pkl", "gmr", robot=robot)
        beside = compare([ours, mink], robot="unitree_g1", read_as={"mink": "gmr"})
        motion = read_motion(CLIPS / DANCE)
        retarget_motion(motion, robot).save_npz(Path(place) / "dance.npz")
        makers = compare(
            [f"ours={place}/dance.npz", f"Unitree={CLIPS / MAKERS}"],
            robot="unitree_g1",
            source_fps={"Unitree": MAKERS_FPS},
            read_as={"Unitree": "unitree_csv"},
        )
    body = (
        f"Every readable clip of {SHORTEST:g} s and more, its first {LONGEST:g} s, onto the Unitree G1: ours, and "
        "mink with daqp frame by frame on the same targets (`benchmarks/peer.py`), read back from GMR's format. "
        f"{len(beside.clips)} clips; {_left(beside)}\n\n{_table(beside)}\n\nThe robot maker's retarget (`{MAKERS}`) "
        "of the LAFAN1 dance, read as it is, laid beside the same recording: "
        f"{makers.clips[0].duration_s:.0f} s, one clip, so that there is no interval.\n\n{_table(makers)}"
    )
    write_section("beside", "Beside mink and the robot maker, by `retarget compare`", COMMAND, body)


def _table(found: Comparison) -> str:
    return table(*comparison_rows(found))


def _left(found: Comparison) -> str:
    if not found.unjudged:
        return "none was left out."
    return "left out: " + "; ".join(f"`{clip}` ({why})" for clip, why in found.unjudged.items())


if __name__ == "__main__":
    main()
