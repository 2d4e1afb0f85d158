"""A file of arrays and names, whatever container it is in."""

from __future__ import annotations

import pickle
from pathlib import Path

from retarget.containers.allowance import Allowance, plain
from retarget.containers.limits import LIMIT_BYTES, Budget, Refused, reading
from retarget.containers.npz import read_npy, read_npz
from retarget.containers.pickles import PLAIN, read_pickle
from retarget.containers.torch_files import LEGACY_MAGIC, read_legacy_torch, read_torch_zip
from retarget.containers.zips import Zip

__all__ = ["read_data", "read_torch"]

_ZIP = b"PK\x03\x04"
_NPY = b"\x93NUMPY"
_LEGACY = pickle.dumps(LEGACY_MAGIC, 2)


def read_torch(
    data: bytes,
    path: str | Path,
    allowance: Allowance = PLAIN,
    *,
    limit_bytes: int = LIMIT_BYTES,
) -> object:
    """What a file of ``torch.save`` holds, its tensors as arrays; torch is not needed.

    Args:
        data: The file.
        path: Where it is from, for messages.
        allowance: Names of classes and functions that it may use besides those of tensors.
        limit_bytes: What it may take in memory.

    Raises:
        FileFormatError: It is torn, asks for a name that is not allowed, or for more memory than it may have.
    """
    with reading(path, "file of torch"):
        budget = Budget(limit_bytes)
        if data.startswith(_LEGACY):
            found, records = read_legacy_torch(data, allowance, budget)
        elif data.startswith(_ZIP):
            found, records = read_torch_zip(Zip(data, budget), allowance, budget)
        else:
            raise Refused("is no file of torch", "save it with torch.save")
        return plain(found, budget) if records else found


def read_data(
    data: bytes,
    path: str | Path,
    allowance: Allowance = PLAIN,
    *,
    limit_bytes: int = LIMIT_BYTES,
) -> object:
    """What a NumPy array or archive, a pickle, or a file of joblib or torch holds: told from its content, not its name.

    Args:
        data: The file.
        path: Where it is from, for messages.
        allowance: Names of classes and functions that it may use.
        limit_bytes: What it may take in memory.

    Returns:
        A dictionary of arrays for an archive, an array for an ``.npy`` file (the object itself for one that holds a
        single one), else what was pickled.

    Raises:
        FileFormatError: It is none of these, torn, asks for a name that is not allowed, or for more memory than it may
            have.

    Example:
        >>> read_data(Path("walk.motion").read_bytes(), "walk.motion")["dof_pos"].shape  # doctest: +SKIP
        (150, 29)
    """
    if data.startswith(_NPY):
        array = read_npy(data, path, allowance=allowance, limit_bytes=limit_bytes)
        return array.item() if array.dtype.hasobject and array.shape == () else array
    if data.startswith(_ZIP):
        with reading(path, "ZIP archive"):
            names = Zip(data, Budget(limit_bytes)).names
        if any(name.endswith(".npy") for name in names):
            return read_npz(data, path, allowance=allowance, limit_bytes=limit_bytes)
    if data.startswith((_ZIP, _LEGACY)):
        return read_torch(data, path, allowance, limit_bytes=limit_bytes)
    return read_pickle(data, path, allowance, limit_bytes=limit_bytes)
