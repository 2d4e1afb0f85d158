"""Classes of other libraries in model files, read as the arrays that they hold.

SMPL's and MANO's official models were pickled with chumpy, whose ``Ch`` is an array ``x``, whose ``Select`` takes
numbers out of the flattened ``a`` and whose ``transpose`` turns one round; and with a sparse matrix of SciPy
in compressed columns or rows. Neither library is needed.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import numpy as np

from retarget.containers.allowance import Allowance, Make, Record, record
from retarget.containers.arrays import shape_of
from retarget.containers.limits import Budget, Refused

__all__ = ["CHUMPY", "SPARSE"]


def _numbers(it: Record, key: str, kinds: str = "iuf") -> np.ndarray:
    values = it.attribute(key)
    if isinstance(values, np.ndarray) and values.dtype.kind in kinds:
        return values
    if isinstance(values, float | int):
        return np.asarray(values)
    raise Refused(f"holds a {it.name} whose {key} is no array of numbers", "export it as an array")


def _held(it: Record, budget: Budget) -> np.ndarray:
    return _numbers(it, "x")


def _selected(it: Record, budget: Budget) -> np.ndarray:
    source, chosen = _numbers(it, "a").reshape(-1), _numbers(it, "idxs", "iu").reshape(-1)
    shape = it.attribute("preferred_shape")
    budget.take(chosen.size * source.itemsize, "a selection")
    flat: np.ndarray = source[chosen]
    return flat if shape is None else flat.reshape(_sizes(shape))


def _sizes(value: object) -> tuple[int, ...]:
    if isinstance(value, np.ndarray) and value.dtype.kind in "iu" and value.ndim == 1:
        return shape_of([int(size) for size in value])
    return shape_of(value)


def _transposed(it: Record, budget: Budget) -> np.ndarray:
    state = it.state if isinstance(it.state, dict) else {}
    axes = state.get("axes")
    return np.transpose(_numbers(it, "a"), None if axes is None else _sizes(axes))


def _dense(columns: bool) -> Make:
    name = "csc_matrix" if columns else "csr_matrix"

    def value(it: Record, budget: Budget) -> np.ndarray:
        shape = shape_of(it.attribute("_shape"))
        data, inner = _numbers(it, "data"), _numbers(it, "indices", "iu").astype(np.int64)
        bounds = _numbers(it, "indptr", "iu").astype(np.int64)
        if len(shape) != 2:
            raise ValueError("a sparse matrix is not of two dimensions")
        outer_size, inner_size = (shape[1], shape[0]) if columns else shape
        runs = np.diff(bounds)
        if len(bounds) != outer_size + 1 or (runs < 0).any() or bounds[0] != 0:
            raise ValueError("a sparse matrix has other columns than its shape")
        if not len(data) == len(inner) == bounds[-1]:
            raise ValueError("a sparse matrix has other numbers than places")
        if len(inner) and not (inner.min() >= 0 and inner.max() < inner_size):
            raise ValueError("a sparse matrix has a number outside of it")
        budget.take(shape[0] * shape[1] * data.itemsize, "a sparse matrix")
        dense = np.zeros((outer_size, inner_size), data.dtype)
        np.add.at(dense, (np.repeat(np.arange(outer_size), runs), inner), data)
        return dense.T if columns else dense

    return record(name, value)


CHUMPY: Final = Allowance(
    MappingProxyType(
        {
            "chumpy.ch.Ch": record("chumpy.ch.Ch", _held),
            "chumpy.reordering.Select": record("chumpy.reordering.Select", _selected),
            "chumpy.reordering.transpose": record("chumpy.reordering.transpose", _transposed),
        }
    )
)
"""Arrays of chumpy, as plain arrays."""

SPARSE: Final = Allowance(
    MappingProxyType(
        {
            f"scipy.sparse.{module}.{kind}_matrix": _dense(kind == "csc")
            for kind in ("csc", "csr")
            for module in (kind, f"_{kind}")
        }
    )
)
"""Sparse matrices of SciPy, as plain arrays."""
