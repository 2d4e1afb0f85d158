"""Options that several commands take, and the `RunConfig` that they make."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from retarget.config import RunConfig
    from retarget.kinds import MotionFormatKind

__all__ = [
    "BindPoseFlag",
    "ConfigFile",
    "EndTime",
    "FormatName",
    "MirrorFlag",
    "ResultRate",
    "RobotDescription",
    "RobotName",
    "RolesFile",
    "StartTime",
    "config_from",
]

FormatName = Annotated[
    str | None,
    typer.Option("--format", help="Motion format; see 'retarget formats'.", show_default="auto"),
]
RobotName = Annotated[
    str | None,
    typer.Option(
        "--robot",
        help="A robot's name (see 'retarget robots'), or the path of an MJCF or URDF file.",
        show_default="unitree_g1",
    ),
]
RobotDescription = Annotated[
    Path | None,
    typer.Option("--robot-description", help="TOML with the robot's roles, soles and limits."),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="TOML with defaults for these options and those of the solver."),
]
BindPoseFlag = Annotated[
    bool | None,
    typer.Option(
        "--skip-bind-pose/--keep-bind-pose",
        help="Drop or keep the first frame as a bind pose.",
        show_default="dropped when recognised",
    ),
]
ResultRate = Annotated[
    float | None,
    typer.Option("--fps", help="Rate of the result.", show_default="the motion's own"),
]
StartTime = Annotated[
    float | None, typer.Option("--start", help="Begin at this time of the motion, seconds.")
]
EndTime = Annotated[
    float | None, typer.Option("--end", help="End at this time of the motion, seconds.")
]
MirrorFlag = Annotated[
    bool | None,
    typer.Option(
        "--mirror/--no-mirror", help="Retarget the mirror image.", show_default="no-mirror"
    ),
]
RolesFile = Annotated[
    Path | None,
    typer.Option("--roles", help="TOML that maps body roles to joint names, over those found."),
]


def config_from(
    *,
    config: Path | None = None,
    motion_format: str | None = None,
    robot: str | None = None,
    robot_description: Path | None = None,
    skip_bind_pose: bool | None = None,
    roles: Path | None = None,
    **solver: float | bool | None,
) -> RunConfig:
    """Merge the command line over the ``--config`` file over the defaults.

    Args:
        config: The ``--config`` file.
        motion_format: Name of the motion format.
        robot: Name or path of the robot.
        robot_description: TOML that describes the robot.
        skip_bind_pose: Whether to drop the first frame as a bind pose.
        roles: TOML with roles.
        solver: Fields of `RetargetOptions`; those that are None are not given.

    Raises:
        UnknownNameError: No such format.
        OptionsError: The config or roles file is wrong.
    """
    from retarget.config import RunConfig

    base = RunConfig.load(config) if config is not None else RunConfig()
    changes: dict[str, Any] = {}
    if motion_format is not None:
        changes["motion_format"] = _format_named(motion_format)
    if robot is not None:
        changes |= {"robot": robot, "robot_description": robot_description}
    elif robot_description is not None:
        changes["robot_description"] = robot_description
    if skip_bind_pose is not None:
        changes["skip_bind_pose"] = skip_bind_pose
    if roles is not None:
        from retarget.motion import read_role_overrides

        changes["roles"] = {**base.roles, **read_role_overrides(roles)}
    given = {name: value for name, value in solver.items() if value is not None}
    return base.model_copy(update=changes).with_options(given)


def _format_named(name: str) -> MotionFormatKind:
    from retarget.errors import UnknownNameError
    from retarget.kinds import MotionFormatKind
    from retarget.motion.formats import format_names

    known = [str(MotionFormatKind.AUTO), *format_names()]
    if name not in known:
        raise UnknownNameError("motion format", name, known)
    return MotionFormatKind(name)
