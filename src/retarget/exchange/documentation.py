"""What the formats are, in words made from their tables: for the command line and for ``docs/exports.md``."""

from __future__ import annotations

from retarget.exchange.registry import export_formats
from retarget.exchange.tables import ExportTable, Rate

__all__ = ["FORMAT_COLUMNS", "format_record", "formats_markdown"]

FORMAT_COLUMNS = (
    "format",
    "files",
    "rate",
    "order",
    "links",
    "rotations",
    "velocity of links",
    "read by",
    "remarks",
)

_ORDERS = {"depth_first": "depth first (MuJoCo, URDF)", "level": "by level (Isaac)"}
_POINTS = {"link_origin": "origin", "centre_of_mass": "centre of mass", "": "-"}
_CONTAINERS = {
    "npy_dict": ".npy (dictionary)",
    "torch_zip": ".motion (torch)",
    "csv_folder": "folder of .csv",
}


def format_record(table: ExportTable) -> dict[str, str]:
    """One format by `FORMAT_COLUMNS`.

    Example:
        >>> from retarget.exchange.registry import export_table
        >>> format_record(export_table("mjlab"))["velocity of links"]
        'origin'
    """
    texts = (
        str(table.kind),
        _CONTAINERS.get(table.container, f"*{table.stem}{table.suffix}"),
        _rate(table.rate),
        "by name" if _named(table) else _ORDERS[table.order],
        _links(table),
        ", ".join(dict.fromkeys(row.quaternion for row in table.rows if row.quaternion)) or "-",
        _POINTS[table.velocity_point],
        table.title,
        table.doc,
    )
    return dict(zip(FORMAT_COLUMNS, texts, strict=True))


def formats_markdown() -> str:
    """All formats as a table, and what each holds, as Markdown."""
    records = [format_record(table) for table in export_formats()]
    for record in records:
        record["files"] = f"`{record['files']}`"
    columns = FORMAT_COLUMNS[:-1]
    lines = [
        f"| {' | '.join(columns)} |",
        f"|{'---|' * len(columns)}",
        *(f"| {' | '.join(record[column] for column in columns)} |" for record in records),
        "",
    ]
    for table, record in zip(export_formats(), records, strict=True):
        rows = "; ".join(_row(table, number) for number in range(len(table.rows)))
        remarks = f" {record['remarks']}" if record["remarks"] else ""
        lines += [f"- **{table.kind}**: {rows}.{remarks}"]
    return "\n".join(lines) + "\n"


def _row(table: ExportTable, number: int) -> str:
    row = table.rows[number]
    name = f"`{row.key or row.source}`"
    shape = f" ({row.shape.replace(' ', ', ')})" if row.shape else ""
    turn = f" {row.quaternion}" if row.quaternion else ""
    kind = "" if table.container in ("csv", "csv_folder") else f" {row.dtype}"
    return f"{name}{kind}{shape}{turn}"


def _rate(rate: Rate) -> str:
    default = "its own" if rate.default is None else f"{rate.default:g}"
    whole = ", whole" if rate.whole and rate.default is None else ""
    told = {"stored": "stored", "fixed": "played at this", "implicit": "not in the file"}[rate.rule]
    return f"{default}{whole} ({told})"


def _named(table: ExportTable) -> bool:
    """Whether readers look joints and links up by names in the file."""
    sources = {row.source for row in table.rows}
    listed = {"link_names": "B", "joint_names": "D"}
    needed = {name for name, size in listed.items() if any(size in r.shape for r in table.rows)}
    headed = any("{joint}" in row.columns for row in table.rows)
    return headed or (
        bool(needed) and needed <= sources | ({"joint_names"} & _special_names(table))
    )


def _special_names(table: ExportTable) -> set[str]:
    return {row.key for row in table.rows if row.source == "special"}


def _links(table: ExportTable) -> str:
    if not any("B" in row.shape for row in table.rows):
        return "-"
    words = {"moving": "moving", "all": "all of the model", "tracked": "of body roles"}
    return words[table.links] + (f", and links.{table.group}" if table.group else "")
