"""Canonical correlations of two representations of the same samples, and their averages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_real, check_same_length
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, metrics
from topolens.comparison.centring import centred
from topolens.comparison.directions import independent_directions, refuse_full_rank
from topolens.comparison.nuclear_norm import nuclear_norm
from topolens.comparison.rotation import without_mean

__all__ = ["canonical_correlations", "cca", "pwcca", "svcca"]


@dataclass(frozen=True, slots=True, eq=False)
class _Basis:
    vectors: NDArray[np.float64]
    """Orthonormal columns that span the centred features."""
    n_points: int

    def __len__(self) -> int:
        return self.n_points


def canonical_correlations(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """All canonical correlations of two clouds whose rows are the same samples, largest first.

    The cosines of the principal angles between the spaces that the centred features span
    (Björck and Golub 1973). Features are scaled to equal size first, which changes none of them,
    and directions narrower than 1e-6 of the widest are left out.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The number of features may differ.

    Returns
    -------
    numpy.ndarray of shape (min of the ranks,)
        From 1 to 0.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, all rows of a cloud coincide, or a cloud has as many
        independent features as points less one: every correlation would be 1.
    """
    one, other = _prepare(first, name="first"), _prepare(second, name="second")
    check_same_length(one, other, ("first", "second"))
    found = np.linalg.svd(one.vectors.T @ other.vectors, compute_uv=False)
    correlations: NDArray[np.float64] = np.clip(found, 0, 1)
    return correlations


def _prepare(points: ArrayLike, *, name: str = "points") -> _Basis:
    cloud = centred(points, name=name, measure="CCA")
    return _Basis(_basis(cloud, name=name), len(cloud))


def _basis(cloud: NDArray[np.float64], *, name: str) -> NDArray[np.float64]:
    vectors, _ = independent_directions(_of_equal_size(cloud))
    refuse_full_rank(vectors.shape[1], len(cloud), name=name)
    return vectors


def _of_equal_size(cloud: NDArray[np.float64]) -> NDArray[np.float64]:
    """Features of a centred cloud at norm 1; those of nothing but rounding are left out."""
    norms = np.linalg.norm(cloud, axis=0)
    alive = norms > 1e-14 * norms.max()
    scaled: NDArray[np.float64] = cloud[:, alive] / norms[alive]
    return scaled


def _compare(first: _Basis, second: _Basis) -> float:
    check_same_length(first, second, ("first", "second"))
    product = first.vectors.T @ second.vectors
    mean: float = nuclear_norm(product) / min(product.shape)
    return min(1.0, mean)


@metrics.register(
    "cca",
    version=1,
    takes="points",
    unit="",
    invariances=Invariances(
        orthogonal=True, isotropic_scaling=True, translation=True, invertible_linear=True
    ),
    paired_rows=True,
    is_similarity=True,
    prepare=_prepare,
    compare=_compare,
)
def cca(first: ArrayLike, second: ArrayLike) -> float:
    """Mean canonical correlation of two clouds whose rows are the same samples.

    The sum of the cosines of the principal angles between the spaces that the centred features
    span, divided by the smaller rank (Hotelling 1936; Raghu et al., NeurIPS 2017).

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The number of features may differ. Features are scaled to equal size, and directions
        narrower than 1e-6 of the widest left out, before anything is compared.

    Returns
    -------
    float
        From 0 to 1; 1 when the features of the cloud of smaller rank are linear images of the
        other's. Of r and s independent features on n points, r + s - n + 1 correlations are 1
        whatever they are.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, all rows of a cloud coincide, or a cloud has as many
        independent features as points less one: every correlation would be 1.

    Examples
    --------
    >>> import numpy as np
    >>> cloud = np.random.default_rng(0).normal(size=(50, 3))
    >>> round(cca(cloud, cloud @ [[1, 2, 0], [0, 1, 3], [0, 0, 5]]), 6)
    1.0
    """
    return _compare(_prepare(first, name="first"), _prepare(second, name="second"))


def _prepare_components(
    points: ArrayLike, *, variance: float = 0.99, name: str = "points"
) -> _Basis:
    share = check_real(variance, "variance", above=0)
    if share > 1:
        raise InvalidInputError(f"`variance` must be at most 1; got {variance!r}")
    cloud = centred(points, name=name, measure="SVCCA")
    vectors, widths = independent_directions(cloud)
    held = np.cumsum(widths**2) / np.sum(widths**2)
    kept = 1 + int(np.searchsorted(held[:-1], share * (1 - 1e-12)))
    refuse_full_rank(kept, len(cloud), name=name)
    return _Basis(vectors[:, :kept], len(cloud))


@metrics.register(
    "svcca",
    version=1,
    takes="points",
    unit="",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
    paired_rows=True,
    is_similarity=True,
    prepare=_prepare_components,
    compare=_compare,
)
def svcca(first: ArrayLike, second: ArrayLike, *, variance: float = 0.99) -> float:
    """Mean canonical correlation of the leading principal components of two paired clouds.

    Each cloud keeps as few principal components as hold the share `variance` of its variance;
    then `cca` (Raghu, Gilmer, Yosinski, Sohl-Dickstein, NeurIPS 2017).

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The number of features may differ.
    variance : float, default 0.99
        Share of the variance that the components kept hold, above 0 and at most 1.

    Returns
    -------
    float
        From 0 to 1; 1 when the components kept of one are linear images of the other's.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, all rows of a cloud coincide, `variance` is no share, or
        as many components are kept as points less one: every correlation would be 1.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> signal, noise = rng.normal(size=(2, 200, 5))
    >>> both = np.hstack([signal, 0.01 * noise])
    >>> round(svcca(signal, both), 3)
    1.0
    """
    return _compare(
        _prepare_components(first, variance=variance, name="first"),
        _prepare_components(second, variance=variance, name="second"),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _LoadedBasis:
    vectors: NDArray[np.float64]
    loadings: NDArray[np.float64]
    """Inner products of the centred features with the vectors, (n_features, rank)."""
    n_points: int

    def __len__(self) -> int:
        return self.n_points


def _prepare_loaded(points: ArrayLike, *, name: str = "points") -> _LoadedBasis:
    cloud = centred(points, name=name, measure="PWCCA")
    vectors = _basis(cloud, name=name)
    return _LoadedBasis(vectors, without_mean(cloud).T @ vectors, len(cloud))


def _compare_weighted(first: _LoadedBasis, second: _LoadedBasis) -> float:
    check_same_length(first, second, ("first", "second"))
    turn, correlations, _ = np.linalg.svd(first.vectors.T @ second.vectors, full_matrices=False)
    weights = np.abs(first.loadings @ turn).sum(axis=0)
    return min(1.0, float(weights @ correlations / weights.sum()))


@metrics.register(
    "pwcca",
    version=1,
    takes="points",
    unit="",
    invariances=Invariances(isotropic_scaling=True, translation=True),
    symmetric=False,
    paired_rows=True,
    is_similarity=True,
    prepare=_prepare_loaded,
    compare=_compare_weighted,
)
def pwcca(first: ArrayLike, second: ArrayLike) -> float:
    """Mean of the canonical correlations of two paired clouds, weighted by the first cloud.

    The weight of a canonical variate h of `first` is the sum over the features x of `first` of
    |<h, x>| (Morcos, Raghu, Bengio, NeurIPS 2018). Not symmetric, as in the paper; its
    published code weights by whichever cloud has fewer features.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The weights come from `first`. The number of features may differ; as in `cca` directions
        narrower than 1e-6 of the widest are left out.

    Returns
    -------
    float
        From 0 to 1. Any invertible linear map of `second` leaves it; a rotation of `first` does
        not, because the weights count features one by one.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, all rows of a cloud coincide, or a cloud has as many
        independent features as points less one: every correlation would be 1.

    Examples
    --------
    >>> import numpy as np
    >>> cloud = np.random.default_rng(0).normal(size=(50, 3))
    >>> round(pwcca(cloud, cloud @ [[1, 2, 0], [0, 1, 3], [0, 0, 5]]), 6)
    1.0
    """
    return _compare_weighted(
        _prepare_loaded(first, name="first"), _prepare_loaded(second, name="second")
    )
