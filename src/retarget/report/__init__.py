"""Pictures and reports for people.

The names are loaded when first used, as they need numerics.

Example:
    >>> from retarget.report import draw_filmstrip, headline
    >>> draw_filmstrip(result, robot, "walk.png", title="walk", subtitle=headline(report))  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retarget.lazily import names_of

if TYPE_CHECKING:
    from retarget.drawing.lettering import require_pictures
    from retarget.report.filmstrip import draw_filmstrip
    from retarget.report.recording_picture import draw_recording
    from retarget.report.scores import headline, key_measures, score_cells

__all__ = [
    "draw_filmstrip",
    "draw_recording",
    "headline",
    "key_measures",
    "require_pictures",
    "score_cells",
]

_HOMES = {
    "draw_filmstrip": "filmstrip",
    "draw_recording": "recording_picture",
    "headline": "scores",
    "key_measures": "scores",
    "require_pictures": "retarget.drawing.lettering",
    "score_cells": "scores",
}

__getattr__, __dir__ = names_of(
    __name__, {name: home if "." in home else f"{__name__}.{home}" for name, home in _HOMES.items()}
)
