"""A model as compact MJCF that needs no other file: kinematics, inertias, limits, couplings, collision primitives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree

import mujoco
import numpy as np

from embedding.equalities import add_equalities
from retarget.robots.reading.description import Description
from retarget.robots.shapes.collision import inscribed_capsules
from retarget.robots.spec import RobotSpec
from retarget.robots.tree import build_tree

__all__ = ["mesh_free_mjcf"]

_PRIMITIVES = {
    mujoco.mjtGeom.mjGEOM_SPHERE: ("sphere", 1),
    mujoco.mjtGeom.mjGEOM_CAPSULE: ("capsule", 2),
    mujoco.mjtGeom.mjGEOM_CYLINDER: ("cylinder", 2),
    mujoco.mjtGeom.mjGEOM_ELLIPSOID: ("ellipsoid", 3),
    mujoco.mjtGeom.mjGEOM_BOX: ("box", 3),
}
_KINDS = {mujoco.mjtJoint.mjJNT_SLIDE: "slide", mujoco.mjtJoint.mjJNT_BALL: "ball"}


def mesh_free_mjcf(description: Description, spec: RobotSpec, remark: str) -> str:
    """The text of a model that was read; a mesh becomes the capsule that stands for it in collisions.

    Args:
        description: The model, as any robot's is read.
        spec: Its torque limits override the model file's.
        remark: Where it comes from, for a comment.
    """
    return _Writer(description, spec).text(spec.name, remark)


class _Writer:
    def __init__(self, description: Description, spec: RobotSpec) -> None:
        self.model = description.model
        tree = build_tree(description)
        self.efforts = {
            name: spec.effort_limit(name, float(limit))
            for name, limit in zip(tree.joint_names, tree.effort_limits, strict=True)
        }

    def text(self, name: str, remark: str) -> str:
        model = self.model
        root = ElementTree.Element("mujoco", model=name)
        root.append(ElementTree.Comment(f" {remark} "))
        ElementTree.SubElement(root, "compiler", angle="radian", autolimits="true")
        elements = {0: ElementTree.SubElement(root, "worldbody")}
        for body in range(1, model.nbody):
            elements[body] = self._body(elements[model.body_parentid[body]], body)
        contact = ElementTree.SubElement(root, "contact")
        for signature in model.exclude_signature:
            first, second = (self._name(int(i)) for i in (signature >> 16, signature & 0xFFFF))
            ElementTree.SubElement(contact, "exclude", body1=first, body2=second)
        add_equalities(root, model, self._name, _text)
        ElementTree.indent(root)
        return ElementTree.tostring(root, encoding="unicode") + "\n"

    def _name(self, body: int) -> str:
        return str(self.model.body(body).name or f"body_{body}")

    def _body(self, parent: ElementTree.Element, body: int) -> ElementTree.Element:
        model = self.model
        element = ElementTree.SubElement(parent, "body", name=self._name(body))
        _set_pose(element, model.body_pos[body], model.body_quat[body])
        inertial = ElementTree.SubElement(element, "inertial", pos=_text(model.body_ipos[body]))
        inertial.set("quat", _text(model.body_iquat[body]))
        inertial.set("mass", _text(model.body_mass[body]))
        inertial.set("diaginertia", _text(model.body_inertia[body]))
        first = model.body_jntadr[body]
        for joint in range(first, first + model.body_jntnum[body]):
            self._joint(element, joint)
        first = model.body_geomadr[body]
        for number, geom in enumerate(range(first, first + model.body_geomnum[body]), 1):
            self._geom(element, geom, f"{self._name(body)}_{number}")
        return element

    def _joint(self, element: ElementTree.Element, joint: int) -> None:
        model, kind = self.model, mujoco.mjtJoint(self.model.jnt_type[joint])
        name = model.joint(joint).name
        if kind == mujoco.mjtJoint.mjJNT_FREE:
            ElementTree.SubElement(element, "freejoint", name=name or "base")
            return
        name = name or f"joint_{joint}"
        tag = ElementTree.SubElement(element, "joint", name=name)
        if kind in _KINDS:
            tag.set("type", _KINDS[kind])
        if kind != mujoco.mjtJoint.mjJNT_BALL:
            tag.set("axis", _text(model.jnt_axis[joint]))
        if model.jnt_pos[joint].any():
            tag.set("pos", _text(model.jnt_pos[joint]))
        if model.jnt_limited[joint]:
            tag.set("range", _text(model.jnt_range[joint]))
        effort = self.efforts.get(name, np.inf)
        if np.isfinite(effort):
            tag.set("actuatorfrcrange", _text([-effort, effort]))
        zero = model.qpos0[model.jnt_qposadr[joint]]
        if kind != mujoco.mjtJoint.mjJNT_BALL and zero:
            tag.set("ref", _text(zero))

    def _geom(self, element: ElementTree.Element, geom: int, name: str) -> None:
        model, shape = self.model, mujoco.mjtGeom(self.model.geom_type[geom])
        name = model.geom(geom).name or name
        if shape in _PRIMITIVES:
            kind, sizes = _PRIMITIVES[shape]
            tag = ElementTree.SubElement(element, "geom", name=name, type=kind)
            tag.set("size", _text(model.geom_size[geom, :sizes]))
            _set_pose(tag, model.geom_pos[geom], model.geom_quat[geom])
            return
        for start, end, radius in inscribed_capsules(model, geom):
            # MuJoCo's capsule begins at the second of two points.
            placed = [model.geom_pos[geom] + _turned(model, geom, point) for point in (end, start)]
            tag = ElementTree.SubElement(element, "geom", name=name)
            if np.allclose(start, end):
                tag.set("type", "sphere")
                tag.set("pos", _text(placed[0]))
            else:
                tag.set("type", "capsule")
                tag.set("fromto", _text(np.concatenate(placed)))
            tag.set("size", _text(radius))


def _turned(model: Any, geom: int, point: np.ndarray) -> np.ndarray:
    turned = np.zeros(3)
    mujoco.mju_rotVecQuat(turned, point, model.geom_quat[geom])
    return turned


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
