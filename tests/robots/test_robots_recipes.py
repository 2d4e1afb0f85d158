"""What is embedded of a robot follows from its recipe and the published package; the index, from what is embedded."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import pytest
from robot_files import EMBEDDED

from retarget.kinds import RobotKind
from retarget.robots import load_robot, robot_spec
from retarget.robots.catalogue import INDEX, embedded_entries, entry_of

ROOT = Path(__file__).parents[2]
PACKAGES = Path(
    os.environ.get("RETARGET_ROBOT_PACKAGES") or Path(tempfile.gettempdir()) / "robot_packages"
)
NAMES = [one.name for one in embedded_entries()]


@pytest.fixture(scope="module")
def importer() -> ModuleType:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import import_robot

        return import_robot
    finally:
        sys.path.remove(str(ROOT / "tools"))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packages")


def test_every_robot_has_a_recipe_and_every_recipe_a_robot(importer: ModuleType) -> None:
    recipes = importer.read_recipes()
    folders = {path.name for path in EMBEDDED.iterdir() if path.is_dir()}
    assert set(recipes) == set(NAMES) == folders
    packages = importer.read_packages()
    for recipe in recipes.values():
        texts = {text.package or recipe.package for text in recipe.licence_texts}
        assert {recipe.package, *texts} <= set(packages)


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_makes_the_same_files_again(
    importer: ModuleType, name: str, scratch: Path, tmp_path: Path
) -> None:
    from embedding.packages import archive_of

    recipe, packages = importer.read_recipes()[name], importer.read_packages()
    needed = {recipe.package, *(text.package or recipe.package for text in recipe.licence_texts)}
    absent = [one for one in needed if archive_of(packages[one], PACKAGES) is None]
    if absent:
        pytest.skip(
            f"{', '.join(absent)} not in {PACKAGES}; tools/import_robot.py fetches packages"
        )
    entry = importer.embed(recipe, PACKAGES, scratch, tmp_path / name)
    made = {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
    assert made == {path.name: path.read_bytes() for path in (EMBEDDED / name).iterdir()}
    assert entry in embedded_entries()


def test_a_package_that_is_not_the_one_meant_is_refused(
    importer: ModuleType, tmp_path: Path
) -> None:
    package = importer.read_packages()["mjlab"]
    (tmp_path / "mjlab-1.6.0-py3-none-any.whl").write_bytes(b"something else")
    with pytest.raises(SystemExit, match="its SHA-256 is"):
        importer.unpacked(package, tmp_path, tmp_path / "scratch")


@pytest.mark.parametrize("name", NAMES)
def test_the_index_says_what_the_model_is(name: str) -> None:
    listed = next(one for one in embedded_entries() if one.name == name)
    found = entry_of(load_robot(name), robot_spec(name), listed.height_m)
    assert found == listed, "run: python tools/import_robot.py"
    assert listed.maker and listed.family and listed.licence and listed.source


def test_the_index_is_sorted_by_maker_and_family() -> None:
    keys = [(one.maker.lower(), one.family.lower(), one.name) for one in embedded_entries()]
    assert keys == sorted(keys)
    assert INDEX.read_text().endswith("]\n")


def test_embedded_robots_are_members_of_their_kind() -> None:
    for name in NAMES:
        assert getattr(RobotKind, name.upper()) == name


def test_the_page_has_the_table_of_the_index(importer: ModuleType) -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from document_tables import ROBOTS, documented
    finally:
        sys.path.remove(str(ROOT / "tools"))
    assert documented(ROBOTS) == ROBOTS.read_text(), "run: python tools/document_tables.py"
