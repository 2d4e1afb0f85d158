"""``retarget formats``: the motion formats that can be read."""

from __future__ import annotations

from retarget.cli.common import JsonFlag, print_json, print_table, tell

__all__ = ["formats"]


def formats(as_json: JsonFlag = False) -> None:
    """List the motion formats that can be read."""
    from retarget.motion import motion_formats

    known = motion_formats()
    if as_json:
        print_json(
            [
                {"format": str(f.kind), "suffixes": list(f.suffixes), "description": f.description}
                for f in known
            ]
        )
        return
    rows = [[str(f.kind), " ".join(f.suffixes), f.description] for f in known]
    print_table(["format", "files", "description"], rows)
    tell("--format auto, the default, looks at a file's content and name.")
