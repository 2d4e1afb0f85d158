"""The G1's hand meshes beside things: how near and how deep a simulator that collides them would find them.

Results are made as always, and with the robot as ``retarget robots add`` makes it where meshes are beside the model:
balls fill those of its forearms and hands. Then MuJoCo takes the model with its meshes (package ``mjlab``, fetched with
pip), and tells distances of the hulls of both hands from the boxes of the scene, frame by frame.

Usage: python benchmarks/hand_meshes.py [--packages FOLDER]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from measure import ROOT, on_one_core, table, write_section

on_one_core()
sys.path.insert(0, str(ROOT / "tools"))

import mujoco  # noqa: E402
import numpy as np  # noqa: E402

from embedding.packages import unpacked  # noqa: E402
from embedding.recipes import read_packages, read_recipes  # noqa: E402
from retarget import evaluate_result, load_robot, retarget_motion  # noqa: E402
from retarget.geometry import quaternion_from_matrix  # noqa: E402
from retarget.result import RetargetingResult  # noqa: E402
from retarget.robots.compile import compile_robot  # noqa: E402
from retarget.robots.model import RobotModel  # noqa: E402
from retarget.robots.shapes.hands import hand_balls, rounded_balls  # noqa: E402
from retarget.robots.spec import RobotSpec  # noqa: E402
from retarget.scenes.distance import BOX  # noqa: E402
from retarget.scenes.tracked import robot_things  # noqa: E402
from scenes import FOLDER, PEER, clip  # noqa: E402

COMMAND = "python benchmarks/hand_meshes.py"
HANDS = ("left_rubber_hand", "right_rubber_hand")
HEADS = [
    "clip", "hands are", "hulls off what is held mm", "in it on average mm", "kept within 20 mm %", "deepest mm",
    "> 5 mm %", "limb deg", "foot slide mm/s", "jerk",
]  # fmt: skip
EMBEDDED = ROOT / "src" / "retarget" / "robots" / "embedded" / "unitree_g1"
FAR = 0.5  # metres beyond which no distance is looked for


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--packages", type=Path, default=Path(tempfile.gettempdir()) / "robot_packages"
    )
    arguments = parser.parse_args()
    if not FOLDER.is_dir():
        print("benchmarks of hand meshes need ../shared/clips/scenes, which is absent: skipped")
        return
    recipe, rows = read_recipes()["unitree_g1"], []
    with tempfile.TemporaryDirectory() as scratch:
        package = read_packages()[recipe.package]
        model_file = unpacked(package, arguments.packages, Path(scratch)) / recipe.path
        robots = {
            "capsules": load_robot("unitree_g1"),
            "balls": filled(model_file, recipe.spec(), Path(scratch) / "filled"),
        }
        for name in PEER:
            motion, scene = clip(name)
            for hands, robot in robots.items():
                result = retarget_motion(motion, robot, scene=scene)
                rows.append([name, hands, *numbers(result, robot, distances(result, model_file))])
                print(*rows[-1], sep="  ", flush=True)
    write_section(
        "hand_meshes",
        "The meshes of the G1's hands beside things",
        COMMAND,
        "Convex hulls of both rubber hands, by `mj_geomDistance`, in results whose hands are the model's capsules, or "
        "the balls by which `retarget robots add` fills the meshes of forearms and hands that are beside a model. "
        "The first three figures are of frames and hands in which the human's palm touches a thing, the others of all."
        "\n\n" + table(HEADS, rows),
    )


def filled(model_file: Path, spec: RobotSpec, folder: Path) -> RobotModel:
    """The embedded G1 with the meshes of its forearms and hands filled with balls."""
    shutil.copytree(EMBEDDED, folder)
    balls = rounded_balls(hand_balls(model_file, compile_robot(model_file, spec)))
    assert balls
    lines = [f"{json.dumps(body)} = {json.dumps(own)}" for body, own in balls.items()]
    with (folder / "robot.toml").open("a", encoding="utf-8") as file:
        file.write("\n".join(["", "[hands]", *lines, ""]))
    return load_robot(folder / "robot.toml")


def numbers(result: RetargetingResult, robot: RobotModel, near: np.ndarray) -> list[str]:
    assert result.scene is not None
    palms = [result.scene.touch_names.index(f"{side}_palm") for side in ("left", "right")]
    held = near[result.scene.touches[:, palms] >= 1]
    report = evaluate_result(result, robot)
    return [
        f"{1e3 * np.maximum(held, 0).mean():.1f}", f"{1e3 * np.maximum(-held, 0).mean():.1f}",
        f"{100 * (np.abs(held) < 0.02).mean():.1f}", f"{1e3 * max(-near.min(), 0.0):.1f}",
        f"{100 * (near.min(axis=1) < -0.005).mean():.1f}", f"{report.number('limb_error_mean'):.1f}",
        f"{1e3 * report.number('toe_slide_mean'):.1f}", f"{report.number('jerk_mean'):.0f}",
    ]  # fmt: skip


def distances(result: RetargetingResult, model_file: Path) -> np.ndarray:
    """Distance of the left and the right hand's hull from the nearest box in each frame, metres."""
    assert result.scene is not None
    spec = mujoco.MjSpec.from_file(str(model_file))
    boxes = [(t, s) for t in robot_things(result.scene)[1:] for s in t.shapes if s.kind == BOX]
    for k, (_, shape) in enumerate(boxes):
        body: Any = spec.worldbody.add_body(name=f"box{k}", mocap=True)
        body.add_geom(name=f"box{k}", type=mujoco.mjtGeom.mjGEOM_BOX, size=shape.half)
    model = spec.compile()
    data = mujoco.MjData(model)
    hulls = [
        next(g for g in range(model.ngeom) if model.geom_dataid[g] == model.mesh(name).id)
        for name in HANDS
    ]
    columns = [model.joint(name).qposadr[0] for name in result.joint_names]
    near, points = np.full((len(result), 2), FAR), np.zeros(6)
    for t, qpos in enumerate(result.qpos):
        data.qpos[:7], data.qpos[columns] = qpos[:7], qpos[7:]
        for k, (thing, shape) in enumerate(boxes):
            places, turns = thing.part(t, t + 1).poses_of(shape)
            mocap = model.body(f"box{k}").mocapid[0]
            data.mocap_pos[mocap] = places[0]
            data.mocap_quat[mocap] = quaternion_from_matrix(turns)[0]
        mujoco.mj_kinematics(model, data)
        for side, hull in enumerate(hulls):
            for k in range(len(boxes)):
                box = model.geom(f"box{k}").id
                found = mujoco.mj_geomDistance(model, data, hull, box, FAR, points)
                near[t, side] = min(near[t, side], found)
    return near


if __name__ == "__main__":
    main()
