"""Few points that leave none far away: the greedy permutation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from topolens.base.checks import check_integer, check_points
from topolens.base.errors import InvalidInputError

__all__ = ["FarthestPoints", "farthest_points"]

_ROUNDING = 1 + 1e-9
_WORTH_GATHERING = 0.5
"""Share of the rows below which copying them out costs less than measuring all."""


@dataclass(frozen=True, slots=True, eq=False)
class FarthestPoints:
    """Points in the order in which each is the farthest from those before it."""

    rows: NDArray[np.int64]
    """Distinct row numbers in the order of choice, shape (n_chosen,)."""
    covering_radii: NDArray[np.float64]
    """Largest distance of any point to the first i + 1 chosen ones, shape (n_chosen,)."""

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def covering_radius(self) -> float:
        """Largest distance of any point of the cloud to the chosen ones."""
        return float(self.covering_radii[-1])


def farthest_points(
    points: ArrayLike, *, n_points: int, start: int | None = None
) -> FarthestPoints:
    """Choose rows one after the other, each the farthest from those chosen so far.

    Gonzalez 1985: after k choices no point is farther from them than twice what the best k
    points would leave. A Rips diagram of the chosen points lies within twice the covering
    radius of the whole cloud's, in bottleneck distance (Chazal, de Silva, Oudot 2014).

    Parameters
    ----------
    points : array_like of shape (n_rows, n_features)
        The cloud. Distances are Euclidean, in float64.
    n_points : int
        How many to choose, at most all. A smaller choice is the beginning of a larger one.
    start : int or None
        Row to begin with; None for the one farthest from the mean point.

    Returns
    -------
    FarthestPoints
        Of equally far points the one with the smallest row number is chosen.

    Raises
    ------
    InvalidInputError
        If `points` is not a finite cloud or so large that distances overflow float64, or
        `n_points` or `start` is not an integer in range.
    """
    cloud = check_points(points, at_least=1).astype(np.float64, copy=False)
    check_integer(n_points, "n_points", at_least=1, at_most=len(cloud))
    if start is not None:
        check_integer(start, "start", at_least=0, at_most=len(cloud) - 1)
    # Scaled by a power of two, so that no square overflows or vanishes and no digit is lost.
    exponent = int(np.frexp(np.abs(cloud).max())[1])
    cloud = np.ldexp(cloud, -exponent)
    newest = int(np.argmax(_from(cloud, cloud.mean(axis=0)))) if start is None else start
    rows, radii = _greedy(cloud, newest, n_points)
    with np.errstate(over="ignore"):
        radii = np.ldexp(radii, exponent)
    if not np.isfinite(radii).all():
        raise InvalidInputError("`points` must have distances that float64 holds; some overflow")
    return FarthestPoints(rows, radii)


def _greedy(
    cloud: NDArray[np.float64], newest: int, n_points: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    rows = np.empty(n_points, dtype=np.int64)
    radii = np.empty(n_points)
    reach = np.full(len(cloud), np.inf)
    nearest = np.zeros(len(cloud), dtype=np.intp)
    for k in range(n_points):
        rows[k] = newest
        near = _may_come_nearer(cloud, rows[: k + 1], reach, nearest)
        gaps = _from(cloud if near is None else cloud[near], cloud[newest])
        closer = np.flatnonzero(gaps < (reach if near is None else reach[near]))
        gained = closer if near is None else near[closer]
        reach[gained], nearest[gained] = gaps[closer], k
        # Below every distance, so that no row is chosen twice where points coincide.
        reach[newest] = -1
        newest = int(np.argmax(reach))
        radii[k] = max(reach[newest], 0)
    return rows, radii


def _may_come_nearer(
    cloud: NDArray[np.float64],
    chosen: NDArray[np.int64],
    reach: NDArray[np.float64],
    nearest: NDArray[np.intp],
) -> NDArray[np.intp] | None:
    """Return the rows that the newest choice can be nearest to; None for all of them.

    A point at distance r of an earlier choice stays with it if the two choices are 2 r apart.
    """
    if len(chosen) == 1:
        return None
    apart = _from(cloud[chosen[:-1]], cloud[chosen[-1]])
    near = np.flatnonzero(2 * _ROUNDING * reach > apart[nearest])
    return near if len(near) < _WORTH_GATHERING * len(cloud) else None


def _from(points: NDArray[np.float64], centre: NDArray[np.float64]) -> NDArray[np.float64]:
    distances: NDArray[np.float64] = cdist(centre[None, :], points)[0]
    return distances
