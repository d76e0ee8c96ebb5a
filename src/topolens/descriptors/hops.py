"""Distances counted in steps from neighbour to neighbour."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_integer, check_one_of, check_points
from topolens.kernels.device import on_host
from topolens.kernels.distances import DIRECT_METRICS
from topolens.kernels.neighbours import nearest_neighbours

__all__ = ["hop_distances"]

_FAR = 65_535


def hop_distances(
    points: ArrayLike,
    *,
    n_neighbors: int = 15,
    farthest: int | None = 10,
    metric: str = "euclidean",
    threads: int = 1,
) -> NDArray[np.float32]:
    """Fewest edges between points in their neighbour graph, for `persistence_from_distances`.

    Two points are joined if either is among the nearest neighbours of the other. The integer
    distances of Naitzat, Zhitnikov and Lim (JMLR 2020, arXiv 2004.06093), who keep one number of
    neighbours and one scale through all layers of a network: what stretches or squeezes the
    cloud without tearing it changes nothing.

    Parameters
    ----------
    points : array_like or torch.Tensor of shape (n_points, n_features)
        The cloud. A row that repeats another is its neighbour like any other.
    n_neighbors : int, default 15
        Nearest neighbours, by (distance, row number), to which each point is joined.
    farthest : int, default 10
        Hops beyond which two points are never joined: infinitely far, as are points without a
        path. None: no bound.
    metric : str, default "euclidean"
        Or "manhattan", "chebyshev", "cosine", "correlation".
    threads : int, default 1
        Threads for the neighbours; the values do not depend on it.

    Returns
    -------
    numpy.ndarray of shape (n_points, n_points)
        float32: whole numbers, infinity, zeros on the diagonal.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, or there are not more points than neighbours.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    >>> circle = np.column_stack([np.cos(angle), np.sin(angle)])
    >>> hops = tl.hop_distances(circle, n_neighbors=2, farthest=None)
    >>> hops[0, [1, 2, 30]].tolist()
    [1.0, 2.0, 30.0]
    """
    check_one_of(metric, "metric", DIRECT_METRICS)
    check_integer(threads, "threads", at_least=1)
    bound = _FAR if farthest is None else check_integer(farthest, "farthest", at_least=1)
    cloud = check_points(on_host(points, "points")[0])
    ids = nearest_neighbours(cloud, n_neighbors, metric=metric, threads=threads)[0]
    starts, targets = _edges_both_ways(ids)
    hops = np.full((len(cloud), len(cloud)), np.inf, np.float32)
    np.fill_diagonal(hops, 0)
    # One bit per pair: whether the point of the column is within so many hops of the row's.
    reached = np.packbits(np.eye(len(cloud), dtype=bool), axis=1)
    for hop in range(1, bound + 1):
        further = reached | np.bitwise_or.reduceat(reached[targets], starts, axis=0)
        new = further ^ reached
        if not new.any():
            break
        hops[np.unpackbits(new, axis=1, count=len(cloud)).astype(bool)] = hop
        reached = further
    return hops


def _edges_both_ways(ids: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Where the partners of each point begin, and the partners, of edges that go one way."""
    n_points, n_neighbors = ids.shape
    own, other = np.repeat(np.arange(n_points), n_neighbors), ids.ravel()
    edges = np.unique(np.concatenate([own * n_points + other, other * n_points + own]))
    sources, targets = np.divmod(edges, n_points)
    return np.searchsorted(sources, np.arange(n_points)), targets
