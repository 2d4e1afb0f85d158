"""A motion, and its file for every consumer: not to be written to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from robot_motions import result_of, unitree_dance

from retarget.exchange.registry import export_formats
from retarget.export import export_result
from retarget.result import RetargetingResult
from retarget.robots import load_robot


@pytest.fixture(scope="session")
def dance() -> RetargetingResult:
    """Ten seconds of Unitree's own retargeting of the LAFAN1 dance."""
    qpos = unitree_dance()[:300]
    qpos[:, 3:7] /= np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
    return result_of(qpos, 30.0, load_robot("unitree_g1"))


@pytest.fixture(scope="session")
def written(dance: RetargetingResult, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By format."""
    folder = tmp_path_factory.mktemp("exports")
    paths = {}
    for table in export_formats():
        name = f"{table.kind}_{table.stem}" if table.stem else str(table.kind)
        path = folder / f"{name}{table.suffix}"
        export_result(dance, path, table.kind, robot=load_robot("unitree_g1"))
        paths[str(table.kind)] = path
    return paths
