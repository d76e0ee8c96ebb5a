"""Rows that repeat: dead units and saturated layers produce them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from topolens.base.checks import check_points

__all__ = ["count_duplicates"]


def count_duplicates(points: ArrayLike) -> int:
    """Return how many rows of `points`, shape (n_points, n_features), equal an earlier row.

    0.0 and -0.0 are the same value. Raises InvalidInputError if `points` is not a finite cloud.
    """
    cloud = check_points(points, at_least=1)
    # Adding zero turns -0.0 into 0.0, so that equal rows have equal bytes.
    rows = np.ascontiguousarray(cloud + cloud.dtype.type(0))
    keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    return len(keys) - len(np.unique(keys))
