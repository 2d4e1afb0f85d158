"""Who rests on what nobody recorded is doubted; who stands, walks, dances, kneels or lies is not."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bvh_files import CLIPS

from retarget import load_robot, retarget_motion
from retarget.evaluation import evaluate_result
from retarget.jobs.inspection import inspect_motion
from retarget.motion import Motion, read_motion
from retarget.motion.ground.level_floor import on_level_floor
from retarget.motion.ground.unsupported import supported

sys.path.insert(0, str(Path(__file__).parents[1] / "solver"))
from floor_poses import seated_clip

REAL = sorted([*CLIPS.glob("*/*.bvh"), *CLIPS.glob("deepmimic_txt/*"), *CLIPS.glob("amp_npz/*"),
               *CLIPS.glob("omomo_pt/*.pt"), *CLIPS.glob("c3d/*")])  # fmt: skip
# Its pelvis is where a suit without legs assumes it, and leans back.
LEANS = "xsens_mvn_test_mocap.bvh"


def weights(motion: Motion) -> list[float]:
    return [doubt.weight for doubt in motion.source.doubts if doubt.name == "support"]


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_clips_carry_themselves(path: Path) -> None:
    motion = supported(on_level_floor(read_motion(path)).motion)
    assert weights(motion) == ([0.55] if path.name == LEANS else [])


def test_a_seat_that_nobody_recorded_is_doubted_and_refused() -> None:
    robot = load_robot("unitree_g1")
    seated = seated_clip()
    result = retarget_motion(seated, robot)
    (doubt,) = (d for d in result.provenance["motion"]["doubts"] if d["name"] == "support")
    assert "as on a seat" in doubt["reason"] and "--scene" in doubt["reason"]
    failed = {gate.measure for gate in evaluate_result(result, robot).gates if not gate.passed}
    assert "understood" in failed
    assert weights(inspect_motion(seated).motion) == [0.55]


def test_a_short_rest_weighs_less_and_a_moment_nothing() -> None:
    seated = seated_clip()
    whole = [weights(supported(seated.frames(0, round(seconds * seated.fps))))
             for seconds in (3.2, 4.3, 8.0)]  # fmt: skip
    assert whole == [[], [0.3], [0.55]] or whole == [[], [0.55], [0.55]]
    long = replace(
        seated,
        positions=np.concatenate([seated.positions, np.repeat(seated.positions[-1:], 900, axis=0)]),
        rotations=np.concatenate([seated.rotations, np.repeat(seated.rotations[-1:], 900, axis=0)]),
    )
    assert weights(supported(long)) == [0.3]
