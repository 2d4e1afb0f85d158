"""What tools and data sets mean by the motions of the SMPL family that they write: axes, rates and bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = [
    "AISTPP", "AMASS", "EASYMOCAP", "GEM", "GEM_X", "GENERAL", "GLAMR", "GRAB", "GVHMR", "HYBRIK", "MDM", "MOTION_X",
    "PHALP", "PHC", "PROMPT_HMR", "SLAHMR", "THREE_DPW", "TRAM", "WHAM", "Fields", "Layout", "Person",
]  # fmt: skip

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Layout:
    """What a layout's tool means by what it writes.

    Attributes:
        name: The tool or data set.
        up_axis: The world's up axis where the tool fixes it; empty to find it.
        likely_up: The one to assume where nothing tells.
        fps: Frames per second that the tool always has and does not write; NaN where only the file can say.
        rate_doubt: Weight of the doubt about that rate.
        kind: Body model, where rows do not tell.
        in_camera: Poses are in the camera's axes, and it is not known how that moved.
        about_origin: The body is turned about its model's origin and not about its pelvis.
    """

    name: str
    up_axis: str = ""
    likely_up: str = "z"
    fps: float = float("nan")
    rate_doubt: float = 0.0
    kind: str = ""
    in_camera: bool = False
    about_origin: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a file: the arrays of its motion under common names.

    Attributes:
        name: What the file calls it.
        fields: Arrays by key.
        layout: What they mean.
    """

    name: str
    fields: Fields
    layout: Layout


AMASS: Final = Layout("AMASS")
GENERAL: Final = Layout("SMPL", likely_up="y")
GVHMR: Final = Layout("GVHMR", "y", fps=30.0, rate_doubt=0.1, kind="smplx")
GEM: Final = Layout("GEM", "y", fps=30.0, rate_doubt=0.1, kind="smplx")
GEM_X: Final = Layout("GEM-X", likely_up="y", fps=30.0, rate_doubt=0.1, kind="soma")
WHAM: Final = Layout("WHAM", "y", kind="smpl")
GLAMR: Final = Layout("GLAMR", "z", kind="smpl")
AISTPP: Final = Layout("AIST++", "y", fps=60.0, kind="smpl")
TRAM: Final = Layout("TRAM", "-y", kind="smpl", in_camera=True)
HYBRIK: Final = Layout("HybrIK", "-y", kind="smpl", in_camera=True)
PHALP: Final = Layout("4D-Humans", "-y", kind="smpl", in_camera=True)
SLAHMR: Final = Layout("SLAHMR", likely_up="y", kind="smplh")
PROMPT_HMR: Final = Layout("PromptHMR", likely_up="y", kind="smplx")
PHC: Final = Layout("PHC")
EASYMOCAP: Final = Layout("EasyMocap", kind="smpl", about_origin=True)
GRAB: Final = Layout("GRAB", "z", kind="smplx")
MDM: Final = Layout("MDM", "y", fps=20.0, rate_doubt=0.1, kind="smpl")
MOTION_X: Final = Layout("Motion-X", likely_up="y", fps=30.0, rate_doubt=0.1, kind="smplx")
THREE_DPW: Final = Layout("3DPW", "-y", fps=30.0, kind="smpl")
