"""Distances between persistence diagrams."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topolens.base.checks import check_integer
from topolens.base.registry import Invariances, metrics
from topolens.comparison.bars import (
    Bars,
    EssentialBars,
    essential_distance,
    finite_distance,
    split_bars,
)
from topolens.kernels import sliced as kernel

__all__ = ["sliced_wasserstein"]

_MOST_DIRECTIONS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class _PreparedBars:
    sliced: kernel.SlicedDiagram
    essential: EssentialBars


def _prepare(diagram: Bars, *, directions: int = 50, name: str = "diagram") -> _PreparedBars:
    check_integer(directions, "directions", at_least=1, at_most=_MOST_DIRECTIONS)
    bars = split_bars(diagram, name)
    return _PreparedBars(kernel.slice_diagram(bars.finite, directions), bars.essential)


def _compare(first: _PreparedBars, second: _PreparedBars) -> float:
    essential = essential_distance(first.essential, second.essential)
    if np.isinf(essential):
        return essential
    return finite_distance(kernel.sliced_wasserstein(first.sliced, second.sliced) + essential)


@metrics.register(
    "sliced_wasserstein",
    version=1,
    takes="diagrams",
    unit="distance",
    is_metric=True,
    invariances=Invariances(orthogonal=True, translation=True),
    prepare=_prepare,
    compare=_compare,
)
def sliced_wasserstein(first: Bars, second: Bars, *, directions: int = 50) -> float:
    """Sliced Wasserstein distance between two persistence diagrams.

    Each diagram is completed with the other's points projected on the diagonal; both are
    projected on lines through the origin, angles pi/2 + k pi / directions; the value is the
    mean over the lines of the L1 optimal-transport cost (Carrière, Cuturi, Oudot 2017; the
    convention of persim, used by Purvine et al. 2023 with 50 directions).

    Parameters
    ----------
    first, second : Diagram or array_like of shape (n_bars, 2)
        Births and deaths. Bars that never die are matched among themselves in order of birth,
        each pair adding the difference of births.
    directions : int, default 50
        Number of lines, at most 100,000.

    Returns
    -------
    float
        In units of the births and deaths; infinite if the diagrams have different numbers of
        bars that never die.

    Raises
    ------
    InvalidInputError
        If a diagram is not of shape (n_bars, 2), holds NaN, an infinite birth or a death before
        its birth.

    Examples
    --------
    >>> round(sliced_wasserstein([[0.0, 1.0]], [[0.0, 1.1]], directions=200), 3)
    0.104
    """
    return _compare(
        _prepare(first, directions=directions, name="first"),
        _prepare(second, directions=directions, name="second"),
    )
