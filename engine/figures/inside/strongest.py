"""The strongest rows and columns of a matrix, and the others as one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_LITTLE = 0.005  # of the largest: what is less is one of the others


@dataclass(frozen=True, eq=False)
class Strongest:
    """A matrix cut down: `rows` and `columns` are the numbers of those kept, in order; the last row and column of
    `cells` are the sums of the others, if there are others.
    """

    rows: list[int]
    columns: list[int]
    cells: np.ndarray
    other_rows: int
    other_columns: int


def strongest(matrix: np.ndarray, most: int, keep: int | None = None) -> Strongest:
    """The rows and columns that hold most by magnitude, at most so many of each, and the row `keep`; what is next to
    nothing is one of the others.
    """
    values = np.nan_to_num(matrix.astype(np.float64))
    rows = _leading(np.abs(values).sum(1), most, keep)
    columns = _leading(np.abs(values[rows]).sum(0), most, None)
    cells = _with_others(_with_others(values, rows).T, columns).T
    return Strongest(rows, columns, cells, len(values) - len(rows), values.shape[1] - len(columns))


def _leading(sizes: np.ndarray, most: int, keep: int | None) -> list[int]:
    order = [int(i) for i in np.argsort(-sizes, kind="stable") if sizes[i] > _LITTLE * sizes.max()]
    if keep is not None and keep < len(sizes):
        order = [keep, *(i for i in order if i != keep)]
    return sorted(order[:most])


def _with_others(values: np.ndarray, kept: list[int]) -> np.ndarray:
    others = np.delete(values, kept, axis=0)
    return np.concatenate([values[kept], others.sum(0, keepdims=True)]) if len(others) else values[kept]
