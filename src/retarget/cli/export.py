"""``retarget export``: a result in a format that other tools read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retarget.cli.common import JsonFlag, print_json, refuse_overwriting_inputs, require_file, tell

__all__ = ["export"]


def export(
    result: Annotated[Path, typer.Option("--result", help="Result file (.npz).")],
    output: Annotated[Path, typer.Option("--output", help="File to write.")],
    export_format: Annotated[str, typer.Option("--format", help="Format to write: csv.")] = "csv",
    fps: Annotated[
        float | None,
        typer.Option(
            "--fps", help="Rate to write, by interpolation.", show_default="the result's own"
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a result as CSV: x,y,z,qx,qy,qz,qw and the joints in a row a frame, without a header."""
    from retarget.export import writer_of
    from retarget.result import RetargetingResult

    write = writer_of(export_format)
    require_file(result, "a result (.npz)")
    refuse_overwriting_inputs(output, result)
    motion = RetargetingResult.load_npz(result)
    motion = motion if fps is None else motion.resampled(fps)
    write(motion, output)
    if as_json:
        print_json({"output": str(output), "frames": len(motion), "fps": motion.fps})
    else:
        tell(f"{result} -> {output}: {len(motion)} frames at {motion.fps:g} fps")
