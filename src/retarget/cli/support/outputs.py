"""One rule for whatever a command is asked to write: none of its inputs, nothing else's place, and writable."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from retarget.cli.support.common import UsageError

__all__ = ["Output", "check_outputs", "refuse_inputs"]


@dataclass(frozen=True, slots=True)
class Output:
    """A file to write.

    Attributes:
        path: Where.
        what: What it will be, such as ``a result``.
        suffixes: Ends of names that such a file may have; any where empty.
        folder: It is a folder of files.
    """

    path: Path
    what: str
    suffixes: tuple[str, ...] = ()
    folder: bool = False


def check_outputs(outputs: Sequence[Output], inputs: Iterable[Path | None]) -> None:
    """Check outputs before any work: that they touch no input and not each other, through links and ``..`` too.

    Raises:
        UsageError: One is an input, another output, a folder or a device, or its suffix is that of another kind.
        OutputError: One cannot be written.
    """
    from retarget.files import check_writable, same_file

    for output in outputs:
        _check_place(output)
    refuse_inputs([output.path for output in outputs], inputs)
    for index, output in enumerate(outputs):
        for earlier in outputs[:index]:
            if same_file(output.path, earlier.path):
                raise UsageError(
                    f"{output.path}: is to be {earlier.what} and {output.what}; give each its own file"
                )
    for output in outputs:
        check_writable(output.path, folder=output.folder)


def refuse_inputs(outputs: Iterable[Path], inputs: Iterable[Path | None]) -> None:
    """Check that no output is an input, through links and ``..`` too.

    Raises:
        UsageError: One is.
    """
    from retarget.batch.validation import Inputs, PathResolver
    from retarget.files import same_file, split_which

    read = [split_which(path)[0] for path in inputs if path is not None]
    held = Inputs(PathResolver())
    for path in read:
        held.add(path)
    for output in outputs:
        if held.hold(output):
            other = next((path for path in read if same_file(path, output)), output)
            raise UsageError(f"{output}: the output is the input {other}; choose another output")


def _check_place(output: Output) -> None:
    path = output.path
    if os.path.isdir(path) and not output.folder:  # noqa: PTH112 - never raises, whatever the name
        raise UsageError(f"{path}: is a folder; give the name of the file to write")
    if output.folder and os.path.exists(path) and not os.path.isdir(path):  # noqa: PTH110, PTH112
        raise UsageError(f"{path}: is no folder; give the name of a folder for {output.what}")
    if os.path.exists(path) and not (os.path.isfile(path) or output.folder):  # noqa: PTH110, PTH113
        raise UsageError(f"{path}: is a device or a pipe; give the name of the file to write")
    if output.suffixes and path.suffix.lower() not in output.suffixes:
        known = " or ".join(output.suffixes)
        raise UsageError(
            f"{path}: {output.what} is a {known} file; call it {path.with_suffix(output.suffixes[0]).name}"
        )
