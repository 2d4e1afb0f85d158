"""The formats that motions are written in: our own, registered ones, and those of installed packages."""

from __future__ import annotations

from retarget import plugins
from retarget.errors import UnknownNameError
from retarget.exchange.consumers import OWN_TABLES
from retarget.exchange.tables import ExportTable

__all__ = ["export_formats", "export_table", "register_export"]

_TABLES: dict[str, ExportTable] = {str(table.kind): table for table in OWN_TABLES}


def register_export(table: ExportTable) -> ExportTable:
    """Make a format known by its name, or replace one; packages offer theirs as entry points of ``retarget.exports``.

    Example:
        >>> lab = ExportFormat.register("lab_csv")
        >>> table = replace(export_table("unitree_csv"), kind=lab)  # doctest: +SKIP
        >>> register_export(table)  # doctest: +SKIP
    """
    _TABLES[str(table.kind)] = table
    return table


def export_table(kind: str) -> ExportTable:
    """The table of a format.

    Raises:
        UnknownNameError: No such format is known.
        PluginError: A package offers it and cannot be used.
    """
    name = str(kind)
    if name in _TABLES:
        return _TABLES[name]
    if name in plugins.EXPORTS.names():
        table = plugins.EXPORTS.load(name)
        if not isinstance(table, ExportTable):
            raise plugins.EXPORTS.refuse(name, table, "an ExportTable of retarget.exchange.tables")
        return register_export(table)
    raise UnknownNameError("export format", name, [*_TABLES, *plugins.EXPORTS.names()])


def export_formats() -> tuple[ExportTable, ...]:
    """All formats that are known, our own first.

    Raises:
        PluginError: A package offers one that cannot be used.
    """
    offered = [name for name in plugins.EXPORTS.names() if name not in _TABLES]
    return tuple(export_table(name) for name in [*_TABLES, *offered])
