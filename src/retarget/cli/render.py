"""``retarget render``: a clip as a film or a picture."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Annotated

import typer

from retarget.cli.support.common import UsageError, require_motion, steps, tell, working_on
from retarget.cli.support.grouped import with_options
from retarget.cli.support.opening import OpeningOptions
from retarget.cli.support.outputs import Output, check_outputs
from retarget.wording import counted

__all__ = ["render"]

_SIZE = re.compile(r"(\d+)x(\d+)")


@with_options(OpeningOptions)
def render(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A result, another tool's file with --robot, or a recording."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", metavar="FILE", help="Film (.mp4, .gif, .webp), or one picture (.png)."
        ),
    ],
    chosen: OpeningOptions,
    size: Annotated[str, typer.Option("--size", metavar="WxH", help="Pixels.")] = "1280x720",
    fps: Annotated[
        float | None,
        typer.Option(
            "--fps",
            metavar="NUMBER",
            help="Pictures per second.",
            show_default="the clip's, 30 at most",
        ),
    ] = None,
    speed: Annotated[
        float,
        typer.Option(
            "--speed", metavar="FACTOR", help="Seconds of the clip per second of the film."
        ),
    ] = 1.0,
    start: Annotated[
        float, typer.Option("--start", metavar="SECONDS", help="Where to begin.")
    ] = 0.0,
    end: Annotated[
        float | None,
        typer.Option("--end", metavar="SECONDS", help="Where to end.", show_default="at the end"),
    ] = None,
    over: Annotated[
        bool, typer.Option("--over", help="Draw the human over the robot instead of beside it.")
    ] = False,
    targets: Annotated[
        bool, typer.Option("--targets", help="Draw where limbs would be if they were the human's.")
    ] = False,
    bare: Annotated[bool, typer.Option("--bare", help="Draw no marks and write no words.")] = False,
) -> None:
    """Draw a clip as a film: robot and human, how feet stand, centre of mass. Needs neither display nor driver."""
    from retarget.drawing.film import Film, Shot
    from retarget.drawing.scene import Overlays
    from retarget.drawing.video import FILM_SUFFIXES, require_video, write_film
    from retarget.view.clip import open_clip, stage_of

    file = require_motion(file, "a result (.npz), a motion file")
    opening = chosen.opening()
    check_outputs([Output(output, "a film", FILM_SUFFIXES)], [file, *chosen.files])
    require_video(output)
    width, height = _pixels(size)
    marks = Overlays(False, False, False, False) if bare else Overlays(targets=targets)
    with working_on(f"opening {file}"):
        stage = stage_of(open_clip(file, opening), layout="over" if over else "beside")
        film = Film(
            stage,
            Shot(width, height, fps, speed, start, end, overlays=marks, words=not bare),
        )
        film.picture(0)  # compiles what draws, which is no matter of speed
    begun = time.perf_counter()
    write_film(film, output, progress=lambda numbers: steps(numbers, "drawing"))
    seconds = time.perf_counter() - begun
    one = output.suffix.lower() == ".png"
    said = f"{file} -> {output}: {counted(1 if one else len(film), 'picture')} of {width}x{height}"
    if not one:
        said += f" at {film.fps:.4g} fps in {seconds:.1f} s ({len(film) / seconds:.0f} pictures/s)"
    tell(said)


def _pixels(size: str) -> tuple[int, int]:
    from retarget.drawing.film import LEAST_PIXELS, MOST_PIXELS

    found = _SIZE.fullmatch(size)
    if found is None:
        raise UsageError(f"--size is WIDTHxHEIGHT, such as 1280x720, not {size!r}")
    width, height = int(found[1]), int(found[2])
    if not LEAST_PIXELS <= min(width, height) <= max(width, height) <= MOST_PIXELS:
        raise UsageError(f"--size: must be {LEAST_PIXELS} to {MOST_PIXELS} pixels each, not {size}")
    return width, height
