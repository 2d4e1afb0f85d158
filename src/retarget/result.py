"""The outcome of retargeting one clip, in memory and on disk."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int16

from retarget.errors import FileFormatError, OptionsError, OutputError, RetargetError
from retarget.files import atomic_write
from retarget.frame_rates import rate_problem
from retarget.geometry import slerp
from retarget.result_file import (
    RESIDUAL,
    ROTATION_STEPS,
    SCHEMA_VERSION,
    read_result_arrays,
    write_result_arrays,
)
from retarget.scene_track import SceneTrack
from retarget.wording import counted, listed

__all__ = ["RetargetingResult", "SourceClip", "YieldedHold", "packed_rotations"]


@dataclass(frozen=True, slots=True, eq=False)
class SourceClip:
    """The human motion that a result follows, by body role: what evaluation and pictures compare with.

    World frame: metres in the human's own size, z up, floor at z = 0.

    Attributes:
        position_roles: Names of the K joint centres.
        positions: Their positions.
        rotation_roles: Names of the S joints whose recorded rotations are kept.
        rotations: Those rotations, wxyz, as `packed_rotations` makes them: components times 32767; not comparable
            across rigs but for a constant offset per joint.
    """

    position_roles: tuple[str, ...]
    positions: Float32[np.ndarray, "T K 3"]
    rotation_roles: tuple[str, ...]
    rotations: Int16[np.ndarray, "T S 4"]

    def __repr__(self) -> str:
        return f"SourceClip({len(self.positions)} frames, {len(self.position_roles)} joint centres)"

    def position(self, role: str) -> Float64[np.ndarray, "T 3"]:
        """Positions of one joint centre in metres.

        Raises:
            RetargetError: The clip has none of this role, and so for rotations.
        """
        return self.positions[:, _index(self.position_roles, role)].astype(np.float64)

    def rotation(self, role: str) -> Float64[np.ndarray, "T 4"]:
        """Recorded rotations of one joint, unit quaternions, wxyz."""
        return _unpacked(self.rotations[:, _index(self.rotation_roles, role)])


@dataclass(frozen=True, slots=True)
class YieldedHold:
    """A time in which a part of the body that rests on the ground could not be held at its place.

    Position limits, the ground or another hold did not let the robot reach it with its limbs as the human's are.

    Attributes:
        point: ``left_heel``, ``left_toe``, ... or one of the result's ``body_contact_names``.
        start_s: Time at which it begins, seconds.
        end_s: Time at which it ends, seconds.
        distance: Farthest from its place meanwhile, along the ground or above it, metres.
    """

    point: str
    start_s: float
    end_s: float
    distance: float


def packed_rotations(rotations: Float64[np.ndarray, "*n 4"]) -> Int16[np.ndarray, "*n 4"]:
    """Unit quaternions in 16 bits a component, finer than any recording: components times 32767, rounded.

    Example:
        >>> packed_rotations(np.array([1.0, 0.0, 0.0, 0.0])).tolist()
        [32767, 0, 0, 0]
    """
    steps = np.rint(np.multiply(rotations, ROTATION_STEPS))
    return np.asarray(np.clip(steps, -ROTATION_STEPS, ROTATION_STEPS), np.int16)


def _index(roles: tuple[str, ...], role: str) -> int:
    if role not in roles:
        raise RetargetError(f"the result keeps no {role!r} of the human, but {listed(roles)}")
    return roles.index(role)


def _names(array: np.ndarray) -> tuple[str, ...]:
    return tuple(str(name) for name in array)


def _unpacked(rotations: Int16[np.ndarray, "*n 4"]) -> Float64[np.ndarray, "*n 4"]:
    components = rotations.astype(np.float64)
    norm = np.linalg.norm(components, axis=-1, keepdims=True)
    return np.asarray(components / np.maximum(norm, 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class RetargetingResult:
    """A robot motion and everything needed to judge and repeat it.

    Attributes:
        qpos: Configurations: base xyz in metres (z up, floor at 0), base rotation wxyz, joints in rad, in
            MuJoCo's order.
        fps: Frames per second.
        joint_names: Names of the n joints.
        robot: Name of the robot.
        contacts: Ground contact found on the human: foot (left, right) x (heel, toe).
        body_contacts: Ground contact of other parts of the human's body.
        body_contact_names: Names of these C parts, such as ``left_knee``.
        frame_cost: Cost of each frame before its last step, dimensionless; large where the robot could not follow.
        source: The human motion.
        residuals: What the constraints were missed by, by name and unit: ``anchor_m`` (a held heel or toe off its
            place), ``overlap_m`` (the robot's own bodies).
        yielded: Holds on the ground that gave way, by time.
        scene: The things around it; None where there are none. ``qpos`` is the robot's alone.
        provenance: JSON-ready record: package version, input and model hashes, options, timings.

    Example:
        >>> result = RetargetingResult.load_npz("walk.npz")  # doctest: +SKIP
        >>> result.resampled(50.0).qpos.shape  # doctest: +SKIP
        (6574, 36)
    """

    qpos: Float64[np.ndarray, "T Q"]
    fps: float
    joint_names: tuple[str, ...]
    robot: str
    contacts: Bool[np.ndarray, "T 2 2"]
    frame_cost: Float64[np.ndarray, "T"]
    source: SourceClip
    provenance: dict[str, Any] = field(default_factory=dict)
    residuals: dict[str, Float32[np.ndarray, "T"]] = field(default_factory=dict)
    body_contacts: Bool[np.ndarray, "T C"] = field(default_factory=lambda: np.zeros((0, 0), bool))
    body_contact_names: tuple[str, ...] = ()
    yielded: tuple[YieldedHold, ...] = ()
    scene: SceneTrack | None = None

    def __post_init__(self) -> None:
        if not self.body_contact_names and not self.body_contacts.size:
            object.__setattr__(self, "body_contacts", np.zeros((len(self.qpos), 0), bool))
        problem = self._problem()
        if problem:
            raise RetargetError(f"a result of {self.robot!r} cannot be so: {problem}")

    def _problem(self) -> str:
        frames = len(self.qpos)
        if self.qpos.ndim != 2 or self.qpos.shape[1] != 7 + len(self.joint_names):
            return f"qpos is {self.qpos.shape}, expected (T, 7 + {len(self.joint_names)} joints)"
        if not np.isfinite(self.qpos).all():
            return "qpos holds NaN or infinite values"
        if frames and np.abs(np.linalg.norm(self.qpos[:, 3:7], axis=1) - 1).max() > 1e-3:
            return "base rotations are not unit quaternions"
        if problem := rate_problem(self.fps):
            return problem
        lengths = {
            "contacts": len(self.contacts),
            "body_contacts": len(self.body_contacts),
            "frame_cost": len(self.frame_cost),
            "source positions": len(self.source.positions),
            "source rotations": len(self.source.rotations),
            **{name: len(values) for name, values in self.residuals.items()},
        }
        if self.body_contacts.shape[1:] != (len(self.body_contact_names),):
            return f"body_contacts are {self.body_contacts.shape}, names {self.body_contact_names}"
        for name, length in lengths.items():
            if length != frames:
                return f"{name} has {length} frames, qpos {frames}"
        return "" if self.scene is None else self.scene.problem(frames)

    def __len__(self) -> int:
        return len(self.qpos)

    def __repr__(self) -> str:
        path = self.provenance.get("motion", {}).get("path")
        source = f", from {path!r}" if path else ""
        return (
            f"RetargetingResult({self.robot!r}: {counted(len(self), 'frame')} at {self.fps:.6g} fps, "
            f"{self.duration:.1f} s, {len(self.joint_names)} joints{source})"
        )

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self) / self.fps

    def qpos_with_objects(self) -> Float64[np.ndarray, "T Q+"]:
        """Configurations with the poses of things on paths behind them, seven numbers each: xyz, wxyz.

        It is the order of a MuJoCo model in which free joints are declared after the robot.
        """
        if self.scene is None:
            return self.qpos
        things = self.scene.moving_poses().reshape(len(self), -1)
        return np.concatenate([self.qpos, things], axis=1)

    def save_npz(self, path: str | Path) -> None:
        """Write a ``.npz`` atomically; no pickled objects. What compresses well is compressed.

        Raises:
            OutputError: The file cannot be written, or there are no frames; nothing is left behind.
        """
        if not len(self):
            raise OutputError(f"{path}: the result has no frames; nothing was written")
        arrays = {
            "qpos": self.qpos,
            "fps": np.array(self.fps),
            "joint_names": np.array(self.joint_names),
            "robot": np.array(self.robot),
            "manifest_json": np.array(
                json.dumps({"schema_version": SCHEMA_VERSION, **self.provenance}, allow_nan=False)
            ),
            "contacts": self.contacts,
            "body_contacts": self.body_contacts,
            "body_contact_names": np.array(self.body_contact_names, np.str_),
            "yielded_json": np.array(json.dumps([asdict(hold) for hold in self.yielded])),
            "frame_cost": self.frame_cost.astype(np.float32),
            "source_position_roles": np.array(self.source.position_roles, np.str_),
            "source_positions": self.source.positions,
            "source_rotation_roles": np.array(self.source.rotation_roles, np.str_),
            "source_rotations": self.source.rotations,
            **{f"{RESIDUAL}{name}": values for name, values in self.residuals.items()},
            **({} if self.scene is None else self.scene.arrays()),
        }
        with atomic_write(path) as stream:
            write_result_arrays(stream, arrays)

    @classmethod
    def load_npz(cls, path: str | Path) -> RetargetingResult:
        """Read and validate a file written by :meth:`save_npz`.

        Raises:
            FileFormatError: The file is missing, torn, or not a retargeting result; it says what is wrong where.
        """
        arrays = read_result_arrays(path)
        try:
            return cls(
                qpos=np.ascontiguousarray(arrays["qpos"], np.float64),
                fps=float(arrays["fps"]),
                joint_names=_names(arrays["joint_names"]),
                robot=arrays["robot"],
                contacts=arrays["contacts"],
                body_contacts=arrays["body_contacts"],
                body_contact_names=_names(arrays["body_contact_names"]),
                yielded=tuple(YieldedHold(**hold) for hold in arrays["yielded_json"]),
                frame_cost=arrays["frame_cost"].astype(np.float64),
                source=SourceClip(
                    _names(arrays["source_position_roles"]),
                    arrays["source_positions"].astype(np.float32, copy=False),
                    _names(arrays["source_rotation_roles"]),
                    arrays["source_rotations"],
                ),
                provenance=arrays["manifest_json"],
                residuals={
                    name.removeprefix(RESIDUAL): values.astype(np.float32, copy=False)
                    for name, values in arrays.items()
                    if name.startswith(RESIDUAL)
                },
                scene=SceneTrack.of_arrays(arrays) if "scene_json" in arrays else None,
            )
        except RetargetError as error:
            raise FileFormatError(path, str(error), "retarget the clip again") from None

    def frames(self, first: int, stop: int) -> RetargetingResult:
        """The frames from ``first`` up to, without, ``stop``; holds that gave way keep their times within these.

        Example:
            >>> result.frames(30, 60).duration  # doctest: +SKIP
            1.0
        """
        rows = slice(max(first, 0), max(min(stop, len(self)), first, 0))
        begin, end = rows.start / self.fps, rows.stop / self.fps
        held = [hold for hold in self.yielded if hold.end_s > begin and hold.start_s < end]
        return replace(
            self,
            qpos=self.qpos[rows],
            contacts=self.contacts[rows],
            body_contacts=self.body_contacts[rows],
            frame_cost=self.frame_cost[rows],
            residuals={name: values[rows] for name, values in self.residuals.items()},
            source=replace(
                self.source,
                positions=self.source.positions[rows],
                rotations=self.source.rotations[rows],
            ),
            scene=None if self.scene is None else self.scene.part(rows.start, rows.stop),
            yielded=tuple(
                replace(
                    hold,
                    start_s=max(hold.start_s, begin) - begin,
                    end_s=min(hold.end_s, end) - begin,
                )
                for hold in held
            ),
        )

    def resampled(self, fps: float) -> RetargetingResult:
        """The same motion at another rate: rotations by slerp, contacts by the nearest frame.

        The first frame stays at time 0; the last is the last that lies within the clip.

        Raises:
            OptionsError: ``fps`` is no rate that can be (`retarget.frame_rates`).
        """
        if problem := rate_problem(fps):
            raise OptionsError(f"fps: {problem}")
        if fps == self.fps or not len(self):
            return replace(self, fps=float(fps))
        count = int(np.floor((len(self) - 1) * fps / self.fps + 1e-9)) + 1
        time = np.minimum(np.arange(count) * (self.fps / fps), len(self) - 1)
        before = np.minimum(time.astype(np.int64), max(len(self) - 2, 0))
        after = np.minimum(before + 1, len(self) - 1)
        share = time - before
        nearest = np.where(share < 0.5, before, after)

        def linear(values: np.ndarray) -> np.ndarray:
            weight = share.reshape(-1, *[1] * (values.ndim - 1))
            blend = values[before] * (1 - weight) + values[after] * weight
            return np.asarray(blend, values.dtype)

        qpos = linear(self.qpos)
        qpos[:, 3:7] = slerp(self.qpos[before, 3:7], self.qpos[after, 3:7], share)
        rotations = slerp(
            _unpacked(self.source.rotations[before]), _unpacked(self.source.rotations[after]), share
        )
        source = replace(
            self.source,
            positions=linear(self.source.positions),
            rotations=packed_rotations(rotations),
        )
        return replace(
            self,
            qpos=qpos,
            fps=float(fps),
            contacts=self.contacts[nearest],
            body_contacts=self.body_contacts[nearest],
            frame_cost=linear(self.frame_cost),
            residuals={name: linear(values) for name, values in self.residuals.items()},
            scene=None if self.scene is None else self.scene.resampled(time),
            source=source,
            provenance={**self.provenance, "resampled_from_fps": self.fps},
        )
