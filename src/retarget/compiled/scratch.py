"""Room that a kernel works in: on the stack, zeroed, gone when the kernel returns.

Numba's own arrays are counted, which takes time in the innermost loops, and each kind of them is compiled by itself.
"""

from __future__ import annotations

import math
from typing import Any

from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

__all__ = ["scratch"]

_ALIGNMENT = 64  # bytes; a vector's


@intrinsic(prefer_literal=True)
def scratch(typing_context, shape, kind):  # type: ignore[no-untyped-def]
    """Zeros of a shape (a whole number or several) and a kind (`numpy.float32`, ...), for kernels only.

    They must not be returned, nor be asked for in a loop, where they would pile up. A few kilobytes, not a clip.

    Example:
        >>> turns = scratch((bodies, 3), np.float64)  # doctest: +SKIP
    """
    several = isinstance(shape, types.BaseTuple)
    lengths = tuple(shape) if several else (shape,)
    if not all(isinstance(length, types.Integer) for length in lengths):
        return None
    array = types.Array(kind.dtype, len(lengths), "C")

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        parts = cgutils.unpack_tuple(builder, arguments[0]) if several else arguments[:1]
        sizes = [
            context.cast(builder, part, length, types.intp)
            for part, length in zip(parts, lengths, strict=True)
        ]
        return _array_on_stack(context, builder, array, sizes, _known_count(lengths))

    return array(shape, kind), generate


def _known_count(lengths: tuple[Any, ...]) -> int | None:
    known = all(isinstance(length, types.IntegerLiteral) for length in lengths)
    return math.prod(int(length.literal_value) for length in lengths) if known else None


def _array_on_stack(
    context: Any, builder: Any, array: Any, sizes: list[Any], known: int | None
) -> Any:
    element = context.get_data_type(array.dtype)
    item = context.get_constant(types.intp, context.get_abi_sizeof(element))
    count = context.get_constant(types.intp, 1)
    strides: list[Any] = []
    for size in reversed(sizes):
        strides.insert(0, builder.mul(item, count))
        count = builder.mul(count, size)
    if known is None:
        place = builder.alloca(element, size=count)
    else:  # where the function begins, so that a few numbers can become registers
        with builder.goto_entry_block():
            place = builder.alloca(element, size=context.get_constant(types.intp, known))
    place.align = _ALIGNMENT
    cgutils.memset(builder, place, builder.mul(item, count), 0)
    made = make_array(array)(context, builder)
    populate_array(
        made,
        data=place,
        shape=cgutils.pack_array(builder, sizes),
        strides=cgutils.pack_array(builder, strides),
        itemsize=item,
        meminfo=None,
    )
    return impl_ret_borrowed(context, builder, array, made._getvalue())
