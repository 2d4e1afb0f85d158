"""Entry point of the ``retarget`` command: its subcommands, and how errors become lines and exit codes.

Only typer is imported here; each command imports what it needs when it runs, so that help stays quick.
"""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from retarget._version import __version__
from retarget.cli import (
    batch,
    benchmark,
    check,
    compare,
    dataset,
    demo,
    doctor,
    evaluate,
    export,
    formats,
    inspect,
    manifest,
    render,
    report,
    robots,
    run,
    status,
    view,
)
from retarget.cli.support import streams
from retarget.cli.support.common import (
    ALL_WELL,
    INTERRUPTED,
    SOME_FAILED,
    WRONG_USAGE,
    UsageError,
    say,
)
from retarget.cli.support.helping import HelpfulCommand, HelpfulGroup
from retarget.errors import MissingFileError, OptionsError, RetargetError, UnknownNameError

__all__ = ["app", "main"]

_OF_THE_SYSTEM = (errno.ENOENT, errno.ENOSPC, errno.EDQUOT, errno.EPIPE, errno.EIO, errno.EBADF)
_WIDEST_HELP = 120  # characters; lines beyond are hard to read
_PARSERS = (
    "typer",
    "click",
)  # whose errors are about the command line; older typers leave them to click
_USAGE_ERRORS = (UnknownNameError, OptionsError, UsageError, MissingFileError)


class _Commands(HelpfulGroup):
    """All commands: what is interrupted says so, unless it has words of its own, as batches do."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that is asked for."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            say("interrupted: no file was left half-written; run the same command again")
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    name="retarget",
    cls=_Commands,
    help="Human motion capture to clean humanoid-robot motion, for whole datasets.",
    epilog="Exit codes: 0 all well, 1 some work failed, 2 wrong usage, 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Plain help has every name whole at any width; drawn in columns, long ones are cut to "--joint-acceler...".
    rich_markup_mode=None,
    context_settings={"max_content_width": _WIDEST_HELP},
)
for _name, _command, _short in (
    # The list of commands shows these whole on a narrow terminal, too.
    ("run", run.run, "Retarget one motion file."),
    ("batch", batch.batch, "Retarget every matching file of a folder; resumable."),
    ("evaluate", evaluate.evaluate, "Measure results against their human source."),
    ("report", report.report, "A page that says which clips of a batch are fit to train on."),
    ("compare", compare.compare, "Compare batches or tools on the same clips."),
    ("benchmark", benchmark.benchmark, "Score any tool on a list of public clips."),
    ("diff", compare.diff, "Say where two results of one clip differ."),
    ("view", view.view, "Look at results, batches and recordings in a browser."),
    ("render", render.render, "Draw a clip as a film or a picture."),
    ("export", export.export, "Write results, one or a batch's, as other tools read them."),
    ("check", check.check, "Say which trainer a robot motion file is for, and what is wrong."),
    ("inspect", inspect.inspect, "Show what is found out about a motion file."),
    ("status", status.status, "Say how a batch stands."),
    ("formats", formats.formats, "List the formats that can be read and written."),
    ("doctor", doctor.doctor, "Check that everything works on this machine."),
    ("demo", demo.demo, "Retarget, score and draw the embedded clips."),
):
    app.command(_name, cls=HelpfulCommand, short_help=_short)(_command)
app.add_typer(
    robots.app, name="robots", short_help="List the robots known by name; look into any model."
)
app.add_typer(
    manifest.app,
    name="manifest",
    no_args_is_help=True,
    short_help="Look into, check or merge the manifests of batches.",
)
app.add_typer(
    dataset.app,
    name="dataset",
    no_args_is_help=True,
    short_help="Pack a batch's results into one data set; filter, split it.",
)


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
    streams.prepare()
    # Commands draw without OpenGL; MuJoCo would start a process to look for windows, which Ctrl-C hits as well.
    os.environ.setdefault("MUJOCO_GL", "disable")
    atexit.register(gc.freeze)  # or Python looks through all that it is about to drop: 0.2 s
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        with streams.log_lines():
            code = app(words, prog_name="retarget", standalone_mode=False)
            streams.flush()
    except Exception as error:
        if debug:
            raise
        return _report(error, words)
    return code if isinstance(code, int) else ALL_WELL


def _report(error: Exception, words: Sequence[str]) -> int:
    """Print one line about an error and say which exit code it means."""
    if isinstance(error, RetargetError):
        said = _with_options_named(error, words) if isinstance(error, OptionsError) else str(error)
        say(f"error: {said}")
        return WRONG_USAGE if isinstance(error, _USAGE_ERRORS) else SOME_FAILED
    if type(error).__module__.partition(".")[0] in _PARSERS:
        return _report_typer(error)
    if isinstance(error, OSError) and (error.filename is not None or error.errno in _OF_THE_SYSTEM):
        return _report_system(error)
    say(
        f"error: internal error, please report it: {type(error).__name__}: {error}; "
        "add --debug for the traceback"
    )
    return SOME_FAILED


def _report_system(error: OSError) -> int:
    """An error of the operating system, which knows a file, a removed working folder, or is about our output."""
    if error.filename is not None:
        say(f"error: {error.filename}: {error.strerror}")
    elif isinstance(error, FileNotFoundError) and not _has_working_folder():
        say("error: the working folder has been removed; change to one that exists")
    else:
        streams.forget_output()
        if not isinstance(error, BrokenPipeError):  # the reader, such as `head`, has enough
            say(f"error: standard output cannot be written ({error.strerror or error})")
    return SOME_FAILED


def _has_working_folder() -> bool:
    try:
        return bool(Path.cwd())
    except OSError:
        return False


def _with_options_named(error: OptionsError, words: Sequence[str]) -> str:
    """The complaint about an option as the command line calls it: ``--timeout`` for ``timeout_s``."""
    parameter, _, part = error.option.partition(".")
    named = typer.main.get_command(app)
    for word in words:
        commands = getattr(named, "commands", {})
        named = commands.get(word, named)
    flags = {one.name: max(one.opts, key=len) for one in named.params}
    if parameter not in flags:
        return str(error)
    return f"{flags[parameter]}{' ' * bool(part)}{part}: {error.problem}"


def _report_typer(error: Exception) -> int:
    message = error.format_message() if hasattr(error, "format_message") else "aborted"
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        say(message)
    else:
        path = context.command_path if context is not None else "retarget"
        say(f"error: {message[:1].lower()}{message[1:].rstrip('.')}; see: {path} --help")
    return int(getattr(error, "exit_code", SOME_FAILED))
