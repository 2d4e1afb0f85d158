"""The same stretch of a clip on every side: beside one human, in time, at one rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retarget.comparison.sides import Entry, clip_key
from retarget.config import RunConfig
from retarget.errors import OptionsError
from retarget.exchange.robot_motion import read_robot_motion
from retarget.foreign_result import foreign_result
from retarget.result import RetargetingResult
from retarget.robots.model import RobotModel

__all__ = ["Given", "Laid", "lay_beside"]

_LEAST_S = 0.3  # that all sides must have of a clip


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of files of other tools.

    Attributes:
        robot: The robot that they are of.
        description: TOML that describes it.
        sources: The human motion that they were made from, or a folder of such.
        scene: Things around that human, or a pattern of a file beside each, with ``{stem}``.
        world_scale: How large their world is over the human's; None finds it.
    """

    robot: str | None = None
    description: Path | None = None
    sources: Path | None = None
    scene: Path | None = None
    world_scale: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A side's motion beside the human.

    Attributes:
        result: The stretch that all sides have, at the rate of the slowest.
        robot: Its robot.
        offset_s: When its motion begins in the human's, seconds.
        likeness: Correlation of how its limbs and the human's rise and fall; None of results of ours, which have the
            human beside them, and where one of the two stands still.
    """

    result: RetargetingResult
    robot: RobotModel
    offset_s: float
    likeness: float | None = None


def lay_beside(entries: Sequence[Entry], given: Given) -> list[Laid]:
    """Lay the sides of one clip beside each other.

    Raises:
        OptionsError: A file of another tool has no robot or no human named, or is of another take; or there is no
            stretch that all sides have.
        RetargetError: A file cannot be read.
    """
    own = {
        index: RetargetingResult.load_npz(entry.path)
        for index, entry in enumerate(entries)
        if entry.own
    }
    laid: list[Laid] = []
    rates = []
    for index, entry in enumerate(entries):
        if index in own and (given.scene is None or own[index].scene is not None):
            result = own[index]
            laid.append(Laid(result, RunConfig.of_result(result).load_robot(), 0.0))
            rates.append(result.fps)
        else:
            source = _source(entry, list(own.values()), given)
            robot = _robot(entry, own.get(index), given)
            one, fps = _foreign(entry, robot, source, given, _world_scale(own.get(index), given))
            laid.append(one)
            rates.append(fps)
    return _common(laid, min(rates))


def _robot(entry: Entry, own: RetargetingResult | None, given: Given) -> RobotModel:
    """The robot that a side is of."""
    if own is not None:
        return RunConfig.of_result(own).load_robot()
    if given.robot is None:
        raise OptionsError(
            f"{entry.path}: is no result of ours; if it is another tool's robot motion, name its robot with --robot"
        )
    return RunConfig(robot=given.robot, robot_description=given.description).load_robot()


def _world_scale(own: RetargetingResult | None, given: Given) -> float | None:
    """How large a side's world is over the human's, where that is known: a result of ours says it."""
    scale = given.world_scale if own is None else own.provenance.get("scale")
    return float(scale) if isinstance(scale, int | float) and given.scene is not None else None


def _foreign(
    entry: Entry, robot: RobotModel, source: Path, given: Given, world_scale: float | None
) -> tuple[Laid, float]:
    """Another tool's motion beside its human, or one of ours that knows nothing of the things around it."""
    config = RunConfig(scene=given.scene)
    motion = read_robot_motion(entry.path, robot, fps=entry.fps, kind=entry.kind)
    human = config.read_motion(source)
    result, found = foreign_result(
        motion,
        robot,
        human,
        scene=config.read_scene(source, human),
        world_scale=world_scale,
    )
    if found is None:
        return Laid(result, robot, 0.0), motion.fps
    return Laid(result, robot, found.offset_s, found.likeness), motion.fps


def _source(entry: Entry, own: Sequence[RetargetingResult], given: Given) -> Path:
    """The human motion that another tool's file was made from."""
    if given.sources is not None:
        return _of_sources(given.sources, entry.name, own)
    for result in own:
        recorded = _recorded_source(result)
        if recorded is not None and recorded.exists():
            return recorded
    raise OptionsError(
        f"{entry.path}: nothing tells which human motion it was made from; give it, or a folder of such (--sources)"
    )


def _of_sources(sources: Path, name: str, own: Sequence[RetargetingResult]) -> Path:
    if not sources.is_dir():
        return sources
    wanted = {name, *(clip_key(str(path)) for one in own if (path := _recorded_source(one)))}
    files = sorted(file for file in sources.rglob("*") if file.is_file())
    found = [file for file in files if clip_key(file.name) in wanted]
    if not found:
        found = [file for file in files if len(stem := clip_key(file.name)) > 4 and stem in name]
    if len(found) != 1:
        what = "no file" if not found else f"{len(found)} files"
        raise OptionsError(
            f"{sources}: holds {what} of the clip {name!r}; name the file as the clip"
        )
    return found[0]


def _recorded_source(result: RetargetingResult) -> Path | None:
    motion: Any = result.provenance.get("motion")
    path = motion.get("path") if isinstance(motion, dict) else None
    return Path(path) if isinstance(path, str) and path else None


def _common(laid: Sequence[Laid], fps: float) -> list[Laid]:
    """The stretch that all sides have, at one rate."""
    scales = {one.result.provenance.get("time_scale", 1.0) for one in laid}
    begin = max(max(one.offset_s, 0.0) for one in laid)
    end = min(max(one.offset_s, 0.0) + one.result.duration for one in laid)
    if len(laid) > 1 and len(scales) > 1:
        raise OptionsError(
            "the sides play the clip at different speeds (time_scale); retarget it with the same one"
        )
    if end - begin < _LEAST_S:
        raise OptionsError(f"all sides together have {max(end - begin, 0):.2f} s of the clip")
    cut = []
    for one in laid:
        result = one.result.resampled(fps)
        first = round((begin - max(one.offset_s, 0.0)) * fps)
        cut.append(replace(one, result=result.frames(first, first + int((end - begin) * fps))))
    return cut
