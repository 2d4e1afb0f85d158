"""Benchmark suites: named lists of public clips on which any tool's output is scored in one way.

The names are loaded when first used, as they need numerics.

Example:
    >>> from retarget.suites import Suite, score_suite
    >>> card = score_suite(Suite.named("lafan1"), "lafan1_bvh/", "my_results/", tool="mine")  # doctest: +SKIP
    >>> card.passed, card.means["limb_error_mean"]  # doctest: +SKIP
    (37, 2.1)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retarget.lazily import names_of

if TYPE_CHECKING:
    from retarget.suites.card import BenchmarkCard, CardClip, card_markdown
    from retarget.suites.score import score_suite
    from retarget.suites.suite import Suite, SuiteClip, suite_names

__all__ = [
    "BenchmarkCard",
    "CardClip",
    "Suite",
    "SuiteClip",
    "card_markdown",
    "score_suite",
    "suite_names",
]

_HOMES = {
    "BenchmarkCard": "card",
    "CardClip": "card",
    "Suite": "suite",
    "SuiteClip": "suite",
    "card_markdown": "card",
    "score_suite": "score",
    "suite_names": "suite",
}

__getattr__, __dir__ = names_of(
    __name__, {name: f"{__name__}.{home}" for name, home in _HOMES.items()}
)
