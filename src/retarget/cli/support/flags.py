"""Options by which several commands say how a file is to be read, each defined once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "READING",
    "BindPoseFlag",
    "FloorHeight",
    "FormatName",
    "GlitchesFlag",
    "Meshes",
    "Number",
    "ReadAs",
    "RobotDescription",
    "RolesFile",
    "SceneFile",
    "SmplModels",
    "SourceRate",
    "SubjectFrom",
    "Switch",
    "UnitName",
    "UpAxis",
]

READING = "How motion files are read"  # heading of these options where a command has several

Number = float | None
Switch = bool | None

FormatName = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help="Motion format; see 'retarget formats'.",
        show_default="auto",
        rich_help_panel=READING,
    ),
]
BindPoseFlag = Annotated[
    Switch,
    typer.Option(
        "--skip-bind-pose/--keep-bind-pose",
        help="Drop or keep the first frame as a bind pose.",
        show_default="dropped when recognised",
        rich_help_panel=READING,
    ),
]
RolesFile = Annotated[
    Path | None,
    typer.Option(
        "--roles",
        metavar="FILE",
        help="TOML that maps body roles to joint names, over those found.",
        rich_help_panel=READING,
    ),
]
UpAxis = Annotated[
    str | None,
    typer.Option(
        "--up",
        metavar="AXIS",
        help="The files' up axis: x, y, z, -x, -y or -z.",
        show_default="found",
        rich_help_panel=READING,
    ),
]
UnitName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The files' length unit, such as centimetre.",
        show_default="found",
        rich_help_panel=READING,
    ),
]
FloorHeight = Annotated[
    Number,
    typer.Option(
        "--floor",
        metavar="METRES",
        help="Height of the floor along the up axis of the files.",
        show_default="found",
        rich_help_panel=READING,
    ),
]
GlitchesFlag = Annotated[
    Switch,
    typer.Option(
        "--keep-glitches/--fill-glitches",
        help="Keep frames in which the body is where no body can be, or fill them.",
        show_default="filled",
        rich_help_panel=READING,
    ),
]
SourceRate = Annotated[
    Number,
    typer.Option(
        "--source-fps",
        metavar="NUMBER",
        help="Frames per second of the files, over what they say.",
        show_default="the files' own",
        rich_help_panel=READING,
    ),
]
ReadAs = Annotated[
    str | None,
    typer.Option(
        "--read-as",
        metavar="FORMAT",
        help="Format of another tool's robot motion; see 'retarget formats --exports'.",
        show_default="told from the file",
        rich_help_panel=READING,
    ),
]
SmplModels = Annotated[
    Path | None,
    typer.Option(
        "--smpl-models",
        metavar="FOLDER",
        help="Your SMPL, SMPL-H and SMPL-X model files.",
        show_default="RETARGET_SMPL_MODELS, else a fixed skeleton",
        rich_help_panel=READING,
    ),
]
SubjectFrom = Annotated[
    str | None,
    typer.Option(
        "--subject-from",
        metavar="RULE",
        help="Files of one person, whose longest tell of the skeleton: 'folder', a pattern such as "
        "'*_{subject}.bvh', or the path of a file, folder or glob; 'dataset' is the rule of --dataset.",
        show_default="each clip alone",
        rich_help_panel=READING,
    ),
]
RobotDescription = Annotated[
    Path | None,
    typer.Option(
        "--robot-description", metavar="FILE", help="TOML with the robot's roles, soles and limits."
    ),
]
Meshes = Annotated[
    Path | None,
    typer.Option(
        "--meshes",
        metavar="FOLDER",
        help="Your folder with the robot's MJCF or URDF and its meshes, to be shown in place of rounded shapes.",
    ),
]
SceneFile = Annotated[
    Path | None,
    typer.Option(
        "--scene",
        metavar="FILE",
        help="Things around the motion: a scene.toml, or terrain alone (.obj, .stl, MJCF). "
        "'{stem}.scene.toml' is a file beside each motion.",
        rich_help_panel=READING,
    ),
]

WorldScale = Annotated[
    float | None,
    typer.Option(
        "--world-scale",
        metavar="NUMBER",
        min=0.05,
        max=20.0,
        help="How large the world of another tool's file is over the human's, for things whose place it does not say.",
        show_default="told by its things' paths, else as the robot's legs are",
        rich_help_panel=READING,
    ),
]
