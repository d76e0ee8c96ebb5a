"""Representational similarity analysis: clouds compared by their matrices of dissimilarities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kendalltau, rankdata

from topolens.base.checks import check_one_of, check_same_length
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, metrics
from topolens.comparison.centring import host_points
from topolens.kernels.distances import distances_of

__all__ = ["dissimilarities", "rsa"]

_SQUARED = "squared_euclidean"
_DISTANCES = ("euclidean", _SQUARED, "correlation", "cosine", "manhattan")


def dissimilarities(points: ArrayLike, *, distance: str = "euclidean") -> NDArray[np.float64]:
    """Dissimilarity matrix of a cloud, (n_points, n_points), as `rsa` compares them.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
    distance : str, default euclidean
        "euclidean", "squared_euclidean", "manhattan", "cosine" (one minus the cosine of two rows)
        or "correlation" (one minus their Pearson correlation, features being the samples).

    Returns
    -------
    numpy.ndarray of shape (n_points, n_points)
        Symmetric, zero diagonal.

    Raises
    ------
    InvalidInputError
        If a row has no direction under an angular distance, or the distance is unknown.
    """
    return _matrix(points, distance, "points")


def _matrix(points: ArrayLike, distance: str, name: str) -> NDArray[np.float64]:
    check_one_of(distance, "distance", _DISTANCES)
    cloud = host_points(points, name=name).astype(np.float64)
    if distance == _SQUARED:
        return np.square(distances_of(cloud, "euclidean", 1, name=name)).astype(np.float64)
    return distances_of(cloud, distance, 1, name=name).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Dissimilarities:
    entries: NDArray[np.float64]
    """Of the pairs of rows, made ready for the comparison."""
    n_points: int
    comparison: str

    def __len__(self) -> int:
        return self.n_points


def _centred_unit(entries: NDArray[np.float64]) -> NDArray[np.float64]:
    about_mean = entries - entries.mean()
    unit: NDArray[np.float64] = about_mean / np.linalg.norm(about_mean)
    return unit


_READY: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "spearman": lambda entries: _centred_unit(rankdata(entries)),
    "pearson": _centred_unit,
    "cosine": lambda entries: entries / np.linalg.norm(entries),
    "kendall": lambda entries: entries,
}


def _prepare(
    points: ArrayLike,
    *,
    distance: str = "euclidean",
    comparison: str = "spearman",
    name: str = "points",
) -> _Dissimilarities:
    check_one_of(comparison, "comparison", tuple(_READY))
    matrix = _matrix(points, distance, name)
    entries = matrix[np.triu_indices(len(matrix), 1)]
    _refuse_without_variation(entries, comparison, name)
    return _Dissimilarities(_READY[comparison](entries), len(matrix), comparison)


def _refuse_without_variation(entries: NDArray[np.float64], comparison: str, name: str) -> None:
    largest = entries.max()
    if largest == 0:
        raise InvalidInputError(
            f"`{name}` must not be constant: RSA is undefined when all dissimilarities are 0"
        )
    # Rounding alone orders dissimilarities that are equal.
    if comparison != "cosine" and largest - entries.min() <= 1e-12 * largest:
        raise InvalidInputError(
            f"`{name}` must have dissimilarities that differ: their {comparison} correlation "
            f"is undefined; all {len(entries)} are {largest:g}"
        )


def _compare(first: _Dissimilarities, second: _Dissimilarities) -> float:
    check_same_length(first, second, ("first", "second"))
    if first.comparison == "kendall":
        return _tau_a(first.entries, second.entries)
    return float(np.clip(first.entries @ second.entries, -1, 1))


def _tau_a(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Concordant less discordant pairs over all pairs, from tau-b, which corrects for ties."""
    untied = [1 - _tied_share(entries) for entries in (first, second)]
    return float(kendalltau(first, second, variant="b").statistic * np.sqrt(np.prod(untied)))


def _tied_share(entries: NDArray[np.float64]) -> float:
    counts = np.unique(entries, return_counts=True)[1].astype(np.float64)
    return float(np.sum(counts * (counts - 1)) / (len(entries) * (len(entries) - 1)))


@metrics.register(
    "rsa",
    version=1,
    takes="points",
    unit="",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
    paired_rows=True,
    is_similarity=True,
    prepare=_prepare,
    compare=_compare,
)
def rsa(
    first: ArrayLike,
    second: ArrayLike,
    *,
    distance: str = "euclidean",
    comparison: str = "spearman",
) -> float:
    """Agreement of the dissimilarities between the rows of two clouds of the same samples.

    Every cloud becomes the list of dissimilarities of its pairs of rows, and the two lists are
    compared (Kriegeskorte, Mur, Bandettini 2008). With `distance="correlation"` and the
    default comparison these are the choices of that paper.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The number of features may differ.
    distance : str, default euclidean
        "euclidean", "squared_euclidean", "manhattan", "cosine" or "correlation", between rows.
    comparison : str, default spearman
        "spearman" (ties get mean ranks), "pearson", "cosine" or "kendall": tau-a, where a tie in
        either list counts as half right.

    Returns
    -------
    float
        From -1 to 1, from 0 with "cosine". With the default distance unchanged by rotation,
        scaling and translation of a cloud; "correlation" and "cosine" are not.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, the dissimilarities of a cloud are all equal (with
        "cosine": all 0), or a row has no direction under an angular distance.

    Examples
    --------
    >>> import numpy as np
    >>> cloud = np.random.default_rng(0).normal(size=(50, 3))
    >>> round(rsa(cloud, 2 * cloud[:, ::-1] + 1), 6)
    1.0
    """
    return _compare(
        _prepare(first, distance=distance, comparison=comparison, name="first"),
        _prepare(second, distance=distance, comparison=comparison, name="second"),
    )
