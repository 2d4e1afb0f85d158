"""Help: every command and option whole at any width, in words of people, and completed in shells."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from cli_helpers import Command

from retarget.cli.main import app


def commands(named: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of each command, groups and their commands too."""
    named = typer.main.get_command(app) if named is None else named
    yield path
    for name, one in getattr(named, "commands", {}).items():
        yield from commands(one, (*path, name))


def parameters(path: tuple[str, ...]) -> list[Any]:
    named: Any = typer.main.get_command(app)
    for word in path:
        named = named.commands[word]
    return list(named.params)


@pytest.mark.parametrize("columns", [60, 80, 100, 120])
def test_help_shows_every_name_whole_at_any_width(
    command: Command, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for path in commands():
        shown = command(*path, "--help").out
        assert max(map(len, shown.splitlines())) <= columns
        for parameter in parameters(path):
            for option in (*parameter.opts, *parameter.secondary_opts):
                if option.startswith("--"):
                    assert re.search(rf"(?<![\w-]){option}(?![\w-])", shown), option


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_help_speaks_of_files_and_numbers_and_not_of_types(
    command: Command, monkeypatch: pytest.MonkeyPatch, path: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    shown = command(*path, "--help").out
    assert not re.search(r"<[\w\[\]]+>|\bPath\b|\bTEXT \|", shown)
    usage = shown.partition("\n\n")[0]
    for parameter in parameters(path):
        if not getattr(parameter, "is_flag", False):
            assert parameter.metavar, parameter.name
        if parameter.param_type_name == "argument" or parameter.required:
            assert parameter.metavar in usage


def test_lists_of_commands_are_cut_nowhere(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for path in ((), ("robots",), ("manifest",), ("dataset",)):
        listing = command(*path, "--help").out
        assert "..." not in listing.partition("Commands:")[2]


def test_options_of_a_kind_stand_together(command: Command) -> None:
    shown = command("batch", "--help").out
    files, jobs, read, part, moves = (
        shown.index(f"\n{heading}:\n")
        for heading in (
            "Which files",
            "How jobs run",
            "How motion files are read",
            "Which part of a motion, and when",
            "How the robot moves",
        )
    )
    assert files < shown.index("--pattern") < jobs < shown.index("--retries") < read
    assert read < shown.index("--up AXIS") < part < shown.index("--mirror") < moves
    assert "[default: 0]" in shown[shown.index("--retries") :].partition("--memory")[0]


def test_usage_is_told_alike_by_typers_that_parse_with_click(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    class UsageError(Exception):
        """As click has it."""

        __module__ = "click.exceptions"
        exit_code = 2

        def format_message(self) -> str:
            return "No such command 'fly'."

    def refused(*_: object, **__: object) -> None:
        raise UsageError

    monkeypatch.setattr("retarget.cli.main.app", refused)
    outcome = command("fly")
    assert outcome.code == 2
    assert outcome.error == "error: no such command 'fly'; see: retarget --help"


def test_shells_are_told_how_to_complete() -> None:
    words = {"COMP_WORDS": "retarget run --joint-", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-m", "retarget"],
        env={**os.environ, "_RETARGET_COMPLETE": "complete_bash", **words},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "--joint-acceleration-limit" in done.stdout.split()
