"""Films: which moments they show, that everybody is in the picture, and that files are whole and play."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retarget import RetargetingResult, load_robot, read_motion, retarget_motion
from retarget.drawing.film import Film, Shot
from retarget.drawing.scene import Overlays, bodies_at
from retarget.drawing.stage import Cast, Stage, set_stage
from retarget.drawing.video import require_video, write_film
from retarget.errors import MissingExtraError, OptionsError, OutputError

Image = pytest.importorskip("PIL.Image")

G1 = load_robot("unitree_g1")
SMALL = Shot(width=160, height=90)


@pytest.fixture(scope="module")
def walk() -> RetargetingResult:
    return retarget_motion(read_motion("humanoid_walk"), G1)


@pytest.fixture(scope="module")
def stage(walk: RetargetingResult) -> Stage:
    return set_stage("walk", [Cast("g1", walk, G1)])


def test_a_film_is_as_long_as_the_clip_and_shows_its_frames_in_order(stage: Stage) -> None:
    film = Film(stage, SMALL)
    assert (len(film), film.fps) == (77, 30.0)
    assert film.frames.tolist() == list(range(77))


@pytest.mark.parametrize(
    ("shot", "count", "first", "last"),
    [
        (Shot(fps=15.0), 39, 0, 76),
        (Shot(speed=0.5), 154, 0, 76),
        (Shot(speed=2.0), 39, 0, 76),
        (Shot(start_s=1.0, end_s=2.0), 30, 30, 59),
        (Shot(start_s=2.5, end_s=99.0), 2, 75, 76),
    ],
)
def test_rate_speed_and_cut(stage: Stage, shot: Shot, count: int, first: int, last: int) -> None:
    frames = Film(stage, replace(shot, width=160, height=90)).frames
    assert (len(frames), frames[0], frames[-1]) == (count, first, last)


def test_fast_clips_are_shown_at_30_pictures_a_second(walk: RetargetingResult) -> None:
    fast = set_stage("walk", [Cast("g1", walk.resampled(120.0), G1)])
    film = Film(fast, SMALL)
    assert film.fps == 30.0
    assert np.diff(film.frames).tolist() == [4] * (len(film) - 1)


@pytest.mark.parametrize("layout", ["beside", "over"])
@pytest.mark.parametrize("size", [(160, 90), (90, 160)])
def test_everybody_is_in_every_picture(
    walk: RetargetingResult, layout: str, size: tuple[int, int]
) -> None:
    casts = [Cast("a", walk, G1), Cast("b", walk, G1)]
    stage = set_stage("walk", casts, layout=layout)  # type: ignore[arg-type]
    film = Film(stage, Shot(*size))
    marks = Overlays(False, False, False, False)
    for frame in range(0, stage.frames, 15):
        bodies, camera = bodies_at(stage, frame, marks), film._camera(frame)
        away = np.concatenate([bodies.starts, bodies.ends]) - camera.eye
        scale = camera.focal / -(away @ camera.towards)
        assert np.abs(scale * (away @ camera.right)).max() < size[0] / 2
        assert np.abs(scale * (away @ camera.up)).max() < size[1] / 2


def test_words_and_marks_can_be_left_out(stage: Stage) -> None:
    bare = replace(SMALL, words=False, overlays=Overlays(False, False, False, False))
    plain, full = Film(stage, bare).picture(5), Film(stage, SMALL).picture(5)
    assert plain.shape == full.shape == (90, 160, 3)
    title = np.s_[:22, :50]
    assert (plain[title] != full[title]).any()
    assert plain[title].min() > 150  # nothing but the room


@pytest.mark.parametrize(
    ("shot", "said"),
    [
        (Shot(start_s=5.0), "nothing lies between 5 and 2.56"),
        (Shot(start_s=1.0, end_s=0.5), "nothing lies between"),
        (Shot(speed=0.0), "speed: must be from 0.01 to 100"),
        (Shot(fps=-1.0), "fps: must be from 1 to 240"),
        (Shot(width=3), "width: must be 32 to"),
    ],
)
def test_what_cannot_be_filmed_is_refused(stage: Stage, shot: Shot, said: str) -> None:
    with pytest.raises(OptionsError, match=said):
        Film(stage, shot)


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_an_animation_has_all_pictures_and_plays_at_the_rate(
    stage: Stage, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"film{suffix}"
    film = Film(stage, replace(SMALL, fps=10.0))
    write_film(film, path)
    with Image.open(path) as opened:
        assert opened.n_frames == len(film) == 26
        assert opened.size == (160, 90)
        opened.seek(1)
        opened.load()
        assert opened.info["duration"] == 100
        assert opened.info["loop"] == 0


def test_an_mp4_has_all_pictures_and_plays_at_the_rate(stage: Stage, tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="the extra 'video' is not installed")
    path = tmp_path / "film.mp4"
    film = Film(stage, Shot(width=161, height=91, end_s=1.0))
    write_film(film, path)
    with av.open(str(path)) as opened:
        video = opened.streams.video[0]
        pictures = [frame.to_ndarray(format="rgb24") for frame in opened.decode(video)]
        assert float(video.average_rate) == pytest.approx(30.0)
    assert len(pictures) == len(film) == 30
    assert pictures[0].shape == (90, 160, 3)
    off = np.abs(pictures[7].astype(int) - film.picture(7)[:90, :160]).mean()
    assert off < 6  # as drawn, but for the codec


def test_a_still_is_the_middle(stage: Stage, tmp_path: Path) -> None:
    film = Film(stage, SMALL)
    write_film(film, tmp_path / "still.png")
    with Image.open(tmp_path / "still.png") as opened:
        np.testing.assert_array_equal(np.asarray(opened), film.picture(38))


def test_a_film_that_fails_leaves_nothing(stage: Stage, tmp_path: Path) -> None:
    film = Film(stage, SMALL)

    def breaks(numbers: range) -> list[int]:
        raise RuntimeError("power cut")

    for suffix in (".gif", ".webp"):
        with pytest.raises(RuntimeError):
            write_film(film, tmp_path / f"film{suffix}", progress=breaks)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="film"):
        write_film(film, tmp_path / "file" / "film.gif")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_other_names_and_missing_extras_are_told_beforehand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OptionsError, match=r"film\.avi: films are \.mp4, \.gif"):
        require_video(tmp_path / "film.avi")
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"retarget\[video\]"):
        require_video(tmp_path / "film.mp4")
    require_video(tmp_path / "film.gif")


@pytest.mark.parametrize("size", [(320, 180), (180, 320)])
def test_names_stand_over_whoever_they_name_also_when_it_jumps(
    walk: RetargetingResult, size: tuple[int, int]
) -> None:
    qpos = walk.qpos.copy()
    qpos[:, 2] += 0.6 * np.sin(np.linspace(0, np.pi, len(qpos)))
    stage = set_stage("walk", [Cast("somebody whose name is long", replace(walk, qpos=qpos), G1)])
    film = Film(stage, Shot(*size))
    letters = film.shot.height * 0.15
    for frame in range(0, stage.frames, 7):
        camera = film._camera(frame)
        for actor, tops in zip(stage.actors, film._tops, strict=True):
            shape = actor.shape(np.array([actor.frame(frame)]))
            ends = np.concatenate([shape.starts[0], shape.ends[0]])
            away = ends - camera.eye
            up = camera.focal / -(away @ camera.towards) * (away @ camera.up)
            across, down = film._above(actor, tops[frame], frame, camera)
            assert down <= size[1] / 2 - up.max(), "a name lies over its head"
            assert letters * 0.9 <= down and 0 <= across <= size[0]


def test_titles_that_are_too_long_are_written_smaller_and_then_cut() -> None:
    from retarget.drawing.film import _fitting, _length

    assert _fitting("walk", 20, 500) == ("walk", 20)
    smaller, size = _fitting("a clip whose name is long", 20, 200)
    assert smaller == "a clip whose name is long" and size < 20
    cut, size = _fitting("a clip whose name never ends " * 20, 20, 200)
    assert cut.endswith("\N{HORIZONTAL ELLIPSIS}") and _length(cut, size) <= 200


def test_a_full_disk_is_told_by_the_film_s_own_name(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    av = pytest.importorskip("av")

    def full(*_: object, **__: object) -> None:
        raise av.error.FFmpegError(28, "No space left on device", str(tmp_path / ".film.tmp"))

    monkeypatch.setattr(av, "open", full)
    with pytest.raises(OutputError) as told:
        write_film(Film(stage, Shot(64, 48, end_s=0.2)), tmp_path / "film.mp4")
    assert str(told.value) == (
        f"{tmp_path / 'film.mp4'}: cannot be written (No space left on device); "
        "check that the disk has space, or write a .gif"
    )
    assert not list(tmp_path.iterdir())
