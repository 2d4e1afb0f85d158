"""Robot motions in the files of trainers, simulators and controllers: the public names of `retarget.exchange`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from retarget.exchange.registry import export_formats, export_table, register_export
from retarget.exchange.tables import ExportTable, Rate, Row
from retarget.exchange.write import Exported, ExportOptions, export_result
from retarget.kinds import ExportFormat
from retarget.result import RetargetingResult

__all__ = [
    "ExportFormat",
    "ExportOptions",
    "ExportTable",
    "Exported",
    "Rate",
    "Row",
    "export_formats",
    "export_result",
    "export_table",
    "register_export",
    "write_csv",
    "writer_of",
]


def write_csv(result: RetargetingResult, path: str | Path, fps: float | None = None) -> None:
    """Write Unitree's table: one row for each frame, without a header: x, y, z, qx, qy, qz, qw, then the joints.

    Positions are in metres (z up), joints in radians in MuJoCo's order, which for the Unitree G1 is also
    Unitree's. The columns are those of the public data set ``lvhaidong/LAFAN1_Retargeting_Dataset`` (30 fps).
    Six decimals keep a micrometre and a microradian.

    Args:
        result: The robot motion.
        path: File to write; it appears whole or not at all.
        fps: Rate of the rows; the result's own when None.

    Raises:
        OptionsError: ``fps`` is no rate that can be.
        OutputError: The file cannot be written.

    Example:
        >>> write_csv(RetargetingResult.load_npz("walk.npz"), "walk.csv", fps=50)  # doctest: +SKIP
    """
    rate = result.fps if fps is None else fps
    export_result(result, path, ExportFormat.UNITREE_CSV, options=ExportOptions(fps=rate))


def writer_of(name: str) -> Callable[[RetargetingResult, str | Path], None]:
    """The writer of a format by its name, with the format's own choice of rate and joints; ``csv`` is `write_csv`.

    Raises:
        UnknownNameError: No such format.
    """
    if name == "csv":
        return write_csv
    kind = export_table(name).kind

    def write(result: RetargetingResult, path: str | Path) -> None:
        export_result(result, path, kind)

    return write
