"""Many clips as the one file that a trainer loads, made of the clips' files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retarget.containers import read_data
from retarget.errors import FileFormatError, OptionsError
from retarget.exchange.tables import ExportTable
from retarget.exchange.writers.archives import write_npz_values
from retarget.exchange.writers.pickles import write_pickled_entries
from retarget.exchange.writers.torch_zip import write_torch_zip
from retarget.files import atomic_path

__all__ = ["LibraryClip", "library_suffix", "write_library"]

_SUFFIXES = {
    "dictionary": ".pkl",
    "list": ".yaml",
    "paths": ".yaml",
    "package": ".pt",
    "trajectories": ".npz",
}
# Key of ProtoMotions' package -> key of a clip's file.
_PACKAGE = {
    "gts": "rigid_body_pos",
    "grs": "rigid_body_rot",
    "gvs": "rigid_body_vel",
    "gavs": "rigid_body_ang_vel",
    "dps": "dof_pos",
    "dvs": "dof_vel",
    "contacts": "rigid_body_contacts",
}


@dataclass(frozen=True, slots=True)
class LibraryClip:
    """A clip's file, and its name in the library."""

    name: str
    path: Path


def library_suffix(table: ExportTable) -> str:
    """Ending of the library's file name.

    Raises:
        OptionsError: The reader has none.
    """
    if not table.motion_library:
        raise OptionsError(
            f"readers of {table.kind} take clips file by file; leave --merge out, or write another format"
        )
    return _SUFFIXES[table.motion_library]


def write_library(table: ExportTable, clips: Sequence[LibraryClip], path: Path) -> None:
    """Write one file of many clips. Memory does not grow with their number.

    Raises:
        OptionsError: There is no clip, two have one name, or the reader has no such file.
        FileFormatError: A clip's file is torn.
        OutputError: The file cannot be written.
    """
    library_suffix(table)
    names = [clip.name for clip in clips]
    if not names:
        raise OptionsError("no clip is left to put into the library")
    twice = (
        sorted({name for name in names if names.count(name) > 1})
        if len(set(names)) < len(names)
        else []
    )
    if twice:
        raise OptionsError(f"two clips are called {twice[0]!r} in the library; rename one")
    with atomic_path(path) as temporary:
        _WRITERS[table.motion_library](clips, temporary, path)


def _write_dictionary(clips: Sequence[LibraryClip], path: Path, _: Path) -> None:
    write_pickled_entries(path, _entries(clips))


def _entries(clips: Sequence[LibraryClip]) -> Iterator[tuple[str, dict[str, Any]]]:
    for clip in clips:
        entries = _read(clip)
        if len(entries) != 1:
            raise FileFormatError(
                clip.path, f"holds {len(entries)} clips, not one", "export it again"
            )
        yield clip.name, next(iter(entries.values()))


def _write_list(clips: Sequence[LibraryClip], path: Path, final: Path) -> None:
    """Files relative to a folder, all of one weight; JSON's texts are YAML's too."""
    root = final.with_suffix("")
    lines = [f"root_path: {json.dumps(str(root.absolute()))}", "motions:"]
    for clip in clips:
        file = json.dumps(clip.path.relative_to(root).as_posix())
        lines += [f"- file: {file}", "  weight: 1.0", f"  description: {json.dumps(clip.name)}"]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _write_paths(clips: Sequence[LibraryClip], path: Path, _: Path) -> None:
    """Files by their whole paths, as readers look for them from where they are started."""
    lines = ["motions:"]
    for clip in clips:
        lines += [f"- file: {json.dumps(str(clip.path.absolute()))}", "  weight: 1.0"]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _write_package(clips: Sequence[LibraryClip], path: Path, _: Path) -> None:
    tensors = _Concatenated(path.parent)
    rates = []
    for clip in clips:
        data = _read(clip)
        tensors.append({key: data[source] for key, source in _PACKAGE.items()})
        rates.append(float(data["fps"]))
    counts, step = np.array(tensors.counts), 1 / np.array(rates)
    write_torch_zip(
        path,
        {
            **tensors.arrays(),
            "length_starts": (np.cumsum(counts) - counts).astype(np.int64),
            "motion_num_frames": counts.astype(np.int64),
            "motion_lengths": ((counts - 1) * step).astype(np.float32),
            "motion_dt": step.astype(np.float32),
            "motion_weights": np.ones(len(clips), np.float32),
            "motion_files": tuple(clip.name for clip in clips),
        },
    )


def _write_trajectories(clips: Sequence[LibraryClip], path: Path, _: Path) -> None:
    tensors = _Concatenated(path.parent)
    first: dict[str, Any] = {}
    for clip in clips:
        data = _read(clip)
        first = first or data
        if data["frequency"] != first["frequency"] or list(data["joint_names"]) != list(
            first["joint_names"]
        ):
            raise OptionsError(
                f"{clip.path}: its rate or joints are not those of {clips[0].path}, and one file holds only one of "
                "each; give --fps"
            )
        tensors.append({key: data[key] for key in ("qpos", "qvel")})
    same = {key: first[key] for key in ("njnt", "jnt_type", "frequency", "joint_names")}
    points = np.concatenate([[0], np.cumsum(tensors.counts)]).astype(np.int64)
    write_npz_values(path, {**tensors.arrays(), "split_points": points, **same})


def _read(clip: LibraryClip) -> dict[str, Any]:
    found = read_data(clip.path.read_bytes(), clip.path)
    if not isinstance(found, dict):
        raise FileFormatError(clip.path, f"holds a {type(found).__name__}", "export it again")
    return found


class _Concatenated:
    """Arrays one behind the other, in files that are mapped into memory at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shapes: dict[str, tuple[tuple[int, ...], np.dtype]] = {}
        self.counts: list[int] = []

    def append(self, arrays: dict[str, np.ndarray]) -> None:
        for key, array in arrays.items():
            self._shapes.setdefault(key, (array.shape[1:], array.dtype))
            if self._shapes[key] != (array.shape[1:], array.dtype):
                raise OptionsError(
                    f"clips differ in {key}: {self._shapes[key]} and {array.shape[1:]}"
                )
            with (self._folder / f"{key}.raw").open("ab") as stream:
                stream.write(np.ascontiguousarray(array).data)
        self.counts.append(len(next(iter(arrays.values()))))

    def arrays(self) -> dict[str, np.ndarray]:
        total = sum(self.counts)
        return {
            key: np.memmap(self._folder / f"{key}.raw", kind, "r", shape=(total, *shape))
            for key, (shape, kind) in self._shapes.items()
        }


_WRITERS: dict[str, Callable[[Sequence[LibraryClip], Path, Path], None]] = {
    "dictionary": _write_dictionary,
    "list": _write_list,
    "package": _write_package,
    "paths": _write_paths,
    "trajectories": _write_trajectories,
}
