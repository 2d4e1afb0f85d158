"""A file of arrays is told from its content, and its tensors and objects come back as data."""

import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pickle_makers import Tensor, joblib_bytes, pretended, torch_bytes

from retarget.containers import PLAIN, Allowance, read_data, read_npz, read_torch, record
from retarget.errors import FileFormatError

CLIPS = Path(__file__).parents[3] / "shared" / "clips"
GRID = np.arange(24, dtype=np.float32).reshape(4, 6)


def clip(name: str) -> bytes:
    if not (CLIPS / name).exists():
        pytest.skip(f"../shared/clips/{name} is absent")
    return (CLIPS / name).read_bytes()


@pytest.mark.parametrize("legacy", [False, True])
def test_tensors_come_back_as_arrays_with_their_strides(legacy: bool) -> None:
    flags = np.array([True, False])
    tensors = {
        "whole": Tensor(GRID.copy()),
        "turned": Tensor(GRID.copy().T),
        "part": Tensor(GRID.copy()[1:, ::2]),
        "contacts": [Tensor(flags)],
        "fps": 30,
    }
    found: Any = read_data(torch_bytes(tensors, legacy=legacy), "walk.motion")
    np.testing.assert_array_equal(found["whole"], GRID)
    np.testing.assert_array_equal(found["turned"], GRID.T)
    np.testing.assert_array_equal(found["part"], GRID[1:, ::2])
    np.testing.assert_array_equal(found["contacts"][0], flags)
    assert found["fps"] == 30 and found["whole"].dtype == np.float32


def test_each_container_is_told_by_its_content() -> None:
    written = {"a": GRID, "b": np.array(["hip", "knee"])}
    npz, npy, objects = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.savez_compressed(npz, **written)
    np.save(npy, GRID)
    np.save(objects, np.array({"fps": 30, "root": GRID}, object))
    found: Any = read_data(npz.getvalue(), "it")
    np.testing.assert_array_equal(found["a"], GRID)
    assert found["b"].tolist() == ["hip", "knee"]
    for raw in (npy.getvalue(), joblib_bytes(GRID, 4), pickle.dumps(GRID)):
        np.testing.assert_array_equal(read_data(raw, "it"), GRID)
    single: Any = read_data(objects.getvalue(), "it")
    assert single["fps"] == 30
    np.testing.assert_array_equal(single["root"], GRID)


def test_names_stored_as_objects_are_read_where_the_caller_says_so() -> None:
    raw = clip("robot_beyondmimic_npz/adapt_p2_serve.npz")
    found = read_npz(raw, "serve.npz", ["body_names", "fps"], allowance=PLAIN)
    assert found["body_names"][0] == "pelvis" and len(found["body_names"]) == 32
    assert found["fps"].tolist() == [50]
    with pytest.raises(FileFormatError, match=r"serve.npz: joint_names holds objects"):
        read_npz(raw, "serve.npz", ["joint_names"])


def test_a_real_file_of_torch_needs_only_what_it_names() -> None:
    raw = clip("robot_protomotions/kimodo_g1_walk.motion")
    name = "protomotions.simulator.base_simulator.simulator_state.StateConversion"
    with pytest.raises(FileFormatError, match=rf"walk.motion: asks for '{name}'"):
        read_data(raw, "walk.motion")
    allowed = PLAIN | Allowance({name: record(name, lambda it, budget: it.arguments[0])})
    found: Any = read_data(raw, "walk.motion", allowed)
    assert found["state_conversion"] == "common" and found["fps"] == 30
    assert found["dof_pos"].shape == (150, 29) and found["rigid_body_pos"].shape == (150, 33, 3)
    assert found["rigid_body_contacts"].dtype == bool and found["rigid_body_contacts"].any()
    np.testing.assert_allclose(np.linalg.norm(found["rigid_body_rot"], axis=-1), 1, atol=1e-5)


def test_a_tensor_may_not_reach_beyond_its_storage() -> None:
    raw = torch_bytes(Tensor(GRID.copy()))
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["walk/data/0"] = content["walk/data/0"][:-4]
    torn = io.BytesIO()
    with zipfile.ZipFile(torn, "w") as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    with pytest.raises(FileFormatError, match="beyond its storage"):
        read_torch(torn.getvalue(), "walk.pt")


def test_a_tensor_repeated_by_strides_counts_as_large_as_it_is() -> None:
    many = np.lib.stride_tricks.as_strided(np.ones(1, np.float32), (1 << 20, 1 << 8), (0, 0))
    tensor = Tensor(many)
    with pytest.raises(FileFormatError, match="a tensor of 1 GiB goes beyond"):
        read_torch(torch_bytes(tensor), "walk.pt", limit_bytes=1 << 28)


def test_an_archive_that_unpacks_to_more_than_it_may_is_refused_unopened() -> None:
    stream = io.BytesIO()
    np.savez_compressed(stream, a=np.zeros(1 << 22))
    assert len(stream.getvalue()) < 1 << 16
    with pytest.raises(FileFormatError, match=r"the entry 'a.npy' of 32 MiB goes beyond"):
        read_data(stream.getvalue(), "walk.npz", limit_bytes=1 << 20)


@pytest.mark.parametrize("kind", ["npz", "npy", "torch", "legacy"])
def test_code_is_refused_in_every_container(kind: str) -> None:
    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, ("true",)

    stream = io.BytesIO()
    if kind == "npz":
        np.savez(stream, a=np.array([Harm()], object))
    elif kind == "npy":
        np.save(stream, np.array({"a": Harm()}, object))
    else:
        stream.write(torch_bytes({"a": Harm()}, legacy=kind == "legacy"))
    with pytest.raises(FileFormatError, match=r"walk: asks for 'posix.system'"):
        read_data(stream.getvalue(), "walk")


@settings(max_examples=120)
@given(st.sampled_from(["npz", "torch", "legacy", "npy"]), st.data())
def test_a_damaged_file_is_data_or_one_clear_line(kind: str, draw: st.DataObject) -> None:
    stream = io.BytesIO()
    if kind == "npz":
        np.savez_compressed(stream, a=GRID, b=np.array([1, "b"], object))
    elif kind == "npy":
        np.save(stream, np.array({"a": GRID}, object))
    else:
        stream.write(torch_bytes({"a": Tensor(GRID.copy())}, legacy=kind == "legacy"))
    raw = bytearray(stream.getvalue())
    for _ in range(draw.draw(st.integers(1, 4))):
        raw[draw.draw(st.integers(0, len(raw) - 1))] = draw.draw(st.integers(0, 255))
    for damaged in (bytes(raw), bytes(raw[: draw.draw(st.integers(0, len(raw)))])):
        try:
            read_data(damaged, "walk", limit_bytes=1 << 22)
        except FileFormatError as error:
            assert "\n" not in str(error) and str(error).startswith("walk: ")


def test_a_class_of_another_library_is_refused_by_its_full_name() -> None:
    class AnalysisTake:
        pass

    with pretended("studio.capture", AnalysisTake=AnalysisTake):
        raw = pickle.dumps({"take": AnalysisTake()})
    with pytest.raises(FileFormatError, match=r"asks for 'studio.capture.AnalysisTake'"):
        read_data(raw, "walk.pkl")
