"""Files from outside: no waiting, no memory for what cannot be, and one line for whatever is wrong."""

import os
import pickle
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from retarget.config import RunConfig
from retarget.errors import FileFormatError, OptionsError, RetargetError, RoleError
from retarget.inputs import MOST_BYTES, read_bytes, read_toml, understanding
from retarget.kinds import MotionFormatKind
from retarget.motion import Recording, read_motion, register_reader
from retarget.motion.formats import registry
from retarget.motion.skeleton.role_file import read_role_overrides
from retarget.result import RetargetingResult
from retarget.robots.spec import read_robot_spec

READERS: dict[str, Callable[[Path], object]] = {
    "motion": read_motion,
    "result": RetargetingResult.load_npz,
    "run.toml": RunConfig.load,
    "robot.toml": read_robot_spec,
    "roles": read_role_overrides,
}


@pytest.fixture(params=READERS)
def read(request: pytest.FixtureRequest) -> Callable[[Path], object]:
    return READERS[request.param]


def complaint(read: Callable[[Path], object], path: Path) -> str:
    with pytest.raises((FileFormatError, OptionsError)) as caught:
        read(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert len(message.splitlines()) == 1
    assert len(message) < 1000
    return message


def test_a_pipe_is_not_waited_for(read: Callable[[Path], object], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "a pipe or a device" in complaint(read, tmp_path / "pipe")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device here")
def test_a_device_without_end_is_refused(read: Callable[[Path], object]) -> None:
    assert "a pipe or a device" in complaint(read, Path("/dev/zero"))


def test_folders_and_missing_files_are_told(read: Callable[[Path], object], tmp_path: Path) -> None:
    assert "is a folder; give" in complaint(read, tmp_path)
    assert "does not exist; give" in complaint(read, tmp_path / "none")
    assert "cannot be read (" in complaint(read, tmp_path / ("long" * 100))


def test_a_huge_file_takes_no_memory(read: Callable[[Path], object], tmp_path: Path) -> None:
    file = tmp_path / "sparse.bvh"
    with file.open("wb") as stream:
        stream.write(b"HIERARCHY\nROOT")
        stream.truncate(5 * MOST_BYTES)
    tracemalloc.start()
    try:
        assert "has 5 GiB; files of up to" in complaint(read, file)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_what_a_shell_pipes_in_is_read() -> None:
    reading, writing = os.pipe()
    try:
        os.write(writing, b"[options]\nfps = 30\n")
        os.close(writing)
        assert read_toml(f"/dev/fd/{reading}", "") == {"options": {"fps": 30}}
    finally:
        os.close(reading)


def test_of_a_stream_no_more_is_read_than_may_be() -> None:
    reading, writing = os.pipe()
    try:
        os.write(writing, bytes(1000))
        os.close(writing)
        with pytest.raises(FileFormatError, match="has more than 100 bytes"):
            read_bytes(f"/dev/fd/{reading}", "", most=100)
    finally:
        os.close(reading)


@pytest.mark.parametrize("name", ["run.toml", "robot.toml", "roles"])
@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"a = " + b"[" * 50_000, "is nested too deep to be read as TOML"),
        (b"a = " + b"{a = " * 50_000, "is nested too deep to be read as TOML"),
        (b"\xff\xfe", "is not TOML"),
        (b"[options", "is not TOML: Expected ']'"),
        (b"'" + b"x" * 50_000 + b"' = 1", "xxxxxxx"),
    ],
)
def test_settings_that_are_none_are_told_with_their_place(
    tmp_path: Path, name: str, content: bytes, cause: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert cause in complaint(READERS[name], tmp_path / name)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (KeyError("fps"), "is torn, or no motion (KeyError: 'fps')"),
        (ZeroDivisionError(), "is torn, or no motion (ZeroDivisionError)"),
        (MemoryError(), "takes more memory than there is, as motion"),
        (RecursionError(), "is nested too deep to be read as motion"),
        (ValueError("bad. Load it with allow_pickle=True"), "(ValueError: bad)"),
        (TypeError("a\nb\x1b[31m" + "x" * 9000), "(TypeError: a b\\x1b[31mxxx"),
    ],
)
def test_what_a_reader_of_anybody_s_raises_is_about_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception, words: str
) -> None:
    class Lab(MotionFormatKind):
        FAULTY = "faulty"

    def read(data: bytes, path: Path) -> Recording:
        raise fault

    monkeypatch.setattr(registry, "_registry", dict(registry._registry))
    register_reader(Lab.FAULTY, read, suffixes=(".faulty",))
    file = tmp_path / "clip.faulty"
    file.write_text("x")
    assert words in complaint(read_motion, file)


def test_our_own_errors_pass_as_they_are() -> None:
    for error in (RoleError("no knee"), OptionsError("no"), FileFormatError("a", "b")):
        with pytest.raises(RetargetError) as caught, understanding("file", "motion", "mend it"):
            raise error
        assert caught.value is error


def test_an_interrupt_is_no_fault_of_the_file() -> None:
    with pytest.raises(KeyboardInterrupt), understanding("file", "motion", "mend it"):
        raise KeyboardInterrupt


def test_an_error_about_a_file_travels_between_processes() -> None:
    error = FileFormatError("a.bvh", "cause", "remedy", line=3)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
