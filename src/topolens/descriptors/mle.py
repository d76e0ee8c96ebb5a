"""Dimension from the distances to the k nearest neighbours, by maximum likelihood."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import roots_legendre

from topolens.base.checks import check_flag, check_integer, check_one_of, check_real
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, descriptors
from topolens.descriptors.intrinsic import (
    IntrinsicDimension,
    Surroundings,
    error_of_mean,
    refuse_ties,
    repeats_doubt,
    surroundings,
    told,
)

__all__ = ["mle_dimension"]

_AVERAGES = ("mackay-ghahramani", "levina-bickel")
_SCOPES = ("neighbourhoods", "cloud")
_NODES = 64
_WIDTHS = 9.0  # standard deviations of noise that are integrated over


@descriptors.register(
    "mle_dimension",
    version=1,
    takes="points",
    unit="dimensions",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
)
def mle_dimension(
    points: ArrayLike,
    *,
    n_neighbors: int = 20,
    average: str = "mackay-ghahramani",
    unbiased: bool = False,
    noise: float = 0.0,
    scope: str = "neighbourhoods",
    metric: str = "euclidean",
    threads: int = 1,
) -> IntrinsicDimension:
    """Maximum likelihood dimension of Levina and Bickel, from k nearest neighbours.

    Where the density hardly changes over k neighbours, log(r_k / r_j) for j < k are k - 1
    exponential numbers of rate d in some order, so a point has the dimension (k - 1) / (sum of
    log(r_k / r_j)) (Levina and Bickel 2004). Over all points, "levina-bickel" takes the mean of
    these, "mackay-ghahramani" one over the mean of their inverses, which is the likelihood of all
    points together and hardly biased (MacKay and Ghahramani 2005).

    Parameters
    ----------
    points : array_like or torch.Tensor of shape (n_points, n_features)
        The cloud. Rows that repeat an earlier one are left out.
    n_neighbors : int, default 20
        k, at least 2. The larger, the smaller the variance and the larger the bias of curvature
        and boundary.
    average : {"mackay-ghahramani", "levina-bickel"}, default "mackay-ghahramani"
        How the points' dimensions are put together.
    unbiased : bool, default False
        Take k - 2 for k - 1, which makes the dimension of one point unbiased.
    noise : float, default 0.0
        Standard deviation of Gaussian noise in the distances, which is integrated over (Haro,
        Randall and Sapiro 2008, with their approximation).
    scope : {"neighbourhoods", "cloud"}, default "neighbourhoods"
        "cloud" takes the k smallest distances of the whole cloud for one estimate, as R's
        intrinsicDimension does with `neighborhood.based = FALSE`.
    metric : str, default "euclidean"
        Or "manhattan", "chebyshev", "cosine", "correlation".
    threads : int, default 1
        Threads to use; the value does not depend on it.

    Returns
    -------
    IntrinsicDimension
        Its standard error allows for neighbourhoods that overlap: to the variance of the points'
        values, the covariance of each with its neighbours is added. Repeated rows are a
        TopolensWarning.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, there are not more than k distinct points, or all
        neighbours are equally far.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> square = np.random.default_rng(0).uniform(size=(1000, 2))
    >>> found = tl.mle_dimension(square, n_neighbors=10)
    >>> abs(found.value - 2) < 0.1, found.standard_error < 0.05
    (True, True)
    """
    unbiased = check_flag(unbiased, "unbiased")
    check_integer(n_neighbors, "n_neighbors", at_least=3 if unbiased else 2)
    check_one_of(average, "average", _AVERAGES)
    check_one_of(scope, "scope", _SCOPES)
    noise = check_real(noise, "noise")
    if noise < 0:
        raise InvalidInputError(f"`noise` must not be negative; got {noise}")
    near = surroundings(points, n_neighbors, metric=metric, threads=threads, name="n_neighbors")
    n_terms = n_neighbors - (2 if unbiased else 1)
    if scope == "cloud":
        value, error, n_used, doubts = _of_the_cloud(near, n_neighbors, n_terms, noise)
    else:
        value, error, n_used, doubts = _of_neighbourhoods(near, n_terms, noise, average)
    return IntrinsicDimension(
        value=value,
        standard_error=error,
        n_points=near.n_points,
        n_used=n_used,
        n_duplicates=near.n_duplicates,
        conventions={
            "estimator": "mle_dimension",
            "n_neighbors": n_neighbors,
            "average": average if scope == "neighbourhoods" else None,
            "unbiased": unbiased,
            "noise": noise,
            "scope": scope,
            "metric": metric,
        },
        warnings=told(repeats_doubt(near.n_duplicates) + doubts),
    )


def _of_neighbourhoods(
    near: Surroundings, n_terms: int, noise: float, average: str
) -> tuple[float, float, int, list[str]]:
    """Value, standard error, points used and a doubt."""
    apart = near.distances[:, 0] > 0
    n_used = int(apart.sum())
    distances = near.distances[apart].astype(np.float64)
    sums = np.zeros(len(apart))
    sums[apart] = _sum_of_logarithms(distances, noise)
    refuse_ties(float(np.abs(sums).max()))
    enough = sums.sum() if average == "mackay-ghahramani" else sums[apart].min()
    if noise > 0 and not enough > 0:
        raise _too_noisy(noise)
    if average == "mackay-ghahramani":
        inverses = sums / n_terms
        value = n_used / float(inverses.sum())
        deviations = np.where(apart, inverses * value**2 - value, 0.0)
    else:
        refuse_ties(float(sums[apart].min()))
        of_points = np.divide(n_terms, sums, out=np.zeros(len(sums)), where=apart)
        value = float(of_points.sum()) / n_used
        deviations = np.where(apart, of_points - value, 0.0)
    lost = len(apart) - n_used
    doubts = [f"{lost} points at distance 0 of another are left out"] if lost else []
    return value, error_of_mean(deviations, near.ids, n_used), n_used, doubts


def _of_the_cloud(
    near: Surroundings, n_smallest: int, n_terms: int, noise: float
) -> tuple[float, float, int, list[str]]:
    """Value, standard error, points used and a doubt, of the smallest distances of all pairs."""
    own = np.arange(len(near.ids))[:, None]
    # A pair whose distance is among the k smallest has both points among each other's k nearest,
    # or is one of them from one side only: count it once either way.
    first, second = np.minimum(own, near.ids), np.maximum(own, near.ids)
    _, places = np.unique(first * len(near.ids) + second, return_index=True)
    smallest = np.sort(near.distances.ravel()[places])[:n_smallest].astype(np.float64)
    if smallest[0] == 0:
        raise InvalidInputError("`points` must hold points that are not at distance 0 of another")
    total = float(_sum_of_logarithms(smallest[None], noise * math.sqrt(2))[0])
    refuse_ties(abs(total))
    if total < 0:
        raise _too_noisy(noise)
    value = n_terms / total
    return value, value / math.sqrt(n_terms), len(near.points), []


def _too_noisy(noise: float) -> InvalidInputError:
    return InvalidInputError(
        "`noise` must be small beside the distances of neighbours: without it the farthest would "
        f"not be the farthest, so no dimension is defined; got {noise:g}"
    )


def _sum_of_logarithms(distances: NDArray[np.float64], noise: float) -> NDArray[np.float64]:
    """Sum over j < k of log(r_k / r_j), or of its mean over the noise in r_j."""
    last = distances[:, -1:]
    if noise == 0:
        return np.log(last / distances).sum(axis=1)  # type: ignore[no-any-return]
    total = np.zeros(len(distances))
    for column in distances[:, :-1].T:
        total += _mean_logarithm(column, last[:, 0], noise)
    return total


def _mean_logarithm(
    distances: NDArray[np.float64], last: NDArray[np.float64], noise: float
) -> NDArray[np.float64]:
    """Mean of log(last / x) over x > 0 that is normal about each distance."""
    nodes, weights = roots_legendre(_NODES)
    low = np.maximum(distances - _WIDTHS * noise, 0)[:, None]
    high = (distances + _WIDTHS * noise)[:, None]
    place = (nodes + 1) / 2
    # Squared places crowd towards 0, where the logarithm is steep.
    x = low + (high - low) * place**2
    density = np.exp(-0.5 * ((x - distances[:, None]) / noise) ** 2) * weights * place
    means: NDArray[np.float64] = (density * np.log(last[:, None] / x)).sum(1) / density.sum(1)
    return means
