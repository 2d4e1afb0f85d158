"""``retarget robots``: the robots known by name, and what is understood of any robot's model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retarget.cli.support import options
from retarget.cli.support.common import JsonFlag, UsageError, print_json, require_file, tell
from retarget.cli.support.helping import HelpfulCommand, HelpfulGroup
from retarget.cli.support.outputs import Output, check_outputs
from retarget.cli.support.tables import print_table

if TYPE_CHECKING:
    from retarget.robots.catalogue import RobotEntry
    from retarget.robots.descriptions.inspection import RobotInspection

__all__ = ["app"]

app = typer.Typer(
    cls=HelpfulGroup,
    help="List the robots known by name, look into any robot's model, describe it.",
)

_Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="Name of a robot, or its model file (.xml, .mjcf, .urdf, .xacro, .toml).",
    ),
]
_Description = Annotated[
    Path | None,
    typer.Option(
        "--robot-description", metavar="FILE", help="TOML with the robot's roles, soles and limits."
    ),
]


@app.callback(invoke_without_command=True)
def robots(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List the robots known by name, families together, with size and licence."""
    if context.invoked_subcommand is not None:
        return
    from retarget.robots.descriptions.listing import families, known_robots

    robots = known_robots()
    if as_json:
        print_json([_facts(one) for one in robots])
        return
    rows = [row for family in families(robots) for row in _rows(*family)]
    print_table(["robot", "is", "joints", "height", "mass", "licence"], rows)
    tell("Any other robot: --robot path/to/model.xml|urdf; see: retarget robots inspect MODEL")


def _rows(maker: str, family: str, members: list[RobotEntry]) -> list[list[str]]:
    """A family's rows: who makes it stands in the first one."""
    first = ", ".join(filter(None, [f"{maker} {family}".strip(), members[0].variant]))
    return [
        [
            one.name,
            first if place == 0 else f"  {one.variant or one.display_name}",
            f"{one.joints} ({one.held} held)" if one.held else str(one.joints),
            f"{one.height_m:.2f} m",
            f"{one.mass_kg:.1f} kg",
            one.licence,
        ]
        for place, one in enumerate(members)
    ]


@app.command("inspect", cls=HelpfulCommand)
def inspect_model(
    model: _Model,
    robot_description: _Description = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--picture", metavar="FILE", help="Also draw it, roles and soles marked (.png)."
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what is understood of a robot's model: roles, sole, limbs, limits, and what was assumed."""
    from retarget.config import RunConfig
    from retarget.robots import load_robot
    from retarget.robots.descriptions.inspection import inspect_robot

    settings = RunConfig(robot=model, robot_description=robot_description)
    options.require_robot_files(settings)
    if picture is not None:
        from retarget.report import require_pictures

        require_pictures()
        read = [robot_description, *settings.robot_files()]
        check_outputs([Output(picture, "a picture", (".png",))], read)
    robot = load_robot(model, description=robot_description)
    found = inspect_robot(robot)
    if picture is not None:
        from retarget.report.robot_picture import draw_robot

        draw_robot(robot, picture)
    if as_json:
        print_json(found.as_json())
    else:
        _print(found)
        if picture is not None:
            tell(f"picture: {picture}")


@app.command(cls=HelpfulCommand)
def add(
    model: _Model,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Name of the robot.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FILE", help="TOML file to write.", show_default="NAME.toml"
        ),
    ] = None,
) -> None:
    """Write a robot's TOML file, with what is doubtful in it as commented lines to correct."""
    from retarget.files import write_text
    from retarget.robots import load_robot
    from retarget.robots.descriptions.describing import description_text

    path, target = Path(model), output or Path(f"{name}.toml")
    require_file(path, "the robot's model file (.xml, .mjcf or .urdf)")
    if path.suffix.lower() == ".toml":
        raise UsageError(
            f"{model}: is a description already; give the robot's model file (.xml, .mjcf or .urdf)"
        )
    if target.exists():
        raise UsageError(f"{target}: is there already; choose another --output, or remove it")
    check_outputs([Output(target, "a robot's description", (".toml",))], [path])
    write_text(target, description_text(load_robot(path), name, path, target.parent))
    tell(f"{target}: use it with --robot {target}; lines to look at begin with '#?'")


def _print(found: RobotInspection) -> None:
    held = f", {len(found.held)} of them held" if found.held else ""
    tell(f"{found.name}: {found.joints} joints{held}, {found.mass_kg:.1f} kg; {found.source}")
    print_table(
        ["role", "body", "sure", "why"],
        [[r.role, r.body, f"{r.confidence:.0%}", r.reason] for r in found.roles],
    )
    print_table(
        ["length", "m", "human m"],
        [[one.name, f"{one.length_m:.3f}", f"{one.human_m:.3f}"] for one in found.lengths],
    )
    if found.sole_cm is not None:
        length, width, height = found.sole_cm
        tell(f"sole: {length:.1f} x {width:.1f} cm, ankle {height:.1f} cm above it")
    for what, joints in found.unlimited.items():
        if joints:
            tell(f"no {what} limit: {len(joints)} of {found.joints} joints")
    tell(f"collision: {found.collision_pairs} pairs of shapes are kept apart")
    for note in found.notes:
        tell(f"assumed: {note}")


def _facts(one: RobotEntry) -> dict[str, Any]:
    """An entry as plain data, its name as ``robot``, as elsewhere."""
    facts = asdict(one)
    return {"robot": facts.pop("name"), "name": facts.pop("display_name"), **facts}
