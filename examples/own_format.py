"""A motion format of one's own: a reader from bytes to a `Recording`; everything else is found out as for any format.

For the command line, put the reader into an installed package and name it in that package's pyproject.toml:

    [project.entry-points."retarget.formats"]
    lab_v2 = "my_lab.motion:read_lab"

Then `retarget run --format lab_v2 ...` knows it, and so does every worker of a batch.
"""

import json
import sys
from pathlib import Path

import numpy as np

from retarget import MotionFormatKind, load_robot, read_motion, retarget_motion
from retarget.errors import FileFormatError
from retarget.motion import Motion, Recording, register_reader

LAB_V2 = MotionFormatKind.register("lab_v2")  # a name that every place takes which takes a format


def read_lab(data: bytes, path: Path) -> Recording:
    """JSON of our lab's recorder: joint names, parents, and global poses in the file's own unit and world."""
    try:
        said = json.loads(data)
        return Recording(
            joint_names=tuple(said["names"]),
            parents=np.array(said["parents"]),
            positions=np.array(said["positions"]),  # (T, J, 3)
            rotations=np.array(said["rotations"]),  # (T, J, 4) unit quaternions, wxyz
            fps=float(said["fps"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        cause = f"is no recording of ours ({error})"
        raise FileFormatError(path, cause, "export it again") from error


def write_lab(motion: Motion, path: Path) -> None:
    """Write a file as our recorder would: here in centimetres, to be found out by the reader's callers."""
    said = {
        "names": motion.joint_names,
        "parents": motion.parents.tolist(),
        "positions": (motion.positions * 100).tolist(),
        "rotations": motion.rotations.tolist(),
        "fps": motion.fps,
    }
    path.write_text(json.dumps(said))


def main(folder: Path) -> None:
    """Write a file in the format, and retarget it."""
    folder.mkdir(parents=True, exist_ok=True)
    register_reader(LAB_V2, read_lab, suffixes=(".lab",), description="our lab's recorder")
    path = folder / "run.lab"
    write_lab(read_motion("humanoid_run"), path)
    motion = read_motion(path)  # told by its suffix; or format="lab_v2"
    print(motion, "unit:", motion.source.unit, "format:", motion.source.format)
    retarget_motion(motion, load_robot("unitree_g1")).save_npz(folder / "run_of_lab.npz")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "example_output"))
