"""A model file's bytes -> its XML elements: encodings, pointers of Git LFS, and formats that are something else."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from retarget.errors import FileFormatError

__all__ = ["MODEL_REMEDY", "is_lfs_pointer", "read_xml"]

MODEL_REMEDY = "give an MJCF (.xml, .mjcf) or URDF (.urdf) file"

_LARGEST = 200 << 20  # bytes: the largest published model, all in one file, has 3 MB
_LFS = b"version https://git-lfs.github.com/spec"
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_DECLARATION = re.compile(r"^\s*<\?xml.*?\?>", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE", re.IGNORECASE)


def read_xml(path: Path, notes: list[str]) -> ElementTree.Element:
    """The outermost element of an XML file.

    Raises:
        FileFormatError: The file is missing, not XML, too large, or a pointer to a file that was not fetched.
    """
    try:
        if not path.is_file():
            raise FileFormatError(path, "no such file", MODEL_REMEDY)
        if path.stat().st_size > _LARGEST:
            raise FileFormatError(path, "is larger than 200 MB", MODEL_REMEDY)
        data = path.read_bytes()
    except OSError as error:
        cause = f"cannot be read ({error.strerror or error})"
        raise FileFormatError(path, cause, MODEL_REMEDY) from error
    if is_lfs_pointer(data):
        raise FileFormatError(
            path, "is a pointer of Git LFS, not the model", "fetch it: git lfs pull"
        )
    text = _decoded(data, path, notes)
    if text.endswith("\0"):
        notes.append("left out zero bytes at the end of the file")
        text = text.rstrip("\0")
    if _DOCTYPE.search(text[:4096]):
        # Entities are what XML bombs are made of; no published robot uses them.
        raise FileFormatError(
            path, "has a document type (<!DOCTYPE>)", "take it out; robots need none"
        )
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        line = error.position[0]
        raise FileFormatError(path, f"not XML ({error})", MODEL_REMEDY, line=line) from error
    except (ValueError, RecursionError) as error:
        raise FileFormatError(path, f"not XML ({error})", MODEL_REMEDY) from error


def is_lfs_pointer(data: bytes) -> bool:
    """Whether a file's bytes are the pointer that Git LFS leaves in the place of a file."""
    return data.startswith(_LFS)


def _decoded(data: bytes, path: Path, notes: list[str]) -> str:
    """Text of a file, without its declaration: in the encoding that it states, else UTF-8, else Latin-1."""
    declared = _DECLARED.search(data[:400])
    encoding = declared[1].decode("ascii") if declared else "utf-8-sig"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif encoding.lower() in ("utf-8", "utf8"):
        encoding = "utf-8-sig"
    try:
        return _DECLARATION.sub("", data.decode(encoding), count=1)
    except LookupError as error:
        raise FileFormatError(
            path, f"states the encoding {encoding!r}, which is not known", "save it as UTF-8"
        ) from error
    except UnicodeDecodeError as error:
        if encoding != "utf-8-sig" or b"<" not in data[:400]:
            line = data.count(b"\n", 0, error.start) + 1
            cause = f"not XML (not text in {encoding.removesuffix('-sig').upper()})"
            raise FileFormatError(path, cause, MODEL_REMEDY, line=line) from error
        notes.append("is not UTF-8: read as Latin-1")
        return _DECLARATION.sub("", data.decode("latin-1"), count=1)
