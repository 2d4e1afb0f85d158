"""Damaged files of every kind that is read are taken as finite numbers or refused in one line.

No traceback, no warning, no NaN, nothing left behind, no input changed. A kind's cases are the same in each run;
`tools/fuzz.py` tries many more, and more kinds.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fuzz_tools import ACCEPTED, KINDS, REFUSED, TOOLS, fault_of, fuzz
from fuzzing import checks
from fuzzing.judging import Nonsense, assert_finite
from retarget.errors import RetargetError

# Recordings have more cases in a test of their own.
OTHERS = [name for name in KINDS if KINDS[name].check is not checks.check_recording]
CASES = {"robot pkl": 12, "journal": 15}
USUAL = 25


@pytest.mark.parametrize("name", OTHERS)
def test_a_damaged_file_is_taken_or_refused_in_one_line(name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    for case in range(CASES.get(name, USUAL)):
        how, said = fuzz.judged(kind, fuzz.damaged(kind, 7, case), tmp_path)
        assert how in (ACCEPTED, REFUSED), f"case {case} of seed 7: {how}: {said}"


@pytest.mark.parametrize("name", OTHERS)
def test_a_sound_file_is_taken(name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    for data in kind.seeds():
        how, said = fuzz.judged(kind, data, tmp_path)
        assert how == ACCEPTED, said


def warns(file: Path) -> None:
    np.array([1.0]) / np.array([0.0])


def fails(file: Path) -> None:
    raise KeyError("x")


def answers_nan(file: Path) -> None:
    assert_finite("answer", {"a": [np.zeros(3), float("nan")]})


def litters(file: Path) -> None:
    Path("MUJOCO_LOG.TXT").touch()


def leaves_half(file: Path) -> None:
    file.with_name("x.tmp").touch()


def writes_input(file: Path) -> None:
    file.write_bytes(b"y")


def speaks_long(file: Path) -> None:
    raise RetargetError(f"{file}: " + "a, " * 2000)


def speaks_in_lines(file: Path) -> None:
    raise RetargetError(f"{file}: a\nb")


def names_nothing(file: Path) -> None:
    raise RetargetError("holds NaN")


def quotes_others(file: Path) -> None:
    raise RetargetError(f"{file}: use allow_pickle=True")


@pytest.mark.parametrize(
    ("check", "fault"),
    [
        (warns, "warning"),
        (fails, "traceback"),
        (answers_nan, "nonsense"),
        (litters, "stray file"),
        (leaves_half, "stray file"),
        (writes_input, "input changed"),
        (speaks_long, "long line"),
        (speaks_in_lines, "many lines"),
        (names_nothing, "file not named"),
        (quotes_others, "foreign advice"),
    ],
)
def test_every_fault_is_seen(
    check: object, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    file = tmp_path / "in" / "x"
    file.write_bytes(b"x")
    assert fault_of(check, file)[0] == fault
    assert issubclass(Nonsense, Exception)


def test_a_pickle_that_would_run_code_runs_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kind = KINDS["pickle"]
    hostile = [
        data
        for data in (fuzz.damaged(kind, 7, case) for case in range(200))
        if b"fuzz_ran_code" in data
    ]
    assert len(hostile) > 3
    for data in hostile:
        fuzz.judged(kind, data, tmp_path)
    assert not list(tmp_path.rglob("fuzz_ran_code"))
    assert b"open" in hostile[0]  # what it asks for


def test_the_tool_tells_and_counts_what_it_found(tmp_path: Path) -> None:
    command = [sys.executable, str(TOOLS / "fuzz.py"), "--kinds", "roles,lock", "--cases", "20"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "| roles | 10 |" in done.stdout
    assert "| all | 20 |" in done.stdout
