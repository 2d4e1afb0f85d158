"""From files to what is shown: results, other tools' robot motions beside their source, and recordings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from retarget.config import RunConfig
from retarget.drawing.stage import Cast, Layout, Stage, set_stage
from retarget.errors import OptionsError
from retarget.result import RetargetingResult, SourceClip
from retarget.result_file import is_result_file
from retarget.wording import counted

if TYPE_CHECKING:
    from retarget.motion import Motion
    from retarget.robots import RobotModel

__all__ = ["Clip", "Opening", "open_clip", "stage_of"]


@dataclass(frozen=True, slots=True)
class Opening:
    """How files are to be understood.

    Attributes:
        robot: Robot of motions that are not ours, by name or path; of ours the one they were made with.
        robot_description: TOML that describes that robot.
        source: The human motion that another tool's file was made from.
        source_fps: Frames per second of files that do not say it.
        read_as: Format of other tools' files; told from them when None.
        compare: Other results, or other tools' files, to stand beside.
        meshes: Folder or model file with the robot's meshes.

    Example:
        >>> Opening(robot="unitree_g1").compare
        ()
    """

    robot: str | None = None
    robot_description: Path | None = None
    source: Path | None = None
    source_fps: float | None = None
    read_as: str | None = None
    compare: tuple[Path, ...] = ()
    meshes: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """What one file holds, and what stands beside it.

    Attributes:
        title: Its name.
        casts: Results with their robots; none of a recording.
        recording: The result of a recording: nothing but its human.
        facts: Short texts about it.
    """

    title: str
    casts: tuple[Cast, ...]
    recording: Motion | None
    facts: tuple[str, ...]


def open_clip(path: Path, opening: Opening) -> Clip:
    """Read a file and what is to stand beside it.

    Raises:
        RetargetError: A file cannot be read, or does not go with the others.
    """
    if not is_result_file(path) and opening.robot is None:
        return _recording(path, opening)
    first = _cast(path, opening, path.stem)
    others = [_cast(other, opening, other.stem, first) for other in opening.compare]
    names = [first.name, *(other.name for other in others)]
    if not others:  # the clip's name is the title's
        names = [first.robot.name]
    if len(set(names)) < len(names):  # files of several tools often have the clip's name
        names = [f"{one.name} ({n})" for n, one in enumerate([first, *others], 1)]
    casts = [replace(one, name=name) for one, name in zip([first, *others], names, strict=True)]
    if opening.meshes is not None:
        casts = [_dressed(cast, opening.meshes) for cast in casts]
    return Clip(path.stem, tuple(casts), None, _facts(first.result))


def stage_of(clip: Clip, *, layout: Layout = "beside", with_human: bool = True) -> Stage:
    """Place who is in a clip.

    Raises:
        OptionsError: There is nothing to show.
    """
    if clip.recording is not None:
        motion = clip.recording
        return set_stage(clip.title, [], human=_human_of(motion), fps=motion.fps, facts=clip.facts)
    return set_stage(clip.title, clip.casts, layout=layout, with_human=with_human, facts=clip.facts)


def _dressed(cast: Cast, place: Path) -> Cast:
    from retarget.drawing.meshes import read_meshes

    return replace(cast, meshes=read_meshes(cast.robot, place))


def _human_of(motion: Motion) -> SourceClip:
    """The human of a recording on its floor, as a result would keep it."""
    from retarget.motion.contacts import find_contacts
    from retarget.motion.fitting.anatomy import find_anatomy
    from retarget.motion.ground.level_floor import on_level_floor
    from retarget.pipeline import source_clip

    level = on_level_floor(motion).motion
    return source_clip(level, find_contacts(find_anatomy(level)).floor)


def _recording(path: Path, opening: Opening) -> Clip:
    if opening.compare or opening.source is not None:
        raise OptionsError(
            f"{path}: is a recording, which stands alone; give a result, or another tool's file with --robot"
        )
    motion = RunConfig(source_fps=opening.source_fps).read_motion(path)
    facts = (
        f"{counted(len(motion), 'frame')} at {motion.fps:.4g} fps, {len(motion) / motion.fps:.1f} s",
        *(f"doubt: {doubt.text}" for doubt in motion.source.doubts),
    )
    return Clip(path.stem, (), motion, facts)


def _cast(path: Path, opening: Opening, name: str, beside: Cast | None = None) -> Cast:
    if is_result_file(path):
        result = RetargetingResult.load_npz(path)
        return Cast(name, result, _robot_of(result))
    from retarget.exchange.robot_motion import read_robot_motion
    from retarget.foreign_result import align, foreign_result, limb_rises
    from retarget.robot_recording import motion_of_robot

    robot = _robot_given(path, opening, beside)
    motion = read_robot_motion(path, robot, fps=opening.source_fps, kind=opening.read_as)
    if opening.source is not None:
        human = RunConfig().read_motion(opening.source)
        result, found = foreign_result(motion, robot, human)
        return Cast(name, result, robot, found.first / result.fps if found is not None else 0.0)
    result, _ = foreign_result(motion, robot, None)
    if beside is None:
        return Cast(name, result, robot)
    result = result.resampled(beside.result.fps)
    theirs = motion_of_robot(replace(motion, qpos=result.qpos, fps=result.fps), robot)
    ours = motion_of_robot(
        replace(
            motion,
            qpos=beside.result.qpos,
            joint_names=beside.robot.joint_names,
            robot=beside.robot.name,
            fps=beside.result.fps,
        ),
        beside.robot,
    )
    found = align(limb_rises(theirs), limb_rises(ours), result.fps)
    return Cast(name, result, robot, beside.starts_s + found.offset_s)


def _robot_given(path: Path, opening: Opening, beside: Cast | None) -> RobotModel:
    if opening.robot is not None:
        config = RunConfig(robot=opening.robot, robot_description=opening.robot_description)
        return config.load_robot()
    if beside is not None:
        return beside.robot
    raise OptionsError(
        f"{path}: is no result of ours; if it is another tool's robot motion, name its robot with --robot"
    )


def _robot_of(result: RetargetingResult) -> RobotModel:
    return RunConfig.of_result(result).load_robot()


def _facts(result: RetargetingResult) -> tuple[str, ...]:
    facts = [
        f"{result.robot}: {counted(len(result), 'frame')} at {result.fps:.4g} fps, {result.duration:.1f} s"
    ]
    facts += [
        f"{hold.point} gives way from {hold.start_s:.2f} to {hold.end_s:.2f} s by {hold.distance:.2f} m"
        for hold in result.yielded[:3]
    ]
    return tuple(facts)
