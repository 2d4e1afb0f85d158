"""What a consumer's file holds, as data: the same table writes the file, reads it, checks it and documents it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from retarget.exchange.orders import Order
from retarget.kinds import ExportFormat
from retarget.robots.model import RobotModel
from retarget.tracks import LinkSet

__all__ = [
    "Builder",
    "Container",
    "ExportTable",
    "Library",
    "Quaternion",
    "Rate",
    "Row",
    "Source",
]

Container: TypeAlias = Literal[
    "csv", "npz", "npy_dict", "pickle", "torch_zip", "csv_folder", "mjcf"
]
Library: TypeAlias = Literal["", "dictionary", "list", "package", "paths", "trajectories"]
Quaternion: TypeAlias = Literal["wxyz", "xyzw", "rotvec", "euler_xyz_deg"]
Source: TypeAlias = Literal[
    "root_position",  # (T, 3) m
    "root_rotation",  # (T, 4), or (T, 3) as rotation vector or angles
    "joint_position",  # (T, D) rad
    "joint_velocity",  # (T, D) rad/s
    "root_velocity",  # (T, 3) m/s
    "root_spin",  # (T, 3) rad/s, world frame
    "qpos",  # (T, 7 + D): root position, root rotation in the row's order, joints
    "qvel",  # (T, 6 + D) as MuJoCo has it: root velocity in the world, root spin in the base's frame, joints
    "link_position",  # (T, B, 3) m, world, origins of link frames
    "link_rotation",  # (T, B, 4) world
    "link_velocity",  # (T, B, 3) m/s, world, of link origins
    "centre_velocity",  # (T, B, 3) m/s, world, of the links' centres of mass
    "link_spin",  # (T, B, 3) rad/s, world frame
    "local_link_position",  # (T, B, 3) m in the base's frame
    "local_link_rotation",  # (T, B, 4) in the base's frame
    "foot_contacts",  # (T, 2) left, right: 0 or 1
    "link_contacts",  # (T, B)
    "fps",  # frames per second
    "joint_names",  # D names
    "link_names",  # B names
    "frame",  # (T, 1) number of each frame, from 0
    "time",  # (T,) s
    "order",  # name of the order of links and joints
    "velocity_point",  # "link_origin" or "centre_of_mass"
    "object_names",  # O names of the things on paths
    "object_position",  # (T, O, 3) m, world
    "object_rotation",  # (T, O, 4) world
    "object_pose",  # (T, 7 O): xyz and rotation of one after the other
    "model",  # text of a MuJoCo model with robot and things
    "special",  # what the table's builder makes
]


@dataclass(frozen=True, slots=True)
class Row:
    """One array or value of a file.

    Attributes:
        key: Name in the file; in a table of columns, the heading or an empty text.
        source: What it holds, see `Source`.
        dtype: NumPy's code (``f4``, ``f8``, ``i8``, ``b1``, ``U`` for texts), or a plain Python kind: ``int``,
            ``float``, ``number`` (whole where it can be), ``str[]`` and ``float[][]`` (lists).
        shape: Sizes between blanks: ``T`` frames, ``D`` joints, ``B`` links, sums such as ``7+D``, or numbers; empty
            for one value.
        quaternion: How rotations are stored; None where there are none.
        optional: Readers do without it.
        scale: Factor on SI units and radians: 100 writes centimetres.
        columns: Headings in tables of text, between blanks; those with ``{i}``, ``{joint}`` or ``{link}`` are repeated
            for every joint or link.
        decimals: Digits behind the point in tables of text.

    Example:
        >>> Row("body_quat_w", "link_rotation", "f4", "T B 4", "wxyz").key
        'body_quat_w'
    """

    key: str
    source: Source
    dtype: str = "f4"
    shape: str = ""
    quaternion: Quaternion | None = None
    optional: bool = False
    scale: float = 1.0
    columns: str = ""
    decimals: int = 6


@dataclass(frozen=True, slots=True)
class Rate:
    """At how many frames per second a consumer wants its files.

    Attributes:
        rule: ``stored``: the file says it and the reader uses it. ``fixed``: the reader plays every file at
            ``default``. ``implicit``: the file does not say it and people take it to be ``default``.
        default: Rate to write, 1/s; None keeps the motion's own.
        whole: Only whole numbers are understood.
        inverted: The reader keeps one over the rate and cuts its inverse to a whole number, which loses one of some.
    """

    rule: Literal["stored", "fixed", "implicit"]
    default: float | None = None
    whole: bool = False
    inverted: bool = False

    def problem(self, fps: float) -> str:
        """Why a rate cannot be written; empty when it can."""
        if self.whole and fps != round(fps):
            return f"a whole number of frames per second is needed, not {fps:g}"
        if self.inverted and int(1 / (1 / fps)) != fps:
            read = int(1 / (1 / fps))
            return f"readers would take {fps:g} frames per second for {read}; 30, 50, 60, 100 and 120 are safe"
        return ""


Builder: TypeAlias = Callable[[Any], dict[str, Any]]  # of a `retarget.exchange.view.View`


@dataclass(frozen=True, slots=True)
class ExportTable:
    """One consumer's file format.

    Attributes:
        kind: Its name.
        title: Who reads it, for people.
        container: How the values are packed.
        suffix: Ending of file names, with the dot; empty for a folder.
        rows: What it holds, in order.
        rate: Its frames per second.
        order: Order of links and joints.
        links: ``moving``: links on joints, and the base; ``all``: also those that the robot's model file has welded;
            ``tracked``: those of the robot's body roles.
        group: Group of fixed links in the robot's description that are listed too.
        per_clip: The values are an entry under the clip's name in a dictionary of clips.
        builder: Makes the rows whose source is ``special``; for what a row cannot say.
        refusal: Says why a robot's links cannot be written in this format, or nothing.
        joint_set: Joints to write where the robot's description has a set of that name and nothing else is asked for.
        stem: What file names must end with before the suffix.
        least_frames: Fewest frames that make sense: 3 where velocities are stored.
        extras: Rows that consumers ignore and that say what the file is; only in containers with names.
        motion_library: What holds many clips for the reader: one ``dictionary`` of clips, a ``list`` of files in YAML
            (``paths`` with whole ones), a ``package`` of concatenated tensors, concatenated ``trajectories`` with their
            split points, or nothing.
        objects: Things on paths are part of the configuration, as readers of this format have them; else they are
            written where that is asked for.
        doc: What else a user must know, in a sentence or two.
    """

    kind: ExportFormat
    title: str
    container: Container
    suffix: str
    rows: tuple[Row, ...]
    rate: Rate
    order: Order = "depth_first"
    links: Literal["moving", "all", "tracked"] = "moving"
    group: str = ""
    per_clip: bool = False
    builder: Builder | None = None
    refusal: Callable[[LinkSet, RobotModel], str] | None = None
    joint_set: str = ""
    stem: str = ""
    least_frames: int = 1
    extras: tuple[Row, ...] = ()
    motion_library: Library = ""
    objects: bool = False
    doc: str = ""

    @property
    def velocity_point(self) -> str:
        """Whose velocity the file holds of a link: ``link_origin``, ``centre_of_mass`` or nobody's."""
        points = {"link_velocity": "link_origin", "centre_velocity": "centre_of_mass"}
        return next((points[row.source] for row in self.rows if row.source in points), "")

    def row(self, source: Source) -> Row | None:
        """The first row that holds something, or None."""
        return next((row for row in self.rows if row.source == source), None)
