"""Similarity of two representations of the same samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_points, check_same_length
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, metrics

__all__ = ["linear_cka"]


@dataclass(frozen=True, slots=True, eq=False)
class _CentredCloud:
    coordinates: NDArray[np.float64]
    """Centred rows divided so that the Frobenius norm of their Gram matrix is 1."""


def _prepare(points: ArrayLike, *, name: str = "points") -> _CentredCloud:
    cloud = check_points(points, name=name).astype(np.float64)
    centred = cloud - cloud.mean(axis=0)
    spread = np.abs(centred).max()
    if spread <= np.finfo(np.float32).eps * np.abs(cloud).max():
        raise InvalidInputError(
            f"`{name}` must not be constant: CKA is undefined when all rows coincide"
        )
    narrow = _at_most_as_wide_as_long(centred / spread)
    gram_norm = np.linalg.norm(narrow.T @ narrow)
    return _CentredCloud(narrow / np.sqrt(gram_norm))


def _at_most_as_wide_as_long(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return coordinates with the same Gram matrix and no more columns than rows."""
    n_points, n_features = centred.shape
    if n_features <= n_points:
        return centred
    eigenvalues, eigenvectors = np.linalg.eigh(centred @ centred.T)
    narrow: NDArray[np.float64] = eigenvectors * np.sqrt(np.clip(eigenvalues, 0, None))
    return narrow


def _compare(first: _CentredCloud, second: _CentredCloud) -> float:
    check_same_length(first.coordinates, second.coordinates, ("first", "second"))
    return float(np.sum(np.square(second.coordinates.T @ first.coordinates)))


@metrics.register(
    "linear_cka",
    version=1,
    takes="points",
    unit="",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
    paired_rows=True,
    is_similarity=True,
    prepare=_prepare,
    compare=_compare,
)
def linear_cka(first: ArrayLike, second: ArrayLike) -> float:
    """Linear centred kernel alignment of two clouds whose rows are the same samples.

    ||Y^T X||_F^2 / (||X^T X||_F ||Y^T Y||_F) with centred columns (Kornblith et al., ICML 2019,
    section 3). The biased estimator: for independent clouds it tends to grow with
    n_features / n_points.

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
