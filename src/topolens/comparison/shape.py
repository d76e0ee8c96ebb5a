"""Generalized shape metrics: the angle between two clouds after the best allowed alignment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment

from topolens.base.checks import check_real, check_same_length
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, metrics
from topolens.comparison.centring import centred
from topolens.comparison.directions import independent_directions, refuse_full_rank
from topolens.comparison.rotation import chord_after_rotation, chord_to_angle, unit_coordinates

__all__ = ["check_alpha", "matched_features", "permutation_distance", "shape_distance"]


@dataclass(frozen=True, slots=True, eq=False)
class _UnitCloud:
    coordinates: NDArray[np.float64]
    """Centred, perhaps partly whitened, of Frobenius norm 1."""
    n_points: int

    def __len__(self) -> int:
        return self.n_points


def check_alpha(alpha: float) -> float:
    """Return the share of a cloud that stays unwhitened if it is one."""
    value = check_real(alpha, "alpha")
    if not 0 <= value <= 1:
        raise InvalidInputError(f"`alpha` must be from 0 to 1; got {alpha!r}")
    return value


def _prepare(points: ArrayLike, *, alpha: float = 1.0, name: str = "points") -> _UnitCloud:
    alpha = check_alpha(alpha)
    cloud = centred(points, name=name, measure="the shape distance")
    if alpha == 1:
        return _UnitCloud(unit_coordinates(cloud), len(cloud))
    vectors, widths = independent_directions(cloud)
    if alpha == 0:
        refuse_full_rank(len(widths), len(cloud), name=name)
    evened = alpha * widths / np.sqrt(np.mean(widths**2)) + (1 - alpha)
    return _UnitCloud(vectors * (evened / np.linalg.norm(evened)), len(cloud))


def _compare(first: _UnitCloud, second: _UnitCloud) -> float:
    check_same_length(first, second, ("first", "second"))
    return chord_to_angle(chord_after_rotation(first.coordinates, second.coordinates))


@metrics.register(
    "shape_distance",
    version=1,
    takes="points",
    unit="",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
    paired_rows=True,
    is_metric=True,
    prepare=_prepare,
    compare=_compare,
)
def shape_distance(first: ArrayLike, second: ArrayLike, *, alpha: float = 1.0) -> float:
    """Angle between two clouds of the same samples after partial whitening and rotation.

    Each cloud is centred and replaced by X (alpha I + (1 - alpha) (X^T X)^(-1/2)), X scaled so
    that the root mean square of its singular values is 1; the value is arccos ||Y^T X||_* of the
    results, scaled to Frobenius norm 1 (Williams, Kunz, Kornblith, Linderman, NeurIPS 2021).
    The scaling is ours: without it a value between the ends of alpha would depend on the scale of
    the cloud and on the number of its points.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The number of features may differ; nothing is padded, because zeros change nothing.
    alpha : float, default 1.0
        1: rotations only, the angular Procrustes distance. 0: any invertible linear map, with
        arccos(sum of canonical correlations / sqrt(rank * rank)). Below 1, directions narrower
        than 1e-6 of the widest are left out.

    Returns
    -------
    float
        Radians, from 0 to pi/2; the triangle inequality holds.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, all rows of a cloud coincide, `alpha` is not from 0 to 1,
        or it is 0 and a cloud has as many independent features as points less one.

    Examples
    --------
    >>> import numpy as np
    >>> cloud = np.random.default_rng(0).normal(size=(50, 3))
    >>> stretched = cloud * [1.0, 2.0, 4.0]
    >>> [round(shape_distance(cloud, stretched, alpha=alpha), 3) for alpha in (1.0, 0.5, 0.0)]
    [0.528, 0.266, 0.0]
    """
    return _compare(
        _prepare(first, alpha=alpha, name="first"), _prepare(second, alpha=alpha, name="second")
    )


def _prepare_features(points: ArrayLike, *, name: str = "points") -> _UnitCloud:
    cloud = centred(points, name=name, measure="the permutation distance")
    return _UnitCloud(cloud / np.linalg.norm(cloud), len(cloud))


def _compare_features(first: _UnitCloud, second: _UnitCloud) -> float:
    check_same_length(first, second, ("first", "second"))
    ours, theirs = first.coordinates, second.coordinates
    one, other = matched_features(ours.T @ theirs)
    apart = np.linalg.norm(ours[:, one] - theirs[:, other])
    alone = np.hstack([np.delete(ours, one, axis=1), np.delete(theirs, other, axis=1)])
    return chord_to_angle(float(np.hypot(apart, np.linalg.norm(alone))))


def matched_features(
    product: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of rows and columns with the largest sum; none that would make it smaller."""
    one, other = linear_sum_assignment(np.maximum(product, 0), maximize=True)
    gains = product[one, other] > 0
    return one[gains], other[gains]


@metrics.register(
    "permutation_distance",
    version=1,
    takes="points",
    unit="",
    invariances=Invariances(isotropic_scaling=True, translation=True),
    paired_rows=True,
    is_metric=True,
    prepare=_prepare_features,
    compare=_compare_features,
)
def permutation_distance(first: ArrayLike, second: ArrayLike) -> float:
    """Angle between two clouds of the same samples after the best renumbering of features.

    arccos of the largest sum of x_i . y_pi(i) over one-to-one pairings of features, clouds centred
    and of Frobenius norm 1: the generalized shape metric of the permutation group (Williams,
    Kunz, Kornblith, Linderman, NeurIPS 2021). It asks whether single units correspond.
    A feature may stay without partner, as if both clouds had any number of features of zeros:
    so dead units make no difference, and the triangle inequality holds at unequal widths.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The number of features may differ.

    Returns
    -------
    float
        Radians, from 0 to pi/2; the triangle inequality holds.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, or all rows of a cloud coincide.

    Examples
    --------
    >>> import numpy as np
    >>> cloud = np.random.default_rng(0).normal(size=(50, 3))
    >>> round(permutation_distance(cloud, 2 * cloud[:, [2, 0, 1]]), 6)
    0.0
    """
    return _compare_features(
        _prepare_features(first, name="first"), _prepare_features(second, name="second")
    )
