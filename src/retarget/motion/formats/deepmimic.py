"""Motion files of DeepMimic's 15-joint humanoid: JSON with one row of numbers per frame.

A row is the frame's duration (s), the root's position (m) and rotation, then the joints' rotations in the order of
the character file ``humanoid3d.txt`` (Peng et al. 2018): unit quaternions, wxyz, and for knees and elbows one angle in
rad about z. Y is up, x forward. The last frame's duration is zero, as nothing follows it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

import numpy as np
from jaxtyping import Float64

from retarget.errors import FileFormatError
from retarget.frame_rates import period_problem
from retarget.geometry import quaternion_product, rotated, slerp
from retarget.motion.recording import Recording

__all__ = ["looks_like_deepmimic", "read_deepmimic"]


class _Joint(NamedTuple):
    """Parent, place in the parent's frame (m), and how many numbers of a row are its rotation."""

    parent: str
    offset: tuple[float, float, float]
    channels: int


_JOINTS: Final = {
    "root": _Joint("", (0.0, 0.0, 0.0), 4),
    "chest": _Joint("root", (0.0, 0.236151, 0.0), 4),
    "neck": _Joint("chest", (0.0, 0.223894, 0.0), 4),
    "right_hip": _Joint("root", (0.0, 0.0, 0.084887), 4),
    "right_knee": _Joint("right_hip", (0.0, -0.421546, 0.0), 1),
    "right_ankle": _Joint("right_knee", (0.0, -0.40987, 0.0), 4),
    "right_shoulder": _Joint("chest", (-0.02405, 0.2435, 0.18311), 4),
    "right_elbow": _Joint("right_shoulder", (0.0, -0.274788, 0.0), 1),
    "right_wrist": _Joint("right_elbow", (0.0, -0.258947, 0.0), 0),
    "left_hip": _Joint("root", (0.0, 0.0, -0.084887), 4),
    "left_knee": _Joint("left_hip", (0.0, -0.421546, 0.0), 1),
    "left_ankle": _Joint("left_knee", (0.0, -0.40987, 0.0), 4),
    "left_shoulder": _Joint("chest", (-0.02405, 0.2435, -0.18311), 4),
    "left_elbow": _Joint("left_shoulder", (0.0, -0.274788, 0.0), 1),
    "left_wrist": _Joint("left_elbow", (0.0, -0.258947, 0.0), 0),
    # Ends: the head's sphere is centred 0.175 above the neck; the foot is a box with its centre at
    # (0.045, -0.0225, 0) and half sizes (0.0885, 0.0275, 0.045), of which this is the front end of the sole.
    "neck#end": _Joint("neck", (0.0, 0.175, 0.0), 0),
    "right_ankle#toe": _Joint("right_ankle", (0.1335, -0.05, 0.0), 0),
    "left_ankle#toe": _Joint("left_ankle", (0.1335, -0.05, 0.0), 0),
}
_COLUMNS: Final = 4 + sum(joint.channels for joint in _JOINTS.values())
_UNEVEN: Final = 0.01  # share by which durations may differ and still be one rate
_BLENDED: Final = (
    0.3  # quaternions shorter by up to this were blended linearly, as DeepMimic's own clips are
)
_MOST_FILLED: Final = 10.0  # a frame that lasts as long as this many others is no dropped frame
_REMEDY: Final = f'it must be JSON with "Frames": rows of {_COLUMNS} numbers'


def looks_like_deepmimic(data: bytes) -> bool:
    """Whether a file is a JSON object that speaks of frames near its beginning."""
    return data.lstrip()[:1] == b"{" and b'"Frames"' in data[:4096]


def read_deepmimic(data: bytes, path: Path) -> Recording:
    """Read a DeepMimic motion file's content.

    Frames whose durations differ (a dropped frame) are brought to the commonest rate by interpolation, and a note
    says so.

    Args:
        data: The file's bytes.
        path: Where they are from, for messages.

    Raises:
        FileFormatError: The content is no such JSON, or holds something that is not a finite number.
    """
    rows = _rows(data, path)
    root, rotations = rows[:, 1:4], _local_rotations(rows, path)
    step, times = _times(rows[:, 0], path)
    notes = ["the format has no toes; the front ends of the model's soles stand in for them"]
    count = int(np.floor(times[-1] / step + 0.05)) + 1
    if len(times) > 1 and np.abs(np.diff(times) - step).max() > _UNEVEN * step:
        root, rotations = _evened(root, rotations, times, step * np.arange(count))
        notes.append(f"frames last unequally long; they were interpolated at {1 / step:.4g} fps")
    names = tuple(_JOINTS)
    parents = np.array([names.index(j.parent) if j.parent else -1 for j in _JOINTS.values()])
    positions = np.empty((len(root), len(names), 3))
    globally = np.empty((len(root), len(names), 4))
    for joint, parent in enumerate(parents):
        if parent < 0:
            positions[:, joint], globally[:, joint] = root, rotations[:, joint]
            continue
        offset = np.array(_JOINTS[names[joint]].offset)
        positions[:, joint] = positions[:, parent] + rotated(globally[:, parent], offset)
        globally[:, joint] = quaternion_product(globally[:, parent], rotations[:, joint])
    return Recording(
        joint_names=names,
        parents=parents.astype(np.int64),
        positions=positions,
        rotations=globally,
        fps=1.0 / step,
        metres_per_unit=1.0,
        up_axis="y",
        notes=tuple(notes),
    )


def _rows(data: bytes, path: Path) -> Float64[np.ndarray, "T 44"]:
    def no_number(name: str) -> NoReturn:
        raise FileFormatError(path, f"holds {name}", "repair the frame or cut it out")

    try:
        content: Any = json.loads(data.decode("utf-8-sig"), parse_constant=no_number)
    except FileFormatError:
        raise
    except UnicodeDecodeError as error:
        raise FileFormatError(path, f"is not text ({error.reason})", _REMEDY) from None
    except json.JSONDecodeError as error:
        cause = f"is not whole JSON (line {error.lineno}: {error.msg})"
        raise FileFormatError(path, cause, "export or copy it again") from None
    except (ValueError, RecursionError):  # a number of thousands of digits; brackets without end
        raise FileFormatError(path, "is not JSON that can be read", _REMEDY) from None
    frames = content.get("Frames") if isinstance(content, dict) else None
    if not isinstance(frames, list):
        raise FileFormatError(path, 'has no list of "Frames"', _REMEDY)
    if not frames:
        raise FileFormatError(path, "holds no frames", "export it again with its motion")
    for number, row in enumerate(frames):
        if not isinstance(row, list):
            raise FileFormatError(path, f"frame {number} is no row of numbers", _REMEDY)
        if len(row) != _COLUMNS:
            cause = f"frame {number} has {len(row)} numbers, expected {_COLUMNS}"
            raise FileFormatError(path, cause, _REMEDY)
        wrong = [value for value in row if type(value) not in (int, float)]
        if wrong:
            cause = f"frame {number} holds {json.dumps(wrong[0])[:40]}, which is no number"
            raise FileFormatError(path, cause, _REMEDY)
    try:
        rows = np.array(frames, np.float64)
    except OverflowError:
        rows = np.full((1, _COLUMNS), np.inf)
    if not np.isfinite(rows).all():  # 1e999 is JSON
        frame = int(np.argwhere(~np.isfinite(rows))[0][0])
        cause = f"frame {frame} holds a number that is not finite"
        raise FileFormatError(path, cause, "repair the frame or cut it out")
    return rows


def _local_rotations(rows: Float64[np.ndarray, "T 44"], path: Path) -> Float64[np.ndarray, "T J 4"]:
    """Each joint's rotation in its parent's frame, wxyz; the identity for joints without channels."""
    rotations = np.zeros((len(rows), len(_JOINTS), 4))
    rotations[..., 0] = 1.0
    # Rows of zeros were lost, and stay unturned; where most are, the file is at fault.
    there = rows[:, 4:].any(axis=1)
    there |= there.mean() < 0.5
    column = 4
    for joint, (name, (_, _, channels)) in enumerate(_JOINTS.items()):
        if channels == 1:
            half = rows[:, column] / 2
            rotations[:, joint, 0], rotations[:, joint, 3] = np.cos(half), np.sin(half)
        elif channels == 4:
            quaternions = rows[:, column : column + 4]
            norms = np.linalg.norm(quaternions, axis=1)
            wrong = np.flatnonzero(there & (np.abs(norms - 1) > _BLENDED))
            if len(wrong):
                cause = f"frame {wrong[0]}, joint {name}: the rotation is no unit quaternion"
                raise FileFormatError(path, cause, "rotations must be wxyz, of length one")
            rotations[there, joint] = quaternions[there] / norms[there, None]
        column += channels
    return rotations


def _times(
    durations: Float64[np.ndarray, "T"], path: Path
) -> tuple[float, Float64[np.ndarray, "T"]]:
    """The commonest duration of a frame and when each frame is shown, seconds."""
    lasting = durations[:-1] if len(durations) > 1 else durations
    if not (lasting > 0).all():
        frame = int(np.flatnonzero(~(lasting > 0))[0])
        cause = f"frame {frame} lasts {durations[frame]:g} s"
        raise FileFormatError(path, cause, "durations must be positive, but for the last frame's")
    step = float(np.median(lasting))
    if problem := period_problem(step):
        raise FileFormatError(path, problem, "durations are in seconds, the first number of a row")
    if lasting.max() > _MOST_FILLED * step:
        frame = int(np.argmax(lasting))
        cause = f"frame {frame} lasts {lasting[frame]:g} s, most others {step:g} s"
        raise FileFormatError(path, cause, "cut the clip there")
    return step, np.concatenate([[0.0], np.cumsum(durations[:-1])])


def _evened(
    root: Float64[np.ndarray, "T 3"],
    rotations: Float64[np.ndarray, "T J 4"],
    times: Float64[np.ndarray, "T"],
    wanted: Float64[np.ndarray, "N"],
) -> tuple[Float64[np.ndarray, "N 3"], Float64[np.ndarray, "N J 4"]]:
    """The motion at other times: places linearly, rotations by slerp."""
    before = np.clip(np.searchsorted(times, wanted, side="right") - 1, 0, len(times) - 2)
    share = np.clip((wanted - times[before]) / (times[before + 1] - times[before]), 0.0, 1.0)
    places = root[before] + share[:, None] * (root[before + 1] - root[before])
    return places, slerp(rotations[before], rotations[before + 1], share)
