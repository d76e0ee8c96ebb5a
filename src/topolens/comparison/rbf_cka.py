"""Centred kernel alignment with a Gaussian kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_real, check_same_length
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, metrics
from topolens.comparison.centring import centred

__all__ = ["rbf_cka"]


@dataclass(frozen=True, slots=True, eq=False)
class _CentredKernel:
    entries: NDArray[np.float64]
    """Double-centred kernel matrix of Frobenius norm 1, (n_points, n_points)."""


def _prepare(points: ArrayLike, *, bandwidth: float = 1.0, name: str = "points") -> _CentredKernel:
    factor = check_real(bandwidth, "bandwidth", above=0)
    if factor < 1e-100:  # whose square vanishes
        raise InvalidInputError(f"`bandwidth` must be at least 1e-100; got {bandwidth!r}")
    squares = _squared_distances(centred(points, name=name, measure="CKA"))
    median = float(np.median(np.sqrt(squares[np.triu_indices(len(squares), 1)])))
    if median == 0:
        raise InvalidInputError(
            f"`{name}` must have a median distance above 0 to set the bandwidth; "
            "more than half of the pairs of rows coincide"
        )
    kernel = np.exp(squares / (-2 * (factor * median) ** 2))
    means = kernel.mean(axis=0)
    kernel += means.mean() - means[:, None] - means
    norm = np.linalg.norm(kernel)
    if norm <= 1e-12 * len(kernel):
        raise InvalidInputError(
            f"`bandwidth` must be smaller: all kernel values of `{name}` round to 1; "
            f"got {bandwidth!r}"
        )
    return _CentredKernel(kernel / norm)


def _squared_distances(cloud: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared Euclidean distances; what rounding leaves of equal rows is zero."""
    squared_norms = np.einsum("ij,ij->i", cloud, cloud)
    sums = squared_norms[:, None] + squared_norms
    squares: NDArray[np.float64] = sums - 2 * (cloud @ cloud.T)
    squares[squares <= 1e-14 * sums] = 0
    np.fill_diagonal(squares, 0)
    return squares


def _compare(first: _CentredKernel, second: _CentredKernel) -> float:
    check_same_length(first.entries, second.entries, ("first", "second"))
    return float(np.clip(np.vdot(first.entries, second.entries), 0, 1))


@metrics.register(
    "rbf_cka",
    version=1,
    takes="points",
    unit="",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
    paired_rows=True,
    is_similarity=True,
    prepare=_prepare,
    compare=_compare,
)
def rbf_cka(first: ArrayLike, second: ArrayLike, *, bandwidth: float = 1.0) -> float:
    """Centred kernel alignment of two paired clouds with a Gaussian kernel.

    HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) with K_ij = exp(-|x_i - x_j|^2 / (2 sigma^2)),
    double-centred, sigma = `bandwidth` times the median distance of the cloud's pairs (Kornblith
    et al., ICML 2019, section 3). The biased estimator. A wide kernel tends to linear
    CKA, a narrow one sees nearest neighbours only.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The number of features may differ.
    bandwidth : float, default 1.0
        Standard deviation of the kernel as a share of the median distance between the pairs of
        distinct rows of the same cloud; each cloud has its own.

    Returns
    -------
    float
        From 0 to 1; 1 when one cloud is a rotated, scaled, shifted copy of the other.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, all rows of a cloud coincide, half of its pairs of rows do
        (the median distance is 0), or the bandwidth is so large that all kernel values are 1.

    Examples
    --------
    >>> import numpy as np
    >>> cloud = np.random.default_rng(0).normal(size=(50, 3))
    >>> round(rbf_cka(cloud, 2 * cloud[:, ::-1] + 1, bandwidth=0.5), 6)
    1.0
    """
    return _compare(
        _prepare(first, bandwidth=bandwidth, name="first"),
        _prepare(second, bandwidth=bandwidth, name="second"),
    )
