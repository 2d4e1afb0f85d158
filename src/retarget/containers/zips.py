"""ZIP archives in memory, whose entries are asked for their size before they are unpacked."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np

from retarget.containers.limits import Budget, Refused

__all__ = ["Zip"]


_LOCAL: Final = struct.Struct("<4s5H3L2H")
_PIECE: Final = 1 << 20  # bytes that are unpacked at a time
_PLAIN_FLAGS: Final = 0x0808  # sizes that follow the content, and names in UTF-8


class Zip:
    """A ZIP archive that has been read into memory.

    Args:
        data: The file.
        budget: What its entries may take, unpacked.

    Raises:
        zipfile.BadZipFile, ValueError, OSError: It is not a whole archive.
    """

    def __init__(self, data: bytes, budget: Budget) -> None:
        self._data = data
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
        entry = self._allowed(name)
        with self._archive.open(entry) as member:
            return member.read(
                entry.file_size
            )  # not all of it: what lies about its size may unpack to anything

    def content(self, name: str) -> bytes | memoryview:
        """An entry's content as `read` returns it; a large one is there once while it is unpacked, and not twice.

        Raises:
            Refused: As there, and so are the others.
        """
        if self._archive.getinfo(name).file_size <= _PIECE:
            return self.read(name)
        entry = self._allowed(name)
        room = np.empty(entry.file_size, np.uint8)  # memory is taken as it is filled
        filled = 0
        with self._archive.open(entry) as member:
            while piece := member.read(min(_PIECE, entry.file_size - filled)):
                room[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)
                filled += len(piece)
        return room[:filled].data.toreadonly()

    def _allowed(self, name: str) -> ZipInfo:
        """An entry that may be unpacked."""
        entry = self._archive.getinfo(name)
        if entry.flag_bits & 1:
            raise Refused("is locked with a password", "unlock it first")
        self._budget.take(entry.file_size, f"the entry {name[:80]!r}")
        if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise Refused(
                f"packs the entry {name[:80]!r} in an unusual way", "pack it as ZIP files are"
            )
        return entry

    def view(self, name: str) -> bytes | memoryview:
        """An entry's content as `content` returns it, but a part of the file where it is stored as it is.

        Raises:
            Refused: As there, and so are the others.
        """
        entry = self._archive.getinfo(name)
        found = self._stored(entry)
        if found is None:
            return self.content(name)
        self._budget.take(entry.file_size, f"the entry {name[:80]!r}")
        if zlib.crc32(found) != entry.CRC:
            raise BadZipFile(f"Bad CRC-32 for file {name[:80]!r}")
        return found

    def _stored(self, entry: ZipInfo) -> memoryview | None:
        """Where an entry lies that is neither packed nor locked; None where it does not plainly."""
        at = entry.header_offset
        plain = entry.compress_type == ZIP_STORED and not entry.flag_bits & ~_PLAIN_FLAGS
        if not plain or entry.compress_size != entry.file_size or at < 0:
            return None
        head = self._data[at : at + _LOCAL.size]
        if len(head) < _LOCAL.size:
            return None
        signature, *_, name, extra = _LOCAL.unpack(head)
        begin = at + _LOCAL.size + name + extra
        named = self._data[at + _LOCAL.size : at + _LOCAL.size + name]
        whole = begin + entry.file_size <= len(self._data)
        if signature != b"PK\x03\x04" or named != entry.orig_filename.encode() or not whole:
            return None
        return memoryview(self._data)[begin : begin + entry.file_size]
