"""The site of the documents: every page is in it, links lead somewhere, and it builds strictly."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
from build_docs import PAGES, ROOT, gather, pages, turned
from document_tables import OPTIONS, documented


def test_every_entry_of_the_navigation_is_a_page_and_named_once() -> None:
    plan = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    listed: list[str] = []

    def walk(entries: list[dict[str, object]]) -> None:
        for entry in entries:
            for value in entry.values():
                walk(value) if isinstance(value, list) else listed.append(str(value))

    walk(plan["nav"])
    assert set(listed) <= set(pages().values())
    assert len(set(listed)) == len(listed) > 20


def test_links_lead_to_pages_and_pictures_of_the_site(tmp_path: Path) -> None:
    gather(tmp_path)
    for page in tmp_path.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.relative_to(tmp_path)} -> {target}"


def test_links_to_code_become_names_and_those_in_code_stay() -> None:
    text = "see [it](../src/a.py), [why](../ARCHITECTURE.md#words)\n```\n[a](b)\n```\n"
    named = turned("[tutorials/bvh.md](tutorials/bvh.md)", "docs/index.md", "index.md")
    assert named == "[A folder of BVH files](tutorials/bvh.md)"
    assert turned(text, "docs/x.md", "x.md") == (
        "see `it`, [why](project/architecture.md#words)\n```\n[a](b)\n```\n"
    )
    assert set(PAGES) >= {"ARCHITECTURE.md", "CHANGELOG.md"}


def test_the_site_builds_without_a_warning() -> None:
    pytest.importorskip("zensical", reason="make docs installs what builds the site")
    pytest.importorskip("mkdocstrings")
    built = subprocess.run(
        [sys.executable, ROOT / "tools" / "build_docs.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    reference = (ROOT / "build" / "site" / "api.html").read_text()
    assert "RetargetingResult" in reference and "save_npz" in reference


def test_the_table_of_options_is_that_of_the_code() -> None:
    assert documented(OPTIONS) == OPTIONS.read_text(), "run: python tools/document_tables.py"
