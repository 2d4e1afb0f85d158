"""Documents of the formats are made from their tables."""

from __future__ import annotations

import sys
from pathlib import Path

from retarget.exchange.documentation import format_record
from retarget.exchange.registry import export_table

ROOT = Path(__file__).parents[2]


def test_the_document_says_what_the_tables_say(monkeypatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "tools"), *sys.path])
    from document_tables import EXPORTS, documented

    text = EXPORTS.read_text("utf-8")
    assert documented(EXPORTS) == text, "run: python tools/document_tables.py"


def test_two_files_of_the_same_keys_are_told_apart() -> None:
    first, second = (format_record(export_table(kind)) for kind in ("beyondmimic", "mjlab"))
    assert (first["order"], first["velocity of links"]) == ("by level (Isaac)", "centre of mass")
    assert (second["order"], second["velocity of links"]) == (
        "depth first (MuJoCo, URDF)",
        "origin",
    )
    assert format_record(export_table("holosoma_wbt"))["order"] == "by name"
