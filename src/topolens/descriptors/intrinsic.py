"""What the estimators of intrinsic dimension share: their result, and points that repeat."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import Points
from topolens.base.duplicates import distinct_rows
from topolens.base.errors import InvalidInputError, TopolensWarning
from topolens.descriptors.filtration import check_cloud

__all__ = ["IntrinsicDimension", "repeats_doubt", "told", "within_error", "without_repeats"]

_NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True, eq=False)
class IntrinsicDimension:
    """An estimate of the number of coordinates that a cloud needs, with what made it."""

    value: float
    """Estimated dimension."""
    standard_error: float | None
    """Its standard error, or None where the estimator has none."""
    n_points: int
    """Rows of the cloud."""
    n_used: int
    """Points that the estimate rests on."""
    n_duplicates: int
    """Rows left out because they repeat an earlier one."""
    conventions: Mapping[str, Any]
    """Estimator and the choices that decide its numbers."""
    scales: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """Of a scale curve: neighbours that each estimate looks at, shape (n_scales,)."""
    scale_distances: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """Mean distance of these neighbours, shape (n_scales,)."""
    scale_values: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """Dimension at each scale, shape (n_scales,)."""
    scale_errors: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """Standard error at each scale, shape (n_scales,)."""
    warnings: tuple[str, ...] = ()
    """What should be known about the estimate, one sentence each."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """Value minus and plus 1.96 standard errors, or None where there is no error."""
        return (
            None if self.standard_error is None else within_error(self.value, self.standard_error)
        )


def within_error(value: float, standard_error: float) -> tuple[float, float]:
    """Ends of the interval that holds the truth in 95 of 100 cases, if errors are normal."""
    return value - _NORMAL_95 * standard_error, value + _NORMAL_95 * standard_error


def without_repeats(
    points: ArrayLike, device: str | None = None, *, at_least: int
) -> tuple[Points, int, str | None]:
    """Return the first of all rows that are equal, in order, how many were dropped, and the GPU.

    A repeated row is a distance of zero, which says nothing of the dimension and destroys
    whatever takes its logarithm.
    """
    cloud, gpu = check_cloud(points, device)
    first = distinct_rows(cloud)[0]
    n_duplicates = len(cloud) - len(first)
    if len(first) < at_least:
        raise InvalidInputError(
            f"`points` must hold at least {at_least} distinct points; got {len(first)}"
        )
    return (cloud[np.sort(first)] if n_duplicates else cloud), n_duplicates, gpu


def repeats_doubt(n_duplicates: int) -> list[str]:
    """The sentence that says rows were left out, if any were."""
    if not n_duplicates:
        return []
    rows = "1 row repeats" if n_duplicates == 1 else f"{n_duplicates} rows repeat"
    return [f"{rows} an earlier one and {'is' if n_duplicates == 1 else 'are'} left out"]


def told(doubts: Sequence[str]) -> tuple[str, ...]:
    """Warn of each doubt, where the public function was called, and return them."""
    for doubt in doubts:
        warnings.warn(doubt, TopolensWarning, stacklevel=4)
    return tuple(doubts)
