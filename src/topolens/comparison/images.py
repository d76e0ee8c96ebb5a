"""Distance between persistence images, without pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topolens.base.checks import check_real
from topolens.base.registry import Invariances, metrics, to_the_power
from topolens.comparison.bars import (
    Bars,
    EssentialBars,
    essential_distance,
    finite_distance,
    split_bars,
)

__all__ = ["image_distance"]


@dataclass(frozen=True, slots=True, eq=False)
class _PreparedSurface:
    places: NDArray[np.float64]
    """Birth and lifetime of each bar in units of twice the bandwidth, shape (n_bars, 2)."""
    weights: NDArray[np.float64]
    """Lifetimes to the power, shape (n_bars,)."""
    essential: EssentialBars
    bandwidth: float
    squared_norm: float
    """Of the surface, in units of 1 / (4 pi bandwidth ** 2)."""


def _prepare(
    diagram: Bars, *, bandwidth: float = 0.05, weight_power: float = 1.0, name: str = "diagram"
) -> _PreparedSurface:
    width = check_real(bandwidth, "bandwidth", above=0)
    power = check_real(weight_power, "weight_power", above=0)
    bars = split_bars(diagram, name)
    births, lifetimes = bars.finite[:, 0], bars.finite[:, 1] - bars.finite[:, 0]
    with np.errstate(over="ignore"):
        places = np.column_stack([births / 2, lifetimes / 2]) / width
        weights = lifetimes**power
    norm = _overlap(places, weights, places, weights)
    return _PreparedSurface(places, weights, bars.essential, width, norm)


def _compare(first: _PreparedSurface, second: _PreparedSurface) -> float:
    essential = essential_distance(first.essential, second.essential)
    if np.isinf(essential):
        return essential
    shared = _overlap(first.places, first.weights, second.places, second.weights)
    squared = finite_distance(first.squared_norm + second.squared_norm - 2 * shared)
    surfaces = math.sqrt(max(0.0, squared) / (4 * math.pi)) / first.bandwidth
    return finite_distance(surfaces + essential / first.bandwidth)


@metrics.register(
    "image_distance",
    version=1,
    takes="diagrams",
    unit="",
    unit_under=lambda given: to_the_power("distance", given["weight_power"] - 1),
    is_metric=True,
    invariances=Invariances(orthogonal=True, translation=True),
    prepare=_prepare,
    compare=_compare,
)
def image_distance(
    first: Bars, second: Bars, *, bandwidth: float = 0.05, weight_power: float = 1.0
) -> float:
    """L2 distance between the persistence surfaces of two diagrams, in closed form.

    The surface is the sum of Gaussians of total weight lifetime ** weight_power at (birth,
    lifetime) (Adams et al., JMLR 18, 2017): what persistence images of ever finer pixels on an
    ever larger grid come to. Two Gaussians overlap by exp(-d ** 2 / (4 s ** 2)) / (4 pi s ** 2),
    s = `bandwidth`, so no grid is needed; it is the distance of a persistence weighted Gaussian
    kernel (Kusano, Fukumizu, Hiraoka, JMLR 18, 2018).

    Parameters
    ----------
    first, second : Diagram or array_like of shape (n_bars, 2)
        Births and deaths. Bars that never die are matched among themselves in order of birth,
        each pair adding the difference of births in parts of the bandwidth.
    bandwidth : float, default 0.05
        Standard deviation of the Gaussians, in units of the cloud's distances; the default suits
        clouds divided by their median distance.
    weight_power : float, default 1.0
        Exponent of the lifetime in the weight, above 0: bars of no length weigh nothing.

    Returns
    -------
    float
        A pure number for `weight_power` 1; infinite if the diagrams have different numbers of
        bars that never die.

    Raises
    ------
    InvalidInputError
        If `bandwidth` or `weight_power` is not a positive number, or a diagram is not of shape
        (n_bars, 2), holds NaN, an infinite birth or a death before its birth.

    Examples
    --------
    >>> round(image_distance([[0.0, 0.4]], [[0.0, 0.4], [0.6, 1.0]]), 4)
    2.2568
    """
    return _compare(
        _prepare(first, bandwidth=bandwidth, weight_power=weight_power, name="first"),
        _prepare(second, bandwidth=bandwidth, weight_power=weight_power, name="second"),
    )


_BLOCK = 256


def _overlap(
    places: NDArray[np.float64],
    weights: NDArray[np.float64],
    others: NDArray[np.float64],
    other_weights: NDArray[np.float64],
) -> float:
    """Weighted sum of exp(-squared distance) over all pairs, some rows at a time."""
    total = 0.0
    for start in range(0, len(places), _BLOCK):
        rows = slice(start, start + _BLOCK)
        with np.errstate(over="ignore", invalid="ignore"):
            squares = np.subtract.outer(places[rows, 0], others[:, 0]) ** 2
            squares += np.subtract.outer(places[rows, 1], others[:, 1]) ** 2
            total += float(weights[rows] @ (np.exp(-squares) @ other_weights))
    return total
