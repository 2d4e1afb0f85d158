"""Makes what a package index shows: the README without what lies beside it only in a clone or the source archive.

Pictures are left out, with the words below them, rather than shown broken: an index copies no file out of the archive,
takes pictures that are written into the page (``data:``) out of it, and shows others only from an absolute address,
which a repository that may be cloned to anywhere does not know.
"""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import setup

_PICTURE = re.compile(r"!\[[^\]]*\]\((?!https?:)[^)]*\)\n\n\*[^*]*\*\n\n")  # and the words below it
_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)[^)]*\)")


def page(readme: str) -> str:
    """The README with the words of its links to files of the repository, and without pictures."""
    return _LINK.sub(r"\1", _PICTURE.sub("", readme))


setup(
    long_description=page(Path(__file__).with_name("README.md").read_text(encoding="utf-8")),
    long_description_content_type="text/markdown",
)
