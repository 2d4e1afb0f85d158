"""Batches, folders and files of any tool are compared on the same clips: paired, with intervals, wins and losses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from retarget.cli.main import main
from retarget.comparison import (
    Comparison,
    compare,
    comparison_html,
    comparison_markdown,
    comparison_rows,
    comparison_svg,
    diff,
)
from retarget.comparison.paired import paired_rows
from retarget.comparison.shown import shown_rows
from retarget.comparison.sides import clip_key, matched, read_side
from retarget.demo import clips_folder
from retarget.errors import OptionsError
from retarget.evaluation import MEASURES, Gates
from retarget.evaluation.faults import FAULTS
from retarget.evaluation.gates import measure_behind
from retarget.exchange.write import ExportOptions, export_result
from retarget.motion import read_motion
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, load_robot

CLIPS = ("humanoid_walk.npz", "humanoid_dance.npz", "humanoid_run.npz")


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


@pytest.fixture(scope="module")
def ours(robot: RobotModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sides") / "ours"
    folder.mkdir()
    for name in CLIPS:
        motion = read_motion(clips_folder() / name)
        result = retarget_motion(motion.frames(0, min(len(motion), 240)), robot)
        result.save_npz(folder / f"{name}.npz")
    return folder


@pytest.fixture(scope="module")
def worse(ours: Path, robot: RobotModel) -> Path:
    """The same clips with noise in every joint."""
    folder = ours.parent / "worse"
    folder.mkdir()
    for path in ours.iterdir():
        FAULTS["jittered"].spoil(RetargetingResult.load_npz(path), robot).save_npz(
            folder / path.name
        )
    return folder


@pytest.fixture(scope="module")
def found(ours: Path, worse: Path) -> Comparison:
    return compare([ours, worse])


def test_the_worse_side_loses_every_clip(found: Comparison) -> None:
    assert [side.label for side in found.sides] == ["ours", "worse"]
    assert [side.clips for side in found.sides] == [3, 3]
    assert found.sides[0].passed == 3 and found.sides[1].passed == 0
    (pair,) = found.row("jerk_mean").pairs
    assert (pair.clips, pair.wins, pair.losses) == (3, 0, 3)
    assert pair.low is not None and 0 < pair.low <= pair.difference <= pair.high
    assert pair.verdict("lower") == "worse"
    means = found.row("jerk_mean").means
    assert pair.difference == pytest.approx(means[1] - means[0])


def test_higher_is_better_where_the_registry_says_so(found: Comparison) -> None:
    row = found.row("contact_recall")
    assert row.better == "higher"
    assert row.pairs[0].difference < 0
    assert row.pairs[0].losses > row.pairs[0].wins


def test_a_side_beside_itself_is_even(ours: Path) -> None:
    same = compare([f"a={ours}", f"b={ours}", f"c={ours}"])
    assert [side.label for side in same.sides] == ["a", "b", "c"]
    for row in same.rows:
        for pair in row.pairs:
            assert pair.difference in (0.0, None), row.measure
            assert pair.wins == pair.losses == 0
            assert pair.verdict(row.better) in ("even", "")


def test_intervals_hold_the_mean_and_follow_the_seed() -> None:
    rng = np.random.default_rng(5)
    first = rng.normal(10, 1, (40, 1))
    other = first + rng.normal(0.5, 0.4, (40, 1))
    rows = [paired_rows("b", first, other, np.ones(1), seed)[0] for seed in (0, 0, 1)]
    assert rows[0] == rows[1] != rows[2]
    half = 1.96 * 0.4 / np.sqrt(40)
    assert rows[0].low == pytest.approx(rows[0].difference - half, abs=0.05)
    assert rows[0].high == pytest.approx(rows[0].difference + half, abs=0.05)


def test_clips_without_a_value_do_not_count() -> None:
    first = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, 1.0]])
    other = np.array([[2.0, 1.0], [1.0, np.nan], [5.0, 1.0]])
    one, two = paired_rows("b", first, other, np.array([1.0, -1.0]), 0)
    assert (one.clips, one.difference, one.wins, one.losses) == (2, 0.0, 1, 1)
    assert (two.clips, two.difference, two.low) == (1, 0.0, None)


def test_another_tools_file_is_laid_beside_our_result(
    ours: Path, robot: RobotModel, tmp_path: Path
) -> None:
    own = ours / "humanoid_dance.npz.npz"
    late = RetargetingResult.load_npz(own).frames(20, 200)
    export_result(late, tmp_path / "g1_humanoid_dance.pkl", "gmr", robot=robot)
    found = compare([own, tmp_path / "g1_humanoid_dance.pkl"], robot="unitree_g1")
    (clip,) = found.clips
    assert clip.offsets_s == pytest.approx((0.0, 20 / late.fps), abs=0.02)
    assert clip.duration_s == pytest.approx(180 / late.fps, abs=0.05)
    assert clip.likeness[0] is None and clip.likeness[1] > 0.99
    assert "another take?" not in comparison_markdown(found)
    doubted = clip.model_copy(update={"likeness": (None, 0.8)})
    text = comparison_markdown(found.model_copy(update={"clips": (doubted,)}))
    assert "alike by 0.80 only; another take?" in text
    for name in ("limb_error_mean", "root_path_error_mean", "sole_penetration_max"):
        assert clip.values[name][1] == pytest.approx(clip.values[name][0], abs=0.02), name
    with pytest.raises(OptionsError, match="--robot"):
        compare([own, tmp_path / "g1_humanoid_dance.pkl"])


def test_what_a_side_s_files_do_not_say_is_said_by_its_label(
    ours: Path, robot: RobotModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = next(iter(sorted(ours.glob("*dance*"))))
    result = RetargetingResult.load_npz(own)
    tables, pickles = tmp_path / "tables", tmp_path / "pickles"
    tables.mkdir()
    pickles.mkdir()
    for path, kind, fps in (
        (tables / "dance.csv", "unitree_csv", 25),
        (pickles / "dance.pkl", "gmr", 50),
    ):
        export_result(result, path, kind, robot=robot, options=ExportOptions(fps=fps))
    sides = [own, f"a={tables}", f"b={pickles}"]
    given = {"robot": "unitree_g1", "sources": clips_folder()}
    with pytest.raises(OptionsError, match="says 50 frames per second, not 25"):
        compare(sides, source_fps=25.0, **given)
    found = compare(sides, source_fps={"a": 25.0}, read_as={"b": "gmr"}, **given)
    assert found.clips[0].fps == pytest.approx(25.0)
    with pytest.raises(OptionsError, match="no side is called 'c', but"):
        compare(sides, read_as={"c": "gmr"}, **given)
    words = ["compare", *map(str, sides), "--robot", "unitree_g1"]
    words += ["--sources", str(clips_folder()), "--source-fps", "a=25", "--read-as", "b=gmr"]
    assert main(words) == 0
    assert main([*words, "--source-fps", "a=30"]) == 2
    assert "says two things of a" in capsys.readouterr().err
    assert main([*words[:-4], "--source-fps", "fast"]) == 2


def test_clips_match_by_name_whatever_stands_around_it(tmp_path: Path, ours: Path) -> None:
    assert clip_key("a/b/Walk1_subject5.bvh.npz") == "walk1_subject5"
    (tmp_path / "x").mkdir()
    jumps = read_motion(clips_folder() / "cmu_01_01.bvh").frames(0, 60)
    for name in ("g1_humanoid_walk.npz", "humanoid_run.npz", "other.npz"):
        retarget_motion(jumps, load_robot("unitree_g1")).save_npz(tmp_path / "x" / name)
    pairs, left = matched([read_side(str(ours)), read_side(str(tmp_path / "x"))])
    assert set(pairs) == {"humanoid_walk", "humanoid_run"}
    assert left == [["humanoid_dance"], ["other"]]


def test_results_of_one_recording_match_whatever_they_are_called(
    ours: Path, tmp_path: Path
) -> None:
    for k, path in enumerate(sorted(ours.iterdir())):
        (tmp_path / f"take{k}.npz").write_bytes(path.read_bytes())
    pairs, left = matched([read_side(str(ours)), read_side(str(tmp_path))])
    assert left == [[], []]
    assert {name: each[1].name for name, each in pairs.items()} == {
        "humanoid_dance": "take0",
        "humanoid_run": "take1",
        "humanoid_walk": "take2",
    }


def test_what_cannot_be_compared_is_refused_with_the_remedy(ours: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionsError, match="two things"):
        compare([ours])
    with pytest.raises(OptionsError, match="no such file"):
        compare([ours, tmp_path / "none"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(OptionsError, match="no robot motion"):
        compare([ours, tmp_path / "empty"])
    (tmp_path / "b").mkdir()
    jumps = read_motion(clips_folder() / "cmu_01_01.bvh").frames(0, 60)
    for name in ("x.npz", "y.npz"):
        retarget_motion(jumps, load_robot("unitree_g1")).save_npz(tmp_path / "b" / name)
    with pytest.raises(OptionsError, match="no clip is on all sides"):
        compare([ours, tmp_path / "b"])


def test_a_damaged_clip_is_told_and_the_others_compared(
    ours: Path, worse: Path, tmp_path: Path
) -> None:
    for path in worse.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    torn = tmp_path / "humanoid_walk.npz.npz"
    torn.write_bytes(torn.read_bytes()[:900])
    found = compare([ours, tmp_path])
    assert len(found.clips) == 2
    assert "humanoid_walk" in found.unjudged["humanoid_walk"]


def test_a_comparison_is_text_picture_and_data(found: Comparison) -> None:
    assert Comparison.model_validate_json(found.model_dump_json()) == found
    text = comparison_markdown(found)
    assert "| limb_error_mean deg | lower |" in text and "0 : 3" in text
    svg = ElementTree.fromstring(comparison_svg(found))
    assert len(svg.findall(".//{http://www.w3.org/2000/svg}circle")) >= 6
    page = comparison_html(found)
    assert (
        page.count("<table>") == 2
        and "<svg" in page
        and "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    )


def test_the_command_writes_what_is_asked_for(
    ours: Path, worse: Path, tmp_path: Path, capsys
) -> None:
    words = [
        "compare",
        ours,
        worse,
        "--output",
        tmp_path / "c.html",
        "--picture",
        tmp_path / "c.svg",
    ]
    assert main([str(word) for word in words]) == 0
    said = capsys.readouterr().out
    assert "jerk_mean" in said and "worse" in said and "0 : 3" in said
    assert (tmp_path / "c.html").read_text().startswith("<!doctype html>")
    assert (tmp_path / "c.svg").read_text().startswith("<svg")
    assert main(["compare", str(ours), str(worse), "--json", "--measure", "jerk_mean"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert len(data["rows"]) == len(MEASURES)
    assert main(["compare", str(ours), str(worse), "--measure", "grace"]) == 2
    assert main(["compare", str(ours), str(worse), "--output", str(tmp_path / "c.txt")]) == 2
    assert main(["compare", str(ours)]) == 2


def test_equal_results_are_identical(ours: Path, capsys) -> None:
    path = str(ours / "humanoid_dance.npz.npz")
    assert diff(path, path).identical
    assert main(["diff", path, path]) == 0
    assert capsys.readouterr().out.startswith("identical: 240 frames")


def test_a_joint_that_parts_is_named_with_its_time(
    ours: Path, robot: RobotModel, tmp_path: Path, capsys
) -> None:
    path = ours / "humanoid_dance.npz.npz"
    result = RetargetingResult.load_npz(path)
    qpos = result.qpos.copy()
    elbow = robot.joint_names.index("left_elbow_joint")
    qpos[60:75, 7 + elbow] += 0.5
    replace(result, qpos=qpos).save_npz(tmp_path / "other.npz")
    found = diff(path, tmp_path / "other.npz")
    assert not found.identical
    (parting,) = found.partings
    assert parting.joint == "left_elbow_joint" == found.joints[0].joint
    assert (parting.start_s, parting.end_s) == pytest.approx((2.0, 2.5))
    assert parting.most == pytest.approx(0.5)
    assert found.joints[1].most < 1e-9
    assert found.first_parting_s == pytest.approx(2.0)
    assert main(["diff", str(path), str(tmp_path / "other.npz")]) == 0
    assert "left_elbow_joint by up to 29 degrees" in capsys.readouterr().out


def test_a_result_turned_and_shifted_is_laid_on_the_first(ours: Path, tmp_path: Path) -> None:
    path = ours / "humanoid_dance.npz.npz"
    result = RetargetingResult.load_npz(path)
    qpos = result.qpos.copy()
    c, s = np.cos(0.7), np.sin(0.7)
    qpos[:, :2] = qpos[:, :2] @ np.array([[c, s], [-s, c]]) + [2.0, -1.0]
    w, x, y, z = result.qpos[:, 3:7].T
    a, b = np.cos(0.35), np.sin(0.35)
    qpos[:, 3:7] = np.stack([a * w - b * z, a * x - b * y, a * y + b * x, a * z + b * w], axis=1)
    replace(result, qpos=qpos).save_npz(tmp_path / "turned.npz")
    found = diff(path, tmp_path / "turned.npz")
    assert found.yaw_deg == pytest.approx(-np.degrees(0.7), abs=1e-3)
    assert found.base_most_m < 1e-6 and found.body_mean_m < 1e-6
    assert found.partings == () and not found.identical


def test_results_at_two_rates_are_compared_at_the_lower(ours: Path, tmp_path: Path) -> None:
    path = ours / "humanoid_dance.npz.npz"
    result = RetargetingResult.load_npz(path)
    result.resampled(60.0).save_npz(tmp_path / "fast.npz")
    found = diff(path, tmp_path / "fast.npz")
    assert found.fps == result.fps
    assert found.joints[0].most < 0.02


def test_results_of_two_robots_are_for_compare(ours: Path, tmp_path: Path) -> None:
    motion = read_motion(clips_folder() / "humanoid_walk.npz")
    retarget_motion(motion, load_robot("unitree_h1")).save_npz(tmp_path / "h1.npz")
    with pytest.raises(OptionsError, match="retarget compare"):
        diff(ours / "humanoid_walk.npz.npz", tmp_path / "h1.npz")
    found = compare([ours / "humanoid_walk.npz.npz", tmp_path / "h1.npz"])
    assert found.row("limb_error_mean").means[1] is not None


def test_results_of_two_recordings_are_told_so(
    ours: Path, worse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = []
    for name in CLIPS[:2]:
        result = RetargetingResult.load_npz(ours / f"{name}.npz")
        files.append(tmp_path / f"{name}.npz")
        record = {**result.provenance, "motion": {"path": f"in/{name}", "sha256": name}}
        replace(result, provenance=record).save_npz(files[-1])
    assert main(["diff", *map(str, files)]) == 0
    said = capsys.readouterr().err
    assert f"note: they were made from two recordings: in/{CLIPS[0]} and in/{CLIPS[1]}" in said
    assert not diff(ours / f"{CLIPS[0]}.npz", worse / f"{CLIPS[0]}.npz").note


def test_people_are_shown_every_measure_by_which_a_side_passes_or_not(found: Comparison) -> None:
    shown = {row.measure for row in shown_rows(found)}
    profile = Gates.named("train-ready")
    telling = {
        row.measure
        for row in found.rows
        if row.misses is not None and any(row.misses) and row.better != "none"
    }
    assert telling <= shown
    assert {"limb_gain_error_mean", "limb_error_second", "jerk_second", "limb_pop_max"} <= shown
    assert {row.measure for row in found.rows if row.misses is not None} == {
        measure_behind(gate).name for gate in profile.gates
    }
    assert not {"duration", "human_base_speed_max"} & shown, "no tool's, and nobody misses it"
    assert [row.measure for row in shown_rows(found, ["jerk_max"])] == ["jerk_max"]
    for row in found.rows:
        for side, misses in enumerate(row.misses or ()):
            own = sum(
                row.measure in {measure_behind(gate).name for gate in clip.failed_gates[side]}
                for clip in found.clips
            )
            assert misses == own, row.measure
    assert found.row("jerk_mean").misses == (0, 3)
    heads, rows = comparison_rows(found)
    cell = next(row for row in rows if row[0].startswith("jerk_mean"))[heads.index("miss the gate")]
    assert cell == "0 / 3"


def test_what_lies_beyond_the_picture_points_out_of_it(found: Comparison) -> None:
    svg = ElementTree.fromstring(comparison_svg(found))
    arrows = svg.findall(".//{http://www.w3.org/2000/svg}path")
    rows = [row for row in shown_rows(found) if row.better != "none"]
    beyond = [
        row
        for row in rows
        if row.pairs[0].difference and abs(row.pairs[0].difference) > abs(row.means[0] or 0.0)
    ]
    assert len(arrows) == len(beyond) > 0
    assert any(row.means[0] == 0 for row in beyond), (
        "a side that never collides beside one that does"
    )
    for text in svg.findall(".//{http://www.w3.org/2000/svg}text[@text-anchor='end']"):
        assert float(text.get("x", "0")) > 6 * len(text.text or ""), text.text
