"""The table of embedded robots in docs/robots.md."""

from __future__ import annotations

from retarget.robots.catalogue import embedded_entries
from retarget.robots.descriptions.listing import families

__all__ = ["robots_markdown"]


def robots_markdown() -> str:
    """A Markdown table with one row for each embedded robot, families together."""
    lines = [
        "| maker | robot | name | joints (held) | height | mass | licence | taken from |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for maker, family, members in families(embedded_entries()):
        for place, robot in enumerate(members):
            who, what = (maker, family) if place == 0 else ("", "")
            kind = ", ".join(filter(None, [what, robot.variant]))
            held = f" ({robot.held})" if robot.held else ""
            lines.append(
                f"| {who} | {kind} | `{robot.name}` | {robot.joints}{held} | {robot.height_m:.2f} m "
                f"| {robot.mass_kg:.1f} kg | {robot.licence} | {robot.source} |"
            )
    return "\n".join(lines) + "\n"
