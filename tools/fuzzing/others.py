"""More sound files to be damaged: profiles of gates, and robot motions in the files of other tools."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from fuzzing.seeds import results

__all__ = ["exports", "gates"]


@cache
def gates() -> list[bytes]:
    """The packaged profiles of gates, and a short one."""
    from retarget.evaluation import gates as package

    short = (
        b'description = "mine"\n[gates.limb_error_mean]\nfail = 8.0\nwarn = 5.0\nwhy = "as seen"\n'
    )
    folder = Path(package.__file__).parent / "profiles"
    return [short, *(path.read_bytes() for path in sorted(folder.glob("*.toml")))]


def exports(*formats: str) -> Callable[[], list[bytes]]:
    """A result in the files of some export formats."""
    return partial(_exports, formats)


@cache
def _exports(formats: tuple[str, ...]) -> list[bytes]:
    from retarget.export import export_result, export_table
    from retarget.result import RetargetingResult

    written = []
    with TemporaryDirectory() as folder:
        source = Path(folder, "result.npz")
        source.write_bytes(results()[0])
        result = RetargetingResult.load_npz(source)
        for name in formats:
            table = export_table(name)
            file = export_result(result, Path(folder, name + table.suffix), name).path
            written.append(file.read_bytes())
    return written
