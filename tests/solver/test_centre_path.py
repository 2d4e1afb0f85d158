"""The path of the centre of mass: as good after its few rounds as after many."""

from pathlib import Path

import numpy as np
import pytest

import retarget.solver.stretches as stretches
from retarget.motion import read_motion
from retarget.pipeline import retarget_motion
from retarget.robots import load_robot
from retarget.solver.balance.path import CentrePath, PathOptions, centre_path

CLIPS = Path(__file__).parents[3] / "shared" / "clips"
WALKS = [
    *CLIPS.glob("amp_npz/humanoid_walk.npz"),
    *CLIPS.glob("bandai_bvh/dataset-1_walk_normal_001.bvh"),
]


@pytest.mark.skipif(not WALKS, reason="real clips in ../shared/clips are absent")
@pytest.mark.parametrize("clip", WALKS, ids=lambda path: path.stem)
def test_a_few_rounds_come_as_near_the_best_path_as_shows(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[tuple[CentrePath, CentrePath]] = []

    def both(*arguments):  # type: ignore[no-untyped-def]
        best = centre_path(*arguments, PathOptions(rounds=400))
        found.append((centre_path(*arguments), best))
        return found[-1][0]

    monkeypatch.setattr(stretches, "centre_path", both)
    retarget_motion(read_motion(clip), load_robot("unitree_g1"))
    for path, best in found:
        away = np.linalg.norm(path.places - best.places, axis=1)
        assert away.mean() < 2e-4
        assert away.max() < 1e-3
