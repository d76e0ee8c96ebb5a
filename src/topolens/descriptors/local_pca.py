"""Dimension from the eigenvalues of neighbourhoods."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import Points, check_integer, check_one_of
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, descriptors
from topolens.descriptors.intrinsic import (
    IntrinsicDimension,
    error_of_mean,
    repeats_doubt,
    surroundings,
    told,
    without_repeats,
)

__all__ = ["local_pca_dimension"]

Rule = Callable[[NDArray[np.float64]], NDArray[Any]]

_AT_ONCE = 2**22  # numbers of the neighbourhoods held at a time: 32 MiB
_OLSEN_SHARE = 0.05
_FAN_GAP, _FAN_SHARE, _FAN_SIGNAL = 10.0, 0.8, 0.95
_RATIO_SHARE = 0.95


@descriptors.register(
    "local_pca_dimension",
    version=1,
    takes="points",
    unit="dimensions",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
)
def local_pca_dimension(
    points: ArrayLike,
    *,
    n_neighbors: int | None = 30,
    rule: str = "fukunaga-olsen",
    average: str = "median",
    threads: int = 1,
) -> IntrinsicDimension:
    """Local PCA dimension: how many directions the neighbourhood of a point has.

    The covariance of each point with its k nearest neighbours has eigenvalues l_1 ≥ l_2 ≥ …; a
    rule turns them into a number, and these are averaged over all points. An outlier spoils its
    own neighbourhood and few others, so the median does not see it.

    Parameters
    ----------
    points : array_like or torch.Tensor of shape (n_points, n_features)
        The cloud. Rows that repeat an earlier one are left out.
    n_neighbors : int, default 30
        k; no dimension above k can come out. None: the whole cloud is one neighbourhood.
    rule : str, default "fukunaga-olsen"
        "fukunaga-olsen": eigenvalues above 5 % of the first (Fukunaga and Olsen 1971). "fan": up
        to the first gap of more than 10, or up to more than 80 % of the variance, once the mean
        of those beyond 95 % is taken off as noise (Fan et al. 2010). "maxgap": up to the largest
        ratio of one to the next. "ratio": as many as hold 95 % of the variance. "participation":
        (sum)² / sum of squares. "kaiser": eigenvalues above their mean. "broken-stick":
        eigenvalues above the mean pieces of a stick broken at random, up to the first below.
    average : {"median", "mean"}, default "median"
        Over the neighbourhoods.
    threads : int, default 1
        Threads to use; the value does not depend on it.

    Returns
    -------
    IntrinsicDimension
        Its standard error is that of the mean, the covariance of each neighbourhood with those of
        its neighbours added, and 1.25 times that for a median. None where the whole cloud is one
        neighbourhood. Repeated rows are a TopolensWarning.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, or there are not more than k distinct points.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> square = np.random.default_rng(0).uniform(size=(1000, 2))
    >>> wide = np.hstack([square, np.zeros((1000, 8))])
    >>> tl.local_pca_dimension(wide).value
    2.0
    """
    check_one_of(rule, "rule", tuple(_RULES))
    check_one_of(average, "average", ("median", "mean"))
    if n_neighbors is None:
        cloud, n_duplicates, _ = without_repeats(points)
        if len(cloud) < 3:
            raise InvalidInputError(
                f"`points` must hold at least 3 distinct points; got {len(cloud)}"
            )
        members = np.arange(len(cloud))[None]
    else:
        count = check_integer(n_neighbors, "n_neighbors", at_least=2)
        near = surroundings(points, count, threads=threads, name="n_neighbors")
        cloud, n_duplicates = near.points, near.n_duplicates
        members = np.column_stack([np.arange(len(cloud)), near.ids])
    found = _RULES[rule](_eigenvalues(cloud, members))
    return IntrinsicDimension(
        value=float(np.median(found) if average == "median" else found.mean()),
        standard_error=_error(found, members, average),
        n_points=len(cloud) + n_duplicates,
        n_used=len(cloud),
        n_duplicates=n_duplicates,
        conventions={
            "estimator": "local_pca_dimension",
            "n_neighbors": n_neighbors,
            "rule": rule,
            "average": average,
        },
        warnings=told(repeats_doubt(n_duplicates)),
    )


def _error(found: NDArray[Any], members: NDArray[np.int64], average: str) -> float | None:
    if len(found) == 1:
        return None
    factor = math.sqrt(math.pi / 2) if average == "median" else 1.0
    return factor * error_of_mean(found - found.mean(), members[:, 1:], len(found))


def _eigenvalues(cloud: Points, members: NDArray[np.int64]) -> NDArray[np.float64]:
    """Descending, in parts of the first, shape (n_neighborhoods, min(n_members - 1, width))."""
    n_members, width = members.shape[1], cloud.shape[1]
    n_kept = min(n_members - 1, width)
    step = max(1, _AT_ONCE // (n_members * width))
    parts = []
    for begin in range(0, len(members), step):
        block = cloud[members[begin : begin + step]].astype(np.float64)
        block -= block.mean(axis=1, keepdims=True)
        # Before squaring, so that nothing overflows or vanishes.
        block /= np.abs(block).max(axis=(1, 2), keepdims=True)
        turned = block.transpose(0, 2, 1)
        gram = turned @ block if width < n_members else block @ turned
        values = np.linalg.eigvalsh(gram)[:, ::-1][:, :n_kept]
        parts.append(np.maximum(values, 0) / values[:, :1])
    eigenvalues = np.concatenate(parts)
    # What rounding leaves of a direction that is not there.
    eigenvalues[eigenvalues < n_members * np.finfo(np.float64).eps] = 0
    return eigenvalues


def _fukunaga_olsen(eigenvalues: NDArray[np.float64]) -> NDArray[Any]:
    above: NDArray[Any] = np.count_nonzero(eigenvalues > _OLSEN_SHARE, axis=1)
    return above


def _fan(eigenvalues: NDArray[np.float64]) -> NDArray[Any]:
    n_kept = eigenvalues.shape[1]
    signal = _first(_shares(eigenvalues) > _FAN_SIGNAL)
    beyond = np.arange(n_kept) >= signal[:, None]
    noise = (eigenvalues * beyond).sum(axis=1) / beyond.sum(axis=1)
    clean = eigenvalues - noise[:, None]
    gaps = np.zeros(clean.shape, dtype=bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        gaps[:, :-1] = clean[:, :-1] / clean[:, 1:] > _FAN_GAP
        enough = np.cumsum(clean, axis=1) / clean.sum(axis=1, keepdims=True) > _FAN_SHARE
    either = gaps | enough
    either[:, -1] = True  # where all are equal, all are signal
    return 1 + _first(either)


def _maxgap(eigenvalues: NDArray[np.float64]) -> NDArray[Any]:
    if eigenvalues.shape[1] == 1:
        return np.ones(len(eigenvalues))
    later = eigenvalues[:, 1:]
    gaps = np.divide(eigenvalues[:, :-1], later, out=np.full(later.shape, np.inf), where=later > 0)
    return 1 + _first(gaps == gaps.max(axis=1, keepdims=True))


def _ratio(eigenvalues: NDArray[np.float64]) -> NDArray[Any]:
    return 1 + _first(_shares(eigenvalues) >= _RATIO_SHARE)


def _participation(eigenvalues: NDArray[np.float64]) -> NDArray[Any]:
    found: NDArray[Any] = eigenvalues.sum(axis=1) ** 2 / (eigenvalues**2).sum(axis=1)
    return found


def _kaiser(eigenvalues: NDArray[np.float64]) -> NDArray[Any]:
    mean = eigenvalues.mean(axis=1, keepdims=True)
    above: NDArray[Any] = np.count_nonzero(eigenvalues > mean, axis=1)
    return above


def _broken_stick(eigenvalues: NDArray[np.float64]) -> NDArray[Any]:
    n_kept = eigenvalues.shape[1]
    pieces = np.cumsum(1 / np.arange(n_kept, 0, -1))[::-1] / n_kept
    shares = eigenvalues / eigenvalues.sum(axis=1, keepdims=True)
    below = np.column_stack([shares < pieces, np.ones(len(shares), dtype=bool)])
    return _first(below)


def _shares(eigenvalues: NDArray[np.float64]) -> NDArray[np.float64]:
    sums = np.cumsum(eigenvalues, axis=1)
    shares: NDArray[np.float64] = sums / sums[:, -1:]
    return shares


def _first(true: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Place of the first True of every row."""
    place: NDArray[np.intp] = true.argmax(axis=1)
    return place


_RULES: dict[str, Rule] = {
    "fukunaga-olsen": _fukunaga_olsen,
    "fan": _fan,
    "maxgap": _maxgap,
    "ratio": _ratio,
    "participation": _participation,
    "kaiser": _kaiser,
    "broken-stick": _broken_stick,
}
