"""How many of their nearest neighbours the samples keep from one representation to another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_integer, check_one_of, check_same_length
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, metrics
from topolens.comparison.centring import host_points
from topolens.kernels.distances import DIRECT_METRICS
from topolens.kernels.neighbours import check_neighbor_count, nearest_neighbours

__all__ = ["count_shared", "mutual_knn", "neighbour_overlap", "neighbour_sets", "shared_neighbours"]


def neighbour_sets(
    points: ArrayLike, n_neighbors: int, metric: str, *, name: str
) -> NDArray[np.int64]:
    """Return the rows nearest to each row, nearest first, shape (n_points, n_neighbors)."""
    check_one_of(metric, "metric", DIRECT_METRICS)
    check_integer(n_neighbors, "n_neighbors", at_least=1)
    cloud = host_points(points, name=name)
    return nearest_neighbours(cloud, n_neighbors, metric=metric, name=name)[0]


def count_shared(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return how many names two lists of distinct names share, row by row."""
    both = np.sort(np.concatenate([first, second], axis=1), axis=1)
    shared: NDArray[np.intp] = np.count_nonzero(both[:, 1:] == both[:, :-1], axis=1)
    return shared


def shared_neighbours(
    first: ArrayLike,
    second: ArrayLike,
    *,
    sizes: Sequence[int] = (1, 2, 5, 10, 20, 50),
    metric: str = "euclidean",
) -> NDArray[np.float64]:
    """Share of each sample's k nearest neighbours that two representations agree on, for each k.

    The mean over samples is `mutual_knn`; the mean over the samples of a class says which
    classes keep their neighbours. One search serves all sizes.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The same samples row by row; the numbers of features may differ.
    sizes : sequence of int, default (1, 2, 5, 10, 20, 50)
        The numbers k of neighbours, each smaller than the number of points.
    metric : {"euclidean", "manhattan", "chebyshev", "cosine", "correlation"}
        Which points are near. Of those equally far the one with the smaller row number counts.

    Returns
    -------
    ndarray of shape (n_sizes, n_points)
        From 0 to 1.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, a size is not below them, or a row has no direction under
        an angular metric.
    """
    if not isinstance(sizes, Iterable):
        raise InvalidInputError(f"`sizes` must be a list of numbers of neighbours; got {sizes!r}")
    counts = [check_integer(size, "sizes", at_least=1) for size in sizes]
    if not counts:
        raise InvalidInputError("`sizes` must hold at least one number of neighbours; got none")
    check_neighbor_count(max(counts), len(first), "sizes")  # type: ignore[arg-type]
    ours, theirs = (
        neighbour_sets(points, max(counts), metric, name=name)
        for points, name in ((first, "first"), (second, "second"))
    )
    check_same_length(ours, theirs, ("first", "second"))
    return np.array([count_shared(ours[:, :k], theirs[:, :k]) / k for k in counts])


@dataclass(frozen=True, slots=True, eq=False)
class _PreparedNeighbours:
    ids: NDArray[np.int64]


def _shares(first: _PreparedNeighbours, second: _PreparedNeighbours) -> NDArray[np.float64]:
    check_same_length(first.ids, second.ids, ("first", "second"))
    shares: NDArray[np.float64] = count_shared(first.ids, second.ids) / first.ids.shape[1]
    return shares


def _prepare_mutual(
    points: ArrayLike, *, n_neighbors: int = 10, metric: str = "cosine", name: str = "points"
) -> _PreparedNeighbours:
    return _PreparedNeighbours(neighbour_sets(points, n_neighbors, metric, name=name))


def _compare_mutual(first: _PreparedNeighbours, second: _PreparedNeighbours) -> float:
    return float(_shares(first, second).mean())


@metrics.register(
    "mutual_knn",
    version=1,
    takes="points",
    unit="",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True),
    paired_rows=True,
    is_similarity=True,
    prepare=_prepare_mutual,
    compare=_compare_mutual,
)
def mutual_knn(
    first: ArrayLike, second: ArrayLike, *, n_neighbors: int = 10, metric: str = "cosine"
) -> float:
    """Mean share of the k nearest neighbours that two representations of the samples agree on.

    Mean over samples of |N_k(x) and N'_k(x)| / k, a sample being no neighbour of itself (Huh et
    al., "The Platonic Representation Hypothesis", ICML 2024, appendix A: the neighbours with the
    largest inner products of unit vectors, k = 10).

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The same samples row by row; the numbers of features may differ.
    n_neighbors : int, default 10
        k, smaller than the number of points.
    metric : {"cosine", "euclidean", "manhattan", "chebyshev", "correlation"}, default cosine
        Which points are near. Of those equally far the one with the smaller row number counts.

    Returns
    -------
    float
        From 0 to 1; k / (n_points - 1) is expected of representations that share nothing.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, there are not more points than neighbours, or a row is
        zero under "cosine" (or constant under "correlation"), for it then has no direction.

    Examples
    --------
    >>> import numpy as np
    >>> cloud = np.random.default_rng(0).normal(size=(50, 3))
    >>> mutual_knn(cloud, -2 * cloud)
    1.0
    """
    return _compare_mutual(
        _prepare_mutual(first, n_neighbors=n_neighbors, metric=metric, name="first"),
        _prepare_mutual(second, n_neighbors=n_neighbors, metric=metric, name="second"),
    )


def _prepare_overlap(
    points: ArrayLike, *, n_neighbors: int = 10, metric: str = "euclidean", name: str = "points"
) -> _PreparedNeighbours:
    return _PreparedNeighbours(neighbour_sets(points, n_neighbors, metric, name=name))


def _compare_overlap(first: _PreparedNeighbours, second: _PreparedNeighbours) -> float:
    shares = _shares(first, second)
    return float(np.mean(shares / (2 - shares)))


@metrics.register(
    "neighbour_overlap",
    version=1,
    takes="points",
    unit="",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
    paired_rows=True,
    is_similarity=True,
    prepare=_prepare_overlap,
    compare=_compare_overlap,
)
def neighbour_overlap(
    first: ArrayLike, second: ArrayLike, *, n_neighbors: int = 10, metric: str = "euclidean"
) -> float:
    """Mean Jaccard overlap of the k nearest neighbours in two representations of the samples.

    Mean over samples of |N_k(x) and N'_k(x)| / |N_k(x) or N'_k(x)|, a sample being no neighbour
    of itself: nearest neighbour topological similarity (NNTS) in the spirit of Hryniowski and
    Wong, arXiv 2012.03793. A sample that shares the part s of its neighbours has the overlap
    s / (2 - s), so this is at most `mutual_knn` under the same metric.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The same samples row by row; the numbers of features may differ.
    n_neighbors : int, default 10
        k, smaller than the number of points.
    metric : {"euclidean", "manhattan", "chebyshev", "cosine", "correlation"}, default euclidean
        Which points are near. Of those equally far the one with the smaller row number counts.

    Returns
    -------
    float
        From 0 to 1. One minus it obeys the triangle inequality.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, there are not more points than neighbours, or a row has no
        direction under an angular metric.

    Examples
    --------
    >>> neighbour_overlap([[0.0], [1.0], [3.0]], [[0.0], [2.0], [3.0]], n_neighbors=1)
    0.6666666666666666
    """
    return _compare_overlap(
        _prepare_overlap(first, n_neighbors=n_neighbors, metric=metric, name="first"),
        _prepare_overlap(second, n_neighbors=n_neighbors, metric=metric, name="second"),
    )
