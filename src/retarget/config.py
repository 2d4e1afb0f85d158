"""What to do with a motion file, as the command line or a TOML file says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from retarget.errors import FileFormatError, OptionsError, RetargetError
from retarget.files import split_which
from retarget.frame_rates import LEAST_FPS, MOST_FPS
from retarget.inputs import read_toml, understanding
from retarget.kinds import ExportFormat, MotionFormatKind, RobotKind
from retarget.options import RetargetOptions
from retarget.wording import shortened

if TYPE_CHECKING:
    from retarget.motion import Motion
    from retarget.result import RetargetingResult
    from retarget.robots import RobotModel
    from retarget.scenes import Scene

__all__ = ["RunConfig"]

_LONGEST_REASON = 400  # characters

_Given = TypeVar("_Given")
_T = TypeVar("_T")


def _axis(name: str) -> str:
    from retarget.motion.world.conventions import checked_axis

    return _said(checked_axis, name)


def _unit(name: str) -> str:
    from retarget.motion.world.conventions import unit_named

    return _said(unit_named, name).name


def _variant(said: object) -> object:
    """A variant from what TOML or a job says of it."""
    if said is None:
        return None
    from retarget.scenes.variants import Variant

    return Variant.model_validate(said)


def _floor(height: float) -> float:
    from retarget.motion.world.conventions import checked_floor

    return _said(checked_floor, height)


def _subject_rule(text: str) -> str:
    from retarget.jobs.subject_rules import SubjectRule

    return _said(SubjectRule, text).text


def _said(check: Callable[[_Given], _T], value: _Given) -> _T:
    """What a check makes of a value, its complaint as validators utter it."""
    try:
        return check(value)
    except RetargetError as error:
        raise ValueError(str(error)) from None


class RunConfig(BaseModel):
    """Format, robot, roles and solver options of a run.

    Attributes:
        motion_format: Format of the motion files; ``auto`` looks at name and content.
        robot: Name of a known robot, or path of an MJCF, URDF or ``robot.toml`` file.
        robot_description: TOML that describes the robot of that file (roles, soles, limits).
        skip_bind_pose: Drop the first frame as a bind pose; None drops it when it is recognised as one.
        roles: Body role -> joint name, over what is found automatically.
        up: Up axis of the files: ``x``, ``y``, ``z``, ``-x``, ``-y`` or ``-z``; None finds it.
        unit: Length unit of the files, such as ``centimetre``; None finds it.
        floor_m: Height of the floor along the up axis, metres; None finds it.
        keep_glitches: Leave frames as they are in which the body is where no body can be.
        source_fps: Frames per second of the files, over what they say; None if they say so.
        smpl_models: Folder of SMPL, SMPL-H and SMPL-X model files; None looks at ``RETARGET_SMPL_MODELS``.
        subject_from: Which files are of one person (`retarget.jobs.subject_rules`): what is constant about the
            skeleton is then fitted over their longest; None fits each clip alone.
        read_as: Format of these robot motions; told from the files when None.
        from_robot: The files are motions of this robot, known by name or the path of its model; None for humans'.
        scene: File of the things around the motions (``scene.toml``), or a pattern of one beside each, in which
            ``{stem}`` is the motion's name without its ending.
        variant: How the scene is changed (`retarget.scenes.variants.Variant`); None leaves it as it is.
        options: Options of targets and solver.

    Example:
        >>> RunConfig(robot="unitree_g1").robot
        'unitree_g1'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    motion_format: MotionFormatKind = MotionFormatKind.AUTO
    robot: str = str(RobotKind.UNITREE_G1)
    robot_description: Path | None = None
    skip_bind_pose: bool | None = None
    roles: dict[str, str] = Field(default_factory=dict)
    up: Annotated[str, AfterValidator(_axis)] | None = None
    unit: Annotated[str, AfterValidator(_unit)] | None = None
    floor_m: Annotated[float, AfterValidator(_floor)] | None = None
    keep_glitches: bool = False
    source_fps: Annotated[float, Field(ge=LEAST_FPS, le=MOST_FPS)] | None = None
    smpl_models: Path | None = None
    subject_from: Annotated[str, AfterValidator(_subject_rule)] | None = None
    read_as: ExportFormat | None = None
    from_robot: str | None = None
    scene: Path | None = None
    variant: Annotated[Any, BeforeValidator(_variant)] = None
    options: RetargetOptions = Field(default_factory=RetargetOptions)

    @classmethod
    def load(cls, path: str | Path) -> RunConfig:
        """Read a TOML file; paths in it are relative to its folder.

        Raises:
            OptionsError: The file is missing, not TOML, or has a wrong key or value.
        """
        path = Path(path)
        try:
            content = read_toml(path, "give the path of a run's TOML file")
            with understanding(path, "TOML of a run", "correct it"):
                try:
                    config = cls.model_validate(content)
                except ValidationError as error:
                    raise OptionsError(f"{path}: {_options_error(error, cls)}") from error
                return config._relative_to(path.parent)
        except FileFormatError as error:
            raise OptionsError(str(error)) from error

    def with_changes(self, changes: Mapping[str, Any]) -> RunConfig:
        """The same with other values of some fields, which are checked.

        Raises:
            OptionsError: One has an invalid value.
        """
        try:
            return type(self).model_validate({**dict(self), **changes})
        except ValidationError as error:
            raise _options_error(error, type(self)) from error

    def with_options(self, changes: Mapping[str, Any]) -> RunConfig:
        """The same with some options of the solver changed.

        Raises:
            OptionsError: One has an invalid value.
        """
        try:
            options = RetargetOptions.model_validate({**self.options.model_dump(), **changes})
        except ValidationError as error:
            raise _options_error(error, RetargetOptions) from error
        return self.model_copy(update={"options": options})

    @classmethod
    def of_result(cls, result: RetargetingResult) -> RunConfig:
        """The robot that a result was made with, as `retarget.worker` has recorded it.

        Raises:
            OptionsError: What is recorded is no robot.
        """
        made_with = result.provenance.get("run", {})
        try:
            return cls(
                robot=made_with.get("robot", result.robot),
                robot_description=made_with.get("robot_description"),
            )
        except (AttributeError, ValidationError):
            raise OptionsError(
                f"the result's record of its robot is {repr(made_with)[:100]}; give the robot with --robot"
            ) from None

    def robot_record(self) -> dict[str, str | None]:
        """What finds the robot again, from any folder."""
        robot = str(Path(self.robot).absolute()) if self.robot_is_a_path else self.robot
        description = self.robot_description
        return {
            "robot": robot,
            "robot_description": None if description is None else str(description.absolute()),
        }

    @model_validator(mode="after")
    def _robots_have_no_subject(self) -> Self:
        if self.from_robot is not None and self.subject_from is not None:
            raise ValueError(
                "a robot's motion is of no person: leave out --subject-from or --from-robot"
            )
        if self.from_robot is None and self.read_as is not None:
            raise ValueError(
                "--read-as is for the motions of a robot: name it with --from-robot; a human's has --format"
            )
        return self

    def _relative_to(self, folder: Path) -> RunConfig:
        from retarget.jobs.subject_rules import SubjectRule

        changes: dict[str, Any] = {}
        if self.robot_is_a_path:
            changes["robot"] = str(folder / self.robot)
        if self.robot_description is not None:
            changes["robot_description"] = folder / self.robot_description
        if self.smpl_models is not None:
            changes["smpl_models"] = folder / self.smpl_models
        if self.scene is not None:
            changes["scene"] = folder / self.scene
        if self.subject_from is not None:
            changes["subject_from"] = SubjectRule(self.subject_from).relative_to(folder).text
        return self.model_copy(update=changes)

    @property
    def robot_is_a_path(self) -> bool:
        """Whether ``robot`` names a file rather than a known robot."""
        return Path(self.robot).suffix.lower() in {".xml", ".mjcf", ".urdf", ".toml"}

    def read_motion(self, path: str | Path) -> Motion:
        """Read a motion file.

        Raises:
            FileFormatError: The file cannot be read.
            RoleError: Its skeleton's body roles cannot be found.
        """
        if self.from_robot is not None:
            from retarget.robot_recording import read_robot_recording
            from retarget.robots import load_robot

            return read_robot_recording(
                path, load_robot(self.from_robot), self.source_fps, self.read_as
            )
        from retarget.motion import read_motion

        return read_motion(
            path,
            format=self.motion_format,
            skip_bind_pose=self.skip_bind_pose,
            roles=self.roles or None,
            up=self.up,
            unit=self.unit,
            floor_m=self.floor_m,
            keep_glitches=self.keep_glitches,
            source_fps=self.source_fps,
            smpl_models=self.smpl_models,
        )

    def scene_file(self, motion: str | Path) -> Path | None:
        """The file of the things around a motion; None where there is none to be."""
        if self.scene is None:
            return None
        name = Path(split_which(Path(motion))[0]).stem
        path = Path(str(self.scene).replace("{stem}", name))
        if str(path) != str(self.scene) and not path.is_absolute():
            beside = Path(motion).parent / path
            return beside if beside.exists() or not path.exists() else path
        return path

    def read_scene(self, motion: str | Path, clip: Motion | None = None) -> Scene | None:
        """Read the things around a motion: brought along where the motion ``clip`` was, and changed as `variant` says.

        Raises:
            RetargetError: A file of theirs cannot be read, or says something that cannot be.
        """
        path = self.scene_file(motion)
        if path is None:
            return None
        from retarget.scenes import load_scene

        scene = load_scene(path)
        if clip is None:
            return scene
        if any(clip.source.origin_m):
            import numpy as np

            from retarget.scenes.moving import moved_scene

            scene = moved_scene(scene, -np.array(clip.source.origin_m))
        return scene if self.variant is None else self.variant.scene(scene, clip)

    def robot_files(self) -> tuple[Path, ...]:
        """The files that the robot is loaded from, whether they are there or not.

        Raises:
            FileFormatError: A ``robot.toml`` cannot be read.
        """
        from retarget.robots import robot_files

        return robot_files(self.robot, description=self.robot_description)

    def load_robot(self) -> RobotModel:
        """Load the robot.

        Raises:
            UnknownNameError: No such robot is known.
            RobotError: Its description cannot be used.
        """
        from retarget.robots import load_robot

        return load_robot(self.robot, description=self.robot_description)


def _options_error(error: ValidationError, model: type[BaseModel]) -> OptionsError:
    """The first of a model's complaints, with the option that it is about."""
    first = error.errors()[0]
    key = ".".join(shortened(str(part)) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        table = RetargetOptions if len(first["loc"]) > 1 else model
        return OptionsError(f"unknown key {key}; known: {', '.join(table.model_fields)}")
    problem = shortened(first["msg"].removeprefix("Value error, "), 400)
    problem = problem.replace("Input should be", "must be")
    if problem.startswith("must be"):
        problem += f", not {shortened(repr(first['input']))}"
    return OptionsError(problem, option=key)
