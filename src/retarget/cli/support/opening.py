"""How files are understood that are shown: options of ``view`` and ``render``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retarget.cli.support import flags
from retarget.cli.support.common import UsageError, require_motion

if TYPE_CHECKING:
    from retarget.view.clip import Opening

__all__ = ["OpeningOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningOptions:
    """How files are to be understood, as the command line says it; None where it says nothing."""

    source: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Human motion that another tool's file was made from."),
    ] = None
    compare: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Another result, or another tool's file, to stand beside; may be repeated.",
        ),
    ] = None
    robot: Annotated[
        str | None,
        typer.Option(
            metavar="ROBOT", help="Robot of another tool's file.", show_default="a result's own"
        ),
    ] = None
    robot_description: flags.RobotDescription = None
    source_fps: flags.SourceRate = None
    read_as: flags.ReadAs = None
    meshes: flags.Meshes = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read besides the one to show."""
        given = (self.source, *(self.compare or ()), self.robot_description)
        return tuple(path for path in given if path is not None)

    def opening(self) -> Opening:
        """How files are to be opened.

        Raises:
            UsageError: A file or folder that is named is missing.
        """
        from retarget.view.clip import Opening

        for other in self.compare or []:
            if not other.exists():
                raise UsageError(f"{other}: no such file; give a result to --compare")
        if self.meshes is not None and not self.meshes.exists():
            raise UsageError(
                f"{self.meshes}: no such folder; give the one of the robot's description"
            )
        return Opening(
            robot=self.robot,
            robot_description=self.robot_description,
            source=None if self.source is None else require_motion(self.source),
            source_fps=self.source_fps,
            read_as=self.read_as,
            compare=tuple(self.compare or ()),
            meshes=self.meshes,
        )
