"""Templates filled: every text is escaped where it is put in, and the page says what may run in it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from retarget._version import __version__
from retarget.evaluation.gates import title_of
from retarget.report.pages.clips import FATES
from retarget.wording import shown

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["in_figures", "in_percent", "in_time", "look_sha256", "page"]

_TEMPLATES: Final = Path(__file__).parent / "templates"


def page(template: str, scripts: Sequence[str], **content: Any) -> str:
    """A whole HTML page.

    Its policy lets nothing run or be shown but its own script, its own style and pictures in it, told by their
    hashes, and lets it load nothing: what a file's name might smuggle in stays text.

    Args:
        template: File name of the template.
        scripts: Names of the scripts, in order.
        content: What the template asks for.
    """
    from markupsafe import Markup

    style = _text("page.css")
    script = "".join(_text(name) for name in scripts)
    text: str = (
        _environment()
        .get_template(template)
        .render(
            **content,
            style=Markup(style),
            script=Markup(script),
            csp={"style": _hash_of(style), "script": _hash_of(script)},
            version=__version__,
            fates=FATES,
            percent=in_percent,
            span=in_time,
        )
    )
    return text


@lru_cache(maxsize=8)
def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def look_sha256() -> str:
    """SHA-256 of all templates, styles and scripts: pages made with others look different."""
    digest = hashlib.sha256()
    for path in sorted(_TEMPLATES.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _hash_of(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    made.filters |= {"shown": shown, "title_of": title_of, "zip": zip}
    return made


def _finalize(value: Any) -> Any:
    """Text without what turns the direction of writing; what is markup already stays."""
    return shown(value) if type(value) is str else value


def in_figures(value: float) -> str:
    """A number in about four figures, never in powers of ten where it need not be.

    Example:
        >>> in_figures(1340.2), in_figures(0.01234), in_figures(-0.0)
        ('1,340', '0.01234', '0')
    """
    if abs(value) < 1e-12:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def in_percent(share: float) -> str:
    """A share for people.

    Example:
        >>> in_percent(0.9962), in_percent(0.5)
        ('99.6 %', '50 %')
    """
    return f"{100 * share:.3g} %"


def in_time(seconds: float) -> str:
    """A time for people.

    Example:
        >>> in_time(12.34), in_time(600), in_time(9000)
        ('12.3 s', '10.0 min', '2.5 h')
    """
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:,.1f} h"
