"""``retarget formats``: the motion formats that can be read, and the files that can be written."""

from __future__ import annotations

from typing import Annotated

import typer

from retarget.cli.support.common import JsonFlag, print_json, tell
from retarget.cli.support.tables import print_table

__all__ = ["formats"]


def formats(
    exports: Annotated[
        bool, typer.Option("--exports", help="List what 'retarget export --for' writes.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """List the motion formats that can be read, or the files that can be written."""
    if exports:
        _exports(as_json)
        return
    from retarget.motion import motion_formats

    known = motion_formats()
    if as_json:
        print_json(
            [
                {
                    "format": str(f.kind),
                    "suffixes": list(f.suffixes),
                    "description": f.description,
                    "layouts": dict(f.layouts),
                }
                for f in known
            ]
        )
        return
    rows = [[str(f.kind), " ".join(f.suffixes), f.description] for f in known]
    print_table(["format", "files", "description"], rows)
    tell("--format auto, the default, looks at a file's content and name.")


def _exports(as_json: bool) -> None:
    from retarget.exchange.documentation import FORMAT_COLUMNS, format_record
    from retarget.exchange.registry import export_formats

    records = [format_record(table) for table in export_formats()]
    if as_json:
        print_json(records)
        return
    columns = ("format", "files", "rate", "order", "rotations", "read by")
    places = [FORMAT_COLUMNS.index(column) for column in columns]
    print_table(columns, [[list(record.values())[at] for at in places] for record in records])
