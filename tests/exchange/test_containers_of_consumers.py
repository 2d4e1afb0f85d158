"""What holds each consumer's file: pickles that name little, archives that C++ reads, the same bytes again."""

from __future__ import annotations

import pickle
import subprocess
from pathlib import Path

import loaders
import numpy as np
import pytest

from retarget.export import export_result
from retarget.result import RetargetingResult
from retarget.robots import load_robot

G1 = load_robot("unitree_g1")


@pytest.mark.parametrize("name", ["gmr", "twist", "phc", "pbhc", "sonic", "amp_rsl_rl"])
def test_pickles_name_nothing_but_public_makers_of_arrays(
    name: str, written: dict[str, Path]
) -> None:
    raw = written[name].read_bytes()
    assert b"numpy._core" not in raw and b"numpy.core" not in raw
    seen: set[str] = set()

    class Watching(pickle.Unpickler):
        def find_class(self, module: str, found: str) -> object:
            seen.add(f"{module}.{found}")
            return super().find_class(module, found)

    with written[name].open("rb") as stream:
        if name == "amp_rsl_rl":
            np.lib.format.read_magic(stream)
            np.lib.format.read_array_header_1_0(stream)
        value = Watching(stream).load()
    assert seen <= {"numpy.ndarray", "numpy.array", "builtins.bytearray"}
    arrays = list((value.item() if name == "amp_rsl_rl" else value).values())
    arrays = list(arrays[0].values()) if name in ("phc", "pbhc", "sonic") else arrays
    for array in arrays:
        if isinstance(array, np.ndarray):
            assert array.flags.writeable and array.flags.c_contiguous


@pytest.mark.parametrize("kind", ["beyondmimic", "mjlab", "holosoma_wbt", "loco_mujoco"])
def test_readers_in_cpp_find_every_array_of_numbers(kind: str, written: dict[str, Path]) -> None:
    seen = loaders.cnpy_keys(written[kind].read_bytes())
    data = np.load(written[kind])
    for key in data.files:
        if data[key].dtype.kind != "U":
            assert seen[key] == (data[key].dtype.str, data[key].shape)


def test_tensors_are_what_torch_reads(written: dict[str, Path]) -> None:
    torch = pytest.importorskip("torch", reason="torch reads its own files")
    path = written["protomotions"]
    expected = loaders.torch_dict(path)
    for weights_only in (True, False):
        found = torch.load(path, weights_only=weights_only)
        assert set(found) == set(expected)
        for key, value in expected.items():
            if isinstance(value, np.ndarray):
                np.testing.assert_array_equal(found[key].numpy(), value)
            else:
                assert found[key] == value


def test_equal_motions_make_equal_files(
    written: dict[str, Path], dance: RetargetingResult, tmp_path: Path
) -> None:
    for kind, path in written.items():
        again = tmp_path / path.name
        export_result(dance, again, kind, robot=G1)
        pairs = [(path, again)] if path.is_file() else [(f, again / f.name) for f in path.iterdir()]
        assert all(one.read_bytes() == other.read_bytes() for one, other in pairs), kind


def test_a_file_is_read_by_numpy_1(written: dict[str, Path]) -> None:
    """By a NumPy of the first major version, where one is at hand: trainers on Isaac Gym have no other."""
    python = numpy_1_python()
    program = (
        "import pickle, sys, numpy as np\n"
        "assert np.__version__ < '2', np.__version__\n"
        "for path in sys.argv[1:]:\n"
        "    if path.endswith('.npz'): dict(np.load(path))\n"
        "    elif path.endswith('.npy'): np.load(path, allow_pickle=True).item()\n"
        "    else: pickle.load(open(path, 'rb'))\n"
        "print('read', len(sys.argv) - 1)\n"
    )
    paths = [str(p) for p in written.values() if p.suffix in (".npz", ".npy", ".pkl")]
    done = subprocess.run(
        [python, "-c", program, *paths], capture_output=True, text=True, check=False
    )
    assert done.stdout == f"read {len(paths)}\n", done.stderr


def numpy_1_python() -> str:
    """A Python with NumPy 1, named by RETARGET_NUMPY1_PYTHON; skips the test without one."""
    import os

    python = os.environ.get("RETARGET_NUMPY1_PYTHON", "")
    if not python:
        pytest.skip("set RETARGET_NUMPY1_PYTHON to a Python that has NumPy 1")
    return python
