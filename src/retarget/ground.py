"""Numbers about gravity and the ground that whoever solves and whoever judges must agree on."""

from __future__ import annotations

from typing import Final

__all__ = ["FALL_SHARE", "FALL_SPAN", "FRICTION", "GRAVITY", "STANDING_HEIGHT"]

GRAVITY: Final = 9.81
"""m/s^2."""

FRICTION: Final = 0.8
"""Coefficient between robot and floor; rubber on most floors has more."""

STANDING_HEIGHT: Final = 0.005
"""Metres above the ground up to which what is at rest stands on it."""

FALL_SHARE: Final = 0.4
"""Share of free fall by which hips accelerate downwards in flight: in a walk they bob at a third of it, and in a jump
arms and legs swing about them."""

FALL_SPAN: Final = 0.1
"""Seconds to either side over which that acceleration is taken: somebody who drops into a squat falls for a moment, but
is braked while the feet are still light."""
