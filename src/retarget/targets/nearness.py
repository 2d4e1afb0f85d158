"""How joints near things stay as near as the human's.

Joints near a surface keep the human's vector from its nearest point: a soft anchor each, in the frame of the thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64

from retarget.scenes.place import RobotWorld
from retarget.scenes.posed import Surroundings
from retarget.scenes.scene import TOUCH_POINTS
from retarget.targets.thing_points import ThingPoints

__all__ = ["BEHIND", "LEAST", "NEAR", "SOFT", "stay_near"]

SOFT: Final = 150.0
"""Weight of the vector between a surface and a joint that is on it, 1/m^2."""

BEHIND: Final = 0.3  # share of it that a wrist's anchor has while its palm is held
NEAR: Final = 0.15  # metres of the human over which that weight falls, as a Gaussian
LEAST: Final = 0.05  # of it that counts


def stay_near(
    weights: Float64[np.ndarray, "T K"],
    anchors: Float64[np.ndarray, "T K 3"],
    fixed: Bool[np.ndarray, "T K"],
    points: ThingPoints,
    radii: Float64[np.ndarray, "K"],
    world: RobotWorld,
    human: Surroundings,
) -> None:
    """Let joints near surfaces keep the human's vectors from their nearest points.

    Args:
        weights: Of each point's anchor, 1/m^2; those of joints are filled.
        anchors: Likewise, metres.
        fixed: Likewise.
        points: The robot's points for things.
        radii: How far the surface of each of all points is from it, metres.
        world: The things in the robot's world.
        human: The things in the human's world, around points of its body.
    """
    frames, body = len(weights), human.points
    for role, column in points.clear.items():
        target, total = np.zeros((frames, 3)), np.full(frames, 1e-9)
        for o, (thing, own, fit) in enumerate(
            zip(human.things, world.things, world.fits, strict=True)
        ):
            near = human[role, o]
            share = np.exp(-((np.maximum(near.distance, 0.0) / NEAR) ** 2))
            away = world.scale * (thing.to_local(body[role]) - near.place)
            target += share[:, None] * own.to_world(fit.place(near.place) + away)
            total += share
        target /= total[:, None]
        weight = SOFT * np.minimum(total, 1.0)
        weight[total < LEAST] = 0.0
        side, _, part = role.partition("_")
        if part == "wrist":
            _follow_palm(weight, target, side, weights, anchors, points, radii, body)
        weights[:, column] = weight
        anchors[:, column] = target
        fixed[:, column] = True


def _follow_palm(
    weight: Float64[np.ndarray, "T"],
    target: Float64[np.ndarray, "T 3"],
    side: str,
    weights: Float64[np.ndarray, "T K"],
    anchors: Float64[np.ndarray, "T K 3"],
    points: ThingPoints,
    radii: Float64[np.ndarray, "K"],
    body: Mapping[str, Float64[np.ndarray, "T 3"]],
) -> None:
    """Put a wrist's anchor, in place, behind its palm's as the human's wrist is, while that is held.

    Robots' hands have other lengths than people's: both where the human's are would leave it to noise where a hand
    points. A hand that cannot turn follows its palm alone.
    """
    palm = int(points.columns[TOUCH_POINTS.index(f"{side}_palm")])
    if palm < 0:
        return
    share = np.minimum(weights[:, palm] / SOFT, 1.0)
    if not points.hands[side]:
        weight *= 1.0 - share
        return
    weight *= 1.0 - (1.0 - BEHIND) * share
    back = body[f"{side}_wrist"] - body[f"{side}_palm"]
    back *= points.hands[side] / np.maximum(np.linalg.norm(back, axis=1), 1e-6)[:, None]
    behind = anchors[:, palm] + np.array([0.0, 0.0, radii[palm]]) + back
    target += share[:, None] * (behind - target)
