"""Xacro: macros and conditions in a URDF, expanded by the package ``xacro`` in this process."""

from __future__ import annotations

import contextlib
import io
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from retarget.errors import FileFormatError, MissingExtraError

__all__ = ["expand_xacro", "needs_expanding"]

_NAMESPACE = re.compile(r"^\{https?://[^}]*xacro[^}]*\}")
_EXPRESSION = re.compile(r"\$[{(]")
_CLASS = re.compile(r"<class '[^']*'>: ")
_TWICE = re.compile(r"(.{12,}?) \1")
_MOST_FOLDERS_UP = 8  # from a file to the folder that holds its package
_one_at_a_time = threading.Lock()  # what xacro looks packages up by belongs to its module


def needs_expanding(root: ElementTree.Element) -> bool:
    """Whether a document has macros or expressions, and not only the namespace for them."""
    return any(
        _NAMESPACE.match(str(element.tag))
        or any(_EXPRESSION.search(value) for value in element.attrib.values())
        for element in root.iter()
    )


def expand_xacro(path: Path) -> str:
    """The URDF that a xacro file stands for, with its arguments at their defaults.

    Packages are looked for among the folders above the file; nothing else is run, and neither network nor environment
    are asked.

    Raises:
        MissingExtraError: The package ``xacro`` is not installed.
        FileFormatError: An included file is not there, or the file is wrong.
    """
    try:
        import xacro
        from xacro import substitution_args
    except ImportError as error:
        raise MissingExtraError(f"{path}: expanding xacro", "xacro") from error
    said = io.StringIO()
    try:
        with (
            _one_at_a_time,
            _own_look_up(substitution_args, path),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            return str(xacro.process_file(str(path)).toxml())
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # xacro exits, and its errors share no class
        cause = _cause(error)
        remedy = (
            "put the package's folder beside the model, or expand it where the package is: "
            "xacro robot.urdf.xacro > robot.urdf"
        )
        raise FileFormatError(path, f"cannot be expanded ({cause})", remedy) from None


def _cause(error: BaseException) -> str:
    """What went wrong, in one line: xacro names the class, and the same message once more for each file."""
    words = " ".join(_CLASS.sub("", str(error)).split())
    return _TWICE.sub(r"\1", words)[:300] or type(error).__name__


@contextlib.contextmanager
def _own_look_up(module: object, path: Path) -> Iterator[None]:
    """Let xacro find packages in the folders above a file, and no variable of the environment."""

    def find(package: str) -> str:
        for folder in path.resolve().parents[:_MOST_FOLDERS_UP]:
            if folder.name == package:
                return str(folder)
            if (folder / package).is_dir():
                return str(folder / package)
        raise LookupError(f"package {package!r} is not in a folder above the file")

    def refuse(name: str, *_: object) -> str:
        raise LookupError(f"the environment variable {name!r} is not looked at")

    replaced = {"_eval_find": find, "_eval_env": refuse, "_eval_optenv": refuse}
    kept = {name: getattr(module, name) for name in replaced}
    table = module._eval_dict  # type: ignore[attr-defined]
    names = {"find": "_eval_find", "env": "_eval_env", "optenv": "_eval_optenv"}
    before = {name: table[name] for name in names}
    for name, function in replaced.items():
        setattr(module, name, function)
    table.update({name: replaced[own] for name, own in names.items()})
    try:
        yield
    finally:
        for name, function in kept.items():
            setattr(module, name, function)
        table.update(before)
