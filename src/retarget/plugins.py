"""What installed packages offer: motion formats, robots and export formats of their own, found by entry points.

A package offers something by a line in its ``pyproject.toml``::

    [project.entry-points."retarget.formats"]
    lab_v2 = "my_lab.motion:LAB_V2"

Names are known without importing anything; an object is loaded when its name is first used. So the command line, and
every worker process, knows it as soon as the package is installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from retarget.errors import PluginError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["EXPORTS", "FORMATS", "ROBOTS", "Group"]


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of thing that packages may offer.

    Attributes:
        name: Name of the entry points' group, such as ``retarget.formats``.
        what: What one of them is, for people.

    Example:
        >>> FORMATS.names()
        ()
    """

    name: str
    what: str

    def names(self) -> tuple[str, ...]:
        """Names of all that is offered; imports nothing of it."""
        return tuple(_points(self.name))

    def load(self, name: str) -> Any:
        """The object that is offered under a name.

        Raises:
            PluginError: It cannot be imported; the message names the package.
            KeyError: Nothing is offered under this name.
        """
        point = _points(self.name)[name]
        try:
            return point.load()
        except Exception as error:  # whatever a foreign module may raise when it is imported
            raise PluginError(
                f"{self.what} {name!r} of {_package(point)} cannot be loaded from {point.value} "
                f"({type(error).__name__}: {error}); mend or uninstall that package"
            ) from error

    def refuse(self, name: str, found: object, wanted: str) -> PluginError:
        """The error for an object that is not what it should be."""
        point = _points(self.name)[name]
        return PluginError(
            f"{self.what} {name!r} of {_package(point)}: {point.value} is a {type(found).__name__}, not {wanted}"
        )


FORMATS = Group("retarget.formats", "the motion format")
ROBOTS = Group("retarget.robots", "the robot")
EXPORTS = Group("retarget.exports", "the export format")


@lru_cache
def _points(group: str) -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # takes longer than all else that kinds need

    return {point.name: point for point in entry_points(group=group)}


def _package(point: EntryPoint) -> str:
    return f"the package {point.dist.name}" if point.dist is not None else "an installed package"
