"""A robot with the things around it as one MuJoCo model, things on paths on free joints behind the robot's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import numpy as np

from retarget.errors import OptionsError
from retarget.exchange.objects import THING_PREFIX, UNKNOWN_MASS
from retarget.exchange.tables import ExportTable
from retarget.geometry import quaternion_from_matrix
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, robot_files
from retarget.robots.reading.description import floating_spec
from retarget.scene_track import SceneTrack
from retarget.scenes.distance import CYLINDER, FIELD, GRID, HULL
from retarget.scenes.posed import Thing
from retarget.scenes.shapes import Shape
from retarget.scenes.solids import grid_boxes
from retarget.scenes.surfaces import hull_corners
from retarget.scenes.tracked import robot_things

__all__ = ["model_of_result", "scene_model"]

_FLAT: Final = 1e-9  # metres: an extent that is none
_COLOUR: Final = "0.62 0.55 0.45 1"


def scene_model(robot_file: Path, robot: RobotModel, track: SceneTrack | None) -> str:
    """The text of an MJCF with a robot, a floor and the things around it, as large as in the robot's world.

    The robot's shapes are those of its file, but for hands whose balls are known: these collide instead. Of things
    they are the ones that the solver knows: a grid of distances is filled with boxes, and a rounded box is not
    rounded. Paths of mesh files are whole.

    Args:
        robot_file: MJCF or URDF of the robot.
        robot: As it was read.
        track: The things; their first frame is the model's pose.

    Raises:
        OptionsError: MuJoCo has no shape for a thing.
        FileFormatError: The robot's file cannot be read.
    """
    spec = floating_spec(robot_file)
    spec.compile()
    root = ElementTree.fromstring(spec.to_xml())
    root.set("model", f"{root.get('model', 'robot')} among things")
    world = root.find("worldbody")
    assert world is not None
    _fill_hands(world, robot)
    asset = root.find("asset")
    if asset is None:
        asset = ElementTree.Element("asset")
        root.insert(list(root).index(world), asset)
    ElementTree.SubElement(
        world, "light", pos="0 0 4", dir="0 0 -1", directional="true", diffuse="0.7 0.7 0.7"
    )
    ElementTree.SubElement(
        world, "geom", name="floor", type="plane", size="0 0 0.5", rgba="0.9 0.91 0.93 1"
    )
    if track is not None:
        for thing, mass in zip(robot_things(track)[1:], track.masses, strict=True):
            _add_thing(world, asset, thing, mass)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode")


def model_of_result(result: RetargetingResult, table: ExportTable, robot: RobotModel) -> str:
    """The model of robot and things, of formats that hold one.

    Raises:
        OptionsError: The robot's file is not known, or MuJoCo has no shape for a thing.
    """
    if table.row("model") is None:
        return ""
    made_with = result.provenance.get("run", {})
    files = robot_files(made_with.get("robot", robot.name))
    if not files or not files[0].is_file():
        raise OptionsError(
            f"{table.kind} needs the model file of {robot.name}, which is not known; "
            "retarget with --robot and the path of the file"
        )
    return scene_model(files[0], robot, result.scene)


def _fill_hands(world: ElementTree.Element, robot: RobotModel) -> None:
    """Let the balls of hands collide in place of their bodies' own shapes."""
    bodies = {body.get("name"): body for body in world.iter("body")}
    for number in sorted(set(robot.ball_bodies.tolist())):
        body = bodies.get(robot.body_names[number])
        if body is None:  # of several hinges: its shapes are those of the file
            continue
        for part in _welded(body):
            for geom in part.findall("geom"):
                geom.set("contype", "0")
                geom.set("conaffinity", "0")
        for k, (*place, radius) in enumerate(robot.balls[robot.ball_bodies == number]):
            if radius > 0:
                name = f"{robot.body_names[number]}_ball_{k}"
                said = {"size": _numbers(radius), "pos": _numbers(place), "mass": "0"}
                ElementTree.SubElement(body, "geom", {"name": name, "type": "sphere", **said})


def _welded(body: ElementTree.Element) -> list[ElementTree.Element]:
    """A body and those that it carries without a joint."""
    below = [child for child in body.findall("body") if child.find("joint") is None]
    return [body, *(part for child in below for part in _welded(child))]


def _add_thing(
    world: ElementTree.Element, asset: ElementTree.Element, thing: Thing, mass: float | None
) -> None:
    name = THING_PREFIX + thing.name
    body = ElementTree.SubElement(
        world,
        "body",
        name=name,
        pos=_numbers(thing.places[0]),
        quat=_numbers(quaternion_from_matrix(thing.turns[0])),
    )
    shapes = [part for shape in thing.shapes for part in _convex(shape)]
    weight = {}
    if thing.moves:
        ElementTree.SubElement(body, "freejoint", name=name)
        weight = {"mass": repr((UNKNOWN_MASS if mass is None else mass) / len(shapes))}
    for number, shape in enumerate(shapes):
        said = _geom(shape, f"{name}_{number}", thing, asset)
        ElementTree.SubElement(
            body, "geom", {"name": f"{name}_{number}", "rgba": _COLOUR, **weight, **said}
        )


def _convex(shape: Shape) -> Sequence[Shape]:
    return grid_boxes(shape) if shape.kind == GRID else [shape]


def _geom(shape: Shape, name: str, thing: Thing, asset: ElementTree.Element) -> dict[str, str]:
    """What a geom says of a shape."""
    half, rounded = shape.half, shape.rounded
    placed = {"pos": _numbers(shape.place), "quat": _numbers(quaternion_from_matrix(shape.turn))}
    if shape.kind == HULL:
        ElementTree.SubElement(
            asset, "mesh", name=name, vertex=_numbers(hull_corners(shape).ravel())
        )
        return {**placed, "type": "mesh", "mesh": name}
    if shape.kind == FIELD:
        return {**placed, **_field(shape, name, thing, asset)}
    if shape.kind == CYLINDER:
        return {**placed, "type": "cylinder", "size": _numbers([half[0], half[2]])}
    long = np.flatnonzero(half > _FLAT)
    if not len(long):
        return {**placed, "type": "sphere", "size": _numbers([rounded])}
    if len(long) == 1 and rounded > _FLAT:
        along = shape.turn[:, long[0]] * half[long[0]]
        ends = [*(shape.place - along), *(shape.place + along)]
        return {"type": "capsule", "fromto": _numbers(ends), "size": _numbers([rounded])}
    return {**placed, "type": "box", "size": _numbers(half + rounded)}


def _field(shape: Shape, name: str, thing: Thing, asset: ElementTree.Element) -> dict[str, str]:
    if thing.moves:
        raise OptionsError(
            f"{thing.name}: MuJoCo has no height fields that move; give the thing a mesh or boxes"
        )
    low, high = float(shape.values.min()), float(shape.values.max())
    tall = max(high - low, 1e-3)
    rows = shape.values.T  # MuJoCo's rows run along y
    ElementTree.SubElement(
        asset,
        "hfield",
        name=name,
        nrow=str(rows.shape[0]),
        ncol=str(rows.shape[1]),
        size=_numbers([shape.half[0], shape.half[1], tall, 0.1]),
        elevation=_numbers(((rows[::-1] - low) / tall).ravel()),
    )
    place = shape.place + shape.turn @ np.array([0.0, 0.0, low])
    return {"type": "hfield", "hfield": name, "pos": _numbers(place)}


def _numbers(values: Any) -> str:
    return " ".join(repr(float(value)) for value in np.asarray(values, np.float64).ravel())
