"""Rows that repeat: dead units and saturated layers produce them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import Points, check_points

__all__ = ["count_duplicates", "distinct_rows"]


def count_duplicates(points: ArrayLike) -> int:
    """Return how many rows of `points`, shape (n_points, n_features), equal an earlier row.

    0.0 and -0.0 are the same value. Raises InvalidInputError if `points` is not a finite cloud.
    """
    cloud = check_points(points, at_least=1)
    return len(cloud) - len(np.unique(_keys(cloud)))


def distinct_rows(cloud: Points) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return one row number per distinct row, the place of every row among these, and the copies.

    The distinct rows come in an order that depends on their values alone.
    """
    found = np.unique(_keys(cloud), return_index=True, return_inverse=True, return_counts=True)
    _, first, place, copies = found
    return first, place, copies


def _keys(cloud: Points) -> NDArray[np.void]:
    """Return the bytes of each row, equal where the rows are."""
    # Adding zero turns -0.0 into 0.0, so that equal rows have equal bytes.
    rows = np.ascontiguousarray(cloud + cloud.dtype.type(0))
    keys: NDArray[np.void] = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1])))
    return keys.ravel()
