"""The table that Unitree's tools and the LAFAN1 retargeting dataset use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from retarget.files import atomic_write

if TYPE_CHECKING:
    from retarget.result import RetargetingResult

__all__ = ["write_csv"]

_UNITREE_ORDER = [0, 1, 2, 4, 5, 6, 3]  # qpos has the quaternion as wxyz, the table as xyzw


def write_csv(result: RetargetingResult, path: str | Path, fps: float | None = None) -> None:
    """Write one row a frame, without a header: x, y, z, qx, qy, qz, qw, then the joints.

    Positions are in metres (z up), joints in radians in MuJoCo's order, which for the Unitree G1 is also
    Unitree's. The columns are those of the public dataset ``lvhaidong/LAFAN1_Retargeting_Dataset`` (30 fps).
    Six decimals keep a micrometre and a microradian.

    Args:
        result: The robot motion.
        path: File to write; it appears whole or not at all.
        fps: Rate of the rows; the result's own when None.

    Raises:
        OptionsError: ``fps`` is not a positive number.
        OutputError: The file cannot be written.

    Example:
        >>> write_csv(RetargetingResult.load_npz("walk.npz"), "walk.csv", fps=50)  # doctest: +SKIP
    """
    import numpy as np

    rows = (result if fps is None else result.resampled(fps)).qpos.copy()
    rows[:, :7] = rows[:, _UNITREE_ORDER]
    with atomic_write(path) as stream:
        np.savetxt(stream, rows, fmt="%.6f", delimiter=",")
