"""ZIP archives in memory, whose entries are asked for their size before they are unpacked."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from retarget.containers.limits import Budget, Refused

__all__ = ["Zip"]


class Zip:
    """A ZIP archive that has been read into memory.

    Args:
        data: The file.
        budget: What its entries may take, unpacked.

    Raises:
        zipfile.BadZipFile, ValueError, OSError: It is not a whole archive.
    """

    def __init__(self, data: bytes, budget: Budget) -> None:
        self._archive = ZipFile(BytesIO(data))
        self._budget = budget
        self.names = tuple(self._archive.namelist())

    def read(self, name: str) -> bytes:
        """An entry's content.

        Raises:
            Refused: It takes more than it may, or is locked.
            KeyError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError: It is torn, missing or packed
                in a way that nobody can read.
        """
        entry = self._archive.getinfo(name)
        if entry.flag_bits & 1:
            raise Refused("is locked with a password", "unlock it first")
        self._budget.take(entry.file_size, f"the entry {name[:80]!r}")
        if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise Refused(
                f"packs the entry {name[:80]!r} in an unusual way", "pack it as ZIP files are"
            )
        with self._archive.open(entry) as member:
            return member.read(
                entry.file_size
            )  # not all of it: what lies about its size may unpack to anything
