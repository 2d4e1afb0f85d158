"""What a painter does with bodies: capsules by their rays, triangles, and what is seen of them.

Bodies are painted at twice the picture's size and averaged: edges are smooth, and a body of which every other sample is
left out is seen through.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float32, Float64, Int64, UInt8

from retarget.compiled.jit import jit

__all__ = ["clear", "paint_capsules", "paint_triangles", "resolve"]

_FAR = 1e9
_LIGHT = (-0.38, 0.55, 0.80)  # along the picture's right, towards the viewer, and the world's up
_AMBIENT, _KEY, _FILL = 0.62, 0.42, 0.06
_RIM = 0.40  # how much darker a body is where it turns away from the viewer


@jit(fastmath=True)
def clear(
    colours: Float32[np.ndarray, "h w 3"],
    depths: Float32[np.ndarray, "h w"],
    box: Int64[np.ndarray, "4"],
) -> None:
    """Empty the part of the sample buffers that a box (left, top, right, bottom) of samples holds."""
    for v in range(box[1], box[3]):
        for u in range(box[0], box[2]):
            depths[v, u] = 1e9
            for c in range(3):
                colours[v, u, c] = 0.0


@jit(fastmath=True, inner=True)
def _shaded(
    nx: float,
    ny: float,
    nz: float,
    vx: float,
    vy: float,
    vz: float,
    camera: Float64[np.ndarray, "14"],
) -> tuple[float, float]:
    """Brightness of a surface with a unit normal seen along v (unit), and its gloss."""
    facing = -(nx * vx + ny * vy + nz * vz)
    lx = _LIGHT[0] * camera[3] - _LIGHT[1] * camera[9]
    ly = _LIGHT[0] * camera[4] - _LIGHT[1] * camera[10]
    lz = _LIGHT[0] * camera[5] - _LIGHT[1] * camera[11] + _LIGHT[2]
    size = 1 / math.sqrt(lx * lx + ly * ly + lz * lz)
    key = max((nx * lx + ny * ly + nz * lz) * size, 0.0)
    light = _AMBIENT + _KEY * key + _FILL * nz
    edge = 1 - min(max(facing, 0.0) / 0.45, 1.0)
    light *= 1 - _RIM * edge * edge
    return light, 0.10 * key**24


@jit(fastmath=True)
def paint_capsules(
    starts: Float64[np.ndarray, "K 3"],
    ends: Float64[np.ndarray, "K 3"],
    radii: Float64[np.ndarray, "K"],
    paints: Float32[np.ndarray, "K 4"],
    camera: Float64[np.ndarray, "14"],
    colours: Float32[np.ndarray, "h w 3"],
    depths: Float32[np.ndarray, "h w"],
) -> None:
    """Paint capsules into the samples.

    ``paints`` are red, green, blue, and how solid: -1 is not seen at all, 0 is seen through, 1 is solid, and 2 is
    hidden below the floor, where others show in another colour. The camera's numbers are those of the samples: their
    middle is (w / 2, h / 2).
    """
    height, width = depths.shape
    mx, my = width / 2, height / 2
    focal = camera[12]
    deep = camera[13]
    for k in range(starts.shape[0]):
        if paints[k, 3] < 0:
            continue
        r = radii[k]
        left, right, top, bottom = _FAR, -_FAR, _FAR, -_FAR
        hidden = False
        for end in range(2):
            x = y = z = 0.0
            for i in range(3):
                d = (ends[k, i] if end else starts[k, i]) - camera[i]
                x += d * camera[3 + i]
                y += d * camera[6 + i]
                z += d * camera[9 + i]
            if deep > 0.5 and z - r < 0.05:
                hidden = True
                break
            near = focal / (z - r) if deep > 0.5 else focal
            s = focal / z if deep > 0.5 else focal
            u, v, reach = mx + s * x, my - s * y, near * r * 1.05 + 1
            left, right = min(left, u - reach), max(right, u + reach)
            top, bottom = min(top, v - reach), max(bottom, v + reach)
        if hidden or right < 0 or left >= width or bottom < 0 or top >= height:
            continue
        solid = paints[k, 3] > 0.5
        bax = ends[k, 0] - starts[k, 0]
        bay = ends[k, 1] - starts[k, 1]
        baz = ends[k, 2] - starts[k, 2]
        baba = bax * bax + bay * bay + baz * baz
        for v in range(max(int(top), 0), min(int(bottom) + 1, height)):
            sy = (my - v - 0.5) / focal
            for u in range(max(int(left), 0), min(int(right) + 1, width)):
                if not solid and (u + v) & 1:
                    continue
                sx = (u + 0.5 - mx) / focal
                px = camera[3] * sx + camera[6] * sy
                py = camera[4] * sx + camera[7] * sy
                pz = camera[5] * sx + camera[8] * sy
                ox = camera[0] + (1 - deep) * px
                oy = camera[1] + (1 - deep) * py
                oz = camera[2] + (1 - deep) * pz
                rx = camera[9] + deep * px
                ry = camera[10] + deep * py
                rz = camera[11] + deep * pz
                ax = ox - starts[k, 0]
                ay = oy - starts[k, 1]
                az = oz - starts[k, 2]
                rr = rx * rx + ry * ry + rz * rz
                bard = bax * rx + bay * ry + baz * rz
                baoa = bax * ax + bay * ay + baz * az
                rdoa = rx * ax + ry * ay + rz * az
                oaoa = ax * ax + ay * ay + az * az
                # Which of the axis' points is nearest to where the ray meets: within it, or one of its ends.
                t = -1.0
                where = 0.0
                quad = baba * rr - bard * bard
                if quad > 1e-12:
                    lin = baba * rdoa - baoa * bard
                    con = baba * oaoa - baoa * baoa - r * r * baba
                    h = lin * lin - quad * con
                    if h < 0:
                        continue
                    t = (-lin - math.sqrt(h)) / quad
                    along = baoa + t * bard
                    where = along / baba
                else:
                    where = 0.0 if bard >= 0 else 1.0
                    t = -1.0
                if quad <= 1e-12 or where <= 0 or where >= 1:
                    where = 0.0 if where <= 0 else 1.0
                    cx = ax - where * bax
                    cy = ay - where * bay
                    cz = az - where * baz
                    lin = rx * cx + ry * cy + rz * cz
                    h = lin * lin - rr * (cx * cx + cy * cy + cz * cz - r * r)
                    if h < 0:
                        continue
                    t = (-lin - math.sqrt(h)) / rr
                if t <= 0 or t >= depths[v, u]:
                    continue
                height_there = oz + t * rz
                if height_there < 0 and paints[k, 3] > 1.5:
                    continue
                depths[v, u] = t
                nx = (ax + t * rx - where * bax) / r
                ny = (ay + t * ry - where * bay) / r
                nz = (az + t * rz - where * baz) / r
                size = 1 / math.sqrt(rr)
                light, gloss = _shaded(nx, ny, nz, rx * size, ry * size, rz * size, camera)
                below = height_there < -0.004
                for c in range(3):
                    colour = paints[k, c]
                    if below:  # what is below the floor is seen, and seen to be wrong
                        colour = 0.35 * colour + (0.65 * 0.64 if c != 1 else 0.0)
                    colours[v, u, c] = min(colour * light + gloss, 1.0)


@jit(fastmath=True)
def paint_triangles(
    points: Float64[np.ndarray, "V 3"],
    normals: Float64[np.ndarray, "V 3"],
    triangles: Int64[np.ndarray, "F 3"],
    paint: Float32[np.ndarray, "4"],
    camera: Float64[np.ndarray, "14"],
    colours: Float32[np.ndarray, "h w 3"],
    depths: Float32[np.ndarray, "h w"],
    seen: Float64[np.ndarray, "V 3"],
) -> None:
    """Paint triangles into the samples, as `paint_capsules` does; ``seen`` is room for where their corners are seen."""
    height, width = depths.shape
    mx, my = width / 2, height / 2
    deep = camera[13]
    for p in range(points.shape[0]):
        x = y = z = 0.0
        for i in range(3):
            d = points[p, i] - camera[i]
            x += d * camera[3 + i]
            y += d * camera[6 + i]
            z += d * camera[9 + i]
        s = camera[12] / z if deep > 0.5 else camera[12]
        seen[p, 0] = mx + s * x
        seen[p, 1] = my - s * y
        seen[p, 2] = z
    solid = paint[3] > 0.5
    for f in range(triangles.shape[0]):
        a, b, c = triangles[f, 0], triangles[f, 1], triangles[f, 2]
        if deep > 0.5 and min(seen[a, 2], seen[b, 2], seen[c, 2]) < 0.05:
            continue
        ax, ay = seen[a, 0], seen[a, 1]
        bx, by = seen[b, 0] - ax, seen[b, 1] - ay
        cx, cy = seen[c, 0] - ax, seen[c, 1] - ay
        area = bx * cy - by * cx
        if abs(area) < 1e-9:
            continue
        left = max(math.floor(ax + min(0.0, bx, cx)), 0)
        right = min(math.ceil(ax + max(0.0, bx, cx)), width)
        top = max(math.floor(ay + min(0.0, by, cy)), 0)
        bottom = min(math.ceil(ay + max(0.0, by, cy)), height)
        for v in range(top, bottom):
            for u in range(left, right):
                if not solid and (u + v) & 1:
                    continue
                dx, dy = u + 0.5 - ax, v + 0.5 - ay
                wb = (dx * cy - dy * cx) / area
                wc = (bx * dy - by * dx) / area
                wa = 1 - wb - wc
                if wa < 0 or wb < 0 or wc < 0:
                    continue
                if deep > 0.5:
                    z = 1 / (wa / seen[a, 2] + wb / seen[b, 2] + wc / seen[c, 2])
                else:
                    z = wa * seen[a, 2] + wb * seen[b, 2] + wc * seen[c, 2]
                if z >= depths[v, u]:
                    continue
                depths[v, u] = z
                nx = wa * normals[a, 0] + wb * normals[b, 0] + wc * normals[c, 0]
                ny = wa * normals[a, 1] + wb * normals[b, 1] + wc * normals[c, 1]
                nz = wa * normals[a, 2] + wb * normals[b, 2] + wc * normals[c, 2]
                size = 1 / math.sqrt(nx * nx + ny * ny + nz * nz + 1e-12)
                if nx * camera[9] + ny * camera[10] + nz * camera[11] > 0:
                    size = -size  # seen from inside: light it like its outside
                light, gloss = _shaded(
                    nx * size, ny * size, nz * size, camera[9], camera[10], camera[11], camera
                )
                for i in range(3):
                    colours[v, u, i] = min(paint[i] * light + gloss, 1.0)


@jit(fastmath=True)
def resolve(
    picture: Float32[np.ndarray, "h w 3"],
    colours: Float32[np.ndarray, "H W 3"],
    depths: Float32[np.ndarray, "H W"],
    box: Int64[np.ndarray, "4"],
    out: UInt8[np.ndarray, "h w 3"],
) -> None:
    """Average the samples in a box (of samples) over the background, and round all of it to bytes."""
    height, width, _ = picture.shape
    for v in range(height):
        inside = box[1] <= 2 * v < box[3]
        for u in range(width):
            covered = 0
            if inside and box[0] <= 2 * u < box[2]:
                for k in range(4):
                    covered += depths[2 * v + k // 2, 2 * u + k % 2] < 1e8
            for c in range(3):
                value = picture[v, u, c]
                if covered:
                    value *= 4 - covered
                    for k in range(4):
                        value += colours[2 * v + k // 2, 2 * u + k % 2, c]
                    value *= 0.25
                out[v, u, c] = np.uint8(min(max(value * 255 + 0.5, 0.0), 255.0))
