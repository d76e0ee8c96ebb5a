"""Dimension from the two nearest neighbours of every point."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_one_of, check_real
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, descriptors
from topolens.descriptors.intrinsic import (
    IntrinsicDimension,
    logarithms_of_ratios,
    refuse_ties,
    repeats_doubt,
    surroundings,
    told,
)

__all__ = ["two_nn"]

_POSITIONS = ("i/N", "(i-1)/N")
_FITS = ("line", "likelihood")


@descriptors.register(
    "two_nn",
    version=1,
    takes="points",
    unit="dimensions",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
)
def two_nn(
    points: ArrayLike,
    *,
    discard: float = 0.1,
    plotting_position: str = "i/N",
    fit: str = "line",
    metric: str = "euclidean",
    threads: int = 1,
) -> IntrinsicDimension:
    """TwoNN: dimension from the ratio of the distances to the two nearest neighbours.

    Where the density hardly changes over two neighbours, mu = r2 / r1 has the distribution
    F(mu) = 1 - mu ** -d (Facco et al. 2017), so -log(1 - F) is d log mu. The line goes through the
    origin and the N (1 - discard) smallest ratios, where F of the i-th is its plotting position:
    i/N (Facco et al., DADApy, scikit-dimension since 2024) or (i-1)/N (scikit-dimension before;
    10 % lower for 30 points, 1 % for 500). The likelihood takes the discarded ratios as known to
    be larger than the rest: d = (k - 1) / (sum of the k smallest logarithms + (N - k) times the
    k-th), unbiased.

    Parameters
    ----------
    points : array_like or torch.Tensor of shape (n_points, n_features)
        The cloud. Rows that repeat an earlier one are left out.
    discard : float, default 0.1
        Share of the ratios, the largest, that are not fitted, from 0 to below 1.
    plotting_position : {"i/N", "(i-1)/N"}, default "i/N"
        What the line takes for F. At i/N the largest ratio has no logarithm and is never fitted.
    fit : {"line", "likelihood"}, default "line"
        How d is read from the ratios.
    metric : str, default "euclidean"
        Or "manhattan", "chebyshev", "cosine", "correlation".
    threads : int, default 1
        Threads to use; the value does not depend on it.

    Returns
    -------
    IntrinsicDimension
        Its standard error is exact for independent ratios of large samples; those of neighbouring
        points depend on each other, which adds up to a fifth. Repeated rows are a
        TopolensWarning.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, fewer than 3 ratios are fitted, or all of them are 1
        as on a grid.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> square = np.random.default_rng(0).uniform(size=(1000, 2))
    >>> found = tl.two_nn(square)
    >>> low, high = found.interval
    >>> low < 2 < high, found.n_used
    (True, 1000)
    """
    discard = check_real(discard, "discard")
    if not 0 <= discard < 1:
        raise InvalidInputError(f"`discard` must be from 0 to below 1; got {discard}")
    check_one_of(plotting_position, "plotting_position", _POSITIONS)
    check_one_of(fit, "fit", _FITS)
    near = surroundings(points, 2, metric=metric, threads=threads, name="points")
    reach = near.distances
    ratios, doubts = logarithms_of_ratios(reach[:, 0], reach[:, 1])
    n_ratios = len(ratios)
    n_fitted = math.floor(n_ratios * (1 - discard) + 1e-9)
    if fit == "line" and plotting_position == "i/N":
        n_fitted = min(n_fitted, n_ratios - 1)
    if n_fitted < 3:
        raise InvalidInputError(
            f"`discard` must leave at least 3 ratios; {discard} leaves {n_fitted} of {n_ratios}"
        )
    smallest = np.sort(ratios)[:n_fitted]
    refuse_ties(smallest[-1])
    if fit == "line":
        value, error = _line(smallest, n_ratios, 0 if plotting_position == "i/N" else 1)
    else:
        value, error = _likelihood(smallest, n_ratios)
    return IntrinsicDimension(
        value=value,
        standard_error=error,
        n_points=near.n_points,
        n_used=n_ratios,
        n_duplicates=near.n_duplicates,
        conventions={
            "estimator": "two_nn",
            "discard": discard,
            "plotting_position": plotting_position if fit == "line" else None,
            "fit": fit,
            "metric": metric,
        },
        scales=np.array([2]),
        scale_distances=np.array([float(reach[:, 1].mean(dtype=np.float64))]),
        scale_values=np.array([value]),
        scale_errors=np.array([error]),
        warnings=told(repeats_doubt(near.n_duplicates) + doubts),
    )


def _line(smallest: NDArray[np.float64], n_ratios: int, shift: int) -> tuple[float, float]:
    """Slope through the origin of -log(1 - F) against the logarithms, and its error."""
    ranks = np.arange(1, len(smallest) + 1)
    heights = -np.log1p(-(ranks - shift) / n_ratios)
    value = float(smallest @ heights / (smallest @ smallest))
    # The k-th spacing of n exponentials is one of mean 1 / (n - k + 1) and moves all points above.
    above = np.cumsum(heights[::-1])[::-1]
    relative = np.sqrt(np.sum((above / (n_ratios - ranks + 1)) ** 2)) / (heights @ heights)
    return value, value * float(relative)


def _likelihood(smallest: NDArray[np.float64], n_ratios: int) -> tuple[float, float]:
    n_fitted = len(smallest)
    total = float(smallest.sum() + (n_ratios - n_fitted) * smallest[-1])
    value = (n_fitted - 1) / total
    return value, value / math.sqrt(max(n_fitted - 2, 1))
