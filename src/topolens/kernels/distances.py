"""All distances between the points of one cloud."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from topolens import _core
from topolens.base.checks import Points
from topolens.base.errors import InvalidInputError
from topolens.kernels.batches import Progress
from topolens.kernels.device import device_distances

__all__ = ["DIRECT_METRICS", "METRICS", "blas_distances", "distances_of", "pairwise_distances"]

DIRECT_METRICS = ("euclidean", "manhattan", "chebyshev", "cosine", "correlation")
_BY_PRODUCT = "euclidean_blas"
METRICS = (*DIRECT_METRICS, _BY_PRODUCT)
# Squares of such numbers neither overflow nor vanish in single precision.
_SINGLE_IS_SAFE = (1e-12, 1e15)
# In double precision those of smaller ones vanish, or lose digits.
_LEAST_SQUARED = 1e-151


def distances_of(
    cloud: Points,
    metric: str,
    threads: int,
    *,
    name: str = "points",
    gpu: str | None = None,
    progress: Progress | None = None,
) -> Points:
    """Distances under any of `METRICS`, in the precision of the points, all of them finite.

    `name` is what messages call the cloud, `gpu` a device of torch that takes the host's place.
    `progress` hears 0 now and then, and may stop the work.

    Raises
    ------
    InvalidInputError
        If a row has no direction under an angular metric, two rows are too far apart, or
        coordinates are so small that their squares vanish.
    """
    if metric in ("cosine", "correlation"):
        refuse_rows_without_direction(cloud, metric, name)
    elif metric in ("euclidean", _BY_PRODUCT):
        refuse_vanishing_squares(cloud, name)
    differences = (
        partial(pairwise_distances, threads=threads, progress=progress)
        if gpu is None
        else partial(device_distances, device=gpu, progress=progress)
    )
    if metric == _BY_PRODUCT and gpu is not None:
        raise InvalidInputError(
            f"`device` must be `cpu` under the metric `{_BY_PRODUCT}`; got {gpu!r}"
        )
    if metric == _BY_PRODUCT:
        matrix = blas_distances(cloud)
    elif cloud.dtype == np.float32 and not fits_single(cloud):
        wide = cloud.astype(np.float64)
        matrix = differences(wide, metric)
        with np.errstate(over="ignore"):
            matrix = matrix.astype(np.float32)
    else:
        matrix = differences(cloud, metric)
    if not np.isfinite(matrix.max()):
        row, column = (int(index) for index in np.argwhere(~np.isfinite(matrix))[0])
        raise InvalidInputError(
            f"`{name}` must have distances that {matrix.dtype} holds; "
            f"those of rows {row} and {column} are too far apart"
        )
    return matrix


def pairwise_distances(
    points: Points,
    metric: str = "euclidean",
    *,
    threads: int = 1,
    progress: Progress | None = None,
) -> Points:
    """Symmetric (n_points, n_points) matrix in the precision of `points`, by direct differences.

    The order of summation is fixed, so the bits do not depend on the threads, the vector width
    or the place of a point, and near-duplicates lose no digits. `points` is C-ordered.
    """
    matrix: Points = _core.pairwise_distances(
        points, getattr(_core.Metric, metric), threads, progress
    )
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


def fits_single(cloud: Points) -> bool:
    largest = max(float(cloud.max()), -float(cloud.min()))
    return largest == 0 or _SINGLE_IS_SAFE[0] < largest < _SINGLE_IS_SAFE[1]


def refuse_vanishing_squares(cloud: Points, name: str) -> None:
    """Refuse a cloud of double precision whose Euclidean distances would all come out as 0."""
    largest = max(float(cloud.max()), -float(cloud.min()))
    if cloud.dtype == np.float64 and 0 < largest < _LEAST_SQUARED:
        raise InvalidInputError(
            f"`{name}` must have coordinates whose squares float64 holds; the largest is "
            f"{largest:g} in size: multiply all by one number"
        )


def refuse_rows_without_direction(cloud: Points, metric: str, name: str) -> None:
    origin = cloud[:, :1] if metric == "correlation" else 0
    silent = np.flatnonzero(~(cloud != origin).any(axis=1))
    if len(silent):
        what = "constant" if metric == "correlation" else "zero"
        raise InvalidInputError(
            f"`{name}` must have no {what} row under the {metric} metric; row {silent[0]} is; "
            "the euclidean metric takes such rows"
        )
