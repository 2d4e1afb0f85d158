"""Joints that follow others, and loops, as MJCF."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import mujoco
import numpy as np

__all__ = ["add_equalities"]


def add_equalities(
    root: ElementTree.Element,
    model: Any,
    body_name: Callable[[int], str],
    text: Callable[[Any], str],
) -> None:
    """Write a compiled model's equality constraints; nothing where it has none."""
    active = [k for k in range(model.neq) if model.eq_active0[k]]
    if not active:
        return
    section = ElementTree.SubElement(root, "equality")
    for k in active:
        kind = mujoco.mjtEq(int(model.eq_type[k]))
        first, second, data = int(model.eq_obj1id[k]), int(model.eq_obj2id[k]), model.eq_data[k]
        if kind == mujoco.mjtEq.mjEQ_JOINT:
            tag = ElementTree.SubElement(section, "joint", joint1=_joint(model, first))
            if second >= 0:
                tag.set("joint2", _joint(model, second))
            tag.set("polycoef", text(data[:5]))
            continue
        if mujoco.mjtObj(int(model.eq_objtype[k])) == mujoco.mjtObj.mjOBJ_SITE:
            raise SystemExit("a loop is closed between sites, which the mesh-free model lacks")
        ends = {"body1": body_name(first), "body2": body_name(second)}
        if kind == mujoco.mjtEq.mjEQ_CONNECT:
            ElementTree.SubElement(section, "connect", {**ends, "anchor": text(data[:3])})
            continue
        weld = ElementTree.SubElement(section, "weld", {**ends, "anchor": text(data[:3])})
        weld.set("relpose", text(np.concatenate([data[3:6], data[6:10]])))


def _joint(model: Any, joint: int) -> str:
    return str(model.joint(joint).name or f"joint_{joint}")
