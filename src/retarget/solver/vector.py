"""Register-blocked updates for the banded factorisation, written as generic LLVM vector code.

``rows -= coefficients x sources`` over a few vectors of numbers is the one operation in which the factorisation spends
its time. Numba's loop over such short rows spends more on alias checks than on arithmetic, so the tile is
emitted directly: accumulators stay in registers while a loop runs over the sources. The vectors are generic; LLVM
maps them to whatever the processor has. `retarget.solver.banded` says what is computed; `subtract_plainly` and
`finish_plainly` are the same in plain Numba, for processors without vectors, and what tests compare with.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float32
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from retarget._jit import jit
from retarget._packs import FEATURES, WIDE

__all__ = [
    "PANEL",
    "ROWS",
    "SCALES",
    "SPAN",
    "VECTORISED",
    "dots",
    "dots_plainly",
    "finish",
    "finish_plainly",
    "subtract",
    "subtract_plainly",
]

ROWS = 4  # rows of a tile; they share each load of a source row
VECTORISED = bool(FEATURES.get("fma") or FEATURES.get("neon"))
SPAN = 8  # numbers a vector; wider ones are no faster where they take two cycles, and waste more of a row
# Vectors a tile holds: its rows, the sources and a factor fit the registers.
_MOST = 5 if WIDE else 3
PANEL = 16  # columns worked on together where the sources form a triangle
_ALIGNMENT = 4 * SPAN
_INDEX = ir.IntType(64)
_VECTOR = ir.VectorType(ir.FloatType(), SPAN)
_UPPER = [
    (i, j) for j in range(ROWS) for i in range(j)
]  # order of the factors in ``scales``, reciprocals last
SCALES = len(_UPPER) + ROWS


def _number(value: int) -> ir.Constant:
    return ir.Constant(_INDEX, value)


def _splat(builder: Any, scalar: Any) -> Any:
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    lane = builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), SPAN), [0] * SPAN)
    return builder.shuffle_vector(lane, undefined, zeros)


def _scaled(builder: Any, fma: Any, scales: Any, sums: dict[tuple[int, int], Any], v: int) -> None:
    """Solve with the tile's own triangle: each row minus those above it, times its reciprocal."""

    def factor(place: int) -> Any:
        return _splat(builder, builder.load(builder.gep(scales, [_number(place)])))

    for j in range(ROWS):
        for i in range(j):
            less = builder.fneg(factor(_UPPER.index((i, j))))
            sums[j, v] = builder.call(fma, [less, sums[i, v], sums[j, v]])
        sums[j, v] = builder.fmul(sums[j, v], factor(len(_UPPER) + j))


def _tile(vectors: int, finished: bool) -> Any:
    """An intrinsic: ``a[dst + i row:] -= sum_k a[coef + k row + i] a[src + k row:]`` for `ROWS` rows and some vectors.

    Where ``finished``, the rows are then solved with the triangle in ``scales``. There are whole tiles of sources: of a
    single vector two are added up side by side, as one sum after the other would wait for itself.
    """
    together = 2 if vectors == 1 else 1

    def update(typing_context, array, scales, dst, coef, src, row, count):  # type: ignore[no-untyped-def]
        signature = types.void(array, scales, *[types.intp] * 5)

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            data, factors = (
                context.make_array(kind)(context, builder, value).data
                for kind, value in zip(signature.args[:2], arguments[:2], strict=True)
            )
            dst, coef, src, row, count = arguments[2:]
            fma = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(_VECTOR, [_VECTOR] * 3), f"llvm.fma.v{SPAN}f32"
            )

            def pointer(offset: Any, v: int) -> Any:
                place = builder.gep(data, [builder.add(offset, _number(v * SPAN))])
                return builder.bitcast(place, _VECTOR.as_pointer())

            starts = [builder.add(dst, builder.mul(row, _number(i))) for i in range(ROWS)]
            cells = [(i, v) for i in range(ROWS) for v in range(vectors)]
            before = {c: builder.load(pointer(starts[c[0]], c[1]), align=_ALIGNMENT) for c in cells}
            entry = builder.block
            body = builder.append_basic_block("sources")
            done = builder.append_basic_block("done")
            builder.cbranch(builder.icmp_signed(">", count, _number(0)), body, done)

            builder.position_at_end(body)
            index, source, place = (builder.phi(_INDEX) for _ in range(3))
            for phi, value in ((index, _number(0)), (source, src), (place, coef)):
                phi.add_incoming(value, entry)
            sums = [{cell: builder.phi(_VECTOR) for cell in cells} for _ in range(together)]
            after: list[dict[tuple[int, int], Any]] = []
            here, there = source, place
            for own in sums:
                loaded = [builder.load(pointer(here, v), align=_ALIGNMENT) for v in range(vectors)]
                added = {}
                for i in range(ROWS):
                    scalar = builder.load(builder.gep(data, [builder.add(there, _number(i))]))
                    less = _splat(builder, builder.fneg(scalar))
                    for v in range(vectors):
                        added[i, v] = builder.call(fma, [less, loaded[v], own[i, v]])
                after.append(added)
                here, there = builder.add(here, row), builder.add(there, row)
            following = builder.add(index, _number(together))
            index.add_incoming(following, body)
            source.add_incoming(here, body)
            place.add_incoming(there, body)
            nothing = ir.Constant(_VECTOR, [0.0] * SPAN)
            for n, (own, added) in enumerate(zip(sums, after, strict=True)):
                for cell in cells:
                    own[cell].add_incoming(nothing if n else before[cell], entry)
                    own[cell].add_incoming(added[cell], body)
            total = {cell: after[0][cell] for cell in cells}
            for added in after[1:]:
                total = {cell: builder.fadd(total[cell], added[cell]) for cell in cells}
            builder.cbranch(builder.icmp_signed("<", following, count), body, done)

            builder.position_at_end(done)
            results = {cell: builder.phi(_VECTOR) for cell in cells}
            for cell in cells:
                results[cell].add_incoming(before[cell], entry)
                results[cell].add_incoming(total[cell], body)
            if finished:
                for v in range(vectors):
                    _scaled(builder, fma, factors, results, v)
            for i, v in cells:
                builder.store(results[i, v], pointer(starts[i], v), align=_ALIGNMENT)
            return context.get_dummy_value()

        return signature, generate

    return intrinsic(update)


def _tiles(finished: bool) -> Any:
    """A kernel that works through any number of vectors by the largest tiles."""
    one, two, most = (_tile(vectors, finished) for vectors in (1, 2, _MOST))

    @jit(fastmath=True, inner=True)
    def work_through(
        a: Float32[np.ndarray, "n"],
        scales: Float32[np.ndarray, "10"],
        dst: int,
        coef: int,
        src: int,
        row: int,
        count: int,
        vectors: int,
    ) -> None:
        while vectors >= _MOST:
            most(a, scales, dst, coef, src, row, count)
            dst += _MOST * SPAN
            src += _MOST * SPAN
            vectors -= _MOST
        while vectors >= 2:
            two(a, scales, dst, coef, src, row, count)
            dst += 2 * SPAN
            src += 2 * SPAN
            vectors -= 2
        if vectors == 1:
            one(a, scales, dst, coef, src, row, count)

    return work_through


@jit(fastmath=True, inner=True)
def subtract_plainly(
    a: Float32[np.ndarray, "n"],
    scales: Float32[np.ndarray, "10"],
    dst: int,
    coef: int,
    src: int,
    row: int,
    count: int,
    vectors: int,
) -> None:
    """``a[dst + i row:] -= sum_k a[coef + k row + i] a[src + k row:]`` for `ROWS` rows and whole vectors, k < count."""
    for i in range(ROWS):
        values = a[dst + i * row : dst + i * row + vectors * SPAN]
        for k in range(count):
            factor = a[coef + k * row + i]
            source = a[src + k * row : src + k * row + vectors * SPAN]
            for c in range(values.shape[0]):
                values[c] -= factor * source[c]


@jit(fastmath=True, inner=True)
def finish_plainly(
    a: Float32[np.ndarray, "n"],
    scales: Float32[np.ndarray, "10"],
    dst: int,
    coef: int,
    src: int,
    row: int,
    count: int,
    vectors: int,
) -> None:
    """`subtract_plainly`, and the rows solved with their own triangle.

    ``scales`` holds its factors (0,1) (0,2) (1,2) (0,3) (1,3) (2,3), then the reciprocals of its diagonal.
    """
    subtract_plainly(a, scales, dst, coef, src, row, count, vectors)
    for c in range(vectors * SPAN):
        place = 0
        for j in range(ROWS):
            value = a[dst + j * row + c]
            for i in range(j):
                value -= scales[place] * a[dst + i * row + c]
                place += 1
            a[dst + j * row + c] = value * scales[SCALES - ROWS + j]


@intrinsic
def _dots(typing_context, array, known, sums, at, row, start, vectors):  # type: ignore[no-untyped-def]
    """`dots_plainly` with the sums of all rows in registers."""
    signature = types.void(array, known, sums, *[types.intp] * 4)

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        data, values, out = (
            context.make_array(kind)(context, builder, value).data
            for kind, value in zip(signature.args[:3], arguments[:3], strict=True)
        )
        at, row, start, vectors = arguments[3:]
        fma = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_VECTOR, [_VECTOR] * 3), f"llvm.fma.v{SPAN}f32"
        )
        total = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.FloatType(), [ir.FloatType(), _VECTOR]),
            f"llvm.vector.reduce.fadd.v{SPAN}f32",
        )
        starts = [builder.add(at, builder.mul(row, _number(i))) for i in range(ROWS)]
        cells = [
            cgutils.alloca_once_value(builder, ir.Constant(_VECTOR, [0.0] * SPAN))
            for _ in range(ROWS)
        ]
        with cgutils.for_range(builder, vectors) as loop:
            offset = builder.mul(loop.index, _number(SPAN))

            def load(base: Any, place: Any, align: int) -> Any:
                pointer = builder.gep(base, [builder.add(place, offset)])
                return builder.load(builder.bitcast(pointer, _VECTOR.as_pointer()), align=align)

            factor = load(values, start, 4)
            for cell, place in zip(cells, starts, strict=True):
                builder.store(
                    builder.call(fma, [load(data, place, _ALIGNMENT), factor, builder.load(cell)]),
                    cell,
                )
        for i, cell in enumerate(cells):
            zero = ir.Constant(ir.FloatType(), 0.0)
            value = builder.call(total, [zero, builder.load(cell)], fastmath=("reassoc",))
            builder.store(value, builder.gep(out, [_number(i)]))
        return context.get_dummy_value()

    return signature, generate


@jit(fastmath=True, inner=True)
def dots_plainly(
    a: Float32[np.ndarray, "n"],
    known: Float32[np.ndarray, "m"],
    sums: Float32[np.ndarray, "4"],
    at: int,
    row: int,
    start: int,
    vectors: int,
) -> None:
    """``sums[i] = a[at + i row:] . known[start:]`` for `ROWS` rows and whole vectors."""
    values = known[start : start + vectors * SPAN]
    for i in range(ROWS):
        factors = a[at + i * row : at + i * row + vectors * SPAN]
        total = 0.0
        for c in range(values.shape[0]):
            total += factors[c] * values[c]
        sums[i] = total


dots: Any = _dots if VECTORISED else dots_plainly
subtract: Any = _tiles(finished=False) if VECTORISED else subtract_plainly
finish: Any = _tiles(finished=True) if VECTORISED else finish_plainly
