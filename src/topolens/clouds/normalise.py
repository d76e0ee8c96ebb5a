"""Bring clouds to a common scale, or leave them as they are; both are named in every result."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import Points, check_one_of, check_points
from topolens.base.errors import InvalidInputError
from topolens.clouds.pair_distances import mean_distance, median_distance, quantile_distance

__all__ = ["NORMALISATIONS", "canonical_rule", "normalise", "rule_summary"]

_USUAL_QUANTILE = 0.9


def normalise(points: ArrayLike, how: str) -> Points:
    """Return the cloud at the scale that `how` names, shape (n_points, n_features).

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud. float32 stays float32; sums are made in float64.
    how : str
        "none" leaves it; "centred" subtracts the mean point; "median" centres and divides by
        the median Euclidean distance between pairs, so that clouds of networks trained apart
        compare by shape and not by the arbitrary scale of their weights; "mean" does so by the
        mean distance and "quantile:Q" by the Q-quantile of the distances, "quantile" by the 0.9
        quantile (Barannikov et al. 2022, representation topology divergence). "minmax" maps each
        feature to [0, 1] (Magai 2023, section on lifespan sums) and "zscore" to mean 0 and
        variance 1 (dividing by n), a constant feature to 0. "unit_norm" divides each row by its
        length. Median and quantiles are exact at any size.

    Raises
    ------
    InvalidInputError
        If `how` is unknown, the distance to divide by is 0 ("median": more than half of the
        pairs coincide), "unit_norm" meets a row of zeros, or the values are too large to be
        normalised in float64.
    """
    cloud = check_points(points)
    name, quantile = _parsed(how)
    with np.errstate(over="ignore", invalid="ignore"):
        normalised = _RULES[name](cloud) if quantile is None else _by_quantile(cloud, quantile)
    if not np.isfinite(normalised).all():
        raise _too_large(how)
    return normalised


def canonical_rule(how: str) -> str:
    """Return one spelling for all that mean the same: "quantile" is "quantile:0.9".

    Raises InvalidInputError if `how` is unknown.
    """
    name, quantile = _parsed(how)
    return name if quantile is None else f"{name}:{quantile:.12g}"


def rule_summary(how: str) -> str:
    """Return what a normalisation does, in one line."""
    return (_RULES[_parsed(how)[0]].__doc__ or "").strip()


def _parsed(how: str) -> tuple[str, float | None]:
    """Split `quantile:0.9` into its name and number; other rules have no number."""
    name, colon, number = how.partition(":") if isinstance(how, str) else (how, "", "")
    if name == "quantile":
        return name, _quantile(how, number) if colon else _USUAL_QUANTILE
    check_one_of(how, "how", NORMALISATIONS)
    return name, None


def _quantile(how: str, number: str) -> float:
    try:
        quantile = float(number)
    except ValueError:
        quantile = np.nan
    if not 0 < quantile <= 1:
        raise InvalidInputError(
            f"`how` must be `quantile:Q` with Q above 0 and at most 1; got {how!r}"
        )
    return quantile


def _unchanged(cloud: Points) -> Points:
    """Leave the values."""
    return cloud


def _centred(cloud: Points) -> Points:
    """Subtract the mean point."""
    wide = cloud.astype(np.float64)
    return _like(wide - wide.mean(axis=0), cloud)


def _by_median_distance(cloud: Points) -> Points:
    """Centre, and divide by the median distance between two points; the default."""
    wide = cloud.astype(np.float64)
    return _divided(wide, median_distance(wide), "median", cloud)


def _by_mean_distance(cloud: Points) -> Points:
    """Centre, and divide by the mean distance between two points."""
    wide = cloud.astype(np.float64)
    return _divided(wide, mean_distance(wide), "mean", cloud)


def _by_quantile(cloud: Points, quantile: float = _USUAL_QUANTILE) -> Points:
    """Centre, and divide by a quantile of the distances: 0.9, or Q of `quantile:Q`."""
    wide = cloud.astype(np.float64)
    rule = f"quantile:{quantile:.12g}"
    return _divided(wide, quantile_distance(wide, quantile), rule, cloud)


def _minmax(cloud: Points) -> Points:
    """Map every feature to [0, 1]."""
    wide = cloud.astype(np.float64)
    low, high = wide.min(axis=0), wide.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    return _like((wide - low) / span, cloud)


def _zscore(cloud: Points) -> Points:
    """Give every feature mean 0 and variance 1, a constant one the value 0."""
    wide = cloud.astype(np.float64)
    varies = wide.min(axis=0) < wide.max(axis=0)
    centred = np.where(varies, wide - wide.mean(axis=0), 0.0)
    # Brought near 1 by a power of two first, so that no square overflows or vanishes.
    centred = np.ldexp(centred, -np.frexp(np.abs(centred).max(axis=0))[1])
    deviation = np.sqrt(np.mean(centred**2, axis=0))
    return _like(centred / np.where(varies, deviation, 1.0), cloud)


def _unit_norm(cloud: Points) -> Points:
    """Divide every row by its length."""
    wide = cloud.astype(np.float64)
    zero = np.flatnonzero(~wide.any(axis=1))
    if len(zero):
        named = ", ".join([*map(str, zero[:_SHOWN]), *["…"][: len(zero) > _SHOWN]])
        raise InvalidInputError(
            "`points` must have no row of zeros for `how`='unit_norm'; "
            f"{len(zero)} are zero: {named}"
        )
    wide = np.ldexp(wide, -np.frexp(np.abs(wide).max(axis=1))[1][:, None])
    return _like(wide / np.sqrt(np.sum(wide**2, axis=1))[:, None], cloud)


def _divided(wide: NDArray[np.float64], distance: float, how: str, cloud: Points) -> Points:
    """Centre and divide by a distance that must be neither zero nor infinite."""
    if not np.isfinite(distance):
        raise _too_large(how)
    if distance == 0:
        name, _, number = how.partition(":")
        raise InvalidInputError(
            f"`points` must not coincide for `how`={how!r}; "
            f"the {f'{number} {name}'.strip()} pairwise distance is 0"
        )
    return _like((wide - wide.mean(axis=0)) / distance, cloud)


def _too_large(how: str) -> InvalidInputError:
    return InvalidInputError(
        f"`points` must be small enough for `how`={how!r}; sums of these values overflow float64"
    )


def _like(wide: NDArray[np.float64], cloud: Points) -> Points:
    return wide.astype(np.float32) if cloud.dtype == np.float32 else wide


_SHOWN = 5
_RULES: dict[str, Callable[[Points], Points]] = {
    "none": _unchanged,
    "centred": _centred,
    "median": _by_median_distance,
    "mean": _by_mean_distance,
    "quantile": _by_quantile,
    "minmax": _minmax,
    "zscore": _zscore,
    "unit_norm": _unit_norm,
}
NORMALISATIONS = tuple(_RULES)
