"""Robots by name or by file: embedded ones, those that a program or an installed package adds, and model files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from retarget import plugins
from retarget.errors import FileFormatError, RobotError, RoleError, UnknownNameError
from retarget.kinds import RobotKind
from retarget.robots.catalogue import embedded_entries
from retarget.robots.spec import RobotSpec, read_robot_spec
from retarget.spelling import meant_name, nearest_names

if TYPE_CHECKING:
    from retarget.robots.model import RobotModel

__all__ = ["load_robot", "register_robot", "robot_files", "robot_names", "robot_spec"]

_EMBEDDED = Path(__file__).parent / "embedded"
_READ_SUFFIXES = (".xml", ".mjcf", ".urdf", ".xacro")
_MODEL_SUFFIXES = (*_READ_SUFFIXES, ".sdf")  # the last is refused, with the way out


@dataclass(frozen=True, slots=True)
class _Files:
    """Where a robot known by name is described.

    Attributes:
        model: Its MJCF or URDF.
        description: Its ``robot.toml``; None where the model file says enough.

    Example:
        >>> _Files(Path("lab_r1.urdf")).description is None
        True
    """

    model: Path
    description: Path | None = None


_registered: dict[str, _Files] = {}


def register_robot(
    kind: RobotKind, model: str | Path, *, description: str | Path | None = None
) -> None:
    """Add a robot, or replace one, so that its name is understood wherever robots are named.

    Args:
        kind: A member of `RobotKind` or of a subclass of it.
        model: The robot's MJCF or URDF, or a ``robot.toml`` that names it.
        description: A ``robot.toml`` for a model file.

    A name that is registered in a program is known in that program, and in worker processes that import the module
    which registers it. For the command line, install a package with an entry point in the group ``retarget.robots``
    whose object is such a path, or a function that returns one::

        [project.entry-points."retarget.robots"]
        lab_r1 = "my_lab.robots:lab_r1"

    Raises:
        FileFormatError: There is no such file.

    Example:
        >>> class LabRobot(RobotKind):
        ...     R1 = "lab_r1"
        >>> register_robot(LabRobot.R1, "models/lab_r1.urdf")  # doctest: +SKIP
        >>> load_robot("lab_r1").name  # doctest: +SKIP
        'lab_r1'
    """
    _registered[str(kind)] = _files(Path(model), Path(description) if description else None)
    _known.cache_clear()


def robot_names() -> tuple[str, ...]:
    """Names of all robots: embedded, registered, and of installed packages."""
    return tuple(sorted(_known()))


def robot_spec(name: str) -> RobotSpec:
    """Description of a robot known by name, without its model; cheap.

    Raises:
        UnknownNameError: No such robot is known.
    """
    toml = _files_of(name).description
    return read_robot_spec(toml) if toml else RobotSpec()


def load_robot(name_or_path: str | Path, *, description: str | Path | None = None) -> RobotModel:
    """Load a robot by name, or any other from its MJCF, URDF or ``robot.toml``.

    Args:
        name_or_path: A name (see `robot_names`; ``G1`` and ``unitree-g1`` are understood as ``unitree_g1``), or the
            path of a ``.xml``, ``.mjcf``, ``.urdf``, ``.xacro`` or ``.toml`` file.
        description: A ``robot.toml`` with roles, limits and soles for a model file; what it leaves out is
            proposed from names and geometry.

    Raises:
        UnknownNameError: Neither a known robot nor an existing file.
        FileFormatError: A file cannot be read.
        RobotError: The robot cannot be used, for example because it has a ball joint.
        RoleError: A body role is neither given nor found.

    Example:
        >>> robot = load_robot("unitree_g1")
        >>> robot.joint_count, robot.joint_names[0]
        (29, 'left_hip_pitch_joint')
    """
    given = Path(description) if description else None
    path = Path(name_or_path)
    if _resolved(str(name_or_path)) is not None:
        files = _files_of(str(name_or_path))
        return _load(files, given, _resolved(str(name_or_path)) or "")
    if path.suffix.lower() == ".toml" and path.is_file():
        return _load(_files(path, None), given, "")
    if path.suffix.lower() in _MODEL_SUFFIXES:
        return _load(_Files(path), given, "")
    hint = f"or give the path of an existing {', '.join(_READ_SUFFIXES)} or .toml file"
    nearest = _nearest(str(name_or_path))
    raise UnknownNameError(
        "robot", str(name_or_path), list(robot_names()), " ".join(filter(None, [nearest, hint]))
    )


def robot_files(
    name_or_path: str | Path, *, description: str | Path | None = None
) -> tuple[Path, ...]:
    """The files that `load_robot` reads, whether they are there or not; none for a name that is not known.

    Raises:
        FileFormatError: A ``robot.toml`` cannot be read, or names no model file.
        PluginError: The package that offers the robot cannot be used.

    Example:
        >>> [path.name for path in robot_files("unitree_g1")]
        ['model.xml', 'robot.toml']
    """
    path = Path(name_or_path)
    if _resolved(str(name_or_path)) is not None:
        found = _files_of(str(name_or_path))
    elif path.suffix.lower() == ".toml" and path.is_file():
        found = _files(path, None)
    elif path.suffix.lower() in (*_MODEL_SUFFIXES, ".toml"):
        found = _Files(path)
    else:
        return ()
    files = (found.model, found.description, Path(description) if description else None)
    return tuple(file for file in files if file is not None)


def _files_of(name: str) -> _Files:
    """Where a robot known by name is described.

    Raises:
        UnknownNameError: No such robot is known; the message has the nearest names.
        PluginError: The package that offers the robot cannot be used.
    """
    known = _resolved(name)
    if known is None:
        raise UnknownNameError("robot", name, list(robot_names()), _nearest(name))
    return _registered.get(known) or _embedded(known) or _of_package(known)


def _files(path: Path, description: Path | None) -> _Files:
    """A model file with its description, or a description with the model file that it names.

    Raises:
        FileFormatError: A file is missing, or the description names no model file.
    """
    for file in (path, description):
        if file is not None and not file.is_file():
            raise FileFormatError(file, "no such file", "give a robot's .xml, .urdf or .toml file")
    if path.suffix.lower() != ".toml":
        return _Files(path, description)
    spec = read_robot_spec(path)
    if not spec.model:
        raise FileFormatError(path, "names no model file", 'add a line such as model = "robot.xml"')
    return _Files(path.parent / spec.model, description or path)


def _load(files: _Files, description: Path | None, name: str) -> RobotModel:
    model, toml = files.model, description or files.description
    return _cached(model, toml, name, _stamp(model), _stamp(toml))


@lru_cache(maxsize=8)
def _cached(
    model: Path, toml: Path | None, name: str, *stamps: tuple[int, int] | None
) -> RobotModel:
    """Compile a model once for each content of its files (by size and time of change)."""
    from retarget.robots.compile import compile_robot

    spec = read_robot_spec(toml) if toml else RobotSpec()
    if name and not spec.name:
        spec = spec.model_copy(update={"name": name})
    try:
        return compile_robot(model, spec)
    except (RobotError, RoleError) as error:
        if toml is None or str(toml) in str(error):
            raise
        raise type(error)(f"{error} (described by {toml})") from None


def _stamp(path: Path | None) -> tuple[int, int] | None:
    if path is None or not path.is_file():
        return None
    status = path.stat()
    return status.st_size, status.st_mtime_ns


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    embedded = (path.parent.name for path in _EMBEDDED.glob("*/robot.toml"))
    return frozenset([*embedded, *_registered, *plugins.ROBOTS.names()])


def _embedded(name: str) -> _Files | None:
    toml = _EMBEDDED / name / "robot.toml"
    return _Files(toml.with_name("model.xml"), toml) if toml.is_file() else None


@lru_cache
def _of_package(name: str) -> _Files:
    """What an installed package's entry point offers: a path, or a function that returns one."""
    found = plugins.ROBOTS.load(name)
    path = found() if callable(found) else found
    if not isinstance(path, str | Path):
        raise plugins.ROBOTS.refuse(
            name, path, "the path of a .xml, .urdf or .toml file, or a function that returns one"
        )
    return _files(Path(path), None)


def _spelt() -> dict[str, str]:
    """All names and aliases -> the name that each stands for."""
    aliases = {alias: one.name for one in embedded_entries() for alias in one.aliases}
    return aliases | {name: name for name in _known()}


def _resolved(name: str) -> str | None:
    """The known name that is meant, such as ``unitree_g1`` by ``G1``; None for paths and what is not known."""
    if name in _known():
        return name
    if "/" in name or Path(name).suffix.lower() in (*_MODEL_SUFFIXES, ".toml"):
        return None
    return meant_name(name, _spelt())


def _nearest(name: str) -> str:
    """A hint with the names that are most like one; empty where none is."""
    names = nearest_names(Path(name).name, _spelt())
    return f"did you mean {' or '.join(names)}?" if names else ""
