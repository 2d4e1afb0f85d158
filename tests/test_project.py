"""The project's own promises: quick to import, pinned, licensed, public names that resolve."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Collection
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import retarget
from layers import LAYERS

ROOT = Path(__file__).parents[1]
HEAVY = {
    "viser",
    "PIL",
    "av",
    "numpy",
    "scipy",
    "numba",
    "mujoco",
    "matplotlib",
    "pydantic",
    "rich",
    "ray",
}
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
    extras = project["optional-dependencies"]
    inside = ("picture", "viewer", "video", "dataset", "xacro", "meshes")
    wanted = [*project["dependencies"], *(one for extra in inside for one in extras[extra])]
    pinned = pins("dev.txt")
    for requirement in wanted:
        assert re.split(r"[><=]", requirement)[0].lower() in pinned, requirement
    assert not set(pins("bench.txt")) & set(pinned)


def test_embedded_data_is_licensed_and_credited() -> None:
    notice = (ROOT / "NOTICE").read_text()
    package = ROOT / "src" / "retarget"
    notice = " ".join(notice.split())
    for folder in (package / "robots" / "embedded").iterdir():
        if folder.name == "index.json":
            continue
        robot = tomllib.loads((folder / "robot.toml").read_text())
        assert list(folder.glob("LICENSE*")), folder
        assert robot["source"]["licence"], folder
        assert f"{robot['source']['package']} {robot['source']['version']}" in notice, folder
    clips = (package / "demo" / "clips" / "README.md").read_text()
    for clip in (package / "demo" / "clips").glob("*.[bn][vp][hz]"):
        assert clip.name in clips
    assert "The database was created with funding from NSF EIA-0196217." in notice


def test_the_changelog_knows_the_version_or_has_unreleased_changes() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert f"## {retarget.__version__}" in changelog or "## Unreleased" in changelog


def test_documents_link_to_files_that_exist() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    for document in documents:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text()):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} -> {target}"


def calls_of_print(source: Path) -> list[int]:
    """Lines that print by themselves, and by Python's own function."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]


def test_commands_print_through_what_escapes_names() -> None:
    commands = [*(ROOT / "src" / "retarget" / "cli").rglob("*.py")]
    assert len(commands) > 10
    found = {source.name: calls_of_print(source) for source in commands}
    # `tell` and `print_json`, whose text is ASCII, and the version, which is ours
    allowed = {"common.py": 2, "main.py": 1}
    assert {name: len(lines) for name, lines in found.items() if lines} == allowed


def modules() -> dict[str, Path]:
    """All modules of the package by name; a package is named as what imports it does."""
    package = ROOT / "src" / "retarget"
    sources = {}
    for source in package.rglob("*.py"):
        parts = source.relative_to(package.parent).with_suffix("").parts
        sources[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = source
    return sources


def part_of(module: str) -> str:
    """The layer of a module of the package: the longest one that it lies in."""
    name = module.removeprefix("retarget.")
    layers = [layer for layer in LAYERS if name == layer or name.startswith(f"{layer}.")]
    return max(layers, key=len, default=name.partition(".")[0])


def imported_by(source: Path, known: Collection[str]) -> set[str]:
    """Modules of the package that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{name.name}" for name in node.names}
            found |= {name if name in known else node.module for name in inner}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found & set(known)


@pytest.mark.parametrize("layer", LAYERS)
def test_nothing_is_imported_upward(layer: str) -> None:
    sources = modules()
    members = [name for name in sources if name != "retarget" and part_of(name) == layer]
    assert members
    for module in members:
        if (
            module == "retarget.motion"
        ):  # loads what it offers, readers too, when it is first asked for
            continue
        imported = imported_by(sources[module], sources)
        parts = {part_of(name) for name in imported} - {layer, "_version"}
        assert parts <= LAYERS[layer], f"{module} imports {sorted(parts - LAYERS[layer])}"


def circle_among(imports: dict[str, set[str]]) -> list[str] | None:
    """Modules that import each other in a circle, the first once more at the end; None without any."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return None


def test_a_circle_of_imports_is_seen() -> None:
    assert circle_among({"a": {"b"}, "b": {"c"}, "c": set()}) is None
    circle = circle_among({"a": {"b"}, "b": {"c"}, "c": {"b"}})
    assert circle is not None and set(circle) == {"b", "c"}


def test_no_modules_import_each_other_in_a_circle() -> None:
    sources = modules()
    imports = {name: imported_by(source, sources) for name, source in sources.items()}
    assert imports["retarget.worker"] > {"retarget.pipeline", "retarget.batch"}
    assert circle_among(imports) is None
