"""A report written in one of its formats, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from retarget.batch.models import utc_now
from retarget.errors import MissingExtraError, RetargetError, UnknownNameError
from retarget.evaluation.gates import title_of
from retarget.exchange.sources import robot_of_result
from retarget.files import write_text
from retarget.motion.doubts import DOUBTS
from retarget.report.pages.clip_page import page_name, pages_folder
from retarget.report.pages.clips import Clip
from retarget.report.pages.flat import write_csv, write_markdown, write_parquet
from retarget.report.pages.gather import Batch
from retarget.report.pages.outcomes import (
    causes_of,
    differences,
    doubted,
    verdict_of,
    worst_of,
)
from retarget.report.pages.packed import packed_clips
from retarget.report.pages.render import page
from retarget.report.pages.spread import HEIGHT, WIDTH, spreads
from retarget.report.pages.strips import data_address, small_strip
from retarget.result import RetargetingResult

__all__ = ["FORMATS", "ReportOptions", "format_of", "write_report"]

FORMATS: Final = {"html": ".html", "md": ".md", "csv": ".csv", "parquet": ".parquet"}
"""Formats of reports, and the suffixes of their files."""


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What may be chosen about a report.

    Attributes:
        title: Its heading; of the batches where empty.
        worst: How many of the worst clips are shown.
        strips: How many of them with a film strip.
        strip_bytes: What film strips may take of the page.
        packed_bytes: What the table of clips may take of it.

    Example:
        >>> ReportOptions(strips=0).worst
        12
    """

    title: str = ""
    worst: int = 12
    strips: int = 12
    strip_bytes: int = 1_000_000
    packed_bytes: int = 3_500_000


def format_of(path: Path, asked: str | None) -> str:
    """The format asked for, or else that of the file's suffix; ``html`` where it has none that is known.

    Raises:
        UnknownNameError: There is no such format.
    """
    if asked is not None and asked not in FORMATS:
        raise UnknownNameError("format of reports", asked, list(FORMATS))
    by_suffix = {suffix: name for name, suffix in FORMATS.items()}
    return asked or by_suffix.get(path.suffix.lower(), "html")


def write_report(
    batches: Sequence[Batch],
    path: str | Path,
    options: ReportOptions | None = None,
    *,
    file_format: str | None = None,
    progress: Callable[[list[tuple[int, Clip]]], Any] = iter,
) -> None:
    """Write the report of one batch, or of several beside each other.

    Args:
        batches: What to report on.
        path: The file.
        options: What to choose.
        file_format: One of `FORMATS`; the suffix says it where none is given.
        progress: Called with the worst clips, whose film strips take time; what it yields of them is drawn.

    Raises:
        UnknownNameError: There is no such format.
        MissingExtraError: Parquet is asked for, and pyarrow is not installed.
        OutputError: The file cannot be written; what was there is untouched.
    """
    path, options = Path(path), options or ReportOptions()
    title = options.title or f"Report on {' and '.join(batch.title for batch in batches)}"
    match format_of(path, file_format):
        case "csv":
            write_csv(batches, path)
        case "parquet":
            write_parquet(batches, path)
        case "md":
            write_markdown(batches, path, title)
        case _:
            write_text(path, _html(batches, path, title, options, progress))


def _html(
    batches: Sequence[Batch],
    path: Path,
    title: str,
    options: ReportOptions,
    progress: Callable[[list[tuple[int, Clip]]], Any],
) -> str:
    several = len(batches) > 1
    page_of = _PagesThatAreThere(path, several)
    packed, left_out = packed_clips(batches, page_of, options.packed_bytes)
    worst, strips_note = _worst(worst_of(batches, options.worst), options, page_of, progress)
    causes = causes_of(batches)
    differing, differing_count = differences(batches)
    return page(
        "report.html.j2",
        ("theme.js", "report.js"),
        title=title,
        batches=batches,
        batch_titles=[batch.title for batch in batches],
        several=several,
        verdicts=[verdict_of(batch) for batch in batches],
        causes=causes,
        titles={cause.name: title_of(cause.name) for cause in causes},
        differing=differing,
        differing_count=differing_count,
        worst=worst,
        strips_note=strips_note,
        histograms=spreads(batches),
        row_height=HEIGHT,
        plot_width=WIDTH,
        doubts=doubted(batches),
        doubt_names=DOUBTS,
        packed=packed,
        left_out=left_out,
        written=f"{utc_now():%Y-%m-%d %H:%M} UTC",
    )


class _PagesThatAreThere:
    """Addresses of clips' pages relative to the report; empty where a page has not been made."""

    def __init__(self, report: Path, several: bool) -> None:
        folder = pages_folder(report)
        self._folder, self._several = folder.name, several
        self._there = {one.name for one in folder.iterdir()} if folder.is_dir() else set[str]()

    def __call__(self, batch: int, clip: Clip) -> str:
        from urllib.parse import quote

        name = page_name(clip.name, batch if self._several else None)
        return quote(f"{self._folder}/{name}") if name in self._there else ""


@dataclass(frozen=True, slots=True)
class _Shown:
    """One of the worst clips, with its picture or the reason why there is none."""

    batch: int
    clip: Clip
    page: str
    strip: str = ""
    no_strip: str = ""


def _worst(
    clips: list[tuple[int, Clip]],
    options: ReportOptions,
    page_of: Callable[[int, Clip], str],
    progress: Callable[[list[tuple[int, Clip]]], Any],
) -> tuple[list[_Shown], str]:
    """The worst clips with film strips, as long as these stay within their bytes; and what to say of all."""
    left, found, missing = options.strip_bytes, list[_Shown](), ""
    with_strips = options.strips if clips else 0
    for number, (batch, clip) in enumerate(_gone_through(clips, with_strips, progress)):
        one = _Shown(batch, clip, page_of(batch, clip))
        if number < with_strips and not missing:
            try:
                strip = _strip(clip)
            except MissingExtraError as error:
                missing = f"Without film strips: {error}."
            except RetargetError as error:
                one = _Shown(batch, clip, one.page, no_strip=f"No film strip: {error}")
            else:
                address = data_address(strip)
                if len(address) <= left:
                    left -= len(address)
                    one = _Shown(batch, clip, one.page, strip=address)
        found.append(one)
    return found, missing


def _gone_through(
    clips: list[tuple[int, Clip]], strips: int, progress: Callable[[list[tuple[int, Clip]]], Any]
) -> Iterator[tuple[int, Clip]]:
    yield from progress(clips[:strips])
    yield from clips[strips:]


def _strip(clip: Clip) -> bytes:
    result = RetargetingResult.load_npz(clip.output)
    return small_strip(result, robot_of_result(result), clip.name)
