"""Shape distances on samples that the alignment has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_integer, check_one_of, check_same_length
from topolens.base.errors import InvalidInputError
from topolens.comparison.centring import host_points, is_constant, within_range
from topolens.comparison.directions import TOLERANCE
from topolens.comparison.rotation import chord_to_angle
from topolens.comparison.shape import check_alpha, matched_features

__all__ = ["HeldOutDistance", "cross_validated_shape_distance"]

Cloud = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutDistance:
    """A shape distance with the alignment learnt on some samples and measured on others."""

    folds: NDArray[np.float64]
    """The angle on the held-out samples of each fold, in radians."""
    seen: NDArray[np.float64]
    """The angle on the samples each alignment was learnt on."""

    @property
    def value(self) -> float:
        """Mean over the folds of the held-out angle."""
        return float(self.folds.mean())

    @property
    def standard_error(self) -> float:
        """Of the mean, from the spread of the folds as if they were independent."""
        return float(self.folds.std(ddof=1) / np.sqrt(len(self.folds)))


def cross_validated_shape_distance(
    first: ArrayLike,
    second: ArrayLike,
    *,
    alpha: float = 1.0,
    group: str = "rotations",
    folds: int = 10,
    seed: int = 0,
) -> HeldOutDistance:
    """Angle between two clouds on held-out samples, after an alignment learnt on the rest.

    With many features and few samples a rotation, and more so a linear map, fits noise:
    `shape_distance` then comes out too small. Here means, whitening and alignment are learnt on all
    folds but one and applied to that one, as Williams, Kunz, Kornblith and Linderman (NeurIPS
    2021) fit and score.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The number of features may differ.
    alpha : float, default 1.0
        As in `shape_distance`; only 1 with permutations.
    group : {"rotations", "permutations"}, default rotations
        What may align the features.
    folds : int, default 10
        Into how many equal parts the samples are dealt; from 2 to n_points / 2.
    seed : int, default 0
        Of the order in which they are dealt.

    Returns
    -------
    HeldOutDistance
        `value` in radians from 0 to pi, `standard_error`, every fold, and the angles on the
        samples seen.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, a parameter is out of its range, or all rows outside a
        fold, or in it, coincide.
    """
    check_one_of(group, "group", ("rotations", "permutations"))
    if check_alpha(alpha) != 1 and group == "permutations":
        raise InvalidInputError(
            f"`alpha` must be 1 with permutations, which whitening mixes up; got {alpha!r}"
        )
    one, other = (
        within_range(host_points(cloud, name=name).astype(np.float64))
        for cloud, name in ((first, "first"), (second, "second"))
    )
    check_same_length(one, other, ("first", "second"))
    check_integer(folds, "folds", at_least=2, at_most=len(one) // 2)
    check_integer(seed, "seed", at_least=0)
    order = np.random.default_rng(seed).permutation(len(one))
    angles = [
        _angles(one, other, held_out=part, alpha=alpha, group=group)
        for part in np.array_split(order, folds)
    ]
    return HeldOutDistance(*np.array(angles).T)


def _angles(
    first: Cloud, second: Cloud, *, held_out: NDArray[np.int64], alpha: float, group: str
) -> tuple[float, float]:
    """Angle on the rows held out, and on the others, which the alignment is learnt from."""
    learnt = np.delete(np.arange(len(first)), held_out)
    ours, theirs = (
        _whitened(cloud, learnt, alpha, name)
        for cloud, name in ((first, "first"), (second, "second"))
    )
    align = _rotated if group == "rotations" else _paired
    ours, theirs = align(ours, theirs, ours[learnt].T @ theirs[learnt])
    return _angle(ours[held_out], theirs[held_out]), _angle(ours[learnt], theirs[learnt])


def _rotated(first: Cloud, second: Cloud, product: Cloud) -> tuple[Cloud, Cloud]:
    """Principal axes of the product, of the wider cloud all; the narrower has zeros there."""
    left, _, right = np.linalg.svd(product)
    ours, theirs = first @ left, second @ right.T
    width = max(ours.shape[1], theirs.shape[1])
    return _widened(ours, width), _widened(theirs, width)


def _paired(first: Cloud, second: Cloud, product: Cloud) -> tuple[Cloud, Cloud]:
    """Features that correspond first; then those without partner, against zeros."""
    one, other = matched_features(product)
    ours, theirs = first[:, one], second[:, other]
    alone, other_alone = np.delete(first, one, axis=1), np.delete(second, other, axis=1)
    width = ours.shape[1] + alone.shape[1] + other_alone.shape[1]
    return (
        _widened(np.hstack([ours, alone]), width),
        np.hstack([_widened(theirs, width - other_alone.shape[1]), other_alone]),
    )


def _widened(cloud: Cloud, width: int) -> Cloud:
    return np.pad(cloud, ((0, 0), (0, width - cloud.shape[1])))


def _whitened(cloud: Cloud, learnt: NDArray[np.int64], alpha: float, name: str) -> Cloud:
    """Apply to all rows the mean and the partial whitening of some."""
    about_mean = cloud - cloud[learnt].mean(axis=0)
    if is_constant(cloud[learnt], about_mean[learnt]):
        raise InvalidInputError(f"`{name}` must not be constant on the samples outside a fold")
    if alpha == 1:
        unchanged: Cloud = about_mean
        return unchanged
    _, widths, directions = np.linalg.svd(about_mean[learnt], full_matrices=False)
    kept = widths > TOLERANCE * widths[0]
    widths, directions = widths[kept], directions[kept]
    factors = alpha / np.sqrt(np.mean(widths**2)) + (1 - alpha) / widths
    whitened: Cloud = about_mean @ directions.T * factors
    return whitened


def _angle(first: Cloud, second: Cloud) -> float:
    sizes = np.linalg.norm(first), np.linalg.norm(second)
    if min(sizes) == 0:
        raise InvalidInputError("a fold must not hold only samples at the mean of the others")
    return chord_to_angle(float(np.linalg.norm(first / sizes[0] - second / sizes[1])))
