"""MJCF made digestible: includes put in place, decoration left out, old and loose spellings mended."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from retarget.errors import FileFormatError
from retarget.robots.reading.meshes import find_mesh
from retarget.robots.reading.numbers import mend_commas
from retarget.robots.reading.ranges import mend_mjcf_ranges
from retarget.robots.reading.text import read_xml
from retarget.wording import listed, quoted

__all__ = ["prepare_mjcf"]

# Sections that say nothing about a robot's kinematics, masses, limits or shapes. Many hold what a later or an earlier
# MuJoCo refuses.
_DECORATION = (
    *("visual", "statistic", "keyframe", "sensor", "custom", "extension", "option", "size"),
    "deformable",
)
_DECORATIVE_ASSETS = ("texture", "material", "skin", "hfield")
# Share of the joints of the largest that a limb has at least; doors and levers have fewer.
_LIKE_LIMBS = 0.5
_MOST_INCLUDES = 200  # files that a model is made of


def prepare_mjcf(
    root: ElementTree.Element, path: Path, notes: list[str], whole: bool = True
) -> str:
    """The text of a parsed MJCF for MuJoCo: one file, absolute mesh paths; not ``whole``, without its muscles.

    Raises:
        FileFormatError: An included file is missing, not XML, or includes itself.
    """
    _include(root, path, (path.parent,), notes, count=[0])
    if not whole:
        _without_muscles(root)
    if mend_commas(root):
        notes.append("took commas between numbers for spaces")
    mend_mjcf_ranges(root, notes)
    _join_limbs_of_the_world(root, notes)
    for section in [child for child in root if child.tag in _DECORATION]:
        root.remove(section)
    _locate_attached(root, path)
    missing = _locate_meshes(root, path)
    _leave_out(root, missing, notes)
    twice = [i for i in root.iter("inertial") if i.get("fullinertia") and i.get("quat")]
    for inertial in twice:
        del inertial.attrib["quat"]
    if twice:
        notes.append(f"ignored the turn of {len(twice)} inertias that state all six numbers too")
    for compiler in root.iter("compiler"):
        for key in ("coordinate", "meshdir", "texturedir", "assetdir", "exactmeshinertia"):
            compiler.attrib.pop(key, None)
    return ElementTree.tostring(root, encoding="unicode")


def _without_muscles(root: ElementTree.Element) -> None:
    """Take out tendons, what they run over, and actuators of what is no joint: they say nothing about joints.

    MuJoCo takes its time to delete a part once it has read it: a body with 400 muscles was read for a minute.
    """
    for section in root.findall("tendon"):
        root.remove(section)
    for actuators in root.findall("actuator"):
        for actuator in list(actuators):
            if actuator.get("joint") is None and actuator.get("jointinparent") is None:
                actuators.remove(actuator)
    equal = [equality for section in root.findall("equality") for equality in section]
    meant = {equality.get(key) for equality in equal for key in ("site1", "site2")}
    for world in root.findall("worldbody"):
        for parent in list(world.iter()):
            for site in parent.findall("site"):
                if site.get("name") is None or site.get("name") not in meant:
                    parent.remove(site)


def _join_limbs_of_the_world(root: ElementTree.Element, notes: list[str]) -> None:
    """Put limbs that are fastened to the world itself on one body: of arms without a trunk, which stands fast."""
    for world in root.findall("worldbody"):
        counts = {
            body: sum(1 for inner in body.iter("body") if inner.find("joint") is not None)
            for body in world.findall("body")
        }
        most = max(counts.values(), default=0)
        alike = [body for body, count in counts.items() if count >= most * _LIKE_LIMBS]
        if most == 0 or len(alike) < 2 or not all(map(_begins_with_a_hinge, alike)):
            continue
        position = list(world).index(alike[0])
        names = {body.get("name") for body in root.iter("body")}
        base = ElementTree.Element("body", name=_unused("base", names))
        for body in alike:
            world.remove(body)
            base.append(body)
        world.insert(position, base)
        named = [quoted(body.get("name", "")) for body in alike]
        notes.append(f"{listed(named)} are fastened to the world: one base was put under them")


def _unused(name: str, names: set[str | None]) -> str:
    return name if name not in names else _unused(f"{name}_of_limbs", names)


def _begins_with_a_hinge(body: ElementTree.Element) -> bool:
    if body.find("freejoint") is not None:
        return False
    kinds = [joint.get("type", "hinge") for joint in body.findall("joint")]
    return bool(kinds) and all(kind in ("hinge", "ball") for kind in kinds)


def _include(
    parent: ElementTree.Element,
    path: Path,
    folders: tuple[Path, ...],
    notes: list[str],
    count: list[int],
) -> None:
    """Put the content of included files where they are included, as MuJoCo does.

    Files are looked for beside the model, then beside what includes them.
    """
    for position, child in reversed(list(enumerate(parent))):
        if child.tag != "include":
            _include(child, path, folders, notes, count)
            continue
        count[0] += 1
        named = child.get("file", "").replace("\\", "/")
        places = [folder / named for folder in folders]
        file = next((place for place in places if place.is_file()), places[0])
        if count[0] > _MOST_INCLUDES:
            raise FileFormatError(
                path, f"includes itself, or more than {_MOST_INCLUDES} files", "correct it"
            )
        if not file.is_file():
            if any(word in file.stem.lower() for word in (*_DECORATION, "actuator", "scene")):
                parent.remove(child)
                notes.append(f"left out {quoted(child.get('file'))}, which is not there")
                continue
            raise FileFormatError(
                path,
                f"includes {quoted(child.get('file'))}, which is not there",
                "put it beside the model",
            )
        content = read_xml(file, notes)
        _include(content, path, (path.parent, file.parent), notes, count)
        parent.remove(child)
        for offset, element in enumerate(content):
            parent.insert(position + offset, element)


def _locate_attached(root: ElementTree.Element, path: Path) -> None:
    """Make paths of models that are attached absolute; take out the others, which nothing refers to.

    Raises:
        FileFormatError: One that is attached is not there.
    """
    attached = {element.get("model") for element in root.iter("attach")}
    for asset in root.iter("asset"):
        for model in asset.findall("model"):
            file = model.get("file", "").replace("\\", "/")
            name = model.get("name") or Path(file).stem
            if name not in attached:
                asset.remove(model)
                continue
            found = path.parent / file
            if not found.is_file():
                raise FileFormatError(
                    path, f"attaches {quoted(file)}, which is not there", "put it beside the model"
                )
            model.set("name", name)
            model.set("file", str(found.resolve()))


def _locate_meshes(root: ElementTree.Element, path: Path) -> set[str]:
    """Make mesh paths absolute; the names of those whose file is missing or unreadable, which are taken out."""
    missing = set()
    folders = _mesh_folders(root, path)
    for asset in root.iter("asset"):
        for mesh in asset.findall("mesh"):
            file = mesh.get("file")
            if file is None:
                continue
            name = mesh.get("name") or Path(file.replace("\\", "/")).stem
            found = find_mesh(file, folders, path)
            if found is None:
                missing.add(name)
                asset.remove(mesh)
            else:
                mesh.set("name", name)
                mesh.set("file", str(found.resolve()))
        for element in [child for child in asset if child.tag in _DECORATIVE_ASSETS]:
            asset.remove(element)
    return missing


def _mesh_folders(root: ElementTree.Element, path: Path) -> list[Path]:
    named = [c.get(key) for c in root.iter("compiler") for key in ("meshdir", "assetdir")]
    folders = [path.parent / folder.replace("\\", "/") for folder in named if folder]
    return [*reversed(folders), path.parent]


def _leave_out(root: ElementTree.Element, missing: set[str], notes: list[str]) -> None:
    """Take out what refers to meshes that are not there, and what refers to materials."""
    shapes = _shapes_of_classes(root)
    meshless: list[str] = []

    def visit(parent: ElementTree.Element, inherited: str) -> None:
        for child in list(parent):
            if child.tag == "geom":
                given = child.get("mesh")
                if given in missing:
                    parent.remove(child)
                    if parent.tag == "body" and _may_collide(child, shapes, inherited):
                        meshless.append(parent.get("name", ""))
                    continue
                child.attrib.pop("material", None)
            elif child.tag == "site":
                child.attrib.pop("material", None)
            elif child.tag == "plugin":
                parent.remove(child)
                continue
            visit(child, child.get("childclass", inherited))

    visit(root, "")
    if meshless:
        notes.append(
            f"left out {len(meshless)} collision meshes whose files are missing or unreadable: of {listed(meshless)}"
        )


def _shapes_of_classes(root: ElementTree.Element) -> dict[str, dict[str, str]]:
    """Class -> what it says about geoms, with what it inherits."""
    found: dict[str, dict[str, str]] = {}

    def visit(default: ElementTree.Element, inherited: dict[str, str]) -> None:
        own = dict(inherited)
        for geom in default.findall("geom"):
            own |= dict(geom.items())
        found[default.get("class", "main")] = own
        for child in default.findall("default"):
            visit(child, own)

    for default in root.findall("default"):
        visit(default, found.get("main", {}))
    return found


def _may_collide(
    geom: ElementTree.Element, shapes: dict[str, dict[str, str]], inherited: str
) -> bool:
    of_class = shapes.get(geom.get("class") or inherited or "main", shapes.get("main", {}))
    masks = of_class | dict(geom.items())
    called = "collision" in f"{geom.get('class', '')} {geom.get('name', '')}".lower()
    return called or masks.get("contype", "1") != "0" or masks.get("conaffinity", "1") != "0"
