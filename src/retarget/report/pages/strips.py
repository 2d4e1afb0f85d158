"""Film strips small enough to be inside a page."""

from __future__ import annotations

import base64
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from retarget.drawing.lettering import require_pictures
from retarget.report.filmstrip import draw_filmstrip
from retarget.result import RetargetingResult

if TYPE_CHECKING:
    from retarget.robots.model import RobotModel

__all__ = ["data_address", "small_strip"]

_WIDTH: Final = 1100  # pixels: as wide as a page shows it
_QUALITY: Final = 72  # of WebP: lines of a drawing stay clean


def small_strip(result: RetargetingResult, robot: RobotModel, title: str) -> bytes:
    """A film strip of a result as a WebP of some 30 kB.

    Raises:
        MissingExtraError: matplotlib is not installed, which brings what writes the picture.
    """
    require_pictures()
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "strip.png"
        draw_filmstrip(result, robot, drawn, title=title)
        with Image.open(drawn) as picture:
            height = round(picture.height * _WIDTH / picture.width)
            small = picture.convert("RGB").resize((_WIDTH, height), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, format="WEBP", quality=_QUALITY, method=4)
    return buffer.getvalue()


def data_address(webp: bytes) -> str:
    """The picture as an address that holds it whole."""
    return f"data:image/webp;base64,{base64.b64encode(webp).decode('ascii')}"
