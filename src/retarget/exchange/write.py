"""A result in another tool's file: at its rate, in its order, checked before it takes its place."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from retarget._version import __version__
from retarget.errors import OptionsError, OutputError, UnknownNameError
from retarget.exchange.encode import file_values
from retarget.exchange.mujoco_scene import model_of_result
from retarget.exchange.objects import around_of, things_said, with_objects
from retarget.exchange.registry import export_table
from retarget.exchange.sources import chosen_joints, robot_of_result, tracks_of_result
from retarget.exchange.tables import ExportTable, Quaternion
from retarget.exchange.view import View, links_of_table, view_of
from retarget.exchange.writers import writer_of_container
from retarget.exchange.written import written_faults
from retarget.files import atomic_path, write_text
from retarget.frame_rates import rate_problem
from retarget.kinds import ExportFormat
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, load_robot, robot_names

__all__ = [
    "ExportOptions",
    "Exported",
    "describe",
    "export_result",
    "export_view",
    "foreign_model_path",
    "write_view",
]

_MODEL_SUFFIXES = (".xml", ".mjcf", ".urdf", ".toml")


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What may be chosen about a file; the format's own choice where nothing is said.

    Attributes:
        fps: Frames per second.
        joints: A joint set of the robot's description, names or patterns between commas, ``all``, or the model file or
            name of another robot of the same family.
        quaternion: How rotations are stored, for forks of a consumer that changed it.
        fixed_links: Group of fixed links of the robot's description that are listed too, such as ``urdf`` for a
            simulator that does not merge fixed joints.
        clip: Name of the clip; the file's when None.
        objects: Whether things on paths are written, too, in a format in which they are no part of the configuration.

    Example:
        >>> ExportOptions(fps=50, joints="g1_23").joints
        'g1_23'
    """

    fps: float | None = None
    joints: str | None = None
    quaternion: Quaternion | None = None
    fixed_links: str | None = None
    clip: str | None = None
    objects: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        path: The file or folder.
        frames: Number of frames.
        fps: Frames per second.
        joints: Number of joints.
        notes: What people should know, in plain sentences.
        description: What the file holds: names, orders, quaternions, JSON-ready.
    """

    path: Path
    frames: int
    fps: float
    joints: int
    notes: tuple[str, ...] = ()
    description: dict[str, Any] = field(default_factory=dict)


def export_result(
    result: RetargetingResult,
    path: str | Path,
    kind: ExportFormat | str = ExportFormat.UNITREE_CSV,
    *,
    robot: RobotModel | None = None,
    options: ExportOptions | None = None,
    sidecar: bool = False,
) -> Exported:
    """Write a result as a consumer's file.

    Args:
        result: The robot motion.
        path: File (or folder, for formats that are one) to write; it appears whole or not at all.
        kind: The format, see ``retarget formats --exports``.
        robot: The robot of the result; loaded by its name when None.
        options: What to choose other than the format does.
        sidecar: Write what the file holds to ``path`` with ``.json`` behind it, too.

    Raises:
        UnknownNameError: No such format, robot or joint is known.
        OptionsError: The format cannot hold this motion, robot or rate.
        OutputError: The file cannot be written.

    Example:
        >>> result = RetargetingResult.load_npz("walk.npz")  # doctest: +SKIP
        >>> export_result(result, "walk_mjlab.npz", "mjlab").fps  # doctest: +SKIP
        50.0
    """
    table, options, path = export_table(kind), options or ExportOptions(), Path(path)
    _require_name(path, table)
    robot = robot_of_result(result) if robot is None else robot
    clip = options.clip or path.name.removesuffix(table.suffix)
    view, notes = export_view(result, robot, table, replace(options, clip=clip))
    write_view(view, path)
    description = describe(view, result)
    if sidecar:
        text = json.dumps({"file": path.name, **description, "notes": notes}, indent=1)
        write_text(path.with_name(f"{path.name}.json"), text + "\n")
    return Exported(
        path, len(view.tracks), view.tracks.fps, len(view.order.joints), notes, description
    )


def export_view(
    result: RetargetingResult, robot: RobotModel, table: ExportTable, options: ExportOptions
) -> tuple[View, tuple[str, ...]]:
    """What a format shows of a result, and notes about what it leaves out.

    Raises:
        OptionsError: The format cannot hold this motion, robot or rate.
    """
    _require_robot(result, robot)
    table = _with_options(table, options)
    fps, notes = _rate(table, result, options.fps)
    foreign = _foreign_model(options, robot)
    model = robot if foreign is None else foreign
    _require_group(model, options.fixed_links)
    joints = _joints(model, table, options.joints if foreign is None else "all")
    links = links_of_table(table, model, joints)
    problem = table.refusal(links, model) if table.refusal is not None else ""
    if problem:
        raise OptionsError(f"{table.kind} cannot hold {model.name}: {problem}")
    resampled = result.resampled(fps)
    if len(resampled) < table.least_frames:
        raise OptionsError(
            f"{table.kind} holds velocities and needs {table.least_frames} frames; these are {len(resampled)}"
        )
    tracks = tracks_of_result(resampled, robot, links, foreign=foreign)
    notes += _changed(result, robot)
    notes += _left_out(resampled, robot, links.joint_names)
    around = around_of(resampled, table, asked=options.objects)
    if around is not None:
        table = with_objects(table, around.names)
    notes += things_said(result, table, around)
    if foreign is not None:
        added = [name for name in foreign.joint_names if name not in robot.joint_names]
        notes += (
            (f"joints that only {foreign.name} has are at zero: {', '.join(added)}",)
            if added
            else ()
        )
    contacts = tracks.link_contacts
    if table.row("link_contacts") is not None and contacts is not None and not contacts.any():
        notes += ("nothing ever touches the ground in it, and readers ignore such contacts",)
    model_text = model_of_result(resampled, table, robot)
    return view_of(tracks, table, options.clip or "motion", around, model_text), notes


def write_view(view: View, path: Path) -> None:
    """Write what a format shows of a motion, read back and checked, as a whole or not at all.

    Raises:
        OutputError: It cannot be written, or does not read back as what it should be.
    """
    values = file_values(view)
    with atomic_path(path) as temporary:
        writer_of_container(view.table.container)(temporary, values)
        faults = written_faults(temporary, view)
        if faults:
            told = "; ".join(f"{fault.name}: {fault.text}" for fault in faults[:3])
            raise OutputError(
                f"{path}: what was written is not what {view.table.kind} reads ({told})"
            )


def describe(view: View, result: RetargetingResult) -> dict[str, Any]:
    """What a file holds that its readers must know and it may not say: JSON-ready."""
    table, tracks = view.table, view.tracks
    rotations = {row.key or row.source: row.quaternion for row in table.rows if row.quaternion}
    motion = result.provenance.get("motion", {})
    return {
        "format": str(table.kind),
        "clip": view.clip,
        "fps": tracks.fps,
        "frames": len(tracks),
        "robot": tracks.robot.name,
        "robot_sha256": tracks.robot.sha256,
        "order": table.order,
        "joint_names": list(view.order.joint_names),
        "link_names": list(view.order.link_names) if _lists_links(table) else [],
        "rotations": rotations,
        "velocity_point": table.velocity_point,
        "source": {key: motion[key] for key in ("path", "sha256", "format") if key in motion},
        "version": __version__,
    }


def _lists_links(table: ExportTable) -> bool:
    return any("B" in row.shape for row in table.rows)


def _require_name(path: Path, table: ExportTable) -> None:
    ending = table.stem + table.suffix
    if not path.name.endswith(ending):
        raise OptionsError(f"{path}: readers of {table.kind} want names that end in {ending!r}")
    if table.per_clip and "." in path.name.removesuffix(table.suffix):
        raise OptionsError(
            f"{path}: readers of {table.kind} cut names at the first dot, and miss the clip; take it out"
        )


def _require_robot(result: RetargetingResult, robot: RobotModel) -> None:
    if result.joint_names != robot.joint_names:
        raise OptionsError(
            f"the motion is of {result.robot} with {len(result.joint_names)} joints, not of {robot.name} with "
            f"{robot.joint_count}; give the robot that it was made for"
        )


def _with_options(table: ExportTable, options: ExportOptions) -> ExportTable:
    if options.fixed_links is not None:
        table = replace(table, group=options.fixed_links)
    if options.quaternion is None:
        return table
    if options.quaternion not in ("wxyz", "xyzw"):
        raise OptionsError(f"quaternion must be wxyz or xyzw, not {options.quaternion!r}")
    if not any(row.quaternion in ("wxyz", "xyzw") for row in table.rows):
        raise OptionsError(f"{table.kind} holds no quaternions")
    rows = tuple(
        replace(row, quaternion=options.quaternion) if row.quaternion in ("wxyz", "xyzw") else row
        for row in table.rows
    )
    return replace(table, rows=rows)


def _rate(
    table: ExportTable, result: RetargetingResult, wanted: float | None
) -> tuple[float, tuple[str, ...]]:
    rate = table.rate
    own = float(round(result.fps)) if rate.whole else result.fps
    fps = float(wanted) if wanted is not None else rate.default or own
    problem = rate_problem(fps)
    if problem:
        raise OptionsError(f"fps: {problem}")
    problem = rate.problem(fps)
    if problem:
        raise OptionsError(f"{table.kind}: {problem}")
    if rate.rule == "stored" or fps == rate.default:
        return fps, ()
    if rate.rule == "fixed":
        told = (
            f"readers play every file at {rate.default:g} frames per second, this one is at {fps:g}"
        )
    else:
        told = f"the file does not tell its rate, which is {fps:g} and not the {rate.default:g} that readers assume"
    return fps, (told,)


def foreign_model_path(options: ExportOptions) -> Path | None:
    """The model file of another robot that gives joints and links; None where a joint set or names do."""
    path = Path(options.joints or "")
    return path if path.suffix.lower() in _MODEL_SUFFIXES else None


def _foreign_model(options: ExportOptions, robot: RobotModel) -> RobotModel | None:
    """Another robot whose joints and links are wanted: by its model file, or by its name where that is no joint set."""
    path, name = foreign_model_path(options), options.joints
    if path is None and (name in robot.joint_sets or name not in robot_names()):
        return None
    return load_robot(path or str(name))


def _joints(robot: RobotModel, table: ExportTable, wanted: str | None) -> tuple[str, ...] | None:
    if wanted is not None:
        return chosen_joints(robot, wanted)
    return robot.joint_sets.get(table.joint_set)


def _require_group(robot: RobotModel, group: str | None) -> None:
    known = sorted(set(robot.links.groups) - {""})
    if group and group not in known:
        hint = f"add a [links.{group}] to the robot's TOML"
        raise UnknownNameError(f"group of fixed links of {robot.name}", group, known, hint)


def _changed(result: RetargetingResult, robot: RobotModel) -> tuple[str, ...]:
    if result.provenance.get("robot_sha256", robot.sha256) == robot.sha256:
        return ()
    return (f"the description of {robot.name} has changed since the result was made",)


def _left_out(
    result: RetargetingResult, robot: RobotModel, kept: tuple[str, ...]
) -> tuple[str, ...]:
    """How far joints are turned that the file does not hold."""
    dropped = [j for j, name in enumerate(robot.joint_names) if name not in kept]
    if not dropped:
        return ()
    turned = np.abs(result.qpos[:, 7:][:, dropped]).max(axis=0)
    worst = int(np.argmax(turned))
    return (
        f"{len(dropped)} joints are left out, the most turned is {robot.joint_names[dropped[worst]]} "
        f"with {turned[worst]:.2f} rad",
    )
