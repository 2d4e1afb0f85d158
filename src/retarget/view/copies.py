"""Copies of a mesh in the browser, of which only what changes is sent, and colours as browsers take them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from jaxtyping import Float32, UInt8

from retarget.drawing.look import rgb
from retarget.view.shapes import Instances, Mesh

__all__ = ["Batch", "colour_bytes"]

_SAME: Final = 1e-4  # metres, or half radians, by which copies may move, turn or grow before they are sent again


class Batch:
    """Copies of a mesh on a server, of which only what has changed is sent."""

    def __init__(
        self,
        scene: Any,
        name: str,
        mesh: Mesh,
        first: Instances,
        colours: UInt8[np.ndarray, "K 3"],
        *,
        opacity: float | None = None,
        shadow: bool = True,
    ) -> None:
        """Make them.

        Args:
            scene: The server's.
            name: Of the node.
            mesh: What is copied.
            first: Where, how turned and how large the copies are.
            colours: Of the copies.
            opacity: Of all; none where they are solid.
            shadow: Whether they cast one.
        """
        self._sent = first
        self._node = scene.add_batched_meshes_simple(
            name,
            mesh.points,
            mesh.triangles,
            first.turns,
            first.places,
            batched_scales=first.sizes,
            batched_colors=_linear(colours),
            opacity=opacity,
            lod="off",
            cast_shadow=shadow,
            receive_shadow=False,
        )
        self._colours = colours

    def send(self, now: Instances, colours: UInt8[np.ndarray, "K 3"] | None = None) -> None:
        """Move the copies, and colour them anew where colours are given."""
        places, turns, sizes = self._sent
        if _differ(now.places, places):
            self._node.batched_positions = places = now.places
        if _differ(now.turns, turns):
            self._node.batched_wxyzs = turns = now.turns
        if _differ(now.sizes, sizes):
            self._node.batched_scales = sizes = now.sizes
        self._sent = Instances(places, turns, sizes)
        if colours is not None and not np.array_equal(colours, self._colours):
            self._colours = colours
            self._node.batched_colors = _linear(colours)

    def show_at_all(self, visible: bool) -> None:
        """Show or hide them."""
        self._node.visible = visible


def _differ(now: Float32[np.ndarray, "K d"], sent: Float32[np.ndarray, "K d"]) -> bool:
    return now is not sent and bool(np.abs(now - sent).max(initial=0.0) > _SAME)


def colour_bytes(colour: str) -> tuple[int, int, int]:
    """A colour as red, green and blue from 0 to 255."""
    red, green, blue = (rgb(colour) * 255).round().astype(int).tolist()
    return red, green, blue


def _linear(colours: UInt8[np.ndarray, "K 3"]) -> UInt8[np.ndarray, "K 3"]:
    """Colours of copies, which browsers take as shares of light, unlike those of single nodes."""
    return np.asarray(np.rint(255 * (colours / 255.0) ** 2.2), np.uint8)
