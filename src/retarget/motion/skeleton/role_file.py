"""Role files: a small TOML table in which users name joints for body roles."""

from __future__ import annotations

from pathlib import Path

from retarget.errors import FileFormatError
from retarget.inputs import read_toml
from retarget.motion.skeleton.roles import ROLES
from retarget.wording import quoted

__all__ = ["read_role_overrides"]


def read_role_overrides(path: str | Path) -> dict[str, str]:
    """Read a TOML file that names joints for roles; all others are still found automatically.

    Example of a file::

        [roles]
        left_toe = "LeftFoot#end"
        right_toe = "RightFoot#end"

    Raises:
        FileFormatError: The file is missing, is no such TOML, or names an unknown role.
    """
    path = Path(path)
    content = read_toml(path, "give the path of a role file")
    table = content.get("roles", content)
    if not isinstance(table, dict) or not table:
        raise FileFormatError(path, "has no table [roles]", 'write lines such as left_toe = "LToe"')
    for role, joint in table.items():
        if role not in ROLES:
            raise FileFormatError(
                path, f"unknown role {quoted(role)}", f"known: {', '.join(ROLES)}"
            )
        if not isinstance(joint, str):
            raise FileFormatError(path, f"role {role} is not a joint's name in quotes", "")
    return dict(table)
