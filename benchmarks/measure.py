"""Measuring, and writing what was measured into RESULTS.md."""

from __future__ import annotations

import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

__all__ = [
    "CLIPS",
    "RESULTS",
    "child_cost",
    "child_costs",
    "child_output",
    "clip_files",
    "machine",
    "median_seconds",
    "memory_unit",
    "on_one_core",
    "table",
    "write_section",
]

_T = TypeVar("_T")

ROOT = Path(__file__).parents[1]
CLIPS = ROOT.parent / "shared" / "clips"
RESULTS = Path(__file__).parent / "RESULTS.md"


def on_one_core() -> None:
    """Hold this process and its children to one core and one thread; before NumPy is imported."""
    for name in ("OPENBLAS", "OMP", "MKL", "NUMBA"):
        os.environ[f"{name}_NUM_THREADS"] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def clip_files() -> list[Path]:
    """The development clips in a format that can be read; exits with a message when they are absent."""
    if not CLIPS.is_dir():
        print(
            f"benchmarks need real clips in {os.path.relpath(CLIPS, ROOT)}, which is absent: skipped"
        )
        raise SystemExit(0)
    patterns = ("*.bvh", "*.npz", "humanoid3d_*.txt")
    files = sorted(path for pattern in patterns for path in CLIPS.rglob(pattern))
    refused = {path: reason for path in files if (reason := _refusal(path))}
    for path, reason in refused.items():
        print(f"left out: {path.relative_to(CLIPS)}: {reason}")
    return [path for path in files if path not in refused]


def _refusal(path: Path) -> str:
    """Why a file cannot be retargeted, in a line; empty where it can."""
    from retarget.errors import RetargetError
    from retarget.motion import read_motion
    from retarget.motion.fitting.anatomy import find_anatomy

    try:
        find_anatomy(read_motion(path))
    except RetargetError as error:
        return str(error).splitlines()[0]
    return ""


def median_seconds(work: Callable[[], _T], repeats: int = 7) -> tuple[float, _T]:
    """Median time of some repeats after one that warms up, and what the last returned."""
    done = work()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        done = work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), done


_STARTER = """
import resource, subprocess, sys, time
started = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, time.perf_counter() - started, used.ru_maxrss, used.ru_utime + used.ru_stime)
"""


def child_cost(
    words: Sequence[str], environment: dict[str, str] | None = None, *, all_cores: bool = False
) -> tuple[float, float]:
    """Seconds and peak memory (MB) of a process, on this one's core or on all."""
    seconds, peak, _ = child_costs(words, environment, all_cores=all_cores)
    return seconds, peak


def child_costs(
    words: Sequence[str], environment: dict[str, str] | None = None, *, all_cores: bool = False
) -> tuple[float, float, float]:
    """Seconds, peak memory (MB) and seconds of processor time of a process, on this one's core or on all.

    A small process starts it: the peak of whatever starts a process counts as the process's own.
    """
    if all_cores and sys.platform == "linux":
        words = ["taskset", "--cpu-list", f"0-{(os.cpu_count() or 1) - 1}", *words]
    starter = subprocess.run(
        [sys.executable, "-c", _STARTER, *words],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    code, seconds, peak, busy = starter.stdout.split()
    if int(code):
        raise SystemExit(f"failed with code {code}: {' '.join(words)}")
    return float(seconds), int(peak) * memory_unit() / 1e6, float(busy)


def child_output(words: Sequence[str]) -> str:
    """What a process prints."""
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout


def memory_unit() -> int:
    """Bytes that the system counts peak memory in."""
    return 1 if platform.system() == "Darwin" else 1024


def machine() -> str:
    """What the figures were measured on."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "mujoco"))
    return (
        f"{_processor()}, {os.cpu_count()} cores; one core used unless said otherwise; "
        f"Python {platform.python_version()}, {packages}; {time.strftime('%Y-%m-%d', time.gmtime())}."
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", info.read_text()) if info.exists() else None
    return found[1] if found else platform.processor() or platform.machine()


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_section(name: str, title: str, command: str, body: str) -> None:
    """Replace one section of RESULTS.md, or add it, and print it."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    section = f"{begin}\n## {title}\n\n`{command}`\n\n{machine()}\n\n{body}\n{end}"
    old = RESULTS.read_text() if RESULTS.exists() else "# Results\n"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    new, replaced = pattern.subn(lambda _: section, old)
    if not replaced:
        new = f"{old.rstrip()}\n\n{section}\n"
    RESULTS.write_text(new)
    print(
        f"\n{title}\n\n{body}\n\n({os.path.relpath(RESULTS, ROOT)}, section {name})",
        file=sys.stdout,
    )
