"""Frame by frame, as frames come from a tracker: each pose gives a configuration at once, from the past alone."""

import sys
from pathlib import Path

import numpy as np

from retarget import StreamingRetargeter, load_robot, read_motion


def main(folder: Path) -> None:
    """Stream a clip as if it came live, and keep the configurations."""
    folder.mkdir(parents=True, exist_ok=True)
    motion = read_motion("humanoid_walk")  # of the skeleton whose frames will come
    retargeter = StreamingRetargeter(load_robot("unitree_g1"), motion)
    sent = []
    for positions, rotations in zip(motion.positions, motion.rotations, strict=True):
        qpos = retargeter.step(positions, rotations)  # a view that the next step overwrites
        sent.append(qpos.copy())
    np.save(folder / "live.npy", np.array(sent))
    print(len(sent), "frames, base from", sent[0][:3].round(2), "to", sent[-1][:3].round(2))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "example_output"))
