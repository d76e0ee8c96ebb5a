"""Bars checked on their way into a measure, and its value on the way out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_array
from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram

__all__ = ["check_bars", "check_diagram", "refuse_overflow"]


def check_diagram(diagram: object, *, name: str = "diagram") -> Diagram:
    """Return `diagram` if it is one, of bars; the diagrams of all degrees are a common mistake."""
    if not isinstance(diagram, Diagram):
        raise InvalidInputError(
            f"`{name}` must be the Diagram of one degree, e.g. `diagrams[1]`; "
            f"got {type(diagram).__name__}"
        )
    pairs = check_bars(diagram.pairs, name=name)
    return diagram if pairs is diagram.pairs else Diagram(diagram.dimension, pairs)


def check_bars(pairs: ArrayLike, *, name: str) -> NDArray[np.float64]:
    """Return births and deaths in double precision, shape (n_bars, 2).

    Raises
    ------
    InvalidInputError
        If they are not of that shape, or hold NaN, an infinite birth or a death before its birth.
    """
    bars = check_array(pairs, name=name).astype(np.float64, copy=False)
    if bars.size == 0 and bars.shape != (0, 2):
        return np.empty((0, 2))
    if bars.ndim != 2 or bars.shape[1] != 2:
        raise InvalidInputError(f"`{name}` must have shape (n_bars, 2); got shape {bars.shape}")
    births, deaths = bars.T
    wrong = ~(np.isfinite(births) & (deaths >= births))  # no comparison with NaN holds
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InvalidInputError(
            f"`{name}` must have finite births and deaths not before them; "
            f"row {row} is ({births[row]:g}, {deaths[row]:g})"
        )
    return bars


def refuse_overflow(value: float, names: str) -> float:
    """Return a value of finite bars if it is a number, and not what overflow left of one."""
    if not math.isfinite(value):
        raise InvalidInputError(
            f"{names} must have bars whose powers and sums float64 holds; they come to {value:g}"
        )
    return value
