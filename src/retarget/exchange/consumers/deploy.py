"""What SONIC's deployment reads: a folder of tables for the links that it tracks."""

from __future__ import annotations

from typing import Any

from retarget.exchange.consumers.tracking import FIFTY
from retarget.exchange.orders import ordering
from retarget.exchange.tables import ExportTable, Row
from retarget.exchange.view import View
from retarget.kinds import ExportFormat

__all__ = ["SONIC_DEPLOY"]


def _metadata(view: View) -> dict[str, Any]:
    """Title, and on one line the places of the tracked links among Isaac's."""
    whole = ordering(view.tracks.links, "level").links.tolist()
    places = " ".join(str(whole.index(int(link))) for link in view.order.links)
    title = f"Metadata for: {view.clip}"
    return {
        "metadata.txt": f"{title}\n{'=' * len(title)}\n\nBody part indexes:\n[{places}]\n\n"
        f"Total timesteps: {len(view.tracks)}\n"
    }


SONIC_DEPLOY = ExportTable(
    ExportFormat.SONIC_DEPLOY,
    "GR00T-WholeBodyControl (SONIC), deployment",
    "csv_folder",
    "",
    (
        Row("joint_pos.csv", "joint_position", shape="T D", columns="joint_{i}"),
        Row("joint_vel.csv", "joint_velocity", shape="T D", columns="joint_vel_{i}"),
        Row(
            "body_pos.csv",
            "link_position",
            shape="T B 3",
            columns="body_{b}_x body_{b}_y body_{b}_z",
        ),
        Row(
            "body_quat.csv",
            "link_rotation",
            shape="T B 4",
            quaternion="wxyz",
            columns="body_{b}_w body_{b}_x body_{b}_y body_{b}_z",
        ),
        Row(
            "body_lin_vel.csv",
            "centre_velocity",
            shape="T B 3",
            columns="body_{b}_vel_x body_{b}_vel_y body_{b}_vel_z",
        ),
        Row(
            "body_ang_vel.csv",
            "link_spin",
            shape="T B 3",
            columns="body_{b}_angvel_x body_{b}_angvel_y body_{b}_angvel_z",
        ),
        Row("metadata.txt", "special", "text"),
    ),
    FIFTY,
    order="level",
    links="tracked",
    builder=_metadata,
    least_frames=3,
    doc="A folder for each motion; the tracked links are those of the robot's body roles, the base first.",
)
