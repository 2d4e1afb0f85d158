"""A file for a reader of one's own: a table of what it holds, after one that is nearly right.

For the command line, put the table into an installed package and name it in that package's pyproject.toml:

    [project.entry-points."retarget.exports"]
    lab = "my_lab.exports:LAB"

Then `retarget export --for lab ...` knows it.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from retarget import ExportFormat, export_result, load_robot, read_motion, retarget_motion
from retarget.export import Rate, export_table, register_export

LAB = replace(
    export_table("mjlab"), kind=ExportFormat.register("lab"), rate=Rate("fixed", 100.0, whole=True)
)


def main(folder: Path) -> None:
    """Register the table, and write a file by it."""
    folder.mkdir(parents=True, exist_ok=True)
    register_export(LAB)
    robot = load_robot("unitree_g1")
    result = retarget_motion(read_motion("humanoid_run"), robot)
    written = export_result(result, folder / "run_lab.npz", "lab", robot=robot)
    print(written.frames, "frames at", written.fps, "fps")
    with np.load(written.path) as arrays:
        for name in arrays.files:
            print(f"  {name}: {arrays[name].dtype}{list(arrays[name].shape)}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "example_output"))
