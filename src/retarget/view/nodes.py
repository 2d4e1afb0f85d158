"""A stage in the browser: what is made once, and what is sent again when a frame is shown."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from jaxtyping import Float64, UInt8

from retarget.drawing.figures import Capsules, sides_of_bodies
from retarget.drawing.look import (
    STATE_COLOURS,
    SUPPORT,
    TARGET,
    THING,
    TRAILS,
    WEIGHT,
    ContactState,
    rgb,
)
from retarget.drawing.marks import Marks
from retarget.drawing.props import Prop
from retarget.drawing.scene import Overlays, foot_ways
from retarget.drawing.stage import Actor, Stage
from retarget.geometry import quaternion_from_matrix
from retarget.view.shapes import BALL, DISC, ROD, Instances, Mesh, balls, fan, rods

__all__ = ["StageNodes"]

_ROOT: Final = "/stage"
_SAME: Final = 1e-4  # metres by which sizes may change before they are sent again
_CORNERS: Final = 24  # of a support polygon
_ABOVE: Final = 0.006  # metres by which marks lie above the floor
_NAME_ABOVE: Final = 0.5  # of the height, above the pelvis
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
            _MarkNodes(self._scene, f"{_ROOT}/{k}/marks", actor, actor.marks, stage.fps)
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
            color=_bytes(THING),
            flat_shading=True,
            side="double",
        )
        self.show(0)

    def show(self, frame: int) -> None:
        if frame and len(self._prop.places) == 1:
            return
        place, turn = self._prop.pose(frame)
        self._node.position = tuple(place)
        self._node.wxyz = tuple(quaternion_from_matrix(turn))

    def show_at_all(self, visible: bool) -> None:
        self._node.visible = visible


class _Batch:
    """Copies of a mesh, of which only what has changed is sent."""

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
        if not np.array_equal(now.places, self._sent.places):
            self._node.batched_positions = now.places
        if not np.array_equal(now.turns, self._sent.turns):
            self._node.batched_wxyzs = now.turns
        sizes = self._sent.sizes
        if np.abs(now.sizes - sizes).max(initial=0.0) > _SAME:
            sizes = now.sizes
            self._node.batched_scales = sizes
        self._sent = Instances(now.places, now.turns, sizes)
        if colours is not None and not np.array_equal(colours, self._colours):
            self._colours = colours
            self._node.batched_colors = _linear(colours)

    def show_at_all(self, visible: bool) -> None:
        self._node.visible = visible


class _Figure:
    """A human or robot."""

    def __init__(self, scene: Any, path: str, actor: Actor, stage: Stage) -> None:
        self.name = actor.name
        self._actor, self._lift = actor, _NAME_ABOVE * stage.height
        shape = self._shape(0)
        tones = np.array([_bytes(actor.colours[side]) for side in shape.sides], np.uint8)
        opacity = _FAINT if actor.faint else None
        first = self._instances(shape)
        self._balls = _Batch(
            scene, f"{path}/balls", BALL, first[0], np.concatenate([tones, tones]), opacity=opacity
        )
        self._rods = _Batch(scene, f"{path}/rods", ROD, first[1], tones, opacity=opacity)
        self._label = scene.add_label(f"{path}/name", actor.name, anchor="bottom-center")
        self._skin = [] if actor.cast is None else _skin(scene, path, actor)
        if self._skin:
            self._balls.show_at_all(False)
            self._rods.show_at_all(False)

    def _shape(self, frame: int) -> Capsules:
        return self._actor.shape(np.array([self._actor.frame(frame)]))

    @staticmethod
    def _instances(shape: Capsules) -> tuple[Instances, Instances]:
        starts, ends = shape.starts[0], shape.ends[0]
        return balls(starts, ends, shape.radii), rods(starts, ends, shape.radii)

    def show(self, frame: int) -> None:
        if self._skin:
            places, turns = self._actor.poses(self._actor.frame(frame))
            quaternions = quaternion_from_matrix(turns)
            for body, node in self._skin:
                node.position, node.wxyz = tuple(places[body]), tuple(quaternions[body])
        else:
            ends, sides = self._instances(self._shape(frame))
            self._balls.send(ends)
            self._rods.send(sides)
        above = self._actor.path[self._actor.frame(frame)] + [0.0, 0.0, self._lift]
        self._label.position = tuple(above)

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
                color=_bytes(actor.colours[sides[mesh.body]]),
            ),
        )
        for k, mesh in enumerate(actor.cast.meshes)
    ]


class _MarkNodes:
    """What is marked on a robot."""

    def __init__(self, scene: Any, path: str, actor: Actor, marks: Marks, fps: float) -> None:
        self._actor, self._marks, self._fps = actor, marks, fps
        self._rings = (
            _Batch(scene, f"{path}/rings", DISC, *self._contacts(0), shadow=False, opacity=0.85)
            if marks.feet
            else None
        )
        self._mass = _Batch(
            scene, f"{path}/mass", BALL, self._weight(0), _tinted(WEIGHT, 2), shadow=False
        )
        self._plumb = _Batch(
            scene, f"{path}/plumb", ROD, self._line(0), _tinted(WEIGHT, 1), shadow=False
        )
        self._aims = _Batch(
            scene,
            f"{path}/aims",
            BALL,
            self._targets(0),
            _tinted(TARGET, marks.targets.shape[1]),
            opacity=0.55,
        )
        self._support = scene.add_mesh_simple(
            f"{path}/support",
            self._hull(0),
            fan(_CORNERS),
            color=_bytes(SUPPORT),
            opacity=0.7,
            side="double",
            cast_shadow=False,
            receive_shadow=False,
        )
        self._ways = [
            scene.add_line_segments(
                f"{path}/way{foot}",
                segments,
                _bytes(TRAILS[foot]),
                thickness=0.008,
            )
            for foot, segments in enumerate(self._trails(0))
        ]
        self._sent_hull = self._hull(0)

    def show(self, frame: int, overlays: Overlays) -> None:
        own = self._actor.frame(frame)
        if self._rings is not None:
            self._rings.show_at_all(overlays.contacts)
            if overlays.contacts:
                self._rings.send(*self._contacts(own))
        for node in (self._mass, self._plumb):
            node.show_at_all(overlays.balance)
        self._support.visible = overlays.balance
        if overlays.balance:
            self._mass.send(self._weight(own))
            self._plumb.send(self._line(own))
            hull = self._hull(own)
            if not np.array_equal(hull, self._sent_hull):
                self._support.vertices = self._sent_hull = hull
        self._aims.show_at_all(overlays.targets)
        if overlays.targets:
            self._aims.send(self._targets(own))
        for way, segments in zip(self._ways, self._trails(own), strict=True):
            way.visible = overlays.trails
            if overlays.trails:
                way.points = segments

    def _contacts(self, frame: int) -> tuple[Instances, UInt8[np.ndarray, "C 3"]]:
        """A disc under each heel and toe; of what is in the air none."""
        marks = self._marks
        count = 2 * marks.feet
        states = marks.states[frame].reshape(count)
        halos = [marks.halo(frame, foot, end) for foot in range(marks.feet) for end in range(2)]
        centres = np.array([halo.mean(axis=0) for halo in halos]) + self._actor.offset[:2]
        radii = np.array([np.linalg.norm(halo[0] - halo.mean(axis=0)) for halo in halos])
        radii = np.where(states == ContactState.FREE, 1e-5, radii)
        height = _ABOVE * (1 + np.arange(count) / count)
        turns = np.tile(np.array([1.0, 0, 0, 0], np.float32), (count, 1))
        sizes = np.repeat(radii[:, None], 3, axis=1)
        colours = np.array([_bytes(STATE_COLOURS[ContactState(s)]) for s in states], np.uint8)
        places = np.column_stack([centres, height])
        return Instances(places.astype(np.float32), turns, sizes.astype(np.float32)), colours

    def _weight(self, frame: int) -> Instances:
        """The centre of mass, and the place below it."""
        mass = self._marks.mass[frame].astype(np.float64) + self._actor.offset
        ground = np.array([mass[0], mass[1], 0.0])
        one = balls(mass[None], ground[None], np.ones(1))
        sizes = np.array([[0.03] * 3, [0.014] * 3], np.float32)
        return Instances(one.places, one.turns, sizes)

    def _line(self, frame: int) -> Instances:
        mass = self._marks.mass[frame].astype(np.float64) + self._actor.offset
        return rods(mass[None], np.array([[mass[0], mass[1], 0.0]]), np.array([0.004]))

    def _targets(self, frame: int) -> Instances:
        places = self._marks.targets[frame].astype(np.float64) + self._actor.offset
        aims = balls(places, places[:0], np.full(len(places), 0.06))
        count = len(places)
        return Instances(aims.places, aims.turns[:count], aims.sizes[:count])

    def _hull(self, frame: int) -> Float64[np.ndarray, "24 3"]:
        """Corners of what stands, the last one repeated: the mesh keeps its triangles."""
        hull = self._marks.support(frame)[:_CORNERS]
        corners = np.zeros((_CORNERS, 3), np.float32)
        if len(hull) > 2:
            corners[: len(hull), :2] = hull
            corners[len(hull) :, :2] = hull[-1]
        corners[:, :2] += self._actor.offset[:2]
        corners[:, 2] = 0.5 * _ABOVE
        return corners

    def _trails(self, frame: int) -> list[np.ndarray]:
        ways = foot_ways(self._marks, frame, self._fps)
        return [
            np.stack([way[:-1], way[1:]], axis=1) + self._actor.offset.astype(np.float32)
            for way in ways
        ]


def _bytes(colour: str) -> tuple[int, int, int]:
    red, green, blue = (rgb(colour) * 255).round().astype(int).tolist()
    return red, green, blue


def _linear(colours: UInt8[np.ndarray, "K 3"]) -> UInt8[np.ndarray, "K 3"]:
    """Colours of copies, which browsers take as shares of light, unlike those of single nodes."""
    return np.asarray(np.rint(255 * (colours / 255.0) ** 2.2), np.uint8)


def _tinted(colour: str, count: int) -> UInt8[np.ndarray, "K 3"]:
    return np.tile(np.array(_bytes(colour), np.uint8), (count, 1))
