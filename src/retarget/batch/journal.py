"""The append-only event log beside a manifest: what is known before the manifest says it.

One event a line: eight hexadecimal digits of CRC-32, a blank, and a JSON object whose ``"e"`` names the
event; see ``docs/batch.md``. Space is taken on disk ahead of the events, as blank lines that are then
written over: once a job has been handed out, a full disk can no longer keep its outcome from being recorded.
"""

from __future__ import annotations

import contextlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retarget.batch.plain import to_plain
from retarget.errors import FileFormatError, ManifestError, OutputError
from retarget.files import atomic_write
from retarget.inputs import open_input, read_bytes
from retarget.wording import quoted

__all__ = [
    "JOURNAL_VERSION",
    "LARGEST",
    "Journal",
    "JournalContent",
    "journal_identity",
    "journal_path",
    "read_journal",
]

JOURNAL_VERSION = 1
LARGEST = 1 << 33
"""Bytes of a journal or a manifest that are read: those of some million jobs."""
_STEP = 1 << 16  # bytes taken on disk at a time, ahead of the events

_ENCODE = json.JSONEncoder(separators=(",", ":")).encode

Event = dict[str, Any]


def journal_path(manifest_path: Path) -> Path:
    """Where the journal of a manifest lies."""
    return manifest_path.with_name(manifest_path.name + ".journal")


def encode_line(payload: bytes) -> bytes:
    """One journal line from the JSON text of an event."""
    return b"%08x %b\n" % (zlib.crc32(payload), payload)


def decode_line(line: bytes) -> Event | None:
    """The event of one line, or ``None`` when the line is torn or damaged."""
    if len(line) < 11 or line[8:9] != b" ":
        return None
    payload = line[9:]
    try:
        if int(line[:8], 16) != zlib.crc32(payload):
            return None
        event = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if b"\\ud" in payload or b"\\uD" in payload:
        event = to_plain(event)  # halves of characters, which no file can hold, are escaped
    return event if isinstance(event, dict) else None


def encode_event(event: Event) -> bytes:
    """The JSON text of an event, on one line."""
    return _ENCODE(event).encode()


@dataclass(frozen=True, slots=True)
class JournalContent:
    """What a journal file holds.

    Attributes:
        events: The intact events, in order.
        damaged_lines: Lines that are not intact, but for a torn last one.
        identity: Tells this run's journal from another's.
    """

    events: list[Event]
    damaged_lines: int
    identity: bytes


def journal_identity(path: Path) -> bytes | None:
    """What tells a run's journal from another's: its beginning, which says when the run began."""
    try:
        with open_input(path, "", most=LARGEST, empty=True) as stream:
            return stream.readline(_STEP)
    except (FileFormatError, OSError):
        return None


def read_journal(path: Path) -> JournalContent | None:
    """Read a journal; ``None`` when there is none.

    Raises:
        ManifestError: The file is not a journal, or of a newer version.
    """
    try:
        data = read_bytes(path, "move it away to go on without it", most=LARGEST, empty=True)
    except FileFormatError as error:
        if not path.exists():
            return None
        raise ManifestError(str(error)) from error
    events: list[Event] = []
    damaged = 0
    lines = [line for line in data.split(b"\n") if line.strip(b"\0 \t\r")]
    for number, line in enumerate(lines):
        event = decode_line(line)
        if event is not None:
            events.append(event)
        elif number + 1 < len(lines):
            damaged += 1
    if lines and not events:
        raise ManifestError(
            f"{path}: not a batch journal, or damaged beyond reading; move it away to go on without it "
            "(jobs that the manifest does not show would be done again)"
        )
    version = events[0].get("journal", JOURNAL_VERSION) if events else JOURNAL_VERSION
    if not isinstance(version, int):
        raise ManifestError(
            f"{path}: its version is {quoted(version)}, which is no number; move it away to go on without it"
        )
    if version > JOURNAL_VERSION:
        raise ManifestError(
            f"{path}: journal version {version} is newer than {JOURNAL_VERSION}; "
            "use the version of retarget that wrote it"
        )
    end_of_first = data.find(b"\n", 0, _STEP) + 1
    return JournalContent(events, damaged, data[: end_of_first or _STEP])


class Journal:
    """A journal open for appending; one writer, from one thread at a time.

    Example:
        >>> with Journal.create(Path("m.json.journal"), [{"e": "run"}]) as journal:  # doctest: +SKIP
        ...     journal.reserve(1)
        ...     journal.append(encode_event({"e": "start", "id": "walk"}))
    """

    def __init__(self, path: Path, descriptor: int, end: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._end = end  # where the next event goes
        self._allocated = end  # what the file holds on disk
        self._synced = end

    @classmethod
    def create(cls, path: Path, events: Iterable[Event]) -> Journal:
        """Start a journal whose first events appear whole or not at all; an older one is replaced.

        Raises:
            OutputError: The file cannot be written.
        """
        with atomic_write(path) as stream:
            for event in events:
                stream.write(encode_line(encode_event(event)))
        descriptor = os.open(path, os.O_WRONLY)
        return cls(path, descriptor, os.fstat(descriptor).st_size)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def reserve(self, jobs: int) -> None:
        """Make sure that the outcomes of this many jobs can still be written on a full disk.

        Raises:
            OutputError: There is no space; nothing was handed out yet, so nothing is lost.
        """
        missing = self._end + jobs * 4096 + _STEP - self._allocated
        if missing > 0:
            blank = b"\n" * (-(-missing // _STEP) * _STEP)
            try:
                self._allocated += self._write(blank, self._allocated)
            except OSError as error:
                raise self._full(error) from error

    def append(self, payload: bytes) -> None:
        """Append one event, given as JSON text.

        Raises:
            OutputError: There is no space; the journal is as it was.
        """
        line = encode_line(payload)
        try:
            self._write(line, self._end)
        except OSError as error:
            # Blank out what may have been written: a torn line in the middle would count as damage.
            with contextlib.suppress(OSError):
                self._write(b"\n" * min(len(line), self._allocated - self._end), self._end)
            raise self._full(error) from error
        self._end += len(line)
        self._allocated = max(self._allocated, self._end)

    def sync(self) -> None:
        """Force what was appended to the disk, so that it survives a power cut too."""
        if self._synced != self._end:
            end = self._end
            os.fsync(self._descriptor)
            self._synced = end

    def close(self) -> None:
        """Close the file; it stays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _write(self, data: bytes, offset: int) -> int:
        done = 0
        while done < len(data):
            done += os.pwrite(self._descriptor, data[done:] if done else data, offset + done)
        return done

    def _full(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self.path}: the batch journal cannot be written ({error.strerror or error}); "
            "make space and start the batch again: it goes on where it stopped"
        )


def events_in(content: JournalContent | None) -> Iterator[Event]:
    """The events of a journal that may be missing."""
    return iter(content.events if content else ())
