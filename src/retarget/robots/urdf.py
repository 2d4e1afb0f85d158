"""Making a URDF digestible for MuJoCo: collision meshes found or left out, speed limits kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

__all__ = ["UrdfText", "prepare_urdf"]

_MESH_SUFFIXES = (".stl", ".obj", ".msh")  # what MuJoCo reads
_TINY_INERTIA = "1e-9"  # kg m^2, in place of an impossible one: kinematics do not care


@dataclass(frozen=True, slots=True)
class UrdfText:
    """A URDF for MuJoCo, and what MuJoCo would not tell.

    Attributes:
        xml: The text: no visual geometry, absolute mesh paths.
        velocity_limits: Joint speed limits, rad/s.
        notes: What was left out, in plain sentences.
    """

    xml: str
    velocity_limits: dict[str, float]
    notes: tuple[str, ...]


def prepare_urdf(root: ElementTree.Element, path: Path) -> UrdfText:
    """Rewrite a parsed URDF; ``path`` is where it was read, for meshes given relative to it or a package."""
    notes: list[str] = []
    for link in root.iter("link"):
        for visual in link.findall("visual"):
            link.remove(visual)
        left_out = [c for c in link.findall("collision") if not _locate_mesh(c, path)]
        for collision in left_out:
            link.remove(collision)
        if left_out:
            notes.append(
                f"left out a collision mesh of {link.get('name')!r}: not found, or not binary STL, OBJ or MSH"
            )
        _mend_inertia(link)
    for element in root.findall("mujoco"):
        root.remove(element)
    ElementTree.SubElement(ElementTree.SubElement(root, "mujoco"), "compiler", strippath="false")
    xml = ElementTree.tostring(root, encoding="unicode")
    return UrdfText(xml, _velocity_limits(root), tuple(notes))


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


def _locate_mesh(collision: ElementTree.Element, path: Path) -> bool:
    """Make a mesh's path absolute; false when there is no such file, or none that MuJoCo reads."""
    mesh = collision.find("geometry/mesh")
    if mesh is None:
        return True
    name = str(mesh.get("filename", ""))
    if not name.lower().endswith(_MESH_SUFFIXES):
        return False
    for candidate in _mesh_candidates(name, path):
        if candidate.is_file() and _readable(candidate):
            mesh.set("filename", str(candidate.resolve()))
            return True
    return False


def _mesh_candidates(name: str, path: Path) -> list[Path]:
    """Places of a mesh: beside the file, or in its package, found among the folders above the file."""
    scheme, separator, rest = name.rpartition("://")
    if not separator:
        return [path.parent / name]
    if scheme == "file":
        return [Path(rest)]
    package, _, inside = rest.lstrip("/").partition("/")
    folders = path.resolve().parents
    return [
        *(folder / package / inside for folder in folders),
        *(folder / inside for folder in folders),
    ]


def _readable(mesh: Path) -> bool:
    """Whether MuJoCo reads a mesh file: of STL only the binary kind (80 bytes, a count, 50 bytes a face)."""
    if mesh.suffix.lower() != ".stl":
        return True
    with mesh.open("rb") as stream:
        head = stream.read(84)
    return len(head) == 84 and mesh.stat().st_size == 84 + 50 * int.from_bytes(head[80:], "little")


def _mend_inertia(link: ElementTree.Element) -> None:
    """Replace an inertia that no body can have, which MuJoCo refuses."""
    inertia = link.find("inertial/inertia")
    if inertia is None:
        return
    names = ("ixx", "iyy", "izz", "ixy", "ixz", "iyz")
    try:
        xx, yy, zz, xy, xz, yz = (float(inertia.get(name, "0")) for name in names)
    except ValueError:
        return  # MuJoCo's own message names the place
    matrix = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    if np.isfinite(matrix).all() and np.linalg.eigvalsh(matrix)[0] > 0:
        return
    for name in names:
        inertia.set(name, _TINY_INERTIA if name in names[:3] else "0")
