"""Keyframes of MuJoCo: a file to include into a robot's MJCF, or behind a whole model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

__all__ = ["write_keyframes"]


def write_keyframes(path: Path, values: Mapping[str, Any]) -> None:
    """Write ``time``, ``qpos`` and ``qvel`` of every frame as a key; numbers in full precision.

    They stand alone, or behind all of the ``model``.
    """
    model = values.get("model")  # empty where nobody has one
    root = ElementTree.Element("mujoco") if not model else ElementTree.fromstring(model)
    keys = ElementTree.SubElement(root, "keyframe")
    time, qpos, qvel = values["time"], values["qpos"], values["qvel"]
    for number in range(len(qpos)):
        ElementTree.SubElement(
            keys,
            "key",
            name=f"frame_{number:06d}",
            time=repr(float(time[number])),
            qpos=_numbers(qpos[number]),
            qvel=_numbers(qvel[number]),
        )
    ElementTree.indent(root)
    path.write_bytes(ElementTree.tostring(root, encoding="utf-8") + b"\n")


def _numbers(values: np.ndarray) -> str:
    return " ".join(repr(float(value)) for value in values)
