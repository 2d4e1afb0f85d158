"""Entry point of the ``retarget`` command: its subcommands, and how errors become lines and exit codes.

Only typer is imported here; each command imports what it needs when it runs, so that help stays quick.
"""

from __future__ import annotations

import atexit
import gc
import io
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from retarget._version import __version__
from retarget.cli import (
    batch,
    demo,
    doctor,
    evaluate,
    export,
    formats,
    inspect,
    manifest,
    robots,
    run,
    status,
)
from retarget.cli.common import ALL_WELL, SOME_FAILED, WRONG_USAGE, UsageError, say
from retarget.errors import OptionsError, RetargetError, UnknownNameError

__all__ = ["app", "main"]

_USAGE_ERRORS = (UnknownNameError, OptionsError, UsageError)

app = typer.Typer(
    name="retarget",
    help="Human motion capture to clean humanoid-robot motion, for whole datasets.",
    epilog="Exit codes: 0 all well, 1 some work failed, 2 wrong usage, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("batch")(batch.batch)
app.command("evaluate")(evaluate.evaluate)
app.command("export")(export.export)
app.command("inspect")(inspect.inspect)
app.command("status")(status.status)
app.add_typer(manifest.app, name="manifest", no_args_is_help=True)
app.command("robots")(robots.robots)
app.command("formats")(formats.formats)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"retarget {__version__}")
        raise typer.Exit


@app.callback()
def _global_options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", is_eager=True, callback=_print_version
        ),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Show the traceback of an error; may stand anywhere."),
    ] = False,
) -> None:
    """Human motion capture to clean humanoid-robot motion, for whole datasets."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; errors become one line on stderr."""
    _print_any_name()
    atexit.register(gc.freeze)  # or Python looks through all that it is about to drop: 0.2 s
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    try:
        code = app(
            [w for w in words if w != "--debug"], prog_name="retarget", standalone_mode=False
        )
    except Exception as error:
        if debug:
            raise
        return _report(error)
    return code if isinstance(code, int) else ALL_WELL


def _print_any_name() -> None:
    """Let names that the terminal's encoding cannot show be printed with escapes, not fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _report(error: Exception) -> int:
    """Print one line about an error and say which exit code it means."""
    if isinstance(error, _USAGE_ERRORS):
        say(f"error: {error}")
        return WRONG_USAGE
    if isinstance(error, RetargetError):
        say(f"error: {error}")
        return SOME_FAILED
    if isinstance(error, BrokenPipeError):  # the reader of our output, such as `head`, has enough
        sys.stdout = None
        return SOME_FAILED
    if type(error).__module__.startswith("typer"):
        return _report_typer(error)
    if isinstance(error, OSError) and error.filename is not None:
        say(f"error: {error.filename}: {error.strerror}")
        return SOME_FAILED
    say(
        f"error: internal error, please report it: {type(error).__name__}: {error}; "
        "add --debug for the traceback"
    )
    return SOME_FAILED


def _report_typer(error: Exception) -> int:
    message = error.format_message() if isinstance(error, typer.TyperException) else "aborted"
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        say(message)
    else:
        path = context.command_path if context is not None else "retarget"
        say(f"error: {message[:1].lower()}{message[1:].rstrip('.')}; see: {path} --help")
    return int(getattr(error, "exit_code", SOME_FAILED))
