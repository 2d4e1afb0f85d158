"""Files of one person are told by folder, by name or by path, and their largest tell of the person's other clips."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from retarget.batch import BatchJob
from retarget.cli.main import main
from retarget.config import RunConfig
from retarget.demo import embedded_clips
from retarget.errors import OptionsError
from retarget.jobs.subject_rules import SubjectRule, subject_fingerprint
from retarget.jobs.subjects import knowing_its_subject
from retarget.motion import read_motion
from retarget.worker import RetargetWorker

JUMP = next(path for path in embedded_clips() if path.suffix == ".bvh")
DANCE, *_ = (path for path in embedded_clips() if path.suffix != ".bvh")


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Two people's clips: of anna a long one and one cut short, of ben one on another skeleton."""
    text = JUMP.read_text()
    head, _, rows = text.partition("MOTION")
    few = rows.strip().splitlines()
    short = [f"Frames: {30}", few[1], *few[2:32]]
    folder = tmp_path / "people"
    folder.mkdir()
    shutil.copy(JUMP, folder / "long_anna.bvh")
    (folder / "short_anna.bvh").write_text(f"{head}MOTION\n" + "\n".join(short) + "\n")
    shutil.copy(DANCE, folder / f"dance_ben{DANCE.suffix}")
    return folder


@pytest.mark.parametrize(
    ("rule", "clip", "name"),
    [
        ("*_{subject}.bvh", "set/dance1_subject2.bvh", "subject2"),
        ("*_{subject}.bvh", "set/dance1_subject2.BVH", "subject2"),
        ("HDM_{subject}_*.amc", "HDM_dg_06-03_03_120.amc", "dg"),
        ("{subject}/*.amc", "cmu/35/35_01.amc", "35"),
        ("{subject}/poses/*.npz", "amass/rub001/poses/a.npz", "rub001"),
        ("*_{subject}.bvh", "set/dance.bvh", None),
        ("folder", "cmu/35/35_01.amc", "35"),
    ],
)
def test_a_rule_tells_the_person_of_a_clip(rule: str, clip: str, name: str | None) -> None:
    assert SubjectRule(rule).name_of(Path("/data") / clip) == name


def test_a_persons_files_are_their_own_largest_first(people: Path) -> None:
    group = SubjectRule("*_{subject}.*").group_of(people / "short_anna.bvh")
    assert group is not None
    assert [path.name for path in group.files] == ["long_anna.bvh", "short_anna.bvh"]
    whole = SubjectRule("folder").group_of(people / "short_anna.bvh")
    assert whole is not None
    assert {path.name for path in whole.files} == {"long_anna.bvh", "short_anna.bvh"}
    named = SubjectRule(str(people / "long_anna.bvh")).group_of(Path("elsewhere/walk.bvh"))
    assert named is not None
    assert named.files == (people / "long_anna.bvh",)


@pytest.mark.parametrize("rule", ["", "{subject}/{subject}.bvh", "**/{subject}.bvh"])
def test_a_rule_that_tells_nothing_is_refused(rule: str) -> None:
    with pytest.raises(OptionsError):
        RunConfig().with_changes({"subject_from": rule})


def test_a_robots_motion_is_of_no_person() -> None:
    with pytest.raises(OptionsError, match="of no person"):
        RunConfig().with_changes({"subject_from": "folder", "from_robot": "unitree_g1"})


def test_a_rule_in_a_file_is_meant_from_its_folder(tmp_path: Path) -> None:
    toml = tmp_path / "run.toml"
    toml.write_text('subject_from = "long.bvh"\n')
    assert RunConfig.load(toml).subject_from == str(tmp_path / "long.bvh")
    toml.write_text('subject_from = "folder"\n')
    assert RunConfig.load(toml).subject_from == "folder"


def test_a_short_clip_is_known_by_the_long_one(people: Path) -> None:
    config = RunConfig(subject_from="*_{subject}.*")
    short = people / "short_anna.bvh"
    motion, subject = knowing_its_subject(short, config.read_motion(short), config)
    assert subject is not None
    assert [Path(clip.path).name for clip in subject.clips] == ["long_anna.bvh", "short_anna.bvh"]
    assert not [doubt for doubt in motion.source.doubts if doubt.name == "subject"]


@pytest.mark.parametrize(
    ("rule", "why"),
    [("dance_{subject}.*", "does not fit"), ("{other}", "has this skeleton")],
    ids=["no person", "another skeleton"],
)
def test_a_clip_nobody_else_tells_of_is_read_alone_with_a_doubt(
    people: Path, rule: str, why: str
) -> None:
    rule = rule.replace("{other}", str(next(people.glob("dance_ben*"))))
    config = RunConfig(subject_from=rule)
    motion, subject = knowing_its_subject(
        people / "short_anna.bvh", read_motion(people / "short_anna.bvh"), config
    )
    assert subject is None
    (doubt,) = (doubt for doubt in motion.source.doubts if doubt.name == "subject")
    assert why in doubt.reason


def test_a_rule_that_names_no_file_is_said(people: Path) -> None:
    config = RunConfig(subject_from=str(people / "none*.bvh"))
    with pytest.raises(OptionsError, match="no such file of a person"):
        knowing_its_subject(people / "short_anna.bvh", read_motion(JUMP), config)


def test_a_batchs_results_are_stale_when_another_clip_of_the_person_changes(people: Path) -> None:
    job = BatchJob(id="a", motion=people / "short_anna.bvh", output=people / "a.npz")
    worker = RetargetWorker(RunConfig(subject_from="*_{subject}.*"))
    before = worker.fingerprint(job)
    assert before == worker.fingerprint(job)
    assert "subject" not in RetargetWorker(RunConfig()).fingerprint(job)
    with (people / "long_anna.bvh").open("a") as file:
        file.write("\n")
    after = worker.fingerprint(job)
    assert after["subject"] != before["subject"]
    assert after["subject"] == subject_fingerprint("*_{subject}.*", job.motion)
    assert {key: after[key] for key in after if key != "subject"} == {
        key: before[key] for key in before if key != "subject"
    }


def test_inspect_says_whose_clips_told_of_the_skeleton(
    people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = str(people / "short_anna.bvh")
    assert main(["inspect", short, "--subject-from", "*_{subject}.*", "--json"]) == 0
    subject = json.loads(capsys.readouterr().out)["subject"]
    assert subject["name"] == "anna"
    assert len(subject["clips"]) == 2
    assert main(["inspect", short, "--subject-from", "*_{subject}.*"]) == 0
    assert "anna, known by" in capsys.readouterr().out


def test_a_run_records_who_told_of_the_skeleton(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.npz"
    words = ["run", "--motion", str(people / "short_anna.bvh"), "--output", str(out), "--json"]
    assert main([*words, "--subject-from", "*_{subject}.*"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["subject"]["name"] == "anna"
    from retarget.result import RetargetingResult

    kept = RetargetingResult.load_npz(out).provenance["subject"]
    assert kept == record["subject"]
    assert [Path(clip["path"]).name for clip in kept["clips"]] == [
        "long_anna.bvh",
        "short_anna.bvh",
    ]


def test_a_person_is_told_by_the_same_files_whatever_was_asked_before(people: Path) -> None:
    """Of two people in one folder each has their own skeleton; the order of the clips does not matter."""
    shutil.copy(DANCE, people / f"again_ben{DANCE.suffix}")
    config = RunConfig(subject_from=str(people))
    clips = [people / "short_anna.bvh", people / f"dance_ben{DANCE.suffix}"]

    def told() -> dict[str, list[str]]:
        subjects = {}
        for path in clips:
            subject = knowing_its_subject(path, config.read_motion(path), config)[1]
            assert subject is not None
            subjects[path.name] = [Path(clip.path).name for clip in subject.clips]
        return subjects

    first = told()
    for path in people.iterdir():  # files of other times are read anew
        path.touch()
    clips.reverse()
    assert told() == first
    assert {name.rpartition("_")[2].partition(".")[0] for name in first["short_anna.bvh"]} == {
        "anna"
    }
    assert sorted(first[f"dance_ben{DANCE.suffix}"]) == sorted(
        [f"again_ben{DANCE.suffix}", f"dance_ben{DANCE.suffix}"]
    )
