"""How values are packed into files: one writer a container, each from values by key to a file or a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from retarget.exchange.tables import Container
from retarget.exchange.writers.archives import write_npz_values
from retarget.exchange.writers.csv_tables import write_csv_folder, write_csv_table
from retarget.exchange.writers.keyframes import write_keyframes
from retarget.exchange.writers.pickles import write_npy_dict, write_pickle
from retarget.exchange.writers.torch_zip import write_torch_zip

__all__ = ["FOLDERS", "Writer", "writer_of_container"]

Writer = Callable[[Path, Mapping[str, Any]], None]

FOLDERS: tuple[Container, ...] = ("csv_folder",)
"""Containers that are folders of files."""

_WRITERS: dict[Container, Writer] = {
    "csv": write_csv_table,
    "csv_folder": write_csv_folder,
    "mjcf": write_keyframes,
    "npy_dict": write_npy_dict,
    "npz": write_npz_values,
    "pickle": write_pickle,
    "torch_zip": write_torch_zip,
}


def writer_of_container(container: Container) -> Writer:
    """The function that writes values to a path, which it makes or overwrites."""
    return _WRITERS[container]
