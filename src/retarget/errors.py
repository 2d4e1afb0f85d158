"""The errors users meet: each names the thing, the cause and the remedy in one line.

Everything the package raises on purpose derives from :class:`RetargetError`, so that a command can turn
it into one clear line and a batch can record it, while programming errors keep their traceback.
"""

from __future__ import annotations

from pathlib import Path

from retarget.wording import bounded, listed, quoted

__all__ = [
    "BatchError",
    "FileFormatError",
    "ManifestError",
    "MissingExtraError",
    "MissingFileError",
    "OptionsError",
    "OutputError",
    "PluginError",
    "RetargetError",
    "RobotError",
    "RoleError",
    "UnknownNameError",
    "check_argument",
]


_MOST_KNOWN = (
    40  # names that a message about an unknown one lists: whoever mistyped it wants to see it
)


class RetargetError(ValueError):
    """Base of all errors raised on purpose; what they quote from a file is cut where it has no end."""

    def __init__(self, message: object = "") -> None:
        super().__init__(bounded(str(message)))


class FileFormatError(RetargetError):
    """A file does not hold what its format promises.

    Example:
        >>> str(FileFormatError("walk.bvh", "frame 3 has 68 of 69 values", "export it again", line=120))
        'walk.bvh:120: frame 3 has 68 of 69 values; export it again'
    """

    def __init__(
        self, path: str | Path, cause: str, remedy: str = "", *, line: int | None = None
    ) -> None:
        self.path = Path(path)
        self.cause = cause
        self.remedy = remedy
        self.line = line
        place = f"{path}:{line}" if line is not None else f"{path}"
        super().__init__(f"{place}: {cause}" + (f"; {remedy}" if remedy else ""))

    def __reduce__(self) -> tuple[object, ...]:
        return (
            _rebuild_file_format_error,
            (type(self), self.path, self.cause, self.remedy, self.line),
        )


def _rebuild_file_format_error(
    kind: type[FileFormatError], path: Path, cause: str, remedy: str, line: int | None
) -> FileFormatError:
    return kind(path, cause, remedy, line=line)


class MissingFileError(FileFormatError):
    """A file that is to be read does not exist."""


class RoleError(RetargetError):
    """Body roles (pelvis, knee, ...) cannot be found on a skeleton or robot."""


class RobotError(RetargetError):
    """A robot description cannot be used."""


class OptionsError(RetargetError):
    """An option has an invalid value.

    Attributes:
        option: Name of the parameter, where it is one; the command line puts its own name for it in its place.
        problem: What is wrong with its value.

    Example:
        >>> str(OptionsError("must be at least 1, not 0", option="max_workers"))
        'max_workers: must be at least 1, not 0'
    """

    def __init__(self, problem: str, *, option: str = "") -> None:
        self.option, self.problem = option, problem
        super().__init__(f"{option}: {problem}" if option else problem)


class OutputError(RetargetError):
    """An output cannot, or must not, be written."""


class PluginError(RetargetError):
    """What an installed package offers cannot be used."""


class ManifestError(RetargetError):
    """A batch manifest or its journal cannot be used."""


class BatchError(RetargetError):
    """A batch run cannot be started or continued."""


class UnknownNameError(RetargetError):
    """A name is not registered; the message lists those that are.

    Example:
        >>> str(UnknownNameError("robot", "g2", ["unitree_g1"]))
        "unknown robot 'g2'; known: unitree_g1"
    """

    def __init__(self, what: str, name: str, known: list[str], hint: str = "") -> None:
        self.what, self.name, self.known, self.hint = what, name, known, hint
        listing = listed(sorted(known), _MOST_KNOWN) or "none"
        super().__init__(
            f"unknown {what} {quoted(name)}; known: {listing}" + (f"; {hint}" if hint else "")
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (UnknownNameError, (self.what, self.name, self.known, self.hint))


def check_argument(value: object, kind: type, name: str, example: str) -> None:
    """Check that an argument of a public function is what it should be, before something inside it stumbles.

    Args:
        value: What was given.
        kind: What it should be.
        name: Name of the argument.
        example: How one gets such a value.

    Raises:
        TypeError: It is something else.

    Example:
        >>> check_argument({"fps": 50}, RetargetError, "options", "RetargetOptions(fps=50)")
        Traceback (most recent call last):
        TypeError: options must be a RetargetError, not a dict; write RetargetOptions(fps=50)
    """
    if not isinstance(value, kind):
        raise TypeError(
            f"{name} must be a {kind.__name__}, not a {type(value).__name__}; write {example}"
        )


class MissingExtraError(RetargetError):
    """An optional dependency is needed and not installed."""

    def __init__(self, what: str, extra: str) -> None:
        self.what, self.extra = what, extra
        super().__init__(
            f"{what} needs an optional part; install it with: pip install 'retarget[{extra}]'"
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (MissingExtraError, (self.what, self.extra))
