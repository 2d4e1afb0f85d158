"""What a painter does with the floor: lines, shadows, and outlines that are filled."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float32, Float64, Int64

from retarget.compiled.jit import jit

__all__ = ["paint_floor", "shade_ground"]

_SOFT, _SPREAD = 0.03, 0.45  # metres of a shadow's edge, and more per metre of height
_DARKEST = 0.62


@jit(fastmath=True)
def shade_ground(
    starts: Float64[np.ndarray, "K 3"],
    ends: Float64[np.ndarray, "K 3"],
    radii: Float64[np.ndarray, "K"],
    corner: Float64[np.ndarray, "2"],
    texel: float,
    shade: Float32[np.ndarray, "n n"],
) -> None:
    """Darken a square map of the floor below capsules: more, and sharper, the nearer they are to it.

    ``shade[i, j]`` is the share of light at ``corner + texel * (j, i)`` metres that is missing.
    """
    size = shade.shape[0]
    for i in range(size):
        for j in range(size):
            shade[i, j] = 0.0
    for k in range(starts.shape[0]):
        ax, ay, bx, by = starts[k, 0], starts[k, 1], ends[k, 0], ends[k, 1]
        az, bz = max(starts[k, 2] - radii[k], 0.0), max(ends[k, 2] - radii[k], 0.0)
        dx, dy = bx - ax, by - ay
        squared = dx * dx + dy * dy
        reach = radii[k] + _SOFT + _SPREAD * max(az, bz)
        left = max(int((min(ax, bx) - reach - corner[0]) / texel), 0)
        right = min(int((max(ax, bx) + reach - corner[0]) / texel) + 2, size)
        top = max(int((min(ay, by) - reach - corner[1]) / texel), 0)
        bottom = min(int((max(ay, by) + reach - corner[1]) / texel) + 2, size)
        for i in range(top, bottom):
            y = corner[1] + texel * i
            for j in range(left, right):
                x = corner[0] + texel * j
                s = 0.0
                if squared > 1e-12:
                    s = min(max(((x - ax) * dx + (y - ay) * dy) / squared, 0.0), 1.0)
                gx, gy = x - ax - s * dx, y - ay - s * dy
                far = math.sqrt(gx * gx + gy * gy)
                above = az + s * (bz - az)
                soft = _SOFT + _SPREAD * above
                share = min(max((radii[k] + soft - far) / (2 * soft), 0.0), 1.0)
                dark = (
                    _DARKEST
                    * share
                    * share
                    * (3 - 2 * share)
                    / (1 + 9 * above * above + 2.2 * above)
                )
                shade[i, j] = max(shade[i, j], dark)


@jit(fastmath=True, inner=True)
def _inside(
    hulls: Float64[np.ndarray, "P C 2"], counts: Int64[np.ndarray, "P"], x: float, y: float
) -> int:
    """The last hull that a place is in, -1 where it is in none."""
    found = -1
    for p in range(counts.shape[0]):
        count = counts[p]
        if count < 3:
            continue
        inside = True
        for c in range(count):
            n = c + 1 if c + 1 < count else 0
            ax, ay = hulls[p, c, 0], hulls[p, c, 1]
            if (hulls[p, n, 0] - ax) * (y - ay) - (hulls[p, n, 1] - ay) * (x - ax) < 0:
                inside = False
                break
        if inside:
            found = p
    return found


@jit(fastmath=True)
def paint_floor(
    picture: Float32[np.ndarray, "h w 3"],
    camera: Float64[np.ndarray, "14"],
    centre: Float64[np.ndarray, "2"],
    radius: float,
    tones: Float32[np.ndarray, "4 3"],
    corner: Float64[np.ndarray, "2"],
    texel: float,
    shade: Float32[np.ndarray, "n n"],
    hulls: Float64[np.ndarray, "P C 2"],
    counts: Int64[np.ndarray, "P"],
    fills: Float32[np.ndarray, "P 3"],
) -> None:
    """Paint the background and a floor at height zero with a line every metre, thinner ones between, and shadows.

    The floor fades out ``radius`` metres from ``centre``. ``tones`` are the colours of the room's bottom, its top, the
    floor, and its lines; the convex ``hulls`` on it are filled with ``fills``.
    """
    height, width, _ = picture.shape
    mx, my = width / 2, height / 2
    focal, deep = camera[12], camera[13]
    size = shade.shape[0]
    for v in range(height):
        sy = (my - v - 0.5) / focal
        share = v / height
        for u in range(width):
            sx = (u + 0.5 - mx) / focal
            r = tones[0, 0] * share + tones[1, 0] * (1 - share)
            g = tones[0, 1] * share + tones[1, 1] * (1 - share)
            b = tones[0, 2] * share + tones[1, 2] * (1 - share)
            px = camera[3] * sx + camera[6] * sy
            py = camera[4] * sx + camera[7] * sy
            pz = camera[5] * sx + camera[8] * sy
            down = camera[11] + deep * pz
            t = -(camera[2] + (1 - deep) * pz) / down if down < -1e-6 else -1.0
            if t > 0:
                x = camera[0] + (1 - deep) * px + t * (camera[9] + deep * px)
                y = camera[1] + (1 - deep) * py + t * (camera[10] + deep * py)
                ex, ey = x - centre[0], y - centre[1]
                fade = 1 - (ex * ex + ey * ey) / (radius * radius)
                if fade > 0:
                    fade = min(1.5 * fade, 1.0)
                    # How many metres of floor a pixel holds, along and across the view.
                    across = (t if deep > 0.5 else 1.0) / focal
                    along = across / max(-down, 0.05)
                    line = max(
                        _line(x, 1.0, 0.008, max(across, along * 0.7)),
                        _line(y, 1.0, 0.008, max(across, along * 0.7)),
                    )
                    thin = max(
                        _line(x, 0.25, 0.004, max(across, along * 0.7)),
                        _line(y, 0.25, 0.004, max(across, along * 0.7)),
                    )
                    line = max(line, 0.35 * thin)
                    fr = tones[2, 0] + (tones[3, 0] - tones[2, 0]) * line
                    fg = tones[2, 1] + (tones[3, 1] - tones[2, 1]) * line
                    fb = tones[2, 2] + (tones[3, 2] - tones[2, 2]) * line
                    hull = _inside(hulls, counts, x, y)
                    if hull >= 0:
                        fr += 0.7 * (fills[hull, 0] - fr)
                        fg += 0.7 * (fills[hull, 1] - fg)
                        fb += 0.7 * (fills[hull, 2] - fb)
                    gx, gy = (x - corner[0]) / texel, (y - corner[1]) / texel
                    j, i = int(gx), int(gy)
                    if gx >= 0 and gy >= 0 and j < size - 1 and i < size - 1:
                        wx, wy = gx - j, gy - i
                        dark = (shade[i, j] * (1 - wx) + shade[i, j + 1] * wx) * (1 - wy)
                        dark += (shade[i + 1, j] * (1 - wx) + shade[i + 1, j + 1] * wx) * wy
                        fr *= 1 - dark
                        fg *= 1 - dark
                        fb *= 1 - 0.92 * dark
                    r += fade * (fr - r)
                    g += fade * (fg - g)
                    b += fade * (fb - b)
            picture[v, u, 0] = r
            picture[v, u, 1] = g
            picture[v, u, 2] = b


@jit(fastmath=True, inner=True)
def _line(x: float, every: float, wide: float, pixel: float) -> float:
    """How much of a pixel a line covers that lies on every multiple of a length, metres."""
    off = abs(x / every - math.floor(x / every + 0.5)) * every
    spread = max(pixel, wide)
    cover = min(wide / spread, 1.0)
    return (
        cover * max(min((0.5 * wide + 0.5 * spread - off) / spread + 0.5, 1.0), 0.0)
        if off < wide + spread
        else 0.0
    )
