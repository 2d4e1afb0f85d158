"""How a body of another size moves along the floor that is pushed from where a human is, as its feet are there too."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from retarget.compiled.jit import jit
from retarget.ground import GRAVITY

__all__ = ["pushed_alike"]


@jit(allocates=True)
def pushed_alike(
    hips: Float64[np.ndarray, "T 3"], scale: float, gravity: float, fps: float, span: int
) -> Float64[np.ndarray, "T 2"]:
    """The path along the floor of a smaller or larger body, on the human's steps at the human's times.

    The floor pushes a body whose mass is at height h from the point x - h/g x'' (the zero-moment point: Vukobratovic &
    Borovac 2004), which stays within what stands. Both stand on the same steps, in their own size: so their points are
    the same. But h/g of a small body is small: it sways as far as its feet are apart, where a tall one, which tips over
    more slowly, hardly leaves its line.

    Args:
        hips: The human's, in the robot's size, above a floor at 0, metres: they stand for the mass.
        scale: Robot metres per human metre.
        gravity: In the human's world in metres per square second of the clip: of a clip that is played faster, more.
        fps: Frames per second.
        span: Frames over which the human's acceleration is a difference.

    Returns:
        Metres; at both ends the human's.
    """
    frames = hips.shape[0]
    path = np.empty((frames, 2))
    lever, factor = np.zeros(frames), np.zeros(frames)
    for t in range(frames):
        lever[t] = max(hips[t, 2], 0.0) * fps * fps
        path[t, 0], path[t, 1] = hips[t, 0], hips[t, 1]
    for t in range(span, frames - span):
        human = lever[t] / (scale * gravity * span * span)
        for k in range(2):
            bend = hips[t - span, k] - 2.0 * hips[t, k] + hips[t + span, k]
            path[t, k] -= human * bend
    # Of y - h/g y'' = the point: three diagonals (Thomas' algorithm), whose first and last rows are the identity.
    for t in range(1, frames - 1):
        own = lever[t] / GRAVITY
        main = 1.0 + 2.0 * own - own * factor[t - 1]
        factor[t] = own / main
        for k in range(2):
            path[t, k] = (path[t, k] + own * path[t - 1, k]) / main
    for t in range(frames - 2, 0, -1):
        for k in range(2):
            path[t, k] += factor[t] * path[t + 1, k]
    return path
