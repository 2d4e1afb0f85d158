"""What each consumer's loader does with a file, restated from its rules: an independent second opinion.

Nothing here uses the tables that files are written from. Joints and links are those of the robot in MuJoCo's order.
"""

from __future__ import annotations

import pickle
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from scipy.spatial.transform import Rotation

ISAAC_MAP_OF_G1 = [
    *(0, 6, 12, 1, 7, 13, 2, 8, 14, 3, 9, 15, 22, 4, 10, 16, 23, 5),
    *(11, 17, 24, 18, 25, 19, 26, 20, 27, 21, 28),
]


@dataclass
class Loaded:
    """What a trainer has after loading: the base, joints in MuJoCo's order, and links by name where it reads any."""

    fps: float | None
    position: np.ndarray
    rotation: np.ndarray  # wxyz
    joints: np.ndarray
    rates: np.ndarray | None = None
    links: dict[str, np.ndarray] = field(default_factory=dict)  # position, rotation, velocity, spin
    link_names: list[str] = field(default_factory=list)
    extra: dict = field(default_factory=dict)

    @property
    def qpos(self) -> np.ndarray:
        return np.concatenate([self.position, self.rotation, self.joints], axis=1)


def wxyz(xyzw: np.ndarray) -> np.ndarray:
    return np.asarray(xyzw)[..., [3, 0, 1, 2]]


def from_rotvec(vectors: np.ndarray) -> np.ndarray:
    return Rotation.from_rotvec(np.asarray(vectors, np.float64)).as_quat(scalar_first=True)


def tracking_npz(path: Path, joint_map: list[int], names: tuple[str, ...]) -> Loaded:
    """MotionLoader of whole_body_tracking and mjlab: six arrays as they are, base = body 0."""
    data = np.load(path)  # no pickles
    count = data["joint_pos"].shape[1]
    joints, rates = np.empty_like(data["joint_pos"]), np.empty_like(data["joint_vel"])
    joints[:, joint_map], rates[:, joint_map] = data["joint_pos"], data["joint_vel"]
    assert data["fps"].tolist() == [50] and data["fps"].dtype == np.int64
    for key in (
        "joint_pos",
        "joint_vel",
        "body_pos_w",
        "body_quat_w",
        "body_lin_vel_w",
        "body_ang_vel_w",
    ):
        assert data[key].dtype == np.float32 and data[key].flags.c_contiguous
    links = {
        "position": data["body_pos_w"],
        "rotation": data["body_quat_w"],
        "velocity": data["body_lin_vel_w"],
        "spin": data["body_ang_vel_w"],
    }
    base = names.index("pelvis") if "pelvis" in names else 0
    assert joints.shape[1] == count
    return Loaded(
        50.0,
        links["position"][:, base],
        links["rotation"][:, base],
        joints,
        rates,
        links,
        list(names),
    )


def unitree_csv(path: Path) -> Loaded:
    rows = np.loadtxt(path, delimiter=",")
    return Loaded(None, rows[:, :3], rows[:, [6, 3, 4, 5]], rows[:, 7:])


def kimodo_csv(path: Path) -> Loaded:
    rows = np.loadtxt(path, delimiter=",")
    return Loaded(None, rows[:, :3], rows[:, 3:7], rows[:, 7:])


def bones_csv(path: Path, joint_names: tuple[str, ...]) -> Loaded:
    """Header, centimetres, degrees, extrinsic xyz; joints by their headings less ``_dof``."""
    heads = path.read_text().splitlines()[0].split(",")
    rows = np.loadtxt(path, delimiter=",", skiprows=1)
    assert heads[0] == "Frame" and rows[:, 0].tolist() == list(range(len(rows)))
    assert heads[1:7] == [f"root_{k}{a}" for k in ("translate", "rotate") for a in "XYZ"]
    turn = Rotation.from_euler("xyz", rows[:, 4:7], degrees=True).as_quat(scalar_first=True)
    columns = [heads.index(f"{name}_dof") for name in joint_names]
    return Loaded(None, rows[:, 1:4] / 100, turn, np.radians(rows[:, columns]))


def gmr_pickle(path: Path) -> Loaded:
    """All six keys, xyzw, link positions in the base's frame."""
    data = pickle.loads(path.read_bytes())
    assert set(data) == {
        "fps",
        "root_pos",
        "root_rot",
        "dof_pos",
        "local_body_pos",
        "link_body_list",
    }
    assert type(data["fps"]) in (int, float) and type(data["link_body_list"]) is list
    local, names = data["local_body_pos"], data["link_body_list"]
    assert local.shape[1] == len(names) == len(set(names))
    assert np.abs(local[:, names.index("pelvis")]).max() < 1e-6 if "pelvis" in names else True
    rotation = wxyz(data["root_rot"])
    turn = Rotation.from_quat(data["root_rot"].astype(np.float64))
    world = np.stack([turn.apply(local[:, b]) for b in range(len(names))], axis=1)
    world += data["root_pos"][:, None]
    return Loaded(
        data["fps"],
        data["root_pos"],
        rotation,
        data["dof_pos"],
        links={"position": world},
        link_names=names,
    )


def phc_entry(path: Path, clip: str, joint_names: tuple[str, ...]) -> Loaded:
    """One entry of a dictionary of clips; angles are the sums of the three numbers of each body's row."""
    clips = pickle.loads(path.read_bytes())
    assert list(clips) == [clip] and clip == path.name.split(".")[0]
    entry = clips[clip]
    assert "beta" not in entry
    fps = entry["fps"]
    assert type(fps) is int and int(1 / (1 / fps)) == fps
    pose = entry["pose_aa"]
    joints = pose.sum(axis=2)[:, 1 : 1 + len(joint_names)]
    np.testing.assert_allclose(joints, entry["dof"], atol=1e-6)
    turn = from_rotvec(pose[:, 0])
    same = np.abs(np.sum(turn * wxyz(entry["root_rot"]), axis=1))
    assert same.min() > 1 - 1e-6
    return Loaded(fps, entry["root_trans_offset"], turn, joints, extra=entry)


def holosoma_npz(path: Path) -> Loaded:
    data = np.load(path)
    assert data.files == ["qpos"]  # a stored rate would be taken for a time step
    qpos = data["qpos"]
    return Loaded(None, qpos[:, :3], qpos[:, 3:7], qpos[:, 7:])


def holosoma_wbt_npz(
    path: Path, joint_names: tuple[str, ...], link_names: tuple[str, ...]
) -> Loaded:
    """Joint arrays are 7 and 6 wider; joints and links by name."""
    data = np.load(path)
    found, bodies = data["joint_names"].tolist(), data["body_names"].tolist()
    columns, rows = [found.index(n) for n in joint_names], [bodies.index(n) for n in link_names]
    links = {
        "position": data["body_pos_w"][:, rows],
        "rotation": data["body_quat_w"][:, rows],
        "velocity": data["body_lin_vel_w"][:, rows],
        "spin": data["body_ang_vel_w"][:, rows],
    }
    joint_pos, joint_vel = data["joint_pos"], data["joint_vel"]
    return Loaded(
        float(data["fps"][0]),
        joint_pos[:, :3],
        joint_pos[:, 3:7],
        joint_pos[:, 7:][:, columns],
        joint_vel[:, 6:][:, columns],
        links,
        list(link_names),
        {"qvel": joint_vel},
    )


def amp_npz(path: Path, joint_names: tuple[str, ...]) -> Loaded:
    """Nine keys, no pickles; joints and links by name; the base is a link."""
    data = np.load(path)
    assert data["fps"].shape == () and data["fps"].dtype == np.int64
    found, bodies = data["dof_names"].tolist(), data["body_names"].tolist()
    assert len(set(bodies)) == len(bodies)
    columns = [found.index(name) for name in joint_names]
    links = {
        "position": data["body_positions"],
        "rotation": data["body_rotations"],
        "velocity": data["body_linear_velocities"],
        "spin": data["body_angular_velocities"],
    }
    return Loaded(
        int(data["fps"]),
        links["position"][:, 0],
        links["rotation"][:, 0],
        data["dof_positions"][:, columns],
        data["dof_velocities"][:, columns],
        links,
        bodies,
    )


def amp_rsl_rl(path: Path, joint_names: tuple[str, ...]) -> Loaded:
    data = np.load(path, allow_pickle=True).item()
    columns = [data["joints_list"].index(name) for name in joint_names]
    joints = np.array(data["joint_positions"])[:, columns]
    return Loaded(data["fps"], data["root_position"], wxyz(data["root_quaternion"]), joints)


def loco_mujoco(path: Path) -> Loaded:
    """A key that the loader does not know is an error; the free joint is called root."""
    data = np.load(path, allow_pickle=True)
    allowed = {"qpos", "qvel", "split_points", "joint_names", "frequency", "njnt", "jnt_type"}
    assert set(data.files) == allowed
    qpos, qvel = data["qpos"], data["qvel"]
    assert data["split_points"].tolist() == [0, len(qpos)]
    assert data["joint_names"][0] == "root" and len(data["joint_names"]) == data["njnt"]
    assert data["jnt_type"].tolist() == [0] + [3] * (qpos.shape[1] - 7)
    assert qvel.shape[1] == qpos.shape[1] - 1
    return Loaded(
        float(data["frequency"]),
        qpos[:, :3],
        qpos[:, 3:7],
        qpos[:, 7:],
        qvel[:, 6:],
        extra={"qvel": qvel},
    )


def mimickit(path: Path) -> Loaded:
    raw = path.read_bytes()
    assert b"numpy" not in raw
    data = pickle.loads(raw)
    assert sorted(data) == ["fps", "frames", "loop_mode"] and data["loop_mode"] == 0
    assert type(data["frames"]) is list and type(data["frames"][0][0]) is float
    frames = np.array(data["frames"], np.float32)
    return Loaded(data["fps"], frames[:, :3], from_rotvec(frames[:, 3:6]), frames[:, 6:])


def instinctlab(path: Path, joint_names: tuple[str, ...]) -> Loaded:
    assert path.name.endswith("retargeted.npz")
    data = np.load(path)
    columns = [data["joint_names"].tolist().index(name) for name in joint_names]
    return Loaded(
        data["framerate"].item(),
        data["base_pos_w"],
        data["base_quat_w"],
        data["joint_pos"][:, columns],
    )


def keyframes(path: Path) -> Loaded:
    keys = ElementTree.parse(path).getroot().find("keyframe")
    qpos = np.array([[float(v) for v in key.get("qpos").split()] for key in keys])
    time = [float(key.get("time")) for key in keys]
    return Loaded(1 / (time[1] - time[0]), qpos[:, :3], qpos[:, 3:7], qpos[:, 7:])


def sonic_deploy(folder: Path, joint_map: list[int]) -> Loaded:
    """Six tables whose first line is skipped, and the whole numbers on the line after the one that names them."""
    tables = {}
    for name in ("joint_pos", "joint_vel", "body_pos", "body_quat", "body_lin_vel", "body_ang_vel"):
        lines = (folder / f"{name}.csv").read_text().splitlines()
        tables[name] = np.array([[float(v) for v in line.split(",")] for line in lines[1:]])
        assert len(lines[0].split(",")) == tables[name].shape[1]
    lines = (folder / "metadata.txt").read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if "Body part indexes" in line)
    places = [int(number) for number in re.findall(r"\d+", lines[at + 1])]
    frames = len(tables["joint_pos"])
    assert f"Total timesteps: {frames}" in lines
    count = len(places)
    joints, rates = np.empty_like(tables["joint_pos"]), np.empty_like(tables["joint_vel"])
    joints[:, joint_map], rates[:, joint_map] = tables["joint_pos"], tables["joint_vel"]
    links = {
        "position": tables["body_pos"].reshape(frames, count, 3),
        "rotation": tables["body_quat"].reshape(frames, count, 4),
        "velocity": tables["body_lin_vel"].reshape(frames, count, 3),
        "spin": tables["body_ang_vel"].reshape(frames, count, 3),
    }
    return Loaded(
        50.0,
        links["position"][:, 0],
        links["rotation"][:, 0],
        joints,
        rates,
        links,
        [],
        {"places": places},
    )


class _TensorPickle(pickle.Unpickler):
    """Reads what torch.load reads of ``data.pkl``, with arrays for tensors and nothing else but data."""

    def __init__(self, stream, storages) -> None:
        super().__init__(stream)
        self._storages = storages

    def find_class(self, module: str, name: str):
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self._tensor
        if module == "torch" and name.endswith("Storage"):
            return {"FloatStorage": "<f4", "BoolStorage": "|b1", "LongStorage": "<i8"}[name]
        if (module, name) == ("collections", "OrderedDict"):
            return dict
        raise pickle.UnpicklingError(f"{module}.{name}")

    def persistent_load(self, pid):
        kind, dtype, key, device, count = pid
        assert (kind, device) == ("storage", "cpu")
        flat = np.frombuffer(self._storages[key], dtype)
        assert len(flat) == count
        return flat

    @staticmethod
    def _tensor(storage, offset, shape, strides, gradient, hooks):
        assert offset == 0 and not gradient and not hooks
        wanted = tuple(int(np.prod(shape[i + 1 :])) for i in range(len(shape)))
        assert strides == wanted
        return storage.reshape(shape)


def torch_dict(path: Path) -> dict:
    """A dictionary of arrays from a file of torch, by the rules of its layout."""
    import io

    with zipfile.ZipFile(path) as archive:
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
        root = archive.namelist()[0].split("/")[0]
        assert archive.read(f"{root}/byteorder") == b"little"
        assert archive.read(f"{root}/version") == b"3\n"
        storages = {
            name.split("/data/")[1]: archive.read(name)
            for name in archive.namelist()
            if "/data/" in name
        }
        return _TensorPickle(io.BytesIO(archive.read(f"{root}/data.pkl")), storages).load()


def protomotions(path: Path, link_names: tuple[str, ...]) -> Loaded:
    data = torch_dict(path)
    assert type(data["fps"]) is int
    assert data["rigid_body_contacts"].dtype == bool and data["rigid_body_contacts"].any()
    assert data["rigid_body_pos"].shape[1] == len(link_names)
    links = {
        "position": data["rigid_body_pos"],
        "rotation": wxyz(data["rigid_body_rot"]),
        "velocity": data["rigid_body_vel"],
        "spin": data["rigid_body_ang_vel"],
    }
    return Loaded(
        data["fps"],
        links["position"][:, 0],
        links["rotation"][:, 0],
        data["dof_pos"],
        data["dof_vel"],
        links,
        list(link_names),
        {"contacts": data["rigid_body_contacts"]},
    )


def cnpy_keys(raw: bytes) -> dict[str, tuple[str, tuple[int, ...]]]:
    """What cnpy finds in an archive: member by member, its header of one line, and as many bytes as that says."""
    at, seen = 0, {}
    while raw[at : at + 4] == b"PK\x03\x04":
        assert int.from_bytes(raw[at + 8 : at + 10], "little") == 0, (
            "a packed member cannot be read"
        )
        name_size = int.from_bytes(raw[at + 26 : at + 28], "little")
        extra = int.from_bytes(raw[at + 28 : at + 30], "little")
        name = raw[at + 30 : at + 30 + name_size].decode().removesuffix(".npy")
        at += 30 + name_size + extra + 11
        end = raw.index(b"\n", at) + 1
        assert end - at < 256
        head = raw[at:end].decode("latin1")
        shape = tuple(int(n) for n in re.findall(r"\d+", head[head.index("(") : head.index(")")]))
        kind = re.search(r"'descr': '(.)(.)(\d+)'", head)
        seen[name] = (f"{kind[1]}{kind[2]}{kind[3]}", shape)
        at = end + int(kind[3]) * int(np.prod(shape or (1,)))
    return seen
