"""When and where points are held on the ground: facts of a whole clip, kept as runs because frames are many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float16, Float32, Float64, Int64

from retarget.motion.body_contacts import BODY_CONTACTS
from retarget.motion.contacts import HEEL, TOE
from retarget.motion.numeric.spans import spans
from retarget.motion.segments import SIDES
from retarget.targets.anchors import eased, grown, ramped, resting_anchors, stance_anchors
from retarget.targets.build import Targets
from retarget.targets.robot_frames import RobotAnatomy

__all__ = ["Ground", "Holds", "find_holds"]

_FEET = 2 * len(SIDES)  # heel and toe of each foot: the first points
# Share of its weight that a toe keeps in what it is held longer than a frame after its stance: let go at once, a leg
# that was held back darts after the human's.
_LETTING_GO = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What holds are found from, over a clip: K points, heel and toe of each foot, then other parts.

    Attributes:
        places: Where each point would be, seen from above, metres.
        stance: Foot (left, right) x point (heel, toe).
        loads: Share of the body that each of the `BODY_CONTACTS` carries.
        lying: How much each leg (left, right) lies on the ground.
        touching: The `BODY_CONTACTS` that the robot has: the points that are not on a foot.
        fps: Frames per second.
    """

    places: Float64[np.ndarray, "T K 2"]
    stance: Bool[np.ndarray, "T 2 2"]
    loads: Float32[np.ndarray, "T C"]
    lying: Float32[np.ndarray, "T 2"]
    touching: tuple[str, ...]
    fps: float

    @classmethod
    def allocate(cls, frames: int, fps: float, touching: tuple[str, ...]) -> Ground:
        """Room for a clip."""
        return cls(
            np.empty((frames, _FEET + len(touching), 2)),
            np.empty((frames, 2, 2), bool),
            np.empty((frames, len(BODY_CONTACTS)), np.float32),
            np.empty((frames, 2), np.float32),
            touching,
            fps,
        )

    @property
    def columns(self) -> list[int]:
        """Which of the `BODY_CONTACTS` the robot has."""
        return [BODY_CONTACTS.index(name) for name in self.touching]

    def add(self, part: slice, targets: Targets, robot: RobotAnatomy) -> None:
        """Fill a part of the frames from their targets."""
        places = self.places[part]
        for foot, side in enumerate(SIDES):
            # From the ankle, in the foot's anatomical frame.
            if f"{side}_foot" not in robot.frames:
                places[:, 2 * foot : 2 * foot + 2] = 0.0
                continue
            ends = robot.contact_points[foot] @ robot.frames[f"{side}_foot"]
            rows = targets.frames[f"{side}_foot"].reshape(-1, 3)  # of all frames: one product
            turned = np.moveaxis((rows @ ends.T).reshape(-1, 3, 2), 1, 2)
            ankle = targets.positions[f"{side}_ankle"][:, None]
            places[:, 2 * foot : 2 * foot + 2] = (ankle + turned)[..., :2]
        places[:, _FEET:] = targets.places[:, self.columns, :2]
        self.stance[part] = targets.stance
        self.loads[part] = targets.resting
        self.lying[part] = targets.lying


@dataclass(frozen=True, slots=True, eq=False)
class Holds:
    """Stances and rests of H runs of frames, each of one of K points at one place.

    Attributes:
        points: The point held.
        first: Its first frame.
        last: The frame after its last.
        places: Where along the ground (z = 0), metres.
        carried: While it lasts, something other than a foot rests on the ground.
        shares: Share of its weight with which each point is held in each frame.
    """

    points: Int64[np.ndarray, "H"]
    first: Int64[np.ndarray, "H"]
    last: Int64[np.ndarray, "H"]
    places: Float64[np.ndarray, "H 2"]
    carried: Bool[np.ndarray, "H"]
    shares: Float16[np.ndarray, "T K"]

    def within(self, start: int, stop: int) -> Holds:
        """Those from frame ``start`` up to, not including, ``stop``, counted from ``start``; cut where they lead on."""
        own = (self.last > start) & (self.first < stop)
        return Holds(
            self.points[own],
            np.maximum(self.first[own] - start, 0),
            np.minimum(self.last[own], stop) - start,
            self.places[own],
            self.carried[own],
            self.shares[start:stop],
        )

    def anchors(self) -> Float64[np.ndarray, "T K 3"]:
        """Where each point is held, frame by frame."""
        anchors = np.zeros((*self.shares.shape, 3))
        rows = zip(self.points, self.first, self.last, self.places, strict=True)
        for point, first, last, place in rows:
            anchors[first:last, point, :2] = place
        return anchors

    def carried_by_frame(self) -> Bool[np.ndarray, "T K"]:
        """Which points are held in a carried hold, frame by frame."""
        carried = np.zeros(self.shares.shape, bool)
        rows = zip(self.points, self.first, self.last, self.carried, strict=True)
        for point, first, last, also in rows:
            carried[first:last, point] = also
        return carried


def find_holds(ground: Ground, robot: RobotAnatomy, toe_margin: int, release: float) -> Holds:
    """All stances and rests of a clip.

    Args:
        ground: What is known of every frame.
        robot: Its feet's lengths count.
        toe_margin: Frames by which stances of toes are lengthened at both ends.
        release: Share of its weight that a foot's point gives up while its leg lies.
    """
    held = np.zeros(ground.places.shape[:2], bool)
    anchors = np.zeros(ground.places.shape)
    # Touch-down and lift-off fall between frames. Toes are held a little longer than that, heels not: they are fast
    # where a foot turns about its toe, and stopped too early they drag it along.
    stance = grown(ground.stance, 1)
    stance[..., TOE] = grown(ground.stance[..., TOE], toe_margin)
    for foot, ends in enumerate(robot.contact_points):
        own = slice(2 * foot, 2 * foot + 2)
        length = float(np.linalg.norm(ends[TOE] - ends[HEEL]))
        # A heel is held without its toe where it strikes and where it stays.
        held[:, own] = stance[:, foot]
        anchors[:, own] = stance_anchors(ground.places[:, own], stance[:, foot], length)
    loads = eased(ground.loads, ground.fps)
    resting = loads[:, ground.columns]
    held[:, _FEET:] = resting > 0
    anchors[:, _FEET:] = resting_anchors(ground.places[:, _FEET:], resting > 0)
    points, first, last = _runs_at_one_place(held, anchors)
    lying = eased(ground.lying, ground.fps)
    lies = (resting > 0).any(axis=1) | (lying > 0).any(axis=1)
    carrying = np.concatenate([[0], lies.cumsum()])
    carried = carrying[last] > carrying[first]
    shares = held.astype(np.float16)
    shares[:, :_FEET] = _foot_shares(held[:, :_FEET], lying, ground.fps, release)
    for toe in range(TOE, _FEET, 2):
        shares[_last_frames(held[:, toe], toe_margin - 1), toe] *= _LETTING_GO
    shares[:, _FEET:] = resting
    return Holds(points, first, last, anchors[first, points], carried, shares)


def _foot_shares(
    held: Bool[np.ndarray, "T 4"], lying: Float64[np.ndarray, "T 2"], fps: float, release: float
) -> Float64[np.ndarray, "T 4"]:
    """Shares of their weights with which heels and toes are held."""
    shares = held.astype(np.float64)
    for foot in range(len(SIDES)):
        heel, toe = 2 * foot + HEEL, 2 * foot + TOE
        # A heel that turns about its toe would pull at it, stopped or let go at once.
        shares[:, heel] = np.where(held[:, toe], ramped(held[:, heel], fps), held[:, heel])
        shares[:, [heel, toe]] *= 1.0 - release * lying[:, foot, None]
    return shares


def _last_frames(held: Bool[np.ndarray, "T"], frames: int) -> Bool[np.ndarray, "T"]:
    """So many frames at the end of each run that is held and let go within the clip."""
    left = held.copy()
    for _ in range(frames):
        left[:-1] &= left[1:]
    return np.asarray(held & ~left)


def _runs_at_one_place(
    held: Bool[np.ndarray, "T K"], anchors: Float64[np.ndarray, "T K 2"]
) -> tuple[Int64[np.ndarray, "H"], Int64[np.ndarray, "H"], Int64[np.ndarray, "H"]]:
    """Point, first frame and the frame after the last of each run."""
    moves = np.zeros(held.shape, bool)
    moves[1:] = (anchors[1:] != anchors[:-1]).any(axis=2)
    rows: list[list[Int64[np.ndarray, "H"]]] = [[np.zeros(0, np.int64)] * 3]
    for point in np.flatnonzero(held.any(axis=0)).tolist():
        first, last = spans(held[:, point], moves[:, point])
        rows.append([np.full(len(first), point), first, last])
    points, firsts, lasts = np.concatenate(rows, axis=1)
    return points, firsts, lasts
