"""Tables of Vicon Nexus are the motion that TRC files of the same markers are; what is torn is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import smpl_files as made
from test_motion_markers import marked, renamed, trc

from retarget.errors import FileFormatError
from retarget.motion import Motion, read_motion
from retarget.motion.formats.markers.nexus import parse_nexus

DEVICES = (
    "Devices\n1000\n,,Force Plate - Force,,\nFrame,Sub Frame,Fx,Fy,Fz\n,,N,N,N\n"
    "1,0,0.1,0.2,0.3\n1,1,0.1,0.2,0.3\n\n"
)


@pytest.fixture
def walk(tmp_path: Path) -> Motion:
    return read_motion(made.written(tmp_path, "amass.npz", made.amass(made.walk())))


def nexus(
    markers: dict[str, np.ndarray],
    *,
    before: str = "",
    after: str = "",
    unit: str = "mm",
    first: int = 7,
) -> bytes:
    """As Nexus exports trajectories: millimetres, a blank cell where a marker was not seen."""
    places = np.stack(list(markers.values()), axis=1) * (1000 if unit == "mm" else 1)
    lines = [
        "Trajectories",
        "30",
        ",,",
        "Frame,Sub Frame" + ",X,Y,Z" * len(markers),
        ",," + ",".join([unit] * 3 * len(markers)),
    ]
    lines[2] = ",," + ",,,".join(f"Anna:{name}" for name in markers) + ",,"
    for t, row in enumerate(places):
        cells = [f"{v:.4f}" if np.isfinite(v) else "" for v in row.ravel()]
        lines.append(",".join([str(first + t), "0", *cells]))
    return (before + "\n".join([*lines, "", ""]) + after).replace("\n", "\r\n").encode()


@pytest.mark.parametrize(
    "how",
    [{}, {"before": DEVICES}, {"after": DEVICES}, {"unit": "m"}, {"before": "\ufeff" + DEVICES}],
)
def test_trajectories_are_the_same_motion(
    how: dict[str, str], walk: Motion, tmp_path: Path
) -> None:
    markers = renamed(marked(walk), "rizzoli")
    ours = read_motion(made.written(tmp_path, "walk.csv", nexus(markers, **how)))
    theirs = read_motion(made.written(tmp_path, "walk.trc", trc(markers)))
    assert (ours.source.format, ours.fps, len(ours)) == ("nexus", 30, len(theirs))
    for role in ("left_hip", "right_knee", "left_elbow", "right_wrist"):
        np.testing.assert_allclose(
            ours.role_positions(role), theirs.role_positions(role), atol=2e-3
        )


def test_names_frames_and_gaps_are_the_files(walk: Motion) -> None:
    markers = renamed(marked(walk), "rizzoli")
    name = next(iter(markers))
    markers[name] = markers[name].copy()
    markers[name][5:9] = np.nan
    read = parse_nexus(nexus(markers, before=DEVICES, after=DEVICES), Path("walk.csv"))
    assert read.names == tuple(f"Anna:{one}" for one in markers)
    assert (read.first_frame, read.fps, read.metres_per_unit) == (7, 30, 0.001)
    assert np.isnan(read.places[5:9, 0]).all()
    assert len(read.places) == len(walk)
    np.testing.assert_allclose(read.places[:, 1] / 1000, list(markers.values())[1], atol=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.replace("Trajectories", "Joints"), "has no section of trajectories"),
        (lambda t: t.replace("30", "fast", 1), "rate is 'fast', no number"),
        (lambda t: t.replace(",X,Y,Z", ",RX,RY,RZ"), "name no markers"),
        (lambda t: t.partition("Frame,")[0] + "Frame,Sub Frame,", "end within their head"),
        (lambda t: t.replace("\r\n8,0,", "\r\n8,0,x", 1), "must be a number"),
        (lambda t: t.partition("\r\n7,0")[0] + "\r\n", "holds no frames"),
    ],
)
def test_what_is_wrong_in_a_table_is_named(
    change, words: str, walk: Motion, tmp_path: Path
) -> None:
    text = change(nexus(renamed(marked(walk), "rizzoli")).decode())
    with pytest.raises(FileFormatError, match=words):
        read_motion(made.written(tmp_path, "walk.csv", text.encode()))
