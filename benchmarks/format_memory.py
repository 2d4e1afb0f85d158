"""Memory of reading long recordings: 300,000 frames of each large kind of file, each in a process of its own.

Usage: python benchmarks/format_memory.py [--frames N]
"""

from __future__ import annotations

import argparse
import importlib
import json
import pickle
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from measure import ROOT, child_output, memory_unit, on_one_core, table, write_section

on_one_core()

import numpy as np  # noqa: E402

sys.path.insert(0, str(ROOT / "tests" / "motion"))

COMMAND = "make bench (benchmarks/format_memory.py)"
PERIOD = (
    300  # frames in which the walk comes back to where it was: 11 strides at 30 frames a second
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, default=300_000)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        print(json.dumps(cost(arguments.read)))
        return
    if arguments.write:
        write(arguments.write, arguments.frames // PERIOD)
        return
    rows = []
    this = [sys.executable, __file__]
    for name in WRITERS:
        # Both in children, one after the other: a process begins with the peak of the one that starts it.
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            child_output([*this, "--write", str(path), "--frames", str(arguments.frames)])
            size = path.stat().st_size / 1e6
            told = json.loads(child_output([*this, "--read", str(path)]))
        rows.append(
            [told["format"], name, f"{told['frames']:,}", str(told["joints"]), f"{size:.0f}",
             f"{told['frames'] / told['seconds']:,.0f}", f"{told['motion']:.0f}", f"{told['peak']:.0f}"]
        )  # fmt: skip
        print(*rows[-1], sep="  ", flush=True)
    write_section(
        "format-memory",
        "Memory of long recordings",
        COMMAND,
        "`read_motion` of made files, a walk in place over and over, each in a process of its own; frames per second "
        "of a core. Of the peak about 130 MB are Python, NumPy and compiled code. A pickle is the dearest: its arrays "
        "are copies of what lies in the file, let go of only when all are read; one of 4D-Humans with so many frames, "
        "three arrays for each (586 MB), is refused, as it would take more than a file may. The walk of the BVH file "
        "goes back and forth: it stops dead twice in ten seconds, and each time is told and filled by itself.\n\n"
        + table(
            ["format", "file", "frames", "joints", "file MB", "frames/s", "motion MB", "peak MB"],
            rows,
        ),
    )


def write(path: Path, times: int) -> None:
    """Write a file in which the walk is repeated, and what belongs to it."""
    with path.open("wb") as stream:
        for part in WRITERS[path.name](times):
            stream.write(part)
    if path.suffix == ".amc":
        (path.parent / "Walker.asf").write_text(
            importlib.import_module("test_motion_acclaim").asf()
        )


def cost(path: Path) -> dict[str, Any]:
    from retarget.motion import read_motion

    started = time.process_time()
    motion = read_motion(path, source_fps=30.0)
    seconds = time.process_time() - started  # of a core, whatever else runs beside it
    return {
        "format": motion.source.format,
        "frames": len(motion),
        "joints": motion.positions.shape[1],
        "seconds": seconds,
        "motion": (motion.positions.nbytes + motion.rotations.nbytes) / 1e6,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * memory_unit() / 1e6,
    }


def _made() -> Any:
    """The tests' writers."""
    return importlib.import_module("smpl_files")


def walk(times: int = 1) -> Any:
    """The tests' walk in place."""
    one = _made().walk(PERIOD)
    trans = one.trans * [1.0, 0.0, 1.0]
    return _made().Walk(np.tile(one.poses, (times, 1, 1)), np.tile(trans, (times, 1)))


def motion() -> Any:
    from retarget.motion import read_motion

    with tempfile.TemporaryDirectory() as folder:
        return read_motion(_made().written(Path(folder), "walk.npz", _made().amass(walk())))


def repeated(text: bytes, first: bytes, times: int, end: bytes = b"") -> Iterator[bytes]:
    """A text whose rows, from the one that begins so, are written over and over."""
    at = text.index(first)
    rows = text[at : len(text) - len(end)] if end else text[at:]
    yield text[:at]
    for _ in range(times):
        yield rows
    yield end


def bvh(times: int) -> Iterator[bytes]:
    clip = (ROOT / "src/retarget/demo/clips/cmu_01_01.bvh").read_bytes()
    head, _, rest = clip.partition(b"Frames:")
    lines = rest.splitlines(keepends=True)
    rows = lines[2 : 3 + PERIOD // 2]
    yield head + b"Frames: %d\n" % (times * PERIOD) + lines[1]
    for _ in range(times):
        yield b"".join([*rows[:-1], *reversed(rows[1:])])


def markers() -> dict[str, np.ndarray]:
    tests = importlib.import_module("test_motion_markers")
    return dict(tests.renamed(tests.marked(motion()), "rizzoli"))


def trc(times: int) -> Iterator[bytes]:
    yield from repeated(
        importlib.import_module("test_motion_markers").trc(markers()), b"185\t", times
    )


def tsv(times: int) -> Iterator[bytes]:
    yield from repeated(
        importlib.import_module("test_motion_markers").tsv(markers()), b"7\t0.00000\t", times
    )


def nexus(times: int) -> Iterator[bytes]:
    yield from repeated(
        importlib.import_module("test_motion_nexus").nexus(markers()), b"7,0,", times, b"\r\n"
    )


def c3d(times: int) -> Iterator[bytes]:
    longer = {name: np.tile(place, (times, 1)) for name, place in markers().items()}
    yield importlib.import_module("c3d_files").c3d(longer)


def mvnx(times: int) -> Iterator[bytes]:
    text = importlib.import_module("mvnx_files").mvnx(motion())
    yield from repeated(text, b"<frame time=", times, b"</frames></subject></mvnx>\n")


def motive(times: int) -> Iterator[bytes]:
    text = importlib.import_module("test_motion_suits").motive(motion()) + b"\r\n"
    yield from repeated(text, b"0,0.000000,", times)


def fbx(times: int) -> Iterator[bytes]:
    yield importlib.import_module("fbx_files").walking(whole=walk(times))


def fbx_text(times: int) -> Iterator[bytes]:
    yield importlib.import_module("fbx_files").walking(whole=walk(times), text=True)


def glb(times: int) -> Iterator[bytes]:
    tests = importlib.import_module("test_motion_gltf")
    yield tests.glb(*tests.gltf(whole=walk(times)))


def tensors(times: int) -> Iterator[bytes]:
    world = pickle.loads(_made().gvhmr(walk(times)))["smpl_params_global"]
    yield importlib.import_module("torch_files").torch({"smpl_params_global": world})


def features(times: int) -> Iterator[bytes]:
    tests = importlib.import_module("test_motion_arrays")
    rows = tests.features(tests.y_up(motion())).astype(np.float32)
    yield tests.npy(np.tile(rows, (times, 1)))


def named_json(times: int) -> Iterator[bytes]:
    from retarget.motion.formats.smpl.body import body_tree

    names = json.dumps(body_tree("smpl").names[:22])
    rows = json.dumps(np.round(motion().positions[:, :22], 4).tolist())[1:-1].encode()
    yield b'{"joint_names": %b, "fps": 30, "positions": [' % names.encode()
    for number in range(times):
        yield rows if number == 0 else b", " + rows
    yield b"]}"


def amc(times: int) -> Iterator[bytes]:
    tests = importlib.import_module("test_motion_acclaim")
    values = tests.motion_values(PERIOD // 2)
    there = {name: np.concatenate([rows, rows[::-1]]) for name, rows in values.items()}
    yield from repeated(tests.amc(there).encode(), b"1\r\n", times)


def table_of_places(times: int) -> Iterator[bytes]:
    from retarget.motion.formats.smpl.body import body_tree

    places = motion().positions[:, :22].reshape(PERIOD, 66)
    yield (
        ",".join(f"{n}_{axis}" for n in body_tree("smpl").names[:22] for axis in "xyz") + "\n"
    ).encode()
    rows = "".join(",".join(f"{v:.4f}" for v in row) + "\n" for row in places).encode()
    for _ in range(times):
        yield rows


def places(times: int) -> Iterator[bytes]:
    from retarget.motion.formats.smpl.body import body_tree

    whole = np.tile(motion().positions[:, :22].astype(np.float32), (times, 1, 1))
    yield _made().npz(joint_names=np.array(body_tree("smpl").names[:22]), positions=whole, fps=30)


WRITERS: dict[str, Callable[[int], Iterator[bytes]]] = {
    "clip.bvh": bvh,
    "amass.npz": lambda times: iter([_made().amass(walk(times), mocap_framerate=30.0)]),
    "stage_two.npz": lambda times: iter(
        [_made().stage_two(walk(times), gender=np.array("neutral"))]
    ),
    "wham.pkl": lambda times: iter([_made().wham(walk(times))]),
    "walk.pt": tensors,
    "places.npz": places,
    "features.npy": features,
    "places.json": named_json,
    "places.csv": table_of_places,
    "walk.amc": amc,
    "walk.c3d": c3d,
    "walk.trc": trc,
    "walk.tsv": tsv,
    "nexus.csv": nexus,
    "walk.mvnx": mvnx,
    "take.csv": motive,
    "walk.glb": glb,
    "walk.fbx": fbx,
    "text.fbx": fbx_text,
}


if __name__ == "__main__":
    main()
