"""Numbers that definitions of measures are made with."""

from __future__ import annotations

__all__ = [
    "ARC_AMPLITUDE",
    "ARC_FREQUENCY",
    "ARC_PADDING",
    "ARC_WINDOW",
    "AT_LIMIT",
    "BALLISTIC_SHARE",
    "CLEARANCE_FLOOR",
    "COLLISION_DEPTH",
    "DEEP",
    "DOWN_HEIGHT",
    "FASTEST_BASE",
    "FASTEST_HUMAN",
    "FASTEST_TURN",
    "FAST_FOOT",
    "FAST_JOINT",
    "FLIGHT_ENOUGH",
    "FLIGHT_HEIGHT",
    "FLIGHT_KEPT",
    "FORCE_SHARE",
    "GAIN_MOTION",
    "GAIN_RATE",
    "GAIN_WINDOW",
    "HAND_REACHED",
    "HEADING_WINDOW",
    "HIP_HEIGHT",
    "HUMAN_SPAN",
    "JUMP_RATE",
    "JUMP_SPEED",
    "LAG_RANGE",
    "LAG_RATE",
    "LAG_WINDOW",
    "LEAST_PATH",
    "LEAST_SHANK_RISE",
    "LEAST_STRIDE",
    "LEVEL_STRIDE",
    "LIFTED_HEIGHT",
    "LIFTED_HUMAN",
    "LIMIT_TOLERANCE",
    "LOST_TIME",
    "MOVING_BODY",
    "MOVING_FOOT",
    "MOVING_POINT",
    "ORIENTED_SEGMENTS",
    "POINTING_SEGMENTS",
    "POP_SPAN",
    "QUASI_STATIC_ACCELERATION",
    "QUASI_STATIC_SPEED",
    "QUIET_ACCELERATION",
    "REPEATED_STEP",
    "REST_DIFFERENCE",
    "REST_PERCENTILE",
    "SKATING_SPEED",
    "SLIDING_SPEED",
    "STANCE_DURATION",
    "STANCE_HEIGHT",
    "STANCE_SPEED",
    "STANDING_SPEED",
    "STOPPED_BODY",
    "STRIDES_ENOUGH",
    "STRIDE_EXPONENT",
    "STRIDE_SHARE",
    "STRIDE_STANCE",
    "SUPPORT_MARGIN",
    "SURE_FLIGHT",
    "SWING_ENOUGH",
    "TELLING_MOTION",
    "TORQUE_ARM",
    "UNSUPPORTED_HEIGHT",
    "WORST_SPAN",
]

# The peers' published comparisons use the same.
STANCE_HEIGHT = 0.04  # m above the lowest two per cent of the clip
STANCE_SPEED = 0.25  # m/s
STANCE_DURATION = 0.1  # s
LEAST_SHANK_RISE = 0.1  # m from ankle to knee: the foot of a leg that kneels or lies does not stand
LIFTED_HEIGHT = 0.01  # m
REST_PERCENTILE = 1.5  # of the heights of a toe or ankle: where it rests
REST_DIFFERENCE = 0.04  # m that one side may rest above both together, as floors and markers do; more is a lifted foot
DOWN_HEIGHT = 0.01  # m: a sole lower than this is down
MOVING_FOOT = 0.3  # m/s: a foot that is down and faster scuffs the floor
FAST_FOOT = 0.5  # m/s: a foot in the middle of its swing
SWING_ENOUGH = 0.2  # s of swing of either foot, without which clearance has no value
CLEARANCE_FLOOR = 0.02  # m: what a lack of clearance is a share of at least, as rest heights are known to millimetres
FLIGHT_HEIGHT = 0.02  # m that all toes and ankles of the scaled human are above their rest
SURE_FLIGHT = 0.04  # m likewise: no walker's feet are both so high, and a hop's are
FLIGHT_ENOUGH = 0.1  # s of sure flight, without which nothing is said of it
FLIGHT_KEPT = 0.01  # m that all of the robot is above the floor in flight
UNSUPPORTED_HEIGHT = 0.02  # m above the floor of a robot's lowest point
STANDING_SPEED = 0.25  # m/s up to which it stands: as for the human's stance
TORQUE_ARM = 0.3  # m over which a torque counts as a force: a quarter of a humanoid robot's height
FORCE_SHARE = 0.1  # of the weight
HUMAN_SPAN = 1 / 30  # s: steps of the second difference of the human's hips
QUIET_ACCELERATION = 0.5  # m/s^2 rms: a human who stands still
BALLISTIC_SHARE = 0.2  # of gravity that the acceleration of a centre of mass in flight may be off
QUASI_STATIC_SPEED = 0.1  # m/s of the centre of mass along the floor
QUASI_STATIC_ACCELERATION = (
    0.3  # m/s^2 likewise: moves the point of balance by 2 cm at a height of 0.7 m
)
SUPPORT_MARGIN = 0.02  # m
LEAST_PATH = 0.3  # m rms from its middle that a path must spread to have a scale of its own
LIFTED_HUMAN = (
    0.03  # m, scaled: a foot of the human so high above its rest is up, whatever noise there is
)
SLIDING_SPEED = (
    0.1  # m/s: half the speed at which a walker's foot lands; a centimetre in three frames at 30 Hz
)
SKATING_SPEED = 0.3  # m/s: 1 cm a frame at 30 Hz, as holosoma's evaluation counts sliding
DEEP = 0.01  # m, as holosoma's evaluation counts penetration
LAG_RANGE = 0.5  # s that a robot may be early or late
LAG_RATE = 30.0  # Hz at which motions are laid beside each other
LAG_WINDOW = 4.0  # s: a few steps
TELLING_MOTION = 0.05  # rms by which limbs must rise and fall for a lag to be told: three degrees
GAIN_WINDOW = 4.0  # s: a few steps, in which a limb that is held for so long stands out
GAIN_RATE = 30.0  # Hz: nobody swings a limb faster than half of it
GAIN_MOTION = (
    0.0873  # rms by which a limb's direction must move for a gain to be told: five degrees
)
# Strides of people and animals of any size: length over height of the hips is 2.3 times the Froude number to the power
# of 0.3 (Alexander, "Estimates of speeds of dinosaurs", Nature 261, 1976); solved for the speed, its power is 1 / 0.6.
STRIDE_SHARE, STRIDE_EXPONENT = 2.3, 1 / 0.6
HIP_HEIGHT = 1.08  # of thigh and shank: with the height of an ankle (Winter, "Biomechanics", 2009, figure 4.1)
LEAST_STRIDE = (
    1.0  # heights of the hips: shorter ones are taken at any pace, as by who stands about
)
LEVEL_STRIDE = 0.05  # heights of the hips that it may go up or down: who climbs takes longer
STRIDE_STANCE = 0.25  # of it that its foot stands at least; a walker's does for 0.6, one that is on a step not at all
STRIDES_ENOUGH = 2
ARC_WINDOW = 4.0  # s: arc lengths grow with a profile's length, so that clips are cut
ARC_FREQUENCY = (
    10.0  # Hz up to which a spectrum counts, as its authors have it; people move below that
)
ARC_AMPLITUDE = 0.05  # of the spectrum's peak, likewise
ARC_PADDING = 16  # times the length up to which profiles are padded with zeros, as its authors do
MOVING_POINT = 0.1  # m/s: a hand or foot that is never faster rests
REPEATED_STEP = 1e-5  # m or rad: less than the noise of any recording, so that nothing has moved
MOVING_BODY = (
    0.5  # m/s of the human's fastest joint centre, at which a robot that follows moves, too
)
STOPPED_BODY = 1.0  # m/s likewise: nobody comes from there to a dead stop, or the other way, between two frames
# What diagnoses show where it is exceeded, as the default gates refuse it. The fastest sprint ever measured had
# 12.4 m/s (Graubner & Nixdorf 2011), which is 9 m/s in the size of a robot 1.3 m tall; runs, jumps and rolls reach 3
# on it, a teleport by 5 m, smoothed by the solver, 37.
FASTEST_HUMAN, FASTEST_BASE = 12.5, 10.0  # m/s
# Spins on one foot and rolls reach 12; half a turn between frames at 30 Hz is 94, smoothed by the solver 75.
FASTEST_TURN = 25.0  # rad/s
LOST_TIME = 0.2  # s that a motion may hang
WORST_SPAN = 1.0  # s: what is wrong for so long is seen by whoever looks, however long the clip
POP_SPAN = 1 / 30  # s between a frame and those before and after, between which a limb can only be
HEADING_WINDOW = 2.0  # s: a step or two, over which swinging limbs average out
FAST_JOINT = 20.0  # rad/s
JUMP_SPEED = 15.0  # rad/s: 0.5 rad between two frames at 30 Hz
JUMP_RATE = 30.0  # Hz
COLLISION_DEPTH = 0.005  # m
HAND_REACHED = 0.02  # m between a hand and what it is to touch
AT_LIMIT = 1e-3  # rad: a joint that is no farther from a limit leans on it
LIMIT_TOLERANCE = 1e-4  # rad, and the same share of other limits: rounding is no violation

POINTING_SEGMENTS = ("thigh", "shank", "upper_arm", "forearm")
ORIENTED_SEGMENTS = ("thigh", "shank", "foot", "upper_arm", "forearm", "hand")
