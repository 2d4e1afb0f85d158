"""Register-blocked updates for the banded factorisation, written as generic LLVM vector code.

``rows -= coefficients x sources`` over a few vectors of numbers is the one operation in which the factorisation spends
its time. Numba's loop over such short rows spends more on alias checks than on arithmetic, so the tile is
emitted directly: accumulators stay in registers while a loop runs over the sources. The vectors are generic; LLVM
maps them to whatever the processor has. `retarget.solver.linear.tiles` has the same in plain Numba.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Float32
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from retarget.compiled.jit import jit
from retarget.compiled.packs import FEATURES, WIDE

__all__ = ["ROWS", "SCALES", "SPAN", "VECTORISED", "vector_dots", "vector_tiles"]

ROWS = 4  # rows of a tile; they share each load of a source row
VECTORISED = bool(FEATURES.get("fma") or FEATURES.get("neon"))
SPAN = 8  # numbers a vector; wider ones are no faster where they take two cycles, and waste more of a row
# Vectors a tile holds: its rows, the sources and a factor fit the registers.
_MOST = 4 if WIDE else 3
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


def _multiply_add(builder: Any) -> Any:
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    return cgutils.get_or_insert_function(builder.module, kind, f"llvm.fma.v{SPAN}f32")


def _vector_at(builder: Any, data: Any, offset: Any, v: int) -> Any:
    place = builder.gep(data, [builder.add(offset, _number(v * SPAN))])
    return builder.bitcast(place, _VECTOR.as_pointer())


def _arrive(phis: Iterable[Any], values: Iterable[Any], block: Any) -> None:
    """Say what variables are where control comes from a block."""
    for phi, value in zip(phis, values, strict=True):
        phi.add_incoming(value, block)


def _add_source(
    builder: Any, data: Any, source: Any, coef: Any, sums: dict[tuple[int, int], Any], vectors: int
) -> dict[tuple[int, int], Any]:
    """Emit what one source adds to the sums."""
    fma = _multiply_add(builder)
    places = [_vector_at(builder, data, source, v) for v in range(vectors)]
    loaded = [builder.load(place, align=_ALIGNMENT) for place in places]
    added = {}
    for i in range(ROWS):
        scalar = builder.load(builder.gep(data, [builder.add(coef, _number(i))]))
        less = _splat(builder, builder.fneg(scalar))
        for v in range(vectors):
            added[i, v] = builder.call(fma, [less, loaded[v], sums[i, v]])
    return added


def _sum_sources(
    builder: Any,
    data: Any,
    at: list[Any],
    row: Any,
    end: Any,
    sums: dict[tuple[int, int], Any],
    vectors: int,
) -> list[Any]:
    """Emit the loop over sources to before ``end``, of so many vectors; ``sums`` are replaced.

    ``at`` is how far the sources are: their number, where the next is, and its coefficients; returned as it is then.
    There are whole tiles of sources: of a single vector two are added up side by side, as one sum after the other
    would wait for itself.
    """
    together = 2 if vectors == 1 else 1
    cells = [cell for cell in sums if cell[1] < vectors]
    entry = builder.block
    body = builder.append_basic_block("sources")
    done = builder.append_basic_block("done")
    builder.cbranch(builder.icmp_signed("<", at[0], end), body, done)

    builder.position_at_end(body)
    here = [builder.phi(_INDEX) for _ in at]
    before = [{cell: builder.phi(_VECTOR) for cell in cells} for _ in range(together)]
    after = []
    then = here
    for own in before:
        index, source, coef = then
        after.append(_add_source(builder, data, source, coef, own, vectors))
        then = [builder.add(index, _number(1)), builder.add(source, row), builder.add(coef, row)]
    nothing = ir.Constant(_VECTOR, [0.0] * SPAN)
    _arrive(here, at, entry)
    _arrive(here, then, body)
    for n, (own, added) in enumerate(zip(before, after, strict=True)):
        _arrive(own.values(), [nothing if n else sums[cell] for cell in cells], entry)
        _arrive(own.values(), [added[cell] for cell in cells], body)
    total = after[0]
    for added in after[1:]:
        total = {cell: builder.fadd(total[cell], added[cell]) for cell in cells}
    builder.cbranch(builder.icmp_signed("<", then[0], end), body, done)

    builder.position_at_end(done)
    reached = [builder.phi(_INDEX) for _ in at]
    _arrive(reached, at, entry)
    _arrive(reached, then, body)
    for cell in cells:
        phi = builder.phi(_VECTOR)
        phi.add_incoming(sums[cell], entry)
        phi.add_incoming(total[cell], body)
        sums[cell] = phi
    return reached


def _tile(vectors: int, triangle: bool, finished: bool) -> Any:
    """An intrinsic: `retarget.solver.linear.tiles.subtract_plainly` of so many vectors, or one of its like."""

    def update(typing_context, array, scales, dst, coef, src, row, first, count):  # type: ignore[no-untyped-def]
        signature = types.void(array, scales, *[types.intp] * 6)

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            data, factors = (
                context.make_array(kind)(context, builder, value).data
                for kind, value in zip(signature.args[:2], arguments[:2], strict=True)
            )
            dst, coef, src, row, first, count = arguments[2:]
            starts = [builder.add(dst, builder.mul(row, _number(i))) for i in range(ROWS)]
            places = {
                (i, v): _vector_at(builder, data, starts[i], v)
                for i in range(ROWS)
                for v in range(vectors)
            }
            sums = {cell: builder.load(place, align=_ALIGNMENT) for cell, place in places.items()}
            down = builder.mul(first, row)
            at = [first, builder.add(src, down), builder.add(coef, down)]
            if triangle:
                for step in range(1, vectors):
                    riser = _number(step * SPAN)
                    end = builder.select(builder.icmp_signed("<", count, riser), count, riser)
                    at = _sum_sources(builder, data, at, row, end, sums, step)
            _sum_sources(builder, data, at, row, count, sums, vectors)
            if finished:
                for v in range(vectors):
                    _scaled(builder, _multiply_add(builder), factors, sums, v)
            for cell, place in places.items():
                builder.store(sums[cell], place, align=_ALIGNMENT)
            return context.get_dummy_value()

        return signature, generate

    return intrinsic(update)


def vector_tiles(*, triangle: bool, finished: bool) -> Any:
    """A kernel that works through any number of vectors by the largest tiles."""
    one, two, three, most = (_tile(vectors, triangle, finished) for vectors in (1, 2, 3, _MOST))
    along = SPAN * _MOST
    down = along if triangle else 0  # rows before which the columns that are left have no source

    @jit(fastmath=True, inner=True)
    def work_through(
        a: Float32[np.ndarray, "n"],
        scales: Float32[np.ndarray, "10"],
        dst: int,
        coef: int,
        src: int,
        row: int,
        first: int,
        count: int,
        vectors: int,
    ) -> None:
        while vectors >= _MOST:
            most(a, scales, dst, coef, src, row, first, count)
            dst += along
            src += along + down * row
            coef += down * row
            first = max(first - down, 0)
            count -= down
            vectors -= _MOST
        if vectors == 3:
            three(a, scales, dst, coef, src, row, first, count)
        elif vectors == 2:
            two(a, scales, dst, coef, src, row, first, count)
        elif vectors == 1:
            one(a, scales, dst, coef, src, row, first, count)

    return work_through


@intrinsic
def vector_dots(typing_context, array, known, sums, at, row, start, vectors):  # type: ignore[no-untyped-def]
    """`retarget.solver.linear.tiles.dots_plainly` with the sums of all rows in registers."""
    signature = types.void(array, known, sums, *[types.intp] * 4)

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        data, values, out = (
            context.make_array(kind)(context, builder, value).data
            for kind, value in zip(signature.args[:3], arguments[:3], strict=True)
        )
        at, row, start, vectors = arguments[3:]
        fma = _multiply_add(builder)
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
            # What was solved last comes last, so that the rest is added up meanwhile.
            ahead = builder.sub(builder.sub(vectors, _number(1)), loop.index)
            offset = builder.mul(ahead, _number(SPAN))

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
