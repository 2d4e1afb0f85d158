"""``dataset.json`` and ``card.md``: what a data set is, for programs and for people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retarget._version import __version__
from retarget.dataset.columns import COLUMNS
from retarget.errors import FileFormatError

__all__ = ["CARD", "DESCRIPTION", "INDEX", "Description", "card_text"]

DESCRIPTION, CARD, INDEX = "dataset.json", "card.md", "index.parquet"
_MOST_FOLDERS = 40  # rows of the card's table of sources


class Description(BaseModel):
    """What a data set holds, beside its index.

    Attributes:
        schema_version: Version of this layout.
        title: Name of the data set.
        version: Version of the package that wrote it.
        robot: Name of the robot.
        robot_sha256: Hash of the robot's model.
        fps: Frames per second of all clips.
        joint_names: Names of the D joints, in the order of all columns.
        link_names: Names of the B links.
        shares: Split -> share of frames wanted.
        seed: Seed of the splits.
        measures: Measures in the index -> unit and definition.
        files: File -> SHA-256, of the index and of all frames.
        left_out: Clip -> why it is not inside.
        filters: Conditions that clips had to meet.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = 1
    title: str
    version: str = __version__
    robot: str
    robot_sha256: str
    fps: float
    joint_names: tuple[str, ...]
    link_names: tuple[str, ...]
    shares: dict[str, float]
    seed: int
    measures: dict[str, str]
    files: dict[str, str] = Field(default_factory=dict)
    left_out: dict[str, str] = Field(default_factory=dict)
    filters: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> Description:
        """Read that of a data set's folder.

        Raises:
            FileFormatError: It is missing or of another kind.
        """
        path = folder / DESCRIPTION
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            cause = error.strerror or str(error)
            raise FileFormatError(path, cause, "give the folder of a packed data set") from error
        except ValidationError as error:
            raise FileFormatError(
                path, "not the description of a data set", "pack it again"
            ) from error

    def text(self) -> str:
        """As JSON."""
        return json.dumps(self.model_dump(), indent=1) + "\n"


def card_text(description: Description, rows: Sequence[Mapping[str, Any]]) -> str:
    """The card: what is inside, how it was made and split, how good it is, and under which licences."""
    frames = sum(row["frames"] for row in rows)
    hours = frames / description.fps / 3600
    sizes = {"D": len(description.joint_names), "B": len(description.link_names)}
    lines = [
        f"# {description.title}",
        "",
        f"{len(rows):,} clips, {frames:,} frames, {hours:.2f} hours of {description.robot} at {description.fps:g} "
        f"frames per second, made by retarget {description.version} from motion capture.",
        "",
        "`frames-*.parquet` hold the frames, a row group for each clip; `index.parquet` says where each clip is, "
        "where it is from, how it scored and in which split it is; `dataset.json` has names, hashes and what was "
        "left out.",
        "",
        f"Robot model: sha256 {description.robot_sha256}. Joints: {', '.join(description.joint_names)}. "
        f"Links: {', '.join(description.link_names)}.",
        "",
        "## Columns of frames",
        "",
        "| column | numbers | unit | meaning |",
        "|---|---|---|---|",
        *(f"| {c.name} | {_sizes(c.shape, sizes)} | {c.unit} | {c.meaning} |" for c in COLUMNS),
        "",
        "## Splits",
        "",
        f"Seed {description.seed}; no take is in two splits, and by folder no source folder is either.",
        "",
        "| split | clips by clip | frames by clip | clips by folder | frames by folder |",
        "|---|---|---|---|---|",
        *_split_rows(description, rows),
        "",
        "## Scores",
        "",
        "| measure | median | 95th percentile | clips | definition |",
        "|---|---|---|---|---|",
        *_score_rows(description, rows),
        "",
        "## Sources and licences",
        "",
        "| folder | clips | frames | licence |",
        "|---|---|---|---|",
        *_source_rows(rows),
        "",
        *_filter_lines(description),
        f"{len(description.left_out):,} clips were left out.",
        *(f"- {reason}: {count:,}" for reason, count in _reasons(description)),
    ]
    return "\n".join(lines) + "\n"


def _sizes(shape: str, sizes: Mapping[str, int]) -> str:
    return " x ".join(str(sizes.get(size, size)) for size in shape.split())


def _split_rows(description: Description, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = []
    for name in description.shares:
        cells = []
        for column in ("split_by_clip", "split_by_folder"):
            inside = [row for row in rows if row[column] == name]
            cells += [f"{len(inside):,}", f"{sum(row['frames'] for row in inside):,}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _score_rows(description: Description, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = []
    for name, definition in description.measures.items():
        values = sorted(row[name] for row in rows if row.get(name) is not None)
        if not values:
            continue
        cuts = quantiles(values, n=20, method="inclusive") if len(values) > 1 else values * 19
        lines.append(
            f"| {name} | {cuts[9]:.4g} | {cuts[18]:.4g} | {len(values):,} | {definition} |"
        )
    return lines


def _source_rows(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    clips: Counter[tuple[str, str]] = Counter()
    frames: Counter[tuple[str, str]] = Counter()
    for row in rows:
        key = (row["source_folder"], row["licence"])
        clips[key] += 1
        frames[key] += row["frames"]
    most = clips.most_common(_MOST_FOLDERS)
    lines = [f"| {key[0]} | {count:,} | {frames[key]:,} | {key[1]} |" for key, count in most]
    if len(clips) > len(most):
        rest = sum(clips.values()) - sum(count for _, count in most)
        lines.append(f"| {len(clips) - len(most)} more, see the index | {rest:,} | | |")
    return lines


def _filter_lines(description: Description) -> list[str]:
    if not description.filters:
        return []
    return [f"Only clips with {' and '.join(description.filters)}.", ""]


def _reasons(description: Description) -> list[tuple[str, int]]:
    return Counter(description.left_out.values()).most_common(10)
