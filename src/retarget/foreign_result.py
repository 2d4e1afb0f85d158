"""A robot motion of another tool as a result of ours: beside the human that it was made from, aligned in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from jaxtyping import Float64

from retarget._version import __version__
from retarget.errors import OptionsError
from retarget.evaluation import MEASURES, ClipReport, evaluate_result
from retarget.evaluation.gates import Gates, measure_behind
from retarget.exchange.robot_motion import RobotMotion
from retarget.foreign_scene import scene_beside
from retarget.geometry import slerp
from retarget.motion.body_contacts import BODY_CONTACTS
from retarget.motion.contacts import find_contacts
from retarget.motion.doubts import Doubt
from retarget.motion.fitting.anatomy import find_anatomy
from retarget.motion.ground.level_floor import on_level_floor
from retarget.motion.motion import Motion
from retarget.pipeline import source_clip
from retarget.result import RetargetingResult
from retarget.robot_recording import motion_of_robot
from retarget.robots.model import RobotModel
from retarget.scenes.inspection import misalignment
from retarget.scenes.meeting import meet
from retarget.scenes.scene import Scene

__all__ = ["Alignment", "align", "foreign_result", "judge_alone", "limb_rises"]

_LEAST_LIKENESS: Final = 0.7  # of how limbs rise: one take has over 0.9
_LIMBS: Final = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
_LEAST_OVERLAP_S: Final = 1.0
_LEAST_SHARE: Final = 0.5  # of the shorter motion
_STILL: Final = 0.01  # standard deviation of each limb's rise under which nothing can be aligned
_TIE: Final = 2e-3  # of likeness: the smaller offset is taken
_UNSURE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a robot motion lies beside its source in time.

    Attributes:
        offset_s: Time in the source at which the robot motion begins, seconds; negative where it begins before.
        likeness: Correlation of how limbs rise and fall, 1 at best; None where one of the two stands still.
        first: First frame of the source that both have.
        frames: Frames that both have, at the source's rate.
    """

    offset_s: float
    likeness: float | None
    first: int
    frames: int


def align(
    robot: Float64[np.ndarray, "N K"], human: Float64[np.ndarray, "M K"], fps: float
) -> Alignment:
    """Find the offset between two sets of curves of one rate: how each limb rises, see `limb_rises`.

    Raises:
        OptionsError: They are not of one take, or one is too short.
    """
    shorter = min(len(robot), len(human))
    least = max(int(_LEAST_OVERLAP_S * fps), int(_LEAST_SHARE * shorter))
    if shorter < least or shorter < 3:
        raise OptionsError(
            f"{shorter / fps:.2f} s are too short to be laid beside each other; give clips of {_LEAST_OVERLAP_S:g} s"
        )
    if robot.std(axis=0).max() < _STILL or human.std(axis=0).max() < _STILL:
        return Alignment(0.0, None, 0, shorter)
    lags = np.arange(least - len(robot), len(human) - least + 1)
    likeness = _likeness(robot, human)[lags + len(robot) - 1]
    close = np.flatnonzero(likeness >= likeness.max() - _TIE)
    at = int(close[np.abs(lags[close]).argmin()])
    near = slice(max(at - 2, 0), at + 3)
    at = near.start + int(likeness[near].argmax())
    lag, alike = int(lags[at]), float(likeness[at])
    if alike < _LEAST_LIKENESS:
        raise OptionsError(
            f"the robot's limbs rise and fall unlike the source's (likeness {alike:.2f} at best): another take, or "
            "another rate; check --source and the file's frames per second"
        )
    first, end = max(lag, 0), min(len(human), lag + len(robot))
    return Alignment(lag / fps, alike, first, end - first)


def _likeness(
    robot: Float64[np.ndarray, "N K"], human: Float64[np.ndarray, "M K"]
) -> Float64[np.ndarray, "L"]:
    """Correlation of all curves together at each lag from 1 - N to M - 1, each about its mean over the overlap."""
    from scipy.signal import correlate

    ones = np.ones((len(robot), 1)), np.ones((len(human), 1))
    # About their means first: of large sums little would be left.
    robot, human = robot - robot.mean(axis=0), human - human.mean(axis=0)

    def over_lags(
        ours: Float64[np.ndarray, "N k"], theirs: Float64[np.ndarray, "M k"]
    ) -> Float64[np.ndarray, "L K"]:
        return np.stack(
            [
                correlate(theirs[:, k % theirs.shape[1]], ours[:, k % ours.shape[1]], method="fft")
                for k in range(max(ours.shape[1], theirs.shape[1]))
            ],
            axis=1,
        )

    count = np.rint(over_lags(*ones))
    one, other = over_lags(robot, ones[1]), over_lags(ones[0], human)
    both = (over_lags(robot, human) - one * other / count).sum(axis=1)
    energies = [
        (over_lags(robot**2, ones[1]) - one**2 / count).sum(axis=1),
        (over_lags(ones[0], human**2) - other**2 / count).sum(axis=1),
    ]
    size = np.sqrt(np.maximum(energies[0], 0) * np.maximum(energies[1], 0))
    return np.asarray(np.where(size > 1e-9, both / np.maximum(size, 1e-9), 0.0))


def limb_rises(motion: Motion) -> Float64[np.ndarray, "T 8"]:
    """How far each limb points up: the vertical part of the unit directions of thighs, shanks, upper arms and forearms.

    Neither size, nor heading, nor place count in it, so that it is alike for a human and a robot that follows.
    """
    rises = []
    for side in ("left", "right"):
        for above, below in _LIMBS:
            line = motion.role_positions(f"{side}_{below}") - motion.role_positions(
                f"{side}_{above}"
            )
            rises.append(line[:, 2] / np.maximum(np.linalg.norm(line, axis=1), 1e-9))
    return np.stack(rises, axis=1).astype(np.float64)


def foreign_result(
    motion: RobotMotion,
    robot: RobotModel,
    source: Motion | None,
    *,
    scene: Scene | None = None,
    world_scale: float | None = None,
) -> tuple[RetargetingResult, Alignment | None]:
    """A robot motion with the human beside it, as `evaluate_result` and all that takes results want it.

    Args:
        motion: The robot's motion.
        robot: The robot.
        source: The human motion that it was made from; None lays its own bodies beside it.
        scene: Things around the human, whose floor is at z = 0 then. The file's own poses of them hold.
        world_scale: How much smaller than the human the file's world is, where it does not say where things are; None
            finds it.

    Returns:
        The result at the source's rate, cut to what both have; and how they lie in time.

    Raises:
        OptionsError: The two are not of one take; or the file has other things than the scene, or is in another world.
        RoleError: The source lacks a role.
    """
    alone, made_fps = source is None, motion.fps
    scene = None if scene is None or scene.is_empty else scene
    if scene is not None and alone:
        raise OptionsError(
            f"{motion.path}: things are around the human; give the motion that it was made from, too (--source)"
        )
    if source is not None:
        motion = _at_rate(motion, source.fps)
    bodies = motion_of_robot(motion, robot)
    clip = bodies if source is None else source
    clip = on_level_floor(clip).motion if scene is None else _on_scenes_floor(clip)
    anatomy = find_anatomy(clip)
    contacts = find_contacts(anatomy)
    found: Alignment | None = None
    rows = slice(0, len(clip))
    if not alone:
        try:
            found = align(limb_rises(bodies), limb_rises(clip), clip.fps)
        except OptionsError as error:
            raise OptionsError(f"{motion.path}: {error}") from None
        rows = slice(found.first, found.first + found.frames)
        begin = found.first - round(found.offset_s * clip.fps)
        motion = _part(motion, slice(begin, begin + found.frames))
    floor, track = contacts.floor, None
    doubts = (*motion.doubts, *_alignment_doubts(found))
    among: dict[str, Any] = {}
    if scene is not None:
        meeting = meet(anatomy, contacts, scene)
        contacts, floor = meeting.contacts, 0.0
        track, more = scene_beside(motion, robot, meeting, anatomy.leg_length, rows, world_scale)
        doubts += more
        warnings = misalignment(meeting)
        among = {"scene": {**scene.as_json(), "warnings": warnings}, "scale": track.scale}
    human = source_clip(clip, floor)
    record = clip.source.as_json()
    record["doubts"] = [*record["doubts"], *(doubt.as_json() for doubt in doubts if not alone)]
    result = RetargetingResult(
        qpos=np.ascontiguousarray(motion.qpos),
        fps=clip.fps,
        joint_names=robot.joint_names,
        robot=robot.name,
        contacts=contacts.stance[rows],
        body_contacts=contacts.body[rows],
        body_contact_names=BODY_CONTACTS,
        frame_cost=np.zeros(len(motion)),
        source=replace(human, positions=human.positions[rows], rotations=human.rotations[rows]),
        scene=track,
        provenance={
            "version": __version__,
            "motion": record,
            "robot": robot.name,
            "robot_sha256": robot.sha256,
            "made_elsewhere": _made(motion, made_fps, found),
            **among,
        },
    )
    return result, found


def _on_scenes_floor(motion: Motion) -> Motion:
    return replace(motion, source=replace(motion.source, floor_m=0.0))


def _made(motion: RobotMotion, made_fps: float, found: Alignment | None) -> dict[str, Any]:
    return {
        "path": str(motion.path),
        "sha256": motion.sha256,
        "format": str(motion.kind),
        "fps": made_fps,
        "joints_at_zero": list(motion.held),
        "offset_s": None if found is None else found.offset_s,
        "likeness": None if found is None else found.likeness,
    }


def _alignment_doubts(found: Alignment | None) -> Iterable[Doubt]:
    if found is None:
        return
    if found.likeness is None:
        yield Doubt("rate", 0.3, "no limb moves; both are taken to begin together")
    elif found.likeness < _UNSURE:
        reason = f"limbs rise and fall alike by {found.likeness:.2f} only: another rate or take"
        yield Doubt("rate", min(1.0, 1.0 - found.likeness), reason)


def _part(motion: RobotMotion, rows: slice) -> RobotMotion:
    """Some frames of a robot's motion, with the things around it."""
    objects = None if motion.objects is None else motion.objects[rows]
    return replace(motion, qpos=motion.qpos[rows], objects=objects)


def _at_rate(motion: RobotMotion, wanted: float) -> RobotMotion:
    """A robot's motion at another rate, and the things around it."""
    objects = motion.objects
    if objects is not None and objects.shape[1]:
        paths = [_resampled(objects[:, o], motion.fps, wanted) for o in range(objects.shape[1])]
        objects = np.stack(paths, axis=1)
    qpos = _resampled(motion.qpos, motion.fps, wanted)
    return replace(motion, qpos=qpos, objects=objects, fps=wanted)


def _resampled(
    qpos: Float64[np.ndarray, "T Q"], fps: float, wanted: float
) -> Float64[np.ndarray, "S Q"]:
    """Configurations at another rate: places and angles between their neighbours, rotations by slerp."""
    if fps == wanted or len(qpos) < 2:
        return qpos
    count = int(np.floor((len(qpos) - 1) * wanted / fps + 1e-9)) + 1
    time = np.minimum(np.arange(count) * (fps / wanted), len(qpos) - 1)
    before = np.minimum(time.astype(np.int64), len(qpos) - 2)
    share = time - before
    out = qpos[before] * (1 - share[:, None]) + qpos[before + 1] * share[:, None]
    out[:, 3:7] = slerp(qpos[before, 3:7], qpos[before + 1, 3:7], share)
    return np.asarray(out)


def judge_alone(
    result: RetargetingResult, robot: RobotModel, *, clip: str = "", gates: Gates | None = None
) -> ClipReport:
    """Measure a motion that has no source: what is measured beside a human has no value."""
    gates = gates or Gates.named("train-ready")
    report = evaluate_result(result, robot, clip=clip, gates=gates)
    measures = {
        name: measure.model_copy(update={"value": None}) if MEASURES[name].beside_human else measure
        for name, measure in report.measures.items()
    }
    seconds = {measure_behind(gate.measure).name: gate.at_s for gate in report.gates}
    checked = gates.check(measures, seconds.get)
    return report.model_copy(update={"measures": measures, "gates": checked})
