"""What a report says: fates, causes, gates and numbers as the batch's files have them, in every format."""

from __future__ import annotations

import base64
import csv
import gzip
import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet
import pytest
from reported import BROKEN, EVIL, HANGS, QUOTED

import retarget
from retarget.batch import BatchManifest, BatchRunRecord
from retarget.batch.models import utc_now
from retarget.errors import FileFormatError, UnknownNameError
from retarget.evaluation import MEASURES, ClipReport, Gates
from retarget.kinds import RunStatus
from retarget.report.pages import Batch, Fate, ReportOptions, page_name, read_batch, write_report
from retarget.report.pages.clips import clip_of
from retarget.report.pages.outcomes import causes_of, differences, verdict_of, worst_of
from retarget.report.pages.packed import packed_clips
from retarget.report.pages.spread import WIDTH, spreads


@pytest.fixture(scope="module")
def read(batch: Path) -> Batch:
    return read_batch(batch / "batch_manifest.json")


def fates(batch: Batch) -> dict[str, Fate]:
    return {clip.name: clip.fate for clip in batch.clips}


def no_page(_batch: int, _clip: object) -> str:
    return ""


def unpacked(text: str) -> dict:
    return json.loads(gzip.decompress(base64.b64decode(text)))


def made(count: int, **provenance: object) -> list[BatchRunRecord]:
    """Records of a batch that nobody ran."""
    now = utc_now()
    return [
        BatchRunRecord(
            job_id=f"clip {number}",
            motion=Path(f"in/clip {number}.bvh"),
            output=Path(f"out/clip {number}.npz"),
            status=RunStatus.SUCCESS,
            started_at=now,
            finished_at=now,
            provenance=dict(provenance),
        )
        for number in range(count)
    ]


def saved(folder: Path, records: list[BatchRunRecord], total: int | None = None) -> Path:
    path = folder / "batch_manifest.json"
    manifest = BatchManifest.from_records(
        records=records, total=total or len(records), created_at=utc_now()
    )
    manifest.save_json(path)
    return path


def test_every_clip_has_a_fate_and_its_reasons(read: Batch) -> None:
    found = fates(read)
    assert found["day 1/walk.npz"] is Fate.FIT
    assert found[HANGS] is Fate.UNFIT
    assert found[BROKEN] is Fate.FAILED
    hangs = next(clip for clip in read.clips if clip.name == HANGS)
    assert "human_repeated_time_max" in hangs.causes
    assert all(", at most " in reason for reason in hangs.reasons)
    assert 1.0 < hangs.worst_s["human_repeated_time_max"] < 2.5
    assert hangs.excess > 1
    (cause,) = next(clip for clip in read.clips if clip.name == BROKEN).causes
    assert cause.startswith("FileFormatError: ")
    assert "alert" not in cause


def test_the_verdict_adds_up(read: Batch) -> None:
    verdict = verdict_of(read)
    assert verdict.total == len(read.clips) == sum(verdict.counts.values())
    assert verdict.counts[Fate.FAILED] == 1
    assert verdict.fit == verdict.counts[Fate.FIT] + verdict.counts[Fate.CLOSE]
    walk = next(clip for clip in read.clips if clip.name == "day 1/walk.npz")
    assert walk.duration_s == pytest.approx(walk.frames / walk.fps)
    assert verdict.all_seconds == pytest.approx(sum(clip.duration_s for clip in read.clips))


@pytest.mark.parametrize("number", ["1e-09", "6.654e+06", "-3", "0.25", "1200"])
def test_numbers_do_not_tell_causes_apart_however_they_are_written(
    read: Batch, number: str
) -> None:
    manifest = BatchManifest.load(read.manifest)
    failed = next(record for record in manifest.records if record.status == "failed")
    said = f"{failed.motion}: a rate of {number} frames a second of joint_2 is none; correct it"
    clip = clip_of(failed.model_copy(update={"message": said}), None, None)
    (cause,) = clip.causes
    assert cause.endswith(": a rate of \N{HORIZONTAL ELLIPSIS} frames a second of joint_2 is none")


def test_causes_count_clips_and_show_the_worst(read: Batch) -> None:
    causes = {cause.name: cause for cause in causes_of([read])}
    assert causes["human_repeated_time_max"].counts == (1,)
    assert causes["human_repeated_time_max"].example.name == HANGS
    assert causes["human_repeated_time_max"].reason.startswith("the recording hangs for 0.467 s")
    lost = [cause.fate for cause in causes_of([read])]
    assert lost.index(Fate.UNFIT) < lost.index(Fate.FAILED)
    assert worst_of([read], 1)[0][1].name == HANGS


def test_reports_of_an_evaluation_bring_all_measures(
    batch: Path, reports: Path, read: Batch
) -> None:
    whole = read_batch(batch / "batch_manifest.json", reports=reports)
    assert fates(whole) == fates(read)
    walk = next(clip for clip in whole.clips if clip.name == "day 1/walk.npz")
    report = ClipReport.read(reports / "day 1" / "walk.npz.json")
    assert set(walk.measures) == set(MEASURES)
    assert walk.measures["jerk_mean"] == report["jerk_mean"]
    assert any(str(reports) in note for note in whole.notes)


def test_a_report_of_a_result_that_has_changed_since_does_not_count(
    batch: Path, reports: Path, read: Batch, tmp_path: Path
) -> None:
    manifest = json.loads((batch / "batch_manifest.json").read_text())
    for record in manifest["records"]:
        if record["job_id"] == "day 1/walk.npz":
            record["provenance"]["output_sha256"] = "0" * 64
    (tmp_path / "batch_manifest.json").write_text(json.dumps(manifest))
    told = read_batch(tmp_path / "batch_manifest.json", reports=reports)
    walk = next(clip for clip in told.clips if clip.name == "day 1/walk.npz")
    assert set(walk.measures) < set(MEASURES)  # the record's own
    assert any("1 reports there are of results that have changed" in note for note in told.notes)


def test_a_damaged_report_is_named(batch: Path, tmp_path: Path) -> None:
    (tmp_path / f"{HANGS}.json").write_text("{}")
    with pytest.raises(FileFormatError, match="evaluate the batch again"):
        read_batch(batch / "batch_manifest.json", reports=tmp_path)


def test_other_gates_judge_anew_by_what_is_recorded(batch: Path) -> None:
    strictest = Gates.named("train-ready").changed(jerk_mean=0.001)
    found = fates(read_batch(batch / "batch_manifest.json", gates=strictest))
    assert found["day 1/walk.npz"] is Fate.UNFIT
    assert found[BROKEN] is Fate.FAILED
    loosest = Gates(name="none", gates={})
    assert fates(read_batch(batch / "batch_manifest.json", gates=loosest))[HANGS] is Fate.FIT


def test_clips_judged_by_other_gates_than_those_drawn_say_so(
    batch: Path, reports: Path, tmp_path: Path
) -> None:
    report = ClipReport.read(reports / f"{HANGS}.json")
    gate = next(one for one in report.gates if one.measure == "human_repeated_time_max")
    others = [one for one in report.gates if one is not gate]
    stricter = gate.model_copy(update={"limit": 0.01})
    report.model_copy(update={"gates": (*others, stricter)}).write(tmp_path / f"{HANGS}.json")
    told = read_batch(batch / "batch_manifest.json", reports=tmp_path)
    assert any("human_repeated_time_max at 0.01" in note for note in told.notes)
    same = read_batch(batch / "batch_manifest.json", reports=reports)
    assert not any("other gates" in note for note in same.notes)


def test_a_report_without_gates_is_no_verdict(batch: Path, reports: Path, tmp_path: Path) -> None:
    report = ClipReport.read(reports / f"{HANGS}.json")
    report.model_copy(update={"gates": ()}).write(tmp_path / f"{HANGS}.json")
    told = fates(read_batch(batch / "batch_manifest.json", reports=tmp_path))
    assert told[HANGS] is Fate.UNFIT


def test_templates_come_with_the_package() -> None:
    root = Path(retarget.__file__).parent
    patterns = tomllib.loads((root.parents[1] / "pyproject.toml").read_text())["tool"][
        "setuptools"
    ]["package-data"]["retarget"]
    packaged = {path for pattern in patterns for path in root.glob(pattern)}
    templates = set((root / "report" / "pages" / "templates").iterdir())
    assert len(templates) > 5
    assert templates <= packaged


def test_what_a_record_lacks_is_not_judged_and_never_fit(tmp_path: Path) -> None:
    silent = saved(tmp_path, made(2, frames=30, fps=30.0))
    read = read_batch(silent)
    assert set(fates(read).values()) == {Fate.UNJUDGED}
    assert any("--evaluate" in note for note in read.notes)
    partly = saved(tmp_path, made(1, quality={"jerk_mean": 1.0}, failed_gates=[], gates=[]))
    assert set(fates(read_batch(partly)).values()) == {Fate.FIT}
    asked = read_batch(partly, gates=Gates.named("strict"))
    assert set(fates(asked).values()) == {Fate.UNJUDGED}
    assert "evaluate it" in asked.clips[0].reasons[0]


def test_records_that_only_name_the_gates_missed_are_understood(tmp_path: Path) -> None:
    verdict = "misses 2 gates: joints jerk by 9; the robot floats, at most 1"
    manifest = saved(
        tmp_path, made(1, failed_gates=["jerk_mean", "floating_share"], verdict=verdict)
    )
    (clip,) = read_batch(manifest).clips
    assert clip.fate is Fate.UNFIT
    assert clip.reasons == ("joints jerk by 9", "the robot floats, at most 1")


def test_jobs_that_have_not_ended_are_counted(tmp_path: Path) -> None:
    manifest = saved(tmp_path, made(2, failed_gates=[], gates=[]), total=7)
    assert verdict_of(read_batch(manifest)).unfinished == 5


def test_gates_are_drawn_where_they_are_and_bars_beyond_them_are_told(read: Batch) -> None:
    found = {spread.gate: spread for spread in spreads([read])}
    lost = found["human_repeated_time_max"]
    assert lost.failing == 1
    assert lost.fail is not None and 0 < lost.fail < WIDTH
    over = [bar for bar in lost.rows[0].bars if bar[-1]]
    under = [bar for bar in lost.rows[0].bars if not bar[-1]]
    assert over and under
    assert min(bar[0] for bar in over) >= lost.fail - WIDTH / 40
    assert max(bar[0] for bar in under) < lost.fail
    assert not any(
        bar[-1] for bar in found["velocity_limit_share"].rows[0].bars
    )  # 0, and a gate of 0
    assert lost is spreads([read])[0] or spreads([read])[0].failing >= 1


def test_packed_clips_hold_what_was_read_and_shrink_to_their_bytes(read: Batch) -> None:
    text, left_out = packed_clips([read], no_page)
    assert left_out == ""
    columns = unpacked(text)
    assert columns["name"] == [clip.name for clip in read.clips]
    jerk = next(one for one in columns["measures"] if one["name"] == "jerk_mean")
    told = [clip.measures.get("jerk_mean") for clip in read.clips]
    assert jerk["values"] == pytest.approx(told, rel=1e-3) if None not in told else True
    assert jerk["fail"] == Gates.named("train-ready").gates["jerk_mean"].fail
    small, left_out = packed_clips([read], no_page, most=100)
    assert "diagnoses" in left_out
    assert len(small) < len(text)
    assert unpacked(small)["name"] == columns["name"]


def test_nothing_of_a_file_is_html(read: Batch, tmp_path: Path) -> None:
    write_report([read], tmp_path / "report.html", ReportOptions(strips=0))
    text = (tmp_path / "report.html").read_text()
    assert "<img src=x" not in text
    assert "<script>alert" not in text
    assert len(re.findall(r"<script", text)) == 2  # the table's, and the packed clips
    assert "http://" not in text and "https://" not in text
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy and policy[1].startswith("default-src 'none';")
    assert "unsafe" not in policy[1]


def test_a_report_is_whole_or_not_there(read: Batch, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_text("before")

    def stops(_worst: object) -> list:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_report([read], report, progress=stops)
    assert report.read_text() == "before"
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def test_tables_for_other_tools_hold_every_clip(read: Batch, tmp_path: Path) -> None:
    write_report([read], tmp_path / "clips.csv")
    write_report([read], tmp_path / "clips.parquet")
    with (tmp_path / "clips.csv").open() as stream:
        rows = {row["clip"]: row for row in csv.DictReader(stream)}
    table = pyarrow.parquet.read_table(tmp_path / "clips.parquet")
    assert set(rows) == fates(read).keys() == set(table["clip"].to_pylist())
    assert rows[HANGS]["fit"] == "false"
    by_name = {row["clip"]: row for row in table.to_pylist()}
    walk = next(clip for clip in read.clips if clip.name == "day 1/walk.npz")
    assert by_name[walk.name]["jerk_mean"] == walk.measures["jerk_mean"]
    assert float(rows[walk.name]["jerk_mean"]) == walk.measures["jerk_mean"]
    assert table.schema.field("jerk_mean").metadata[b"unit"] == b"rad/s^3"
    assert rows[walk.name]["motion_sha256"] == walk.told["motion_sha256"]


def test_spreadsheets_get_no_formulas(read: Batch, tmp_path: Path) -> None:
    clip = replace(read.clips[0], name="=cmd|'/c calc'!A1")
    write_report([replace(read, clips=(clip,))], tmp_path / "clips.csv")
    assert "'=cmd|" in (tmp_path / "clips.csv").read_text()


def test_markdown_says_the_same_and_runs_nothing(read: Batch, tmp_path: Path) -> None:
    write_report([read], tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text()
    assert "| out | 5 |" in text
    assert "<img" not in text
    assert HANGS.replace("_", "\\_") in text
    with pytest.raises(UnknownNameError, match="html, md"):
        write_report([read], tmp_path / "report.doc", file_format="doc")


def test_pages_have_names_of_their_own() -> None:
    names = [page_name("a/b"), page_name("a_b"), page_name("a/b", 0), page_name("a/b", 1)]
    assert len(set(names)) == 4
    assert "/" not in page_name("../../etc/passwd")


def test_clips_that_are_fit_in_one_batch_only_are_found(read: Batch) -> None:
    walk = next(clip for clip in read.clips if clip.name == "day 1/walk.npz")
    renamed = replace(walk, name="elsewhere/walk", fate=Fate.UNFIT, causes=("jerk_mean",))
    other = replace(read, title="other", clips=(renamed,))
    found, count = differences([read, other])
    assert count == 1
    assert found[0].name == walk.name  # told the same by its bytes
    assert [clip.fate for clip in found[0].clips if clip] == [Fate.FIT, Fate.UNFIT]
    assert differences([read]) == ([], 0)


def test_names_that_need_quotes_keep_their_letters(read: Batch, tmp_path: Path) -> None:
    assert {EVIL, QUOTED} <= set(fates(read))
    write_report([read], tmp_path / "r.html", ReportOptions(strips=0))
    packed = re.search(r'id="packed">([^<]+)<', (tmp_path / "r.html").read_text())
    assert packed and {EVIL, QUOTED} <= set(unpacked(packed[1])["name"])


def test_marks_that_lie_close_share_their_words() -> None:
    from retarget.report.pages.timeline import WIDTH, _labels

    labels = _labels([9.2, 4.4, 4.2, 4.24], 10.0)
    assert [text for _, text in labels] == ["worst at 4.2 and 4.4 s", "worst at 9.2 s"]
    assert [x for x, _ in labels] == [0.42 * WIDTH, 0.92 * WIDTH]
