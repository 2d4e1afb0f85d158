"""Ways in which a motion can be garbage, made on purpose: a score that one of them passes is worth nothing.

Each fault turns a good result into one that nobody should train on, and names the measure that must see it. With
`FAULTS` a profile of gates of one's own can be tried, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from retarget.errors import OptionsError
from retarget.evaluation.cheats import (
    arms_astray,
    drifting,
    earthbound,
    for_a_second,
    hands_astray,
    on_toes,
    popping,
    slipping,
)
from retarget.evaluation.garbage import (
    Make,
    Pose,
    clipped,
    enlarged,
    frozen,
    jittered,
    late,
    leaning,
    lowered,
    lying,
    mirrored,
    raised,
    random,
    shaken,
    sliding,
    teleporting,
    turned,
)
from retarget.evaluation.lamed import (
    arm_held,
    arms_swapped,
    backwards,
    leg_held,
    slow,
    small,
)
from retarget.result import RetargetingResult
from retarget.robots.model import RobotModel

__all__ = ["FAULTS", "Fault"]

_SLOW: Final = 3.0  # as of a recording at 120 frames a second that is said to have 40


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to spoil a motion.

    Attributes:
        name: In a word or two.
        text: What is done to the motion.
        seen_by: Name of the measure that must fail it.
        make: Spoils the configurations of a result.
        slower: How many times as long the human and the robot take for it, as of a recording at another rate.

    Example:
        >>> spoilt = FAULTS["floating"].spoil(result, robot)  # doctest: +SKIP
        >>> evaluate_result(spoilt, robot).passed  # doctest: +SKIP
        False
    """

    name: str
    text: str
    seen_by: str
    make: Make
    slower: float = 1.0

    def spoil(
        self,
        result: RetargetingResult,
        robot: RobotModel,
        other: RetargetingResult | None = None,
    ) -> RetargetingResult:
        """The result with this fault.

        Args:
            result: A good one.
            robot: Its robot.
            other: Another clip's result of the same robot, for the fault that takes its motion.

        Raises:
            OptionsError: The fault needs another clip's result, and there is none.
        """
        given = result
        if self.make is _another:
            if other is None:
                raise OptionsError(f"{self.name}: give another clip's result")
            given = replace(result, qpos=_repeated(other, result))
        qpos = np.ascontiguousarray(self.make(given, robot))
        return replace(result, qpos=qpos, fps=result.fps / self.slower)


def _as_it_is(result: RetargetingResult, robot: RobotModel) -> Pose:
    return result.qpos.copy()


def _another(result: RetargetingResult, robot: RobotModel) -> Pose:
    return result.qpos


def _repeated(other: RetargetingResult, result: RetargetingResult) -> Pose:
    """Another result's frames at this one's rate, there and back until there are enough."""
    qpos = other.resampled(result.fps).qpos
    there_and_back = np.concatenate([qpos, qpos[-2:0:-1]]) if len(qpos) > 2 else qpos
    return there_and_back[np.arange(len(result)) % len(there_and_back)]


FAULTS: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        name: Fault(name, text, seen_by, make)
        for name, text, seen_by, make in (
            ("frozen", "the first frame throughout", "repeated_share", frozen),
            ("floating", "6 cm higher", "sole_lifted_share", raised),
            ("sinking", "5 cm lower", "sole_penetration_max", lowered),
            ("sliding", "drifts at 0.3 m/s", "toe_slide_mean", sliding),
            ("mirrored", "left and right exchanged", "limb_error_mean", mirrored),
            ("late", "0.3 s later than the human", "time_offset", late),
            ("wrong scale", "a path half as long again", "path_scale_error", enlarged),
            ("wrong yaw", "turned by 90 degrees on its path", "root_path_error_p95", turned),
            ("jittered", "noise of 0.03 rad in every joint", "jerk_mean", jittered),
            ("teleporting", "3 m farther on from the middle", "base_speed_max", teleporting),
            (
                "clipped",
                "joints swing four times as far, cut off at their limits",
                "at_limit_share",
                clipped,
            ),
            ("lying", "on its back where the human stands", "trunk_lean_error_p95", lying),
            (
                "leaning back",
                "the trunk bent back by 20 degrees",
                "trunk_lean_error_p95",
                leaning,
            ),
            ("shaken", "the base 1 cm to and fro", "com_acceleration_alike", shaken),
            ("random", "random joint angles", "velocity_limit_share", random),
            ("another clip", "another clip's motion", "limb_error_mean", _another),
            (
                "floating a second",
                "6 cm higher, for a second in the middle",
                "sole_lifted_second",
                for_a_second(raised),
            ),
            (
                "bent back a second",
                "the trunk bent back by 20 degrees, for a second",
                "trunk_lean_error_second",
                for_a_second(leaning),
            ),
            (
                "jittered a second",
                "noise of 0.03 rad in every joint, for a second",
                "jerk_second",
                for_a_second(jittered),
            ),
            (
                "shaken a second",
                "the base 1 cm to and fro, for a second",
                "force_left_second",
                for_a_second(shaken),
            ),
            (
                "arms astray",
                "shoulders turned by 57 degrees, for a second",
                "limb_error_second",
                for_a_second(arms_astray),
            ),
            ("slipping", "15 cm aside within a second", "toe_slide_second", slipping),
            (
                "popping",
                "arms 0.3 rad aside for a frame, every two seconds",
                "limb_pop_max",
                popping,
            ),
            (
                "drifting",
                "the heading drifts by 30 degrees, and the path with it",
                "heading_drift",
                drifting,
            ),
            ("on toes", "feet bent down by 20 degrees", "sole_tilt_mean", on_toes),
            ("earthbound", "never off the floor, in flight neither", "flight_kept", earthbound),
            ("hands astray", "wrists wander", "orientation_error_hand", hands_astray),
            ("arm held", "one arm held still", "limb_gain_error_max", arm_held),
            ("leg held", "one leg held still", "limb_gain_error_max", leg_held),
            (
                "small",
                "every joint moves 0.6 times as far",
                "limb_gain_error_mean",
                small,
            ),
            (
                "arms swapped",
                "each arm does what the other should",
                "limb_error_mean",
                arms_swapped,
            ),
            ("backwards", "from its end to its beginning", "limb_error_mean", backwards),
            ("slow", "a third of it in the time of all", "limb_gain_error_mean", slow),
        )
    }
    | {
        "slow motion": Fault(
            "slow motion",
            "human and robot at a third of their rate",
            "human_gait_pace",
            _as_it_is,
            _SLOW,
        )
    }
)
