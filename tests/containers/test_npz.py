"""NumPy archives: what is written NumPy reads, what NumPy writes is read, and nothing else is taken for one."""

import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable

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
    with pytest.raises(
        FileFormatError, match=r"says that it is of shape \(10,\), and holds 72 bytes"
    ):
        read_npz(stream.getvalue(), "walk.npz", ("a",))


def zeros(megabytes: int) -> bytes:
    """An archive of a few kilobytes that unpacks to so much."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        head = io.BytesIO()
        shape = {"descr": "|i1", "fortran_order": False, "shape": (megabytes << 20,)}
        np.lib.format.write_array_header_1_0(head, shape)
        with archive.open("a.npy", "w") as entry:
            entry.write(head.getvalue())
            for _ in range(megabytes):
                entry.write(bytes(1 << 20))
    return stream.getvalue()


def peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_takes_any_memory() -> None:
    bomb = zeros(64)

    def read() -> None:
        with pytest.raises(FileFormatError, match="of 64 MiB goes beyond the 32 MiB"):
            read_npz(bomb, "a.npz", limit_bytes=32 << 20)

    assert peak(read) < 1 << 20
    assert len(read_npz(bomb, "a.npz", ("b",), limit_bytes=1)) == 0


def test_a_large_array_is_in_memory_once_while_it_is_unpacked() -> None:
    packed = zeros(64)
    assert peak(lambda: read_npz(packed, "a.npz")) < 72 << 20
    (array,) = read_npz(packed, "a.npz").values()
    assert array.nbytes == 64 << 20
    assert not array.any()
    assert not array.flags.writeable
    torn = bytearray(packed)
    torn[packed.index(b"PK\x01\x02") + 16] ^= 1  # of the check sum
    with pytest.raises(FileFormatError, match="Bad CRC"):
        read_npz(bytes(torn), "a.npz")


def test_an_archive_that_lies_about_its_size_takes_no_more_than_it_says() -> None:
    honest = zeros(64)
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        size = struct.pack("<L", archive.getinfo("a.npy").file_size)
    liar = honest.replace(size, struct.pack("<L", 1000))
    assert liar != honest

    def read() -> None:
        with pytest.raises(FileFormatError, match=r"a\.npz: is torn"):
            read_npz(liar, "a.npz")

    assert peak(read) < 4 << 20


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_entries_that_numpy_never_packs_so_are_refused(method: int) -> None:
    whole, stream = io.BytesIO(), io.BytesIO()
    np.save(whole, np.arange(10.0))
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("a.npy", whole.getvalue())
    with pytest.raises(FileFormatError, match=r"packs the entry 'a\.npy' in an unusual way"):
        read_npz(stream.getvalue(), "a.npz")


def test_arrays_that_are_not_compressed_may_be_parts_of_the_file() -> None:
    arrays = {
        "a": np.arange(1 << 17, dtype=np.float64),
        "odd": np.array([1.5, 2.5]),
        "s": np.array("x"),
    }
    stored, deflated = io.BytesIO(), io.BytesIO()
    np.savez(stored, **arrays)  # type: ignore[arg-type]
    np.savez_compressed(deflated, **arrays)  # type: ignore[arg-type]
    for stream in (stored, deflated, io.BytesIO(b"before" + stored.getvalue())):
        data = stream.getvalue()
        found = read_npz(data, "a.npz", views=True)
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[name], array)
    assert peak(lambda: read_npz(stored.getvalue(), "a.npz", views=True)) < 1.5 * len(
        stored.getvalue()
    )
    held = stored.getvalue()
    assert peak(lambda: read_npz(held, "a.npz", views=True)) < 0.1 * len(held)


@given(st.integers(0, 999), st.integers(1, 255))
def test_a_damaged_archive_is_read_the_same_in_parts_or_is_refused(place: int, change: int) -> None:
    stream = io.BytesIO()
    np.savez(stream, a=np.arange(40.0), b=np.arange(30))
    data = bytearray(stream.getvalue())
    data[place % len(data)] ^= change
    ends = []
    for views in (False, True):
        try:
            ends.append(
                {n: v.tolist() for n, v in read_npz(bytes(data), "a.npz", views=views).items()}
            )
        except FileFormatError as error:
            ends.append(str(error))
    assert ends[0] == ends[1] or "torn" in str(ends[1])
