"""Options that several commands take, and the `RunConfig` that they make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retarget.cli.support import flags
from retarget.cli.support.common import UsageError, require_file
from retarget.cli.support.flags import Number, Switch

if TYPE_CHECKING:
    from retarget.config import RunConfig
    from retarget.kinds import MotionFormatKind

__all__ = [
    "RunOptions",
    "require_robot_files",
]

_PART = "Which part of a motion, and when"
_MOVING = "How the robot moves"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What to do with motion files, as the command line says it; None where it says nothing.

    Each field is an option of every command that takes this group. A field named as one of
    `retarget.RetargetOptions` sets that.
    """

    motion_format: flags.FormatName = None
    robot: Annotated[
        str | None,
        typer.Option(
            metavar="ROBOT",
            help="A robot's name (see 'retarget robots'), or the path of an MJCF or URDF file.",
            show_default="unitree_g1",
        ),
    ] = None
    robot_description: flags.RobotDescription = None
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML with defaults for these options.")
    ] = None
    skip_bind_pose: flags.BindPoseFlag = None
    roles: flags.RolesFile = None
    up: flags.UpAxis = None
    unit: flags.UnitName = None
    floor_m: flags.FloorHeight = None
    keep_glitches: flags.GlitchesFlag = None
    source_fps: flags.SourceRate = None
    smpl_models: flags.SmplModels = None
    subject_from: flags.SubjectFrom = None
    scene: flags.SceneFile = None
    read_as: flags.ReadAs = None
    from_robot: Annotated[
        str | None,
        typer.Option(
            metavar="ROBOT",
            help="The motion is this robot's, in a file of any tool: no human in between.",
            rich_help_panel=flags.READING,
        ),
    ] = None
    fps: Annotated[
        Number,
        typer.Option(
            metavar="NUMBER",
            help="Rate of the result.",
            show_default="the motion's own",
            rich_help_panel=_PART,
        ),
    ] = None
    start_s: Annotated[
        Number,
        typer.Option(
            "--start",
            metavar="SECONDS",
            help="Begin at this time of the motion, seconds.",
            rich_help_panel=_PART,
        ),
    ] = None
    end_s: Annotated[
        Number,
        typer.Option(
            "--end",
            metavar="SECONDS",
            help="End at this time of the motion, seconds.",
            rich_help_panel=_PART,
        ),
    ] = None
    mirror: Annotated[
        Switch,
        typer.Option(
            help="Retarget the mirror image.", show_default="no-mirror", rich_help_panel=_PART
        ),
    ] = None
    time_scale: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER|similar",
            help="Factor on the motion's duration, 0.25 to 4; 'similar' takes the square root of robot to human size.",
            show_default="1",
            rich_help_panel=_PART,
        ),
    ] = None
    style: Annotated[
        str | None,
        typer.Option(
            metavar="close|balanced|smooth",
            help="Limbs turned as the human's at the price of their directions and of jerk, or less jerk.",
            show_default="balanced",
            rich_help_panel=_MOVING,
        ),
    ] = None
    smoothness: Annotated[
        Number,
        typer.Option(
            metavar="FACTOR",
            help="Factor on the weight of accelerations; larger is smoother.",
            show_default="1",
            rich_help_panel=_MOVING,
        ),
    ] = None
    weights: Annotated[
        list[str] | None,
        typer.Option(
            "--weight",
            metavar="SEGMENT=FACTOR",
            help="How closely a segment is followed, such as hand=4 or left_foot=2; may be repeated.",
            rich_help_panel=_MOVING,
        ),
    ] = None
    joint_speed_limit: Annotated[
        Number,
        typer.Option(
            metavar="RAD/S",
            help="Highest joint speed, rad/s.",
            show_default="12",
            rich_help_panel=_MOVING,
        ),
    ] = None
    joint_acceleration_limit: Annotated[
        Number,
        typer.Option(
            metavar="RAD/S^2",
            help="Highest joint acceleration, rad/s^2.",
            show_default="the robot's own",
            rich_help_panel=_MOVING,
        ),
    ] = None
    joint_margin: Annotated[
        Number,
        typer.Option(
            metavar="RAD",
            help="Distance kept from joint position limits, rad.",
            show_default="0",
            rich_help_panel=_MOVING,
        ),
    ] = None
    collision_margin: Annotated[
        Number,
        typer.Option(
            metavar="METRES",
            help="Distance kept between the robot's bodies, metres.",
            show_default="0.008",
            rich_help_panel=_MOVING,
        ),
    ] = None
    speed_limits: Annotated[
        Switch,
        typer.Option(
            help="Keep joint speed limits.", show_default="speed-limits", rich_help_panel=_MOVING
        ),
    ] = None
    acceleration_limits: Annotated[
        Switch,
        typer.Option(
            help="Keep joint acceleration limits, where there are any.",
            show_default="acceleration-limits",
            rich_help_panel=_MOVING,
        ),
    ] = None
    self_collision: Annotated[
        Switch,
        typer.Option(
            help="Keep the robot's bodies apart.",
            show_default="self-collision",
            rich_help_panel=_MOVING,
        ),
    ] = None
    floor: Annotated[
        Switch,
        typer.Option(
            "--above-floor/--no-floor",
            help="Keep the robot above the floor.",
            show_default="above-floor",
            rich_help_panel=_MOVING,
        ),
    ] = None
    contacts: Annotated[
        Switch,
        typer.Option(
            help="Hold heels and toes in place while the human's stand.",
            show_default="contacts",
            rich_help_panel=_MOVING,
        ),
    ] = None

    hands: Annotated[
        str | None,
        typer.Option(
            metavar="hold|keep",
            help="Fingers of a robot with hands: at neutral, or curled as the recording's.",
            show_default="hold",
            rich_help_panel=_MOVING,
        ),
    ] = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read besides motions."""
        given = [self.config, self.robot_description, self.roles]
        if self.scene is not None and "{stem}" not in str(self.scene):
            given.append(self.scene)
        return tuple(path for path in given if path is not None)

    def settings(self) -> RunConfig:
        """Merge the command line over the ``--config`` file over the defaults.

        Raises:
            UnknownNameError: No such format.
            UsageError: A weight is no number, or a file is missing.
            OptionsError: The config or roles file is wrong, or an option's value.
        """
        from retarget.config import RunConfig

        for given in self.files:
            require_file(given, "a TOML file")
        base = RunConfig.load(self.config) if self.config is not None else RunConfig()
        changes: dict[str, Any] = {}
        if self.motion_format is not None:
            changes["motion_format"] = _format_named(self.motion_format)
        if self.robot is not None:
            changes |= {"robot": self.robot, "robot_description": self.robot_description}
        elif self.robot_description is not None:
            changes["robot_description"] = self.robot_description
        for name in (
            "skip_bind_pose", "up", "unit", "floor_m", "keep_glitches", "source_fps", "smpl_models",
            "subject_from", "read_as", "from_robot", "scene",
        ):  # fmt: skip
            if getattr(self, name) is not None:
                changes[name] = getattr(self, name)
        if self.roles is not None:
            from retarget.motion import read_role_overrides

            changes["roles"] = {**base.roles, **read_role_overrides(self.roles)}
        options: dict[str, Any] = {
            name: getattr(self, name)
            for name in type(base.options).model_fields
            if getattr(self, name) is not None
        }
        if self.weights:
            options["weights"] = {**base.options.weights, **_read_weights(self.weights)}
        settings = base.with_changes(changes).with_options(options)
        require_robot_files(settings)
        return settings


def require_robot_files(settings: RunConfig) -> None:
    """Check that the files are there that a robot is to be loaded from.

    Raises:
        UsageError: One is not.
    """
    for path in settings.robot_files():
        require_file(path, "a robot's MJCF, URDF or robot.toml, or the name of a known robot")


def _read_weights(words: Iterable[str]) -> dict[str, float]:
    weights = {}
    for word in words:
        segment, _, factor = word.partition("=")
        try:
            weights[segment] = float(factor)
        except ValueError:
            raise UsageError(
                f"--weight {word!r}: no factor; give a segment and a number, such as hand=4"
            ) from None
    return weights


def _format_named(name: str) -> MotionFormatKind:
    from retarget.errors import UnknownNameError
    from retarget.kinds import MotionFormatKind
    from retarget.motion.formats import format_names

    known = [str(MotionFormatKind.AUTO), *format_names()]
    if name not in known:
        raise UnknownNameError("motion format", name, known)
    return MotionFormatKind(name)
