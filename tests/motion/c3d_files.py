"""C3D files for tests: floating-point points with names, in the layout of the C3D.ORG user guide."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np

__all__ = ["c3d", "turns_alone"]

_SECTION = 512


def c3d(markers: Mapping[str, np.ndarray], fps: float = 30.0, first: int = 1) -> bytes:
    """Markers (T, 3) in metres, NaN where they were not seen, as millimetres in Intel floats."""
    names = list(markers)
    places = np.stack([markers[name] for name in names], axis=1) * 1000
    frames = len(places)
    parameters = _parameters(names, fps, frames)
    blocks = -(-len(parameters) // _SECTION)
    start = 2 + blocks
    head = struct.pack("<BB5H", 2, 0x50, len(names), 0, first, min(first + frames - 1, 65535), 10)
    head += struct.pack("<fHHf", -1.0, start, 0, fps)
    rows = np.zeros((frames, len(names), 4), "<f4")
    unseen = np.isnan(places[..., 0])
    rows[..., :3] = np.where(unseen[..., None], 0.0, places)
    rows[..., 3] = np.where(unseen, -1.0, 0.0)
    return head.ljust(_SECTION, b"\0") + parameters.ljust(blocks * _SECTION, b"\0") + rows.tobytes()


def _parameters(names: list[str], fps: float, frames: int) -> bytes:
    width = max(len(name) for name in names)
    labels = "".join(name.ljust(width) for name in names).encode("latin-1")
    items = [
        _item(1, "USED", 2, (), struct.pack("<h", len(names))),
        _item(1, "SCALE", 4, (), struct.pack("<f", -1.0)),
        _item(1, "RATE", 4, (), struct.pack("<f", fps)),
        _item(1, "FRAMES", 4, (), struct.pack("<f", frames)),
        _item(1, "UNITS", -1, (2,), b"mm"),
        _item(1, "LABELS", -1, (width, len(names)), labels),
    ]
    group = struct.pack("<bb", 5, -1) + b"POINT" + struct.pack("<hB", 3, 0)
    return b"\x01\x50" + bytes([0, 84]) + group + b"".join(items) + b"\0\0"


def turns_alone() -> bytes:
    """A file without points that says it has turns of segments, as Theia3D's have them."""
    items = _item(2, "USED", 2, (), struct.pack("<h", 19)) + _item(
        2, "RATE", 4, (), struct.pack("<f", 60.0)
    )
    group = struct.pack("<bb", 8, -2) + b"ROTATION" + struct.pack("<hB", 3, 0)
    head = struct.pack("<BB5H", 2, 0x50, 0, 0, 1, 10, 10) + struct.pack("<fHHf", -1.0, 3, 0, 60.0)
    parameters = b"\x01\x50" + bytes([1, 84]) + group + items + b"\0\0"
    return head.ljust(_SECTION, b"\0") + parameters.ljust(_SECTION, b"\0") + bytes(4 * _SECTION)


def _item(group: int, name: str, kind: int, shape: tuple[int, ...], content: bytes) -> bytes:
    body = struct.pack("<bB", kind, len(shape)) + bytes(shape) + content + b"\0"
    return (
        struct.pack("<bb", len(name), group)
        + name.encode()
        + struct.pack("<h", 2 + len(body))
        + body
    )
