"""Who is to be seen, where they stand, and what is marked on them: one clip, ready to be drawn at any frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

import numpy as np
from jaxtyping import Float64, Int64

from retarget.drawing.figures import (
    Capsules,
    human_capsules,
    human_leg_length,
    robot_capsules,
    robot_leg_length,
)
from retarget.drawing.look import COMPARED, HUMAN, ROBOT
from retarget.drawing.marks import Marks, find_marks
from retarget.drawing.placing import Cast, beside_first, heading_of, onto_robot, yaw_of
from retarget.drawing.props import Prop, Strip, props_of, wide_across
from retarget.errors import OptionsError
from retarget.result import SourceClip
from retarget.scene_track import SceneTrack
from retarget.scenes.tracked import robot_things, source_things
from retarget.solver.kinematics.forward import forward_kinematics

__all__ = ["Actor", "Cast", "Layout", "Stage", "set_stage"]

Layout: TypeAlias = Literal["beside", "over"]

_APART: Final = 2.1  # leg lengths between those who stand beside each other
_FARTHEST: Final = 4.0  # of these where what they stand on is wide
_HUMAN: Final = "human"  # its name
_ENOUGH: Final = ("left_hip", "right_hip", "left_knee", "left_ankle", "pelvis")


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """A human or robot on the stage.

    Attributes:
        name: What to call it.
        colours: By side of the body.
        shape: Its capsules at some of its frames, in the stage's world.
        frames: How many frames it has.
        first: The stage's frame of its first one.
        path: Where its pelvis is, metres; cameras follow it.
        offset: What was added to where it is, metres.
        faint: Whether others are seen through it.
        cast: The result and robot; None for humans.
        marks: Of robots, without the offset.
    """

    name: str
    colours: dict[int, str]
    shape: Callable[[Int64[np.ndarray, "I"]], Capsules]
    frames: int
    first: int
    path: Float64[np.ndarray, "T 3"]
    offset: Float64[np.ndarray, "3"]
    faint: bool = False
    cast: Cast | None = None
    marks: Marks | None = None

    def poses(self, frame: int) -> tuple[Float64[np.ndarray, "B 3"], Float64[np.ndarray, "B 3 3"]]:
        """Places and turns of a robot's bodies in one of its frames, metres."""
        assert self.cast is not None
        qpos = self.cast.result.qpos[frame : frame + 1]
        places, turns = forward_kinematics(qpos, self.cast.robot)
        return places[0] + self.offset, turns[0]

    def frame(self, frame: int) -> int:
        """Its own frame at one of the stage's; before it begins and after its end it waits."""
        return min(max(frame - self.first, 0), self.frames - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A clip with all who are in it.

    Attributes:
        title: Its name.
        fps: Frames per second.
        frames: How many.
        actors: Humans and robots.
        azimuth: Direction that the first one faces on average, about z, radians.
        height: How tall the tallest of them is, about, metres.
        facts: Short texts about the clip.
        props: Things around them.
    """

    title: str
    fps: float
    frames: int
    actors: tuple[Actor, ...]
    azimuth: float
    height: float
    facts: tuple[str, ...] = field(default_factory=tuple)
    props: tuple[Prop, ...] = ()

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.frames / self.fps

    def centre(self, frame: int) -> Float64[np.ndarray, "3"]:
        """Middle of all pelvises in a frame, on the floor."""
        middle = np.mean([actor.path[actor.frame(frame)] for actor in self.actors], axis=0)
        return np.array([middle[0], middle[1], 0.0])

    def pelvis_heights(self) -> Float64[np.ndarray, "F"]:
        """Mean height of all pelvises in each frame, metres."""
        heights = [
            [actor.path[actor.frame(frame), 2] for actor in self.actors]
            for frame in range(self.frames)
        ]
        return np.asarray(np.mean(heights, axis=1))


def set_stage(
    title: str,
    casts: Sequence[Cast],
    *,
    human: SourceClip | None = None,
    fps: float = 0.0,
    layout: Layout = "beside",
    with_human: bool = True,
    facts: Sequence[str] = (),
) -> Stage:
    """Place a human and robots.

    The human has the robot's size, so that both take the same way; beside each other all stand in a row across the
    direction that the first one faces. Motions of other tools, which begin anywhere, are laid onto the first one's way.

    Args:
        title: Name of the clip.
        casts: Results; the first one gives the rate and length, and its human is shown.
        human: The human of a recording without robots.
        fps: Frames per second of such a recording.
        layout: Beside each other, or the human over the robot.
        with_human: Whether the human is shown.
        facts: Short texts about the clip.

    Raises:
        OptionsError: There is nothing to show, or the human lacks joints without which nobody can be drawn.
    """
    if not casts:
        if human is None or not len(human.positions):
            raise OptionsError(f"{title}: has no frames to show")
        _require(title, human)
        actor = _human_actor(human, 1.0, 0.0, np.zeros(3), np.zeros(3), faint=False)
        height = 2.2 * human_leg_length(human)
        return Stage(
            title, fps, actor.frames, (actor,), heading_of(human, 0.0), height, tuple(facts)
        )
    first = casts[0]
    source = first.result.source
    if not len(first.result):
        raise OptionsError(f"{title}: has no frames to show")
    _require(title, source)
    leg = robot_leg_length(first.robot)
    scale, yaw = leg / human_leg_length(source), yaw_of(first)
    azimuth = heading_of(source, yaw)
    along = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    apart = _apart(first, leg, along) * along
    rate = first.result.fps
    robots = [_robot_actor(first, ROBOT, np.zeros(3), rate)]
    robots += [
        _robot_actor(beside_first(cast, first), COMPARED, -k * apart, rate)
        for k, cast in enumerate(casts[1:], 1)
    ]
    humans = []
    if with_human:
        to_robot = onto_robot(source, scale, yaw, first.result)
        beside = np.zeros(3) if layout == "over" else apart
        humans = [
            _human_actor(source, scale, yaw, to_robot, beside, faint=layout == "over"),
        ]
    frames = max(len(first.result), *(actor.first + actor.frames for actor in robots))
    actors = (*robots, *humans)
    props = _props_of_robots(robots, apart, alone=len(actors) == 1 or layout == "over")
    if humans and layout == "beside" and first.result.scene is not None:
        props += _props_of_human(first.result.scene, scale, yaw, to_robot, apart)
    return Stage(title, rate, frames, actors, azimuth, 2.2 * leg, tuple(facts), tuple(props))


def _apart(first: Cast, leg: float, along: Float64[np.ndarray, "3"]) -> float:
    """How far those who stand beside each other are apart, metres: farther where what they stand on is wide."""
    scene = first.result.scene
    wide = 0.0 if scene is None else wide_across(robot_things(scene), along)
    return float(np.clip(wide + 0.3 * leg, _APART * leg, _FARTHEST * leg))


def _props_of_robots(
    robots: Sequence[Actor], apart: Float64[np.ndarray, "3"], *, alone: bool
) -> list[Prop]:
    found: list[Prop] = []
    for actor in robots:
        assert actor.cast is not None
        if (scene := actor.cast.result.scene) is not None:
            strip = None if alone else _strip(actor, apart)
            found += props_of(
                robot_things(scene), actor.name, actor.offset, first=actor.first, strip=strip
            )
    return found


def _strip(actor: Actor, apart: Float64[np.ndarray, "3"]) -> Strip:
    """The part of the floor that is a figure's, around the middle of its way."""
    gap = float(np.linalg.norm(apart))
    across = apart / gap
    way = actor.path @ across
    return Strip(across, float(way.min() + way.max()) / 2, (gap + float(np.ptp(way))) / 2)


def _props_of_human(
    scene: SceneTrack,
    scale: float,
    yaw: float,
    to_robot: Float64[np.ndarray, "3"],
    apart: Float64[np.ndarray, "3"],
) -> list[Prop]:
    """What is around the human, in the robot's size like it."""
    sine, cosine = np.sin(yaw), np.cos(yaw)
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1.0]])
    return props_of(source_things(scene), _HUMAN, to_robot + apart, turn=turn, scale=scale)


def _require(title: str, source: SourceClip) -> None:
    lacking = [role for role in _ENOUGH if role not in source.position_roles]
    if lacking:
        raise OptionsError(f"{title}: the human has no {', '.join(lacking)}; nobody can be drawn")


def _robot_actor(
    cast: Cast, colours: dict[int, str], offset: Float64[np.ndarray, "3"], fps: float
) -> Actor:
    result, robot = cast.result, cast.robot

    def shape(frames: Int64[np.ndarray, "I"]) -> Capsules:
        return _moved(robot_capsules(result.qpos[frames], robot), offset)

    return Actor(
        cast.name,
        colours,
        shape,
        len(result),
        round(cast.starts_s * fps),
        result.qpos[:, :3] + offset,
        offset,
        cast=cast,
        marks=find_marks(
            result.qpos,
            result.contacts,
            result.fps,
            robot,
            result.source,
            yaw_of(cast),
            () if result.scene is None else robot_things(result.scene)[1:],
        ),
    )


def _human_actor(
    source: SourceClip,
    scale: float,
    yaw: float,
    shift: Float64[np.ndarray, "3"],
    offset: Float64[np.ndarray, "3"],
    *,
    faint: bool,
) -> Actor:
    sine, cosine = np.sin(yaw), np.cos(yaw)
    turn = scale * np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])

    def at(frames: Int64[np.ndarray, "I"]) -> SourceClip:
        places = source.positions[frames].astype(np.float64) @ turn + shift + offset
        return replace(source, positions=places, rotations=source.rotations[frames])

    return Actor(
        _HUMAN,
        HUMAN,
        lambda frames: human_capsules(at(frames)),
        len(source.positions),
        0,
        source.position("pelvis") @ turn + shift + offset,
        offset,
        faint=faint,
    )


def _moved(capsules: Capsules, offset: Float64[np.ndarray, "3"]) -> Capsules:
    return replace(capsules, starts=capsules.starts + offset, ends=capsules.ends + offset)
