"""Bars as distances of diagrams take them: checked, those that never die apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_array, check_diagram
from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram, Diagrams

__all__ = ["Bars", "SplitBars", "checked_bars", "essential_distance", "split_bars"]

Bars: TypeAlias = Diagram | ArrayLike


@dataclass(frozen=True, slots=True, eq=False)
class SplitBars:
    """The bars that die, and the births of those that never do."""

    finite: NDArray[np.float64]
    """Birth and death, shape (n_finite, 2)."""
    essential_births: NDArray[np.float64]
    """Ascending, shape (n_essential,)."""


def checked_bars(diagram: Bars, name: str) -> NDArray[np.float64]:
    """Return the bars of a diagram, or of an array of births and deaths, shape (n_bars, 2).

    Raises
    ------
    InvalidInputError
        If it is not of that shape, holds NaN, an infinite birth or a death before its birth.
    """
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


def split_bars(diagram: Bars, name: str) -> SplitBars:
    """Check bars as `checked_bars` does, and set those that never die apart."""
    pairs = checked_bars(diagram, name)
    dies = np.isfinite(pairs[:, 1])
    return SplitBars(pairs[dies], np.sort(pairs[~dies, 0]))


def essential_distance(
    first: NDArray[np.float64], second: NDArray[np.float64], *, power: float = 1.0
) -> float:
    """Distance of ascending births of bars that never die, matched in order.

    The l_p norm of the differences, p = `power`; infinite if the numbers of bars differ.
    """
    if len(first) != len(second):
        return float("inf")
    return float(np.linalg.norm(first - second, ord=power)) if len(first) else 0.0
