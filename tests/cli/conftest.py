"""What tests of the command line share."""

from pathlib import Path

import pytest
from cli_helpers import Bvh, Command, Outcome

from retarget.cli.main import main
from retarget.demo import clips_folder


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs ``retarget`` in this process."""

    def run(*words: str | Path) -> Outcome:
        capsys.readouterr()
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return run


@pytest.fixture(scope="session")
def walk() -> Path:
    """The shortest embedded clip with stance."""
    return clips_folder() / "humanoid_walk.npz"


@pytest.fixture(scope="session")
def walk_result(walk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result of it on the Unitree G1; not to be written to."""
    path = tmp_path_factory.mktemp("result") / "walk.npz"
    assert main(["run", "--motion", str(walk), "--output", str(path)]) == 0
    return path


@pytest.fixture(scope="session")
def bvh() -> Bvh:
    return Bvh()
