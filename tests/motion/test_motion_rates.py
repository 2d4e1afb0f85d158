"""A rate that no recording has is refused wherever it comes in, and the likely mistake is named."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bvh_files import EMBEDDED

from retarget import StreamingRetargeter
from retarget.config import RunConfig
from retarget.errors import FileFormatError, OptionsError, RetargetError
from retarget.frame_rates import period_problem, rate_problem
from retarget.kinds import MotionFormatKind
from retarget.motion import Motion, Recording, read_motion, register_reader
from retarget.motion.edit import between
from retarget.motion.formats import registry
from retarget.robots import load_robot

CLIP = EMBEDDED / "cmu_01_01.bvh"
FAR = [0.0, -30.0, 1e-300, 0.9, 2001.0, 5e299, np.inf, np.nan]


@pytest.fixture
def motion() -> Motion:
    return read_motion(CLIP).frames(0, 40)


@pytest.mark.parametrize("fps", [1.0, 23.976, 30.0, 120.0, 1000.0, 2000.0])
def test_rates_of_cameras_and_capture_systems_are_taken(fps: float) -> None:
    assert rate_problem(fps) == period_problem(1 / fps) == ""


@pytest.mark.parametrize("fps", FAR)
def test_others_are_not(fps: float) -> None:
    assert f"{fps:g} frames a second is not between 1 and 2000" in rate_problem(fps)


@pytest.mark.parametrize(
    ("written", "guess"),
    [
        ("33.333", "in milliseconds, or the rate itself"),
        ("8.33", "in milliseconds, or the rate itself"),
        ("33333", "in microseconds?"),
        ("1e-9", "is not between 0.0005 and 1 s;"),
        ("1e-300", "is not between 0.0005 and 1 s;"),
        ("1000", "in milliseconds"),
    ],
)
def test_a_bvh_names_the_line_and_the_likely_mistake(
    tmp_path: Path, written: str, guess: str
) -> None:
    text = re.sub("Frame Time:.*", f"Frame Time: {written}", CLIP.read_text())
    file = tmp_path / "clip.bvh"
    file.write_text(text)
    with pytest.raises(FileFormatError) as caught:
        read_motion(file)
    line = text[: text.index("Frame Time:")].count("\n") + 1
    assert str(caught.value).startswith(f"{file}:{line}: a frame time of ")
    assert guess in str(caught.value)
    assert "correct the line 'Frame Time:'" in str(caught.value)


@pytest.mark.parametrize("fps", [0.0333, 5e299, 0.0])
def test_an_archive_with_such_a_rate_is_refused(tmp_path: Path, fps: float) -> None:
    with np.load(EMBEDDED / "humanoid_walk.npz") as archive:
        content = {key: archive[key] for key in archive}
    file = tmp_path / "clip.npz"
    np.savez(file, **{**content, "fps": fps})
    with pytest.raises(FileFormatError, match=r"clip\.npz: a rate of .* correct fps"):
        read_motion(file)


@pytest.mark.parametrize("duration", [16.67, 1000.0, 1e-9])
def test_deepmimic_rows_that_last_so_long_are_refused(tmp_path: Path, duration: float) -> None:
    still = [duration, 0, 0.9, 0, *[1, 0, 0, 0] * 4, 0, *[1, 0, 0, 0] * 2, 0]
    still += [1, 0, 0, 0, 0, *[1, 0, 0, 0] * 2, 0]
    file = tmp_path / "clip.txt"
    file.write_text(json.dumps({"Frames": [still] * 9}))
    with pytest.raises(FileFormatError, match=r"a frame time of .* durations are in seconds"):
        read_motion(file)


def test_a_reader_of_one_s_own_cannot_bring_one_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fast(MotionFormatKind):
        FAST = "fast"

    def read(data: bytes, path: Path) -> Recording:
        return Recording(("a",), np.array([-1]), np.zeros((9, 1, 3)), np.ones((9, 1, 4)) / 2, 1e9)

    monkeypatch.setattr(registry, "_registry", dict(registry._registry))
    register_reader(Fast.FAST, read)
    file = tmp_path / "clip.fast"
    file.write_text("x")
    with pytest.raises(FileFormatError, match=r"clip\.fast: a rate of 1e\+09 frames a second"):
        read_motion(file, format=Fast.FAST)


@pytest.mark.parametrize("fps", FAR)
def test_neither_options_nor_python_bring_one_in(
    motion: Motion, tmp_path: Path, fps: float
) -> None:
    with pytest.raises(RetargetError, match=r"cmu_01_01\.bvh: a rate of"):
        replace(motion, fps=fps)
    with pytest.raises(OptionsError, match="fps: a rate of"):
        RunConfig().with_options({"fps": fps})
    config = tmp_path / "run.toml"
    config.write_text(f"[options]\nfps = {fps}\n")
    with pytest.raises(OptionsError, match=r"run\.toml: options\.fps: a rate of"):
        RunConfig.load(config)
    with pytest.raises(OptionsError, match="give the rate at which frames will come"):
        StreamingRetargeter(load_robot("unitree_g1"), motion, fps=fps)


@pytest.mark.parametrize("seconds", [1e300, 1.79e308, 1e9])
def test_times_beyond_any_clip_are_no_frames_and_no_overflow(
    motion: Motion, seconds: float
) -> None:
    with pytest.raises(OptionsError, match="no frame from"):
        between(motion, seconds, None)
    assert between(motion, 0.0, seconds) is motion
    assert len(between(motion, 0.5, seconds)) == len(motion) - 15
