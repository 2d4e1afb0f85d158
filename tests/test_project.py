"""The project's own promises: quick to import, pinned, licensed, public names that resolve."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import retarget

ROOT = Path(__file__).parents[1]
HEAVY = {"numpy", "scipy", "numba", "mujoco", "matplotlib", "pydantic", "rich", "ray"}
PIN = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.+-]+)")


def loaded_after(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    return set(
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
    )


@pytest.mark.parametrize("statement", ["import retarget", "import retarget.cli.main"])
def test_importing_loads_nothing_heavy(statement: str) -> None:
    assert not loaded_after(statement) & HEAVY


def test_importing_the_batch_package_needs_no_numerics() -> None:
    assert not loaded_after("import retarget.batch") & {"numpy", "numba", "scipy", "mujoco", "ray"}


@pytest.mark.parametrize("name", retarget.__all__)
def test_every_public_name_resolves_and_is_listed(name: str) -> None:
    assert getattr(retarget, name) is not None
    assert name in dir(retarget)


def test_an_unknown_attribute_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = retarget.no_such_name


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith(("#", "-r "))]
    matches = [PIN.fullmatch(line) for line in wanted]
    assert all(matches), [line for line, match in zip(wanted, matches, strict=True) if not match]
    return {re.sub(r"[-_.]+", "-", match[1]).lower(): match[2] for match in matches if match}


def test_requirements_are_pinned_and_hold_all_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["picture"]]
    pinned = pins("dev.txt")
    for requirement in wanted:
        assert re.split(r"[><=]", requirement)[0].lower() in pinned, requirement
    assert not set(pins("bench.txt")) & set(pinned)


def test_embedded_data_is_licensed_and_credited() -> None:
    notice = (ROOT / "NOTICE").read_text()
    package = ROOT / "src" / "retarget"
    for folder in (package / "robots" / "embedded").iterdir():
        robot = tomllib.loads((folder / "robot.toml").read_text())
        assert list(folder.glob("LICENSE*")), folder
        assert robot["source"]["licence"], folder
        assert f"{robot['source']['package']} {robot['source']['version']}" in notice, folder
    clips = (package / "demo" / "clips" / "README.md").read_text()
    for clip in (package / "demo" / "clips").glob("*.[bn][vp][hz]"):
        assert clip.name in clips
    assert "The database was\n  created with funding from NSF EIA-0196217." in notice


def test_the_changelog_knows_the_version_or_has_unreleased_changes() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert f"## {retarget.__version__}" in changelog or "## Unreleased" in changelog


def test_documents_link_to_files_that_exist() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    for document in documents:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} -> {target}"


LAYERS = {  # what each part may import; "kinematics" is solver.kinematics and solver.arrays
    "errors": set[str](),
    "kinds": {"errors"},
    "files": {"errors"},
    "geometry": set[str](),
    "_compiler": set[str](),
    "_cache": set[str](),
    "_jit": {"_cache", "_compiler"},
    "_packs": set[str](),
    "_scratch": set[str](),
    "_timing": set[str](),
    "options": set[str](),
    "result": {"errors", "files", "geometry"},
    "motion": {"errors", "kinds", "geometry", "_jit"},
    "robots": {"errors", "kinds", "geometry"},
    "kinematics": {"_jit", "_packs", "_scratch", "robots"},
    "targets": {"errors", "geometry", "_jit", "motion", "robots"},
    "solver": {
        "errors",
        "geometry",
        "_jit",
        "_packs",
        "_scratch",
        "motion",
        "robots",
        "kinematics",
        "targets",
        "options",
    },
    "pipeline": {
        "_timing",
        "errors",
        "motion",
        "robots",
        "targets",
        "solver",
        "options",
        "result",
    },
    "streaming": {
        "errors",
        "geometry",
        "motion",
        "robots",
        "kinematics",
        "targets",
        "solver",
        "options",
    },
    "evaluation": {
        "errors",
        "files",
        "geometry",
        "_jit",
        "_scratch",
        "robots",
        "kinematics",
        "solver",
        "result",
    },
    "ahead": {
        "_cache",
        "demo",
        "evaluation",
        "motion",
        "options",
        "pipeline",
        "result",
        "robots",
        "solver",
        "kinematics",
        "targets",
    },
    "export": {"errors", "files", "result"},
    "report": {"errors", "files", "result", "robots", "kinematics"},
    "batch": {"errors", "files", "kinds"},
    "demo": set[str](),
}


def part_of(module: str) -> str:
    """The layer of a module of the package."""
    if module.startswith(("retarget.solver.kinematics", "retarget.solver.arrays")):
        return "kinematics"
    return module.split(".")[1]


def imported_by(source: Path) -> set[str]:
    """Modules of the package that a file imports, anywhere in it."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("retarget."):
            modules.add(node.module)
        elif isinstance(node, ast.Import):
            modules |= {name.name for name in node.names if name.name.startswith("retarget.")}
    return modules


@pytest.mark.parametrize("layer", LAYERS)
def test_nothing_is_imported_upward(layer: str) -> None:
    package = ROOT / "src" / "retarget"
    checked = 0
    for source in package.rglob("*.py"):
        module = ".".join(("retarget", *source.relative_to(package).with_suffix("").parts))
        if module.count(".") == 0 or part_of(module) != layer:
            continue
        checked += 1
        parts = {part_of(name) for name in imported_by(source)} - {layer, "_version"}
        assert parts <= LAYERS[layer], f"{module} imports {sorted(parts - LAYERS[layer])}"
    assert checked
