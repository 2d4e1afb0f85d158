"""Where browsers look from when a clip opens."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from retarget.drawing.stage import Stage

__all__ = ["look_at_stage"]

_AZIMUTH, _ELEVATION = np.radians(38.0), np.radians(14.0)
_ASIDE: Final = 0.28  # heights by which the camera looks to the right of who is shown
_FIELD: Final = np.radians(40.0)
_AWAY: Final = 2.5  # heights from the camera to what it looks at
_MIDDLE: Final = 0.48  # heights above the floor at which it looks


def look_at_stage(camera: Any, stage: Stage) -> None:
    """Turn a server's first camera to those on a stage, from ahead of them and to their side."""
    angle = stage.azimuth + _AZIMUTH
    look_at = np.array([0.0, 0.0, _MIDDLE * stage.height])
    way = np.array(
        [
            np.cos(angle) * np.cos(_ELEVATION),
            np.sin(angle) * np.cos(_ELEVATION),
            np.sin(_ELEVATION),
        ]
    )
    # The panel lies over the right of the picture: who is shown stands left of its middle.
    across = np.array([-np.sin(angle), np.cos(angle), 0.0])
    look_at += _ASIDE * stage.height * across
    camera.fov = float(_FIELD)
    camera.look_at = tuple(look_at)
    camera.position = tuple(look_at + _AWAY * stage.height * way)
