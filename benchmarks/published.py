"""Robots on which papers report how far a retargeted motion is from the human: ours beside what they print.

Usage: python benchmarks/published.py

The published ones are from SPARK (arXiv 2603.11480), which has its own method beside GMR on AMASS ACCAD, centimetres.
"""

from __future__ import annotations

from measure import CLIPS, on_one_core, table, write_section

on_one_core()

from matrix import models  # noqa: E402
from retarget.evaluation import MEASURES, evaluate_result  # noqa: E402
from retarget.motion import read_motion  # noqa: E402
from retarget.pipeline import retarget_motion  # noqa: E402
from retarget.robots import load_robot  # noqa: E402

_PUBLISHED = {  # model here: robot, GMR's error and SPARK's in cm
    "unitree_g1": ("Unitree G1", 9.37, 1.60),
    "unitree_h1": ("Unitree H1", 12.53, 4.40),
    "booster_t1": ("Booster T1", 6.59, 1.85),
    "engineai_pm01_gmr": ("EngineAI PM01", 9.51, 2.47),
    "kuavo_s45_gmr": ("Leju Kuavo S45", 19.50, 4.71),
}
_CLIPS = {
    "walk": "misc_bvh/mixamo_Walk-In-Circle.bvh",
    "dance": "lafan1_bvh/bvhTools_test2_3945f.bvh",
    "AMASS": "smpl_npz/video_walk_level1_filter_amass.npz",
}
_SHOWN = {"key_body_error_mean": 100.0, "limb_error_mean": 1.0}


def main() -> None:
    motions = {name: read_motion(CLIPS / path) for name, path in _CLIPS.items()}
    places = dict(models("", False)) | {name: name for name, _ in models("", True)}
    body = []
    for name, (title, gmr, spark) in _PUBLISHED.items():
        if name not in places:
            continue
        robot = load_robot(places[name])
        cells = [title, f"{gmr:.2f}", f"{spark:.2f}"]
        for motion in motions.values():
            report = evaluate_result(retarget_motion(motion, robot), robot)
            cells += [f"{factor * (report[key] or 0.0):.2f}" for key, factor in _SHOWN.items()]
        body.append(cells)
        print(cells, flush=True)
    head = ["robot", "GMR cm", "SPARK cm"]
    head += [f"{clip}: {what}" for clip in _CLIPS for what in ("key bodies cm", "limbs deg")]
    said = (
        "GMR's and SPARK's errors are as SPARK prints them (arXiv 2603.11480), on AMASS ACCAD. They are of another "
        "kind than ours: distances of a robot's links from targets that were scaled and placed for that robot by hand. "
        f"Ours ask nobody for a table: key bodies have the {MEASURES['key_body_error_mean'].definition}; limbs the "
        f"{MEASURES['limb_error_mean'].definition}. A robot of other proportions than the human cannot have both "
        "small; directions are what is followed here."
    )
    write_section(
        "published",
        "Robots that papers report on",
        "python benchmarks/published.py",
        f"{said}\n\n{table(head, body)}",
    )


if __name__ == "__main__":
    main()
