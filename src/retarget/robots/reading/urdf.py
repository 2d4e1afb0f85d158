"""Making a URDF digestible for MuJoCo: collision meshes found or left out, speed limits kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from retarget.errors import FileFormatError
from retarget.robots.reading.meshes import converted_mesh, find_mesh
from retarget.robots.reading.numbers import mend_commas
from retarget.robots.reading.ranges import mend_urdf_ranges
from retarget.wording import listed, quoted

__all__ = ["UrdfText", "prepare_urdf"]

_MOMENTS = ("ixx", "iyy", "izz", "ixy", "ixz", "iyz")
_TINY_INERTIA = "1e-9"  # kg m^2, in place of an impossible one: kinematics do not care


@dataclass(frozen=True, slots=True)
class UrdfText:
    """A URDF for MuJoCo, and what MuJoCo would not tell.

    Attributes:
        xml: The text: no visual geometry, absolute mesh paths.
        velocity_limits: Joint speed limits, rad/s.
        assets: File name -> content of meshes that were converted to what MuJoCo reads.
        notes: What was left out, in plain sentences.
    """

    xml: str
    velocity_limits: dict[str, float]
    assets: dict[str, bytes]
    notes: tuple[str, ...]


def prepare_urdf(root: ElementTree.Element, path: Path) -> UrdfText:
    """Rewrite a parsed URDF; ``path`` is where it was read, for meshes given relative to it or a package."""
    notes: list[str] = []
    if mend_commas(root):
        notes.append("took commas between numbers for spaces")
    _leave_out_repeated(root, notes)
    _leave_out_loose_joints(root, path, notes)
    mend_urdf_ranges(root, notes)
    empty: list[str] = []
    unstated: list[str] = []
    impossible: list[str] = []
    meshless: list[str] = []
    assets: dict[str, bytes] = {}
    for link in root.iter("link"):
        for visual in link.findall("visual"):
            link.remove(visual)
        for collision in link.findall("collision"):
            collision.attrib.pop("name", None)  # MuJoCo warns of names that are given twice
            if _has_no_size(collision):
                link.remove(collision)
                empty.append(str(link.get("name")))
            elif not _locate_mesh(collision, path, assets):
                link.remove(collision)
                meshless.append(str(link.get("name")))
        if _state_inertia(link):
            unstated.append(str(link.get("name")))
        if _mend_inertia(link):
            impossible.append(str(link.get("name")))
    if unstated:
        notes.append(
            f"masses and inertias that are not stated count as zero: of {listed(unstated)}"
        )
    if impossible:
        notes.append(f"inertias that no body can have are taken for none: of {listed(impossible)}")
    if root.find("link/inertial") is None:
        notes.append("no link states a mass: collision shapes weigh what MuJoCo has them weigh")
    if empty:
        notes.append(f"left out collision shapes of size zero: of {listed(empty)}")
    if meshless:
        notes.append(
            f"left out {len(meshless)} collision meshes that are not there, or not binary STL, OBJ or MSH "
            f"(others need the extra 'meshes'): of {listed(meshless)}"
        )
    for element in root.findall("mujoco"):
        root.remove(element)
    ElementTree.SubElement(ElementTree.SubElement(root, "mujoco"), "compiler", strippath="false")
    xml = ElementTree.tostring(root, encoding="unicode")
    if assets:
        notes.append(f"took the convex hulls of {len(assets)} meshes that MuJoCo does not read")
    limits = _velocity_limits(root)
    still = [str(joint.get("name")) for joint in root.iter("joint") if _has_no_speed(joint)]
    if still:
        notes.append(f"speed limits of zero count as none: of {listed(still)}")
    return UrdfText(xml, limits, assets, tuple(notes))


def _leave_out_repeated(root: ElementTree.Element, notes: list[str]) -> None:
    """Of parts of a joint that are given twice keep the first, as other readers of URDF do."""
    twice = []
    for joint in root.findall("joint"):
        seen = set()
        for part in list(joint):
            if part.tag in seen:
                joint.remove(part)
                twice.append(joint.get("name", ""))
            seen.add(part.tag)
    if twice:
        notes.append(f"of what a joint states twice the first counts: of {listed(twice)}")


def _leave_out_loose_joints(root: ElementTree.Element, path: Path, notes: list[str]) -> None:
    """Take out joints to links that are not there and carry nothing: of a head or a sensor that was cut off.

    Raises:
        FileFormatError: Other links hang on one that is not there, or a link that nothing joins may be meant.
    """
    links = {link.get("name") for link in root.iter("link")}
    joints = [joint for joint in root.findall("joint") if joint.find("child") is not None]
    parents = {_end(joint, "parent") for joint in joints}
    roots = links - {_end(joint, "child") for joint in joints}
    for joint in joints:
        child, parent = _end(joint, "child"), _end(joint, "parent")
        missing = next((end for end in (parent, child) if end not in links), None)
        if missing is None:
            continue
        name = joint.get("name", "")
        if missing in parents or parent not in links or len(roots) > 1:
            raise FileFormatError(
                path,
                f"joint {quoted(name)} names the link {quoted(missing)}, which is not there",
                "add the link, or take out what hangs on it",
            )
        root.remove(joint)
        notes.append(f"left out joint {quoted(name)}: its link {quoted(missing)} is not there")


def _end(joint: ElementTree.Element, which: str) -> str:
    end = joint.find(which)
    return "" if end is None else end.get("link", "")


def _velocity_limits(root: ElementTree.Element) -> dict[str, float]:
    """Limits above zero; zero is what exporters write for unknown."""
    limits = {}
    for joint in root.iter("joint"):
        limit = joint.find("limit")
        try:
            velocity = float(limit.get("velocity", "0")) if limit is not None else 0.0
        except ValueError:
            velocity = 0.0
        if velocity > 0:
            limits[str(joint.get("name"))] = velocity
    return limits


def _has_no_speed(joint: ElementTree.Element) -> bool:
    limit = joint.find("limit")
    if limit is None or joint.get("type") not in ("revolute", "continuous"):
        return False
    try:
        return float(limit.get("velocity", "1")) == 0
    except ValueError:
        return False


def _locate_mesh(collision: ElementTree.Element, path: Path, assets: dict[str, bytes]) -> bool:
    """Make a mesh's path absolute; false when there is no such file, or none that MuJoCo reads."""
    mesh = collision.find("geometry/mesh")
    if mesh is None:
        return True
    name = str(mesh.get("filename", ""))
    found = find_mesh(name, [path.parent], path)
    if found is not None:
        mesh.set("filename", str(found.resolve()))
        return True
    hull = converted_mesh(name, [path.parent], path)
    if hull is None:
        return False
    asset = f"{len(assets)}_{Path(name).stem}.stl"
    assets[asset] = hull
    mesh.set("filename", asset)
    return True


def _has_no_size(collision: ElementTree.Element) -> bool:
    """Whether a shape is of size zero, which exporters write for none and MuJoCo refuses."""
    shape = next(iter(collision.find("geometry") or ()), None)
    if shape is None:
        return True
    sizes = [shape.get(key) for key in ("radius", "length", "size") if shape.get(key) is not None]
    try:
        return any(float(word) == 0 for text in sizes for word in str(text).split())
    except ValueError:
        return False  # MuJoCo's own message names the place


def _state_inertia(link: ElementTree.Element) -> bool:
    """Write zeros for what an inertial element lacks, as other readers of URDF do; whether it lacked any."""
    inertial = link.find("inertial")
    if inertial is None:
        return False
    lacks = False
    for tag, names in (("mass", ("value",)), ("inertia", _MOMENTS)):
        element = inertial.find(tag)
        if element is None:
            element = ElementTree.SubElement(inertial, tag)
        for name in names:
            lacks |= element.get(name) is None
            element.set(name, element.get(name, "0"))
    return lacks


def _mend_inertia(link: ElementTree.Element) -> bool:
    """Replace an inertia that no body can have, which MuJoCo refuses; whether one with a mass had it."""
    inertia, mass = link.find("inertial/inertia"), link.find("inertial/mass")
    if inertia is None or mass is None:
        return False
    try:
        xx, yy, zz, xy, xz, yz = (float(inertia.get(name, "")) for name in _MOMENTS)
        weighs = float(mass.get("value", "")) > 0
    except ValueError:
        return False  # MuJoCo's own message names the place
    matrix = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    if np.isfinite(matrix).all() and np.linalg.eigvalsh(matrix)[0] > 0:
        return False
    for name in _MOMENTS:
        inertia.set(name, _TINY_INERTIA if name in _MOMENTS[:3] else "0")
    return weighs
