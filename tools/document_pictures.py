"""Draws the pictures of the documents, out of clips that come along: robot and human, targets, a recording, a robot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from retarget import evaluate_result, load_robot, read_motion, retarget_motion
from retarget.cli.main import main as retarget
from retarget.drawing.film import Film, Shot
from retarget.drawing.scene import Overlays
from retarget.drawing.stage import Cast, set_stage
from retarget.drawing.video import write_film
from retarget.report import draw_filmstrip, headline
from retarget.report.robot_picture import draw_robot

DOCS = Path(__file__).parents[1] / "docs"
PICTURES = DOCS / "pictures"
_AT_S = 3.4  # seconds into the dance: on one foot, an arm up


def main() -> None:
    robot = load_robot("unitree_g1")
    dance = retarget_motion(read_motion("humanoid_dance"), robot)
    subtitle = headline(evaluate_result(dance, robot))
    draw_filmstrip(dance, robot, DOCS / "filmstrip.png", title="humanoid_dance", subtitle=subtitle)
    clip = Cast("Unitree G1", dance, robot)
    beside = set_stage("humanoid_dance", [clip])
    write_film(Film(beside, Shot(560, 315, 12.0, 1.0, 1.0, 6.0)), PICTURES / "dance.gif")
    still = Shot(960, 540, start_s=_AT_S, end_s=_AT_S + 0.05)
    over = set_stage("humanoid_dance", [clip], layout="over")
    targets = replace(still, overlays=Overlays(trails=False, balance=False, targets=True))
    write_film(Film(over, targets), PICTURES / "targets.png")
    t1 = load_robot("booster_t1")
    other = Cast("Booster T1", retarget_motion(read_motion("humanoid_dance"), t1), t1)
    write_film(Film(set_stage("humanoid_dance", [clip, other]), still), PICTURES / "both.png")
    draw_robot(robot, PICTURES / "robot.png")
    retarget(["inspect", "cmu_01_01", "--picture", str(PICTURES / "recording.png")])


if __name__ == "__main__":
    main()
