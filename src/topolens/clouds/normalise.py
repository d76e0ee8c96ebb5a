"""Bring clouds to a common scale, or leave them as they are; both are named in every result."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import pdist

from topolens.base.checks import Points, check_one_of, check_points
from topolens.base.errors import InvalidInputError

__all__ = ["NORMALISATIONS", "normalise", "rule_summary"]


def normalise(points: ArrayLike, how: str) -> Points:
    """Return the cloud at the scale that `how` names, shape (n_points, n_features).

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud. float32 stays float32.
    how : {"none", "centred", "median", "minmax"}
        "none" leaves it; "centred" subtracts the mean point; "median" centres and divides by
        the median Euclidean distance between pairs, so that clouds of networks trained apart
        compare by shape and not by the arbitrary scale of their weights; "minmax" maps each
        feature to [0, 1] (Magai 2023, section on lifespan sums), a constant feature to 0.

    Raises
    ------
    InvalidInputError
        If `how` is unknown, "median" meets a cloud more than half of whose pairs coincide, or
        the values are too large to be normalised in float64.
    """
    cloud = check_points(points)
    rule = _RULES[check_one_of(how, "how", NORMALISATIONS)]
    with np.errstate(over="ignore", invalid="ignore"):
        normalised = rule(cloud)
    if not np.isfinite(normalised).all():
        raise _too_large(how)
    return normalised


def rule_summary(how: str) -> str:
    """Return what a normalisation does, in one line."""
    return (_RULES[check_one_of(how, "how", NORMALISATIONS)].__doc__ or "").strip()


def _centred(cloud: Points) -> Points:
    """Subtract the mean point."""
    wide = cloud.astype(np.float64)
    return _like(wide - wide.mean(axis=0), cloud)


def _by_median_distance(cloud: Points) -> Points:
    """Centre, and divide by the median distance between two points; the default."""
    wide = cloud.astype(np.float64)
    median = float(np.median(pdist(wide)))
    if not np.isfinite(median):
        raise _too_large("median")
    if median == 0:
        raise InvalidInputError(
            "`points` must not coincide for `how`='median'; the median pairwise distance is 0"
        )
    return _like((wide - wide.mean(axis=0)) / median, cloud)


def _minmax(cloud: Points) -> Points:
    """Map every feature to [0, 1]."""
    wide = cloud.astype(np.float64)
    low, high = wide.min(axis=0), wide.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    return _like((wide - low) / span, cloud)


def _unchanged(cloud: Points) -> Points:
    """Leave the values."""
    return cloud


def _too_large(how: str) -> InvalidInputError:
    return InvalidInputError(
        f"`points` must be small enough for `how`={how!r}; sums of these values overflow float64"
    )


def _like(wide: NDArray[np.float64], cloud: Points) -> Points:
    return wide.astype(np.float32) if cloud.dtype == np.float32 else wide


_RULES: dict[str, Callable[[Points], Points]] = {
    "none": _unchanged,
    "centred": _centred,
    "median": _by_median_distance,
    "minmax": _minmax,
}
NORMALISATIONS = tuple(_RULES)
