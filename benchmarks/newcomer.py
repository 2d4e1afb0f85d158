"""A newcomer's path: from an empty environment outside the repository to a clip on the robot in an opened viewer.

Usage: python benchmarks/newcomer.py [--python python3.13]

With another Python its path is told and not written down: so the wheel is tried under every version that it names.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from measure import ROOT, table, write_section

COMMAND = "python benchmarks/newcomer.py"
CLIP = "humanoid_dance"
LONGEST_S = 600.0  # for a step


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="interpreter of the environment")
    python = parser.parse_args().python
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        wheel = _wheel(folder)
        # A home of its own, so that nothing that was compiled before helps; pip's own cache of packages stays as it is.
        cache = subprocess.run(
            [sys.executable, "-m", "pip", "cache", "dir"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        own |= {"HOME": str(folder), "PIP_CACHE_DIR": cache, "NUMBA_CACHE_DIR": ""}
        bin_ = folder / "venv" / "bin"
        retarget = str(bin_ / "retarget")
        run = [retarget, "run", "--motion", CLIP, "--output", "dance.npz"]
        steps = [
            ("python -m venv venv", [python, "-m", "venv", "venv"]),
            (
                f"pip install '{wheel.name}[viewer]'",
                [str(bin_ / "pip"), "install", "--quiet", f"{wheel}[viewer]"],
            ),
            (f"retarget run --motion {CLIP} --output dance.npz (compiles, once)", run),
            ("the same again", run),
        ]
        rows = [[f"`{said}`", f"{_seconds(command, folder, own):.1f}"] for said, command in steps]
        served, drawn = _viewed(retarget, folder, own)
        rows += [
            ["`retarget view dance.npz --no-open`, until its page is served", f"{served:.1f}"],
            ["until a browser without a graphics card shows its panels", drawn],
        ]
    if python != sys.executable:
        version = subprocess.run([python, "--version"], capture_output=True, text=True, check=True)
        print(f"{version.stdout.strip()}\n\n{table(['step', 's'], rows)}")
        return
    write_section(
        "newcomer",
        "A newcomer's path",
        COMMAND,
        "In an empty folder outside the repository, with an empty cache of compiled code and pip's cache of packages; "
        f"wall-clock seconds of each step, by the built wheel; load of the machine before and after {load:.0f} and "
        f"{os.getloadavg()[0]:.0f}.\n\n" + table(["step", "s"], rows),
    )


def _wheel(folder: Path) -> Path:
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source)
    left_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", source / "src", ignore=left_out)
    build = "import setuptools.build_meta as b; print(b.build_wheel('..'))"
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=source, capture_output=True, text=True, check=True
    )
    return folder / done.stdout.splitlines()[-1]


def _seconds(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{command}: {done.stdout}{done.stderr}")
    return time.perf_counter() - start


def _viewed(retarget: str, folder: Path, environment: dict[str, str]) -> tuple[float, str]:
    """Seconds until the page is there, and until a browser shows it."""
    start = time.perf_counter()
    with subprocess.Popen(
        [retarget, "view", "dance.npz", "--no-open", "--port", "0"],
        cwd=folder,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            address = next(line.split()[0] for line in server.stdout if line.startswith("http"))
            while time.perf_counter() - start < LONGEST_S:
                try:
                    with urllib.request.urlopen(address, timeout=5) as page:
                        assert page.status == 200 and len(page.read()) > 1000
                    break
                except OSError:
                    time.sleep(0.05)
            served = time.perf_counter() - start
            return served, _shown(address, start)
        finally:
            server.terminate()


def _shown(address: str, start: float) -> str:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return "-"
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        return "-"
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--enable-unsafe-swiftshader"]
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector(".u-over", timeout=1000 * LONGEST_S)
        shown = time.perf_counter() - start
        browser.close()
    return f"{shown:.1f}"


if __name__ == "__main__":
    main()
