"""Options that the documents name are options that there are, and those of `run` and `batch` are all told of."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
from blocks import DOCUMENTS, ROOT

from retarget.cli.main import app

FOREIGN = {  # of other tools, which the documents show beside ours
    "--array", "--cpus-per-task", "--signal", "--head", "--env", "--python",
    "--input-fps", "--pos-units", "--rot-format", "--joint-units", "--strict",
}  # fmt: skip
OF_EVERY_COMMAND = {"--help", "--debug", "--version", "--install-completion", "--show-completion"}


def options_of(command: Any) -> set[str]:
    named = {word for one in command.params for word in (*one.opts, *one.secondary_opts)}
    return {word for word in named if word.startswith("--")}


def options_below(command: Any) -> set[str]:
    inner = getattr(command, "commands", {}).values()
    return options_of(command).union(*map(options_below, inner))


def named_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", text))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_document_names_an_option_that_there_is_not(document: Path) -> None:
    known = options_below(typer.main.get_command(app)) | OF_EVERY_COMMAND | FOREIGN
    assert named_in(document.read_text()) - known == set()


@pytest.mark.parametrize("name", ["run", "batch"])
def test_every_option_of_run_and_batch_is_told_of(name: str) -> None:
    commands: Any = typer.main.get_command(app)
    told = named_in((ROOT / "docs" / "commands.md").read_text())
    assert options_of(commands.commands[name]) - told == set()
