"""A tool is scored on a list of clips: all in one way, missing ones counted, and the card can be made again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from retarget.cli.main import main
from retarget.demo import clips_folder
from retarget.errors import OptionsError, UnknownNameError
from retarget.evaluation import MEASURES, Gates
from retarget.evaluation.faults import FAULTS
from retarget.exchange.write import export_result
from retarget.files import sha256_of
from retarget.motion import read_motion
from retarget.pipeline import retarget_motion
from retarget.result import RetargetingResult
from retarget.robots import RobotModel, load_robot
from retarget.suites import BenchmarkCard, Suite, card_markdown, score_suite, suite_names

WALK, DANCE, RUN = "humanoid_walk", "humanoid_dance", "humanoid_run"


@pytest.fixture(scope="module")
def robot() -> RobotModel:
    return load_robot("unitree_g1")


@pytest.fixture(scope="module")
def recordings() -> Path:
    return clips_folder()


@pytest.fixture(scope="module")
def results(robot: RobotModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tool")
    for name in (WALK, DANCE):
        result = retarget_motion(read_motion(clips_folder() / f"{name}.npz"), robot)
        result.save_npz(folder / f"{name}.npz")
    return folder


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    digest = sha256_of(clips_folder() / f"{WALK}.npz")
    path = tmp_path_factory.mktemp("suite") / "own.toml"
    path.write_text(
        'version = 3\ntitle = "three"\nsource = "somewhere"\nrobot = "unitree_g1"\nfps = 30.0\n'
        f'[[clips]]\nname = "{WALK}"\nsha256 = ["{digest}"]\n'
        f'[[clips]]\nname = "Humanoid_Dance"\nsha256 = ["{"0" * 64}"]\n'
        f'[[clips]]\nname = "{RUN}"\n[[clips]]\nname = "nobody_has_this"\n'
    )
    return Suite.named(path)


@pytest.fixture(scope="module")
def card(suite: Suite, recordings: Path, results: Path) -> BenchmarkCard:
    return score_suite(suite, recordings, results, tool="ours 1")


def test_each_clip_is_judged_missing_or_without_result(card: BenchmarkCard) -> None:
    assert [clip.status for clip in card.clips] == ["judged", "judged", "no result", "no clip"]
    assert [clip.source_known for clip in card.clips] == [True, False, None, None]
    assert (card.asked, card.passed) == (3, 2)
    walk = card.clips[0]
    assert walk.covered == pytest.approx(1.0, abs=0.02) and walk.offset_s == pytest.approx(
        0, abs=0.02
    )
    assert card.means["limb_error_mean"] == pytest.approx(
        (walk.values["limb_error_mean"] + card.clips[1].values["limb_error_mean"]) / 2
    )


def test_the_card_can_be_made_again_to_the_byte(
    card: BenchmarkCard, suite: Suite, recordings: Path, results: Path
) -> None:
    again = score_suite(suite, recordings, results, tool="ours 1")
    assert again.model_dump_json() == card.model_dump_json()
    assert BenchmarkCard.model_validate_json(card.model_dump_json()) == card


def test_another_tools_files_score_as_our_own_of_the_same_motion(
    card: BenchmarkCard,
    suite: Suite,
    recordings: Path,
    results: Path,
    robot: RobotModel,
    tmp_path: Path,
) -> None:
    for name in (WALK, DANCE):
        own = RetargetingResult.load_npz(results / f"{name}.npz")
        export_result(own, tmp_path / f"g1_{name}.pkl", "gmr", robot=robot)
    theirs = score_suite(suite, recordings, tmp_path, tool="theirs")
    for one, other in zip(card.clips[:2], theirs.clips[:2], strict=True):
        assert other.result_format == "gmr"
        for name in ("limb_error_mean", "toe_slide_mean", "key_body_error_mean"):
            assert other.values[name] == pytest.approx(one.values[name], abs=0.02), name


def test_garbage_and_trimmed_motion_do_not_pass(
    suite: Suite, recordings: Path, results: Path, robot: RobotModel, tmp_path: Path
) -> None:
    dance = RetargetingResult.load_npz(results / f"{DANCE}.npz")
    dance.frames(0, int(0.8 * len(dance))).save_npz(tmp_path / f"{DANCE}.npz")
    walk = RetargetingResult.load_npz(results / f"{WALK}.npz")
    FAULTS["floating"].spoil(walk, robot).save_npz(tmp_path / f"{WALK}.npz")
    (tmp_path / f"{RUN}.pkl").write_bytes(b"nothing")
    card = score_suite(suite, recordings, tmp_path, tool="bad")
    assert card.passed == 0
    walk_row, dance_row, run_row, _ = card.clips
    assert "sole_lifted_share" in walk_row.failed_gates
    assert dance_row.failed_gates == () and dance_row.covered == pytest.approx(0.8, abs=0.02)
    assert run_row.status == "failed" and "humanoid_run.pkl" in run_row.reason
    assert str(tmp_path) not in run_row.reason


def test_the_suites_of_the_package_are_sound() -> None:
    assert suite_names() == ("cmu", "lafan1")
    assert [len(Suite.named(name).clips) for name in suite_names()] == [42, 40]
    for name in suite_names():
        suite = Suite.named(name)
        assert suite.source and suite.licence and suite.hashes
        assert all(len(digest) == 64 for clip in suite.clips for digest in clip.sha256)
    cmu = {clip.name: clip for clip in Suite.named("cmu").clips}
    assert sha256_of(clips_folder() / "cmu_01_01.bvh") in cmu["01_01"].sha256


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("fps = 30.0", "fps = 0"), "fps"),
        (
            lambda text: text.replace('name = "nobody_has_this"', f'name = "{WALK.upper()}"'),
            "twice",
        ),
        (lambda text: text + "colour = 3\n", "colour"),
        (lambda text: text.split("[[clips]]")[0], "clips"),
    ],
)
def test_a_suite_that_makes_no_sense_is_refused(change, said: str, tmp_path: Path) -> None:
    text = (
        'version = 1\ntitle = "t"\nrobot = "unitree_g1"\nfps = 30.0\n'
        f'[[clips]]\nname = "{WALK}"\n[[clips]]\nname = "nobody_has_this"\n'
    )
    (tmp_path / "s.toml").write_text(change(text))
    with pytest.raises(OptionsError, match=said):
        Suite.named(tmp_path / "s.toml")
    with pytest.raises(UnknownNameError, match="cmu, lafan1"):
        Suite.named("laffan")


def test_folders_without_the_suites_clips_are_refused(
    suite: Suite, recordings: Path, results: Path, tmp_path: Path
) -> None:
    with pytest.raises(OptionsError, match=r"none of the suite's 4 clips.*somewhere"):
        score_suite(suite, tmp_path, results, tool="t")
    shutil.copy(results / f"{WALK}.npz", tmp_path / "other.npz")
    with pytest.raises(OptionsError, match="no result of the suite"):
        score_suite(suite, recordings, tmp_path, tool="t")


def test_the_command_writes_the_card(
    card: BenchmarkCard, recordings: Path, results: Path, tmp_path: Path, capsys
) -> None:
    assert main(["benchmark"]) == 0
    assert "lafan1" in capsys.readouterr().out
    shutil.copy(results / f"{WALK}.npz", tmp_path / "01_01.npz")  # another take's motion
    words = ["benchmark", "--suite", "cmu", "--clips", recordings, "--results", tmp_path]
    words += ["--tool", "wrong take", "--output", tmp_path / "card.json"]
    assert main([str(word) for word in words]) == 0
    said = capsys.readouterr()
    assert "not its score" in said.err
    written = json.loads((tmp_path / "card.json").read_text())
    assert written["clips"][0]["source_known"] is True and not written["clips"][0]["passed"]
    text = card_markdown(card)
    gates = Gates.named("train-ready").gates
    assert card.limits["limb_gain_error_max"] == gates["limb_gain_error_max"].fail
    for name in ("limb_gain_error_mean", "limb_gain_error_max", "toe_slide_second"):
        worst = max(clip.values[name] for clip in card.clips[:2])
        told = [
            MEASURES[name].text(value) for value in (card.means[name], worst, card.limits[name])
        ]
        assert f"| {' | '.join(told)} | `{name}` |" in text
    assert "human_gait_pace" not in text  # whose recording it is, every tool has it alike
    again = card.model_copy(update={"source_fps": 30.0, "read_as": "gmr"})
    assert "--robot unitree_g1 --source-fps 30 --read-as gmr\n" in card_markdown(again)
    assert "2 of 3 clips pass" in text and "Not the whole suite" in text and "no result" in text
    spoilt = [
        clip.model_copy(update={"failed_gates": ("jerk_mean", "understood")[: k + 1]})
        for k, clip in enumerate(card.clips[:2])
    ]
    text = card_markdown(card.model_copy(update={"clips": (*spoilt, *card.clips[2:])}))
    assert "| Jerk, mean | 2 | " in text and "| Doubt about the recording | 1 | " in text
    assert main(["benchmark", "--suite", "cmu"]) == 2
