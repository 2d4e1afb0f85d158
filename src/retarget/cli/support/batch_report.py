"""The report at the end of a batch."""

from __future__ import annotations

from pathlib import Path

from retarget.cli.support.common import steps
from retarget.cli.support.outputs import Output, check_outputs

__all__ = ["write_report_beside"]


def write_report_beside(manifest: Path) -> Path:
    """Write the report of a batch that has just run, beside its manifest; returns where.

    Raises:
        OutputError: It cannot be written.
    """
    from retarget.report.pages import read_batch, write_report

    output = manifest.with_name(f"{manifest.stem.replace('batch_manifest', 'report')}.html")
    check_outputs([Output(output, "a report", (".html",))], [manifest])
    write_report([read_batch(manifest)], output, progress=lambda worst: steps(worst, "drawing"))
    return output
