"""What a live stream is made of: what never changes, what is remembered, and room to work."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64

from retarget.solver.arrays import Clip, Floor, Limits, Soles, Tasks, Tree
from retarget.solver.live.thing_arrays import LiveThings, ThingRoom
from retarget.solver.start.frame import FrameScratch, StartOptions
from retarget.targets.build import Sizes

__all__ = ["Level", "LiveModel", "LiveOptions", "LiveState"]


class LiveOptions(NamedTuple):
    """How a stream is followed; shares a frame are made from times in seconds.

    Attributes:
        glide: Share of the last step of every joint that it is expected to make again.
        much_better: Share of the cost below which an answer from the neutral pose is taken.
        settle: Share of a held point's height that is left after a frame.
        fade: Share of a released point's offset that is left after a frame.
        release: Weight of a released point's place once it is loose, 1/m^2, but for its fading.
        lift: Share of the base's lift that is left after a frame.
        reach_steps: Most steps within the reach of the joints' speeds.
        reach_floor: Weight of a sole's depth below its clearance meanwhile, 1/m^2.
        floor_steps: Most steps to raise soles to their clearance.
        floor: Weight of a sole's depth below its clearance, 1/m^2.
        heel_lift: Highest anchor of a tilted foot, metres.
        position_gain, speed_gain: Of the filter that smoothes the path of the pelvis.
        ease: Frequency of the spring that brings the pelvis beside it, 1/frame.
        eased: How much of what it is off is left after a frame, but for what its speed does.
    """

    glide: float
    much_better: float
    settle: float
    fade: float
    release: float
    lift: float
    reach_steps: int
    reach_floor: float
    floor_steps: int
    floor: float
    heel_lift: float
    position_gain: float
    speed_gain: float
    ease: float
    eased: float


class Level(NamedTuple):
    """How frames are turned so that their floor is level.

    Attributes:
        turn: Quaternion.
        matrix: The same as a matrix.
        middle: The place about which they are turned, metres.
    """

    turn: Float64[np.ndarray, "4"]
    matrix: Float64[np.ndarray, "3 3"]
    middle: Float64[np.ndarray, "3"]


class LiveModel(NamedTuple):
    """A calibrated human on a robot; nothing in it changes.

    Attributes:
        used: Joints that are looked at.
        level: Of their world.
        joints: See `retarget.motion.segments.segment_joints`.
        offsets: Of the calibration.
        hips: Left and right hip joint.
        shoulders: Left and right shoulder joint.
        ankles: Left and right ankle joint.
        toes: Left and right toe joint.
        heels: Heels in the feet's anatomical frames, from the ankle, metres.
        rests: Height in stance of left heel, left toe, right heel, right toe, metres.
        lifts: Height of ankle and toe joint of each foot above which it is lifted, metres.
        slow: Speed below which each of them is in stance, m/s.
        speed_span: Frames over which these are taken.
        slide: Way beyond which a point in stance slides, metres, over the last ``slide_span`` frames.
        fall_span: Frames to either side over which the acceleration of the hips is taken.
        leg_length: The human's, metres.
        fps: Frames a second.
        sizes: See `retarget.targets.build.robot_sizes`.
        base_turn: Quaternion from the pelvis joint's recorded axes to the base's, joints neutral.
        base_offset: The base's origin from the pelvis body's, in the pelvis' anatomical frame, metres.
        contacts: The robot's heels and toes in its feet's anatomical frames, from the ankle, metres.
        neutral: Joint angles to start from, rad.
        strengths: Weight of each contact point's anchor, 1/m^2.
        start: How hard a frame is worked on.
        options: The rest of it.
        tree, limits, tasks, soles, floor: Of the robot.
        steady: The tasks with the pelvis held firmly on its path.
        things: Those around it; None where there are none, for which kernels are compiled by themselves.
    """

    used: Int64[np.ndarray, "U"]
    level: Level
    joints: Int64[np.ndarray, "S 3"]
    offsets: Float64[np.ndarray, "S 3 3"]
    hips: Int64[np.ndarray, "2"]
    shoulders: Int64[np.ndarray, "2"]
    ankles: Int64[np.ndarray, "2"]
    toes: Int64[np.ndarray, "2"]
    heels: Float64[np.ndarray, "2 3"]
    rests: Float64[np.ndarray, "4"]
    lifts: Float64[np.ndarray, "2 2"]
    slow: Float64[np.ndarray, "4"]
    speed_span: int
    slide: float
    slide_span: int
    fall_span: int
    leg_length: float
    fps: float
    sizes: Sizes
    base_turn: Float64[np.ndarray, "4"]
    base_offset: Float64[np.ndarray, "3"]
    contacts: Float64[np.ndarray, "4 3"]
    neutral: Float64[np.ndarray, "N"]
    strengths: Float64[np.ndarray, "4"]
    start: StartOptions
    options: LiveOptions
    tree: Tree
    limits: Limits
    tasks: Tasks
    soles: Soles
    floor: Floor
    steady: Tasks
    things: LiveThings | None = None


class LiveState(NamedTuple):
    """What a stream remembers, and room to work.

    Attributes:
        seen: Number of frames so far.
        positions, rotations: Of the joints of the last frame that are looked at, its floor level.
        history: Left heel, left toe, right heel, right toe of the last K frames, a ring, metres, the human's world.
        resting: Frames for which each has been low and slow, this one among them; 0 where it is not.
        stance: Which of these are held.
        touched: Which of these were not, a frame earlier.
        fade: Share left of each released point's offset; 0 for the others.
        off: Those offsets, metres, when the points were released.
        hip_heights: Height of the middle of the human's hips in the last frames, a ring, metres.
        flies: Whether the human has fallen freely since both feet left the ground.
        path: Smoothed place of the human's pelvis, its step from frame to frame, how far beside it the robot's is to
            be, and the step of that, metres.
        beside: How far beside it the feet that are held want it, metres.
        wanted: A place to work with.
        clip: Targets of the one frame.
        hips, shoulders: Middles of the human's hips and shoulders, metres.
        places: Wanted pelvis and ankles, metres.
        free: Configuration without speed limits.
        before: The one a frame earlier.
        near, trial, again: Configurations to work with.
        qpos: The answer.
        lift: How far its base is raised, metres.
        low: Which points of the soles are held at their clearances: room for a solve.
        reach: Limits of this frame: those of positions, and what speed allows.
        scratch: Of the solve.
        room: For things; None where there are none.
    """

    seen: Int64[np.ndarray, "1"]
    positions: Float64[np.ndarray, "1 J 3"]
    rotations: Float64[np.ndarray, "1 J 4"]
    history: Float64[np.ndarray, "K 4 3"]
    resting: Int64[np.ndarray, "4"]
    stance: Bool[np.ndarray, "4"]
    touched: Bool[np.ndarray, "4"]
    fade: Float64[np.ndarray, "4"]
    off: Float64[np.ndarray, "4 3"]
    hip_heights: Float64[np.ndarray, "F"]
    flies: Bool[np.ndarray, "1"]
    path: Float64[np.ndarray, "4 3"]
    beside: Float64[np.ndarray, "3"]
    wanted: Float64[np.ndarray, "3"]
    clip: Clip
    hips: Float64[np.ndarray, "1 3"]
    shoulders: Float64[np.ndarray, "1 3"]
    places: Float64[np.ndarray, "1 3 3"]
    free: Float64[np.ndarray, "Q"]
    before: Float64[np.ndarray, "Q"]
    near: Float64[np.ndarray, "Q"]
    trial: Float64[np.ndarray, "Q"]
    again: Float64[np.ndarray, "Q"]
    qpos: Float64[np.ndarray, "Q"]
    lift: Float64[np.ndarray, "1"]
    low: Bool[np.ndarray, "2 S"]
    reach: Limits
    scratch: FrameScratch
    room: ThingRoom | None = None
