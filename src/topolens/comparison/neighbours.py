"""How many of their nearest neighbours the samples keep from one representation to another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_integer, check_same_length
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, metrics
from topolens.comparison.memberships import Memberships, shared_part, surroundings
from topolens.kernels.neighbours import check_neighbor_count

__all__ = ["mutual_knn", "neighbour_overlap", "shared_neighbours"]


def shared_neighbours(
    first: ArrayLike,
    second: ArrayLike,
    *,
    sizes: Sequence[int] = (1, 2, 5, 10, 20, 50),
    metric: str = "euclidean",
) -> NDArray[np.float64]:
    """Share of each sample's k nearest neighbours that two representations agree on, for each k.

    The mean over samples is `mutual_knn`; the mean over the samples of a class says which
    classes keep their neighbours. One search serves all sizes. Ties count as in `mutual_knn`.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The same samples row by row; the numbers of features may differ.
    sizes : sequence of int, default (1, 2, 5, 10, 20, 50)
        The numbers k of neighbours, each smaller than the number of points.
    metric : {"euclidean", "manhattan", "chebyshev", "cosine", "correlation"}
        Which points are near. Those as far as the k-th share the places that are left.

    Returns
    -------
    ndarray of shape (n_sizes, n_points)
        From 0 to 1.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, a size is not below them, all rows of one are equal, or a row
        has no direction under an angular metric.
    """
    if not isinstance(sizes, Iterable):
        raise InvalidInputError(f"`sizes` must be a list of numbers of neighbours; got {sizes!r}")
    counts = [check_integer(size, "sizes", at_least=1) for size in sizes]
    if not counts:
        raise InvalidInputError("`sizes` must hold at least one number of neighbours; got none")
    check_neighbor_count(max(counts), len(first), "sizes")  # type: ignore[arg-type]
    ours, theirs = (
        surroundings(points, max(counts), metric, name=name)
        for points, name in ((first, "first"), (second, "second"))
    )
    check_same_length(ours.spots, theirs.spots, ("first", "second"))
    return np.array([_shares(ours.memberships(k), theirs.memberships(k), k) for k in counts])


@dataclass(frozen=True, slots=True, eq=False)
class _PreparedNeighbours:
    memberships: Memberships
    n_neighbors: int


def _shares(first: Memberships, second: Memberships, n_neighbors: int) -> NDArray[np.float64]:
    # Parts of ties may add up to more than the whole by rounding.
    return np.minimum(shared_part(first, second) / n_neighbors, 1)


def _prepare(points: ArrayLike, n_neighbors: int, metric: str, name: str) -> _PreparedNeighbours:
    found = surroundings(points, n_neighbors, metric, name=name)
    return _PreparedNeighbours(found.memberships(n_neighbors), n_neighbors)


def _prepare_mutual(
    points: ArrayLike, *, n_neighbors: int = 10, metric: str = "cosine", name: str = "points"
) -> _PreparedNeighbours:
    return _prepare(points, n_neighbors, metric, name)


def _compare_mutual(first: _PreparedNeighbours, second: _PreparedNeighbours) -> float:
    return float(_shares(first.memberships, second.memberships, first.n_neighbors).mean())


@metrics.register(
    "mutual_knn",
    version=2,
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

    Of g samples as far as the k-th where s are strictly nearer, each is a neighbour to the part
    (k - s) / g, and two representations share the smaller of both parts: the order of the rows
    never matters, equals share all, and without ties this is the count above.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The same samples row by row; the numbers of features may differ.
    n_neighbors : int, default 10
        k, smaller than the number of points.
    metric : {"cosine", "euclidean", "manhattan", "chebyshev", "correlation"}, default cosine
        Which points are near. Those as far as the k-th share the places that are left.

    Returns
    -------
    float
        From 0 to 1; k / (n_points - 1) is expected of representations that share nothing.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, there are not more points than neighbours, all rows of one
        are equal, or a row is zero under "cosine" (or constant under "correlation"), for it then
        has no direction.

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
    return _prepare(points, n_neighbors, metric, name)


def _compare_overlap(first: _PreparedNeighbours, second: _PreparedNeighbours) -> float:
    shares = _shares(first.memberships, second.memberships, first.n_neighbors)
    return float(np.mean(shares / (2 - shares)))


@metrics.register(
    "neighbour_overlap",
    version=2,
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
    s / (2 - s), so this is at most `mutual_knn` under the same metric. Ties count as there: the
    sum of the smaller memberships over that of the larger.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The same samples row by row; the numbers of features may differ.
    n_neighbors : int, default 10
        k, smaller than the number of points.
    metric : {"euclidean", "manhattan", "chebyshev", "cosine", "correlation"}, default euclidean
        Which points are near. Those as far as the k-th share the places that are left.

    Returns
    -------
    float
        From 0 to 1. One minus it obeys the triangle inequality.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, there are not more points than neighbours, all rows of one
        are equal, or a row has no direction under an angular metric.

    Examples
    --------
    >>> neighbour_overlap([[0.0], [1.0], [3.0]], [[0.0], [2.0], [3.0]], n_neighbors=1)
    0.6666666666666666
    """
    return _compare_overlap(
        _prepare_overlap(first, n_neighbors=n_neighbors, metric=metric, name="first"),
        _prepare_overlap(second, n_neighbors=n_neighbors, metric=metric, name="second"),
    )
