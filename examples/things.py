"""Things around a motion: a walk that carries a crate, and one that steps up onto a platform, from an embedded clip."""

import sys
from pathlib import Path

from retarget import evaluate_result, load_robot, read_motion, retarget_motion
from retarget.scenes.made import at_floor_height, carrying, stepping_up
from retarget.scenes.variants import AugmentPlan, variants


def main(folder: Path) -> None:
    """Retarget both, and the crate in three sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    robot = load_robot("unitree_g1")
    walk = at_floor_height(read_motion("humanoid_walk"))
    motion, scene = carrying(walk)
    plan = AugmentPlan(sizes={"crate": [0.8, 1.0, 1.2]})
    takes = {variant.name: (motion, variant.scene(scene, motion)) for variant in variants(plan)}
    takes["step"] = stepping_up(walk, height=0.15)
    for name, (human, around) in takes.items():
        result = retarget_motion(human, robot, scene=around)
        result.save_npz(folder / f"{name}.npz")
        report = evaluate_result(result, robot)
        kept, deepest = report["hands_kept_share"], report["scene_depth_max"]
        hands = "no hands on things" if kept is None else f"hands kept {kept:.0%}"
        print(f"{name}: {around.kind.value}, {hands}, deepest {1e3 * (deepest or 0):.1f} mm")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "example_output"))
