"""Reports: time, memory and size of the report of 10,000 clips, and how long a browser takes with it.

Usage: python benchmarks/report.py [--clips N]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measure import CLIPS, child_costs, clip_files, on_one_core, table, write_section

on_one_core()

COMMAND = "make bench (benchmarks/report.py)"
USUAL = 10_000  # clips; another number has a section of its own
_SPREAD = 0.1  # standard deviation of the logarithm of what measures are multiplied by


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clips", type=int, default=USUAL, help="clips of the batch")
    count = parser.parse_args().clips
    clip_files()  # says so when there are none
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        real = _real_batch(folder / "real")
        evaluated = folder / "evaluated"
        _run(["evaluate", "--batch-manifest", str(real), "--output-dir", str(evaluated)])
        _run(["report", str(real), "--output", str(folder / "warm.html")])  # compiles what draws
        made, reports = _many(real, evaluated, count, folder / "many")
        rows = [
            _measured("`report M`", [str(made)], folder / "a.html"),
            _measured("`report M --strips 0`", [str(made), "--strips", "0"], folder / "b.html"),
            _measured(
                "`report M --reports DIR`",
                [str(made), "--reports", str(reports)],
                folder / "c.html",
            ),
            _measured("`report M --format csv`", [str(made)], folder / "d.csv"),
            _measured("`report M --format parquet`", [str(made)], folder / "e.parquet"),
            _measured("`report M --format md`", [str(made)], folder / "f.md"),
        ]
        pages = _pages(real, folder / "pages" / "report.html")
        browser = _in_browser(folder / "c.html")
    body = (
        f"A batch of {count:,} clips: the records of every file below ../shared/clips on the Unitree G1, with those "
        "that cannot be read, repeated under other names, every measure times a random factor "
        f"(log-normal, {_SPREAD}) and with hashes of their own, as equal records would compress to nothing. "
        "`--reports` reads as many JSON files with all measures.\n\n"
        + table(["", "s", "of processor time", "MB at the peak", "MB written"], rows)
        + f"\n\n{pages}\n\n{browser}"
    )
    if count == USUAL:
        write_section("report", "Reports", COMMAND, body)
    else:
        command = f"python benchmarks/report.py --clips {count}"
        write_section(f"report-{count}", f"Reports of {count:,} clips", command, body)


def _run(words: Sequence[str]) -> None:
    command = [sys.executable, "-m", "retarget", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):  # 1: some files below the clips are there to fail
        raise SystemExit(done.stderr)


def _real_batch(folder: Path) -> Path:
    _run(
        [
            *("batch", "--input-dir", str(CLIPS), "--pattern", "**/*", "--output-dir", str(folder)),
            *("--max-workers", "1"),
        ]
    )
    return folder / "batch_manifest.json"


def _many(real: Path, evaluated: Path, count: int, folder: Path) -> tuple[Path, Path]:
    """A manifest of so many records, and the folder of reports of their evaluation."""
    rng = random.Random(0)
    manifest = json.loads(real.read_text())
    records, reports = [], folder / "reports"
    for number in range(count):
        record = json.loads(json.dumps(manifest["records"][number % len(manifest["records"])]))
        was, name = record["job_id"], f"day {number // 500:02}/take_{number:05}.bvh"
        record["job_id"] = name
        record["message"] = record["message"].replace(record["motion"], f"/mocap/{name}")
        record["motion"] = f"/mocap/{name}"
        told = record["provenance"]
        for key in ("motion_sha256", "output_sha256"):
            if key in told:
                told[key] = rng.randbytes(32).hex()
        factors = {key: rng.lognormvariate(0, _SPREAD) for key in told.get("quality", ())}
        told["quality"] = {
            key: None if value is None else value * factors[key]
            for key, value in told.get("quality", {}).items()
        }
        records.append(record)
        _copy_report(evaluated / f"{was}.json", reports / f"{name}.json", name, rng)
    folder.mkdir(exist_ok=True)
    counts = {
        f"{status}_count": sum(record["status"] == status for record in records)
        for status in ("success", "skipped", "failed")
    }
    path = folder / "batch_manifest.json"
    path.write_text(json.dumps({**manifest, **counts, "total": count, "records": records}))
    return path, reports


def _copy_report(source: Path, target: Path, name: str, rng: random.Random) -> None:
    if not source.is_file():
        return
    report: dict[str, Any] = json.loads(source.read_text())
    report["clip"] = name
    for measure in report["measures"].values():
        if measure["value"] is not None:
            measure["value"] *= rng.lognormvariate(0, _SPREAD)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(report, indent=2))


def _measured(what: str, words: Sequence[str], output: Path) -> list[str]:
    command = [sys.executable, "-m", "retarget", "report", *words, "--output", str(output)]
    seconds, peak, busy = child_costs(command)
    size = output.stat().st_size / 1e6
    return [what, f"{seconds:.1f}", f"{busy:.1f}", f"{peak:.0f}", f"{size:.2f}"]


def _pages(real: Path, output: Path) -> str:
    """Pages of all real clips that have a result."""
    output.parent.mkdir()
    command = [sys.executable, "-m", "retarget", "report", str(real), "--output", str(output)]
    command += ["--details", "all", "--strips", "0", "--max-workers", "1"]
    _, peak, seconds = child_costs(command)
    pages = list((output.parent / "report_clips").glob("*.html"))
    size = sum(page.stat().st_size for page in pages) / 1e6
    return (
        f"`--details all` of the {len(pages)} real clips with a result: {seconds:.1f} s of processor time, start "
        f"included, {seconds / len(pages):.2f} s a page, {peak:.0f} MB at the peak; {size / len(pages):.2f} MB a page."
    )


def _in_browser(report: Path) -> str:
    """How long the report takes from its address to a table that can be used, and what is done in it."""
    found = shutil.which("chromium")
    if found is None or importlib.util.find_spec("playwright") is None:
        return "No browser here (requirements/browser.txt, chromium): not measured in one."
    from playwright.sync_api import sync_playwright

    timed = "(async () => {{ const at = performance.now(); {}; return performance.now() - at; }})()"
    typed = (
        "const box = document.getElementById('search'); box.value = 'take_07 jerk'; "
        "box.dispatchEvent(new Event('input'))"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page()
        started = time.perf_counter()
        page.goto(report.as_uri())
        page.wait_for_selector("html[data-ready]")
        ready = time.perf_counter() - started
        search = [float(page.evaluate(timed.format(typed))) for _ in range(2)]
        page.evaluate("document.getElementById('clear').click()")
        sort = float(
            page.evaluate(
                timed.format("document.querySelector('#table th:nth-child(5) button').click()")
            )
        )
        browser.close()
    return (
        f"Chromium shows the one with all measures in {ready:.1f} s; the first search takes {search[0]:.0f} ms, "
        f"the next {search[1]:.0f} ms, sorting {sort:.0f} ms."
    )


if __name__ == "__main__":
    main()
