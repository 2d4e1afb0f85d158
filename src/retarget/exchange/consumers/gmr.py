"""GMR's pickles, and the trainers of its family that read them: TWIST, TWIST2, GMT."""

from __future__ import annotations

from dataclasses import replace

from retarget.exchange.tables import ExportTable, Rate, Row
from retarget.kinds import ExportFormat

__all__ = ["GMR", "GMT", "TWIST"]

GMR = ExportTable(
    ExportFormat.GMR,
    "GMR's viewers and converters, TWIST2, MimicKit's and SPIDER's importers",
    "pickle",
    ".pkl",
    (
        Row("fps", "fps", "number"),
        Row("root_pos", "root_position", "f4", "T 3"),
        Row("root_rot", "root_rotation", "f4", "T 4", "xyzw"),
        Row("dof_pos", "joint_position", "f4", "T D"),
        Row("local_body_pos", "local_link_position", "f4", "T B 3"),
        Row("link_body_list", "link_names", "str[]", "B"),
    ),
    Rate("stored", 30.0),
    links="all",
    group="gmr",
    motion_library="list",
    doc="Body positions are in the base's frame; the link list must be the same in all clips of a data set.",
)

TWIST = replace(
    GMR,
    kind=ExportFormat.TWIST,
    title="TWIST's motion library",
    joint_set="g1_23",
    doc="As gmr, on a G1 without the six wrist joints, as TWIST's model has none; TWIST2 reads gmr.",
)

GMT = replace(
    GMR,
    kind=ExportFormat.GMT,
    title="GMT (general motion tracking)",
    joint_set="g1_23",
    doc="As gmr, on a G1 without the six wrist joints.",
)
