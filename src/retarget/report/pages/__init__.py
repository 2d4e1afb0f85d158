"""The report of a batch, or of several beside each other: a page for a browser, and tables for other tools.

What a report says comes from files that are there: the manifest with its journal, and the reports of
``retarget evaluate``. Nothing is judged again unless that is asked for.

Example:
    >>> from retarget.report.pages import read_batch, write_report
    >>> write_report([read_batch("out/batch_manifest.json")], "out/report.html")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retarget.lazily import names_of

if TYPE_CHECKING:
    from retarget.report.pages.clip_page import ClipPageWorker, page_jobs, page_name
    from retarget.report.pages.clips import Clip, Fate
    from retarget.report.pages.gather import Batch, read_batch
    from retarget.report.pages.write import FORMATS, ReportOptions, write_report

__all__ = [
    "FORMATS",
    "Batch",
    "Clip",
    "ClipPageWorker",
    "Fate",
    "ReportOptions",
    "page_jobs",
    "page_name",
    "read_batch",
    "write_report",
]

_HOMES = {
    "FORMATS": "write",
    "Batch": "gather",
    "Clip": "clips",
    "ClipPageWorker": "clip_page",
    "Fate": "clips",
    "ReportOptions": "write",
    "page_jobs": "clip_page",
    "page_name": "clip_page",
    "read_batch": "gather",
    "write_report": "write",
}

__getattr__, __dir__ = names_of(
    __name__, {name: f"{__name__}.{home}" for name, home in _HOMES.items()}
)
