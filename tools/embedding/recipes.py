"""What is embedded: a TOML file for each robot, and one for the packages that they are taken from."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from retarget.robots.spec import RobotSpec

__all__ = ["RECIPES", "Edit", "LicenceText", "Package", "Recipe", "read_packages", "read_recipes"]

RECIPES = Path(__file__).parents[1] / "robot_recipes"
_PACKAGES = "packages.toml"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Package(_Table):
    """A published package.

    Attributes:
        name: As its registry knows it.
        registry: ``pypi``: a wheel, fetched by pip. ``debian``: a package, fetched by apt-get.
        version: The version that is taken.
        sha256: Hash of the package's file.
    """

    name: str
    registry: Literal["pypi", "debian"] = "pypi"
    version: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")

    @property
    def title(self) -> str:
        """What it is called in provenance."""
        kind = {"pypi": "Python", "debian": "Debian"}[self.registry]
        return f"the {kind} package {self.name} {self.version}"


class LicenceText(_Table):
    """A licence's text.

    Attributes:
        file: The file to which it is copied, beside the model.
        package: Package that holds it; the model's own if empty.
        path: Where it is in that package; the text of the Apache licence of this repository if empty.
    """

    file: str = "LICENSE"
    package: str = ""
    path: str = ""


class Edit(_Table):
    """A mistake of a model file, corrected.

    Attributes:
        find: Text that is in the file once.
        replace: What it should be.
        why: How that is known.
    """

    find: str = Field(min_length=1)
    replace: str
    why: str = Field(min_length=1)


class Recipe(_Table):
    """One robot: where it comes from, and what its model file does not say.

    Attributes:
        name: Its name, as `retarget.load_robot` takes it; the recipe's file name.
        display_name, maker, family, variant, aliases: As in `retarget.robots.RobotSpec`.
        package: Key of the package in ``packages.toml``.
        path: The model file in it.
        edits: Mistakes of the model file that are corrected before it is read.
        licence: The model's licence, and whose it is.
        licence_texts: At least one.
        fill_hands: Whether the meshes of forearms and hands are filled with balls, which then meet things.
        height_m: Height as its maker states it, where the model has no head to measure it by; ``height_source`` says
            who states it.
        effort_limits: Torque limits by joint names or patterns, N m, over those of the model file; ``effort_source``
            says where they are from.
        velocity_source: Where the speed limits are from.
        robot: Further tables of ``robot.toml``: roles, limits, neutral, soles, links, joint_sets.
    """

    name: str
    display_name: str
    maker: str
    family: str
    variant: str = ""
    aliases: tuple[str, ...] = ()
    package: str
    path: str
    edits: tuple[Edit, ...] = ()
    licence: str
    licence_texts: tuple[LicenceText, ...] = Field(min_length=1)
    fill_hands: bool = False
    height_m: float | None = Field(default=None, gt=0)
    height_source: str = ""
    effort_limits: dict[str, float] = {}
    effort_source: str = "the model file"
    velocity_source: str = ""
    robot: dict[str, dict[str, Any]] = {}

    def spec(self) -> RobotSpec:
        """What the recipe adds to the model file, as it counts when a robot is loaded."""
        return RobotSpec.model_validate(
            {"name": self.name, "effort_limits": self.effort_limits, **self.robot}
        )


def read_packages() -> dict[str, Package]:
    """All packages by their names."""
    tables = tomllib.loads((RECIPES / _PACKAGES).read_text("utf-8"))
    return {name: Package(name=name, **table) for name, table in tables.items()}


def read_recipes() -> dict[str, Recipe]:
    """All recipes by the robots' names."""
    files = sorted(path for path in RECIPES.glob("*.toml") if path.name != _PACKAGES)
    return {
        path.stem: Recipe(name=path.stem, **tomllib.loads(path.read_text("utf-8")))
        for path in files
    }
