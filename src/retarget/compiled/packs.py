"""Several frames side by side in one vector register: the same kernels for one frame and for `LANES` of them.

A pack is a vector of single-precision numbers, one per lane: twice as many as doubles; an iteration's steps need no
more. An array of packs is a plain array whose last axis has `LANES` entries, seen through `packs`: indexing it gives
packs, and packs take the operators that numbers take. So a kernel that indexes arrays and calculates without branches
on its data works on plain arrays and on arrays of packs alike, and is tested by comparing the two.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed, lower_cast
from numba.core.typeconv import Conversion
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import (
    intrinsic,
    lower_builtin,
    models,
    overload,
    overload_attribute,
    register_model,
)
from numba.np.arrayobj import make_array

__all__ = [
    "FEATURES",
    "LANES",
    "REAL",
    "WIDE",
    "anywhere",
    "both",
    "either",
    "packs",
    "sine_cosine",
    "where",
]

FEATURES = binding.get_host_cpu_features()
WIDE = bool(FEATURES.get("avx512f"))  # 32 registers of 16 numbers, not 16 of 8
LANES = 16 if WIDE else 8  # numbers a vector
REAL = np.float32
_REAL = types.float32
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_BITS = ir.VectorType(ir.IntType(1), LANES)
_FAST = ("nnan", "ninf", "nsz", "arcp", "contract", "afn")


class PackType(types.Type):
    def __init__(self) -> None:
        super().__init__(name=f"pack{LANES}")

    def unify(self, typing_context: Any, other: Any) -> Any:
        return self if isinstance(other, types.Number) else None

    def can_convert_from(self, typing_context: Any, other: Any) -> Any:
        return Conversion.safe if isinstance(other, types.Number) else None


class MaskType(types.Type):
    def __init__(self) -> None:
        super().__init__(name=f"mask{LANES}")


class PacksType(types.Type):
    def __init__(self, array: Any) -> None:
        self.array = array
        super().__init__(name=f"packs({array})")

    @property
    def key(self) -> Any:
        return self.array


pack = PackType()
mask = MaskType()


@register_model(PackType)
class _PackModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)


@register_model(MaskType)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _BITS)


@register_model(PacksType)
class _PacksModel(models.StructModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, [("array", kind.array)])


def _splat(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    if kind is pack:
        return value
    value = context.cast(builder, value, kind, _REAL)
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, undefined, zeros)


def _binary(symbol: Any, emit: Any, result: Any, in_place: Any = None) -> None:
    class Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            known = all(a is pack or isinstance(a, (types.Float, types.Integer)) for a in args)
            return signature(result, *args) if len(args) == 2 and pack in args and known else None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        values = [_splat(context, builder, k, v) for k, v in zip(sig.args, args, strict=True)]
        return emit(builder, *values)

    for one in [symbol] + ([in_place] if in_place else []):
        infer_global(one)(Template)
        for kinds in (
            (pack, pack),
            (pack, types.Float),
            (types.Float, pack),
            (pack, types.Integer),
            (types.Integer, pack),
        ):
            lower_builtin(one, *kinds)(lower)


_binary(operator.add, lambda b, x, y: b.fadd(x, y, flags=_FAST), pack, operator.iadd)
_binary(operator.sub, lambda b, x, y: b.fsub(x, y, flags=_FAST), pack, operator.isub)
_binary(operator.mul, lambda b, x, y: b.fmul(x, y, flags=_FAST), pack, operator.imul)
_binary(operator.truediv, lambda b, x, y: b.fdiv(x, y, flags=_FAST), pack)
_binary(operator.lt, lambda b, x, y: b.fcmp_ordered("<", x, y), mask)
_binary(operator.le, lambda b, x, y: b.fcmp_ordered("<=", x, y), mask)
_binary(operator.gt, lambda b, x, y: b.fcmp_ordered(">", x, y), mask)
_binary(operator.ge, lambda b, x, y: b.fcmp_ordered(">=", x, y), mask)
_binary(max, lambda b, x, y: b.select(b.fcmp_ordered(">", x, y), x, y), pack)
_binary(min, lambda b, x, y: b.select(b.fcmp_ordered("<", x, y), x, y), pack)


@infer_global(operator.neg)
class _Negated(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        return signature(pack, pack) if args == (pack,) else None


@lower_builtin(operator.neg, pack)
def _negate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.fneg(args[0])


@lower_cast(types.Float, pack)
@lower_cast(types.Integer, pack)
def _cast(context: Any, builder: Any, source: Any, target: Any, value: Any) -> Any:
    return _splat(context, builder, source, value)


def _unary(symbol: Any, name: str) -> None:
    class Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            return signature(pack, pack) if args == (pack,) else None

    infer_global(symbol)(Template)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        f = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_VECTOR, [_VECTOR]), f"llvm.{name}.v{LANES}f32"
        )
        return builder.call(f, args)

    lower_builtin(symbol, pack)(lower)


_unary(math.sqrt, "sqrt")
_unary(math.floor, "floor")
_unary(abs, "fabs")


@overload_attribute(PacksType, "shape")
def _shape(value):  # type: ignore[no-untyped-def]
    return lambda value: _inner(value).shape


@intrinsic
def _inner(typing_context, value):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        inner = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0]).array
        return impl_ret_borrowed(context, builder, signature.return_type, inner)

    return value.array(value), generate


@intrinsic
def packs(typing_context, array):  # type: ignore[no-untyped-def]
    """An array of single-precision numbers whose last axis holds lanes, contiguous, as an array of packs."""
    if not (isinstance(array, types.Array) and array.dtype == _REAL and array.layout == "C"):
        return None

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        made = cgutils.create_struct_proxy(signature.return_type)(context, builder)
        made.array = arguments[0]
        return impl_ret_borrowed(context, builder, signature.return_type, made._getvalue())

    return PacksType(array)(array), generate


def _indices(typing_context: Any, kind: Any, index: Any) -> Any:
    parts = tuple(index) if isinstance(index, types.BaseTuple) else (index,)
    whole = all(isinstance(part, types.Integer) for part in parts)
    return index if whole and len(parts) == kind.array.ndim - 1 else None


@infer_global(operator.getitem)
class _GetItem(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if len(args) == 2 and isinstance(args[0], PacksType) and _indices(None, *args):
            return signature(pack, *args)
        return None


@infer_global(operator.setitem)
class _SetItem(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if len(args) == 3 and isinstance(args[0], PacksType) and _indices(None, *args[:2]):
            return signature(types.void, args[0], args[1], pack)
        return None


def _pointer(context: Any, builder: Any, kind: Any, value: Any, index_kind: Any, index: Any) -> Any:
    inner = cgutils.create_struct_proxy(kind)(context, builder, value).array
    array = make_array(kind.array)(context, builder, inner)
    if isinstance(index_kind, types.BaseTuple):
        kinds, parts = tuple(index_kind), cgutils.unpack_tuple(builder, index)
    else:
        kinds, parts = (index_kind,), [index]
    parts = [context.cast(builder, p, k, types.intp) for k, p in zip(kinds, parts, strict=True)]
    parts.append(context.get_constant(types.intp, 0))
    place = cgutils.get_item_pointer(
        context, builder, kind.array, array, parts, wraparound=False, boundscheck=False
    )
    return builder.bitcast(place, _VECTOR.as_pointer())


@lower_builtin(operator.getitem, PacksType, types.Integer)
@lower_builtin(operator.getitem, PacksType, types.BaseTuple)
def _get(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    place = _pointer(context, builder, sig.args[0], args[0], sig.args[1], args[1])
    return builder.load(place, align=4)


@lower_builtin(operator.setitem, PacksType, types.Integer, pack)
@lower_builtin(operator.setitem, PacksType, types.BaseTuple, pack)
def _set(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    place = _pointer(context, builder, sig.args[0], args[0], sig.args[1], args[1])
    builder.store(args[2], place, align=4)


@intrinsic
def _select(typing_context, condition, x, y):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        x, y = (
            _splat(context, builder, kind, value)
            for kind, value in zip(signature.args[1:], arguments[1:], strict=True)
        )
        return builder.select(arguments[0], x, y)

    return pack(mask, x, y), generate


@intrinsic
def _and(typing_context, x, y):  # type: ignore[no-untyped-def]
    return mask(mask, mask), lambda context, builder, signature, arguments: builder.and_(*arguments)


@intrinsic
def _or(typing_context, x, y):  # type: ignore[no-untyped-def]
    return mask(mask, mask), lambda context, builder, signature, arguments: builder.or_(*arguments)


@intrinsic
def _any(typing_context, x):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        bits = builder.bitcast(arguments[0], ir.IntType(LANES))
        return builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(LANES), 0))

    return types.boolean(mask), generate


def where(condition: Any, x: Any, y: Any) -> Any:
    """``x`` in the lanes where the condition holds, ``y`` in the others."""
    return x if condition else y


def both(x: Any, y: Any) -> Any:
    """Whether both conditions hold, by lane."""
    return x and y


def either(x: Any, y: Any) -> Any:
    """Whether one of the conditions holds, by lane."""
    return x or y


def anywhere(x: Any) -> Any:
    """Whether a condition holds in any lane."""
    return x


@overload(where)
def _where(condition, x, y):  # type: ignore[no-untyped-def]
    if condition is mask:
        return lambda condition, x, y: _select(condition, x, y)  # noqa: PLW0108
    return lambda condition, x, y: x if condition else y


@overload(both)
def _both(x, y):  # type: ignore[no-untyped-def]
    return (lambda x, y: _and(x, y)) if x is mask else (lambda x, y: x and y)  # noqa: PLW0108


@overload(either)
def _either(x, y):  # type: ignore[no-untyped-def]
    return (lambda x, y: _or(x, y)) if x is mask else (lambda x, y: x or y)  # noqa: PLW0108


@overload(anywhere)
def _anywhere(x):  # type: ignore[no-untyped-def]
    return (lambda x: _any(x)) if x is mask else (lambda x: x)  # noqa: PLW0108


def sine_cosine(x: float) -> tuple[float, float]:
    """Sine and cosine of an angle in rad."""
    return math.sin(x), math.cos(x)


@overload(sine_cosine, inline="never")
def _sine_cosine(x):  # type: ignore[no-untyped-def]
    return _pack_sine_cosine if x is pack else _plain_sine_cosine


def _plain_sine_cosine(x):  # type: ignore[no-untyped-def]
    return math.sin(x), math.cos(x)


def _pack_sine_cosine(x):  # type: ignore[no-untyped-def]
    # Cody and Waite's reduction to [-pi/4, pi/4], then Taylor series to single precision.
    n = math.floor(x * (2 / math.pi) + 0.5)
    r = ((x - n * 1.5703125) - n * 4.837512969970703e-4) - n * 7.549789948768648e-8
    q = r * r
    s = r + r * q * (-1 / 6 + q * (1 / 120 + q * (-1 / 5040 + q * (1 / 362880))))
    c = 1.0 + q * (-1 / 2 + q * (1 / 24 + q * (-1 / 720 + q * (1 / 40320))))
    half = n * 0.5
    odd = half - math.floor(half) > 0.25
    quarter = n * 0.25
    rest = quarter - math.floor(quarter)  # 0, 1/4, 1/2 or 3/4 of a turn
    sine = where(odd, c, s)
    cosine = where(odd, s, c)
    sine = where(rest > 0.375, -sine, sine)
    cosine = where(both(rest > 0.125, rest < 0.625), -cosine, cosine)
    return sine, cosine
