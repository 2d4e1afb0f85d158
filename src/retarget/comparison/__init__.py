"""Comparison: batches, folders or files of any tool on the same clips, and two results of one clip frame by frame.

The names are loaded when first used, as they need numerics.

Example:
    >>> from retarget.comparison import compare
    >>> table = compare(["ours=batch_manifest.json", "theirs=other_tool/"], robot="unitree_g1")  # doctest: +SKIP
    >>> table.row("limb_error_mean").pairs[0].difference  # doctest: +SKIP
    4.9
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retarget.lazily import names_of

if TYPE_CHECKING:
    from retarget.comparison.chart import comparison_svg
    from retarget.comparison.compare import compare
    from retarget.comparison.difference import Difference, JointDifference, Parting, diff
    from retarget.comparison.models import (
        ClipValues,
        Comparison,
        MeasureRow,
        PairedRow,
        SideSummary,
    )
    from retarget.comparison.text import comparison_html, comparison_markdown, comparison_rows

__all__ = [
    "ClipValues",
    "Comparison",
    "Difference",
    "JointDifference",
    "MeasureRow",
    "PairedRow",
    "Parting",
    "SideSummary",
    "compare",
    "comparison_html",
    "comparison_markdown",
    "comparison_rows",
    "comparison_svg",
    "diff",
]

_HOMES = {
    "ClipValues": "models",
    "Comparison": "models",
    "Difference": "difference",
    "JointDifference": "difference",
    "MeasureRow": "models",
    "PairedRow": "models",
    "Parting": "difference",
    "SideSummary": "models",
    "compare": "compare",
    "comparison_html": "text",
    "comparison_markdown": "text",
    "comparison_rows": "text",
    "comparison_svg": "chart",
    "diff": "difference",
}

__getattr__, __dir__ = names_of(
    __name__, {name: f"{__name__}.{home}" for name, home in _HOMES.items()}
)
