"""The strongest queries and keys of a head, and what the others hold together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_LEAST = 0.005  # of the largest cell


@dataclass(frozen=True, eq=False)
class Strongest:
    """Rows and columns of a matrix (query, key) that are shown, by number.

    `cells`, float (query + 1, key + 1), ends with a row and a column of the others; `to_keys` and `of_queries` are
    sums over all, in the same order.
    """

    queries: tuple[int, ...]
    keys: tuple[int, ...]
    cells: np.ndarray
    of_queries: np.ndarray
    to_keys: np.ndarray
    total: float
    others: tuple[int, int]  # how many queries and keys have no row or column


def strongest_of(
    by: np.ndarray, asked: int | None, queries: int, keys: int, values: np.ndarray | None = None
) -> Strongest:
    """The strongest rows and columns of `by` (query, key), with `values` of the same shape in them.

    The asked query is always among them; none of the others has less than a two-hundredth of the largest cell. Queries
    go from the last to the first, keys as they are read.
    """
    values = by if values is None else values
    sizes = np.abs(by.astype(np.float64))
    least = _LEAST * sizes.max(initial=0.0)
    of_rows = np.maximum(sizes.max(axis=1, initial=0.0), np.abs(by.sum(axis=1, dtype=np.float64)))
    of_rows[of_rows <= least] = 0
    if asked is not None:
        of_rows[asked] = np.inf
    rows = np.sort(np.argsort(-of_rows, kind="stable")[:queries])[::-1]
    rows = rows[of_rows[rows] > 0]
    of_columns = np.where(sizes.max(axis=0, initial=0.0) > least, sizes.sum(axis=0), 0)
    columns = np.sort(np.argsort(-of_columns, kind="stable")[:keys])
    columns = columns[of_columns[columns] > 0]
    whole = values.astype(np.float64)
    to_keys, of_queries = whole.sum(axis=0), whole.sum(axis=1)
    cells = np.zeros((len(rows) + 1, len(columns) + 1))
    cells[:-1, :-1] = whole[np.ix_(rows, columns)]
    cells[:-1, -1] = of_queries[rows] - cells[:-1, :-1].sum(axis=1)
    cells[-1, :-1] = to_keys[columns] - cells[:-1, :-1].sum(axis=0)
    cells[-1, -1] = whole.sum() - cells[:-1].sum() - cells[-1, :-1].sum()
    return Strongest(
        tuple(rows.tolist()),
        tuple(columns.tolist()),
        cells,
        np.append(of_queries[rows], cells[-1].sum()),
        np.append(to_keys[columns], cells[:, -1].sum()),
        float(whole.sum()),
        (len(by) - len(rows), by.shape[1] - len(columns)),
    )
