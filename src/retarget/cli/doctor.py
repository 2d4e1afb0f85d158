"""``retarget doctor``: does everything that a run needs work on this machine?"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import typer

from retarget._version import __version__
from retarget.cli.support.common import SOME_FAILED, JsonFlag, print_json, working_on
from retarget.cli.support.tables import print_table

__all__ = ["doctor"]

_NEEDED = ("numpy", "scipy", "numba", "mujoco", "pydantic", "typer", "rich")
_EXTRAS = {
    "matplotlib": ("picture", "film strips"),
    "pyarrow": ("dataset", "data sets"),
    "ray": ("ray", "batches on a cluster"),
}
_LEAST_SPACE = 1 << 30  # bytes


class _LimitationError(Exception):
    """A check found something that limits, but does not stop, a run."""


def doctor(as_json: JsonFlag = False) -> None:
    """Check versions, compile cache, space, extras, robots and one small run; exit 1 if one fails."""
    checks: list[tuple[str, Callable[[], str]]] = [
        ("retarget", _versions),
        ("machine", _machine),
        ("packages", _packages),
        *[(f"extra: {extra}", _extra(package)) for package, (extra, _) in _EXTRAS.items()],
        ("compile cache", _compile_cache),
        ("temporary space", _temporary_space),
        ("embedded robots", _robots),
        ("embedded clips", _clips),
        ("a small run", _small_run),
    ]
    findings = []
    for name, check in checks:
        with working_on(f"checking {name}"):
            status, detail = _outcome(check)
        findings.append({"check": name, "status": status, "detail": detail})
    if as_json:
        print_json(findings)
    else:
        print_table(["check", "status", "detail"], [[*finding.values()] for finding in findings])
    if any(finding["status"] == "failed" for finding in findings):
        raise typer.Exit(SOME_FAILED)


def _outcome(check: Callable[[], str]) -> tuple[str, str]:
    try:
        return "ok", check()
    except _LimitationError as warning:
        return "note", str(warning)
    except Exception as error:  # whatever is broken is what this command is there to say
        return "failed", f"{type(error).__name__}: {error}"


def _versions() -> str:
    return f"{__version__}, Python {platform.python_version()} ({sys.executable})"


def _machine() -> str:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.system()} {platform.machine()}, {usable} of {os.cpu_count()} cores usable"


def _packages() -> str:
    from importlib.metadata import version

    return ", ".join(f"{name} {version(name)}" for name in _NEEDED)


def _extra(package: str) -> Callable[[], str]:
    def check() -> str:
        from importlib.metadata import PackageNotFoundError, version

        extra, purpose = _EXTRAS[package]
        try:
            return f"{package} {version(package)}: {purpose}"
        except PackageNotFoundError:
            install = f"pip install 'retarget[{extra}]'"
            raise _LimitationError(
                f"{package} is not installed; for {purpose}: {install}"
            ) from None

    return check


def _compile_cache() -> str:
    from retarget.solver.window.march import solve_windows

    folder = getattr(getattr(solve_windows, "_cache", None), "cache_path", None)
    if folder is None or not os.access(folder, os.W_OK):
        raise _LimitationError(
            f"{f'{folder} is not' if folder else 'no folder is'} writable: kernels are compiled anew in every process; "
            "set NUMBA_CACHE_DIR to a writable folder"
        )
    return f"{folder} is writable"


def _temporary_space() -> str:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < _LEAST_SPACE:
        raise _LimitationError(
            f"only {free / 2**20:.0f} MiB free in {folder}; set TMPDIR to a roomier folder"
        )
    return f"{free / 2**30:.1f} GiB free in {folder}"


def _robots() -> str:
    from retarget.robots import load_robot, robot_names
    from retarget.wording import listed

    robots = [load_robot(name) for name in robot_names()]
    return f"{len(robots)} load: {listed(f'{r.name} ({r.joint_count} joints)' for r in robots)}"


def _clips() -> str:
    from retarget.demo import embedded_clips

    return ", ".join(path.name for path in embedded_clips())


def _small_run() -> str:
    from retarget.batch import BatchJob
    from retarget.demo import embedded_clips
    from retarget.worker import RetargetWorker

    clip = min(embedded_clips(), key=lambda path: path.stat().st_size)
    with tempfile.TemporaryDirectory() as folder:
        job = BatchJob(id=clip.stem, motion=clip, output=Path(folder) / "result.npz")
        started = time.perf_counter()
        record = RetargetWorker()(job)
        elapsed = time.perf_counter() - started
    return f"{clip.name} on {record['robot']}: {record['frames']} frames in {elapsed:.1f} s"
