"""``retarget check``: which consumer a file of robot motion is for, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retarget.cli.support import flags, options
from retarget.cli.support.common import SOME_FAILED, JsonFlag, UsageError, print_json, tell

__all__ = ["check"]


def check(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="File of a robot's motion, or a folder of tables."),
    ],
    robot: Annotated[
        str, typer.Option("--robot", metavar="ROBOT", help="Robot that it is of.")
    ] = "unitree_g1",
    robot_description: flags.RobotDescription = None,
    reader: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="READER",
            help="Reader that it should be for; see 'retarget formats --exports'.",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Find which trainer's format a file has, in which orders, and whether it agrees with itself; exit 1 if not."""
    from retarget.config import RunConfig
    from retarget.exchange.check import check_file

    if not file.exists():
        raise UsageError(f"{file}: no such file; give the path of a robot's motion")
    config = RunConfig(robot=robot, robot_description=robot_description)
    options.require_robot_files(config)
    found = check_file(file, config.load_robot(), reader)
    if as_json:
        findings = [
            {"name": finding.name, "wrong": finding.wrong, "text": finding.text}
            for finding in found.findings
        ]
        print_json({**found.facts(), "passed": found.passed, "findings": findings})
    else:
        for name, value in found.facts().items():
            if value is not None:
                listed = ", ".join(value) if isinstance(value, list) else value
                tell(
                    f"{name:14} {listed:.3g}" if isinstance(value, float) else f"{name:14} {listed}"
                )
        for finding in found.findings:
            tell(f"{'WRONG' if finding.wrong else 'note':14} {finding.name}: {finding.text}")
        tell("nothing is wrong with it" if found.passed else "its reader would be misled")
    if not found.passed:
        raise typer.Exit(SOME_FAILED)
