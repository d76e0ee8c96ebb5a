"""Distances between persistence diagrams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_array, check_diagram, check_integer
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, metrics
from topolens.base.results import Diagram, Diagrams
from topolens.kernels import sliced as kernel

__all__ = ["sliced_wasserstein"]

Bars: TypeAlias = Diagram | ArrayLike


@dataclass(frozen=True, slots=True, eq=False)
class _PreparedBars:
    sliced: kernel.SlicedDiagram
    essential_births: NDArray[np.float64]


def _prepare(diagram: Bars, *, directions: int = 50, name: str = "diagram") -> _PreparedBars:
    check_integer(directions, "directions", at_least=1)
    pairs = _checked_pairs(diagram, name)
    dies = np.isfinite(pairs[:, 1])
    sliced = kernel.slice_diagram(pairs[dies], directions)
    return _PreparedBars(sliced, np.sort(pairs[~dies, 0]))


def _compare(first: _PreparedBars, second: _PreparedBars) -> float:
    if len(first.essential_births) != len(second.essential_births):
        return float("inf")
    essential = float(np.abs(first.essential_births - second.essential_births).sum())
    return kernel.sliced_wasserstein(first.sliced, second.sliced) + essential


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
        Number of lines.

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


def _checked_pairs(diagram: Bars, name: str) -> NDArray[np.float64]:
    if isinstance(diagram, Diagram | Diagrams):
        return check_diagram(diagram, name=name).pairs
    pairs = check_array(diagram, name=name).astype(np.float64)
    if pairs.size == 0:
        return np.empty((0, 2))
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        raise InvalidInputError(f"`{name}` must have shape (n_bars, 2); got shape {pairs.shape}")
    wrong = np.isnan(pairs).any(axis=1) | ~np.isfinite(pairs[:, 0]) | (pairs[:, 1] < pairs[:, 0])
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InvalidInputError(
            f"`{name}` must have finite births and deaths not before them; "
            f"row {row} is ({pairs[row, 0]:g}, {pairs[row, 1]:g})"
        )
    return pairs
