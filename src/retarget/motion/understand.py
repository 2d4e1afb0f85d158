"""What a recording is: roles, unit, up axis, bind pose and glitches found out, and the motion in our world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError
from retarget.frame_rates import rate_problem
from retarget.motion.doubts import Doubt
from retarget.motion.edit import compact
from retarget.motion.faults.breadth import breadth_doubts
from retarget.motion.faults.lost import zero_frames
from retarget.motion.faults.other_bodies import other_body_doubts
from retarget.motion.faults.repair import repaired
from retarget.motion.faults.repeats import without_repeats
from retarget.motion.faults.still_limbs import still_limb_doubts
from retarget.motion.faults.uneven import uneven_doubts
from retarget.motion.fitting.bind_pose import bind_pose_frames
from retarget.motion.ground.toes import with_toes
from retarget.motion.motion import BLOCK, Motion, MotionSource
from retarget.motion.recording import Recording
from retarget.motion.skeleton.forearms import wrists_that_bend
from retarget.motion.skeleton.languages import is_of_mikumikudance
from retarget.motion.skeleton.loose_ends import with_ends_on_limbs
from retarget.motion.skeleton.names import recognised_rig
from retarget.motion.skeleton.roles import find_roles
from retarget.motion.skeleton.sides import mirror_doubts
from retarget.motion.world.conventions import (
    Unit,
    axis_rotation,
    checked_axis,
    checked_floor,
    find_unit,
    leg_length,
    unit_name,
    unit_named,
)
from retarget.motion.world.on_the_spot import on_the_spot_doubts
from retarget.motion.world.origin import brought_near, refuse_scattered

__all__ = ["motion_from_recording"]

_FARTHEST = 1e12  # in any unit; far beyond, sums and squares overflow
_FROM_PLACES = 0.05
_FROM_PLACES_REASON = (
    "the file has places and no rotations; segments were turned by what hangs on them, limbs by the plane in which "
    "they bend, which says nothing while they are straight"
)
_SAMPLED_FRAMES = 200  # enough for lengths and tilts, which hardly change


@dataclass(frozen=True, slots=True)
class _Said:
    """What a user says about a recording, checked; None where it is to be found."""

    roles: Mapping[str, str] | None
    up: str | None
    unit: Unit | None
    floor_m: float | None

    @classmethod
    def of(
        cls,
        roles: Mapping[str, str] | None,
        up: str | None,
        unit: str | None,
        floor_m: float | None,
    ) -> _Said:
        return cls(
            roles,
            None if up is None else checked_axis(up),
            None if unit is None else unit_named(unit),
            None if floor_m is None else checked_floor(floor_m),
        )


def motion_from_recording(
    recording: Recording,
    source: MotionSource,
    *,
    skip_bind_pose: bool | None = None,
    roles: Mapping[str, str] | None = None,
    up: str | None = None,
    unit: str | None = None,
    floor_m: float | None = None,
    keep_glitches: bool = False,
) -> Motion:
    """Find out roles, unit, up axis and bind pose of a recording, and bring it into our world.

    Args:
        recording: What a reader returned; its arrays are changed in place.
        source: Path, hash and format; the rest is filled in.
        skip_bind_pose: As for `read_motion`, and so are the others.
        roles: Body role -> joint name.
        up: The up axis.
        unit: The length unit.
        floor_m: Height of the floor, metres.
        keep_glitches: Leave impossible frames as they are.

    Raises:
        FileFormatError: The recording has no frames, holds something that is not a finite number, too many
            frames in a row in which the body is where no body can be, or a joint that is nowhere near the others.
        UnknownNameError: There is no such axis or unit.
        OptionsError: The floor is no finite height.
        RoleError: The skeleton's body roles cannot be found.
    """
    said = _Said.of(roles, up, unit, floor_m)
    _check(recording, source)
    recording = with_ends_on_limbs(without_repeats(recording))
    positions = np.require(recording.positions, np.float64, ["C", "W"])
    rotations = np.require(recording.rotations, None, ["C", "W"])
    world = _World.of(recording, positions, said)
    zero = zero_frames(replace(recording, positions=positions), world.unit.metres)
    world.bring_home(positions, rotations)
    refuse_scattered(positions, recording.joint_names, world.roles, source.path or "motion")
    origin, far_notes = brought_near(
        positions, recording.joint_names, world.roles, level=floor_m is not None
    )
    if not recording.turned:
        from retarget.motion.skeleton.from_places import turn_by_places

        parents = recording.parents.tolist()
        turn_by_places(positions, parents, world.roles, recording.fps, rotations)
        world.doubts.append(Doubt("rotations", _FROM_PLACES, _FROM_PLACES_REASON))
    bind = bind_pose_frames(positions, world.roles, recording.fps, recording.rest_frames)
    dropped, bind_notes = _frames_to_drop(bind, len(positions), skip_bind_pose)
    # A bind pose that is kept may be anywhere, too.
    begin = max(bind, dropped)
    moving = slice(begin, None)
    first, stop, doubts = repaired(
        replace(recording, positions=positions[moving], rotations=rotations[moving]),
        world.roles,
        begin,
        zero[moving],
        keep=keep_glitches,
        name=source.path or "motion",
    )
    first = dropped if first == begin else first
    found = (*source.doubts, *recording.doubts, *world.doubts, *doubts)
    if not any(doubt.name == "travel" for doubt in found):
        found += tuple(on_the_spot_doubts(positions[begin:stop], world.roles, recording.fps))
        if recording.turned:
            turns, parents = rotations[begin:stop], recording.parents
            found += tuple(still_limb_doubts(turns, parents, world.roles, recording.fps))
    motion = Motion(
        joint_names=recording.joint_names,
        parents=recording.parents.astype(np.int64),
        positions=positions[first:stop],
        rotations=rotations[first:stop],
        fps=recording.fps,
        roles=world.roles,
        source=MotionSource(
            path=source.path,
            sha256=source.sha256,
            format=source.format,
            unit=world.unit.name,
            metres_per_unit=world.unit.metres,
            up_axis=world.up_axis,
            rig=recognised_rig(recording.joint_names),
            bind_pose=bind > 0,
            dropped_frames=dropped,
            notes=(*source.notes, *recording.notes, *world.notes, *far_notes, *bind_notes),
            floor_m=floor_m,
            origin_m=origin,
            doubts=found,
        ),
    )
    motion = with_toes(motion)
    return compact(motion) if len(motion) > BLOCK else motion


@dataclass(frozen=True, slots=True)
class _World:
    """What a skeleton and its world are: roles, unit and up axis."""

    roles: dict[str, int]
    unit: Unit
    up_axis: str
    notes: list[str]
    doubts: list[Doubt]

    @classmethod
    def of(
        cls, recording: Recording, positions: Float64[np.ndarray, "T J 3"], said: _Said
    ) -> _World:
        sample = positions[:: max(1, len(positions) // _SAMPLED_FRAMES)]
        roles, notes, doubts = find_roles(
            recording.joint_names, recording.parents.tolist(), sample, said.roles
        )
        roles |= _wrists(recording, sample, roles, said)
        leg = leg_length(sample, roles)
        unit, more = _unit(recording, leg, said)
        up_axis, others = _up_axis(recording, sample, roles, leg, said)
        sides = (*mirror_doubts(sample, roles), *uneven_doubts(sample, roles))
        breadth = breadth_doubts(sample, roles, leg)
        names, parents = recording.joint_names, recording.parents.tolist()
        bodies = other_body_doubts(names, parents, sample, roles, leg)
        return cls(
            roles, unit, up_axis, notes, [*doubts, *more, *others, *sides, *breadth, *bodies]
        )

    def bring_home(
        self, positions: Float64[np.ndarray, "T J 3"], rotations: Float64[np.ndarray, "T J 4"]
    ) -> None:
        """Turn and scale a recording into our world, in place."""
        from retarget.motion.numeric.kinematics import to_world

        turn = axis_rotation(self.up_axis)
        for first in range(0, len(positions), BLOCK):
            block = slice(first, first + BLOCK)
            turned = rotations[block].astype(np.float64)
            to_world(positions[block], turned, self.unit.metres, *turn)
            rotations[block] = turned


def _wrists(
    recording: Recording,
    sample: Float64[np.ndarray, "T J 3"],
    roles: Mapping[str, int],
    said: _Said,
) -> dict[str, int]:
    """Wrists that are beyond the joints of that name, unless somebody says where they are."""
    if any(role in (said.roles or {}) for role in ("left_wrist", "right_wrist")):
        return {}
    turns = None
    if recording.turned:
        every = max(1, len(recording.positions) // _SAMPLED_FRAMES)
        turns = np.asarray(recording.rotations[::every], np.float64)
    return wrists_that_bend(roles, recording.joint_names, recording.parents.tolist(), sample, turns)


def _unit(recording: Recording, leg: float, said: _Said) -> tuple[Unit, list[Doubt]]:
    if said.unit is not None:
        return said.unit, []
    if recording.metres_per_unit is None:
        own = "mikucell" if is_of_mikumikudance(recording.joint_names) else ""
        return find_unit(leg, own)
    return Unit(unit_name(recording.metres_per_unit), recording.metres_per_unit), []


def _up_axis(
    recording: Recording,
    sample: Float64[np.ndarray, "T J 3"],
    roles: Mapping[str, int],
    leg: float,
    said: _Said,
) -> tuple[str, list[Doubt]]:
    from retarget.motion.world.up_axis import find_up_axis

    if said.up is not None:
        return said.up, []
    if recording.up_axis is not None:
        return recording.up_axis, []
    return find_up_axis(sample, roles, leg, rest=recording.rest, custom=recording.likely_up_axis)


def _check(recording: Recording, source: MotionSource) -> None:
    place = source.path or "motion"
    if np.isnan(recording.fps):
        cause = "does not say how many frames a second it has"
        raise FileFormatError(place, cause, "say so with --source-fps (source_fps in Python)")
    if problem := rate_problem(recording.fps):
        raise FileFormatError(place, problem, "correct the rate, or say it with --source-fps")
    if len(recording.positions) == 0:
        raise FileFormatError(place, "holds no frames", "export it again with its motion")
    for first in range(0, len(recording.positions), BLOCK):
        block = slice(first, first + BLOCK)
        for what, array, most in (
            ("position", recording.positions[block], _FARTHEST),
            ("rotation", recording.rotations[block], 2.0),
        ):
            right = np.abs(array) < most  # false for NaN too
            if not right.all():
                frame, joint = np.argwhere(~right)[0][:2]
                cause = f"frame {first + frame}, joint {recording.joint_names[joint]} has an impossible {what}"
                raise FileFormatError(place, cause, "repair the frame or cut it out")
        rotations = recording.rotations[block]
        off = np.abs(np.einsum("tjk,tjk->tj", rotations, rotations) - 1) > 1e-3
        if off.any():
            frame, joint = np.argwhere(off)[0]
            cause = (
                f"frame {first + frame}, joint {recording.joint_names[joint]}: "
                "the rotation is no unit quaternion"
            )
            raise FileFormatError(place, cause, "readers must return unit quaternions, wxyz")


def _frames_to_drop(bind: int, frames: int, skip: bool | None) -> tuple[int, list[str]]:
    """How many frames to drop, and what to say about it."""
    if skip is None:
        skip = bind > 0
    if not skip:
        return 0, ["the first frame is a bind pose and was kept"] if bind else []
    if frames == 1:
        return 0, ["the only frame was kept although bind poses are to be dropped"]
    if bind == 0:
        return 1, ["the first frame was dropped as asked, though it does not look like a bind pose"]
    which = "the first frame was" if bind == 1 else f"the first {bind} frames were"
    return bind, [f"{which} dropped: a bind pose (T-pose)"]
