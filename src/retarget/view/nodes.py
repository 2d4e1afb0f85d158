"""A stage in the browser: what is made once, and what is sent again when a frame is shown."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from retarget.drawing.figures import sides_of_bodies
from retarget.drawing.look import THING
from retarget.drawing.props import Prop
from retarget.drawing.scene import Overlays
from retarget.drawing.stage import Actor, Stage
from retarget.geometry import quaternion_from_matrix
from retarget.view.block import FigureBlock
from retarget.view.copies import Batch, colour_bytes
from retarget.view.mark_nodes import MarkNodes
from retarget.view.shapes import BALL, ROD

__all__ = ["StageNodes"]

_ROOT: Final = "/stage"
_NAME_ABOVE: Final = 0.04  # of the height, above the highest part of the body
_FAINT: Final = 0.35


class StageNodes:
    """The nodes of one stage on a server; `remove` takes them away.

    All positions are relative to one node, so that following somebody moves that alone.
    """

    def __init__(self, server: Any, stage: Stage, overlays: Overlays) -> None:
        """Make the nodes, and show the first frame."""
        self._scene, self._stage = server.scene, stage
        self._root = self._scene.add_frame(_ROOT, show_axes=False)
        self._light()
        self._grid = self._scene.add_grid(
            f"{_ROOT}/floor",
            infinite_grid=True,
            cell_size=0.25,
            section_size=1.0,
            cell_color=(214, 219, 225),
            section_color=(176, 184, 194),
            cell_thickness=0.6,
            section_thickness=1.0,
            fade_distance=30.0,
            shadow_opacity=0.28,
            plane_color=(236, 239, 242),
            plane_opacity=1.0,
        )
        self._figures = [
            _Figure(self._scene, f"{_ROOT}/{k}", actor, stage)
            for k, actor in enumerate(stage.actors)
        ]
        self._marks = [
            MarkNodes(self._scene, f"{_ROOT}/{k}/marks", actor, actor.marks, stage.fps)
            for k, actor in enumerate(stage.actors)
            if actor.marks is not None
        ]
        self._props = [
            _PropNode(self._scene, f"{_ROOT}/thing{k}", prop) for k, prop in enumerate(stage.props)
        ]
        self.show(0, overlays, follow=False)

    def _light(self) -> None:
        """One lamp above that casts shadows, and the sky: colours stay what they are."""
        scene = self._scene
        scene.configure_environment_map(None)
        scene.configure_default_lights(False)
        scene.add_light_hemisphere("/sky", ground_color=(150, 155, 165), intensity=1.9)
        angle = self._stage.azimuth
        where = np.array([np.cos(angle + 0.9), np.sin(angle + 0.9), 1.9])
        scene.add_light_directional(
            "/lamp", position=tuple(4.0 * where), intensity=1.7, cast_shadow=True
        )

    def show(self, frame: int, overlays: Overlays, *, follow: bool) -> None:
        """Send what changes when a frame is shown."""
        for figure in self._figures:
            figure.show(frame)
        for marks in self._marks:
            marks.show(frame, overlays)
        for prop in self._props:
            prop.show(frame)
        centre = self._stage.centre(frame) if follow else self._stage.centre(0)
        self._root.position = tuple(-centre)

    def show_people(self, names: set[str]) -> None:
        """Show these actors, and hide the others."""
        for figure in self._figures:
            figure.show_at_all(figure.name in names)
        for prop in self._props:
            prop.show_at_all(prop.owner in names)

    def remove(self) -> None:
        """Take all nodes away."""
        self._root.remove()


class _PropNode:
    """A thing; of one that stays nothing is sent again."""

    def __init__(self, scene: Any, path: str, prop: Prop) -> None:
        self.owner, self._prop = prop.owner, prop
        self._node = scene.add_mesh_simple(
            path,
            prop.points.astype(np.float32),
            prop.triangles.astype(np.uint32),
            color=colour_bytes(THING),
            flat_shading=True,
            side="double",
            # What does both is streaked by its own shadow.
            cast_shadow=not prop.stays,
            receive_shadow=prop.stays,
        )
        self.show(0)

    def show(self, frame: int) -> None:
        if frame and self._prop.stays:
            return
        place, turn = self._prop.pose(frame)
        self._node.position = tuple(place)
        self._node.wxyz = tuple(quaternion_from_matrix(turn))

    def show_at_all(self, visible: bool) -> None:
        self._node.visible = visible


class _Figure:
    """A human or robot."""

    def __init__(self, scene: Any, path: str, actor: Actor, stage: Stage) -> None:
        self.name = actor.name
        self._actor, self._lift = actor, _NAME_ABOVE * stage.height
        self._block = FigureBlock(actor)
        first = self._block.at(0)
        sides = actor.shape(np.zeros(1, np.int64)).sides
        tones = np.array([colour_bytes(actor.colours[side]) for side in sides], np.uint8)
        opacity = _FAINT if actor.faint else None
        self._balls = Batch(
            scene, f"{path}/balls", BALL, first[0], np.concatenate([tones, tones]), opacity=opacity
        )
        self._rods = Batch(scene, f"{path}/rods", ROD, first[1], tones, opacity=opacity)
        self._label = scene.add_label(f"{path}/name", actor.name, anchor="bottom-center")
        self._skin = [] if actor.cast is None else _skin(scene, path, actor)
        if self._skin:
            self._balls.show_at_all(False)
            self._rods.show_at_all(False)

    def show(self, frame: int) -> None:
        own = self._actor.frame(frame)
        if self._skin:
            places, turns = self._actor.poses(own)
            quaternions = quaternion_from_matrix(turns)
            for body, node in self._skin:
                node.position, node.wxyz = tuple(places[body]), tuple(quaternions[body])
        else:
            ends, sides = self._block.at(own)
            self._balls.send(ends)
            self._rods.send(sides)
        x, y, _ = self._actor.path[own]
        self._label.position = (x, y, self._block.top(own) + self._lift)

    def show_at_all(self, visible: bool) -> None:
        for batch in (self._balls, self._rods):
            batch.show_at_all(visible and not self._skin)
        for _, node in self._skin:
            node.visible = visible
        self._label.visible = visible


def _skin(scene: Any, path: str, actor: Actor) -> list[tuple[int, Any]]:
    """A node for each of a robot's meshes, with the body that it moves with."""
    assert actor.cast is not None
    sides = sides_of_bodies(actor.cast.robot)
    return [
        (
            mesh.body,
            scene.add_mesh_simple(
                f"{path}/mesh{k}",
                mesh.points,
                mesh.triangles.astype(np.uint32),
                color=colour_bytes(actor.colours[sides[mesh.body]]),
            ),
        )
        for k, mesh in enumerate(actor.cast.meshes)
    ]
