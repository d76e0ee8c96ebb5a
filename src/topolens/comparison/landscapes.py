"""Distance between persistence landscapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topolens.base.checks import check_integer, check_power
from topolens.base.landscapes import PersistenceLandscape
from topolens.base.registry import Invariances, metrics, to_the_power
from topolens.comparison.bars import (
    Bars,
    EssentialBars,
    essential_distance,
    finite_distance,
    split_bars,
)
from topolens.kernels import landscape as kernel

__all__ = ["landscape_distance"]


@dataclass(frozen=True, slots=True, eq=False)
class _PreparedLandscape:
    landscape: PersistenceLandscape
    essential: EssentialBars
    power: float


def _prepare(
    diagram: Bars, *, power: float = 2.0, n_layers: int | None = None, name: str = "diagram"
) -> _PreparedLandscape:
    if n_layers is not None:
        n_layers = check_integer(n_layers, "n_layers", at_least=1)
    bars = split_bars(diagram, name)
    layers = kernel.landscape_of(bars.finite, n_layers)
    return _PreparedLandscape(layers, bars.essential, check_power(power))


def _compare(first: _PreparedLandscape, second: _PreparedLandscape) -> float:
    essential = essential_distance(first.essential, second.essential)
    if np.isinf(essential):
        return essential
    heights = kernel.landscape_distance(first.landscape, second.landscape, first.power)
    return finite_distance(essential + heights)


@metrics.register(
    "landscape_distance",
    version=1,
    takes="diagrams",
    unit="distance^1.5",
    unit_under=lambda given: to_the_power("distance", 1 + 1 / given["power"]),
    is_metric=True,
    invariances=Invariances(orthogonal=True, translation=True),
    prepare=_prepare,
    compare=_compare,
)
def landscape_distance(
    first: Bars, second: Bars, *, power: float = 2.0, n_layers: int | None = None
) -> float:
    """L_p distance between the persistence landscapes of two diagrams, an exact integral.

    (sum over k of the integral over s of |lambda_k(s) - lambda'_k(s)| ** p) ** (1 / p), with
    lambda_k(s) the k-th largest of min(s - birth, death - s) (Bubenik, JMLR 16, 2015, section 3).

    Parameters
    ----------
    first, second : Diagram or array_like of shape (n_bars, 2)
        Births and deaths. Bars that never die have no tent; they are matched among themselves in
        order of birth, each pair adding the difference of births.
    power : float, default 2.0
        The p of L_p, at least 1; infinite for the largest difference.
    n_layers : int or None, default None
        How many layers to compare, the highest first. None: all.

    Returns
    -------
    float
        In units of the births and deaths, to the power 1 + 1 / p; infinite if the diagrams have
        different numbers of bars that never die. For p = infinity at most the bottleneck distance
        of the bars that die (Bubenik 2015, theorem 13).

    Raises
    ------
    InvalidInputError
        If `power` or `n_layers` is below 1, or a diagram is not of shape (n_bars, 2), holds NaN,
        an infinite birth or a death before its birth.

    Examples
    --------
    >>> landscape_distance([[0.0, 2.0]], [[0.0, 2.0], [0.0, 1.0]], power=float("inf"))
    0.5
    >>> round(landscape_distance([[0.0, 2.0]], np.empty((0, 2))) ** 2, 6)
    0.666667
    """
    return _compare(
        _prepare(first, power=power, n_layers=n_layers, name="first"),
        _prepare(second, power=power, n_layers=n_layers, name="second"),
    )
