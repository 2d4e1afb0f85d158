"""Make the embedded demo clips from the published packages that hold the originals.

The clips are recordings of the CMU Graphics Lab Motion Capture Database. Run it with the two packages:

    python tools/import_demo_clips.py assimp-testmodels_5.2.5~ds0-1_all.deb isaaclab-3.0.0-py3-none-any.whl

The first is Debian's (``apt-get download assimp-testmodels``; reading it needs ``dpkg-deb``), the second
PyPI's (``pip download --no-deps isaaclab==3.0.0``). The outputs are the same bytes on every run.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import tarfile
import zipfile
from pathlib import Path

import numpy as np

CLIPS = Path(__file__).resolve().parent.parent / "src/retarget/demo/clips"
BVH_SHA256 = "1d9ee909452ee62784306545cf1fcd634243db1173e0c90cecbed793e50361a8"
MOTIONS = {
    "humanoid_walk.npz": "91a7af4e7fa59d8a3a2bb2c6e0dad45d73f6e5b5ee1a284d733435e32c418542",
    "humanoid_run.npz": "98dd7cf75b130a593d5f0254d5ece6a2123c2fefad0ee02dcb13ec6d57db99c1",
    "humanoid_dance.npz": "2f2b07fd6f2c12f89b60690f9937cf82a9d613e91eaec7e6ca29e126925f9d12",
}
MOTION_FOLDER = "isaaclab_tasks/contrib/humanoid_amp/motions"
KEPT_KEYS = ("fps", "body_names", "body_positions", "body_rotations")
STEP = 4  # 120 Hz to 30 Hz
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("assimp_testmodels", type=Path, help="assimp-testmodels_5.2.5*.deb")
    parser.add_argument("isaaclab", type=Path, help="isaaclab-3.0.0-py3-none-any.whl")
    packages = parser.parse_args()
    CLIPS.mkdir(parents=True, exist_ok=True)
    original = bvh_from_deb(packages.assimp_testmodels)
    (CLIPS / "cmu_01_01.bvh").write_bytes(thinned(original))
    with zipfile.ZipFile(packages.isaaclab) as wheel:
        for name, expected in MOTIONS.items():
            data = wheel.read(f"{MOTION_FOLDER}/{name}")
            check(name, data, expected)
            (CLIPS / name).write_bytes(reduced(data))
    for path in sorted(CLIPS.iterdir()):
        print(f"{path.stat().st_size:8d}  {path.name}")


def check(name: str, data: bytes, expected: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise SystemExit(f"{name}: sha256 is {found}, not {expected}; is it another version?")


def bvh_from_deb(package: Path) -> bytes:
    """The CMU clip 01_01 out of the Debian package."""
    listing = subprocess.run(
        ["dpkg-deb", "--fsys-tarfile", str(package)], check=True, capture_output=True
    )
    with tarfile.open(fileobj=io.BytesIO(listing.stdout)) as files:
        member = next(m for m in files if m.name.endswith("BVH/01_01.bvh"))
        stream = files.extractfile(member)
        assert stream is not None
        data = stream.read()
    check("01_01.bvh", data, BVH_SHA256)
    return data


def thinned(data: bytes) -> bytes:
    """Frame 0 (a T-pose) and every fourth frame from 1 on, as a BVH of 30 frames a second."""
    lines = data.decode("ascii").splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip() == "MOTION")
    rows = [line for line in lines[start + 3 :] if line.strip()]
    kept = [rows[0], *rows[1::STEP]]
    head = [*lines[: start + 1], f"Frames: {len(kept)}", "Frame Time: .0333333"]
    return "\n".join([*head, *kept, ""]).encode("ascii")


def reduced(data: bytes) -> bytes:
    """Only the keys a reader needs, compressed, with no time stamps."""
    packed = io.BytesIO()
    with (
        np.load(io.BytesIO(data), allow_pickle=False) as motion,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        for key in KEPT_KEYS:
            array = io.BytesIO()
            np.lib.format.write_array(array, motion[key], allow_pickle=False)
            entry = zipfile.ZipInfo(f"{key}.npy", ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, array.getvalue())
    return packed.getvalue()


if __name__ == "__main__":
    main()
