"""Ways to damage archives of arrays, pickles and journals; check sums are put right, so that readers get further."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import struct
import zipfile
import zlib
from functools import cache, lru_cache
from random import Random
from typing import Any, Final

import numpy as np

from fuzzing.mutations import damage_bytes, damage_json, damage_text, json_text

__all__ = ["damage_archive", "damage_journal", "damage_pickle"]

_DTYPES: Final = ("<f8", "<f4", "<f2", ">f8", "<i8", "|u1", "?", "<c16", "<U4", "|S3", "<M8[s]")
_KEPT: Final = 0.8  # share of what a pickle holds
_FACTORS: Final = (0.0, -1.0, 1e-9, 100.0, 1e6, 1e30, 1e160, 1e300, np.nan, np.inf)


class _Call:
    """What a pickle would run, were it run: it leaves a file behind."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, ("fuzz_ran_code", "w"))


def damage_archive(data: bytes, random: Random) -> bytes:
    """A NumPy archive with arrays of another kind, shape or content, or damaged as a ZIP file."""
    if random.random() < 0.3:
        return damage_bytes(data, random)
    arrays, entries = _opened(data)
    entries = dict(entries)
    for _ in range(random.choice((1, 1, 2, 4))):
        name = random.choice(list(arrays))
        what = random.randrange(10)
        if what == 0:
            entries.pop(f"{name}.npy", None)
        elif what == 1:
            raw = bytearray(entries.get(f"{name}.npy") or b"\x93NUMPY")
            at = random.randrange(min(len(raw), 128))
            raw[at] = random.randrange(256)
            entries[f"{name}.npy"] = bytes(raw)
        elif what == 2:
            entries[f"{name}.npy"] = entries.get(f"{name}.npy", b"")[: random.randrange(200)]
        elif what == 3 and arrays[name].dtype.kind == "U" and arrays[name].ndim == 0:
            entries[f"{name}.npy"] = _npy(np.array(_damaged_text(str(arrays[name]), random)))
        else:
            entries[f"{name}.npy"] = _npy(_damaged_array(arrays, name, random))
    return _zipped(entries, random)


@lru_cache(maxsize=16)
def _opened(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, bytes]]:
    """The arrays of a sound archive, and each as a file."""
    with np.load(io.BytesIO(data)) as archive:
        arrays = {name: archive[name] for name in archive.files}
    return arrays, {f"{name}.npy": _npy(array) for name, array in arrays.items()}


def _damaged_text(text: str, random: Random) -> str:
    try:
        return json_text(damage_json(json.loads(text), random)).decode("utf-8", "replace")
    except ValueError:
        return damage_text(text.encode(), random).decode("utf-8", "replace")


def _damaged_array(arrays: dict[str, np.ndarray], name: str, random: Random) -> np.ndarray:
    array = arrays[name]
    what = random.randrange(10)
    try:
        if what == 0:
            return array.astype(random.choice(_DTYPES))
        if what == 1:
            return array.reshape(-1)[: random.choice((0, 1, 7))]
        if what == 2:
            return array[None] if random.random() < 0.5 else array[..., None]
        if what == 3 and array.ndim:
            axis = random.randrange(array.ndim)
            return np.take(array, range(random.choice((0, 1, max(array.shape[axis] - 1, 0)))), axis)
        if what == 4:
            return np.array([None, {}, _Call()], object)
        if what == 5:
            return random.choice(list(arrays.values()))
        if what == 6 and array.ndim:
            return np.repeat(array, 2, axis=0)
        changed = array.copy()
        flat = changed.reshape(-1)
        if array.dtype.kind in "fiub" and flat.size:
            some = (
                slice(None)
                if random.random() < 0.2
                else slice(*sorted((random.randrange(flat.size), random.randrange(flat.size) + 1)))
            )
            with np.errstate(all="ignore"):
                factor = random.choice(_FACTORS)
                if array.dtype.kind == "f":
                    flat[some] = flat[some] * factor if random.random() < 0.5 else factor
                else:
                    flat[some] = random.choice((0, 1, 100))
        elif array.dtype.kind == "U" and flat.size:
            flat[random.randrange(flat.size)] = random.choice(("", "x", "\x1b[3", str(flat[0])))
        return changed
    except (ValueError, TypeError):
        return np.zeros(3)


def _npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def _zipped(entries: dict[str, bytes], random: Random) -> bytes:
    stream = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if random.random() < 0.5 else zipfile.ZIP_STORED
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    content = stream.getvalue()
    if random.random() < 0.02 and entries:
        return _bomb(random.choice(list(entries)), random.choice((1 << 29, 3 << 30, 100)))
    return content


@cache
def _zeros(said: int) -> bytes:
    """Half a gigabyte of zeros, deflated, behind the head of an array that says how many there are."""
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "|i1", "fortran_order": False, "shape": (said,)}
    )
    parts = [packer.compress(head.getvalue())]
    block = bytes(1 << 20)
    parts += [packer.compress(block) for _ in range(512)]
    return b"".join([*parts, packer.flush()])


def _bomb(name: str, said: int) -> bytes:
    """An archive of some megabytes that says, or keeps to itself, that it unpacks to gigabytes."""
    packed = _zeros(said)
    entry = name.encode("utf-8", "replace")
    fields = (20, 0, 8, 0, 33, 0, len(packed), min(said, 0xFFFFFFFE), len(entry), 0)
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", *fields) + entry + packed
    central = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, *fields, 0, 0, 0, 0, 0) + entry
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end


def damage_journal(data: bytes, random: Random) -> bytes:
    """A journal with some events of other content, whose check sums are right."""
    if random.random() < 0.15:
        return damage_bytes(data, random)
    lines = [line for line in data.split(b"\n") if line.strip()]
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(len(lines))
        what = random.random()
        if what < 0.1:
            del lines[at]
        elif what < 0.2:
            lines.insert(random.randrange(len(lines) + 1), lines[at])
        else:
            with contextlib.suppress(RecursionError):  # damaged before, into what is too deep
                payload = json_text(damage_json(json.loads(lines[at][9:]), random))
                lines[at] = b"%08x %b" % (zlib.crc32(payload), payload)
        if not lines:
            break
    return b"\n".join(lines) + b"\n"


def damage_pickle(data: bytes, random: Random) -> bytes:
    """A pickle that asks for foreign names, nests, or is damaged."""
    what = random.random()
    if what < 0.6:
        return damage_bytes(data, random)
    value = pickle.loads(data)
    if what < 0.7:
        value = {"a": _Call(), "b": value}
    elif what < 0.8:
        for _ in range(random.choice((10, 300))):
            value = [value]
    elif isinstance(value, list):
        value = [one for one in value if random.random() < _KEPT]
    else:
        value = {k: v for k, v in value.items() if random.random() < _KEPT}
    return pickle.dumps(value, protocol=random.randrange(6))
