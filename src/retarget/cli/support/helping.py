"""Help of commands: what must be given in the usage line, options under headings, every word whole at any width."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import typer.core

__all__ = ["HelpfulCommand", "HelpfulGroup"]

_OTHERS = "Options"  # heading of options that have none of their own
_ARGUMENTS = "Arguments"
_WORTH_A_HEADING = 3  # options that a command has of a group
_NAMES_TO = (
    30  # characters of a name that has its text beside it; after longer ones it begins a line below
)


class HelpfulCommand(typer.core.TyperCommand):
    """A command whose help is plain: typer's own shows types of Python, and cuts names where it is narrow."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What follows the command's name: what must be given, and that there are options."""
        return _usage(self.get_params(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options under their headings."""
        _write_parameters(self.get_params(ctx), formatter)


class HelpfulGroup(typer.core.TyperGroup):
    """Commands whose list has the whole of what each does."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What follows the group's name."""
        return [*_usage(self.get_params(ctx)), "COMMAND ..."]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write commands, then the options of all of them."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, one.short_help or one.help or "") for name, one in commands if one]
        with formatter.section("Commands"):
            formatter.write_dl([(name, _first_paragraph(text)) for name, text in rows], _NAMES_TO)
        _write_parameters(self.get_params(ctx), formatter)


def _usage(parameters: Iterable[Any]) -> list[str]:
    needed: list[str] = []
    arguments: list[str] = []
    for one in parameters:
        if one.param_type_name == "argument":
            arguments.append(one.metavar)
        elif one.required:
            needed += [one.opts[0], one.metavar]
    return [*needed, "[OPTIONS]", *arguments]


def _write_parameters(parameters: Iterable[Any], formatter: Any) -> None:
    shown = [one for one in parameters if not getattr(one, "hidden", False)]
    sizes = Counter(getattr(one, "rich_help_panel", None) for one in shown)
    sections: dict[str, list[tuple[str, str]]] = {_ARGUMENTS: [], _OTHERS: []}
    for one in shown:
        own = getattr(one, "rich_help_panel", None)
        heading = own if own is not None and sizes[own] >= _WORTH_A_HEADING else _OTHERS
        if one.param_type_name == "argument":
            heading = _ARGUMENTS
        sections.setdefault(heading, []).append((_name(one), _text(one)))
    for heading, rows in sections.items():
        if rows:
            with formatter.section(heading):
                formatter.write_dl(rows, _NAMES_TO)


def _name(parameter: Any) -> str:
    """How a parameter is given: ``--fps NUMBER``, ``--mirror / --no-mirror``, ``MOTION...``."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar)
    value = "" if parameter.is_flag else f" {parameter.metavar}"
    return " / ".join(f"{name}{value}" for name in [*parameter.opts, *parameter.secondary_opts])


def _text(parameter: Any) -> str:
    """What a parameter means, with its default and least value, or that it must be given."""
    if parameter.param_type_name == "argument":
        return parameter.help or ""
    facts = []
    if isinstance(parameter.show_default, str):
        facts.append(f"default: {parameter.show_default}")
    elif parameter.show_default and not (parameter.default in (None, "") or parameter.is_flag):
        value = parameter.default
        facts.append(f"default: {f'{value:g}' if isinstance(value, float) else value}")
    if (least := getattr(parameter, "min", None)) is not None:
        facts.append(f"at least {least:g}")
    if parameter.required:
        facts.append("required")
    told = "; ".join(facts)
    told = f"  [{told}]" if facts else ""
    return f"{parameter.help or ''}{told}"


def _first_paragraph(text: str) -> str:
    return " ".join(text.partition("\n\n")[0].split())
