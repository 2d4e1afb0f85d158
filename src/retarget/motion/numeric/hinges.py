"""Hinge axes of limbs in all frames: seen while the limb is bent, kept as the trunk turns them while it is straight."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit

__all__ = ["FADING", "kept_hinges"]

FADING: Final = 2.0
"""Share of its say that a hinge which was seen loses a second, natural units."""
# Sine of a limb's bend from which its hinge is seen a little, and from which it is seen well (17 and 44 degrees): a
# straight knee's plane is that of its valgus, not of its hinge.
_HARDLY, _WELL = 0.3, 0.7

Places = Float64[np.ndarray, "T 3"]
Frames = Float64[np.ndarray, "T 3 3"]


@jit("void(f8[:, ::1], f8[:, ::1], f8[:, :, ::1], f8[:, ::1], f8, f8, f8[:, ::1])")
def kept_hinges(
    upper: Places,
    lower: Places,
    trunk: Frames,
    guess: Places,
    sign: float,
    fading: float,
    hinges: Places,
) -> None:
    """Hinge axes of a limb in all frames, orthogonal to its upper segment.

    Args:
        upper: Directions of the upper segment, away from the trunk.
        lower: Directions of the lower segment.
        trunk: Axes of what carries the limb.
        guess: Where the hinge is if the limb is never bent.
        sign: +1 where bending takes the far end backwards (knee), -1 where forwards (elbow).
        fading: Share of its say that a hinge loses a frame, natural units.
        hinges: Filled.
    """
    count = upper.shape[0]
    keep = np.exp(-fading)
    for backward in range(2):
        say = 1e-6
        hx, hy, hz = 0.0, 0.0, 0.0
        for step in range(count):
            t = count - 1 - step if backward else step
            if step == 0:
                hx, hy, hz = guess[t, 0], guess[t, 1], guess[t, 2]
            else:  # as the trunk has turned it
                b = t + 1 if backward else t - 1
                c0 = trunk[b, 0, 0] * hx + trunk[b, 1, 0] * hy + trunk[b, 2, 0] * hz
                c1 = trunk[b, 0, 1] * hx + trunk[b, 1, 1] * hy + trunk[b, 2, 1] * hz
                c2 = trunk[b, 0, 2] * hx + trunk[b, 1, 2] * hy + trunk[b, 2, 2] * hz
                hx = trunk[t, 0, 0] * c0 + trunk[t, 0, 1] * c1 + trunk[t, 0, 2] * c2
                hy = trunk[t, 1, 0] * c0 + trunk[t, 1, 1] * c1 + trunk[t, 1, 2] * c2
                hz = trunk[t, 2, 0] * c0 + trunk[t, 2, 1] * c1 + trunk[t, 2, 2] * c2
                say *= keep
            ux, uy, uz = upper[t, 0], upper[t, 1], upper[t, 2]
            nx = sign * (uy * lower[t, 2] - uz * lower[t, 1])
            ny = sign * (uz * lower[t, 0] - ux * lower[t, 2])
            nz = sign * (ux * lower[t, 1] - uy * lower[t, 0])
            sine = np.sqrt(nx * nx + ny * ny + nz * nz)
            seen = min(max((sine - _HARDLY) / (_WELL - _HARDLY), 0.0), 1.0)
            seen = seen * seen * (3.0 - 2.0 * seen)
            along = hx * ux + hy * uy + hz * uz
            hx, hy, hz = hx - along * ux, hy - along * uy, hz - along * uz
            length = np.sqrt(hx * hx + hy * hy + hz * hz)
            if length < 1e-6:  # the trunk turned it into the limb
                along = guess[t, 0] * ux + guess[t, 1] * uy + guess[t, 2] * uz
                hx, hy, hz = (
                    guess[t, 0] - along * ux,
                    guess[t, 1] - along * uy,
                    guess[t, 2] - along * uz,
                )
                length = max(np.sqrt(hx * hx + hy * hy + hz * hz), 1e-9)
            rest = (1.0 - seen) * say / (say + seen) / length
            share = seen / max(sine, 1e-9)
            hx, hy, hz = rest * hx + share * nx, rest * hy + share * ny, rest * hz + share * nz
            length = max(np.sqrt(hx * hx + hy * hy + hz * hz), 1e-9)
            hx, hy, hz = hx / length, hy / length, hz / length
            say = max(say, seen)
            if backward:
                ax = hinges[t, 0] + say * hx
                ay = hinges[t, 1] + say * hy
                az = hinges[t, 2] + say * hz
                length = np.sqrt(ax * ax + ay * ay + az * az)
                if length < 1e-7:  # both sides are against each other
                    ax, ay, az, length = hx, hy, hz, 1.0
                hinges[t, 0], hinges[t, 1], hinges[t, 2] = ax / length, ay / length, az / length
            else:
                hinges[t, 0], hinges[t, 1], hinges[t, 2] = say * hx, say * hy, say * hz
