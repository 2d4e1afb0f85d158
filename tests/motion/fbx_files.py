"""FBX files, binary and text, as programs write them: nodes with values, models, curves and what hangs on what."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import smpl_files as made
from scipy.spatial.transform import Rotation

from retarget.motion.formats.smpl.body import body_tree, fixed_skeleton

SECOND = 46_186_158_000
ORDERS = ("xyz", "xzy", "yzx", "yxz", "zxy", "zyx")
LINEAR, CUBIC, CONSTANT = 0x4, 0x8, 0x2


class Node(NamedTuple):
    name: str
    values: Sequence[Any] = ()
    nodes: Sequence[Node] = ()


def content(nodes: Sequence[Node], version: int = 7400, packed: bool = False) -> bytes:
    """A whole file of these nodes."""
    head = b"Kaydara FBX Binary  \0\x1a\0" + struct.pack("<I", version)
    return head + _list(nodes, len(head), version >= 7500, packed) + b"\0" * 16


def as_text(nodes: Sequence[Node], version: int = 7400) -> bytes:
    """The same as a text, in which names of objects follow their class."""
    head = Node("FBXHeaderExtension", nodes=[Node("FBXVersion", [version])])
    whole = f"; FBX {version / 1000:.1f}.0 project file\n; {'-' * 40}\n\n"
    return (whole + "".join(_written(node, "", version) for node in (head, *nodes))).encode()


def _written(node: Node, pad: str, version: int) -> str:
    values = ", ".join(_word(value, node.name, version) for value in node.values)
    if not node.nodes and node.values:
        return f"{pad}{node.name}: {values}\n"
    below = "".join(_written(one, pad + "\t", version) for one in node.nodes)
    return f"{pad}{node.name}: {values} {{\n{below}{pad}}}\n\n; a remark: of nothing\n"


def _word(value: Any, name: str, version: int) -> str:
    if isinstance(value, np.ndarray):
        if name == "KeyAttrDataFloat" and version >= 7200:
            value = value.view(np.int32)
        numbers = ",".join(f"{v:.9g}" if value.dtype.kind == "f" else str(v) for v in value)
        return f"*{len(value)} {{\n\t\ta: {numbers}\n}} "
    if isinstance(value, str):
        called, _, kind = value.partition("\0\1")
        return '"' + (f"{kind}::{called}" if kind else value).replace('"', "&quot;") + '"'
    return f"{value!r}"


def _list(nodes: Sequence[Node], at: int, wide: bool, packed: bool) -> bytes:
    out = b""
    for node in nodes:
        out += _node(node, at + len(out), wide, packed)
    return out + bytes(25 if wide else 13)


def _node(node: Node, at: int, wide: bool, packed: bool) -> bytes:
    layout = "<3QB" if wide else "<3IB"
    values = b"".join(_value(value, packed) for value in node.values)
    name = node.name.encode()
    begin = at + struct.calcsize(layout) + len(name) + len(values)
    below = _list(node.nodes, begin, wide, packed) if node.nodes else b""
    head = struct.pack(layout, begin + len(below), len(node.values), len(values), len(name))
    return head + name + values + below


def _value(value: Any, packed: bool) -> bytes:
    if isinstance(value, np.ndarray):
        code = {"int64": b"l", "int32": b"i", "float32": b"f", "float64": b"d"}[value.dtype.name]
        raw = value.tobytes()
        body = zlib.compress(raw) if packed else raw
        return code + struct.pack("<3I", len(value), int(packed), len(body)) + body
    if isinstance(value, str):
        return b"S" + struct.pack("<I", len(value)) + value.encode()
    if isinstance(value, float):
        return b"D" + struct.pack("<d", value)
    return b"L" + struct.pack("<q", value)


def properties(**values: Sequence[float] | float) -> Node:
    """Properties by name, ``Lcl_Rotation`` for ``Lcl Rotation``."""
    rows = []
    for name, value in values.items():
        row = [value] if isinstance(value, int | float) else list(value)
        numbers = [int(v) if isinstance(v, int) else float(v) for v in row]
        rows.append(Node("P", [name.replace("_", " "), "", "", "A", *numbers]))
    return Node("Properties70", nodes=rows)


class Curve(NamedTuple):
    """Times in seconds, values, and for each key a flag and four numbers."""

    times: np.ndarray
    values: np.ndarray
    flags: int = LINEAR
    data: np.ndarray | None = None


class Model(NamedTuple):
    name: str
    parent: int = -1
    kind: str = "LimbNode"
    said: Mapping[str, Any] = {}
    moves: Mapping[tuple[str, str], Curve] = {}


def fbx(
    models: Sequence[Model],
    *,
    version: int = 7400,
    packed: bool = False,
    takes: Sequence[str] = ("Take 001",),
    text: bool = False,
    **settings: float,
) -> bytes:
    """A scene of models, of which all takes have the curves."""
    objects, links = [], []
    for number, model in enumerate(models, 1):
        objects.append(
            Node(
                "Model", [number, f"{model.name}\0\1Model", model.kind], [properties(**model.said)]
            )
        )
        links.append(Node("C", ["OO", number, model.parent + 1]))
    free = 1000
    for take in takes:
        stack, layer, free = free, free + 1, free + 2
        objects += [Node("AnimationStack", [stack, f"{take}\0\1AnimStack", ""]),
                    Node("AnimationLayer", [layer, "BaseLayer\0\1AnimLayer", ""])]  # fmt: skip
        links.append(Node("C", ["OO", layer, stack]))
        groups: dict[tuple[int, str], int] = {}
        for number, model in enumerate(models, 1):
            for (what, axis), curve in model.moves.items():
                if (number, what) not in groups:
                    groups[number, what], free = free, free + 1
                    group = groups[number, what]
                    objects.append(Node("AnimationCurveNode", [group, "T\0\1AnimCurveNode", ""]))
                    links += [
                        Node("C", ["OO", group, layer]),
                        Node("C", ["OP", group, number, what]),
                    ]
                objects.append(_curve_node(free, curve))
                links.append(Node("C", ["OP", free, groups[number, what], f"d|{axis}"]))
                free += 1
    said = {"UpAxis": 1, "UpAxisSign": 1, "TimeMode": 6, **settings}
    nodes = [
        Node("GlobalSettings", nodes=[properties(**said)]),
        Node("Objects", nodes=objects),
        Node("Connections", nodes=links),
    ]
    return as_text(nodes, version) if text else content(nodes, version, packed)


def _curve_node(number: int, curve: Curve) -> Node:
    keys = len(curve.times)
    data = np.zeros((1, 4), np.float32) if curve.data is None else curve.data.astype(np.float32)
    counts = np.array([keys] if len(data) == 1 else [1] * keys, np.int32)
    return Node(
        "AnimationCurve",
        [number, "\0\1AnimCurve", ""],
        [
            Node("KeyTime", [np.round(curve.times * SECOND).astype(np.int64)]),
            Node("KeyValueFloat", [curve.values.astype(np.float32)]),
            Node("KeyAttrFlags", [np.full(len(data), curve.flags, np.int32)]),
            Node("KeyAttrDataFloat", [data.ravel()]),
            Node("KeyAttrRefCount", [counts]),
        ],
    )


def walking(
    fps: float = 30.0,
    *,
    version: int = 7400,
    packed: bool = False,
    scale: float = 1.0,
    whole: made.Walk | None = None,
    text: bool = False,
) -> bytes:
    """The tests' walk with y up, its joints turned before and after, by angles in all orders, below a scaled root."""
    walk = made.y_up(whole or made.walk())
    tree, rest = body_tree("smpl"), fixed_skeleton("smpl")
    random = np.random.default_rng(1)
    times = np.arange(len(walk.trans)) / fps
    models = [Model("Root", kind="Null", said={"Lcl_Scaling": [scale] * 3})]
    for joint, parent in enumerate(tree.parents):
        before, after = Rotation.from_euler("xyz", random.uniform(-90, 90, (2, 3)), degrees=True)
        order = ORDERS[joint % 6]
        turn = before.inv() * Rotation.from_rotvec(walk.poses[:, joint]) * after
        angles = np.unwrap(turn.as_euler(order, degrees=True), axis=0, period=360)
        moves = {
            ("Lcl Rotation", letter.upper()): Curve(times, angles[:, k])
            for k, letter in enumerate(order)
        }
        place = (rest[joint] - (rest[parent] if parent >= 0 else 0)) / scale
        if parent < 0:
            way = (walk.trans + rest[0]) / scale
            moves |= {("Lcl Translation", a): Curve(times, way[:, k]) for k, a in enumerate("XYZ")}
        said = {
            "Lcl_Translation": list(place), "RotationActive": 1, "RotationOrder": joint % 6,
            "PreRotation": list(before.as_euler("xyz", degrees=True)),
            "PostRotation": list(after.as_euler("xyz", degrees=True)),
        }  # fmt: skip
        models.append(
            Model(tree.names[joint], 1 + int(parent) if parent >= 0 else 0, said=said, moves=moves)
        )
    return fbx(models, version=version, packed=packed, text=text)
