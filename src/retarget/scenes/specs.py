"""What may be said of things in ``scene.toml``, checked key by key."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from retarget.errors import RetargetError
from retarget.scenes.meshes import MeshShape
from retarget.scenes.shapes import Shape

__all__ = [
    "BoxSpec",
    "FieldSpec",
    "ObjectSpec",
    "Place",
    "RoundSpec",
    "Spec",
    "TerrainSpec",
    "ThingSpec",
    "TouchSpec",
]

Place = tuple[float, float, float]
_Length = Annotated[float, Field(gt=0)]


class Spec(BaseModel):
    """What is said of one thing; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Posed(Spec):
    center: Place = (0.0, 0.0, 0.0)
    yaw_deg: float = 0.0
    wxyz: tuple[float, float, float, float] | None = None

    def at_its_place(self, shape: Shape) -> Shape:
        """The shape moved and turned as said."""
        from retarget.geometry import matrix_from_quaternion

        if self.wxyz is not None:
            quaternion = np.array(self.wxyz)
            length = math.hypot(*self.wxyz)
            if not 0.9 < length < 1.1:  # as people round
                raise RetargetError(
                    f"wxyz {self.wxyz} has length {length:g}; give a unit quaternion, w first"
                )
            return shape.at(self.center, matrix_from_quaternion(quaternion / length))
        angle = math.radians(self.yaw_deg)
        turn = np.array(
            [
                [math.cos(angle), -math.sin(angle), 0],
                [math.sin(angle), math.cos(angle), 0],
                [0, 0, 1.0],
            ]
        )
        return shape.at(self.center, turn)


class BoxSpec(_Posed):
    """A box: its middle, and its size along x, y and z, metres."""

    size_m: tuple[_Length, _Length, _Length]
    rounded_m: float = Field(default=0.0, ge=0)


class RoundSpec(_Posed):
    """A sphere, or with a height a cylinder or capsule about its z axis, metres."""

    radius_m: _Length
    height_m: _Length | None = None


class FieldSpec(Spec):
    """Ground of heights over a rectangle, metres: in the file, or in an ``.npy`` beside it."""

    center: Place = (0.0, 0.0, 0.0)
    size_m: tuple[_Length, _Length]
    heights: list[list[float]] | None = None
    file: Path | None = None


class ThingSpec(Spec):
    """What objects and terrain share.

    Attributes:
        name: For tables, touches and results.
        mesh: An OBJ or STL file; ``mesh_path`` says the same.
        mesh_as: What to take each of its connected pieces as.
        mjcf: An MJCF file, whose worldbody's geoms are taken.
        unit: Of mesh and MJCF.
        up: Up axis of the mesh's file: ``z``, or ``y``.
        shape: One shape at the origin, with ``size_m`` or ``radius_m`` and ``height_m``.
        sample_points: Points that are taken as small spheres.
        scale: Size in the robot's world over its real size, or ``scaled`` as the world is.
    """

    name: str = ""
    mesh: Path | None = None
    mesh_path: Path | None = None
    mesh_as: MeshShape = "auto"
    mjcf: Path | None = None
    unit: Literal["metre", "centimetre", "millimetre", "inch"] = "metre"
    up: Literal["z", "y"] = "z"
    shape: Literal["box", "sphere", "capsule", "cylinder", "plane"] | None = None
    size_m: tuple[_Length, _Length, _Length] | None = None
    radius_m: _Length | None = None
    height_m: _Length | None = None
    boxes: list[BoxSpec] = Field(default_factory=list)
    spheres: list[RoundSpec] = Field(default_factory=list)
    capsules: list[RoundSpec] = Field(default_factory=list)
    cylinders: list[RoundSpec] = Field(default_factory=list)
    height_fields: list[FieldSpec] = Field(default_factory=list)
    sample_points: list[Place] | Path | None = None


class ObjectSpec(ThingSpec):
    """A thing of its own size.

    Attributes:
        trajectory: A file with its path; ``trajectory_path`` says the same.
        fps: Rate of that file, over what it says.
        identity_trajectory: It lies at the origin of the motion's world.
        mass_kg: For exports.
    """

    trajectory: Path | None = None
    trajectory_path: Path | None = None
    fps: _Length | None = None
    identity_trajectory: bool = False
    scale: float | Literal["scaled"] = 1.0
    mass_kg: _Length | None = None


class TerrainSpec(ThingSpec):
    """What the floor carries and nobody moves."""

    scale: float | Literal["scaled"] = "scaled"


class TouchSpec(Spec):
    """A contact that is given rather than found."""

    point: str
    thing: str
    from_s: float
    to_s: float
