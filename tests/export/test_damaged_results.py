"""A result file that is damaged, foreign or hostile is refused in one line that names it; none hurts what reads it."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retarget.config import RunConfig
from retarget.demo import clips_folder
from retarget.errors import FileFormatError, RetargetError
from retarget.evaluation import evaluate
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


def setting(name: str, value: Any) -> Callable[[Arrays], object]:
    return lambda arrays: arrays.update({name: np.array(value)})


def edited(name: str, edit: Callable[[np.ndarray], object]) -> Callable[[Arrays], object]:
    return lambda arrays: edit(arrays[name])


WRONG = {
    "one missing": (lambda arrays: arrays.pop("contacts"), "'contacts' is missing"),
    "another shape": (setting("contacts", np.zeros((20, 2, 1), bool)), "expected (20, 2, 2)"),
    "another length": (setting("frame_cost", np.zeros(19)), "expected (20)"),
    "numbers for flags": (setting("contacts", np.zeros((20, 2, 2))), "are float64, not bool"),
    "text for numbers": (setting("qpos", np.full((20, 36), "x")), "are <U1, not numbers"),
    "complex numbers": (setting("frame_cost", np.zeros(20, complex)), "not numbers"),
    "a NaN": (edited("source_positions", lambda a: a.__setitem__((3, 2, 1), np.nan)), "holds NaN"),
    "NaN in qpos": (edited("qpos", lambda a: a.__setitem__((3, 2), np.nan)), "qpos holds NaN"),
    "far away": (edited("qpos", lambda a: a.__setitem__((3, 0), 1e300)), "qpos reaches 1e+300"),
    "no quaternion": (edited("qpos", lambda a: a.__setitem__((3, slice(3, 7)), 0)), "quaternion"),
    "no rate": (setting("fps", 0.0), "fps is 0"),
    "an absurd rate": (setting("fps", 1e9), "fps reaches 1e+09"),
    "several rates": (setting("fps", [30.0, 30.0]), "expected ()"),
    "a joint more": (setting("joint_names", ["a"] * 30), "30 joints"),
    "no JSON": (setting("manifest_json", "{"), "is not JSON"),
    "a list for an object": (setting("manifest_json", "[]"), "is not the JSON of an object"),
    "deep JSON": (setting("manifest_json", "[" * 50_000), "is not JSON"),
    "no hold": (setting("yielded_json", '[{"point": 3}]'), "is no hold"),
    "a hold for ever": (
        setting(
            "yielded_json", '[{"point": "a", "start_s": 0, "end_s": 1e999, "distance": 1}]'
        ),
        "is no hold",
    ),
    "another version": (
        setting("manifest_json", json.dumps({"schema_version": 99})),
        "version 99",
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", WRONG)
def test_what_is_wrong_with_a_result_is_said_with_its_name(
    whole: bytes, tmp_path: Path, damage: str
) -> None:
    change, said = WRONG[damage]
    path = tmp_path / "walk.npz"
    path.write_bytes(changed(whole, change))
    with pytest.raises(FileFormatError) as caught:
        RetargetingResult.load_npz(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert said in message
    assert "\n" not in message


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
            report = evaluate(result, robot)
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


def test_an_archive_that_unpacks_to_far_more_than_it_holds_is_not_unpacked(
    whole: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "bomb.npz"
    rows = 600_000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in ("qpos", "source_positions"):  # 173 MB each
            with archive.open(f"{name}.npy", "w") as entry:
                header = {"descr": "<f8", "fortran_order": False, "shape": (rows, 36)}
                np.lib.format.write_array_header_1_0(entry, header)
                for _ in range(rows // 100_000):
                    entry.write(bytes(36 * 8 * 100_000))
    with pytest.raises(FileFormatError, match=r"bomb\.npz.*unpack to 0\.3 GB"):
        RetargetingResult.load_npz(path)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    with pytest.raises(FileFormatError, match=r"pipe\.npz: is no regular file"):
        RetargetingResult.load_npz(tmp_path / "pipe.npz")
    with pytest.raises(FileFormatError, match=r"gone\.npz: No such file"):
        RetargetingResult.load_npz(tmp_path / "gone.npz")


def test_a_loaded_result_can_be_written_to(whole: bytes, tmp_path: Path) -> None:
    (tmp_path / "walk.npz").write_bytes(whole)
    result = RetargetingResult.load_npz(tmp_path / "walk.npz")
    result.qpos[:, 2] += 1.0
    result.source.positions[0] = 0.0
