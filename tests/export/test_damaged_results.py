"""A result file that is damaged anywhere is refused in one line, or judged in finite numbers."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from retarget.config import RunConfig
from retarget.demo import clips_folder
from retarget.errors import RetargetError
from retarget.evaluation import evaluate_result
from retarget.motion import read_motion
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robots import load_robot

Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a short result."""
    path = tmp_path_factory.mktemp("whole") / "walk.npz"
    motion = read_motion(clips_folder() / "humanoid_walk.npz").frames(0, 20)
    retarget_motion(motion, load_robot("unitree_g1")).save_npz(path)
    return path.read_bytes()


def changed(whole: bytes, change: Callable[[Arrays], object]) -> bytes:
    with np.load(io.BytesIO(whole)) as archive:
        arrays = {name: archive[name] for name in archive.files}
    change(arrays)
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def test_random_damage_is_refused_or_judged_and_nothing_else(whole: bytes, tmp_path: Path) -> None:
    """Bytes and whole arrays are damaged at random; what is still read can be judged, in finite numbers."""
    rng = np.random.default_rng(5)
    robot = load_robot("unitree_g1")
    path = tmp_path / "walk.npz"
    refused = 0
    for _ in range(150):
        path.write_bytes(damaged(whole, rng))
        try:
            result = RetargetingResult.load_npz(path)
            RunConfig.of_result(result)
            report = evaluate_result(result, robot)
        except RetargetError as error:
            assert "\n" not in str(error)
            refused += 1
            continue
        values = [measure.value for measure in report.measures.values()]
        assert np.isfinite([value for value in values if value is not None]).all()
    assert 50 < refused < 150


def damaged(whole: bytes, rng: np.random.Generator) -> bytes:
    if rng.random() < 0.4:
        data = bytearray(whole)
        for _ in range(rng.integers(1, 8)):
            data[rng.integers(len(data))] = rng.integers(256)
        return bytes(data[: rng.integers(len(data))] if rng.random() < 0.2 else data)
    return changed(whole, lambda arrays: _damage_one(arrays, rng))


def _damage_one(arrays: Arrays, rng: np.random.Generator) -> None:
    name = str(rng.choice(list(arrays)))
    array = arrays[name].copy()
    flat = array.reshape(-1)
    kind = rng.integers(5)
    if kind == 0 and array.ndim:
        array = array[: rng.integers(len(array) + 1)]
    elif kind == 1:
        array = np.array(array.astype(str) if array.dtype.kind != "U" else 3)
    elif kind == 2 and array.size and array.dtype.kind in "fi":
        values = [0, -1, 1e3, 1e38, np.nan, np.inf] if array.dtype.kind == "f" else [0, -1, 9999]
        flat[rng.integers(flat.size)] = rng.choice(values)
    elif kind == 3 and array.dtype.kind == "U" and array.size:
        flat[rng.integers(flat.size)] = rng.choice(["", "x", "[]", "{}", "null", '{"run": 3}'])
    else:
        array = array[None]
    arrays[name] = array
