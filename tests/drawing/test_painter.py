"""The painter: what is in front is seen, edges are smooth, and what is below the floor does not pass unseen."""

from dataclasses import replace

import numpy as np
import pytest

from retarget.drawing.camera import Camera, following
from retarget.drawing.look import rgb
from retarget.drawing.painter import Bodies, Painter, Surface

GREY, RED, BLUE = "#808080", "#ff0000", "#0000ff"
LEVEL = Camera.looking(azimuth=0.0, elevation=0.0)  # looks along -x; right is +y
ABOVE = Camera.looking(azimuth=0.0, elevation=1.2)


def capsule(start: object, end: object, radius: float, colour: str, solid: float = 1.0) -> Bodies:
    paint = np.append(rgb(colour), np.float32(solid))[None]
    return Bodies(
        np.array([start], float),
        np.array([end], float),
        np.array([radius]),
        paint.astype(np.float32),
        np.ones(1, bool),
    )


def seen(bodies: Bodies, camera: Camera = LEVEL, size: int = 120) -> np.ndarray:
    view = camera.framing(np.array([0.0, 0.0, 1.0]), 2.0, size)
    return Painter(size, size).paint(bodies, view).astype(int)


def redness(picture: np.ndarray) -> np.ndarray:
    return np.asarray(picture[..., 0] - picture[..., 2])


def test_a_ball_is_seen_where_it_is_and_as_large_as_it_is() -> None:
    red = redness(seen(capsule([0, 0.5, 1.5], [0, 0.5, 1.5], 0.2, RED))) > 60
    rows, columns = np.nonzero(red)
    assert columns.mean() == pytest.approx(60 + 0.5 * 60, abs=1.5)  # right of the middle
    assert rows.mean() == pytest.approx(60 - 0.5 * 60, abs=1.5)  # above it
    assert red.sum() == pytest.approx(np.pi * (0.2 * 60) ** 2, rel=0.08)


def test_a_capsule_covers_its_whole_length() -> None:
    red = redness(seen(capsule([0, 0, 0.5], [0, 0, 1.5], 0.1, RED))) > 60
    rows = np.nonzero(red.any(axis=1))[0]
    assert rows.max() - rows.min() == pytest.approx(60 * 1.2, abs=2)
    assert red[60].sum() == pytest.approx(60 * 0.2, abs=2)


def test_a_capsule_seen_along_its_axis_is_a_disc() -> None:
    red = redness(seen(capsule([-0.3, 0, 1.0], [0.3, 0, 1.0], 0.15, RED))) > 60
    assert red[60, 60]
    assert red.sum() == pytest.approx(np.pi * (0.15 * 60) ** 2, rel=0.3)


def test_what_is_nearer_hides_what_is_behind_whatever_comes_first() -> None:
    near = capsule([0.5, 0, 1], [0.5, 0, 1], 0.2, RED)
    far = capsule([-0.5, 0, 1], [-0.5, 0, 1], 0.2, BLUE)
    for order in ([near, far], [far, near]):
        assert redness(seen(Bodies.joined(order)))[60, 60] > 60


def test_what_is_seen_through_mixes_with_what_is_behind() -> None:
    ghost = capsule([0.5, 0, 1], [0.5, 0, 1], 0.2, RED, solid=0.0)
    behind = capsule([-0.5, 0, 1], [-0.5, 0, 1], 0.3, BLUE)
    middle = seen(Bodies.joined([ghost, behind]))[58:62, 58:62].mean(axis=(0, 1))
    assert middle[0] > 60 and middle[2] > 60


def test_edges_are_smooth() -> None:
    row = redness(seen(capsule([0, 0, 1], [0, 0, 1], 0.31, RED)))
    inside = row[60, 60]
    assert ((row > 0.2 * inside) & (row < 0.7 * inside)).sum() > 20


def test_the_floor_is_darkest_below_what_touches_it() -> None:
    def light(height: float) -> float:
        ball = capsule([0, 0, height], [0, 0, height], 0.15, GREY)
        view = ABOVE.framing(np.array([0.0, 0.0, 0.0]), 2.0, 120)
        lit = Painter(120, 120).paint(replace(ball, weighty=np.zeros(1, bool)), view)
        shaded = Painter(120, 120).paint(ball, view)
        return float((lit.astype(int) - shaded).max())

    resting, floating, away = light(0.15), light(0.6), light(3.0)
    assert resting > floating + 15 > away + 15


def test_what_is_below_the_floor_shows_in_another_colour_or_not_at_all() -> None:
    sunk = ([0, 0, -0.02], [0, 0, -0.02], 0.1)
    view = ABOVE.framing(np.array([0.0, 0.0, 0.0]), 1.0, 120)

    def greenness(bodies: Bodies) -> int:
        painter = Painter(120, 120)
        picture = painter.paint(bodies, view).astype(int)
        return int((picture[..., 1] < picture[..., 0] - 40).sum())

    deep = ([0, 0, -0.3], [0, 0, -0.3], 0.1)
    assert greenness(capsule(*deep, GREY)) > 100
    assert greenness(capsule(*deep, GREY, solid=2.0)) == 0
    assert greenness(capsule(*sunk, GREY, solid=2.0)) == 0


def test_outlines_on_the_floor_are_filled() -> None:
    square = np.array([[-0.3, -0.3], [0.3, -0.3], [0.3, 0.3], [-0.3, 0.3]])
    empty = capsule([0, 0, 9], [0, 0, 9], 0.01, GREY)
    bodies = Bodies(
        empty.starts, empty.ends, empty.radii, empty.paints, np.zeros(1, bool), ((square, RED),)
    )
    view = ABOVE.framing(np.array([0.0, 0.0, 0.0]), 2.0, 120)
    red = redness(Painter(120, 120).paint(bodies, view).astype(int)) > 60
    assert red[60, 60] and not red[10, 10]
    assert red.sum() == pytest.approx(36 * 36 * np.sin(1.2), rel=0.1)


def test_a_mesh_is_painted_like_a_body() -> None:
    points = np.array([[0, -0.4, 0.6], [0, 0.4, 0.6], [0, 0, 1.4]])
    surface = Surface(
        points,
        np.tile([1.0, 0, 0], (3, 1)),
        np.array([[0, 1, 2]]),
        np.append(rgb(RED), np.float32(1)),
    )
    ball = capsule([-0.5, 0, 1], [-0.5, 0, 1], 0.1, BLUE)
    both = Bodies(
        ball.starts, ball.ends, ball.radii, ball.paints, ball.weighty, surfaces=(surface,)
    )
    red = redness(seen(both)) > 60
    assert red[60, 60]
    assert red.sum() == pytest.approx(0.5 * 48 * 48, rel=0.06)


def test_pictures_of_a_painter_do_not_show_the_ones_before() -> None:
    painter = Painter(120, 120)
    view = LEVEL.framing(np.array([0.0, 0.0, 1.0]), 2.0, 120)
    other = capsule([0, -0.5, 1], [0, -0.5, 1], 0.1, BLUE)
    painter.paint(capsule([0, 0.2, 1], [0, 0.2, 1], 0.5, RED), view)
    np.testing.assert_array_equal(painter.paint(other, view), Painter(120, 120).paint(other, view))


def test_a_camera_follows_smoothly_and_stays_in_between() -> None:
    path = np.cumsum(np.random.default_rng(0).normal(size=(200, 3)), axis=0)
    smooth = following(path, fps=30.0)
    assert np.abs(np.diff(smooth, 2, axis=0)).max() < 0.1 * np.abs(np.diff(path, 2, axis=0)).max()
    assert (smooth.min(axis=0) >= path.min(axis=0)).all()
    assert (smooth.max(axis=0) <= path.max(axis=0)).all()
