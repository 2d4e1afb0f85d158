"""The text of an embedded robot's ``robot.toml``."""

from __future__ import annotations

import json
from typing import Any

from embedding.recipes import Package, Recipe

__all__ = ["description_toml"]

_REMARKS = {
    "roles": "body role = body whose origin is the joint's centre, or body and centre in its frame, metres",
    "velocity_limits": "rad/s, by joint name",
    "neutral": "rad, the relaxed upright posture",
    "soles": "sphere centres in the ankle role's body, metres",
    "hands": "balls that fill the hands' meshes: centre and radius in a body's frame, metres",
    "joint_sets": "joints of smaller robots of the family",
}


def description_toml(
    recipe: Recipe, package: Package, tables: dict[str, dict[str, Any]], velocity_source: str
) -> str:
    """What a robot's mesh-free model does not say.

    Args:
        recipe: The robot's recipe.
        package: Where its model comes from.
        tables: Roles, limits, soles and so on, in the order in which they are written.
        velocity_source: Where speed limits are from.
    """
    head = {"name": recipe.name, "display_name": recipe.display_name, "model": "model.xml"}
    family = {"maker": recipe.maker, "family": recipe.family, "variant": recipe.variant}
    head |= {key: text for key, text in family.items() if text}
    source = {
        "package": package.name,
        "version": package.version,
        "sha256": package.sha256,
        "path": recipe.path,
        "licence": recipe.licence,
        "velocity_limits": velocity_source,
        "effort_limits": recipe.effort_source,
    }
    lines = [f"# Written by tools/import_robot.py from {package.name} {package.version}."]
    lines += [f"{key} = {_value(value)}" for key, value in head.items()]
    if recipe.aliases:
        lines.append(f"aliases = {_value(list(recipe.aliases))}")
    lines += ["", *_table("source", source)]
    for name, table in tables.items():
        if name == "links":
            for group, members in table.items():
                lines += _table(f"links.{group}", members)
        else:
            lines += _table(name, table)
    return "\n".join(lines)


def _table(name: str, values: dict[str, Any]) -> list[str]:
    """Lines of one TOML table; none when it is empty."""
    if not values:
        return []
    head = f"[{name}]" + (f"  # {_REMARKS[name]}" if name in _REMARKS else "")
    return [head, *(f"{_key(key)} = {_value(value)}" for key, value in values.items()), ""]


def _key(key: str) -> str:
    plain = key.replace("_", "").replace("-", "")
    return key if plain.isascii() and plain.isalnum() else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, float):
        return repr(round(value, 10) + 0.0)
    return json.dumps(value, ensure_ascii=False)
