"""What a newcomer does first: reads help and README, mistypes, writes over what should stay, has no extras."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli_helpers import Bvh, Command

from retarget.cli.main import main
from retarget.cli.support.outputs import Output, check_outputs
from retarget.demo import clip_names, clips_folder
from retarget.errors import OutputError

ROOT = Path(__file__).parents[2]


RETARGET = [sys.executable, "-m", "retarget"]


EMBEDDED_G1 = ROOT / "src" / "retarget" / "robots" / "embedded" / "unitree_g1"


@pytest.fixture
def without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after `pip install .`, without extras."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)


@pytest.fixture
def no_solving(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is refused is refused before a motion is read."""

    def solved(*_: object, **__: object) -> None:
        raise AssertionError("the clip was retargeted before the outputs were looked at")

    monkeypatch.setattr("retarget.worker.retarget_file", solved)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def first_block() -> list[list[str]]:
    """The commands of the README's first block under 'Use it', but for the installation."""
    block = (ROOT / "README.md").read_text().split("## Use it")[1].split("```")[1]
    lines = [line.partition("#")[0].split() for line in block.splitlines()[1:]]
    return [words for words in lines if words and words[0] == "retarget"]


@pytest.mark.usefixtures("without_matplotlib")
def test_the_readme_s_first_block_works_as_written_without_extras(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = first_block()
    assert [words[1] for words in lines[:2]] == ["run", "export"]
    for words in lines:
        outcome = command(*words[1:])
        assert outcome.code == 0, outcome.err
    for words in lines:
        assert (tmp_path / words[words.index("--output") + 1]).is_file()


@pytest.mark.usefixtures("without_matplotlib", "no_solving")
def test_a_missing_extra_is_told_before_the_work(command: Command, tmp_path: Path) -> None:
    said = ["run", "--motion", "humanoid_walk", "--output", tmp_path / "w.npz"]
    outcome = command(*said, "--picture", tmp_path / "w.png")
    assert outcome.code == 1
    assert "pip install 'retarget[picture]'" in outcome.error
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("without_matplotlib")
def test_the_demo_does_without_pictures_and_tells_what_it_made(
    command: Command, tmp_path: Path
) -> None:
    outcome = command("demo", "--output-dir", tmp_path, "--max-workers", "1")
    assert outcome.code == 0, outcome.err
    assert "without pictures: " in outcome.out
    assert "pip install 'retarget[picture]'" in outcome.out
    for name in clip_names():
        assert f"\n{name} " in outcome.out  # its scores
        assert f"  {tmp_path / name}.npz\n" in outcome.out
    assert not list(tmp_path.glob("*.png"))
    again = command("demo", "--output-dir", tmp_path, "--max-workers", "1", "--json")
    assert again.json["skipped_count"] == len(clip_names())


def test_an_embedded_clip_goes_by_its_name_unless_a_file_has_it(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    facts = command("inspect", "humanoid_walk", "--json").json
    assert Path(facts["path"]) == clips_folder() / "humanoid_walk.npz"
    (tmp_path / "humanoid_walk").write_text("mine")
    assert "humanoid_walk: " in command("inspect", "humanoid_walk").error
    assert (
        "an embedded clip (cmu_01_01, humanoid_dance," in command("inspect", "humanoid_wlak").error
    )


def inputs_of_a_run(folder: Path, bvh: Bvh) -> dict[str, Path]:
    """Every kind of file that a run reads, by what it is."""
    for name in ("model.xml", "robot.toml"):  # which names model.xml
        shutil.copy(EMBEDDED_G1 / name, folder / name)
    files = {"motion": folder / "clip.bvh", "config": folder / "run.toml"}
    files["motion"].write_text(bvh.text(bvh.rows[1:9]))
    files["config"].write_text('robot = "robot.toml"\n')
    files["roles"] = folder / "roles.toml"
    files["roles"].write_text('[roles]\nhead = "Head"\n')
    return files | {"robot": folder / "robot.toml", "model": folder / "model.xml"}


@pytest.mark.usefixtures("no_solving")
@pytest.mark.parametrize("written", ["--output", "--picture"])
@pytest.mark.parametrize("read", ["motion", "config", "roles", "robot", "model"])
def test_no_input_of_any_kind_is_written_over(
    command: Command, bvh: Bvh, tmp_path: Path, read: str, written: str
) -> None:
    files = inputs_of_a_run(tmp_path, bvh)
    suffix = {"--output": ".npz", "--picture": ".png"}[written]
    victim = files[read]
    link = tmp_path / f"link{suffix}"
    os.link(victim, link)
    before = victim.read_bytes()
    outputs = {"--output": tmp_path / "r.npz", "--picture": tmp_path / "p.png", written: link}
    said = ["run", "--motion", files["motion"], "--roles", files["roles"]]
    said += ["--config", files["config"], *(word for pair in outputs.items() for word in pair)]
    outcome = command(*said)
    assert outcome.code == 2
    assert "the output is the input" in outcome.error
    assert victim.read_bytes() == before


@pytest.mark.usefixtures("no_solving")
@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (
            ["--output", "same.npz", "--picture", "same.npz"],
            "a picture is a .png file; call it same.png",
        ),
        (["--output", "walk.csv"], "a result is a .npz file; call it walk.npz"),
        (["--output", "walk"], "a result is a .npz file; call it walk.npz"),
        (["--output", "w.npz", "--picture", "w.jpg"], "a picture is a .png file; call it w.png"),
        (["--output", "w.npz", "--picture", "folder"], "is a folder"),
        (["--output", "/dev/null"], "is a device or a pipe"),
        (["--output", "a.npz", "--picture", "link.png"], "is to be a result and a picture"),
    ],
)
def test_outputs_have_their_own_files_and_suffixes(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    complaint: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.png").symlink_to("a.npz")
    outcome = command("run", "--motion", "humanoid_walk", *words)
    assert outcome.code == 2
    assert complaint in outcome.error
    assert names_in(tmp_path) == ["folder", "link.png"]


@pytest.mark.usefixtures("no_solving")
@pytest.mark.parametrize("where", ["under a file", "a name too long", "a folder that refuses"])
def test_an_output_that_cannot_be_written_is_told_before_the_work(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    (tmp_path / "file").write_text("taken")
    output = tmp_path / "new" / "folder" / "w.npz"
    if where == "under a file":
        output = tmp_path / "file" / "w.npz"
    elif where == "a name too long":
        output = tmp_path / f"{'n' * 300}.npz"
    else:  # root may write anywhere: the refusal is acted

        def refused(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "touch", refused)
    outcome = command("run", "--motion", "humanoid_walk", "--output", output)
    assert outcome.code == 1
    assert "cannot be written" in outcome.error
    assert names_in(tmp_path) == ["file"]


def test_a_folder_that_refuses_is_named_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "reports").mkdir()

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refused)
    with pytest.raises(OutputError, match=r"reports: cannot be written \(Permission denied\)"):
        check_outputs([Output(tmp_path / "reports", "reports", folder=True)], [])
    assert names_in(tmp_path / "reports") == []


@pytest.mark.parametrize(
    "words",
    [
        ["--motion", "no.bvh"],
        ["--motion", "humanoid_walk", "--robot", "no.xml"],
        ["--motion", "humanoid_walk", "--robot", "no.toml"],
        ["--motion", "humanoid_walk", "--robot-description", "no.toml"],
        ["--motion", "humanoid_walk", "--roles", "no.toml"],
        ["--motion", "humanoid_walk", "--config", "no.toml"],
    ],
)
@pytest.mark.usefixtures("no_solving")
def test_whatever_is_missing_is_wrong_usage(
    command: Command, tmp_path: Path, words: list[str]
) -> None:
    outcome = command("run", *words, "--output", tmp_path / "w.npz")
    assert outcome.code == 2
    assert words[-1] in outcome.error


def process(words: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [*RETARGET, *words], text=True, check=False, **options
    )


@pytest.mark.skipif(sys.platform == "win32", reason="numbers of streams are POSIX")
@pytest.mark.parametrize("stream", [1, 2])
def test_a_command_works_without_a_standard_stream(tmp_path: Path, stream: int) -> None:
    output = tmp_path / "w.npz"
    words = [*RETARGET, "run", "--motion", "humanoid_run", "--output", str(output)]
    shell = " ".join(words) + f" {stream}>&-"
    done = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert output.read_bytes().startswith(b"PK")  # and nothing was printed into it
    assert names_in(tmp_path) == ["w.npz"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", [["formats"], ["formats", "--json"]])
def test_a_full_standard_output_is_one_line(words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = process(words, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr == "error: standard output cannot be written (No space left on device)\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be removed there")
def test_a_removed_working_folder_is_named_as_the_cause(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    clips = str(clips_folder())
    words = ["batch", "--input-dir", clips, "--output-dir", "out", "--pattern", "*_run.npz"]
    shell = f"cd {gone} && rmdir {gone} && {' '.join([*RETARGET, *words])}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        ["/bin/sh", "-c", shell], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 1
    assert "the working folder has been removed" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_in_a_number_names_the_option_as_it_was_typed(
    command: Command, tmp_path: Path
) -> None:
    said = ["run", "--motion", "humanoid_walk", "--output", tmp_path / "w.npz"]
    outcome = command(*said, "--joint-speed-limit", "0")
    assert outcome.error == (
        "error: --joint-speed-limit: must be greater than or equal to 0.01, not 0.0"
    )


def test_main_returns_a_code_and_never_raises_for_what_users_do() -> None:
    assert main(["run", "--motion", "no.bvh", "--output", "x.npz"]) == 2


def test_an_interrupted_command_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("retarget.motion.read.read_bytes", interrupt)
    monkeypatch.chdir(tmp_path)
    for command in (
        ["inspect", "humanoid_walk"],
        ["run", "--motion", "humanoid_walk", "--output", "x.npz"],
    ):
        assert main(command) == 130
        said = capsys.readouterr()
        assert said.err.splitlines()[-1] == (
            "interrupted: no file was left half-written; run the same command again"
        )
        assert "Traceback" not in said.err
        assert not said.out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", [["inspect"], ["add", "--name", "x"]])
def test_a_model_that_is_missing_is_wrong_usage(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["robots", command[0], "nope.xml", *command[1:]]) == 2
    assert "nope.xml: no such file; give" in capsys.readouterr().err
