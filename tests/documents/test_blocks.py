"""Every block of code in the documents is run, in a folder that has the files which a reader would have."""

from __future__ import annotations

import importlib
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from blocks import DOCUMENTS, ROOT, blocks_of, file_shown, run

from retarget import load_robot, read_motion, retarget_motion
from retarget.batch.review import ClipReview, Review, review_path
from retarget.cli.main import main
from retarget.demo import clips_folder
from retarget.export import export_result
from retarget.kinds import ExportFormat, MotionFormatKind, RobotKind
from retarget.scenes import read_trajectory

CLIPS = ROOT.parent / "shared" / "clips"
AMASS = CLIPS / "smpl_npz" / "video_walk_level1_filter_amass.npz"
_FRAMES = 48  # a second and a half: what compares two motions needs one

CARRY = CLIPS / "scenes" / "sub3_largebox_003.pt"
_RECORDINGS = {"amass": AMASS, "scenes": CARRY}  # that may not be handed out, by document


def short_bvh(frames: int) -> str:
    """The embedded recording, cut."""
    head, motion = (clips_folder() / "cmu_01_01.bvh").read_text().split("MOTION")
    rows = motion.strip().split("\n")
    return "\n".join([f"{head}MOTION", f"Frames: {frames}", rows[1], *rows[2 : 2 + frames], ""])


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the documents speak of; not to be written to."""
    desk = tmp_path_factory.mktemp("desk")
    text = short_bvh(_FRAMES)
    for name in ("walk", "calibration", "dance", "mocap/walk", "mocap/jump", "days/day 1/walk"):
        (desk / name).parent.mkdir(parents=True, exist_ok=True)
        (desk / f"{name}.bvh").write_text(text)
    shutil.copyfile(
        Path(load_robot.__code__.co_filename).parent / "embedded" / "unitree_g1" / "model.xml",
        desk / "my_robot.xml",
    )
    robot = load_robot("unitree_g1")
    result = retarget_motion(read_motion(desk / "walk.bvh"), robot)
    for name in ("walk", "dance"):
        result.save_npz(desk / f"{name}.npz")
    export_result(result, desk / "other.pkl", "gmr", robot=robot)
    export_result(result, desk / "other.csv", "unitree_csv", robot=robot)
    shutil.copyfile(desk / "other.pkl", desk / "theirs.pkl")
    words = ["--pattern", "**/*.bvh", "--max-workers", "1"]
    for folder, output in (("mocap", "robot"), ("days", "robot_of_days")):
        paths = ["--input-dir", str(desk / folder), "--output-dir", str(desk / output)]
        assert main(["batch", *paths, *words]) == 0
    kept = Review().changed("walk.bvh", ClipReview(decision="keep"))
    for name in ("out", "old", "new", "other_tool"):
        shutil.copytree(desk / "robot", desk / name)
    kept.save(review_path(desk / "out" / "batch_manifest.json"))
    for name in ("train.txt", "again.txt"):
        (desk / name).write_text("walk.bvh\n")
    if AMASS.is_file():
        (desk / "amass").mkdir()
        shutil.copyfile(AMASS, desk / "amass" / "walk.npz")
    return desk


def put_things_there(here: Path) -> None:
    """A recording of somebody who carries a box, and the files of what is around."""
    shutil.copyfile(CARRY, here / "carry.pt")
    shutil.copyfile(CARRY.with_name("largebox.obj"), here / "largebox.obj")
    path = read_trajectory(CARRY)
    np.savez(
        here / "box_path.npz", positions=path.positions, rotations=path.rotations, fps=path.fps
    )
    np.save(here / "heights.npy", np.zeros((4, 4)))
    box = '<geom type="box" size="0.2 0.2 0.2" pos="3 3 0.2"/>'
    (here / "gym.xml").write_text(f"<mujoco><worldbody>{box}</worldbody></mujoco>")
    shutil.copyfile(CARRY.with_name("climb_seq_0") / "multi_boxes.obj", here / "multi_boxes.obj")
    (here / "clips").mkdir()
    shutil.copyfile(CARRY, here / "clips" / "carry.pt")
    (here / "clips" / "carry.scene.toml").write_text(
        '[[object]]\nname = "largebox"\nmesh = "../largebox.obj"\ntrajectory = "carry.pt"\n'
        '[[terrain]]\nname = "steps"\nboxes = [{ center = [3, 3, 0.1], size_m = [1, 1, 0.2] }]\n'
    )


@pytest.fixture
def own_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a document registers is known to its own blocks only."""
    for kind in (ExportFormat, MotionFormatKind, RobotKind):
        monkeypatch.setattr(kind, "_members", dict(kind._members))
    for place in (
        "exchange.registry._TABLES",
        "motion.formats.registry._registry",
        "robots.registry._registered",
    ):
        module, name = place.rsplit(".", 1)
        known = getattr(importlib.import_module(f"retarget.{module}"), name)
        monkeypatch.setattr(f"retarget.{place}", dict(known))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
@pytest.mark.usefixtures("own_registries")
def test_the_blocks_of_a_document_run(
    document: Path, desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = [block for block in blocks_of(document) if not block.reason]
    if not blocks:
        return
    wanted = _RECORDINGS.get(document.stem)
    if wanted is not None and not wanted.is_file():
        pytest.skip(f"{wanted} is absent, and may not be handed out")
    here = tmp_path / "desk"
    shutil.copytree(desk, here)
    if '"day 1/' in document.read_text():
        shutil.rmtree(here / "robot")
        (here / "robot_of_days").rename(here / "robot")
    for manifest in here.rglob("*.json"):  # which names its files by their paths
        text = manifest.read_text().replace("robot_of_days", "robot")
        manifest.write_text(text.replace(str(desk), str(here)))
    monkeypatch.chdir(here)
    if document.stem == "scenes":
        put_things_there(here)
    for block in blocks:
        if name := file_shown(block):  # wherever it is shown
            (here / name).write_text(block.text)
    monkeypatch.setattr("retarget.cli.batch.usable_cores", lambda: 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    names: dict[str, object] = {"__name__": "reader"}
    if "result" in document.read_text():
        robot = load_robot("unitree_g1")
        names |= {"robot": robot, "result": retarget_motion(read_motion("walk.bvh"), robot)}
    if document.stem == "streaming":
        motion = read_motion("calibration.bvh")
        frames = list(zip(motion.positions, motion.rotations, strict=True))[:20]
        names |= {"frames": frames, "send": lambda qpos: None}
    for block in blocks:
        run(block, names)


def test_no_block_of_any_document_is_left_out() -> None:
    """Fences that begin within a line, or with something else than a word, are not found and so not run."""
    tracked = {
        path
        for folder in ("", "docs", "docs/tutorials", "examples")
        for path in (ROOT / folder).glob("*.md")
    }
    elsewhere = {ROOT / name for name in ("ARCHITECTURE.md", "CHANGELOG.md")}  # figures and words
    assert tracked - elsewhere == set(DOCUMENTS)
    for path in elsewhere:
        assert all(block.language == "" for block in blocks_of(path)), path
    for path in DOCUMENTS:
        fences = re.findall(r"^[ >]*(?:```|~~~)", path.read_text("utf-8"), re.MULTILINE)
        assert len(fences) == 2 * len(blocks_of(path)), path


def test_what_is_not_run_says_why() -> None:
    reasons = [(block.place, block.reason) for path in DOCUMENTS for block in blocks_of(path)]
    assert all(len(reason) > 20 for _, reason in reasons if reason)
    assert sum(not reason for _, reason in reasons) > 0.7 * len(reasons)
