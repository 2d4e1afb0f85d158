"""A motion on a robot: what is found out about all of it, and its solve stretch by stretch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Bool, Float32, Float64

from retarget.motion.contacts import Contacts, find_contacts
from retarget.motion.fitting.anatomy import Anatomy, find_anatomy
from retarget.motion.fitting.subject import Subject
from retarget.motion.motion import Motion
from retarget.options import RetargetOptions
from retarget.robots.model import RobotModel
from retarget.scene_take import Hands, SceneTake, moved_targets, robot_world, scene_take
from retarget.scenes.meeting import meet
from retarget.scenes.scene import Scene
from retarget.solver.arrays import Problem
from retarget.solver.clip import ClipOptions, keep_limits
from retarget.solver.heading import turned_poses, turned_problem, turned_settling
from retarget.solver.limits.joints import without_reserve
from retarget.solver.obstacles import covered_finely
from retarget.solver.problem import (
    Setting,
    TaskWeights,
    among_things,
    make_setting,
    rated_clip_options,
    rated_start_options,
)
from retarget.solver.push_out import push_out_of_things
from retarget.solver.stretches import (
    Seam,
    Solution,
    Stretch,
    StretchProblem,
    plan_stretches,
    solve_stretch,
    start_stretch,
)
from retarget.solver.weights import weights_among_things
from retarget.targets.build import (
    Targets,
    build_targets,
    cold_start,
    robot_sizes,
)
from retarget.targets.holds import Ground, Holds, find_holds
from retarget.targets.lying_hands import lying_hands
from retarget.targets.nearness import SOFT
from retarget.targets.palms import palm_turns
from retarget.targets.robot_frames import RobotAnatomy, robot_anatomy
from retarget.timing import timed

__all__ = ["Take", "on_ground", "solve_take"]


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """A motion on a robot: what is found out about all of it, to make its parts from."""

    anatomy: Anatomy
    contacts: Contacts
    shape: RobotAnatomy
    robot: RobotModel
    setting: Setting
    stretches: list[Stretch]
    holds: Holds
    whole: Targets | None  # of a clip that is one stretch
    scene: SceneTake | None
    depth_weight: float

    @property
    def floor(self) -> float:
        """Height in the motion's world that becomes z = 0, metres."""
        return self.contacts.floor if self.scene is None else 0.0

    @property
    def empty(self) -> Problem:
        """The problem of no frames, with all points that may be held."""
        single = self.setting.single
        return single if self.scene is None else single._replace(soles=self.scene.soles)

    @classmethod
    def of(
        cls,
        motion: Motion,
        robot: RobotModel,
        options: RetargetOptions,
        weights: TaskWeights,
        seconds: dict[str, float],
        subject: Subject | None = None,
        scene: Scene | None = None,
    ) -> Take:
        """Find out about a motion on a floor at z = 0 what its solve needs.

        Args:
            motion: The human's, levelled and in the time that it is to take.
            robot: The robot's moving part.
            options: What a user chooses.
            weights: Weights of the cost.
            seconds: Filled in with what each part of the work took.
            subject: What longer clips of the same person tell of the skeleton.
            scene: Things around the human.
        """
        anatomy = timed(seconds, "targets", lambda: find_anatomy(motion, subject))
        contacts = timed(seconds, "targets", lambda: find_contacts(anatomy))
        shape = timed(seconds, "targets", lambda: robot_anatomy(robot))
        meeting = world = None
        if scene is not None:
            meeting = timed(seconds, "touches", partial(meet, anatomy, contacts, scene))
            carried = any(thing.moves for thing in meeting.things)
            weights = weights_among_things(weights, carried)
            contacts = meeting.contacts
            sizes = robot_sizes(anatomy.calibration, contacts, shape)
            place = partial(robot_world, meeting, sizes.scale, motion.fps)
            world = timed(seconds, "touches", place)
            face = partial(palm_turns, anatomy, meeting.held, meeting.things)
            turns = timed(seconds, "touches", partial(face, shape.palms, sizes.twists))
            lie = partial(lying_hands, anatomy, meeting.held, meeting.things, robot, shape.frames)
            lying = timed(seconds, "touches", partial(lie, shape.palms, turns + sizes.twists))
            hands = Hands(turns, lying)
        setting = timed(
            seconds, "problem", lambda: make_setting(robot, shape, motion.fps, options, weights)
        )
        windows = _clip_options(motion.fps, scene is not None)
        stretches = plan_stretches(len(motion), motion.fps, windows)
        ground = Ground.allocate(len(motion), motion.fps, setting.touching)
        for first, last in ((stretch.first, stretch.last) for stretch in stretches):
            work = partial(_targets, anatomy, contacts, shape, first, last)
            targets = timed(seconds, "targets", work)
            if meeting is not None and world is not None:
                move = partial(moved_targets, targets, meeting, world, hands, first, last)
                targets = timed(seconds, "targets", move)
            more = partial(ground.add, slice(first, last), targets, shape)
            timed(seconds, "problem", more)
        find = partial(find_holds, ground, shape, setting.toe_margin, setting.release)
        holds = timed(seconds, "problem", find)
        whole = targets if len(stretches) == 1 else None
        met = None
        if meeting is not None and world is not None:
            bring = partial(scene_take, meeting, holds, setting, robot, world, hands)
            met = timed(seconds, "touches", partial(bring, motion.fps))
        depth = weights.floor
        return cls(anatomy, contacts, shape, robot, setting, stretches, holds, whole, met, depth)

    def part(self, stretch: Stretch, seconds: dict[str, float]) -> StretchProblem:
        """A stretch as it is to be solved."""
        begin, end = stretch.begin, stretch.end
        targets = self.whole or timed(
            seconds,
            "targets",
            lambda: self._targets(begin, end),
        )
        work = partial(self._part, targets, self.holds.within(begin, end), begin, end)
        return timed(seconds, "problem", work)

    def _targets(self, begin: int, end: int) -> Targets:
        targets = _targets(self.anatomy, self.contacts, self.shape, begin, end)
        if self.scene is None:
            return targets
        scene = self.scene
        return moved_targets(targets, scene.meeting, scene.world, scene.hands, begin, end)

    def _part(self, targets: Targets, holds: Holds, begin: int, end: int) -> StretchProblem:
        problem = self.setting.problem(targets, holds)
        seeds = cold_start(targets, self.shape, self.robot)
        seeds[:, 7:] = np.clip(seeds[:, 7:], problem.limits.lower[1:], problem.limits.upper[1:])
        carried, limbs = holds.carried_by_frame(), self.setting.limbs
        if self.scene is None:
            return StretchProblem(problem, carried, seeds, limbs, self.setting.centre)
        problem = self.scene.problem(problem, begin, end, self.depth_weight)
        fixed, turn = self.scene.targets.fixed[begin:end], self.scene.turn
        return StretchProblem(
            turned_problem(problem, turn),
            np.zeros(fixed.shape, bool),
            turned_poses(seeds, turn),
            limbs,
            0.0,
            fixed,
            self.scene.targets.normals[begin:end] @ turn.T,
            turned_settling(partial(self.scene.ridden, begin), turn),
        )


def _targets(
    anatomy: Anatomy, contacts: Contacts, shape: RobotAnatomy, start: int, stop: int
) -> Targets:
    return build_targets(anatomy.part(start, stop), contacts.part(start, stop), shape)


def _clip_options(fps: float, things: bool) -> ClipOptions:
    options = rated_clip_options(fps)
    return among_things(options) if things else options


def solve_take(take: Take, seconds: dict[str, float]) -> tuple[Solution, int]:
    """Solve a take stretch by stretch; also tells how many steps times frames that took."""
    start_options = rated_start_options(take.anatomy.fps, take.setting.hanging)
    options = _clip_options(take.anatomy.fps, take.scene is not None)
    problem = take.empty
    solution = Solution.allocate(len(take.anatomy), problem)
    seam: Seam | None = None
    taken = 0
    for stretch in take.stretches:
        part = take.part(stretch, seconds)
        start = timed(seconds, "start", partial(start_stretch, stretch, part, seam, start_options))
        work = partial(solve_stretch, stretch, part, start, seam, options, solution)
        seam, steps = timed(seconds, "solve", work)
        taken += steps
        del part, start, work  # before the next ones are made
    if take.scene is not None:
        turn = take.scene.turn
        solution.qpos[:] = turned_poses(solution.qpos, turn.T)
        solution.anchors[:] = solution.anchors @ turn[:2, :2]
    timed(seconds, "solve", lambda: keep_limits(solution.qpos, problem))
    if take.scene is not None:
        timed(seconds, "solve", partial(_push_out, solution.qpos, take))
    return solution, taken


def _push_out(qpos: Float64[np.ndarray, "T Q"], take: Take) -> None:
    """Take what is left of the robot out of things, in place, within all other limits."""
    assert take.scene is not None
    single = take.setting.single
    limits = without_reserve(single.limits)
    scene = covered_finely(take.scene.whole, take.robot)
    firm = take.scene.targets.weights > SOFT
    soles = take.scene.soles
    push_out_of_things(qpos, single.tree, soles, firm, scene, limits, single.fps)
    keep_limits(qpos, take.empty)


def on_ground(
    take: Take, solution: Solution
) -> tuple[Bool[np.ndarray, "T K"], Float32[np.ndarray, "T K 2"]]:
    """Points that are held on the ground, and where along it."""
    if take.scene is None:
        return solution.held, solution.anchors
    count = len(take.setting.single.soles.contact_bodies)
    ground = (take.scene.targets.things <= 0) & ~take.scene.targets.fixed
    held = np.ascontiguousarray((solution.held & ground)[:, :count])
    return held, np.ascontiguousarray(solution.anchors[:, :count])
