"""All distances between the points of one cloud."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topolens import _core
from topolens.base.checks import Points

__all__ = ["METRICS", "blas_distances", "pairwise_distances"]

METRICS = ("euclidean", "manhattan", "chebyshev", "cosine", "correlation")


def pairwise_distances(points: Points, metric: str = "euclidean", *, threads: int = 1) -> Points:
    """Symmetric (n_points, n_points) matrix in the precision of `points`, by direct differences.

    The order of summation is fixed, so the bits do not depend on the threads, the vector width
    or the place of a point, and near-duplicates lose no digits. `points` is C-ordered.
    """
    matrix: Points = _core.pairwise_distances(points, getattr(_core.Metric, metric), threads)
    return matrix


def blas_distances(points: Points) -> Points:
    """Euclidean distances by one matrix product: |x|² + |y|² - 2xy after centring.

    Absolute errors near 1e-4 of the typical distance in single precision, and bits that depend
    on the BLAS; worth it only where that library is much faster than direct differences.
    """
    centred = points - points.mean(axis=0)
    gram = centred @ centred.T
    squares: NDArray[np.floating] = np.diag(gram).copy()
    gram *= -2
    gram += squares[:, None]
    gram += squares[None, :]
    upper = np.triu(np.sqrt(np.maximum(gram, 0)), 1)
    matrix: Points = upper + upper.T
    return matrix
