"""What the estimators of intrinsic dimension share: their result, and points that repeat."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import Points, check_integer, check_one_of
from topolens.base.duplicates import distinct_rows
from topolens.base.errors import InvalidInputError, TopolensWarning
from topolens.descriptors.filtration import check_cloud
from topolens.kernels.distances import DIRECT_METRICS
from topolens.kernels.neighbours import nearest_neighbours

__all__ = [
    "IntrinsicDimension",
    "Surroundings",
    "error_of_mean",
    "logarithms_of_ratios",
    "refuse_ties",
    "repeats_doubt",
    "surroundings",
    "told",
    "within_error",
    "without_repeats",
]

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


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """The distinct points of a cloud and the neighbours of each among them."""

    points: Points
    ids: NDArray[np.int64]
    """Rows of `points`, nearest first, shape (n_distinct, n_neighbors)."""
    distances: NDArray[Any]
    """In the precision of the points, shape (n_distinct, n_neighbors)."""
    n_duplicates: int

    @property
    def n_points(self) -> int:
        """Rows before those that repeat were left out."""
        return len(self.points) + self.n_duplicates


def surroundings(
    points: ArrayLike,
    needed: int,
    *,
    wanted: int = 0,
    metric: str = "euclidean",
    threads: int = 1,
    name: str,
) -> Surroundings:
    """Find the neighbours that an estimator needs, or more if it wants more and there are.

    `name` is the argument that decides how many are needed, for messages.
    """
    check_one_of(metric, "metric", DIRECT_METRICS)
    check_integer(threads, "threads", at_least=1)
    cloud, n_duplicates, _ = without_repeats(points)
    if needed >= len(cloud):
        raise InvalidInputError(
            f"`{name}` must ask for fewer neighbours than there are distinct points; "
            f"{needed} are needed, and there are {len(cloud)} points"
        )
    count = max(needed, min(wanted, len(cloud) - 1))
    ids, distances = nearest_neighbours(cloud, count, metric=metric, threads=threads)
    return Surroundings(cloud, ids, distances, n_duplicates)


def without_repeats(points: ArrayLike, device: str | None = None) -> tuple[Points, int, str | None]:
    """Return the first of all rows that are equal, in order, how many were dropped, and the GPU.

    A repeated row is a distance of zero, which says nothing of the dimension and destroys
    whatever takes its logarithm.
    """
    cloud, gpu = check_cloud(points, device)
    first = distinct_rows(cloud)[0]
    n_duplicates = len(cloud) - len(first)
    return (cloud[np.sort(first)] if n_duplicates else cloud), n_duplicates, gpu


def logarithms_of_ratios(
    near: NDArray[Any], far: NDArray[Any]
) -> tuple[NDArray[np.float64], list[str]]:
    """log(far / near) of the points whose near neighbour is not at distance 0, and a doubt.

    Different rows can be at distance 0 where their difference is lost in the precision.
    """
    apart = near > 0
    n_lost = len(near) - int(apart.sum())
    if len(near) - n_lost < 2:
        raise InvalidInputError("`points` must hold points that are not at distance 0 of another")
    doubts = [f"{n_lost} points at distance 0 of another are left out"] if n_lost else []
    return np.log(far[apart].astype(np.float64) / near[apart].astype(np.float64)), doubts


def refuse_ties(largest: float) -> None:
    """Refuse ratios of distances of which the largest logarithm is 0."""
    if not largest > 0:
        raise InvalidInputError(
            "`points` must have neighbours at different distances; here they tie, as on a grid, "
            "so no dimension is defined"
        )


def error_of_mean(deviations: NDArray[np.float64], ids: NDArray[np.int64], n_used: int) -> float:
    """Standard error of the mean of values that covary with those of their neighbours."""
    own = float(deviations @ deviations)
    shared = float(deviations @ deviations[ids].sum(axis=1))
    return math.sqrt(max(own + shared, own)) / n_used


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
