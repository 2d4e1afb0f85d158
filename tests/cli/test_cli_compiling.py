"""Compiling is told once, with signs of life while it lasts, and left out of rates."""

import builtins
import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_helpers import Command


def test_compiling_is_told_once_and_left_out_of_the_rate(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = ["run", "--motion", "humanoid_walk", "--output", tmp_path / "w.npz"]
    assert command(*said).code == 0  # compiles what is not compiled here yet
    from retarget.compiled import waiting

    monkeypatch.setattr(waiting, "_signs", waiting._Signs())
    clock = iter(range(0, 1000, 100))
    monkeypatch.setattr(waiting, "time", FakeClock(lambda: float(next(clock)), time.sleep))
    judge = builtins.__import__("retarget.evaluation").evaluation.evaluate_result

    def compiles(*arguments: object, **named: object) -> object:
        for _ in range(2):
            waiting.begin_compiling()
            waiting.begin_compiling()  # a kernel within the first
            waiting.end_compiling()
            waiting.end_compiling()
        return judge(*arguments, **named)

    monkeypatch.setattr("retarget.evaluation.evaluate_result", compiles)
    outcome = command(*said)
    assert outcome.code == 0
    assert outcome.err.count("compiling what has not been compiled on this machine yet, once") == 1
    assert ", and 200.0 s of compiling, once" in outcome.out
    record = command(*said, "--json")
    assert record.json["seconds"]["compile"] == 200.0
    assert "compiling" not in record.err


class FakeClock:
    """A `time` whose performance counter ticks as it is told."""

    def __init__(self, perf_counter: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self.perf_counter = perf_counter
        self.sleep = sleep


def test_the_library_tells_of_compiling_too(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from retarget.compiled import waiting

    monkeypatch.setattr(waiting, "_signs", waiting._Signs())
    for _ in range(3):
        with waiting.compile_time() as compiling:
            waiting.begin_compiling()
            waiting.end_compiling()
        assert compiling.seconds > 0
    assert caplog.text.count("compiling what has not been compiled on this machine yet, once") == 1


def test_long_compiling_gives_signs_of_life_until_it_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    from retarget.compiled.waiting import _Signs

    signs = _Signs(beat_s=0.02)
    for _ in range(2):  # and again, where more is compiled later
        caplog.clear()
        signs.begin()
        deadline = time.monotonic() + 10
        while caplog.text.count("still compiling after") < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        signs.end()
        assert caplog.text.count("still compiling after") >= 3
        while signs._watched and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not signs._watched


def test_what_several_processes_say_of_compiling_is_told_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from retarget.cli.support.streams import log_lines
    from retarget.compiled.waiting import COMPILE_LOG

    with log_lines():
        for words in ("compiling ...", "still compiling after 30 s") * 2:
            logging.getLogger(COMPILE_LOG).warning(words)
    assert capsys.readouterr().err.splitlines() == ["compiling ...", "still compiling after 30 s"]
