"""A robot of one's own, by path and by name.

For the command line, put its files into an installed package and name it in that package's pyproject.toml:

    [project.entry-points."retarget.robots"]
    lab_h1 = "my_lab.robots:lab_h1"   # def lab_h1(): return Path(__file__).with_name("lab_h1.xml")

Then `retarget run --robot lab_h1 ...` knows it, and so does every worker of a batch.
"""

import sys
from pathlib import Path

from retarget import RobotKind, load_robot, read_motion, retarget_motion
from retarget.robots import register_robot, robot_files

LAB_H1 = RobotKind.register("lab_h1")  # a name that every place takes which takes a robot

DESCRIPTION = """
[velocity_limits]   # what the model file does not say
"*_knee" = 10.0
"*" = 15.0
"""


def main(folder: Path) -> None:
    """Register a robot from its files, and retarget onto it."""
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "lab_h1.xml"  # your MJCF or URDF; here a copy of one that comes along
    model.write_bytes(robot_files("unitree_h1")[0].read_bytes())
    description = folder / "lab_h1.toml"
    description.write_text(DESCRIPTION)

    print(load_robot(model, description=description))  # by path: roles and soles are proposed
    register_robot(LAB_H1, model, description=description)
    robot = load_robot(LAB_H1)  # by name, as a BatchJob(robot=LAB_H1) takes it
    print(robot, "knee:", robot.velocity_limits[robot.joint_names.index("left_knee")], "rad/s")
    result = retarget_motion(read_motion("humanoid_run"), robot)
    result.save_npz(folder / "run_of_lab_h1.npz")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "example_output"))
