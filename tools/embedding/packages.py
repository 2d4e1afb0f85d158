"""Published packages: fetched by their registries' own clients, checked by hash, unpacked."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

from embedding.recipes import Edit, Package

__all__ = ["archive_of", "corrected", "unpacked"]


def unpacked(package: Package, archives: Path, scratch: Path) -> Path:
    """The folder of a package's content within ``scratch``; its archive is fetched into ``archives`` when missing."""
    folder = scratch / package.name
    if folder.is_dir():
        return folder
    archive = archive_of(package, archives) or _fetched(package, archives)
    _require_hash(archive, package)
    folder.mkdir(parents=True)
    if package.registry == "pypi":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(folder)
    else:
        subprocess.run(["dpkg-deb", "--extract", str(archive), str(folder)], check=True)
    return folder


def archive_of(package: Package, archives: Path) -> Path | None:
    """The package's file in a folder; None where it is not there."""
    if package.registry == "pypi":
        pattern = f"{package.name.replace('-', '_')}-{package.version}-*.whl"
    else:
        pattern = f"{package.name}_{package.version}_*.deb"
    return next(iter(sorted(archives.glob(pattern))), None)


def corrected(model: Path, edits: tuple[Edit, ...]) -> Path:
    """A model file without its mistakes, beside the one of the package; that one where it has none."""
    if not edits:
        return model
    text = model.read_text("utf-8")
    for edit in edits:
        if text.count(edit.find) != 1:
            raise SystemExit(
                f"{model}: holds {text.count(edit.find)} times {edit.find!r}, not once"
            )
        text = text.replace(edit.find, edit.replace)
    copy = model.with_stem(f"{model.stem}_corrected")
    copy.write_text(text, "utf-8")
    return copy


def _fetched(package: Package, archives: Path) -> Path:
    archives.mkdir(parents=True, exist_ok=True)
    if package.registry == "pypi":
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        binary = ["--only-binary", ":all:", "--dest", str(archives)]
        subprocess.run([*pip, *binary, f"{package.name}=={package.version}"], check=True)
    else:
        apt = ["apt-get", "--quiet", "download", f"{package.name}={package.version}"]
        subprocess.run(apt, check=True, cwd=archives)
    found = archive_of(package, archives)
    if found is None:
        raise SystemExit(f"{package.title}: was fetched, but is not in {archives}")
    return found


def _require_hash(archive: Path, package: Package) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != package.sha256:
        raise SystemExit(
            f"{archive}: its SHA-256 is {digest}, not {package.sha256} as packages.toml has it; "
            "remove it, or correct the hash if the package is the right one"
        )
