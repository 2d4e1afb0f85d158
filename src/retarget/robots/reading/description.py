"""Reading MJCF and URDF: a MuJoCo model with a floating base, whatever the file's meshes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import mujoco

from retarget.errors import FileFormatError, RetargetError, RobotError
from retarget.robots.reading.guard import guarded
from retarget.robots.reading.mjcf import prepare_mjcf
from retarget.robots.reading.numbers import refuse_impossible_numbers
from retarget.robots.reading.text import MODEL_REMEDY, read_xml
from retarget.robots.reading.urdf import prepare_urdf
from retarget.robots.reading.xacro_files import expand_xacro, needs_expanding
from retarget.wording import listed, quoted

__all__ = ["Description", "floating_spec", "read_description"]

_KEPT_EQUALITIES = (
    mujoco.mjtEq.mjEQ_JOINT,
    mujoco.mjtEq.mjEQ_CONNECT,
    mujoco.mjtEq.mjEQ_WELD,
)
_OF_JOINTS = (mujoco.mjtTrn.mjTRN_JOINT, mujoco.mjtTrn.mjTRN_JOINTINPARENT)
_BASE_JOINTS = 6  # three that slide and three that turn do what a free joint does
_NOT_STATED = [math.nan, 0.0, 0.0, 0.0, 0.0, 0.0]  # of the six numbers of an inertia
_MINIMAL_MASS = (
    1e-9  # kg (and kg m^2): MuJoCo refuses moving bodies without inertia; kinematics do not care
)


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """A compiled robot model: one tree on a free joint, nothing else in the world.

    Attributes:
        path: The file.
        name: Name that the file gives to the model.
        model: The ``mujoco.MjModel``.
        velocity_limits: Joint speed limits that the file states (URDF only), rad/s.
        notes: What was left out or added, in plain sentences.
    """

    path: Path
    name: str
    model: Any
    velocity_limits: dict[str, float]
    notes: tuple[str, ...]


def read_description(path: str | Path) -> Description:
    """Read a robot from MJCF or URDF.

    Visual geometry is ignored; collision meshes whose files are missing are left out with a note. The tree
    with most joints is the robot; a free joint is added when its base has none.

    Raises:
        FileFormatError: The file is missing or MuJoCo cannot make sense of it.
        RobotError: It holds no robot, or one that is not a floating tree.
    """
    path = Path(path)
    notes: list[str] = []
    with guarded(path):
        return _read(path, notes)


def floating_spec(path: str | Path) -> Any:
    """The robot of a file on a free joint as a ``mujoco.MjSpec``, with all its shapes, masses and actuators.

    Raises:
        FileFormatError: As of `read_description`.
        RobotError: Likewise.
    """
    path = Path(path)
    notes: list[str] = []
    with guarded(path):
        spec, _ = _parse(path, notes, whole=True)
        spec.compiler.fusestatic = False
        _keep_one_tree(spec, path, notes)
        return spec


def _read(path: Path, notes: list[str]) -> Description:
    spec, velocity_limits = _parse(path, notes, whole=False)
    spec.compiler.fusestatic = False  # a URDF's base would be fused into the world
    spec.compiler.boundmass = max(spec.compiler.boundmass, _MINIMAL_MASS)
    spec.compiler.boundinertia = max(spec.compiler.boundinertia, _MINIMAL_MASS)
    spec.compiler.balanceinertia = True
    for joint in spec.joints:
        joint.armature = 1.0  # MuJoCo warns of collinear axes, which trouble its dynamics alone
    _keep_one_tree(spec, path, notes)
    _drop_unused_parts(spec, path, notes)
    try:
        model = spec.compile()
    except ValueError as error:
        raise FileFormatError(path, _one_line(error), "correct the model") from error
    return Description(path, spec.modelname, model, velocity_limits, tuple(notes))


def _parse(path: Path, notes: list[str], whole: bool) -> tuple[Any, dict[str, float]]:
    """MuJoCo's editable form of a file, and the joint speed limits that it does not keep."""
    root = read_xml(path, notes)
    if root.tag == "robot" and needs_expanding(root):
        root = ElementTree.fromstring(expand_xacro(path))
        notes.append("expanded its xacro macros, with their arguments at their defaults")
    if root.tag == "sdf":
        raise FileFormatError(
            path,
            "is SDF",
            "give the robot's URDF or MJCF instead; gz sdf and sdformat convert them",
        )
    if root.tag not in ("mujoco", "mujocoinclude", "robot"):
        raise FileFormatError(path, f"the outermost element is <{root.tag}>", MODEL_REMEDY)
    try:
        if root.tag == "robot":
            refuse_impossible_numbers(root, path)
            urdf = prepare_urdf(root, path)
            notes.extend(urdf.notes)
            spec = mujoco.MjSpec.from_string(urdf.xml, assets=urdf.assets)
            return spec, urdf.velocity_limits
        xml = prepare_mjcf(root, path, notes, whole)
        refuse_impossible_numbers(root, path)
        return mujoco.MjSpec.from_string(xml), {}
    except RetargetError:
        raise
    except (ValueError, OSError) as error:
        raise FileFormatError(path, _one_line(error), "correct the file") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _subtree(body: Any) -> list[Any]:
    return [body, *(inner for child in body.bodies for inner in _subtree(child))]


def _keep_one_tree(spec: Any, path: Path, notes: list[str]) -> None:
    """Keep the world's child with most joints and give it a free joint when it has none."""
    hinges = {
        root.name: sum(len(body.joints) for body in _subtree(root))
        for root in spec.worldbody.bodies
    }
    if not hinges or not max(hinges.values()):
        count = len(spec.bodies) - 1
        still = f": its {count} bodies are all fixed to each other" if count > 1 else ""
        raise RobotError(
            f"{path}: holds no body with joints{still}; give a robot's MJCF or URDF file"
        )
    robot = max(spec.worldbody.bodies, key=lambda body: hinges[body.name])
    for other in [body for body in spec.worldbody.bodies if body.name != robot.name]:
        notes.append(f"ignored {quoted(other.name)}, which is not part of the robot")
        spec.delete(other)
    _drop_dangling(spec)
    robot.mocap = False  # moved by what shows a recording; here by a free joint
    _free_base(spec, robot, path, notes)


def _drop_dangling(spec: Any) -> None:
    """Delete lights and cameras that are aimed at what is not there any more."""
    bodies = {body.name for body in spec.bodies} | {""}
    for item in [*spec.lights, *spec.cameras]:
        if item.targetbody not in bodies:
            spec.delete(item)


def _free_base(spec: Any, base: Any, path: Path, notes: list[str]) -> None:
    """Let the base float: it has a free joint, none, or joints that slide and turn it as one would."""
    joints = list(base.joints)
    if not joints:
        below = list(base.bodies)
        if len(below) == 1 and len(below[0].joints) and _slides(below[0]):
            _free_base(spec, below[0], path, notes)  # its joints go; the base above floats
            return
        base.add_freejoint()
        notes.append(f"added a free joint to {quoted(base.name)}")
        return
    if joints[0].type == mujoco.mjtJoint.mjJNT_FREE:
        return
    if not _slides(base):
        raise RobotError(
            f"{path}: base body {quoted(base.name)} is moved by joint {joints[0].name!r}; "
            "it must have a free joint, or none (one is added then)"
        )
    names = []
    body = base
    while True:
        names += [joint.name for joint in body.joints]
        for joint in list(body.joints):
            spec.delete(joint)
        below = list(body.bodies)
        if len(below) != 1 or len(names) >= _BASE_JOINTS or not len(below[0].joints):
            break
        body = below[0]
    top = base
    while top.parent.name != "world":
        top = top.parent
    top.add_freejoint()
    gone = set(names)
    for actuator in list(spec.actuators):
        if actuator.target in gone:
            spec.delete(actuator)
    notes.append(f"took the joints of the base for a free joint: {listed(names)}")


def _slides(body: Any) -> bool:
    return any(joint.type == mujoco.mjtJoint.mjJNT_SLIDE for joint in body.joints)


def _drop_unused_parts(spec: Any, path: Path, notes: list[str]) -> None:
    """Delete what needs files or refers to other parts and has no part in kinematics, but for its mass.

    Raises:
        FileFormatError: MuJoCo cannot make sense of it.
    """
    known = {item.name for group in (spec.bodies, spec.joints, spec.sites) for item in group}
    for equality in list(spec.equalities):
        ends = {equality.name1, equality.name2} - {""}
        if equality.type not in _KEPT_EQUALITIES or not ends <= known:
            notes.append(f"ignored an equality constraint of {' and '.join(sorted(ends))}")
            spec.delete(equality)
    paired = {name for pair in spec.pairs for name in (pair.geomname1, pair.geomname2)}
    looks = []
    for geom in list(spec.geoms):
        geom.material = ""
        if geom.parent.name == "world":
            spec.delete(geom)
        elif not (geom.contype or geom.conaffinity or _called_collision(geom, paired)):
            looks.append(geom)
    joints = {joint.name for joint in spec.joints}
    for actuator in list(spec.actuators):
        if actuator.trntype not in _OF_JOINTS or actuator.target not in joints:
            spec.delete(actuator)  # of tendons, sites and bodies: they say nothing about a joint
    parts = (
        *(spec.keys, spec.pairs, spec.sensors, spec.tendons, spec.skins, spec.materials),
        *(spec.textures, spec.lights, spec.cameras),
    )
    for part in [element for group in parts for element in group]:
        spec.delete(part)
    by_shapes = spec.compiler.inertiafromgeom == mujoco.mjtInertiaFromGeom.mjINERTIAFROMGEOM_TRUE
    if any(by_shapes or not geom.parent.explicitinertial for geom in looks):
        _weigh(spec, path)
    for geom in looks:
        spec.delete(geom)
    used = {geom.meshname for geom in spec.geoms}
    for mesh in [mesh for mesh in spec.meshes if mesh.name not in used]:
        spec.delete(mesh)


def _weigh(spec: Any, path: Path) -> None:
    """State the mass properties that bodies have by their shapes, those among them that only look like something."""
    try:
        model = spec.compile()
    except ValueError as error:
        raise FileFormatError(path, _one_line(error), "correct the model") from error
    for body in spec.bodies[1:]:
        body.mass, body.ipos = model.body_mass[body.id], model.body_ipos[body.id]
        body.iquat, body.inertia = model.body_iquat[body.id], model.body_inertia[body.id]
        body.fullinertia = _NOT_STATED
        body.explicitinertial = True
    spec.compiler.inertiafromgeom = mujoco.mjtInertiaFromGeom.mjINERTIAFROMGEOM_AUTO


def _called_collision(geom: Any, paired: set[str]) -> bool:
    """Whether a geom that meets nothing by its masks is still collision geometry: by pairs or by name."""
    return geom.name in paired or "collision" in f"{geom.classname.name} {geom.name}".lower()
