"""Vietoris–Rips persistent homology of a point cloud or a distance matrix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import (
    Points,
    check_distances,
    check_integer,
    check_one_of,
    check_points,
    check_real,
)
from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram, Diagrams
from topolens.kernels.distances import DIRECT_METRICS, METRICS, distances_of
from topolens.kernels.forecast import (
    engine_bytes,
    matrix_bytes,
    probed_seconds,
    refuse_without_memory,
)
from topolens.kernels.rips import (
    Bars,
    LoopCycle,
    enclosing_radius,
    rips_bars,
    rips_cycles,
    rips_pairs,
    rips_pairs_of_subsets,
)

__all__ = [
    "METRICS",
    "Forecast",
    "persistence",
    "persistence_bars",
    "persistence_cycles",
    "persistence_forecast",
    "persistence_from_distances",
    "persistence_of_subsets",
]

_HIGHEST_DEGREE = 2

OnProgress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a computation will need."""

    memory_bytes: int
    """Peak memory beyond the points."""
    seconds: float
    """Time on one thread, right within a factor of about three."""


def persistence(
    points: ArrayLike,
    *,
    max_dim: int = 1,
    threshold: float | None = None,
    metric: str = "euclidean",
    threads: int = 1,
    on_progress: OnProgress | None = None,
) -> Diagrams:
    """Persistent homology of the Vietoris–Rips filtration of a point cloud, over Z/2.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud. Distances have the precision of the points, float32 or float64; float64 takes
        twice the memory.
    max_dim : {0, 1, 2}, default 1
        Highest homology degree: 0 components, 1 loops, 2 voids.
    threshold : float, optional
        Largest distance at which points are joined. Default: the enclosing radius, after which
        nothing changes, so the result is exact.
    metric : {"euclidean", "manhattan", "chebyshev", "cosine", "correlation", "euclidean_blas"}
        Distance between points, by direct differences in a fixed order of summation; the last
        one by a matrix product, with larger rounding that depends on the machine.
    threads : int, default 1
        Threads to use; the result does not depend on them.
    on_progress : callable, optional
        Called now and then with the share of edges done, 0 to 1; what it raises stops the work.

    Returns
    -------
    Diagrams
        One diagram per degree, `diagrams[1].pairs` of shape (n_bars, 2). Bars of length zero
        are left out; one component never dies.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, a row has no direction under "cosine" or
        "correlation", a distance is beyond the precision's range, or memory does not suffice.

    Notes
    -----
    Reduced Vietoris–Rips [1]_ [2]_: at each edge only the components and loops of its lune
    matter. Memory beyond the distance matrix is about n_points² / 8 bytes and some 30 MB.
    Purvine et al. (AAAI 2023) use this with `max_dim=1` on clouds of 1,000 activations.

    References
    ----------
    .. [1] M. A. Koyama, F. Memoli, V. Robins, K. Turner, "Faster computation of degree-1
       persistent homology using the reduced Vietoris-Rips filtration", arXiv:2307.16333.
    .. [2] M. A. Koyama, V. Robins, K. Turner, F. Memoli, "Distilled Vietoris-Rips filtrations",
       arXiv:2412.07805.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    >>> circle = np.column_stack([np.cos(angle), np.sin(angle)])
    >>> tl.persistence(circle)[1].pairs.round(2)
    array([[0.16, 1.78]])
    """
    check_one_of(metric, "metric", METRICS)
    _check_degree(max_dim)
    threads = check_integer(threads, "threads", at_least=1)
    cloud = check_points(points)
    refuse_without_memory(len(cloud), cloud.dtype.itemsize, max_dim, with_matrix=True)
    matrix = distances_of(cloud, metric, threads)
    return _diagrams(matrix, max_dim, threshold, metric, threads, on_progress)


def persistence_from_distances(
    distances: ArrayLike,
    *,
    max_dim: int = 1,
    threshold: float | None = None,
    threads: int = 1,
    on_progress: OnProgress | None = None,
) -> Diagrams:
    """Persistent homology of the Vietoris–Rips filtration of a distance matrix, over Z/2.

    Parameters
    ----------
    distances : array_like of shape (n_points, n_points)
        Symmetric, non-negative, zero diagonal; the triangle inequality is not needed. An
        infinite entry never joins its two points. float32 and float64 are used as they are.
    max_dim : {0, 1, 2}, default 1
        Highest homology degree.
    threshold : float, optional
        Largest distance at which points are joined (inclusive), rounded to the matrix's
        precision. Default: the enclosing radius.
    threads : int, default 1
        Threads to use; the result does not depend on them.
    on_progress : callable, optional
        Called now and then with the share of edges done, 0 to 1; what it raises stops the work.

    Returns
    -------
    Diagrams
        As `persistence` returns them; every finite birth and death is an entry of the matrix.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above; the message names the first offending entry.
    """
    _check_degree(max_dim)
    threads = check_integer(threads, "threads", at_least=1)
    matrix = check_distances(distances)
    refuse_without_memory(len(matrix), matrix.dtype.itemsize, max_dim, with_matrix=False)
    return _diagrams(matrix, max_dim, threshold, "precomputed", threads, on_progress)


def persistence_bars(
    distances: ArrayLike, *, max_dim: int = 1, threshold: float | None = None, threads: int = 1
) -> list[Bars]:
    """Bars of a distance matrix with the simplices that begin and end them.

    Parameters
    ----------
    distances : array_like of shape (n_points, n_points)
        As for `persistence_from_distances`.
    max_dim : {0, 1, 2}, default 1
        Highest homology degree.
    threshold : float, optional
        Largest distance at which points are joined. Default: the enclosing radius.
    threads : int, default 1
        Threads to use; the result does not depend on them.

    Returns
    -------
    list of Bars
        One per degree. Births and deaths are entries of the matrix, at `birth_positions` and
        `death_positions`: the gradient of any function of the bars is a look-up.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above.

    Notes
    -----
    Where several entries are equal, the simplices depend on the order of the points; the bars do
    not.

    Examples
    --------
    >>> import numpy as np
    >>> square = np.array([[0, 1, 2, 1], [1, 0, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]])
    >>> loop = persistence_bars(square)[1]
    >>> loop.pairs, int(square[tuple(loop.death_positions[0])])
    (array([[1., 2.]]), 2)
    """
    _check_degree(max_dim)
    threads = check_integer(threads, "threads", at_least=1)
    matrix = check_distances(distances)
    refuse_without_memory(len(matrix), matrix.dtype.itemsize, max_dim, with_matrix=False)
    return rips_bars(matrix, max_dim=max_dim, threshold=_cut(matrix, threshold), threads=threads)


def persistence_cycles(
    distances: ArrayLike,
    *,
    longer_than: float = 0.0,
    threshold: float | None = None,
    threads: int = 1,
    on_progress: OnProgress | None = None,
) -> list[LoopCycle]:
    """Representative cycles of the loops (H1) of a distance matrix, the longest bars first.

    Parameters
    ----------
    distances : array_like of shape (n_points, n_points)
        As for `persistence_from_distances`.
    longer_than : float, default 0.0
        Only bars whose lifetime is larger.
    threshold : float, optional
        Largest distance at which points are joined. Default: the enclosing radius.
    threads : int, default 1
        Threads to use; the result does not depend on them.
    on_progress : callable, optional
        As for `persistence`.

    Returns
    -------
    list of LoopCycle
        Closed walks through row numbers. Their sum is born with the bar and bounds where it
        dies. The shortest cycle through the edge of birth is taken where that is proved for it.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above.

    Notes
    -----
    Each cycle costs O(n_points²) beyond the diagram: ask for the long bars of large clouds.

    Examples
    --------
    >>> import numpy as np
    >>> square = np.array([[0, 1, 2, 1], [1, 0, 1, 2], [2, 1, 0, 1], [1, 2, 1, 0]])
    >>> [loop.walks for loop in persistence_cycles(square)]
    [(array([3, 0, 1, 2], dtype=int32),)]
    """
    bound = check_real(longer_than, "longer_than")
    threads = check_integer(threads, "threads", at_least=1)
    matrix = check_distances(distances)
    refuse_without_memory(len(matrix), matrix.dtype.itemsize, 1, with_matrix=False)
    cut = _cut(matrix, threshold)
    return rips_cycles(
        matrix, longer_than=bound, threshold=cut, threads=threads, progress=on_progress
    )


def persistence_of_subsets(
    points: ArrayLike,
    subsets: Sequence[ArrayLike],
    *,
    max_dim: int = 0,
    threshold: float | None = None,
    metric: str = "euclidean",
    threads: int = 1,
) -> list[Diagrams]:
    """Persistent homology of many subsets of one cloud, on one shared distance matrix.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.
    subsets : sequence of array_like of int
        Row numbers of each subset, without repetition.
    max_dim : {0, 1, 2}, default 0
        Highest homology degree. H0 alone reads the shared matrix in place.
    threshold : float, optional
        Largest distance at which points are joined. Default: everything is joined.
    metric : str, default "euclidean"
        As for `persistence`.
    threads : int, default 1
        Threads to use, one subset each.

    Returns
    -------
    list of Diagrams
        In the order of `subsets`.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above.
    """
    check_one_of(metric, "metric", METRICS)
    _check_degree(max_dim)
    threads = check_integer(threads, "threads", at_least=1)
    cloud = check_points(points)
    chosen = [_checked_subset(subset, k, len(cloud)) for k, subset in enumerate(subsets)]
    refuse_without_memory(len(cloud), cloud.dtype.itemsize, max_dim, with_matrix=True)
    matrix = distances_of(cloud, metric, threads)
    cut = np.inf if threshold is None else _checked_threshold(threshold)
    found = rips_pairs_of_subsets(matrix, chosen, max_dim=max_dim, threshold=cut, threads=threads)
    return [
        _as_diagrams(pairs, len(subset), metric, cut)
        for pairs, subset in zip(found, chosen, strict=True)
    ]


def persistence_forecast(
    points: ArrayLike, *, max_dim: int = 1, metric: str = "euclidean"
) -> Forecast:
    """Memory and time that `persistence` will take with these arguments.

    The memory follows from the sizes; the time from two small samples of the cloud, which cost
    a few per cent of it.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.
    max_dim : {0, 1, 2}, default 1
        Highest homology degree.
    metric : str, default "euclidean"
        As for `persistence`, except "euclidean_blas".

    Returns
    -------
    Forecast
        Memory and time.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above.
    """
    check_one_of(metric, "metric", DIRECT_METRICS)
    _check_degree(max_dim)
    cloud = check_points(points)
    size = cloud.dtype.itemsize
    memory = matrix_bytes(len(cloud), size) + engine_bytes(len(cloud), size, max_dim)
    return Forecast(memory, probed_seconds(cloud, metric=metric, max_dim=max_dim))


def _checked_subset(subset: ArrayLike, place: int, n_points: int) -> NDArray[np.int64]:
    rows = np.asarray(subset)
    if rows.ndim != 1 or len(rows) == 0 or rows.dtype.kind not in "iu":
        raise InvalidInputError(
            f"`subsets[{place}]` must be a list of row numbers, at least one; "
            f"got shape {rows.shape}, dtype {rows.dtype}"
        )
    if rows.min() < 0 or rows.max() >= n_points:
        wrong = int(rows[(rows < 0) | (rows >= n_points)][0])
        raise InvalidInputError(
            f"`subsets[{place}]` must hold rows from 0 to {n_points - 1}; got {wrong}"
        )
    if len(np.unique(rows)) != len(rows):
        raise InvalidInputError(f"`subsets[{place}]` must not repeat a row")
    return rows.astype(np.int64)


def _diagrams(
    distances: Points,
    max_dim: int,
    threshold: float | None,
    metric: str,
    threads: int,
    on_progress: OnProgress | None,
) -> Diagrams:
    cut = _cut(distances, threshold)
    pairs = rips_pairs(
        distances, max_dim=max_dim, threshold=cut, threads=threads, progress=on_progress
    )
    return _as_diagrams(pairs, len(distances), metric, cut)


def _as_diagrams(
    pairs: list[NDArray[np.float64]], n_points: int, metric: str, cut: float
) -> Diagrams:
    diagrams = tuple(Diagram(degree, bars) for degree, bars in enumerate(pairs))
    return Diagrams(diagrams, n_points, metric, cut, version("topolens"))


def _cut(distances: Points, threshold: float | None) -> float:
    return enclosing_radius(distances) if threshold is None else _checked_threshold(threshold)


def _check_degree(max_dim: int) -> None:
    whole = isinstance(max_dim, int | np.integer) and not isinstance(max_dim, bool)
    if not whole or max_dim not in range(_HIGHEST_DEGREE + 1):
        raise InvalidInputError(
            f"`max_dim` must be 0, 1 or 2; got {max_dim!r}; GUDHI and ripser compute higher degrees"
        )


def _checked_threshold(threshold: float) -> float:
    if isinstance(threshold, bool) or not isinstance(threshold, int | float | np.number):
        raise InvalidInputError(f"`threshold` must be a number; got {threshold!r}")
    if np.isnan(threshold) or threshold < 0:
        raise InvalidInputError(f"`threshold` must not be negative or NaN; got {threshold}")
    return float(threshold)
