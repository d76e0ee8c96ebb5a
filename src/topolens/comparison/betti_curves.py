"""Distance between Betti curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topolens.base.checks import check_real
from topolens.base.curves import BettiCurve
from topolens.base.registry import Invariances, metrics, to_the_power
from topolens.comparison.bars import (
    Bars,
    checked_bars,
    degree_of,
    finite_distance,
    refuse_two_degrees,
)

__all__ = ["betti_curve_distance"]


@dataclass(frozen=True, slots=True, eq=False)
class _PreparedCurve:
    curve: BettiCurve
    degree: int | None
    power: float


def _prepare(diagram: Bars, *, power: float = 1.0, name: str = "diagram") -> _PreparedCurve:
    p = check_real(power, "power", at_least=1)
    return _PreparedCurve(BettiCurve.of(checked_bars(diagram, name)), degree_of(diagram), p)


def _compare(first: _PreparedCurve, second: _PreparedCurve) -> float:
    refuse_two_degrees(first.degree, second.degree)
    one, other = first.curve, second.curve
    if one.n_essential != other.n_essential:
        return float("inf")
    scales = np.union1d(one.scales, other.scales)
    gaps = np.abs(one.at(scales) - other.at(scales))[:-1]
    largest = int(gaps.max(initial=0))
    if largest == 0:
        return 0.0
    with np.errstate(over="ignore"):
        # Powers of shares, as those of the gaps might leave the range of numbers.
        area = float(np.sum((gaps / largest) ** first.power * np.diff(scales)))
    return finite_distance(largest * area ** (1 / first.power))


@metrics.register(
    "betti_curve_distance",
    version=1,
    takes="diagrams",
    unit="distance",
    unit_under=lambda given: to_the_power("distance", 1 / given["power"]),
    is_metric=True,
    invariances=Invariances(orthogonal=True, translation=True),
    prepare=_prepare,
    compare=_compare,
)
def betti_curve_distance(first: Bars, second: Bars, *, power: float = 1.0) -> float:
    """L_p distance between the Betti curves of two diagrams, an exact integral.

    (integral over s of |beta(s) - beta'(s)| ** p) ** (1 / p), with beta(s) the number of bars with
    birth <= s < death.

    Parameters
    ----------
    first, second : Diagram or array_like of shape (n_bars, 2)
        Births and deaths. Bars that never die count from their birth on.
    power : float, default 1.0
        The p of L_p, at least 1.

    Returns
    -------
    float
        In units of the births and deaths, to the power 1 / p; infinite if the diagrams have
        different numbers of bars that never die. For p = 1 at most twice the Wasserstein-1
        distance with ground norm L-infinity.

    Raises
    ------
    InvalidInputError
        If `power` is below 1, or a diagram is not of shape (n_bars, 2), holds NaN, an infinite
        birth or a death before its birth.

    Examples
    --------
    >>> betti_curve_distance([[0.0, 2.0]], [[0.0, 1.0], [0.0, 1.0]])
    2.0
    """
    return _compare(
        _prepare(first, power=power, name="first"), _prepare(second, power=power, name="second")
    )
