"""What installed packages offer: names known without an import, objects loaded by name, faults named."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retarget import plugins
from retarget.batch import BatchJob, BatchManifest
from retarget.cli.main import main
from retarget.demo import clips_folder
from retarget.errors import PluginError, UnknownNameError
from retarget.kinds import MotionFormatKind, RunStatus
from retarget.motion import format_names, motion_formats, read_motion
from retarget.motion.formats import registry

ROOT = Path(__file__).parents[1]
LAB = """
from retarget.motion import motion_format
from retarget.motion.formats.amp_npz import read_amp_npz

def read_lab(data, path):
    '''Our lab's recorder.

    A mark, and then what others have, too.
    '''
    return read_amp_npz(data.removeprefix(b"LAB2"), path)

WITH_SUFFIX = motion_format("lab_v3", read_lab, suffixes=(".lab3",))
NONSENSE = 3
"""
BROKEN = "raise ImportError('libfoo.so is missing')"

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a package that offers motion formats, as this process sees it."""

    def forget() -> None:
        plugins._points.cache_clear()
        registry._of_package.cache_clear()

    def installed(**offers: str) -> Path:
        site = tmp_path / "site"
        info = site / "my_lab-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-lab\nVersion: 1.0\n")
        lines = "".join(f"{name} = {place}\n" for name, place in offers.items())
        (info / "entry_points.txt").write_text(f"[retarget.formats]\n{lines}")
        (site / "my_lab_motion.py").write_text(LAB)
        (site / "my_lab_broken.py").write_text(BROKEN)
        monkeypatch.syspath_prepend(site)
        forget()
        return site

    monkeypatch.setattr(MotionFormatKind, "_members", dict(MotionFormatKind._members))
    yield installed
    forget()
    for name in ("my_lab_motion", "my_lab_broken"):
        sys.modules.pop(name, None)


def lab_file(folder: Path, name: str = "clip.lab") -> Path:
    file = folder / name
    file.write_bytes(b"LAB2" + (clips_folder() / "humanoid_run.npz").read_bytes())
    return file


def test_names_are_known_without_importing_the_package(install: Install) -> None:
    install(lab_v2="my_lab_motion:read_lab", lab_bad="my_lab_broken:read")
    assert {"lab_v2", "lab_bad"} <= set(format_names())
    job = BatchJob.model_validate(
        {"id": "a", "motion": "a.lab", "output": "a.npz", "motion_format": "lab_v2"}
    )
    assert job.motion_format == MotionFormatKind("lab_v2")
    assert "my_lab_motion" not in sys.modules
    with pytest.raises(UnknownNameError, match=r"known: .*lab_bad, .*lab_v2"):
        MotionFormatKind("lab_v9")


def test_a_reader_is_a_format_that_is_asked_for_by_name(install: Install, tmp_path: Path) -> None:
    install(lab_v2="my_lab_motion:read_lab")
    motion = read_motion(lab_file(tmp_path), format="lab_v2")
    assert (len(motion), motion.source.format) == (41, "lab_v2")
    listed = {str(one.kind): one.description for one in motion_formats()}
    assert listed["lab_v2"] == "Our lab's recorder."


def test_a_format_with_a_suffix_is_found_by_it(install: Install, tmp_path: Path) -> None:
    install(lab_v3="my_lab_motion:WITH_SUFFIX")
    assert read_motion(lab_file(tmp_path, "clip.lab3")).source.format == "lab_v3"


def test_a_broken_package_is_named_and_stops_nothing_else(
    install: Install, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install(lab_bad="my_lab_broken:read", lab_odd="my_lab_motion:NONSENSE")
    assert len(read_motion(clips_folder() / "humanoid_run.npz")) == 41
    assert {"lab_bad", "lab_odd"}.isdisjoint(str(one.kind) for one in motion_formats())
    assert "'lab_bad' of the package my-lab cannot be loaded from my_lab_broken:read" in caplog.text
    with pytest.raises(PluginError, match=r"ImportError: libfoo\.so is missing"):
        read_motion(lab_file(tmp_path), format="lab_bad")
    with pytest.raises(PluginError, match="my_lab_motion:NONSENSE is a int, not a MotionFormat"):
        read_motion(lab_file(tmp_path), format="lab_odd")


def test_the_command_line_and_its_workers_know_it(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = install(lab_v2="my_lab_motion:read_lab")
    clips, out = tmp_path / "clips", tmp_path / "out"
    clips.mkdir()
    for name in ("a.lab", "b.lab"):
        lab_file(clips, name)
    assert main(["formats"]) == 0
    assert "\nlab_v2 " in capsys.readouterr().out
    said = ["batch", "--input-dir", str(clips), "--output-dir", str(out), "--pattern", "*.lab"]
    path = os.pathsep.join([str(ROOT / "src"), str(site)])
    done = subprocess.run(
        [sys.executable, "-m", "retarget", *said, "--format", "lab_v2", "--max-workers", "2"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    records = BatchManifest.load(out / "batch_manifest.json").records
    assert {record.provenance["motion_format"] for record in records} == {"lab_v2"}


def test_kinds_can_be_gone_through_as_enumerations_are() -> None:
    assert [(status.name, status.value) for status in RunStatus] == [
        ("SUCCESS", "success"),
        ("SKIPPED", "skipped"),
        ("FAILED", "failed"),
    ]
    assert len(RunStatus) == 3
    assert bool(RunStatus)
    assert MotionFormatKind.AMP_NPZ.name == "AMP_NPZ"
