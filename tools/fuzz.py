"""Fuzz everything that retarget reads: damaged files must be taken as finite numbers or refused in one line.

Usage: python tools/fuzz.py [--cases N] [--kinds bvh,npz,...] [--seed S] [--write]
       python tools/fuzz.py --kinds bvh --case 123 --keep FOLDER    (make one case again)

Each kind's cases run in a child process that a watchdog looks after: what takes over 10 s of a core or 1 GiB, or ends
the process, is a fault of that case, and the rest goes on in a new child. A case is drawn from the seed, the kind and
its number alone.
"""

from __future__ import annotations

import argparse
import gc
import json
import mmap
import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

sys.path.insert(0, str(Path(__file__).parent))

from fuzzing.judging import ACCEPTED, REFUSED, fault_of
from fuzzing.kinds import KINDS, Kind

ROOT: Final = Path(__file__).parents[1]
RESULTS: Final = ROOT / "benchmarks" / "RESULTS.md"
_MOST_SECONDS: Final = 10.0  # of a core that a case may take
_TO_COMPILE: Final = (
    120.0  # and the first that needs a kernel, on a machine that has not compiled it
)
_MOST_BYTES: Final = 1 << 30  # that a case may take, besides what the child has before
_TO_START: Final = (
    20.0  # of a core that a child may take before its first case, to make sound files
)
_LOOKED_AT: Final = 0.2  # seconds between two looks at a child
_PLACE: Final = struct.Struct("<q")
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=1400, help="of all kinds together")
    parser.add_argument("--kinds", default=",".join(KINDS), help="comma-separated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--write", action="store_true", help="write the table to benchmarks/RESULTS.md"
    )
    parser.add_argument(
        "--minutes", type=float, default=600.0, help="at most, divided among the kinds"
    )
    parser.add_argument("--case", type=int, help="only this case of each kind, and say how it ends")
    parser.add_argument("--keep", type=Path, help="folder for the file of --case")
    parser.add_argument("--sound", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument(
        "--child", nargs=3, metavar=("PLACE", "FIRST", "LAST"), help=argparse.SUPPRESS
    )
    arguments = parser.parse_args()
    kinds = [KINDS[name] for name in arguments.kinds.split(",")]
    if arguments.child:
        place, first, last = arguments.child
        run_cases(kinds[0], arguments.seed, range(int(first), int(last)), Path(place))
        return 0
    if arguments.sound:
        judge_sound(kinds[0])
        return 0
    if arguments.case is not None:
        for kind in kinds:
            print(kind.name, *one_case(kind, arguments.seed, arguments.case, arguments.keep))
        return 0
    end = time.monotonic() + 60 * arguments.minutes
    tallies = []
    for done, kind in enumerate(kinds):
        share = (end - time.monotonic()) / (len(kinds) - done)
        tallies.append(watch(kind, arguments.seed, arguments.cases // len(kinds), share))
    report = table(tallies, arguments.seed)
    print(report)
    if arguments.write:
        write_section(report, arguments.cases, arguments.seed)
    return int(any(tally.faults for tally in tallies))


def damaged(kind: Kind, seed: int, case: int) -> bytes:
    """The file of one case."""
    return kind.damaged(Random(f"{seed}/{kind.name}/{case}"))


def judged(kind: Kind, data: bytes, folder: Path) -> tuple[str, str]:
    """How a file ends: alone in a folder, with an empty working folder."""
    here, there = folder / "in", folder / "cwd"
    here.mkdir(exist_ok=True)
    there.mkdir(exist_ok=True)
    file = here / kind.file
    file.write_bytes(data)
    for name, content in kind.with_files().items():
        (here / name).write_bytes(content)
    home = Path.cwd()
    os.chdir(there)
    try:
        return fault_of(kind.check, file, (*kind.beside, *kind.with_files()))
    finally:
        os.chdir(home)
        file.unlink(missing_ok=True)
        for stray in [*there.iterdir(), *here.iterdir()]:
            stray.unlink()


def one_case(kind: Kind, seed: int, case: int, keep: Path | None) -> tuple[str, str]:
    data = damaged(kind, seed, case)
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / kind.file).write_bytes(data)
    with tempfile.TemporaryDirectory() as folder:
        return judged(kind, data, Path(folder))


def judge_sound(kind: Kind) -> None:
    """In a child: judge the sound files, so that what cases need is compiled before they are timed."""
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as folder:
        for data in [*kind.seeds(), *(kind.large() if kind.large else [])]:
            judged(kind, data, Path(folder))


def run_cases(kind: Kind, seed: int, cases: range, place: Path) -> None:
    """In a child: run cases, noting in a shared page which one it is at; print how each ends that was not refused."""
    resource.setrlimit(resource.RLIMIT_DATA, (8 * _MOST_BYTES, 8 * _MOST_BYTES))
    kind.seeds()
    before = _most_had()
    gc.freeze()  # compiled code and tables, in which nothing is to be collected after each few cases
    with place.open("r+b") as stream, mmap.mmap(stream.fileno(), _PLACE.size) as page:
        with tempfile.TemporaryDirectory(dir=_fast_folder()) as folder:
            for case in cases:
                _PLACE.pack_into(page, 0, case)
                how, said = judged(kind, damaged(kind, seed, case), Path(folder))
                peak = _most_had() - before
                if peak > _MOST_BYTES:
                    how, said = "memory", f"{peak / 2**30:.1f} GiB"
                print(
                    json.dumps([case, how, said if how not in (ACCEPTED, REFUSED) else ""]),
                    flush=True,
                )
                if peak > _MOST_BYTES:
                    return
        _PLACE.pack_into(page, 0, cases.stop)


def _most_had() -> int:
    """Bytes of memory that this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _fast_folder() -> str | None:
    """A folder in memory where there is one: cases write a lot."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@dataclass
class Tally:
    """How the cases of one kind ended."""

    kind: Kind
    counts: Counter[str] = field(default_factory=Counter)
    faults: dict[tuple[str, str], int] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, case: int, how: str, said: str) -> None:
        """Count a case, and tell of a new kind of fault at once."""
        self.counts[how] += 1
        if how not in (ACCEPTED, REFUSED):
            words = " ".join(said.split())[:110]
            if self.faults.setdefault((how, words), case) == case:
                print(
                    f"  {self.kind.name} case {case}: {how}: {said[:200]}",
                    file=sys.stderr,
                    flush=True,
                )


def watch(kind: Kind, seed: int, cases: int, seconds: float) -> Tally:
    """Run the cases of a kind in children, one after another as they fail, for some seconds at most."""
    command = [sys.executable, __file__, "--kinds", kind.name, "--seed", str(seed)]
    subprocess.run([*command, "--sound"], check=False)
    tally, first, began = Tally(kind), 0, time.monotonic()
    while first < cases and time.monotonic() - began < seconds:
        told, reached, verdict = _child(command, range(first, cases), began + seconds)
        for line in told:
            tally.add(*json.loads(line))
        if reached >= cases:
            break
        if verdict and verdict[0] == "hang":
            told, verdict = _once_compiled(command, reached)
            for line in told:
                tally.add(*json.loads(line))
        if verdict:
            tally.add(reached, *verdict)
        first = reached + 1
    tally.seconds = time.monotonic() - began
    print(
        f"{kind.name}: {dict(tally.counts)} in {tally.seconds:.0f} s", file=sys.stderr, flush=True
    )
    return tally


_Verdict = tuple[str, str] | None


def _child(
    command: list[str], cases: range, until: float, most: float = _MOST_SECONDS
) -> tuple[list[str], int, _Verdict]:
    """Run cases in a child: its lines, the case that it reached, and what it ended of, if not by itself."""
    with tempfile.TemporaryDirectory() as folder:
        place, lines = Path(folder, "place"), Path(folder, "lines")
        place.write_bytes(_PLACE.pack(cases.start))
        with lines.open("wb") as output:
            child = subprocess.Popen(
                [*command, "--child", str(place), str(cases.start), str(cases.stop)], stdout=output
            )
            verdict = _looked_after(child, place, until, most)
        return lines.read_text().splitlines(), _PLACE.unpack(place.read_bytes())[0], verdict


def _once_compiled(command: list[str], case: int) -> tuple[list[str], _Verdict]:
    """A case that took too long, judged again when what it alone needs has been compiled."""
    alone, never = range(case, case + 1), float("inf")
    _child(command, alone, never, _TO_COMPILE)
    told, _, verdict = _child(command, alone, never)
    return told, verdict


def _looked_after(
    child: subprocess.Popen[bytes], place: Path, until: float, most: float
) -> _Verdict:
    """Wait for a child, not beyond some time; what it ended of, if not by itself or by that."""
    first = at = _PLACE.unpack(place.read_bytes())[0]
    spent = 0.0
    while child.poll() is None:
        time.sleep(_LOOKED_AT)
        if time.monotonic() > until:
            child.terminate()
            child.wait()
            return None
        now = _PLACE.unpack(place.read_bytes())[0]
        try:
            fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        used = (int(fields[11]) + int(fields[12])) / _TICKS
        memory = int(fields[21]) * resource.getpagesize()
        if now != at:
            at, spent = now, used
        elif used - spent > most + (_TO_START if at == first else 0.0):
            child.kill()
            child.wait()
            return "hang", f"over {most:g} s"
        if memory > 2 * _MOST_BYTES:
            child.kill()
            child.wait()
            return "memory", f"{memory / 2**30:.1f} GiB"
    return ("crash", f"exit {child.returncode}") if child.returncode else None


def table(tallies: list[Tally], seed: int) -> str:
    """The tallies as a Markdown table, and a line for each fault."""
    rows = [
        "| kind | cases | taken | refused in a line | faults | cases/s |",
        "|---|---|---|---|---|---|",
    ]
    total: Counter[str] = Counter()
    for tally in tallies:
        count = tally.counts
        bad = count.total() - count[ACCEPTED] - count[REFUSED]
        total += Counter(
            cases=count.total(), taken=count[ACCEPTED], refused=count[REFUSED], bad=bad
        )
        rows.append(
            f"| {tally.kind.name} | {count.total():,} | {count[ACCEPTED]:,} | {count[REFUSED]:,} | {bad:,} | "
            f"{count.total() / max(tally.seconds, 1e-3):.0f} |"
        )
    rows.append(
        f"| all | {total['cases']:,} | {total['taken']:,} | {total['refused']:,} | {total['bad']:,} | |"
    )
    faults = [
        f"- {tally.kind.name} {how}: `{said}` (seed {seed}, first case {case})"
        for tally in tallies
        for (how, said), case in tally.faults.items()
    ]
    return "\n".join([*rows, *(["", *faults] if faults else [])])


def write_section(report: str, cases: int, seed: int) -> None:
    """Replace the section of benchmarks/RESULTS.md."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    from measure import write_section as write

    body = (
        "Damaged files of each kind: flipped, cut and repeated bytes, swapped words, huge numbers, deep nesting, "
        "arrays of other types and shapes, archives that unpack to gigabytes, pickles that ask for foreign names; "
        "check sums are put right where a reader would stop at them. Each is taken as finite numbers or refused in "
        "one line that names it: no traceback, no warning, nothing over 10 s or 1 GiB, nothing left behind, no input "
        "changed. "
        f"Seed {seed}; `--kinds KIND --case N --keep FOLDER` makes a case again.\n\n{report}"
    )
    write(
        "fuzz", "Damaged files", f"python tools/fuzz.py --cases {cases} --seed {seed} --write", body
    )


if __name__ == "__main__":
    sys.exit(main())
