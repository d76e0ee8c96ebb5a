"""Points that lie in emptier surroundings than their neighbours do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_integer, check_points
from topolens.base.duplicates import distinct_rows
from topolens.base.errors import InvalidInputError
from topolens.kernels.neighbours import neighbourhoods

__all__ = ["Outliers", "check_contamination", "local_outlier_factor"]

Contamination = float | Literal["auto"]

_USUAL_THRESHOLD = 1.5
_SMALLEST_REACH = 1e-100


@dataclass(frozen=True, slots=True, eq=False)
class Outliers:
    """Scores of the points of a cloud, and which of them are outliers."""

    scores: NDArray[np.float64]
    """Local Outlier Factor of each point, shape (n_points,): 1 amid its like, larger outside."""
    threshold: float
    """A point whose score is larger is an outlier."""
    n_neighbors: int
    """Neighbours looked at: those asked for, or all others where there are fewer."""

    @property
    def is_outlier(self) -> NDArray[np.bool_]:
        """True for outliers, shape (n_points,)."""
        outside: NDArray[np.bool_] = self.scores > self.threshold
        return outside

    @property
    def kept(self) -> NDArray[np.int64]:
        """Row numbers of the other points, ascending."""
        return np.flatnonzero(~self.is_outlier).astype(np.int64)


def local_outlier_factor(
    points: ArrayLike, *, n_neighbors: int = 20, contamination: Contamination = "auto"
) -> Outliers:
    """Return the Local Outlier Factor of every point under the Euclidean distance.

    The average density of a point's neighbours over its own, where density is one over the mean
    reachability distance: LOF_k(p) of Breunig et al. 2000, definitions 3 to 7, with neighbours
    at equal distance all counted. Equal to scikit-learn's `LocalOutlierFactor` where there are
    neither ties nor duplicates.

    Rows that repeat are one place with a weight: the k-th neighbour is the k-th *distinct* one
    (Breunig et al., remark on definition 6), and the copies of a point count among its
    neighbours. So a pile of equal rows is a dense place and no reason to call the points around
    it outliers, which an infinite density would make of them.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.
    n_neighbors : int, default 20
        k; all other distinct points where there are fewer.
    contamination : float or "auto", default "auto"
        "auto" calls scores above 1.5 outliers; a share above 0 and at most 0.5 calls the points
        with the largest scores so, whatever these are.

    Returns
    -------
    Outliers
        Does not depend on the scale, the position or the order of the points.

    Raises
    ------
    InvalidInputError
        If `points` is not a finite cloud of two points or more, `n_neighbors` is not a positive
        integer, or `contamination` is not such a share.
    """
    cloud = check_points(points)
    check_integer(n_neighbors, "n_neighbors", at_least=1)
    check_contamination(contamination)
    first, place, copies = distinct_rows(cloud)
    # Scaled by a power of two, so that no square overflows or vanishes and no digit is lost.
    places = cloud[first].astype(np.float64)
    places = np.ldexp(places, -int(np.frexp(np.abs(places).max())[1]))
    n_near = min(n_neighbors, len(places) - 1)
    scores = _factors(places, copies, n_near)[place] if n_near else np.ones(len(cloud))
    threshold = _USUAL_THRESHOLD
    if contamination != "auto":
        threshold = float(-np.percentile(-scores, 100 * contamination))
    return Outliers(scores, threshold, n_near)


def check_contamination(contamination: object) -> None:
    """Refuse what is neither "auto" nor a share above 0 and at most 0.5."""
    number = isinstance(contamination, int | float | np.integer | np.floating)
    if contamination == "auto" or (number and 0 < contamination <= 0.5):  # type: ignore[operator]
        return
    raise InvalidInputError(
        f"`contamination` must be 'auto' or a share above 0 and at most 0.5; got {contamination!r}"
    )


def _factors(places: NDArray[np.float64], copies: NDArray[np.intp], k: int) -> NDArray[np.float64]:
    """Return the factor of each distinct point, `copies` being how often it occurs."""
    near = neighbourhoods(places, k)
    reach = np.maximum.reduceat(near.distances, near.starts)
    # A point is no neighbour of itself, but its other copies are, at distance 0.
    own, others = copies - 1, copies[near.ids].astype(np.float64)
    total = own + np.add.reduceat(others, near.starts)
    reachability = np.maximum(reach[near.ids], near.distances)
    reaches = own * reach + np.add.reduceat(others * reachability, near.starts)
    density = 1 / np.maximum(reaches / total, _SMALLEST_REACH)
    densities = own * density + np.add.reduceat(others * density[near.ids], near.starts)
    factors: NDArray[np.float64] = densities / total / density
    return factors
