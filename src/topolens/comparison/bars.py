"""Bars as distances of diagrams take them: checked, those that never die apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.bars import check_bars, check_diagram, refuse_overflow
from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram, Diagrams
from topolens.kernels.device import on_host

__all__ = [
    "Bars",
    "EssentialBars",
    "SplitBars",
    "checked_bars",
    "degree_of",
    "essential_distance",
    "finite_distance",
    "refuse_two_degrees",
    "split_bars",
]

Bars: TypeAlias = Diagram | ArrayLike


@dataclass(frozen=True, slots=True, eq=False)
class EssentialBars:
    """The bars that never die, and the degree of the diagram they are of."""

    births: NDArray[np.float64]
    """Ascending, shape (n_essential,)."""
    degree: int | None
    """None of an array of births and deaths, which does not say."""


@dataclass(frozen=True, slots=True, eq=False)
class SplitBars:
    """The bars that die, and those that never do."""

    finite: NDArray[np.float64]
    """Birth and death, shape (n_finite, 2)."""
    essential: EssentialBars


def checked_bars(diagram: Bars, name: str) -> NDArray[np.float64]:
    """Return the bars of a diagram, or of an array of births and deaths, shape (n_bars, 2).

    Raises
    ------
    InvalidInputError
        If it is not of that shape, holds NaN, an infinite birth or a death before its birth.
    """
    if isinstance(diagram, Diagram | Diagrams):
        return check_diagram(diagram, name=name).pairs
    return check_bars(on_host(diagram, name)[0], name=name)


def split_bars(diagram: Bars, name: str) -> SplitBars:
    """Check bars as `checked_bars` does, and set those that never die apart."""
    pairs = checked_bars(diagram, name)
    dies = np.isfinite(pairs[:, 1])
    return SplitBars(pairs[dies], EssentialBars(np.sort(pairs[~dies, 0]), degree_of(diagram)))


def degree_of(diagram: Bars) -> int | None:
    """Return the homology degree of a diagram, None of an array."""
    return diagram.dimension if isinstance(diagram, Diagram) else None


def refuse_two_degrees(first: int | None, second: int | None) -> None:
    """Refuse to compare, say, components with loops; arrays of bars go with anything."""
    if first is not None and second is not None and first != second:
        raise InvalidInputError(
            "`first` and `second` must be diagrams of one homology degree; "
            f"got H{first} and H{second}"
        )


def essential_distance(first: EssentialBars, second: EssentialBars, *, power: float = 1.0) -> float:
    """Distance of the births of bars that never die, matched in order.

    The l_p norm of the differences, p = `power`; infinite if the numbers of bars differ.

    Raises
    ------
    InvalidInputError
        If the diagrams are of different degrees.
    """
    refuse_two_degrees(first.degree, second.degree)
    if len(first.births) != len(second.births):
        return float("inf")
    with np.errstate(over="ignore"):
        steps = np.abs(first.births - second.births)
    longest = finite_distance(float(steps.max(initial=0.0)))
    # Powers of shares, as those of the steps might leave the range of numbers.
    return longest * float(np.linalg.norm(steps / longest, ord=power)) if longest else 0.0


def finite_distance(value: float) -> float:
    """Return a distance of bars that die, which is a number unless it overflowed."""
    return refuse_overflow(value, "`first` and `second`")
