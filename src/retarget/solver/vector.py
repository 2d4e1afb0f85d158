"""Register-blocked rank updates for the banded factorisation, written as generic LLVM vector code.

``rows -= coefficients x sources`` over a few vectors of eight doubles is the one operation in which the factorisation
spends its time. Numba's loop over such short rows spends more on alias checks than on arithmetic, so the tile is
emitted directly: accumulators stay in registers while a loop runs over the sources. The vectors are generic; LLVM
maps them to whatever the processor has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float64
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from retarget._jit import jit

__all__ = ["LANES", "update_four_rows", "update_row"]

LANES = 8  # doubles a vector; rows are padded to whole vectors and aligned
_ALIGNMENT = 8 * LANES
_INDEX = ir.IntType(64)


def _tile(rows: int, vectors: int) -> Any:
    """An intrinsic: ``a[dst:] -= sum_k a[coef + k coef_step] a[src + k src_step:]`` for some rows and vectors.

    Offsets and steps count doubles. Row i of the destination starts ``i * dst_step`` later and takes the
    coefficient ``i`` places later.
    """
    vector = ir.VectorType(ir.DoubleType(), LANES)
    undefined = ir.Constant(vector, ir.Undefined)
    first_lane = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)

    def update(  # type: ignore[no-untyped-def]
        typing_context, array, dst, dst_step, coef, coef_step, src, src_step, count
    ):
        signature = types.void(array, *[types.intp] * 7)

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
            dst, dst_step, coef, coef_step, src, src_step, count = arguments[1:]
            fma = cgutils.get_or_insert_function(
                builder.module,
                ir.FunctionType(vector, [vector] * 3),
                f"llvm.fma.v{LANES}f64",
            )

            def number(value: int) -> ir.Constant:
                return ir.Constant(_INDEX, value)

            def pointer(offset: Any, v: int) -> Any:
                place = builder.gep(data, [builder.add(offset, number(v * LANES))])
                return builder.bitcast(place, vector.as_pointer())

            starts = [builder.add(dst, builder.mul(dst_step, number(i))) for i in range(rows)]
            cells = [(i, v) for i in range(rows) for v in range(vectors)]
            before = {c: builder.load(pointer(starts[c[0]], c[1]), align=_ALIGNMENT) for c in cells}
            entry = builder.block
            body = builder.append_basic_block("sources")
            done = builder.append_basic_block("done")
            builder.cbranch(builder.icmp_signed(">", count, number(0)), body, done)

            builder.position_at_end(body)
            index, source, place = (builder.phi(_INDEX) for _ in range(3))
            index.add_incoming(number(0), entry)
            source.add_incoming(src, entry)
            place.add_incoming(coef, entry)
            sums = {cell: builder.phi(vector) for cell in cells}
            for cell in cells:
                sums[cell].add_incoming(before[cell], entry)
            loaded = [builder.load(pointer(source, v), align=_ALIGNMENT) for v in range(vectors)]
            after = {}
            for i in range(rows):
                scalar = builder.load(builder.gep(data, [builder.add(place, number(i))]))
                lane = builder.insert_element(
                    undefined, builder.fneg(scalar), ir.Constant(ir.IntType(32), 0)
                )
                factor = builder.shuffle_vector(lane, undefined, first_lane)
                for v in range(vectors):
                    after[i, v] = builder.call(fma, [factor, loaded[v], sums[i, v]])
            following = builder.add(index, number(1))
            index.add_incoming(following, body)
            source.add_incoming(builder.add(source, src_step), body)
            place.add_incoming(builder.add(place, coef_step), body)
            for cell in cells:
                sums[cell].add_incoming(after[cell], body)
            builder.cbranch(builder.icmp_signed("<", following, count), body, done)

            builder.position_at_end(done)
            results = {cell: builder.phi(vector) for cell in cells}
            for cell in cells:
                results[cell].add_incoming(before[cell], entry)
                results[cell].add_incoming(after[cell], body)
            for i, v in cells:
                builder.store(results[i, v], pointer(starts[i], v), align=_ALIGNMENT)
            return context.get_dummy_value()

        return signature, generate

    return intrinsic(update)


_one_1, _one_2, _one_3, _one_4, _one_5 = (_tile(1, v) for v in range(1, 6))
_four_1, _four_2, _four_3, _four_4, _four_5 = (_tile(4, v) for v in range(1, 6))
_MOST = 5  # vectors a tile holds: four rows of them and the sources fit 32 registers


@jit(fastmath=True)
def update_row(
    a: Float64[np.ndarray, "n"],
    dst: int,
    coef: int,
    coef_step: int,
    src: int,
    src_step: int,
    count: int,
    vectors: int,
) -> None:
    """``a[dst:] -= sum_k a[coef + k coef_step] a[src + k src_step:]`` over whole vectors, for k < count."""
    while vectors > _MOST:
        _one_5(a, dst, 0, coef, coef_step, src, src_step, count)
        dst += _MOST * LANES
        src += _MOST * LANES
        vectors -= _MOST
    if vectors == 1:
        _one_1(a, dst, 0, coef, coef_step, src, src_step, count)
    elif vectors == 2:
        _one_2(a, dst, 0, coef, coef_step, src, src_step, count)
    elif vectors == 3:
        _one_3(a, dst, 0, coef, coef_step, src, src_step, count)
    elif vectors == 4:
        _one_4(a, dst, 0, coef, coef_step, src, src_step, count)
    elif vectors == 5:
        _one_5(a, dst, 0, coef, coef_step, src, src_step, count)


@jit(fastmath=True)
def update_four_rows(
    a: Float64[np.ndarray, "n"],
    dst: int,
    dst_step: int,
    coef: int,
    coef_step: int,
    src: int,
    src_step: int,
    count: int,
    vectors: int,
) -> None:
    """`update_row` for four rows ``dst_step`` apart with neighbouring coefficients."""
    while vectors > _MOST:
        _four_5(a, dst, dst_step, coef, coef_step, src, src_step, count)
        dst += _MOST * LANES
        src += _MOST * LANES
        vectors -= _MOST
    if vectors == 1:
        _four_1(a, dst, dst_step, coef, coef_step, src, src_step, count)
    elif vectors == 2:
        _four_2(a, dst, dst_step, coef, coef_step, src, src_step, count)
    elif vectors == 3:
        _four_3(a, dst, dst_step, coef, coef_step, src, src_step, count)
    elif vectors == 4:
        _four_4(a, dst, dst_step, coef, coef_step, src, src_step, count)
    elif vectors == 5:
        _four_5(a, dst, dst_step, coef, coef_step, src, src_step, count)
