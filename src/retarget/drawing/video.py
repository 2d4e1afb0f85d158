"""Films as files: MP4, animated GIF and WebP, whole or not at all."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from jaxtyping import UInt8

from retarget.drawing.film import Film
from retarget.drawing.lettering import require_pictures
from retarget.drawing.look import MARK_COLOURS, rgb
from retarget.errors import MissingExtraError, OptionsError, OutputError
from retarget.files import atomic_path, atomic_write

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["FILM_SUFFIXES", "require_video", "write_film", "write_still"]

FILM_SUFFIXES: Final = (".mp4", ".gif", ".webp", ".png")
"""What films are written as; ``.png`` is one picture."""

_QUALITY: Final = "20"  # constant rate factor of x264: 17 looks as drawn, 23 is its usual
_COLOURS: Final = 160  # of an animated GIF, whose frames share them
_SWATCH: Final = 24  # rows of colours that are chosen whatever the pictures hold
_SAMPLES: Final = 8  # pictures from which they are chosen
_WEBP_QUALITY: Final = 80
_LEAST_DELAY_S: Final = 0.02  # browsers play GIFs with shorter ones slowly


def require_video(path: Path) -> None:
    """Check that a film of this name can be written, before the work.

    Raises:
        OptionsError: No film has such a name.
        MissingExtraError: What writes it is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in FILM_SUFFIXES:
        raise OptionsError(f"{path}: films are {', '.join(FILM_SUFFIXES)} files; name it so")
    require_pictures()
    if suffix == ".mp4":
        try:
            importlib.import_module("av")
        except ImportError as error:
            raise MissingExtraError("writing an MP4", "video") from error


def write_film(
    film: Film, path: str | Path, *, progress: Callable[[range], Iterable[int]] = iter
) -> None:
    """Write a film; its name's suffix says as what.

    Args:
        film: Its pictures; of a ``.png`` there is one, of the middle.
        path: The file; it appears whole or not at all.
        progress: Called with the numbers of the pictures; those that it yields are drawn.

    Raises:
        OptionsError: No film has such a name.
        MissingExtraError: What writes it is not installed.
        OutputError: The file cannot be written.
    """
    path = Path(path)
    require_video(path)
    pictures = (film.picture(k) for k in progress(range(len(film))))
    match path.suffix.lower():
        case ".png":
            write_still(film, path)
        case ".gif":
            _write_gif(film, pictures, path)
        case ".webp":
            _write_animation(map(_image, pictures), path, film.fps, quality=_WEBP_QUALITY)
        case _:
            _write_mp4(film, pictures, path)


def write_still(film: Film, path: str | Path) -> None:
    """Write the picture in the middle of a film as PNG.

    Raises:
        OutputError: The file cannot be written.
    """
    with atomic_write(path) as stream:
        _image(film.picture(len(film) // 2)).save(stream, format="png", optimize=True)


def _image(picture: UInt8[np.ndarray, "h w 3"]) -> Image:
    from PIL import Image

    return Image.fromarray(picture)


def _write_gif(film: Film, pictures: Iterator[UInt8[np.ndarray, "h w 3"]], path: Path) -> None:
    if film.fps > 1 / _LEAST_DELAY_S:
        raise OptionsError(
            f"{path}: a GIF holds {1 / _LEAST_DELAY_S:g} pictures a second at most, not {film.fps:g}; give --fps"
        )
    some = np.unique(np.linspace(0, len(film) - 1, _SAMPLES).astype(int))
    # Marks are small, and mean something by their colours: of each there is enough to be among those chosen.
    swatches = np.array([rgb(colour) * 255 for colour in MARK_COLOURS]).astype(np.uint8)
    band = np.repeat(swatches, -(-film.shot.width // len(swatches)), axis=0)[: film.shot.width]
    bands = np.broadcast_to(band, (_SWATCH, *band.shape))
    together = np.concatenate([*(film.picture(int(k)) for k in some), bands])
    palette = _image(together).quantize(_COLOURS)

    def plain(picture: UInt8[np.ndarray, "h w 3"]) -> Image:
        from PIL import Image

        return _image(picture).quantize(palette=palette, dither=Image.Dither.NONE)

    _write_animation(map(plain, pictures), path, film.fps)


def _write_animation(images: Iterator[Image], path: Path, fps: float, **options: Any) -> None:
    first = next(images)
    with atomic_write(path) as stream:
        first.save(
            stream,
            format=path.suffix[1:].lower(),
            save_all=True,
            append_images=images,
            duration=round(1000 / fps),
            loop=0,
            **options,
        )


def _write_mp4(film: Film, pictures: Iterator[UInt8[np.ndarray, "h w 3"]], path: Path) -> None:
    import av

    width, height = film.shot.width // 2 * 2, film.shot.height // 2 * 2  # colours are halved
    with atomic_path(path) as made:
        try:
            with av.open(str(made), "w", options={"movflags": "faststart"}) as container:
                stream: Any = container.add_stream(
                    "libx264", rate=Fraction(film.fps).limit_denominator(1001)
                )
                stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                stream.options = {"crf": _QUALITY, "preset": "veryfast"}
                for picture in pictures:
                    frame = av.VideoFrame.from_ndarray(
                        np.ascontiguousarray(picture[:height, :width]), format="rgb24"
                    )
                    container.mux(stream.encode(frame))
                container.mux(stream.encode(None))
        except av.error.FFmpegError as error:
            raise OutputError(
                f"{path}: cannot be written ({error.strerror or error}); check that the disk has space, or write a .gif"
            ) from error
