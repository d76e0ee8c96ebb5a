"""Which sets of points share points, and how many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, triu

__all__ = ["nerve_edges"]


def nerve_edges(
    offsets: NDArray[np.int64], members: NDArray[np.int32], n_points: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Pairs of sets (i, j), i < j, ascending, with the number of points they share.

    Set i holds the points `members[offsets[i]:offsets[i + 1]]`.
    """
    ones = np.ones(len(members), dtype=np.int32)
    incidence = csr_array((ones, members, offsets), shape=(len(offsets) - 1, n_points))
    shared = triu(incidence @ incidence.T, k=1).tocoo()
    order = np.lexsort((shared.col, shared.row))
    edges = np.column_stack([shared.row, shared.col]).astype(np.int32)[order]
    return edges, shared.data.astype(np.int32)[order]
