"""Legs that cannot move as a human's are told, as what is made of them does not compare."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from robot_files import embedded_xml

from retarget.robots import load_robot
from retarget.robots.catalogue import embedded_entries
from retarget.robots.spec import LIMBS, SIDES


def unlike(notes: tuple[str, ...]) -> list[str]:
    return [note for note in notes if "a bird's" in note or "falls too slowly" in note]


def bird(tarsus: float, knee: str) -> str:
    """Legs of a pelvis, with or without a joint at some depth of the thigh, and knees of a range in degrees."""

    def leg(side: str, y: float) -> str:
        bend = (
            f'<body name="{side}_shin" pos="0 0 -{tarsus}"><geom size=".03" mass="1"/>'
            f'<joint name="{side}_shin" axis="0 1 0" range="-60 60"/>'
            if tarsus
            else "<body>"
        )
        return f"""
          <body name="{side}_hip" pos="0 {y} 0"><geom size=".03" mass="1"/>
            <joint name="{side}_hip_yaw" axis="0 0 1" range="-40 40"/>
            <joint name="{side}_hip_roll" axis="1 0 0" range="-40 40"/>
            <joint name="{side}_hip_pitch" axis="0 1 0" range="-90 90"/>
            {bend}<body name="{side}_knee" pos="0 0 -{0.4 - tarsus}"><geom size=".03" mass="1"/>
              <joint name="{side}_knee" axis="0 1 0" range="{knee}"/>
              <body name="{side}_ankle" pos="0 0 -.4">
                <joint name="{side}_ankle_pitch" axis="0 1 0" range="-60 60"/>
                <joint name="{side}_ankle_roll" axis="1 0 0" range="-30 30"/>
                <geom type="box" size=".1 .04 .02" pos=".04 0 -.04" mass=".5"/>
              </body></body></body></body>"""

    return f"""<mujoco><worldbody><body name="pelvis" pos="0 0 1"><freejoint/><geom size=".1" mass="10"/>
      {leg("left", 0.1)}{leg("right", -0.1)}</body></worldbody></mujoco>"""


@pytest.mark.parametrize(
    ("tarsus", "knee", "word"),
    [
        (0.0, "0 130", ""),
        (0.0, "-130 10", "bend the shanks ahead"),
        (0.2, "0 130", "at a third place, at left_shin and right_shin"),
        (0.03, "0 130", ""),
    ],
)
def test_legs_of_birds_are_told(tarsus: float, knee: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "legs.xml"
    path.write_text(bird(tarsus, knee))
    roles = [f'{side}_{role} = "{side}_{role}"' for side in SIDES for role in LIMBS["leg"]]
    description = tmp_path / "robot.toml"
    description.write_text("\n".join(["[roles]", 'pelvis = "pelvis"', *roles]))
    found = unlike(load_robot(path, description=description).notes)
    assert len(found) == bool(word)
    assert all(word in note and "do not compare" in note for note in found)


def test_a_giant_is_told_how_to_play_a_human(tmp_path: Path) -> None:
    def longer(match: re.Match[str]) -> str:
        values = " ".join(str(3 * float(value)) for value in match[2].split())
        return f'{match[1]}="{values}"'

    path = tmp_path / "giant.xml"
    path.write_text(re.sub(r'\b(pos|size|fromto)="([^"]*)"', longer, embedded_xml("unitree_g1")))
    (note,) = unlike(load_robot(path).notes)
    assert "1.9 m long" in note and "--time-scale similar" in note


@pytest.mark.parametrize("name", [entry.name for entry in embedded_entries()])
def test_embedded_robots_have_legs_like_a_humans(name: str) -> None:
    assert not unlike(load_robot(name).notes)
