"""Sound files of every kind, made from what travels with the package, to be damaged."""

from __future__ import annotations

import io
import json
import pickle
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from fuzzing.judging import quiet_batches

__all__ = [
    "ROLES", "RUN_TOML", "amp", "batch", "bvh", "deepmimic", "mjcf", "pickles", "results", "robot_toml", "smpl", "urdf",
]  # fmt: skip


def _clip(name: str) -> bytes:
    from retarget.demo import clips_folder

    return (clips_folder() / name).read_bytes()


@cache
def bvh() -> list[bytes]:
    """Two pieces of the embedded clip, and one of joints whose names say nothing."""
    lines = _clip("cmu_01_01.bvh").split(b"\n")
    motion = next(n for n, line in enumerate(lines) if line.startswith(b"MOTION"))
    head = [*lines[: motion + 1], b"Frames: 40", *lines[motion + 2 : motion + 3]]
    frames = lines[motion + 3 :]
    nameless = b"\n".join(head)
    for number, word in enumerate(sorted(_names_in(nameless), key=len, reverse=True)):
        nameless = nameless.replace(b" " + word + b"\n", b" j%d\n" % number)
    return [
        b"\n".join([*head, *frames[:40], b""]),
        b"\n".join([*head, *frames[300:340], b""]),
        b"\n".join([nameless, *frames[100:140], b""]),
    ]


def _names_in(head: bytes) -> list[bytes]:
    words = [line.split() for line in head.split(b"\n")]
    return [pair[1] for pair in words if len(pair) == 2 and pair[0] in (b"JOINT", b"ROOT")]


@cache
def amp() -> list[bytes]:
    """Sixty frames of the embedded walk."""
    with np.load(io.BytesIO(_clip("humanoid_walk.npz"))) as archive:
        arrays = {key: archive[key] for key in archive.files}
    short = {
        key: value[:60] if key.startswith("body_") and value.ndim == 3 else value
        for key, value in arrays.items()
    }
    stream = io.BytesIO()
    np.savez_compressed(stream, **short)
    return [stream.getvalue()]


@cache
def deepmimic() -> list[bytes]:
    """A walk of straight legs."""
    turned: list[float] = [1, 0, 0, 0]
    rows = []
    for frame in range(40):
        swing = 0.4 * float(np.sin(frame / 6))
        leg = [float(np.cos(swing / 2)), 0.0, 0.0, float(np.sin(swing / 2))]
        side = [*leg, -0.3, *turned, *leg, 0.5]
        root = [1 / 30, 0.03 * frame, 0.9, 0.0, *turned, *turned, *turned]
        rows.append([*root, *side, *side])
    return [json.dumps({"Loop": "none", "Frames": rows}, indent=1).encode()]


@cache
def smpl() -> list[bytes]:
    """Legs that swing, of SMPL-H."""
    poses = np.zeros((40, 156))
    poses[:, 3] = poses[:, 12] = 0.4 * np.sin(np.arange(40) / 6)
    trans = np.stack([np.linspace(0, 1, 40), np.zeros(40), np.full(40, 0.9)], axis=1)
    stream = io.BytesIO()
    np.savez(
        stream, poses=poses, trans=trans, betas=np.zeros(16), gender="neutral",
        mocap_framerate=30.0,
    )  # fmt: skip
    return [stream.getvalue()]


@cache
def pickles() -> list[bytes]:
    """Arrays, names and numbers in four of pickle's protocols."""
    value = {
        "fps": 30, "dof": np.zeros((20, 29)), "root": np.zeros((20, 3), np.float32), "names": ["a", "b"], 3: (1, None),
    }  # fmt: skip
    return [pickle.dumps(value, protocol) for protocol in (0, 2, 4, 5)]


@cache
def results() -> list[bytes]:
    """A result on the Unitree G1."""
    from retarget.motion import read_motion
    from retarget.pipeline import retarget_motion
    from retarget.robots import load_robot

    with TemporaryDirectory() as folder:
        clip = Path(folder, "clip.bvh")
        clip.write_bytes(bvh()[1])
        result = retarget_motion(read_motion(clip), load_robot("unitree_g1"))
        file = Path(folder, "clip.npz")
        result.save_npz(file)
        return [file.read_bytes()]


def _embedded(name: str, file: str) -> bytes:
    from retarget.robots import registry

    return (Path(registry.__file__).parent / "embedded" / name / file).read_bytes()


@cache
def mjcf() -> list[bytes]:
    """The embedded robots."""
    return [_embedded(n, "model.xml") for n in ("unitree_g1", "unitree_h1", "booster_t1")]


_LEG: Final = (
    ("hip_yaw", "0 0 1", "0 {s}0.1 -0.05"), ("hip_roll", "1 0 0", "0 0 -0.03"), ("hip_pitch", "0 1 0", "0 0 -0.03"),
    ("knee", "0 1 0", "0 0 -0.35"), ("ankle_pitch", "0 1 0", "0 0 -0.35"), ("ankle_roll", "1 0 0", "0 0 -0.02"),
)  # fmt: skip
_ARM: Final = (
    ("shoulder_pitch", "0 1 0", "0 {s}0.18 0.35"), ("shoulder_roll", "1 0 0", "0 {s}0.03 0"),
    ("shoulder_yaw", "0 0 1", "0 0 -0.05"), ("elbow", "0 1 0", "0 0 -0.22"), ("wrist_yaw", "0 0 1", "0 0 -0.22"),
)  # fmt: skip
_INERTIA: Final = "<inertia ixx='0.01' iyy='0.01' izz='0.01' ixy='0' ixz='0' iyz='0'/>"


@cache
def urdf() -> list[bytes]:
    """A humanoid in URDF: boxes for feet, spheres else, limits and masses."""
    joints = [("waist_yaw", "pelvis", "torso", "0 0 1", "0 0 0.1")]
    for side, sign in (("left", ""), ("right", "-")):
        for chain, first in ((_LEG, "pelvis"), (_ARM, "torso")):
            parent = first
            for name, axis, place in chain:
                child = f"{side}_{name}_link"
                joints.append((f"{side}_{name}", parent, child, axis, place.format(s=sign)))
                parent = child
    text = []
    for link in ("pelvis", *(joint[2] for joint in joints)):
        foot = "ankle_roll" in link
        shape = "box size='0.2 0.08 0.03'" if foot else "sphere radius='0.04'"
        text.append(
            f"<link name='{link}'><inertial><mass value='1.5'/>{_INERTIA}</inertial><collision>"
            f"<origin xyz='{'0.04 0 -0.03' if foot else '0 0 0'}'/><geometry><{shape}/></geometry></collision></link>"
        )
    for name, parent, child, axis, place in joints:
        low, high = ("0", "2.4") if "knee" in name else ("-1.8", "1.8")
        text.append(
            f"<joint name='{name}_joint' type='revolute'><parent link='{parent}'/><child link='{child}'/>"
            f"<origin xyz='{place}'/><axis xyz='{axis}'/>"
            f"<limit lower='{low}' upper='{high}' velocity='15' effort='80'/></joint>"
        )
    return [("<robot name='figure'>" + "".join(text) + "</robot>").encode()]


@cache
def robot_toml() -> list[bytes]:
    """The description of the Unitree G1."""
    return [_embedded("unitree_g1", "robot.toml")]


RUN_TOML: Final = b"""motion_format = "bvh"
robot = "unitree_g1"
skip_bind_pose = true
up = "y"
unit = "centimetre"
floor_m = 0.0

[roles]
left_toe = "LeftToeBase"

[options]
fps = 50.0
start_s = 0.1
end_s = 1.0
mirror = false
time_scale = 1.0
style = "close"
smoothness = 2.0
joint_speed_limit = 10.0
joint_acceleration_limit = 200.0
joint_margin = 0.02
collision_margin = 0.01
contacts = true

[options.weights]
hand = 4.0
left_hand = 2.0
"""
ROLES: Final = b'[roles]\nleft_toe = "LeftToeBase"\nright_knee = "RightLeg"\nchest = "Spine1"\n'


@cache
def batch() -> tuple[bytes, bytes]:
    """A manifest of a batch of five jobs, one of which failed, and the journal that it was written from."""
    from retarget.batch import BatchJob, BatchRunner

    kept: list[bytes] = []

    def work(job: BatchJob) -> dict[str, Any]:
        kept[:] = [(Path(folder) / "m.json.journal").read_bytes()]
        if job.id == "t2":
            raise ValueError("no such luck")
        job.output.write_bytes(b"x")
        return {"frames": 12, "seconds": {"total": 0.5}, "names": ["a", None]}

    with quiet_batches(), TemporaryDirectory() as folder:
        motion = Path(folder, "in.bvh")
        motion.write_bytes(b"x")
        jobs = [
            BatchJob(id=f"t{n}", motion=motion, output=Path(folder, f"{n}.out")) for n in range(5)
        ]
        BatchRunner().run(jobs, work, manifest_path=Path(folder, "m.json"), max_workers=1)
        return Path(folder, "m.json").read_bytes(), kept[0].rstrip(b"\n") + b"\n"
