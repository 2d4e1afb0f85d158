"""``retarget evaluate`` on robot motions of other tools: scored like ours, aligned in time to their source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retarget.cli.support import options
from retarget.cli.support.common import UsageError, require_file, require_motion, say
from retarget.cli.support.outputs import Output, check_outputs
from retarget.wording import counted

if TYPE_CHECKING:
    from retarget.evaluation import ClipReport, Gates
    from retarget.exchange.robot_motion import RobotMotion
    from retarget.result import RetargetingResult
    from retarget.robots import RobotModel

__all__ = ["Foreign", "judge_foreign", "read_foreign"]


@dataclass(frozen=True, slots=True)
class Foreign:
    """A robot motion of another tool, and what to judge it with.

    Attributes:
        source: The human motion that it was made from.
        robot: The robot that it is of.
        description: TOML that describes that robot.
        fps: Frames per second, where the file does not say it.
        kind: Its format; told from the file when None.
        save_result: Where to write it as a result of ours.
        scene: Things around that human.
        world_scale: How large the file's world is over the human's.
    """

    source: Path | None
    robot: str | None
    description: Path | None
    fps: float | None
    kind: str | None
    save_result: Path | None
    scene: Path | None = None
    world_scale: float | None = None


def judge_foreign(path: Path, given: Foreign, gates: Gates | None = None) -> ClipReport:
    """Score a robot motion of another tool; by the usual gates where none are given.

    Raises:
        UsageError: Its robot is not named, or a file is missing.
        RetargetError: It cannot be read, or is not of the source's take.
    """
    from retarget.config import RunConfig
    from retarget.evaluation import evaluate_result
    from retarget.foreign_result import foreign_result, judge_alone

    config = RunConfig(scene=given.scene)
    if given.scene is not None and given.source is None:
        raise UsageError("--scene says what is around the human: give its motion, too (--source)")
    if given.world_scale is not None and given.scene is None:
        raise UsageError("--world-scale is for things around the robot; give them with --scene")
    if given.save_result is not None:
        read = [path, given.source, given.scene]
        check_outputs([Output(given.save_result, "a result", (".npz",))], read)
    source = None if given.source is None else require_motion(given.source)
    around = None if source is None else config.scene_file(source)
    if around is not None:
        require_file(around, "the things around the motion (.toml)")
    motion, robot = read_foreign(path, given.robot, given.description, given.fps, given.kind)
    human = None if source is None else config.read_motion(source)
    scene = None if source is None else config.read_scene(source, human)
    result, found = foreign_result(motion, robot, human, scene=scene, world_scale=given.world_scale)
    for note in _said_of_things(motion, result):
        say(f"note: {path}: {note}")
    if found is None:
        say(
            f"note: {path}: without --source nothing tells how well it follows; those measures are empty"
        )
        report = judge_alone(result, robot, clip=path.name, gates=gates)
    else:
        alike = "" if found.likeness is None else f", limbs alike by {found.likeness:.3f}"
        say(
            f"note: {path}: begins {found.offset_s:+.3f} s into {given.source}{alike}; "
            f"{found.frames} frames at {result.fps:g} fps are compared"
        )
        report = evaluate_result(result, robot, clip=path.name, gates=gates)
    if given.save_result is not None:
        result.save_npz(given.save_result)
    return report


def _said_of_things(motion: RobotMotion, result: RetargetingResult) -> Iterator[str]:
    """What people should know of the things around another tool's robot."""
    if result.scene is None:
        count = 0 if motion.objects is None else motion.objects.shape[1]
        if count:
            yield (
                f"has {counted(count, 'thing')} beside the robot, of which nothing is measured without --source and "
                "--scene"
            )
        return
    yield from (
        doubt["reason"]
        for doubt in result.provenance["motion"]["doubts"]
        if doubt["name"] == "things"
    )
    yield from result.provenance["scene"]["warnings"]
    yield f"its world is {result.scene.scale:.4f} times as large as the human's"


def read_foreign(
    path: Path,
    name: str | None,
    description: Path | None,
    fps: float | None,
    kind: str | None = None,
) -> tuple[RobotMotion, RobotModel]:
    """A robot motion of another tool, and the robot that it is of.

    Raises:
        UsageError: Its robot is not named, or a file is missing.
        RetargetError: It cannot be read.
    """
    from retarget.config import RunConfig
    from retarget.exchange.robot_motion import read_robot_motion

    if name is None:
        raise UsageError(
            f"{path}: is no result of ours; if it is another tool's robot motion, name its robot with --robot"
        )
    if not path.exists():
        raise UsageError(f"{path}: no such file; give the path of a robot's motion")
    config = RunConfig(robot=name, robot_description=description)
    options.require_robot_files(config)
    robot = config.load_robot()
    motion = read_robot_motion(path, robot, fps=fps, kind=kind)
    for note in motion.notes:
        say(f"note: {path}: {note}")
    return motion, robot
