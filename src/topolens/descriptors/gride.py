"""Dimension from the ratio of distances to farther neighbours, scale by scale."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from topolens.base.checks import check_integer, check_one_of
from topolens.base.registry import Invariances, descriptors
from topolens.descriptors.intrinsic import (
    IntrinsicDimension,
    Surroundings,
    error_of_mean,
    logarithms_of_ratios,
    refuse_ties,
    repeats_doubt,
    surroundings,
    told,
)

__all__ = ["gride"]

_NUMERATORS = ("N-1", "N")
_ERRORS = ("overlap", "information")


@descriptors.register(
    "gride",
    version=1,
    takes="points",
    unit="dimensions",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
)
def gride(
    points: ArrayLike,
    *,
    n1: int = 2,
    n2: int | None = None,
    farthest: int = 64,
    numerator: str = "N-1",
    error: str = "overlap",
    metric: str = "euclidean",
    threads: int = 1,
) -> IntrinsicDimension:
    """Gride: dimension from the distances to the n1-th and n2-th neighbours, by likelihood.

    Where the density hardly changes over n2 neighbours, mu = r_n2 / r_n1 has the density
    d (mu**d - 1)**(n2 - n1 - 1) / (B(n2 - n1, n1) mu**((n2 - 1) d + 1)) (Denti et al. 2022, Sci.
    Rep. 12). The value maximises the likelihood of the N ratios; the larger n1, the larger the
    scale looked at and the less noise matters. n1 = 1, n2 = 2 is TwoNN.

    Parameters
    ----------
    points : array_like or torch.Tensor of shape (n_points, n_features)
        The cloud. Rows that repeat an earlier one are left out.
    n1 : int, default 2
        Order of the nearer neighbour.
    n2 : int, default None
        Order of the farther neighbour, above n1. None: 2 n1.
    farthest : int, default 64
        Last n2 of the scale curve, whose n1 are 1, 2, 4, … and n2 = 2 n1; no more than there are.
    numerator : {"N-1", "N"}, default "N-1"
        Factor of log d in the likelihood: "N-1" is unbiased for TwoNN (DADApy,
        scikit-dimension), "N" is the likelihood itself.
    error : {"overlap", "information"}, default "overlap"
        How standard errors come about. "information": from the curvature of the likelihood, as if
        the ratios of points were independent (DADApy, scikit-dimension): about three quarters of
        the truth. "overlap": to the variance of the points' scores, the covariance of
        each with its neighbours is added.
    metric : str, default "euclidean"
        Or "manhattan", "chebyshev", "cosine", "correlation".
    threads : int, default 1
        Threads to use; the value does not depend on it.

    Returns
    -------
    IntrinsicDimension
        With the scale curve: `scales` are the n2, `scale_distances` the means of the distances to
        both neighbours. Repeated rows are a TopolensWarning.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, there are not more than n2 distinct points, or all
        ratios are 1.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> square = np.random.default_rng(0).uniform(size=(1000, 2))
    >>> found = tl.gride(square)
    >>> low, high = found.interval
    >>> low < 2 < high, found.scales.tolist()
    (True, [2, 4, 8, 16, 32, 64])
    """
    n1 = check_integer(n1, "n1", at_least=1)
    n2 = 2 * n1 if n2 is None else check_integer(n2, "n2", at_least=n1 + 1)
    farthest = check_integer(farthest, "farthest", at_least=2)
    n_extra = 1 if check_one_of(numerator, "numerator", _NUMERATORS) == "N-1" else 0
    check_one_of(error, "error", _ERRORS)
    near = surroundings(points, n2, wanted=farthest, metric=metric, threads=threads, name="n2")
    likely = partial(_at_scale, near, n_extra=n_extra, is_overlap=error == "overlap")
    value, standard_error, n_used, doubts = likely(n1, n2)
    outer = [2**j for j in range(1, min(farthest, near.distances.shape[1]).bit_length())]
    curve = [likely(k // 2, k)[:2] for k in outer]
    means = near.distances.mean(axis=0, dtype=np.float64)
    return IntrinsicDimension(
        value=value,
        standard_error=standard_error,
        n_points=near.n_points,
        n_used=n_used,
        n_duplicates=near.n_duplicates,
        conventions={
            "estimator": "gride",
            "n1": n1,
            "n2": n2,
            "numerator": numerator,
            "error": error,
            "metric": metric,
        },
        scales=np.array(outer, dtype=np.int64),
        scale_distances=np.array([(means[k // 2 - 1] + means[k - 1]) / 2 for k in outer]),
        scale_values=np.array([value for value, _ in curve]),
        scale_errors=np.array([error for _, error in curve]),
        warnings=told(repeats_doubt(near.n_duplicates) + doubts),
    )


def _at_scale(
    near: Surroundings, n1: int, n2: int, *, n_extra: int, is_overlap: bool
) -> tuple[float, float, int, list[str]]:
    """Value, standard error, number of ratios and a doubt."""
    inner, outer = near.distances[:, n1 - 1], near.distances[:, n2 - 1]
    ratios, doubts = logarithms_of_ratios(inner, outer)
    refuse_ties(ratios.max())
    value = _most_likely(ratios, n1, n2, n_extra)
    between, n_ratios = n2 - n1 - 1, len(ratios)
    with np.errstate(over="ignore", invalid="ignore"):  # 0 where the ratio is so large, 1 / value²
        spread = np.where(ratios > 0, ratios / (2 * np.sinh(value * ratios / 2)), 1 / value)
    information = n_ratios / value**2 + between * float(np.sum(spread**2))
    if not is_overlap:
        return value, 1 / math.sqrt(information), n_ratios, doubts
    scores = np.zeros(len(inner))
    scores[inner > 0] = 1 / value + between * _tilted(ratios, value) - (n2 - 1) * ratios
    error = error_of_mean(scores, near.ids[:, :n2], n_ratios) * n_ratios / information
    return value, error, n_ratios, doubts


def _tilted(ratios: NDArray[np.float64], d: float) -> NDArray[np.float64]:
    """X / (1 - exp(-d x)), which is 1 / d at 0."""
    with np.errstate(invalid="ignore"):
        tilted: NDArray[np.float64] = np.where(ratios > 0, ratios / -np.expm1(-d * ratios), 1 / d)
    return tilted


def _most_likely(ratios: NDArray[np.float64], n1: int, n2: int, n_extra: int) -> float:
    """Root of the derivative of the log-likelihood, which falls from infinity below zero."""
    between = n2 - n1 - 1
    total = ratios.sum()

    def derivative(d: float) -> float:
        terms = _tilted(ratios, d)
        return float((len(ratios) - n_extra) / d + between * terms.sum() - (n2 - 1) * total)

    # The terms lie between 1/d and 1/d + x, which brackets the root.
    constant = len(ratios) - n_extra + between * len(ratios)
    low, high = constant / ((n2 - 1) * total), constant / (n1 * total)
    if between == 0:
        return float(high)
    return float(brentq(derivative, low * (1 - 1e-9), high * (1 + 1e-9), xtol=1e-13, rtol=1e-13))
