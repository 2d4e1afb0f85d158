"""Pass or fail: thresholds on measures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from retarget.evaluation.measures import (
    FASTEST_BASE,
    FASTEST_HUMAN,
    FASTEST_TURN,
    LOST_TIME,
    Measure,
)

__all__ = ["DEMANDING", "GateResult", "Gates"]

# Limits that motion should meet, and most walks do, but not every clip of a person who moves soundly: feet that lift
# nearly as the human's do, a trunk that leans as the human's does, a mass that moves as feet can move it.
DEMANDING: Final = MappingProxyType(
    {
        "swing_scuff_excess": 0.03,
        "swing_clearance_lack": 0.1,
        "both_soles_down_excess": 0.05,
        "trunk_lean_error_p95": 6.0,
        "force_left_mean": 0.15,
        "com_acceleration_ratio": 1.5,
        "com_outside_share": 0.1,
    }
)


_MEASURED_BY: Final = {"understood": "doubt"}  # gates that are not named as their measure


class GateResult(BaseModel):
    """The outcome of one threshold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    measure: str
    value: float | None
    limit: float
    passed: bool

    @property
    def excess(self) -> float:
        """How many times the limit the value is; 0 where the gate is passed, infinite where the limit is 0."""
        if self.passed or self.value is None:
            return 0.0
        return self.value / self.limit if self.limit > 0 else math.inf

    @property
    def text(self) -> str:
        """The same for people, in one line."""
        if self.measure == "understood":
            return f"doubts about the recording weigh {self.value:.2g}, over the gate understood of {self.limit:g}"
        return f"{self.measure} is {self.value:.4g}, over the gate of {self.limit:g}"


class Gates(BaseModel):
    """Largest acceptable values of some measures, in the measures' units; none switches a gate off.

    The defaults are what a controller can learn from: about twice what the solver reaches on difficult
    clips, except that hard limits of the robot have no slack. A measure without value passes: a clip
    without stance cannot slide. `understood` limits the measure ``doubt``. `Gates.demanding` has tighter
    limits on swing, trunk and physics.

    Example:
        >>> strict = Gates(limb_error_mean=2.2, toe_slide_mean=0.012)
        >>> strict.jerk_mean
        1000.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    understood: float | None = Field(default=0.5, ge=0, le=1)
    limb_error_mean: float | None = Field(default=4.0, gt=0)
    limb_error_p95: float | None = Field(default=10.0, gt=0)
    toe_slide_mean: float | None = Field(default=0.02, gt=0)
    sole_lifted_share: float | None = Field(default=0.01, ge=0)
    sole_penetration_max: float | None = Field(default=0.005, ge=0)
    position_limit_excess_max: float | None = Field(default=1e-3, ge=0)
    velocity_limit_share: float | None = Field(default=0.0, ge=0)
    acceleration_limit_share: float | None = Field(default=0.0, ge=0)
    floating_share: float | None = Field(default=0.05, ge=0)
    base_speed_max: float | None = Field(default=FASTEST_BASE, gt=0)
    base_turn_max: float | None = Field(default=FASTEST_TURN, gt=0)
    human_base_speed_max: float | None = Field(default=FASTEST_HUMAN, gt=0)
    # Recordings that hang for a frame are usable, those that lost a fifth of a second are not.
    repeated_share: float | None = Field(default=0.02, ge=0)
    repeated_time_max: float | None = Field(default=LOST_TIME, ge=0)
    human_repeated_share: float | None = Field(default=0.02, ge=0)
    human_repeated_time_max: float | None = Field(default=LOST_TIME, ge=0)
    # Fast turns on the spot reach 0.17, a high kick 0.7, dances 0.17; walks 0.04, 0.16 and 0.08. Feet that drag along
    # the floor have 0.3, 0.95 and 0.6 on walks.
    swing_scuff_excess: float | None = 0.2
    swing_clearance_lack: float | None = 0.75
    both_soles_down_excess: float | None = 0.25
    trunk_lean_error_p95: float | None = Field(default=8.0, gt=0)
    hip_line_error_p95: float | None = Field(default=30.0, gt=0)
    shoulder_line_error_p95: float | None = Field(default=35.0, gt=0)
    # Runs, of a human who falls slower than a robot of its size would, reach 0.36; feet that slide or hover, 1.
    force_left_mean: float | None = Field(default=0.5, ge=0)
    # Walks and dances reach 1.1; a base that trembles with its feet, two to three.
    com_acceleration_ratio: float | None = Field(default=1.5, gt=0)
    # Off: a robot with a heavy trunk and no waist that bends stands beside its feet where a human leans.
    com_outside_share: float | None = Field(default=None, ge=0)
    self_collision_share: float | None = Field(default=0.005, ge=0)
    jerk_mean: float | None = Field(default=1000.0, gt=0)

    @classmethod
    def demanding(cls) -> Gates:
        """The default gates, with the limits of `DEMANDING` in place of theirs.

        Example:
            >>> Gates.demanding().trunk_lean_error_p95
            6.0
        """
        return cls(**DEMANDING)

    def check(self, measures: Mapping[str, Measure]) -> tuple[GateResult, ...]:
        """Compare measures with the limits."""
        results = []
        for name in type(self).model_fields:
            limit, value = getattr(self, name), measures[_MEASURED_BY.get(name, name)].value
            if limit is not None:
                passed = value is None or value <= limit
                results.append(GateResult(measure=name, value=value, limit=limit, passed=passed))
        return tuple(results)
