"""The page of formats is made from the registry."""

from __future__ import annotations

import sys
from pathlib import Path

from retarget.motion.formats import motion_formats

ROOT = Path(__file__).parents[2]


def test_the_page_says_what_the_registry_says(monkeypatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "tools"), *sys.path])
    from document_tables import FORMATS, documented

    text = FORMATS.read_text("utf-8")
    assert documented(FORMATS) == text, "run: python tools/document_tables.py"


def test_every_format_says_which_layouts_it_reads() -> None:
    assert all(
        one.layouts and one.description and one.suffixes
        for one in motion_formats()
        if one.kind != "lab"
    )
