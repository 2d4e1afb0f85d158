"""Which consumer a file of robot motion is for, and what is wrong with it: by numbers alone, without the consumer.

Files of several trainers have the same keys and shapes and another order of links, another point whose velocity they
hold, another order of a quaternion: loaded they raise no error, and training does not converge. Where a file says a
thing twice (joints and links, angles and rates) it is held against itself on the robot's own kinematics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from retarget.errors import FileFormatError
from retarget.exchange.orders import ordering
from retarget.exchange.reading.content import Content, read_content
from retarget.exchange.reading.layout import Layout, find_layout, turned
from retarget.exchange.reading.raw import Misfit
from retarget.exchange.reading.stored import StoredMotion, stored_motions
from retarget.exchange.reading.things import things_apart
from retarget.exchange.reading.witnesses import (
    Finding,
    pose_findings,
    velocity_findings,
)
from retarget.exchange.registry import export_formats, export_table
from retarget.exchange.tables import ExportTable
from retarget.exchange.view import links_of_table
from retarget.inputs import understanding
from retarget.kinds import ExportFormat
from retarget.robots.model import RobotModel
from retarget.tracks import link_set

__all__ = ["ClipCheck", "FileCheck", "check_clip", "check_content", "check_file"]

_MOST_MISFITS: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class ClipCheck:
    """What was found about one clip of a file, read as one consumer's.

    Attributes:
        stored: The clip as the table reads it, its quaternions as they are.
        layout: Which joints and links its columns are.
        findings: What is wrong with it, and what is worth knowing.
    """

    stored: StoredMotion
    layout: Layout
    findings: tuple[Finding, ...]

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """Findings that would mislead the consumer."""
        return tuple(finding for finding in self.findings if finding.wrong)


@dataclass(frozen=True, slots=True, eq=False)
class FileCheck:
    """What was found about a file.

    Attributes:
        path: The file.
        robot: The robot that it was held against.
        kinds: Consumers whose format it fits best; the first one is what the findings speak of.
        clips: Its clips, read as the first one's.

    Example:
        >>> check_file("walk.npz", robot).kinds  # doctest: +SKIP
        ('mjlab',)
    """

    path: Path
    robot: RobotModel
    kinds: tuple[ExportFormat, ...]
    clips: tuple[ClipCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not any(clip.wrong for clip in self.clips)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found about all clips, each once."""
        return tuple(dict.fromkeys(finding for clip in self.clips for finding in clip.findings))

    def facts(self) -> dict[str, Any]:
        """What the file is, JSON-ready."""
        first = self.clips[0]
        stored, layout, table = first.stored, first.layout, first.stored.table
        return {
            "file": str(self.path),
            "robot": self.robot.name,
            "fits": [str(kind) for kind in self.kinds],
            "clips": len(self.clips),
            "frames": sum(clip.stored.frames for clip in self.clips),
            "fps": stored.fps,
            "joints": stored.joints,
            "links": stored.links,
            "joint_order": _order_of(layout.joints, layout, self.robot, joints=True),
            "link_order": _order_of(layout.links, layout, self.robot, joints=False) if stored.links else None,
            "velocity_point": table.velocity_point or None,
            "link_misfit_m": layout.misfit,
        }  # fmt: skip


def check_file(
    path: str | Path, robot: RobotModel, kind: ExportFormat | str | None = None
) -> FileCheck:
    """Find which consumer a file is for and what is wrong with it.

    Args:
        path: File, or folder of tables.
        robot: The robot that it should be of.
        kind: The consumer that it should be for; None tries all and keeps those that it fits best.

    Raises:
        FileFormatError: It cannot be read, asks for code, or is no robot motion of any format known.
        UnknownNameError: No consumer has that name.
    """
    content = read_content(path)
    with understanding(path, "robot motion", "export it again"):
        return check_content(content, robot, kind)


def check_content(
    content: Content,
    robot: RobotModel,
    kind: ExportFormat | str | ExportTable | None = None,
    joints: tuple[str, ...] | None = None,
) -> FileCheck:
    """As `check_file`, of a file that has been read.

    Args:
        content: What the file holds.
        robot: The robot that it should be of.
        kind: The consumer that it should be for, or its table.
        joints: Names of the joints that it should have; None tries the robot's joint sets.
    """
    if "manifest_json" in content.values:
        cause = "is a result of retarget itself, no trainer's file"
        raise FileFormatError(content.path, cause, "score it: retarget evaluate --result")
    tables = (kind,) if isinstance(kind, ExportTable) else _tables(kind)
    fitting: list[tuple[int, ExportTable, tuple[ClipCheck, ...]]] = []
    misfits: list[tuple[int, str]] = []
    for table in tables:
        try:
            stored = tuple(stored_motions(content, table))
            clips = tuple(check_clip(clip, robot, joints) for clip in stored)
        except Misfit as misfit:
            near = -1 if content.container == table.container else 0
            misfits.append((near, f"{table.kind}: {misfit}"))
            continue
        fitting.append((sum(_weight(clip) for clip in clips), table, clips))
    if not fitting:
        nearest = [text for _, text in sorted(misfits, key=lambda pair: pair[0])]
        raise FileFormatError(
            content.path,
            f"is no motion of {robot.name} in a format known ({'; '.join(nearest[:_MOST_MISFITS])})",
            "name its robot with --robot, or see: retarget formats --exports",
        )
    least = min(weight for weight, _, _ in fitting)
    best = [(table, clips) for weight, table, clips in fitting if weight == least]
    return FileCheck(content.path, robot, tuple(table.kind for table, _ in best), best[0][1])


def _weight(clip: ClipCheck) -> int:
    """How badly a clip fits: what is wrong counts most, what is worth knowing a little."""
    return sum(100 if finding.wrong else 1 for finding in clip.findings)


def _tables(kind: ExportFormat | str | None) -> tuple[ExportTable, ...]:
    return export_formats() if kind is None else (export_table(str(kind)),)


def check_clip(
    stored: StoredMotion, robot: RobotModel, joints: tuple[str, ...] | None = None
) -> ClipCheck:
    """As `check_content`, of one clip that a table has read."""
    stored = things_apart(stored, robot, joints)
    layout = find_layout(stored, robot, joints)
    findings = [Finding("container", False, text) for _, text in stored.remarks]
    findings += _order_findings(stored, robot, layout)
    actual, known = turned(stored, layout)
    poses = list(pose_findings(actual, robot, known))
    findings += poses
    rate = stored.fps
    findings += _rate_findings(stored)
    if rate is not None and not any(finding.wrong and finding.name != "sign" for finding in poses):
        derived = (*velocity_findings(actual, robot, known, rate), *_contact_findings(stored))
        findings += [replace(finding, derived=True) for finding in derived]
    return ClipCheck(actual, known, tuple(findings))


def _order_findings(stored: StoredMotion, robot: RobotModel, layout: Layout) -> Iterator[Finding]:
    """Whether joints, links and quaternions stand where the consumer looks for them."""
    table = stored.table
    names = tuple(robot.joint_names[joint] for joint in sorted(layout.joints))
    kept = link_set(robot, joints=names)
    by_place = table.row("joint_names") is None and table.kind != ExportFormat.LOCO_MUJOCO
    wanted = kept.joint_indices[ordering(kept, table.order).joints]
    if by_place and not np.array_equal(layout.joints, wanted):
        found = _order_of(layout.joints, layout, robot, joints=True)
        text = f"joints stand in {found}, where {table.kind} has {_words(table.order)}"
        yield Finding("order", True, text)
    if by_place and stored.link_indices is None and table.row("link_names") is None:
        yield from _link_order_findings(stored, robot, layout, names)
    if layout.turned:
        row = next(row for row in table.rows if row.quaternion in {"wxyz", "xyzw"})
        other = "xyzw" if row.quaternion == "wxyz" else "wxyz"
        text = f"quaternions are {other}, where {table.kind} has {row.quaternion}"
        yield Finding("quaternion", True, text)
    if not layout.sure:
        yield Finding(
            "quaternion",
            False,
            "whether quaternions are wxyz or xyzw cannot be told from this motion",
        )
    unnamed = int((layout.links < 0).sum())
    if unnamed:
        listed = stored.link_names or ()
        some = [listed[at] for at in np.flatnonzero(layout.links < 0)[:3] if at < len(listed)]
        text = (
            f"{unnamed} links are none of {robot.name}'s and were not looked at: {', '.join(some)}"
        )
        yield Finding("links", False, text)
    missing = len(robot.joint_names) - stored.joints
    if missing:
        text = f"{stored.joints} of {len(robot.joint_names)} joints; the others count as zero"
        if layout.others:
            text += f"; {', '.join(layout.others)} has as many"
        yield Finding("joints", False, text)


def _link_order_findings(
    stored: StoredMotion, robot: RobotModel, layout: Layout, names: tuple[str, ...]
) -> Iterator[Finding]:
    table = stored.table
    if not stored.links:
        return
    known = [int(place) for place in layout.links if place >= 0]
    expected = ordering(links_of_table(table, robot, names), table.order).link_names
    listed = tuple(layout.link_set.names[place] for place in known)
    common = [name for name in expected if name in listed]
    if [name for name in listed if name in common] != common:
        found = _order_of(layout.links, layout, robot, joints=False)
        text = f"links stand in {found}, where {table.kind} has {_words(table.order)}"
        yield Finding("order", True, text)
    elif stored.links != len(expected) and table.links != "tracked":
        text = f"{stored.links} links, where {table.kind} has {len(expected)} of {robot.name}"
        yield Finding("links", False, text)


def _order_of(places: np.ndarray, layout: Layout, robot: RobotModel, *, joints: bool) -> str:
    """Words for the order in which joints or links stand."""
    if joints:
        names = tuple(robot.joint_names[joint] for joint in sorted(places))
        kept = link_set(robot, joints=names)
        orders = {
            order: kept.joint_indices[ordering(kept, order).joints].tolist()
            for order in ("depth_first", "level")
        }
        found = places.tolist()
    else:
        found = [int(place) for place in places if place >= 0]
        member = set(found)
        orders = {
            order: [int(link) for link in ordering(layout.link_set, order).links if link in member]
            for order in ("depth_first", "level")
        }
    named = (_words(order) for order, listed in orders.items() if listed == found)
    return next(named, "an order of its own")


def _words(order: str) -> str:
    return {"depth_first": "depth-first order (MuJoCo)", "level": "level order (Isaac)"}[order]


def _rate_findings(stored: StoredMotion) -> Iterator[Finding]:
    rate, fps, kind = stored.table.rate, stored.fps, stored.table.kind
    if fps is None:
        if rate.rule == "implicit":
            text = f"the rate is nowhere in the file; readers of {kind} take it to be {rate.default:g} unless told"
            yield Finding("rate", False, text)
        else:
            yield Finding("rate", False, "the file does not say its rate")
        return
    if not (np.isfinite(fps) and fps > 0):
        yield Finding("rate", True, f"the rate is {fps}")
    elif rate.rule == "fixed" and rate.default is not None and abs(fps - rate.default) > 1e-3:
        text = f"the file says {fps:g} frames per second, and {kind} plays every file at {rate.default:g}"
        yield Finding("rate", True, text)
    elif problem := rate.problem(fps):
        yield Finding("rate", False, problem)


def _contact_findings(stored: StoredMotion) -> Iterator[Finding]:
    for source in ("link_contacts", "foot_contacts"):
        contacts = stored.values.get(source)
        if contacts is None:
            continue
        if contacts.min() < 0 or contacts.max() > 1:
            yield Finding("contacts", True, f"{source} are not between 0 and 1")
        elif not contacts.any():
            yield Finding("contacts", True, f"{source} are false throughout")
