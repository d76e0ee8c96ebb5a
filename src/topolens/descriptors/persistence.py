"""Vietoris–Rips persistent homology of a point cloud or a distance matrix."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import pdist, squareform

from topolens.base.checks import Points, check_distances, check_one_of, check_points
from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram, Diagrams
from topolens.kernels.rips import enclosing_radius, rips_pairs

__all__ = ["METRICS", "persistence", "persistence_from_distances"]

_SCIPY_NAMES = {
    "euclidean": "euclidean",
    "cosine": "cosine",
    "correlation": "correlation",
    "manhattan": "cityblock",
}
METRICS = tuple(_SCIPY_NAMES)
_HIGHEST_DEGREE = 2
_FARTHEST = float(np.finfo(np.float32).max)


def persistence(
    points: ArrayLike,
    *,
    max_dim: int = 1,
    threshold: float | None = None,
    metric: str = "euclidean",
) -> Diagrams:
    """Persistent homology of the Vietoris–Rips filtration of a point cloud, over Z/2.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud. Distances are summed in float64 and rounded once to float32.
    max_dim : {0, 1, 2}, default 1
        Highest homology degree: 0 components, 1 loops, 2 voids.
    threshold : float, optional
        Largest distance at which points are joined. Default: the enclosing radius, after which
        nothing changes, so the result is exact.
    metric : {"euclidean", "cosine", "correlation", "manhattan"}, default "euclidean"
        Distance between points.

    Returns
    -------
    Diagrams
        One diagram per degree, `diagrams[1].pairs` of shape (n_bars, 2). Bars of length zero
        are left out; one component never dies.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, a row has no direction under "cosine" or
        "correlation", or a distance is beyond what float32 holds.

    Notes
    -----
    Purvine et al. (AAAI 2023) use this with `max_dim=1` on clouds of 1,000 activations.

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
    cloud = check_points(points)
    return _diagrams(_pairwise_distances(cloud, metric), max_dim, threshold, metric)


def persistence_from_distances(
    distances: ArrayLike, *, max_dim: int = 1, threshold: float | None = None
) -> Diagrams:
    """Persistent homology of the Vietoris–Rips filtration of a distance matrix, over Z/2.

    Parameters
    ----------
    distances : array_like of shape (n_points, n_points)
        Symmetric, non-negative, zero diagonal; the triangle inequality is not needed. An
        infinite entry never joins its two points. Used in float32.
    max_dim : {0, 1, 2}, default 1
        Highest homology degree.
    threshold : float, optional
        Largest distance at which points are joined (inclusive). Default: the enclosing radius.

    Returns
    -------
    Diagrams
        As `persistence` returns them; every finite birth and death is an entry of the matrix.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above; the message names the first offending entry.
    """
    matrix = check_distances(distances)
    _refuse_where_too_far(matrix, np.isfinite(matrix) & (matrix > _FARTHEST), "distances")
    return _diagrams(matrix, max_dim, threshold, "precomputed")


def _pairwise_distances(cloud: Points, metric: str) -> Points:
    if metric in ("cosine", "correlation"):
        _refuse_rows_without_direction(cloud, metric)
    wide = cloud.astype(np.float64, copy=False)
    matrix: Points = squareform(pdist(wide, _SCIPY_NAMES[metric]))  # type: ignore[call-overload]
    # Rounding can leave a cosine distance a hair below zero.
    matrix = np.maximum(matrix, 0.0)
    _refuse_where_too_far(matrix, ~(matrix <= _FARTHEST), "points")
    return matrix


def _refuse_where_too_far(matrix: Points, bad: NDArray[np.bool_], name: str) -> None:
    if bad.any():
        row, column = (int(index) for index in np.argwhere(bad)[0])
        raise InvalidInputError(
            f"`{name}` must have distances that float32 holds, at most {_FARTHEST:.2g}; "
            f"rows {row} and {column} are {matrix[row, column]:.3g} apart"
        )


def _refuse_rows_without_direction(cloud: Points, metric: str) -> None:
    origin = cloud[:, :1] if metric == "correlation" else 0
    silent = np.flatnonzero(~(cloud != origin).any(axis=1))
    if len(silent):
        what = "constant" if metric == "correlation" else "zero"
        raise InvalidInputError(
            f"`points` must have no {what} row under the {metric} metric; row {silent[0]} is"
        )


def _diagrams(distances: Points, max_dim: int, threshold: float | None, metric: str) -> Diagrams:
    _check_degree(max_dim)
    single = distances.astype(np.float32)
    cut = enclosing_radius(single) if threshold is None else _checked_threshold(threshold)
    pairs = rips_pairs(single, max_dim=max_dim, threshold=cut)
    diagrams = tuple(Diagram(degree, bars) for degree, bars in enumerate(pairs))
    return Diagrams(diagrams, len(single), metric, cut, version("topolens"))


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
