"""Exact nearest neighbours of every point, screened by a matrix product."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens import _core
from topolens.base.blas import one_blas_thread
from topolens.base.checks import Points, check_integer
from topolens.base.errors import InvalidInputError
from topolens.kernels.batches import one_per_thread
from topolens.kernels.distances import fits_single, refuse_rows_without_direction

__all__ = [
    "Neighbourhoods",
    "check_neighbor_count",
    "nearest_distances",
    "nearest_neighbours",
    "nearest_neighbours_from_distances",
    "neighbourhoods",
]

_BY_PRODUCT = ("euclidean", "cosine", "correlation")
_AT_ONCE = 2**21
"""Entries of a block of the matrix: 8 MiB in single precision, within the cache."""
_FEATURES_AT_ONCE = 1024
_SINGLE = float(np.finfo(np.float32).eps) / 2
_SMALLEST = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhoods:
    """The neighbours of every point, one point after the other, by (distance, row number)."""

    starts: NDArray[np.int64]
    """Where the neighbours of each point begin, shape (n_points,)."""
    ids: NDArray[np.int64]
    """Row numbers of the neighbours, shape (n_found,)."""
    distances: NDArray[Any]
    """Their distances in the precision of the points, shape (n_found,)."""


def nearest_neighbours(
    points: Points,
    n_neighbors: int,
    *,
    metric: str = "euclidean",
    threads: int = 1,
    name: str = "points",
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Row numbers and distances of the nearest other points, each of shape (n_points, n_neighbors).

    Those with the smallest (distance, row number), in that order: the distances are the bits of
    `pairwise_distances`, by direct differences, and copies of a point are its neighbours at
    distance 0. `points` is C-ordered and finite, and `name` is what messages call them; neither
    threads nor BLAS change a bit.

    Raises
    ------
    InvalidInputError
        If there are not more points than neighbours, a row has no direction under an angular
        metric, or neighbours are too far apart for the precision of the points.
    """
    check_neighbor_count(n_neighbors, len(points))
    found = _search(points, n_neighbors, metric, threads, name, ties=False)
    shape = (len(points), n_neighbors)
    return found.ids.reshape(shape), found.distances.reshape(shape)


def nearest_distances(
    points: Points,
    n_neighbors: int,
    *,
    rows: NDArray[np.int64],
    threads: int = 1,
    name: str = "points",
) -> NDArray[Any]:
    """Euclidean distances of some rows to the nearest other points, shape (n_rows, n_neighbors).

    Those of `nearest_neighbours`, without the work for the other rows.
    """
    check_neighbor_count(n_neighbors, len(points))
    others = np.ones(len(points), dtype=bool)
    others[rows] = False
    whole = len(rows) == len(points)
    moved = points if whole else points[np.concatenate([rows, np.flatnonzero(others)])]
    found = _search(moved, n_neighbors, "euclidean", threads, name, ties=False, n_rows=len(rows))
    distances = found.distances.reshape(len(rows), n_neighbors)
    return distances[rows] if whole else distances


def nearest_neighbours_from_distances(
    distances: Points, n_neighbors: int, *, threads: int = 1
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """`nearest_neighbours` of a square matrix of distances, C-ordered, without NaN."""
    check_neighbor_count(n_neighbors, len(distances))

    def work(begin: int, end: int) -> _Found:
        return _core.nearest_in_matrix(distances, begin, end, n_neighbors, False)

    found = _by_blocks(work, len(distances), threads)
    shape = (len(distances), n_neighbors)
    return found.ids.reshape(shape), found.distances.reshape(shape)


def neighbourhoods(
    points: Points,
    n_neighbors: int,
    *,
    metric: str = "euclidean",
    threads: int = 1,
    name: str = "points",
) -> Neighbourhoods:
    """`nearest_neighbours` with all others that are as far away as the last of them."""
    check_neighbor_count(n_neighbors, len(points))
    return _search(points, n_neighbors, metric, threads, name, ties=True)


def check_neighbor_count(n_neighbors: object, n_points: int, name: str = "n_neighbors") -> int:
    """Return how many neighbours are asked for if every point has so many."""
    count = check_integer(n_neighbors, name, at_least=1)
    if count >= n_points:
        raise InvalidInputError(
            f"`{name}` must be smaller than the number of points; got {count} for {n_points} points"
        )
    return count


_Found = tuple[NDArray[np.int64], NDArray[Any], NDArray[np.int64]]


def _search(
    points: Points,
    n_neighbors: int,
    metric: str,
    threads: int,
    name: str,
    *,
    ties: bool,
    n_rows: int | None = None,
) -> Neighbourhoods:
    """Neighbours of the first `n_rows` points, by default of all."""
    if metric in ("cosine", "correlation"):
        refuse_rows_without_direction(points, metric, name)
    narrow = points.dtype == np.float32 and not fits_single(points)
    cloud = points.astype(np.float64) if narrow else points
    search = _core.nearest_search(cloud, getattr(_core.Metric, metric))
    if metric in _BY_PRODUCT:
        is_angular = metric != "euclidean"
        screen = _Screen(_core.unit_rows(cloud, metric == "correlation") if is_angular else cloud)

        def work(begin: int, end: int) -> _Found:
            bounds, offsets = screen.rows(begin, end)
            return search.by_screen(bounds, offsets, screen.exponent, begin, n_neighbors, ties)

    else:

        def work(begin: int, end: int) -> _Found:
            return search.of_rows(begin, end, n_neighbors, ties)

    found = _by_blocks(work, len(cloud), threads, n_rows)
    with np.errstate(over="ignore"):
        distances = found.distances.astype(points.dtype, copy=False)
    if not np.isfinite(distances.max()):
        raise InvalidInputError(
            f"`{name}` must have distances that {points.dtype} holds; neighbours are too far apart"
        )
    return Neighbourhoods(found.starts, found.ids, distances)


def _by_blocks(
    work: Callable[[int, int], _Found], n_points: int, threads: int, n_rows: int | None = None
) -> Neighbourhoods:
    step = max(16, _AT_ONCE // n_points // 16 * 16)
    n_searched = n_points if n_rows is None else n_rows
    begins = range(0, n_searched, step)
    # Taking the limit lasts longer than the search of a small cloud.
    with one_blas_thread() if len(begins) > 1 else nullcontext():
        parts = one_per_thread(
            lambda begin, _: work(begin, min(begin + step, n_searched)),
            begins,
            costs=[1.0] * len(begins),
            threads=threads,
        )
    ids, distances, counts = (np.concatenate(some) for some in zip(*parts, strict=True))
    return Neighbourhoods(np.cumsum(counts) - counts, ids, distances)


class _Screen:
    """Lower bounds of all squared distances, in single precision by matrix products.

    With u the unit of single precision, a sum of f products in any order is off by at most f u
    times the sum of their magnitudes, and |x|² + |y|² bounds all sums here. So lowering it by a
    small multiple covers the rounding of the coordinates, of the products, and of the direct
    differences that decide in the end.
    """

    def __init__(self, points: Points) -> None:
        n_points, n_features = points.shape
        # Scaled by powers of two, so that no sum or square overflows and no digit is lost.
        above = int(np.frexp(max(points.max(), -points.min()))[1])
        scaled = np.ldexp(points.astype(np.float64), -above)
        scaled -= scaled.mean(axis=0)
        within = int(np.frexp(np.abs(scaled).max())[1])
        scaled = np.ldexp(scaled, -within)
        self.exponent = above + within
        squares = np.einsum("ij,ij->i", scaled, scaled)
        f = min(n_features, _FEATURES_AT_ONCE) + 1
        n_products = -(-n_features // _FEATURES_AT_ONCE)
        self._lowered = (1 - (2 * (f + n_products) + 400) * _SINGLE) * squares
        self._lowered -= n_features * _SMALLEST  # where products vanish
        self._columns = np.empty((n_points, n_features + 1), np.float32)
        self._columns[:, 0] = self._lowered
        self._columns[:, 1:] = scaled

    def rows(self, begin: int, end: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Bounds for some rows less an offset of each row, and the offsets."""
        left = -2 * self._columns[begin:end]
        left[:, 0] = 1
        widths = range(0, left.shape[1], _FEATURES_AT_ONCE + 1)
        products = (
            left[:, k : k + widths.step] @ self._columns[:, k : k + widths.step].T for k in widths
        )
        bounds = next(products)
        for product in products:
            bounds += product
        return bounds, self._lowered[begin:end]
