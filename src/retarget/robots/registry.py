"""Robots by name or by file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from retarget.errors import FileFormatError, UnknownNameError
from retarget.robots.spec import RobotSpec, read_robot_spec

if TYPE_CHECKING:
    from retarget.robots.model import RobotModel

__all__ = ["load_robot", "robot_names", "robot_spec"]

_EMBEDDED = Path(__file__).parent / "embedded"
_MODEL_SUFFIXES = (".xml", ".mjcf", ".urdf")


@lru_cache(maxsize=1)
def robot_names() -> tuple[str, ...]:
    """Names of the embedded robots."""
    return tuple(sorted(path.parent.name for path in _EMBEDDED.glob("*/robot.toml")))


def robot_spec(name: str) -> RobotSpec:
    """Description of an embedded robot, without its model; cheap.

    Raises:
        UnknownNameError: No such robot is embedded.
    """
    return read_robot_spec(_embedded_folder(name) / "robot.toml")


def load_robot(name_or_path: str | Path, *, description: str | Path | None = None) -> RobotModel:
    """Load an embedded robot by name, or any other from its MJCF, URDF or ``robot.toml``.

    Args:
        name_or_path: A name (see `robot_names`) or the path of a ``.xml``, ``.urdf`` or ``.toml`` file.
        description: A ``robot.toml`` with roles, limits and soles for a model file; what it leaves out is
            proposed from names and geometry.

    Raises:
        UnknownNameError: Neither an embedded robot nor an existing file.
        FileFormatError: A file cannot be read.
        RobotError: The robot cannot be used, for example because it has a ball joint.
        RoleError: A body role is neither given nor found.

    Example:
        >>> robot = load_robot("unitree_g1")
        >>> robot.joint_count, robot.joint_names[0]
        (29, 'left_hip_pitch_joint')
    """
    path = Path(name_or_path)
    if str(name_or_path) in robot_names():
        folder = _embedded_folder(str(name_or_path))
        return _load(
            folder / "model.xml", Path(description) if description else folder / "robot.toml"
        )
    if path.suffix.lower() == ".toml" and path.is_file():
        spec = read_robot_spec(path)
        if not spec.model:
            raise FileFormatError(
                path, "names no model file", 'add a line such as model = "robot.xml"'
            )
        return _load(path.parent / spec.model, path)
    if path.suffix.lower() in _MODEL_SUFFIXES:
        return _load(path, Path(description) if description else None)
    hint = f"or give the path of an existing {', '.join(_MODEL_SUFFIXES)} or .toml file"
    raise UnknownNameError("robot", str(name_or_path), list(robot_names()), hint)


def _load(model: Path, toml: Path | None) -> RobotModel:
    return _cached(model, toml, _stamp(model), _stamp(toml))


@lru_cache(maxsize=8)
def _cached(model: Path, toml: Path | None, *stamps: tuple[int, int] | None) -> RobotModel:
    """Compile a model once for each content of its files (by size and time of change)."""
    from retarget.robots.compile import compile_robot

    return compile_robot(model, read_robot_spec(toml) if toml else RobotSpec())


def _stamp(path: Path | None) -> tuple[int, int] | None:
    if path is None or not path.is_file():
        return None
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _embedded_folder(name: str) -> Path:
    if name not in robot_names():
        raise UnknownNameError("robot", name, list(robot_names()))
    return _EMBEDDED / name
