"""``retarget view``: clips in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retarget.cli.support.common import (
    MANIFEST_NAME,
    UsageError,
    require_motion,
    say,
    tell,
    working_on,
)
from retarget.cli.support.grouped import with_options
from retarget.cli.support.opening import OpeningOptions

if TYPE_CHECKING:
    from retarget.view.playlist import Entry

__all__ = ["entries_at", "view"]


@with_options(OpeningOptions)
def view(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A result, a batch's manifest, a folder of results, another tool's file, or a recording.",
        ),
    ],
    chosen: OpeningOptions,
    port: Annotated[
        int, typer.Option("--port", metavar="N", help="Port; the next free one where it is taken.")
    ] = 8080,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="ADDRESS",
            help="Address to serve at; the default is this machine alone.",
        ),
    ] = "127.0.0.1",
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Open no browser; the address is printed anyway.")
    ] = False,
) -> None:
    """Look at clips in a browser: robot, human, contacts, measures along time; go through a batch, keep and reject."""
    from retarget.view.serving import require_viewer
    from retarget.view.viewer import Viewer

    require_viewer()
    opening = chosen.opening()
    entries, review = entries_at(file)
    with working_on(f"opening {entries[0].path}"):
        viewer = Viewer(
            entries, opening, review_file=review, host=host, port=port, on_problem=_say_problem
        )
    with viewer:
        tell(f"{viewer.address}  shows {entries[0].name}; Ctrl-C ends it")
        if not no_open:
            import webbrowser

            webbrowser.open(viewer.address)
        try:
            viewer.run()
        except KeyboardInterrupt:
            say("viewer closed")


def _say_problem(problem: str) -> None:
    say(f"error: {problem}")


def entries_at(file: Path) -> tuple[list[Entry], Path | None]:
    """The clips of a file, a manifest or a folder, and where decisions about them are kept.

    Raises:
        UsageError: There is nothing to look at.
    """
    from retarget.batch import located_manifest
    from retarget.batch.review import review_path
    from retarget.view.playlist import Entry, entries_of_batch

    path = _manifest_in(file) if file.is_dir() else file
    if path.is_dir():
        results = sorted(path.rglob("*.npz"))
        if not results:
            raise UsageError(f"{path}: holds neither a manifest nor a result (.npz)")
        return [Entry(str(one.relative_to(path).with_suffix("")), one) for one in results], None
    if path.suffix.lower() == ".json" and _is_manifest(path):
        return list(entries_of_batch(located_manifest(path))), review_path(path)
    path = require_motion(path, "a result (.npz), a batch's manifest, a motion file")
    return [Entry(path.stem, path)], None


def _manifest_in(folder: Path) -> Path:
    """The manifest of a folder, or the folder where it has none.

    Raises:
        UsageError: It has several.
    """
    usual = folder / MANIFEST_NAME
    if usual.is_file():
        return usual
    found = [path for path in sorted(folder.glob("*.json")) if _is_manifest(path)]
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise UsageError(f"{folder}: has several manifests ({names}); give one of them")
    return found[0] if found else folder


def _is_manifest(path: Path) -> bool:
    """Whether a file begins as a batch's manifest does; whole ones may be large."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        head = stream.read(4096)
    return b'"schema_version"' in head and b'"success_count"' in head
