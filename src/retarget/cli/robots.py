"""``retarget robots``: the embedded robots."""

from __future__ import annotations

from typing import Any

from retarget.cli.common import JsonFlag, print_json, print_table, tell

__all__ = ["robots"]


def robots(as_json: JsonFlag = False) -> None:
    """List the robots known by name, with their source and licence."""
    from retarget.robots import robot_names

    rows = [_facts(name) for name in robot_names()]
    if as_json:
        print_json(rows)
        return
    columns = ["robot", "name", "joints", "mass", "source", "licence"]
    print_table(
        columns,
        [
            [
                r["robot"],
                r["name"],
                str(r["joints"]),
                f"{r['mass_kg']:.1f} kg",
                r["source"],
                r["licence"],
            ]
            for r in rows
        ],
    )
    tell(
        "Any other robot: --robot path/to/model.xml|urdf; its roles are proposed from names and geometry."
    )


def _facts(name: str) -> dict[str, Any]:
    from retarget.robots import load_robot, robot_spec

    spec, robot = robot_spec(name), load_robot(name)
    return {
        "robot": name,
        "name": spec.display_name,
        "joints": robot.joint_count,
        "mass_kg": float(robot.masses.sum()),
        "source": f"{spec.source.package} {spec.source.version}",
        "licence": spec.source.licence,
        "sha256": robot.sha256,
    }
