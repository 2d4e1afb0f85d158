"""Every example runs as it is, and the documents hold no other block of Python that does not."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from retarget.batch import BatchManifest
from retarget.exchange import registry as exports
from retarget.kinds import ExportFormat, MotionFormatKind, RobotKind
from retarget.motion.formats import registry as formats
from retarget.result import RetargetingResult
from retarget.robots import registry as robots

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
REGISTRIES = {
    exports: "_TABLES",
    formats: "_registry",
    robots: "_registered",
    **dict.fromkeys((ExportFormat, MotionFormatKind, RobotKind), "_members"),
}
# What each makes, and a word of what it says.
MAKES = {
    "one_clip": (["walk.npz", "walk.json", "walk.csv", "walk_mjlab.npz", "walk.png"], "gates"),
    "live": (["live.npy"], "77 frames"),
    "things": (["crate0.8.npz", "crate1.npz", "crate1.2.npz", "step.npz"], "hands kept"),
    "own_format": (["run_of_lab.npz"], "unit: centimetre format: lab_v2"),
    "own_robot": (["run_of_lab_h1.npz"], "knee: 10.0 rad/s"),
    "own_export": (["run_lab.npz"], "at 100.0 fps"),
}


def test_every_example_is_run_by_a_test_and_listed() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    assert names == {*MAKES, "batch"}
    listed = (EXAMPLES / "README.md").read_text()
    assert all(f"[{name}.py]({name}.py)" in listed for name in names)


@pytest.mark.parametrize("name", MAKES)
def test_an_example_makes_what_it_promises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [f"{name}.py"])
    for registry, names in REGISTRIES.items():  # what an example registers is forgotten after it
        monkeypatch.setattr(registry, names, dict(getattr(registry, names)))
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    made, said = MAKES[name]
    for file in made:
        assert (tmp_path / "example_output" / file).stat().st_size > 0
        if file.endswith(("walk.npz", "_of_lab.npz", "_of_lab_h1.npz")):
            assert len(RetargetingResult.load_npz(tmp_path / "example_output" / file)) > 10
    assert said in capsys.readouterr().out
    robots._known.cache_clear()


def test_the_batch_example_runs_with_worker_processes(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    for said in ("3 done, 0 done before, 0 failed", "0 done, 3 done before, 0 failed"):
        done = subprocess.run(
            [sys.executable, EXAMPLES / "batch.py", "out"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert said in done.stdout
    assert BatchManifest.load(tmp_path / "out" / "batch_manifest.json").total == 3


@pytest.mark.parametrize("document", [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"])
def test_blocks_of_python_in_the_documents_can_be_compiled(document: Path) -> None:
    for block in re.findall(r"```python\n(.*?)```", document.read_text(), re.DOTALL):
        compile(block, document.name, "exec")
