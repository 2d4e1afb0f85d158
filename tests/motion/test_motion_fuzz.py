"""Whatever is done to a file of any format, it is read or refused in one line; mutations are the same in each run."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import smpl_files as made
from test_motion_acclaim import amc, asf, motion_values
from test_motion_gltf import glb, gltf
from test_motion_markers import marked, renamed, trc
from test_motion_suits import motive

from retarget.errors import RetargetError
from retarget.motion import read_motion
from retarget.motion.formats.smpl.body import body_tree

MUTATIONS = 60  # of each file
_HUGE = (
    b"1e308",
    b"-1e400",
    b"9" * 400,
    b"nan",
    b"inf",
    b"0x10",
    b"",
    b"-",
    b"\xff\xfe",
    b"[" * 3000,
)


def mutated(data: bytes, rng: random.Random) -> bytes:
    """A file with bytes flipped, cut, swapped, doubled, or with a number that is none."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        if not out:
            break
        at, kind = rng.randrange(len(out)), rng.randrange(6)
        if kind == 0:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del out[at:]
        elif kind == 2:
            del out[at : at + rng.randrange(1, 200)]
        elif kind == 3:
            other = rng.randrange(len(out))
            out[at], out[other] = out[other], out[at]
        elif kind == 4:
            out[at:at] = out[at : at + rng.randrange(1, 400)]
        else:
            out[at : at + rng.randrange(12)] = rng.choice(_HUGE)
    return bytes(out)


def table(walk) -> bytes:
    names = body_tree("smpl").names[:22]
    head = ",".join(f"{name}_{axis}" for name in names for axis in "xyz")
    rows = [
        ",".join(f"{v:.4f}" for v in row) for row in walk.positions[:, :22].reshape(len(walk), -1)
    ]
    return "\n".join([head, *rows]).encode()


def places(walk) -> bytes:
    return made.npz(
        joint_names=np.array(body_tree("smpl").names[:22]), positions=walk.positions[:, :22], fps=30
    )


FILES: dict[str, Callable[..., bytes]] = {
    "amass.npz": lambda walk: made.amass(made.walk()),
    "wham.pkl": lambda walk: made.wham(made.walk()),
    "tram.npy": lambda walk: made.tram(made.walk()),
    "places.npz": places,
    "places.csv": table,
    "places.json": lambda walk: json.dumps(
        {
            "joint_names": body_tree("smpl").names[:22],
            "positions": walk.positions[:, :22].tolist(),
            "fps": 30,
        }
    ).encode(),
    "walk.amc": lambda walk: amc(motion_values(12)).encode(),
    "walk.trc": lambda walk: trc(renamed(marked(walk), "rizzoli")),
    "take.csv": motive,
    "walk.glb": lambda walk: glb(*gltf()),
}


@pytest.mark.parametrize("name", FILES)
def test_any_file_is_read_or_refused_in_one_line(name: str, tmp_path: Path) -> None:
    walk = read_motion(made.written(tmp_path, "base.npz", made.amass(made.walk())))
    (tmp_path / "walker.asf").write_text(asf())
    whole, rng = FILES[name](walk), random.Random(name)
    refused = 0
    for number in range(MUTATIONS):
        path = made.written(tmp_path, f"{number}_{name}", mutated(whole, rng))
        try:
            motion = read_motion(path, source_fps=30)
        except RetargetError as error:
            assert "\n" not in str(error)
            assert len(str(error)) < 2000
            refused += 1
            continue
        assert np.isfinite(motion.positions).all()
    assert refused > 0  # the mutations reach what matters
