"""Whatever is done to a file of any format, it is read or refused in one line; mutations are the same in each run."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

from retarget.motion import read_motion

MUTATIONS = 500  # of each kind
LOOKED_INTO = 20  # every so many: what is taken is looked into as 'retarget inspect' does


def tools(module: str) -> ModuleType:
    """A module of the fuzzer, which serves the command line of ``tools/fuzz.py`` too."""
    folder = str(Path(__file__).parents[2] / "tools")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(f"fuzzing.{module}")


RECORDINGS = tools("recordings").RECORDINGS
KINDS = tools("kinds").KINDS
EMBEDDED = ("bvh", "npz", "deepmimic")  # of which the package has clips


@pytest.mark.parametrize("name", [*EMBEDDED, *RECORDINGS])
def test_any_file_is_read_or_refused_in_one_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, judging, checks = KINDS[name], tools("judging"), tools("checks")
    here, there = tmp_path / "in", tmp_path / "cwd"
    here.mkdir()
    there.mkdir()
    monkeypatch.chdir(there)
    for beside, content in kind.with_files().items():
        (here / beside).write_bytes(content)
    ends = {judging.ACCEPTED: 0, judging.REFUSED: 0}
    for number in range(MUTATIONS):
        random = Random(f"{name}/{number}")
        file = here / kind.file
        file.write_bytes(kind.damaged(random))

        def look(path: Path, number: int = number) -> None:
            if number % LOOKED_INTO:
                assert read_motion(path, source_fps=30).is_finite()
            else:
                checks.check_motion(path, source_fps=30.0)

        how, said = judging.fault_of(look, file, kind.with_files())
        assert how in ends, (number, how, said)
        ends[how] += 1
    assert min(ends.values()) > 0.02 * MUTATIONS, (
        "the mutations reach what matters, and not only that"
    )
