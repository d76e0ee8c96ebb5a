"""Lenses: one or two numbers for each point, along which Mapper looks at a cloud."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.blas import one_blas_thread
from topolens.base.checks import Points, check_integer, check_points, check_power
from topolens.base.errors import InvalidInputError
from topolens.kernels.neighbours import check_neighbor_count, nearest_distances

__all__ = [
    "column",
    "density",
    "eccentricity",
    "knn_distance",
    "l2_norm",
    "principal_coordinates",
    "sampled_rows",
]

_ROWS_AT_ONCE = 1_024

Values = NDArray[np.float64]


def l2_norm(points: ArrayLike) -> Values:
    """Euclidean norm of each point.

    The lens of Purvine et al. (AAAI 2023): how strongly an activation answers.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.

    Returns
    -------
    ndarray of shape (n_points,)
        In the units of the points.
    """
    cloud = check_points(points)
    norms: Values = np.sqrt(np.einsum("ij,ij->i", cloud, cloud, dtype=np.float64))
    return norms


def principal_coordinates(points: ArrayLike, n_components: int = 1) -> Values:
    """Coordinates along the directions of largest variance, after centring.

    Each direction's largest entry in absolute value is positive, so signs do not change from
    machine to machine; directions of equal variance are determined up to a rotation only.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.
    n_components : int, default 1
        How many directions.

    Returns
    -------
    ndarray of shape (n_points, n_components)
        In the units of the points.

    Raises
    ------
    InvalidInputError
        If there are fewer features or points than directions.
    """
    cloud = check_points(points)
    check_integer(n_components, "n_components", at_least=1, at_most=min(cloud.shape))
    wide = cloud.astype(np.float64)
    with one_blas_thread():
        wide -= wide.mean(axis=0)
        if wide.shape[0] >= wide.shape[1]:
            directions = np.linalg.eigh(wide.T @ wide)[1][:, ::-1][:, :n_components]
        else:
            directions = np.linalg.svd(wide, full_matrices=False)[2][:n_components].T
        largest = np.abs(directions).argmax(axis=0)
        coordinates: Values = wide @ (
            directions * np.sign(directions[largest, np.arange(n_components)])
        )
    return coordinates


def column(points: ArrayLike, number: int = 0) -> Values:
    """One feature of each point.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.
    number : int, default 0
        Which feature, from 0.

    Returns
    -------
    ndarray of shape (n_points,)
        The feature.

    Raises
    ------
    InvalidInputError
        If there is no such feature.
    """
    cloud = check_points(points)
    check_integer(number, "number", at_least=0, at_most=cloud.shape[1] - 1)
    return cloud[:, number].astype(np.float64)


def knn_distance(points: ArrayLike, k: int = 15, *, threads: int = 1) -> Values:
    """Distance to the k-th nearest other point: large where the cloud is thin.

    Exact, so it takes time with the square of the points; `density` does not.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.
    k : int, default 15
        Which neighbour, the point itself not counted.
    threads : int, default 1
        Threads to use; the result does not depend on them.

    Returns
    -------
    ndarray of shape (n_points,)
        In the units of the points.

    Raises
    ------
    InvalidInputError
        If there are not more than `k` points.
    """
    cloud = check_points(points)
    check_neighbor_count(k, len(cloud), "k")
    found = nearest_distances(cloud, k, rows=np.arange(len(cloud)), threads=threads)
    return found[:, -1].astype(np.float64)


def density(points: ArrayLike, k: int = 15, *, sample: int | None = 5_000, seed: int = 0) -> Values:
    """Gaussian kernel density: mean of exp(-d² / 2h²) over the other points.

    Singh, Mémoli, Carlsson (2007). The width h is the median distance to the k-th nearest
    other point, so it follows the scale of the cloud, and values lie from 0 to 1.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.
    k : int, default 15
        Neighbour that gives the width, among the sampled rows; more is smoother.
    sample : int or None, default 5000
        Rows over which the mean is taken; None for all.
    seed : int, default 0
        Seed of the choice of rows.

    Returns
    -------
    ndarray of shape (n_points,)
        Pure numbers.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, or most points have `k` copies, so that h is 0.
    """
    cloud = check_points(points)
    rows = sampled_rows(len(cloud), sample, seed)
    check_neighbor_count(k, len(rows), "k")
    nearest = nearest_distances(cloud[rows], k, rows=np.arange(len(rows)))
    width = float(np.median(nearest[:, -1]))
    if width == 0:
        raise InvalidInputError(
            f"`points` must lie apart for a density; most have {k} copies or more; drop copies "
            "or enlarge `k`"
        )
    values = np.empty(len(cloud))
    for begin, squares in _squares_to(cloud, rows):
        values[begin : begin + len(squares)] = np.exp(squares / (-2 * width**2)).sum(axis=1)
    values[rows] -= 1  # a point is no neighbour of itself
    n_others = np.full(len(cloud), len(rows), dtype=np.float64)
    n_others[rows] -= 1
    return np.maximum(values, 0) / n_others


def eccentricity(
    points: ArrayLike, power: float = 2, *, sample: int | None = 5_000, seed: int = 0
) -> Values:
    """Mean distance to all points, as a p-mean: large at the ends of a cloud.

    E_p(x) = (mean of d(x, y)^p over all y, x included)^(1/p), Singh, Mémoli, Carlsson (2007);
    p = infinity gives the largest distance. At p = 2 it is exact at any size, since the mean
    of squares is |x - mean|² plus the variance of the cloud.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.
    power : float, default 2
        The p, at least 1, perhaps infinity.
    sample : int or None, default 5000
        Rows y over which the mean is taken where p is not 2; None for all.
    seed : int, default 0
        Seed of the choice of rows.

    Returns
    -------
    ndarray of shape (n_points,)
        In the units of the points.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above.
    """
    cloud = check_points(points)
    power = check_power(power)
    if power == 2:
        wide = cloud.astype(np.float64)
        wide -= wide.mean(axis=0)
        squared = np.einsum("ij,ij->i", wide, wide)
        distances: Values = np.sqrt(squared + squared.mean())
        return distances
    rows = sampled_rows(len(cloud), sample, seed)
    values = np.empty(len(cloud))
    for begin, squares in _squares_to(cloud, rows):
        distances = np.sqrt(squares)
        # Powers of numbers up to 1 do not overflow.
        most = distances.max(axis=1, keepdims=True)
        scaled = distances / np.where(most > 0, most, 1)
        mean = 1 if np.isinf(power) else (scaled**power).mean(axis=1) ** (1 / power)
        values[begin : begin + len(squares)] = most[:, 0] * mean
    return values


def sampled_rows(n_points: int, sample: int | None, seed: int) -> NDArray[np.int64]:
    """Return all rows, or `sample` of them, ascending, the same for the same numbers."""
    check_integer(seed, "seed", at_least=0)
    if sample is None or check_integer(sample, "sample", at_least=2) >= n_points:
        return np.arange(n_points)
    rng = np.random.default_rng([seed, n_points, sample])
    return np.sort(rng.choice(n_points, sample, replace=False))


def _squares_to(cloud: Points, rows: NDArray[np.int64]) -> Iterator[tuple[int, Values]]:
    """Squared distances of blocks of points to the points of some rows, with each block's begin.

    By products in double precision after centring; the distance of a point to itself is 0.
    """
    mean = cloud.mean(axis=0, dtype=np.float64)
    others = cloud[rows] - mean
    lengths = np.einsum("ij,ij->i", others, others)
    place = np.full(len(cloud), -1)
    place[rows] = np.arange(len(rows))
    with one_blas_thread():
        for begin in range(0, len(cloud), _ROWS_AT_ONCE):
            block = cloud[begin : begin + _ROWS_AT_ONCE] - mean
            squares = block @ (-2 * others.T)
            squares += lengths + np.einsum("ij,ij->i", block, block)[:, None]
            np.maximum(squares, 0, out=squares)
            selves = place[begin : begin + len(block)]
            sampled = np.flatnonzero(selves >= 0)
            squares[sampled, selves[sampled]] = 0
            yield begin, squares
