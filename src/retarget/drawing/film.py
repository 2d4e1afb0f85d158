"""A clip as a row of pictures: a camera that follows, marks, and words about what is seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from jaxtyping import Float64, Int64, UInt8

from retarget.drawing.camera import Camera, following
from retarget.drawing.lettering import drawable, font_file
from retarget.drawing.look import INK, MUTED, PAPER, STATE_COLOURS, STATE_WORDS, ContactState
from retarget.drawing.painter import Painter
from retarget.drawing.scene import Overlays, bodies_at
from retarget.drawing.stage import Actor, Stage
from retarget.errors import OptionsError

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

__all__ = ["LEAST_PIXELS", "MOST_PIXELS", "Film", "Shot"]

_AZIMUTH, _ELEVATION = np.radians(36.0), np.radians(11.0)  # from the direction faced
_AMONG_THINGS: Final = np.radians(24.0)  # elevation that looks over steps and platforms
_ROOM: Final = 1.42  # heights that a picture shows at least, above and below included
_MIDDLE: Final = 0.5  # of it, where a pelvis is
_BELOW: Final = 0.26  # heights that it shows below the floor
_HEAD: Final = 0.15  # of it that title and time take
_FOOT: Final = 0.17  # of it, that the legend takes, and a foot in front of who it belongs to
_WIDER: Final = 1.03  # times as much room, until all are in it
_MOST_ROOM: Final = 8.0  # heights
_STRETCH: Final = 0.8  # heights to either side of whoever stands outermost: arms reach so far
_NAME_ABOVE: Final = 0.05  # heights above whoever it names
_NAME_S: Final = 0.35  # seconds to either side over which its height is smoothed
_PATH_S: Final = 0.7  # seconds over which the camera's way is smoothed
_LETTERS: Final = 0.026  # of a picture's height
_MOST_FPS: Final = 30.0
_BLOCK: Final = 1024  # frames that are looked at together
_LEAST_SPEED: Final = 0.01  # slower, and a clip of a minute is a film of hours
_MOST_SPEED: Final = 100.0
_TALL: Final = 400  # pixels of a picture in which there is room for a second line
_LEAST_LETTERS: Final = 7  # pixels
MOST_PIXELS: Final = 8192  # along a side
LEAST_PIXELS: Final = 32
_LEGEND: Final = (
    ContactState.HELD,
    ContactState.TILTED,
    ContactState.SLIDING,
    ContactState.LIFTED,
    ContactState.SUNK,
)


@dataclass(frozen=True, slots=True)
class Shot:
    """How a clip is filmed.

    Attributes:
        width: Pixels.
        height: Pixels.
        fps: Pictures per second; None for the clip's rate, 30 at most.
        speed: Seconds of the clip per second of the film.
        start_s: Where in the clip it begins, seconds.
        end_s: Where it ends; None for the clip's end.
        overlays: Which marks are drawn.
        words: Whether anything is written.

    Example:
        >>> Shot(speed=0.5).width
        1280
    """

    width: int = 1280
    height: int = 720
    fps: float | None = None
    speed: float = 1.0
    start_s: float = 0.0
    end_s: float | None = None
    overlays: Overlays = field(default_factory=Overlays)
    words: bool = True


class Film:
    """The pictures of a clip, one after the other.

    Example:
        >>> film = Film(stage, Shot(width=640, height=360))  # doctest: +SKIP
        >>> len(film), film.picture(0).shape  # doctest: +SKIP
        (150, (360, 640, 3))
    """

    def __init__(self, stage: Stage, shot: Shot) -> None:
        """Prepare a film.

        Raises:
            OptionsError: The shot holds no moment of the clip, or is of no size.
        """
        _check(stage, shot)
        self.stage, self.shot = stage, shot
        self.fps = min(stage.fps, _MOST_FPS) if shot.fps is None else shot.fps
        self.frames = _frames(stage, shot, self.fps)
        self._painter = Painter(shot.width, shot.height)
        elevation = _AMONG_THINGS if any(prop.stays for prop in stage.props) else _ELEVATION
        self._view = Camera.looking(stage.azimuth + _AZIMUTH, elevation)
        every = np.array([stage.centre(frame) for frame in range(stage.frames)])
        if stage.props:  # who climbs is followed upwards
            every[:, 2] = np.maximum(stage.pelvis_heights() - _MIDDLE * stage.height, 0.0)
        self._path = following(every, stage.fps, _PATH_S)
        self._tops = [_tops(stage, actor) for actor in stage.actors]
        self._highest = max(
            float((tops - self._path[:, 2])[self.frames].max()) for tops in self._tops
        )
        self._metres = self._needed()

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
        return (self.picture(k) for k in range(len(self)))

    def picture(self, index: int) -> UInt8[np.ndarray, "h w 3"]:
        """One picture, red, green and blue."""
        frame = int(self.frames[index])
        camera = self._camera(frame)
        seen = self._painter.paint(bodies_at(self.stage, frame, self.shot.overlays), camera)
        return self._written(seen, frame, camera) if self.shot.words else seen

    def _needed(self) -> float:
        """Metres of height that a picture must show for all to be in it."""
        stage = self.stage
        offsets = np.array([actor.offset for actor in stage.actors]) @ self._view.right
        wide = np.ptp(offsets) + 2 * _STRETCH * stage.height
        names = _NAME_ABOVE * stage.height if self.shot.words else 0.0
        free = 1.0 - _HEAD * self.shot.words
        high = (self._highest + names + _BELOW * stage.height) / free
        metres = max(_ROOM * stage.height, high, wide * self.shot.height / self.shot.width)
        while not self._shows_feet(metres) and metres < _MOST_ROOM * stage.height:
            metres *= _WIDER
        return float(metres)

    def _shows_feet(self, metres: float) -> bool:
        """Whether the feet of those who stand nearest are above a picture's edge, and its legend."""
        offsets = np.array([actor.offset for actor in self.stage.actors])
        camera = self._view.framing(self._middle(metres), metres, 1)
        away = offsets - offsets.mean(axis=0) - camera.eye
        down = camera.focal * (away @ camera.up) / (away @ camera.towards)
        return bool(down.max() < 0.5 - (_FOOT if self.shot.words else 0.0))

    def _middle(self, metres: float) -> Float64[np.ndarray, "3"]:
        """What a picture of so many metres has in its middle, from where the camera's way is."""
        # Who is wide rather than high stands in the middle.
        tall = self.stage.height
        return np.array([0.0, 0.0, min(metres / 2 - _BELOW * tall, max(self._highest, tall) / 2)])

    def _camera(self, frame: int) -> Camera:
        centre = self._path[frame] + self._middle(self._metres)
        return self._view.framing(centre, self._metres, self.shot.height)

    def _written(
        self, seen: UInt8[np.ndarray, "h w 3"], frame: int, camera: Camera
    ) -> UInt8[np.ndarray, "h w 3"]:
        from PIL import Image, ImageDraw

        picture = Image.fromarray(seen)
        pen: Any = ImageDraw.Draw(picture)
        size = max(round(_LETTERS * self.shot.height), 9)
        edge = round(1.2 * size)
        seconds = f"{frame / self.stage.fps:6.2f} s"
        right = self.shot.width - edge
        room = right - edge - _length(seconds, round(1.35 * size)) - size
        _write(pen, (edge, edge), *_fitting(self.stage.title, round(1.35 * size), room), INK, "la")
        _write(pen, (right, edge), seconds, round(1.35 * size), INK, "ra")
        for fact in self.stage.facts[: self.shot.height >= _TALL]:
            _write(pen, (right, edge + 2 * size), fact, round(0.9 * size), MUTED, "ra")
        for actor, tops in zip(self.stage.actors, self._tops, strict=True):
            across, down = self._above(actor, tops[frame], frame, camera)
            name, letters = _fitting(actor.name, size, self.shot.width - 2 * edge)
            half = edge + _length(name, letters) / 2
            across = min(max(across, half), self.shot.width - half)
            _write(pen, (across, down), name, letters, MUTED, "ms")
        if self.shot.overlays.contacts and any(a.marks is not None for a in self.stage.actors):
            self._legend(pen, size, edge)
        return np.asarray(picture)

    def _above(self, actor: Actor, top: float, frame: int, camera: Camera) -> tuple[float, float]:
        """Where in the picture somebody's name is written, pixels to the right and down."""
        x, y, _ = actor.path[actor.frame(frame)]
        place = np.array([x, y, top + _NAME_ABOVE * self.stage.height])
        away = place - camera.eye
        scale = camera.focal / -(away @ camera.towards)
        across = self.shot.width / 2 + scale * (away @ camera.right)
        down = self.shot.height / 2 - scale * (away @ camera.up)
        return float(across), float(max(down, 5.4 * _LETTERS * self.shot.height))

    def _legend(self, pen: Any, size: int, edge: int) -> None:
        """What the colours of rings mean, in letters so small that all is in the picture; nothing where none are."""
        words = [STATE_WORDS[state] for state in _LEGEND]
        while (
            wide := sum(_length(text, size) + 2.3 * size for text in words)
        ) > self.shot.width - edge:
            size = min(size - 1, int(size * self.shot.width / wide))
            if size < _LEAST_LETTERS:
                return
        x, y = float(edge), self.shot.height - edge - 0.5 * size
        ends = (x - 0.6 * size, y - size, x + wide - 0.6 * size, y + size)
        pen.rounded_rectangle(ends, 0.5 * size, fill=PAPER)
        for state, text in zip(_LEGEND, words, strict=True):
            dot = 0.38 * size
            pen.ellipse((x, y - dot, x + 2 * dot, y + dot), fill=STATE_COLOURS[state])
            _write(pen, (x + 1.1 * size, y), text, size, MUTED, "lm")
            x += _length(text, size) + 2.3 * size


def _check(stage: Stage, shot: Shot) -> None:
    for name, value in (("width", shot.width), ("height", shot.height)):
        if not LEAST_PIXELS <= value <= MOST_PIXELS:
            raise OptionsError(
                f"must be {LEAST_PIXELS} to {MOST_PIXELS} pixels, not {value}", option=name
            )
    if not _LEAST_SPEED <= shot.speed <= _MOST_SPEED:
        raise OptionsError(
            f"must be from {_LEAST_SPEED:g} to {_MOST_SPEED:g}, not {shot.speed:g}", option="speed"
        )
    if shot.fps is not None and not 1 <= shot.fps <= 240:
        raise OptionsError(f"must be from 1 to 240, not {shot.fps:g}", option="fps")
    end = stage.duration if shot.end_s is None else min(shot.end_s, stage.duration)
    if not 0 <= shot.start_s < end:
        raise OptionsError(
            f"nothing lies between {shot.start_s:g} and {end:g} s; the clip is {stage.duration:.2f} s long"
        )


def _frames(stage: Stage, shot: Shot, fps: float) -> Int64[np.ndarray, "n"]:
    """The stage's frames that are shown one after the other."""
    end = stage.duration if shot.end_s is None else min(shot.end_s, stage.duration)
    count = max(int(np.ceil((end - shot.start_s) / shot.speed * fps - 1e-6)), 1)
    times: Float64[np.ndarray, "n"] = shot.start_s + np.arange(count) * (shot.speed / fps)
    return np.clip((times * stage.fps + 1e-6).astype(np.int64), 0, stage.frames - 1)


def _tops(stage: Stage, actor: Actor) -> Float64[np.ndarray, "T"]:
    """How high somebody reaches in each of a stage's frames, metres: never less, and smoothly."""
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    frames = np.array([actor.frame(frame) for frame in range(stage.frames)])
    tops = np.empty(stage.frames)
    for first in range(0, stage.frames, _BLOCK):
        shape = actor.shape(frames[first : first + _BLOCK])
        heights = np.maximum(shape.starts[..., 2], shape.ends[..., 2]) + shape.radii
        tops[first : first + _BLOCK] = heights.max(axis=1)
    reach = 2 * max(round(_NAME_S * stage.fps), 1) + 1
    return np.asarray(uniform_filter1d(maximum_filter1d(tops, reach), reach))


def _write(
    pen: Any, place: tuple[float, float], text: str, size: int, colour: str, anchor: str
) -> None:
    words, _ = drawable(" ".join(text.split()))
    pen.text(place, words, fill=colour, font=_font(words, size), anchor=anchor)


def _fitting(text: str, size: int, room: float) -> tuple[str, int]:
    """A text and the size of its letters with which it fits in so many pixels; cut where letters would be too small."""
    text, _ = drawable(" ".join(text.split()))
    while (wide := _length(text, size)) > room and size > _LEAST_LETTERS:
        size = max(min(size - 1, int(size * room / wide)), _LEAST_LETTERS)
    while len(text) > 1 and _length(text, size) > room:
        text = text[:-2] + "\N{HORIZONTAL ELLIPSIS}"
    return text, size


def _length(text: str, size: int) -> float:
    return float(_font(text, size).getlength(text))


@cache
def _font(text: str, size: int) -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.truetype(font_file(text), size)
