"""The rank of every point among the others by its distance from each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topolens import _core
from topolens.base.checks import Points
from topolens.kernels.distances import fits_single
from topolens.kernels.memory import refuse_ranks_without_memory

__all__ = ["doubled_ranks"]

_AT_ONCE = 2**20


def doubled_ranks(points: Points, metric: str = "euclidean") -> NDArray[np.unsignedinteger]:
    """Twice the rank of each point j by its distance from i, i left out, shape (n, n).

    Ranks begin at 1, equal distances share their mean rank, and twice a mean rank is whole. The
    diagonal holds 0. Distances are those of `pairwise_distances`, a block of rows at a time.
    """
    n_points = len(points)
    if points.dtype == np.float32 and not fits_single(points):
        points = points.astype(np.float64)
    search = _core.nearest_search(points, getattr(_core.Metric, metric))
    kind = np.dtype(np.uint16 if n_points < 2**15 else np.uint32)
    refuse_ranks_without_memory(n_points, kind.itemsize)
    ranks = np.empty((n_points, n_points), kind)
    step = max(1, _AT_ONCE // n_points)
    for begin in range(0, n_points, step):
        end = min(n_points, begin + step)
        rows = search.rows(begin, end)
        rows[np.arange(end - begin), np.arange(begin, end)] = -1  # first, and alone there
        ranks[begin:end] = _doubled_ranks_of_rows(rows)
    return ranks


def _doubled_ranks_of_rows(rows: NDArray[np.floating]) -> NDArray[np.int64]:
    """Twice the mean rank of each entry in its row, from 0 for the first."""
    order = np.argsort(rows, axis=1)
    ordered = np.take_along_axis(rows, order, axis=1)
    places = np.arange(rows.shape[1])
    is_new = np.ones(rows.shape, dtype=bool)
    is_new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.maximum.accumulate(np.where(is_new, places, 0), axis=1)
    is_last = np.ones(rows.shape, dtype=bool)
    is_last[:, :-1] = is_new[:, 1:]
    last = np.where(is_last, places, rows.shape[1])
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty(rows.shape, np.int64)
    np.put_along_axis(ranks, order, first + last, axis=1)
    return ranks
