"""One clip from file to robot motion: read, retarget, judge, save, export and draw.

The motion is one that comes with the package; any path to a motion file does.
"""

import sys
from pathlib import Path

import retarget
from retarget.report import draw_filmstrip, headline


def main(folder: Path) -> None:
    """Write the result and its exports into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    motion = retarget.read_motion("humanoid_walk")  # metres, z up; roles, unit, floor are found
    robot = retarget.load_robot("unitree_g1")  # or the path of an MJCF or URDF file
    print(motion)
    print(robot)

    options = retarget.RetargetOptions(fps=50, weights={"hand": 2.0})
    result = retarget.retarget_motion(motion, robot, options)
    print(result, "qpos:", result.qpos.shape)  # base xyz, base rotation wxyz, joints in rad
    result.save_npz(folder / "walk.npz")

    report = retarget.evaluate_result(result, robot)
    print(headline(report))
    failed = [gate.text for gate in report.gates if not gate.passed]
    print("failed gates:", ", ".join(failed) or "none")
    report.write(folder / "walk.json")  # every measure with its unit and definition

    retarget.export_result(result, folder / "walk.csv", "unitree_csv", robot=robot)
    retarget.export_result(result, folder / "walk_mjlab.npz", "mjlab", robot=robot)
    draw_filmstrip(  # needs matplotlib: pip install 'retarget[picture]'
        result, robot, folder / "walk.png", title="walk", subtitle=headline(report)
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "example_output"))
