"""Which body of a robot carries which role: as given, or proposed from names and geometry."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float64

from retarget.errors import RoleError
from retarget.robots.spec import ROLES, RolePlace
from retarget.robots.tree import Frame, KinematicTree

__all__ = ["resolve_roles"]


def resolve_roles(
    robot: str, tree: KinematicTree, places: Mapping[str, Frame], given: Mapping[str, RolePlace]
) -> tuple[dict[str, int], dict[str, Float64[np.ndarray, "3"]]]:
    """Body index and joint centre (m, in the body's frame) of every role.

    Args:
        robot: Name for messages.
        tree: The robot's tree.
        places: Name of each body of the model file -> its frame in the tree.
        given: Roles that are not to be proposed.

    Raises:
        RoleError: A given body does not exist, or a role is neither given nor found.
    """
    for role, place in given.items():
        if place.body not in places:
            raise RoleError(
                f"{robot}: role {role!r} names the body {place.body!r}, which does not exist; "
                f"bodies are {', '.join(places)}"
            )
    frames = {
        role: places[place.body].child(np.array(place.point), np.eye(3))
        for role, place in given.items()
    }
    missing = [role for role in ROLES if role not in frames]
    if missing:
        raise RoleError(
            f"{robot}: no body found for {', '.join(missing)}; name them under [roles] in a robot TOML "
            f"file; bodies are {', '.join(places)}"
        )
    return {role: frames[role].body for role in ROLES}, {
        role: frames[role].position for role in ROLES
    }
