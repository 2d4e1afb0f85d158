"""NumPy archives: what is written NumPy reads, what NumPy writes is read, and nothing else is taken for one."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from retarget.containers import read_npy, read_npz, write_npz
from retarget.errors import FileFormatError

ANY = arrays.arrays(
    st.sampled_from(["<f8", "<f4", "<i2", "?", "<U3"]),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@given(ANY, ANY)
def test_numpy_reads_what_is_written_whether_it_is_packed_or_not(
    first: np.ndarray, second: np.ndarray
) -> None:
    stream = io.BytesIO()
    write_npz(stream, {"first": first, "second": second.T}, stored=("first",))
    with zipfile.ZipFile(stream) as archive:
        assert archive.testzip() is None
    stream.seek(0)
    with np.load(stream, allow_pickle=False) as found:
        assert found.files == ["first", "second"]
        np.testing.assert_array_equal(found["first"], first)
        np.testing.assert_array_equal(found["second"], second.T)
        assert found["first"].dtype == first.dtype


@given(ANY, ANY)
def test_what_numpy_writes_is_read(first: np.ndarray, second: np.ndarray) -> None:
    stream = io.BytesIO()
    np.savez_compressed(stream, first=first, second=second.T)
    found = read_npz(stream.getvalue(), "walk.npz", ("first", "second", "third"))
    assert set(found) == {"first", "second"}
    np.testing.assert_array_equal(found["first"], first)
    np.testing.assert_array_equal(found["second"], second.T)


def test_objects_are_neither_written_nor_read() -> None:
    objects = np.array([None, {}], object)
    with pytest.raises(ValueError, match="holds objects"):
        write_npz(io.BytesIO(), {"a": objects})
    stream = io.BytesIO()
    np.savez(stream, a=objects)
    with pytest.raises(FileFormatError, match=r"walk.npz: a holds objects"):
        read_npz(stream.getvalue(), "walk.npz", ("a",))


def test_sizes_as_python_2_wrote_them_are_read() -> None:
    stream = io.BytesIO()
    np.save(stream, np.arange(6.0).reshape(2, 3))
    old = stream.getvalue().replace(b"(2, 3), }  ", b"(2L, 3L), }")
    assert b"2L" in old
    np.testing.assert_array_equal(read_npy(old, "walk.npy"), [[0, 1, 2], [3, 4, 5]])


def test_an_array_that_is_shorter_than_it_says_is_refused() -> None:
    whole = io.BytesIO()
    np.save(whole, np.arange(10.0))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.npy", whole.getvalue()[:-8])
    with pytest.raises(FileFormatError, match=r"walk.npz: is torn, or no NumPy archive \(buffer"):
        read_npz(stream.getvalue(), "walk.npz", ("a",))
