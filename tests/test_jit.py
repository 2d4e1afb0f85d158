"""Kernels: the same bits whatever a process compiled or loaded before."""

import fcntl
import gc
import pickle
import re
import threading
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core.errors import TypingError
from numba.core.types.functions import BaseFunction

from retarget.compiled.cache import alone_ahead, forget_sources, is_cached, sources
from retarget.compiled.jit import jit


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Callable, Callable]:
    """A kernel that is too large to be inlined on any processor, and one that calls it; compiled here, not loaded."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))

    @jit(fastmath=True)
    def total(values: np.ndarray, power: int) -> float:
        out = 0.0
        for i in range(values.shape[0]):
            term = values[i]
            for _ in range(power):
                term = np.sin(term) * np.cos(term) + np.sqrt(abs(term)) * values[i]
                term += np.exp(-abs(term)) * np.arctan2(term, values[i]) - np.tan(
                    values[i]
                ) * np.log1p(abs(term))
                term -= np.tanh(0.1 * term) * np.cosh(values[i]) - np.arcsinh(term) * np.cbrt(
                    values[i]
                )
                term = (
                    np.hypot(term, values[i])
                    - np.expm1(-abs(term)) * np.tanh(term)
                    + np.log10(1.0 + abs(term))
                )
            out += term
        return out

    @jit(fastmath=True)
    def totals(values: np.ndarray, power: int) -> float:
        return total(values, power) + total(values, power + 1) + total(values[1:], power)

    return total, totals


def definitions(dispatcher: Callable) -> dict[str, str]:
    """Linkage by name of the functions that a kernel's machine code holds."""
    (code,) = dispatcher.inspect_llvm().values()
    lines = re.findall(r"^define ([^@]*)@\"?([\w.]+)", code, re.MULTILINE)
    return {name: words for words, name in lines}


def test_a_kernel_calls_copies_of_its_own(kernels: tuple[Callable, Callable]) -> None:
    _, totals = kernels
    values = np.linspace(0.1, 2.0, 50)
    assert np.isfinite(totals(values, 3))
    held = definitions(totals)
    copies = [name for name in held if "5total" in name]
    assert copies, "the callee was inlined: the test shows nothing"
    assert all("internal" in held[name] for name in copies)
    assert not [name for name, words in held.items() if re.search("linkonce|weak", words)]


def test_a_kernel_can_be_called_alone_after_it_was_copied(
    kernels: tuple[Callable, Callable],
) -> None:
    total, totals = kernels
    values = np.linspace(0.1, 2.0, 50)
    totals(values, 3)
    assert total(values, 3) == pytest.approx(total.py_func(values, 3), rel=1e-12)


def test_a_cache_that_names_what_is_gone_is_made_anew(
    kernels: tuple[Callable, Callable], tmp_path: Path
) -> None:
    total, _ = kernels
    values = np.linspace(0.1, 2.0, 50)
    expected = total(values, 3)
    (index,) = tmp_path.rglob("*total*.nbi")
    with index.open("rb") as stream:
        pickle.load(stream)
        version = index.read_bytes()[: stream.tell()]
    index.write_bytes(version + b"cretarget.compiled.jit\nNothingOfThisName\n.")
    fresh = jit(fastmath=True)(total.py_func)
    assert fresh(values, 3) == expected
    assert b"NothingOfThisName" not in index.read_bytes()


def test_machine_code_is_of_no_use_once_a_module_has_changed_that_its_own_imports(
    kernels: tuple[Callable, Callable], monkeypatch: pytest.MonkeyPatch
) -> None:
    total, _ = kernels
    total(np.ones(3), 1)
    assert is_cached(jit(fastmath=True)(total.py_func))
    monkeypatch.setattr("retarget.compiled.cache.sources", lambda _module: "another digest")
    assert not is_cached(jit(fastmath=True)(total.py_func))


@pytest.mark.parametrize(
    "changed, matters",
    [
        ("kernel.py", True),
        ("named.py", True),
        ("room/callee.py", True),
        ("room/below.py", True),
        ("room/__init__.py", False),
        ("another.py", False),
        ("checkers.py", False),
    ],
)
def test_a_digest_covers_what_a_module_imports_and_nothing_else(
    changed: str, matters: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "room").mkdir()
    for name, text in {
        "kernel.py": "from retarget.room import callee\nfrom retarget.named import (\n    one,\n    two,\n)\n"
        "if TYPE_CHECKING:\n    from retarget.checkers import Kind\n",
        "room/callee.py": "from retarget.room.below import x\nfrom retarget.kernel import loop\n",
    }.items():
        (tmp_path / name).write_text(text)
    for name in ("room/below.py", "room/__init__.py", "another.py", "named.py", "checkers.py"):
        (tmp_path / name).write_text("x = 1")
    monkeypatch.setattr("retarget.compiled.cache._PACKAGE", tmp_path)
    before = sources(tmp_path / "kernel.py")
    (tmp_path / changed).write_text((tmp_path / changed).read_text() + "\ny = 2\n")
    forget_sources()
    assert (sources(tmp_path / "kernel.py") != before) == matters


def test_a_kernel_waits_while_another_process_compiles_it(
    kernels: tuple[Callable, Callable],
) -> None:
    total, _ = kernels
    assert not is_cached(total)
    cache = total._cache
    folder = Path(cache.cache_path)
    folder.mkdir(parents=True, exist_ok=True)
    results = []
    with (folder / f"{cache._impl.filename_base}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as another process would hold it
        caller = threading.Thread(target=lambda: results.append(total(np.ones(3), 1)))
        caller.start()
        caller.join(timeout=0.3)
        assert caller.is_alive()
        assert not is_cached(total)
    caller.join(timeout=60)
    assert np.isfinite(results).all()
    assert is_cached(total)


def test_a_kernel_that_cannot_be_compiled_lets_others_have_their_turn(
    kernels: tuple[Callable, Callable],
) -> None:
    total, _ = kernels
    with pytest.raises(numba.TypingError):
        total("text", 1)
    with (
        Path(total._cache.cache_path) / f"{total._cache._impl.filename_base}.lock"
    ).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_one_process_at_a_time_compiles_ahead(kernels: tuple[Callable, Callable]) -> None:
    total, _ = kernels
    with alone_ahead(total) as first:
        assert first
        with alone_ahead(total) as second:
            assert not second
    with alone_ahead(total) as later:
        assert later
    assert total(np.ones(3), 1)  # which does not wait for it


def test_a_kernel_that_keeps_no_count_of_arrays_returns_none() -> None:
    @jit()
    def part(values: np.ndarray) -> tuple[float, np.ndarray]:
        return values[0], values[1:]

    with pytest.raises(TypingError, match="part returns an array"):
        part(np.zeros(3))


def test_compiling_leaves_the_process_as_it_was(kernels: tuple[Callable, Callable]) -> None:
    resolve, collecting = BaseFunction.get_call_type, gc.get_threshold()
    total, totals = kernels
    totals(np.ones(3), 1)
    with pytest.raises(numba.TypingError):
        total("text", 1)
    assert BaseFunction.get_call_type is resolve
    assert gc.get_threshold() == collecting


def test_a_kernel_of_kernels_says_so_when_it_is_called_from_python() -> None:
    @jit(inner=True)
    def twice(value: float) -> float:
        return 2 * value

    @jit()
    def four_times(value: float) -> float:
        return twice(twice(value))

    assert four_times(2.0) == 8.0
    with pytest.raises(TypeError, match="twice is part of other kernels"):
        twice(2.0)
