"""What can be compared: a batch by its manifest, a folder, or a file, of ours or of another tool."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from retarget.containers import npz_names, read_npz
from retarget.errors import FileFormatError, OptionsError, RetargetError

__all__ = ["ALL", "Entry", "Side", "alike", "clip_key", "is_result", "matched", "read_side", "told"]

_MOTIONS: Final = (".npz", ".csv", ".pkl", ".pt", ".motion", ".npy", ".json", ".joblib", ".txt")
ALL: Final = ""  # in place of a side's label: of all that are not named
_NO_CLIPS: Final = ("manifest.json", "index.json", "summary.json")
_SUFFIXES: Final = re.compile(
    r"(\.(npz|csv|pkl|pt|motion|npy|json|joblib|txt|bvh|amc|c3d|fbx))+$", re.I
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One clip of a side.

    Attributes:
        name: By which it is matched.
        path: Its file.
        own: Whether it is a result of ours, which has the human beside it.
        fps: Frames per second of another tool's file that does not say it.
        kind: Format of another tool's file; told from it when None.
    """

    name: str
    path: Path
    own: bool
    fps: float | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One of the things compared.

    Attributes:
        label: Its name.
        path: Where it is.
        entries: Its clips by name.
    """

    label: str
    path: Path
    entries: Mapping[str, Entry]


def is_result(path: Path) -> bool:
    """Whether a file is a result of ours."""
    if path.suffix.lower() != ".npz" or not path.is_file():
        return False
    return "manifest_json" in npz_names(path.read_bytes())


def clip_key(name: str) -> str:
    """A clip's name without folders and suffixes, by which sides are matched; case does not count.

    Example:
        >>> clip_key("out/Walk1_subject5.bvh.npz")
        'walk1_subject5'
    """
    return _SUFFIXES.sub("", re.split(r"[/\\]", name)[-1]).lower()


def read_side(text: str) -> Side:
    """A side as the command line names it: a path, or ``label=path``.

    Raises:
        OptionsError: There is no such file or folder, it holds no clip, or two of one name.
        FileFormatError: A manifest cannot be read.
    """
    path, label = Path(text), ""
    if not path.exists() and "=" in text:
        label, _, rest = text.partition("=")
        path = Path(rest)
    if not path.exists():
        raise OptionsError(
            f"{path}: no such file or folder; give results, a folder of them or a manifest"
        )
    entries: dict[str, Entry] = {}
    for entry in _entries(path):
        if entry.name in entries:
            raise OptionsError(
                f"{path}: {entries[entry.name].path.name} and {entry.path.name} are both of the clip {entry.name!r}; "
                "give folders that hold a clip once"
            )
        entries[entry.name] = entry
    if not entries:
        raise OptionsError(f"{path}: holds no robot motion ({', '.join(_MOTIONS)})")
    usual = path.parent.name if path.name.endswith("manifest.json") else clip_key(path.name)
    return Side(label or usual or str(path), path, entries)


def told(
    sides: Sequence[Side],
    fps: float | Mapping[str, float] | None,
    kinds: str | Mapping[str, str] | None,
) -> list[Side]:
    """The same with what people say of other tools' files: one thing for all sides, or by their labels.

    Raises:
        OptionsError: There is no side of a label.
    """
    labels = [side.label for side in sides]
    for given in (fps, kinds):
        if isinstance(given, Mapping) and (unknown := set(given) - {*labels, ALL}):
            raise OptionsError(f"no side is called {min(unknown)!r}, but {', '.join(labels)}")

    def of(side: Side) -> Side:
        rate = fps.get(side.label, fps.get(ALL)) if isinstance(fps, Mapping) else fps
        kind = kinds.get(side.label, kinds.get(ALL)) if isinstance(kinds, Mapping) else kinds
        entries = {
            name: entry if entry.own else replace(entry, fps=rate, kind=kind)
            for name, entry in side.entries.items()
        }
        return replace(side, entries=entries)

    return [of(side) for side in sides]


def _entries(path: Path) -> Iterator[Entry]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            if hidden or not file.is_file() or file.suffix.lower() not in _MOTIONS:
                continue
            if not file.name.endswith(_NO_CLIPS):
                yield Entry(clip_key(file.name), file, is_result(file))
    elif path.suffix.lower() == ".json" and (found := _of_manifest(path)) is not None:
        yield from found
    else:
        yield Entry(clip_key(path.name), path, is_result(path))


def _of_manifest(path: Path) -> list[Entry] | None:
    """The results of a batch; None of a file that is no manifest."""
    from retarget.batch import located_manifest

    try:
        records = located_manifest(path).records
    except FileFormatError:
        return None
    return [
        Entry(clip_key(record.job_id), record.output_file, True)
        for record in records
        if record.status != "failed"
    ]


def matched(sides: Sequence[Side]) -> tuple[dict[str, list[Entry]], list[list[str]]]:
    """The clips that all sides have, by name, and of each side the names that are left.

    Names match where they are equal, or where exactly one of a side's names holds the other as whole words
    (``g1_walk1_subject5`` and ``walk1_subject5``); results of ours match by the recording that they come from, too.
    Where every side has one clip only, these match whatever they are called.
    """
    if all(len(side.entries) == 1 for side in sides):
        each = [next(iter(side.entries.values())) for side in sides]
        return {each[0].name: each}, [[] for _ in sides]
    found: dict[str, list[Entry]] = {}
    used: list[set[str]] = [set() for _ in sides]
    for name, entry in sides[0].entries.items():
        others = [alike(name, side.entries) for side in sides[1:]]
        if all(other is not None for other in others):
            found[name] = [entry, *(other for other in others if other is not None)]
            for taken, one in zip(used, found[name], strict=True):
                taken.add(one.name)
    for each in _of_one_source(sides, used):
        found[each[0].name] = each
        for taken, one in zip(used, each, strict=True):
            taken.add(one.name)
    left = [
        [name for name in side.entries if name not in taken]
        for side, taken in zip(sides, used, strict=True)
    ]
    return found, left


def _of_one_source(sides: Sequence[Side], used: Sequence[set[str]]) -> list[list[Entry]]:
    """Results of ours on all sides that no name matches, made from the same recording."""
    rest = [
        [entry for name, entry in side.entries.items() if entry.own and name not in taken]
        for side, taken in zip(sides, used, strict=True)
    ]
    if not all(rest):
        return []
    by_source = [
        {digest: entry for entry in entries if (digest := _source_sha256(entry.path))}
        for entries in rest
    ]
    return [
        [each[digest] for each in by_source]
        for digest in by_source[0]
        if all(digest in each for each in by_source)
    ]


def _source_sha256(path: Path) -> str:
    """Hash of the recording that a result was made from, as it says; empty where it cannot be read."""
    try:
        arrays = read_npz(path.read_bytes(), path, ("manifest_json",))
        motion = json.loads(str(arrays["manifest_json"]))["motion"]
        return str(motion.get("sha256") or "")
    except (OSError, KeyError, TypeError, AttributeError, ValueError, RetargetError):
        return ""


def alike(name: str, entries: Mapping[str, Entry]) -> Entry | None:
    """The clip of a name, or the only one whose name holds it, or is held by it, as whole words."""
    if name in entries:
        return entries[name]
    near = [entry for other, entry in entries.items() if _holds(other, name) or _holds(name, other)]
    return near[0] if len(near) == 1 else None


def _holds(longer: str, shorter: str) -> bool:
    return bool(re.search(rf"(^|[^a-z0-9]){re.escape(shorter)}($|[^a-z0-9])", longer))
