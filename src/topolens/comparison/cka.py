"""Centred kernel alignment of two representations of the same samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_same_length
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, metrics
from topolens.comparison.alignment import squared_alignments, unbiased_hsic
from topolens.comparison.centring import centred

__all__ = ["linear_cka", "unbiased_cka"]

_INVARIANCES = Invariances(orthogonal=True, isotropic_scaling=True, translation=True)


@dataclass(frozen=True, slots=True, eq=False)
class _CentredCloud:
    coordinates: NDArray[np.float64]
    """Centred rows divided so that the Frobenius norm of their Gram matrix is 1."""


def _prepare(points: ArrayLike, *, name: str = "points") -> _CentredCloud:
    narrow = _at_most_as_wide_as_long(centred(points, name=name, measure="CKA"))
    gram_norm = np.linalg.norm(narrow.T @ narrow)
    return _CentredCloud(narrow / np.sqrt(gram_norm))


def _at_most_as_wide_as_long(cloud: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return coordinates with the same Gram matrix and no more columns than rows."""
    n_points, n_features = cloud.shape
    if n_features <= n_points:
        return cloud
    eigenvalues, eigenvectors = np.linalg.eigh(cloud @ cloud.T)
    narrow: NDArray[np.float64] = eigenvectors * np.sqrt(np.clip(eigenvalues, 0, None))
    return narrow


def _compare(first: _CentredCloud, second: _CentredCloud) -> float:
    check_same_length(first.coordinates, second.coordinates, ("first", "second"))
    return min(1.0, float(np.sum(np.square(second.coordinates.T @ first.coordinates))))


def _compare_many(
    rows: Sequence[_CentredCloud], columns: Sequence[_CentredCloud]
) -> NDArray[np.float64]:
    aligned = squared_alignments(
        [item.coordinates for item in rows], [item.coordinates for item in columns]
    )
    return np.minimum(aligned, 1.0)


@metrics.register(
    "linear_cka",
    version=1,
    takes="points",
    unit="",
    invariances=_INVARIANCES,
    paired_rows=True,
    is_similarity=True,
    prepare=_prepare,
    compare=_compare,
    compare_many=_compare_many,
)
def linear_cka(first: ArrayLike, second: ArrayLike) -> float:
    """Linear centred kernel alignment of two clouds whose rows are the same samples.

    ||Y^T X||_F^2 / (||X^T X||_F ||Y^T Y||_F) with centred columns (Kornblith et al., ICML 2019,
    section 3). The biased estimator: for independent clouds it tends to grow with
    n_features / n_points; `unbiased_cka` does not.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The number of features may differ.

    Returns
    -------
    float
        From 0 to 1; 1 when one cloud is a rotated, scaled, shifted copy of the other.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, or all rows of a cloud coincide (CKA is undefined there).

    Examples
    --------
    >>> import numpy as np
    >>> cloud = np.random.default_rng(0).normal(size=(50, 3))
    >>> round(linear_cka(cloud, 2 * cloud[:, ::-1] + 1), 6)
    1.0
    """
    return _compare(_prepare(first, name="first"), _prepare(second, name="second"))


@dataclass(frozen=True, slots=True, eq=False)
class _UnbiasedCloud:
    coordinates: NDArray[np.float64]
    """Centred rows divided so that the unbiased HSIC of the cloud with itself is 1."""
    squared_norms: NDArray[np.float64]
    """Of the coordinates, row by row."""


def _prepare_unbiased(points: ArrayLike, *, name: str = "points") -> _UnbiasedCloud:
    cloud = centred(points, name=name, measure="CKA", at_least=4)
    narrow = _at_most_as_wide_as_long(cloud)
    prepared = _UnbiasedCloud(narrow, np.einsum("ij,ij->i", narrow, narrow))
    own = _hsic(prepared, prepared)
    if own <= 1e-12 * np.square(prepared.squared_norms).mean():
        raise InvalidInputError(
            f"`{name}` must have distances that differ: "
            "unbiased CKA is undefined when all pairs of rows are equally far apart"
        )
    return _UnbiasedCloud(narrow / own**0.25, prepared.squared_norms / np.sqrt(own))


def _hsic(first: _UnbiasedCloud, second: _UnbiasedCloud) -> float:
    aligned = np.sum(np.square(second.coordinates.T @ first.coordinates))
    return float(_debiased(np.array([[aligned]]), [first], [second])[0, 0])


def _debiased(
    aligned: NDArray[np.float64],
    rows: Sequence[_UnbiasedCloud],
    columns: Sequence[_UnbiasedCloud],
) -> NDArray[np.float64]:
    left, right = (np.array([item.squared_norms for item in side]) for side in (rows, columns))
    traces = left.sum(axis=1), right.sum(axis=1)
    return unbiased_hsic(aligned, left @ right.T, traces, left.shape[1])


def _compare_unbiased(first: _UnbiasedCloud, second: _UnbiasedCloud) -> float:
    check_same_length(first.coordinates, second.coordinates, ("first", "second"))
    return float(np.clip(_hsic(first, second), -1, 1))


def _compare_many_unbiased(
    rows: Sequence[_UnbiasedCloud], columns: Sequence[_UnbiasedCloud]
) -> NDArray[np.float64]:
    aligned = squared_alignments(
        [item.coordinates for item in rows], [item.coordinates for item in columns]
    )
    return np.clip(_debiased(aligned, rows, columns), -1, 1)


@metrics.register(
    "unbiased_cka",
    version=1,
    takes="points",
    unit="",
    invariances=_INVARIANCES,
    paired_rows=True,
    is_similarity=True,
    prepare=_prepare_unbiased,
    compare=_compare_unbiased,
    compare_many=_compare_many_unbiased,
)
def unbiased_cka(first: ArrayLike, second: ArrayLike) -> float:
    """Linear CKA with the unbiased estimator of HSIC in all three places.

    HSIC_1(K, L) / sqrt(HSIC_1(K, K) HSIC_1(L, L)), where HSIC_1 leaves out the diagonals of the
    Gram matrices (HSIC_1 of Song et al., JMLR 2012; Nguyen, Raghu, Kornblith, ICLR 2021).
    About 0 for independent clouds, however many features they have.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        At least four points; the number of features may differ.

    Returns
    -------
    float
        From -1 to 1; 1 when one cloud is a rotated, scaled, shifted copy of the other, negative
        by chance, or where the rows that lie far out in one cloud lie far in in the other.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, or a cloud has fewer than four points, equal rows only or
        equal distances only (unbiased CKA is undefined there).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> first, second = rng.normal(size=(2, 100, 400))
    >>> round(linear_cka(first, second), 2), round(unbiased_cka(first, second), 2)
    (0.81, 0.0)
    """
    return _compare_unbiased(
        _prepare_unbiased(first, name="first"), _prepare_unbiased(second, name="second")
    )
