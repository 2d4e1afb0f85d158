"""How a clip plays, which clips come in which order, what is plotted, and what a click at the floor means."""

from pathlib import Path

import numpy as np
import pytest

from retarget import RetargetingResult, load_robot, read_motion, retarget_motion
from retarget.batch.review import ClipReview, Review
from retarget.drawing.stage import Cast, Stage, set_stage
from retarget.view.curves import Curve, curves_of, thinned, with_mark, worst_frames
from retarget.view.picking import moment_at
from retarget.view.playback import Playback
from retarget.view.playlist import Entry, arranged, sort_keys
from retarget.view.shapes import BALL, ROD, Mesh, balls, rods

G1 = load_robot("unitree_g1")


@pytest.fixture(scope="module")
def run_clip() -> RetargetingResult:
    return retarget_motion(read_motion("humanoid_run"), G1)


def test_time_runs_as_fast_as_asked_and_goes_round() -> None:
    clock = Playback(frames=30, fps=10.0, speed=2.0)
    assert clock.advance(0.5) == 10
    assert clock.advance(1.25) == 5  # 3.5 s of 3 s
    clock.playing = False
    assert clock.advance(1.0) == 5


def test_without_loop_it_stops_at_the_last_frame_and_begins_again_when_asked() -> None:
    clock = Playback(frames=30, fps=10.0, loop=False)
    assert clock.advance(99.0) == 29
    assert not clock.playing
    clock.toggle()
    assert (clock.frame, clock.playing) == (0, True)


@pytest.mark.parametrize("fps", [30.0, 29.97, 120.0, 23.976])
def test_steps_show_every_frame_once_and_stay_within_the_clip(fps: float) -> None:
    clock = Playback(frames=1000, fps=fps)
    seen = []
    for _ in range(1200):
        seen.append(clock.frame)
        clock.step(1)
    assert seen[:1000] == list(range(1000))
    assert set(seen[1000:]) == {999}
    clock.step(-5000)
    assert clock.frame == 0


def entries() -> list[Entry]:
    return [
        Entry("b", Path("b.npz"), {"limb_error_mean": 3.0, "stance_share": 0.2}, ()),
        Entry("a", Path("a.npz"), {"limb_error_mean": 9.0}, ("limb_error_p95",)),
        Entry("c", Path("c.npz"), {"limb_error_mean": None, "stance_share": 0.9}),
    ]


def names(found: tuple[Entry, ...]) -> str:
    return "".join(entry.name for entry in found)


def test_clips_come_by_name_or_by_any_measure_those_without_a_value_last() -> None:
    nothing = Review()
    assert names(arranged(entries(), nothing)) == "abc"
    assert names(arranged(entries(), nothing, by="limb_error_mean")) == "abc"
    assert names(arranged(entries(), nothing, by="limb_error_mean", worst_first=False)) == "bac"
    assert names(arranged(entries(), nothing, by="stance_share")).endswith("a")
    assert sort_keys(entries()) == ("name", "limb_error_mean", "stance_share")


def test_clips_are_shown_by_gates_and_by_what_was_decided() -> None:
    review = Review().changed("c", ClipReview(decision="reject"))
    review = review.changed("a", ClipReview(decision="keep"))
    shown = {
        "missing a gate": "a",
        "passing": "b",
        "not yet decided": "b",
        "kept": "a",
        "rejected": "c",
        "all": "abc",
    }
    for what, wanted in shown.items():
        assert names(arranged(entries(), review, shown=what)) == wanted, what  # type: ignore[arg-type]


def test_every_series_is_a_curve_of_the_clips_length(run_clip: RetargetingResult) -> None:
    curves, why = curves_of(Cast("run", run_clip, G1))
    assert not why
    assert len(curves) > 20
    assert {len(curve.values) for curve in curves.values()} == {len(run_clip)}
    assert any("(m/s)" in title for title in curves)


def test_what_cannot_be_measured_says_why(run_clip: RetargetingResult) -> None:
    h1 = load_robot("unitree_h1")
    curves, why = curves_of(Cast("run", run_clip, h1))
    assert not curves
    assert "does not fit" in why


def test_a_thinned_curve_keeps_its_peaks() -> None:
    values = np.sin(np.arange(10_000) / 300.0)
    values[7_777], values[123] = 9.0, -9.0
    values[5_000:5_600] = np.nan
    frames, kept = thinned(values, most=400)
    assert len(frames) <= 400
    assert (np.diff(frames) > 0).all()
    assert (np.nanmax(kept), np.nanmin(kept)) == (9.0, -9.0)
    assert np.isnan(kept).any()
    np.testing.assert_array_equal(values[frames], kept)


@pytest.mark.parametrize("now", [-1.0, 0.0, 1.3, 4.0, 99.0])
def test_the_mark_is_one_upright_line_at_the_time(now: float) -> None:
    seconds, values = np.arange(5.0), np.array([2.0, np.nan, 4.0, 1.0, 2.0])
    x, curve, mark = with_mark(seconds, values, now)
    assert (np.diff(x) >= 0).all()
    at = np.flatnonzero(np.isfinite(mark))
    assert x[at].tolist() == [now, now]
    assert mark[at].tolist() == [1.0, 4.0]
    assert len(curve) == len(x)


def test_the_worst_moments_are_apart_and_in_the_measures_own_direction() -> None:
    values = np.zeros(300)
    values[[50, 52, 200]] = [5.0, 6.0, 4.0]
    values[120] = -7.0
    bad_if_large = Curve("x", "x", "", values, 1.0)
    assert worst_frames(bad_if_large, fps=30.0)[:2] == [52, 200]
    assert worst_frames(Curve("x", "x", "", values, -1.0), fps=30.0)[0] == 120
    assert worst_frames(Curve("x", "x", "", np.full(9, np.nan), 1.0), fps=30.0) == []


def transformed(mesh: Mesh, turn: np.ndarray, size: np.ndarray, place: np.ndarray) -> np.ndarray:
    w, x, y, z = turn
    matrix = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
    return np.asarray((mesh.points * size) @ matrix.T + place)


def test_rods_and_balls_are_the_capsules() -> None:
    rng = np.random.default_rng(2)
    starts, ends = rng.normal(size=(2, 40, 3))
    ends[0] = starts[0]  # a ball
    ends[1] = starts[1] - [0, 0, 0.7]  # straight down
    radii = rng.uniform(0.02, 0.2, 40)
    sides, round_ends = rods(starts, ends, radii), balls(starts, ends, radii)
    for k in range(1, 40):
        points = transformed(ROD, sides.turns[k], sides.sizes[k], sides.places[k])
        along = ends[k] - starts[k]
        share = (points - starts[k]) @ along / (along @ along)
        off = np.linalg.norm(points - starts[k] - share[:, None] * along, axis=1)
        np.testing.assert_allclose(off, radii[k], atol=1e-4)
        assert share.min() == pytest.approx(0, abs=1e-4)
        assert share.max() == pytest.approx(1, abs=1e-4)
    points = transformed(BALL, round_ends.turns[3], round_ends.sizes[3], round_ends.places[3])
    np.testing.assert_allclose(np.linalg.norm(points - starts[3], axis=1), radii[3], atol=1e-4)
    np.testing.assert_allclose(round_ends.places[40:], ends, atol=1e-6)


@pytest.mark.parametrize("mesh", [BALL, ROD])
def test_triangles_are_seen_from_outside(mesh: Mesh) -> None:
    a, b, c = (mesh.points[mesh.triangles[:, k]] for k in range(3))
    normal, middle = np.cross(b - a, c - a), (a + b + c) / 3
    middle[:, 2] *= mesh is BALL
    solid = np.linalg.norm(normal, axis=1) > 1e-9
    assert ((normal * middle).sum(axis=1)[solid] > 0).all()


@pytest.fixture(scope="module")
def stage(run_clip: RetargetingResult) -> Stage:
    return set_stage("run", [Cast("g1", run_clip, G1)])


def test_a_click_at_a_foots_way_finds_the_moment(stage: Stage) -> None:
    marks = stage.actors[0].marks
    assert marks is not None
    for frame in (3, 20, 38):
        place = marks.points[frame, 1].mean(axis=0).astype(float)
        eye = np.array([2.0, -3.0, 1.5]) + place
        found = moment_at(stage, eye, place - eye, now=frame)
        assert found is not None
        there = marks.points[found].mean(axis=1)
        assert np.linalg.norm(there - place, axis=1).min() < 0.1
    assert moment_at(stage, np.array([0.0, 0, 5]), np.array([0.0, 0, 1]), now=0) is None
