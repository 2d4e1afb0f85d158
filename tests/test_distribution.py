"""What is handed out: a wheel and a source archive that install and run outside the repository, with types."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

import retarget

ROOT = Path(__file__).parents[1]
MOST_BYTES = 15_000_000  # of a wheel
USERS_SCRIPT = """
import numpy as np

import retarget
from retarget.evaluation import MEASURES, frame_series


def made(path: str) -> retarget.RetargetingResult:
    robot = retarget.load_robot("unitree_g1")
    result = retarget.retarget_motion(retarget.read_motion(path), robot)
    report = retarget.evaluate_result(result, robot)
    value: float | None = report["limb_error_mean"]
    print(MEASURES["limb_error_mean"].text(value), np.nanmax(frame_series(result, robot)["jerk"]))
    return result


frames: int = len(made("humanoid_run"))
"""


def run(*command: str | Path, cwd: Path, path: str = "", **more: str) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | more
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**environment, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A source archive of what git would hold, and the wheel that is built from that archive."""
    folder = tmp_path_factory.mktemp("made")
    source = folder / "source"
    source.mkdir()
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith(".git"):
            shutil.copy(path, source)
    left_out = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("src", "docs", "examples", "benchmarks"):
        shutil.copytree(ROOT / name, source / name, ignore=left_out)
    build = "import setuptools.build_meta as b; print(b.build_sdist('..'))"
    archive = folder / run(sys.executable, "-c", build, cwd=source).splitlines()[-1]
    with tarfile.open(archive) as opened:
        opened.extractall(folder / "unpacked", filter="data")
    (inner,) = (folder / "unpacked").iterdir()
    build = "import setuptools.build_meta as b; print(b.build_wheel('../..'))"
    wheel = folder / run(sys.executable, "-c", build, cwd=inner).splitlines()[-1]
    return archive, wheel


@pytest.fixture(scope="module")
def installed(made: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package as a wheel lays it out."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(made[1]) as wheel:
        wheel.extractall(folder)
    return folder


def test_the_archive_holds_all_that_the_readme_leads_to(made: tuple[Path, Path]) -> None:
    (inner,) = (made[0].parent / "unpacked").iterdir()
    links = re.findall(r"\]\(([^)#:]+)[#)]", (ROOT / "README.md").read_text())
    assert "docs/pictures/dance.gif" in links
    assert [link for link in links if not (inner / link).exists()] == []


def test_a_package_index_shows_the_readme_without_what_it_does_not_have(installed: Path) -> None:
    (record,) = installed.glob("*.dist-info")
    shown = (record / "METADATA").read_text().partition("\n\n")[2]
    readme = (ROOT / "README.md").read_text()
    assert not re.search(r"\]\((?!https?:)", shown)
    assert "![" not in shown and "recorded human on the right" not in shown
    for kept in ("# retarget\n", "## Use it\n", "| solving | ", "- docs/index.md: five minutes"):
        assert kept in shown
    commands = re.findall(r"^retarget .*", readme, re.MULTILINE)
    assert commands == re.findall(r"^retarget .*", shown, re.MULTILINE)


def test_the_wheel_holds_robots_clips_profiles_templates_types_and_licences(
    installed: Path, made: tuple[Path, Path]
) -> None:
    package = installed / "retarget"
    assert made[1].stat().st_size < MOST_BYTES
    source = ROOT / "src" / "retarget"
    wanted = {
        path.relative_to(source)
        for path in source.rglob("*")
        if path.is_file()
        and path.suffix not in {".pyc", ".nbc", ".nbi", ".lock"}
        and "__pycache__" not in path.parts
    }
    assert Path("py.typed") in wanted
    assert {path for path in wanted if not (package / path).is_file()} == set()
    (record,) = installed.glob("*.dist-info")
    assert {path.name for path in (record / "licenses").iterdir()} >= {"LICENSE", "NOTICE"}


def test_installed_it_runs_outside_the_repository(installed: Path, tmp_path: Path) -> None:
    others = f"{installed}{os.pathsep}{sysconfig.get_path('purelib')}"
    code = "import retarget, sys; print(retarget.__file__); from retarget.cli.main import main; sys.exit(main())"
    # What solves is compiled anew for every place that it lies in, for minutes on a busy machine: the model is read.
    said = run(
        sys.executable,
        "-P",
        "-c",
        code,
        "robots",
        "inspect",
        "unitree_g1",
        cwd=tmp_path,
        path=others,
    )
    assert said.startswith(str(installed))
    assert "left_knee" in said


def python_of(version: str) -> tuple[str, dict[str, str]]:
    """An interpreter of a version, and what chooses it; skips the test where there is none."""
    python = shutil.which(f"python{version}")
    chosen = {"PYENV_VERSION": version}  # for those whose interpreters are behind pyenv
    found = python and subprocess.run(
        [python, "--version"],
        env={**os.environ, **chosen},
        capture_output=True,
        text=True,
        check=False,
    )
    if not python or not found or f" {version}." not in found.stdout:
        pytest.skip(f"no Python {version} here")
    return python, chosen


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_with_its_own_packages_it_runs_under_other_pythons(
    made: tuple[Path, Path], tmp_path: Path, version: str
) -> None:
    """Installed as users install it, compiled by that Python's own Numba, it retargets a clip that passes."""
    python, chosen = python_of(version)
    run(python, "-m", "venv", tmp_path / "venv", cwd=tmp_path, **chosen)
    bin_ = tmp_path / "venv" / "bin"
    asked = [bin_ / "pip", "download", "--quiet", "--no-deps", "--dest", tmp_path / "one", "typer"]
    if subprocess.run(asked, cwd=tmp_path, capture_output=True, check=False).returncode:
        pytest.skip("no package registry answers")
    run(bin_ / "pip", "install", "--quiet", made[1], cwd=tmp_path)
    run(bin_ / "retarget", "run", "--motion", "humanoid_run", "--output", "r.npz", cwd=tmp_path)
    said = run(
        *(bin_ / "retarget", "evaluate", "--result", "r.npz", "--gate", "train-ready"),
        cwd=tmp_path,
    )
    assert "pass" in said
    assert len(retarget.RetargetingResult.load_npz(tmp_path / "r.npz")) == 41


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_it_starts_under_every_python_that_it_names(
    installed: Path, tmp_path: Path, version: str
) -> None:
    python, chosen = python_of(version)
    # What help needs is plain Python, so that packages of another version of it serve.
    others = f"{installed}{os.pathsep}{sysconfig.get_path('purelib')}"
    assert "retarget 0" in run(
        python, "-m", "retarget", "--version", cwd=tmp_path, path=others, **chosen
    )
    run(python, "-m", "compileall", "-q", installed / "retarget", cwd=tmp_path, **chosen)


def test_a_users_script_is_typed(installed: Path, tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="installed with what checks the package")
    (tmp_path / "script.py").write_text(USERS_SCRIPT)
    words = [
        "-m",
        "mypy",
        "--strict",
        "--follow-imports",
        "silent",
        "--cache-dir",
        tmp_path / "cache",
    ]
    environment = {**os.environ, "MYPYPATH": str(installed)}
    environment.pop("PYTHONPATH", None)
    for text, wanted in (
        (USERS_SCRIPT, 0),
        (USERS_SCRIPT.replace("frames: int", "frames: str"), 1),
    ):
        (tmp_path / "script.py").write_text(text)
        done = subprocess.run(
            [sys.executable, *words, "script.py"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == wanted, done.stdout + done.stderr


def test_it_can_be_cited() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert cited["version"] == retarget.__version__
    assert cited["license"] == "Apache-2.0"
    assert {"cff-version", "message", "title", "authors"} <= cited.keys()
