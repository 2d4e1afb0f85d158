"""Pickles of every protocol come back as the data they hold; anything but data is refused by name and never run."""

import bz2
import contextlib
import datetime
import gc
import gzip
import lzma
import os
import pickle
import struct
import tracemalloc
import zlib
from collections import OrderedDict, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pickle_makers import joblib_bytes, pretended

from retarget.containers import CHUMPY, PLAIN, SPARSE, Allowance, read_pickle, record
from retarget.errors import FileFormatError

CLIPS = Path(__file__).parents[3] / "shared" / "clips"
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
    | st.binary().map(bytearray) | st.complex_numbers(allow_nan=False)
    | st.frozensets(st.integers()) | st.sets(st.text())
)  # fmt: skip
DATA = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner, inner, inner) | st.tuples(inner)
        | st.dictionaries(st.text() | st.integers() | st.tuples(st.integers(), st.text()), inner)
        | st.dictionaries(st.text(), inner).map(OrderedDict)
    ),
    max_leaves=12,
)  # fmt: skip
PROTOCOLS = st.integers(0, pickle.HIGHEST_PROTOCOL)
ARRAYS = arrays.arrays(
    st.sampled_from(["<f8", ">f4", "<i2", "?", "<U3", "S4", "<c16"]),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


def read(data: bytes, allowance: Allowance = PLAIN, **limits: int) -> Any:
    return read_pickle(data, "walk.pkl", allowance, **limits)


@given(DATA, PROTOCOLS)
def test_data_comes_back_as_it_was_written(data: object, protocol: int) -> None:
    assert read(pickle.dumps(data, protocol)) == data


@given(ARRAYS, PROTOCOLS)
def test_arrays_of_numpy_2_and_1_come_back(array: np.ndarray, protocol: int) -> None:
    whole = [array, array.T, array.reshape(-1)[:1].copy(), [1, array]]
    raw = pickle.dumps({"a": whole, "b": array}, protocol)
    old = raw.replace(b"cnumpy._core", b"cnumpy.core")  # as protocols below 4 name them
    old = old.replace(b"\x8c\x16numpy._core.multiarray", b"\x8c\x15numpy.core.multiarray")
    old = old.replace(b"\x8c\x13numpy._core.numeric", b"\x8c\x12numpy.core.numeric")
    for stored in (raw, old):
        found = read(stored)
        for one, expected in zip([*found["a"][:3], found["b"]], [*whole[:3], array], strict=True):
            np.testing.assert_array_equal(one, expected)
            assert one.dtype.newbyteorder("=") == expected.dtype.newbyteorder("=")
    assert b"numpy._core" not in old


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("protocol", range(6))
def test_scalars_matrices_and_arrays_of_objects_come_back(protocol: int) -> None:
    data = {
        "rate": np.float64(29.97),
        "names": np.array(["hip", None, ("a", 1)], object),
        "flag": np.bool_(True),
        "matrix": np.matrix([[1.0, 2.0]]),
        "counts": defaultdict(int, a=2),
    }
    found = read(pickle.dumps(data, protocol))
    assert found["rate"] == 29.97 and type(found["rate"]) is np.float64
    assert found["names"].tolist() == data["names"].tolist()
    assert found["flag"] == np.True_ and found["matrix"].tolist() == [[1.0, 2.0]]
    assert found["counts"] == {"a": 2} and type(found["counts"]) is dict


def test_an_array_that_says_no_private_name_is_read() -> None:
    class Written:
        def __reduce__(self) -> tuple[Any, ...]:
            return np.ndarray, ((2, 2), "<f4", bytearray(np.eye(2, dtype="<f4").tobytes()))

    np.testing.assert_array_equal(read(pickle.dumps(Written(), 4)), np.eye(2))


def test_text_of_python_2_keeps_every_byte() -> None:
    raw = b"\x80\x02}q\x00U\x05pantsU\x02\x00\xff" + b"s."
    assert read(raw) == {"pants": "\x00\xff"}
    assert read(b"(dp0\nS'hip\\n'\np1\nI01\ns.") == {"hip\n": True}


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("aligned", [True, False])
def test_arrays_of_joblib_stand_in_the_middle_of_the_pickle(protocol: int, aligned: bool) -> None:
    array = np.arange(12.0).reshape(3, 4)
    raw = joblib_bytes(array, protocol, aligned=aligned)
    packed = (raw, zlib.compress(raw), gzip.compress(raw), bz2.compress(raw), lzma.compress(raw))
    for file in (*packed, lzma.compress(raw, lzma.FORMAT_ALONE)):
        np.testing.assert_array_equal(read(file), array)
    objects = np.array([["a"], [None]], object)
    assert read(joblib_bytes(objects, protocol)).tolist() == objects.tolist()


def test_a_real_file_of_joblib_is_read() -> None:
    found = sorted((CLIPS / "robot_asap_pkl").glob("*.pkl"))
    if not found:
        pytest.skip("../shared/clips/robot_asap_pkl is absent")
    (clip,) = read(found[0].read_bytes()).values()
    assert clip["fps"] == 30
    assert clip["pose_aa"].shape == (152, 27, 3) and clip["root_rot"].shape == (152, 4)
    np.testing.assert_allclose(np.linalg.norm(clip["root_rot"], axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(clip["pose_aa"][:, 1:24].sum(-1), clip["dof"], atol=1e-6)


class Harm:
    """What a hostile file is made of: unpickled as usual, it makes a file."""

    def __init__(self, function: Any, *arguments: object) -> None:
        self.reduced = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.reduced


HOSTILE = [
    (lambda mark: Harm(os.system, f"touch {mark}"), "posix.system"),
    (lambda mark: Harm(eval, f"open({str(mark)!r}, 'w')"), "builtins.eval"),
    (lambda mark: Harm(getattr, "", "join"), "builtins.getattr"),
    (lambda mark: Harm(open, str(mark), "w"), "io.open"),
    (lambda mark: Harm(np.load, str(mark)), "numpy.load"),
    (lambda mark: [{"fps": 30, "root": (Harm(np.fromfile, str(mark)),)}], "numpy.fromfile"),
    (lambda mark: Path(mark), "pathlib.PosixPath"),
    (lambda mark: datetime.date(2020, 1, 1), "datetime.date"),
    (lambda mark: Decimal("1.5"), "decimal.Decimal"),
    (lambda mark: np.random.default_rng, "numpy.random"),
]


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(("make", "named"), HOSTILE, ids=[name for _, name in HOSTILE])
def test_anything_but_data_is_refused_by_name_and_not_run(
    make: Any, named: str, protocol: int, tmp_path: Path
) -> None:
    mark = tmp_path / "run"
    module = named.partition(".")[0]
    python_2 = {"builtins": "__builtin__", "io": "(__builtin__|io)"}
    expected = named.replace(module, python_2.get(module, module)) if protocol < 3 else named
    with pytest.raises(FileFormatError, match=rf"walk.pkl: asks for '{expected}.*no data"):
        read(pickle.dumps(make(mark), protocol))
    assert not mark.exists()


@pytest.mark.parametrize(
    "raw",
    [
        b"\x80\x02cos\nsystem\n(S'true'\ntR.",
        b"(S'true'\nios\nsystem\n.",
        b"(cos\nsystem\nS'true'\no.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"\x80\x02\x82\x01.",
        b"\x80\x05\x97.",
        b"\x80\x02Nq\x00QNR.",
        b"\x80\x02}}b}}R.",
        b"cbuiltins\nlist\n)\x81cbuiltins\nlist\nb.",
        b"cnumpy\ndtype\n(S'V8'\ntR.",
        b"cnumpy\nndarray\n(I99999999\nS'f8'\ntR.",
        b"cbuiltins\nbytearray\n(I9999999999\ntR.",
        b"]]h\x00.",
    ],
)
def test_opcodes_that_lead_out_of_data_are_refused(raw: bytes) -> None:
    with pytest.raises(FileFormatError, match=r"walk.pkl: "):
        read(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b".",  # bytes
        b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b".",  # a byte array
        b"\x80\x04\x8d" + struct.pack("<Q", 1 << 40) + b".",  # text
        b"\x80\x02\x8b" + struct.pack("<i", (1 << 31) - 1) + b".",  # a number
        b"\x80\x02Nr" + struct.pack("<I", (1 << 32) - 1) + b".",  # a memo
        zlib.compress(pickle.dumps(b"0" * (1 << 25), 4), 9),
        b"\x80\x02" + b"]" * 300_000 + b".",
    ],
    ids=["bytes", "bytearray", "text", "number", "memo", "packed", "lists"],
)
def test_memory_that_a_file_only_claims_is_never_taken(raw: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(FileFormatError) if b"Nr" not in raw else pytest.MonkeyPatch.context():
            read(raw, limit_bytes=1 << 24)
        assert tracemalloc.get_traced_memory()[1] < 3 << 24
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("raw", [pickle.dumps([1]), pickle.dumps([1])[:-2]])
def test_cycles_are_looked_for_again_once_a_file_is_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(FileFormatError):
        read_pickle(raw, "x.pkl")
    assert gc.isenabled()


def test_a_memo_is_as_large_as_the_file_may_be_in_memory() -> None:
    """A byte of the file keeps an object in the memo, time and again."""
    raw = pickle.PROTO + b"\x04" + pickle.NONE + 10_000 * pickle.MEMOIZE + pickle.STOP
    assert read_pickle(raw, "x.pkl") is None
    with pytest.raises(FileFormatError, match="goes beyond"):
        read_pickle(raw, "x.pkl", limit_bytes=100_000)


def test_an_array_may_not_be_larger_than_its_numbers() -> None:
    raw = pickle.dumps(np.zeros((7, 3)), 4)
    at = raw.index(b"K\x07K\x03\x86")
    lying = raw[:at] + b"J\x00\x00\x00\x7fK\x03\x86" + raw[at + 5 :]
    with pytest.raises(FileFormatError, match=r"the shape \(2130706432, 3\) has 168 bytes"):
        read(lying)
    with pytest.raises(FileFormatError, match=r"goes beyond the 100 bytes"):
        read(raw, limit_bytes=100)


def test_keys_whose_hashes_would_take_for_ever_are_refused() -> None:
    raw = b"\x80\x02)q\x00" + b"h\x00h\x00\x86q\x00" * 60
    with pytest.raises(FileFormatError, match="a key is a tuple"):
        read(raw + b"}h\x00Ns.")


@settings(max_examples=300)
@given(DATA, PROTOCOLS, st.data())
def test_a_damaged_pickle_is_data_or_one_clear_line(
    data: object, protocol: int, draw: st.DataObject
) -> None:
    raw = bytearray(pickle.dumps({"data": data, "array": np.arange(3), "one": [None]}, protocol))
    for _ in range(draw.draw(st.integers(1, 4))):
        raw[draw.draw(st.integers(0, len(raw) - 1))] = draw.draw(st.integers(0, 255))
    cut = bytes(raw[: draw.draw(st.integers(0, len(raw)))])
    for damaged in (bytes(raw), cut):
        try:
            read(damaged, limit_bytes=1 << 22)
        except FileFormatError as error:
            assert "\n" not in str(error) and str(error).startswith("walk.pkl: ")


@settings(max_examples=300)
@given(st.binary(max_size=60))
def test_noise_is_data_or_one_clear_line(noise: bytes) -> None:
    try:
        read(b"\x80\x04" + noise, PLAIN | CHUMPY | SPARSE, limit_bytes=1 << 22)
    except FileFormatError as error:
        assert str(error).startswith("walk.pkl: ")


@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_models_of_bodies_are_read_without_their_libraries(protocol: int) -> None:
    class Ch:
        pass

    class Select:
        pass

    class csc_matrix:
        pass

    basis = np.arange(24.0).reshape(2, 3, 4)
    held, chosen, sparse = Ch(), Select(), csc_matrix()
    held.__dict__ = {"x": basis, "_dirty_vars": set(), "_depends_on_deps": {}}
    chosen.__dict__ = {"a": held, "idxs": np.arange(0, 24, 2), "preferred_shape": (2, 3, 2)}
    dense = np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 0.0]])
    sparse.__dict__ = {
        "_shape": (2, 3),
        "data": np.array([1.0, 2.0]),
        "indices": np.array([1, 0], np.int32),
        "indptr": np.array([0, 1, 2, 2], np.int32),
        "maxprint": 50,
    }
    model = {"shapedirs": chosen, "again": chosen, "v_template": held, "J_regressor": sparse}
    with (
        pretended("chumpy.ch", Ch=Ch),
        pretended("chumpy.reordering", Select=Select),
        pretended("scipy.sparse.csc", csc_matrix=csc_matrix),
    ):
        raw = pickle.dumps(model, protocol)
    found = read(raw, PLAIN | CHUMPY | SPARSE)
    np.testing.assert_array_equal(found["shapedirs"], basis[..., ::2])
    assert found["again"] is found["shapedirs"]
    np.testing.assert_array_equal(found["v_template"], basis)
    np.testing.assert_array_equal(found["J_regressor"], dense)
    with pytest.raises(FileFormatError, match=r"asks for 'chumpy"):
        read(raw, PLAIN | SPARSE)
    with pytest.raises(FileFormatError, match=r"asks for 'scipy.sparse.csc.csc_matrix'"):
        read(raw, PLAIN | CHUMPY)


def test_a_sparse_matrix_may_not_point_outside_of_itself() -> None:
    class csc_matrix:
        pass

    sparse = csc_matrix()
    sparse.__dict__ = {
        "_shape": (2, 1),
        "data": np.ones(1),
        "indices": np.array([-1]),
        "indptr": np.array([0, 1]),
    }
    with pretended("scipy.sparse._csc", csc_matrix=csc_matrix):
        raw = pickle.dumps(sparse)
    with pytest.raises(FileFormatError, match="outside of it"):
        read(raw, PLAIN | SPARSE)


def test_an_object_that_holds_itself_is_refused() -> None:
    allowed = PLAIN | Allowance({"lab.Take": record("lab.Take", lambda it, budget: it.state)})
    raw = b"ccopy_reg\n_reconstructor\n(clab\nTake\nc__builtin__\nobject\nNtRp0\n(dS'me'\ng0\nsb."
    with pytest.raises(FileFormatError, match="holds itself"):
        read(raw, allowed)
