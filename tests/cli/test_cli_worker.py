"""The batch worker and its configuration, as a library."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from retarget import BatchJob, MotionFormatKind, RobotKind
from retarget.config import RunConfig
from retarget.demo import clips_folder
from retarget.errors import FileFormatError, OptionsError, OutputError
from retarget.options import RetargetOptions
from retarget.result import RetargetingResult
from retarget.worker import RetargetWorker, retarget_file

RUN = clips_folder() / "humanoid_run.npz"


def job(tmp_path: Path, **changes: object) -> BatchJob:
    return BatchJob.model_validate(
        {"id": "run", "motion": RUN, "output": tmp_path / "run.npz", **changes}
    )


def test_a_worker_survives_pickling_and_does_its_job(tmp_path: Path) -> None:
    worker = pickle.loads(pickle.dumps(RetargetWorker(RunConfig(options=RetargetOptions(fps=30)))))
    record = worker(job(tmp_path))
    result = RetargetingResult.load_npz(tmp_path / "run.npz")
    assert record["frames"] == len(result)
    assert record["fps"] == result.fps == 30
    assert (
        sum(record["seconds"][name] for name in ("read", "targets", "solve"))
        < record["seconds"]["total"]
    )


def test_a_jobs_own_format_robot_and_config_go_before_the_workers(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text('robot = "booster_t1"\n[options]\nsmoothness = 2.0\n')
    worker = RetargetWorker(RunConfig(options=RetargetOptions(smoothness=3.0)))
    plain = worker.config_of(job(tmp_path))
    assert (plain.robot, plain.options.smoothness) == ("unitree_g1", 3.0)
    configured = worker.config_of(job(tmp_path, config_path=tmp_path / "run.toml"))
    assert (configured.robot, configured.options.smoothness) == ("booster_t1", 2.0)
    typed = worker.config_of(
        job(
            tmp_path,
            config_path=tmp_path / "run.toml",
            robot=RobotKind.UNITREE_G1,
            motion_format=MotionFormatKind.BVH,
        )
    )
    assert (typed.robot, typed.motion_format) == ("unitree_g1", MotionFormatKind.BVH)
    with pytest.raises(FileFormatError, match="BVH"):
        worker(job(tmp_path, motion_format=MotionFormatKind.BVH))
    assert not (tmp_path / "run.npz").exists()


def test_the_fingerprint_changes_with_input_robot_and_options_only(tmp_path: Path) -> None:
    copy = tmp_path / "copy.npz"
    copy.write_bytes(RUN.read_bytes())
    worker = RetargetWorker()
    first = worker.fingerprint(job(tmp_path))
    assert worker.fingerprint(job(tmp_path, motion=copy)) == first
    assert worker.fingerprint(job(tmp_path, output=tmp_path / "other.npz")) == first
    changed = RetargetWorker(RunConfig(options=RetargetOptions(floor=False)))
    differs = changed.fingerprint(job(tmp_path))
    assert {name for name in first if first[name] != differs[name]} == {"options"}
    other = RetargetWorker(RunConfig(robot="unitree_h1")).fingerprint(job(tmp_path))
    assert {name for name in first if first[name] != other[name]} == {"robot"}
    copy.write_bytes(copy.read_bytes() + b"\n")
    touched = worker.fingerprint(job(tmp_path, motion=copy))
    assert {name for name in first if first[name] != touched[name]} == {"input"}


def test_warming_up_touches_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    RetargetWorker().warm_up()
    assert not list(tmp_path.iterdir())


def test_warming_up_does_not_change_results(tmp_path: Path) -> None:
    worker = RetargetWorker()
    worker(job(tmp_path))
    before = RetargetingResult.load_npz(tmp_path / "run.npz")
    worker.warm_up()
    worker(job(tmp_path))
    after = RetargetingResult.load_npz(tmp_path / "run.npz")
    assert np.array_equal(before.qpos, after.qpos)


def test_the_library_too_refuses_to_overwrite_its_input(tmp_path: Path) -> None:
    copy = tmp_path / "copy.npz"
    copy.write_bytes(RUN.read_bytes())
    with pytest.raises(OutputError, match="the output is the input"):
        retarget_file(copy, tmp_path / "." / "copy.npz", RunConfig())
    assert copy.read_bytes() == RUN.read_bytes()


def test_paths_in_a_config_are_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "run.toml").write_text('robot = "my.xml"\nrobot_description = "my.toml"\n')
    config = RunConfig.load(tmp_path / "sub" / "run.toml")
    assert config.robot == str(tmp_path / "sub" / "my.xml")
    assert config.robot_description == tmp_path / "sub" / "my.toml"
    with pytest.raises(OptionsError, match=r"no\.toml"):
        RunConfig.load(tmp_path / "no.toml")


def test_a_robot_by_path_is_found_again_when_its_result_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import retarget.robots
    from retarget.cli.main import main

    embedded = Path(retarget.robots.__file__).parent / "embedded" / "unitree_g1"
    for name in ("model.xml", "robot.toml"):
        (tmp_path / name).write_bytes((embedded / name).read_bytes())
    output = tmp_path / "run.npz"
    monkeypatch.chdir(tmp_path)
    assert main(["run", "--motion", str(RUN), "--robot", "robot.toml", "--output", "run.npz"]) == 0
    monkeypatch.chdir(clips_folder())
    assert main(["evaluate", "--result", str(output)]) == 0
