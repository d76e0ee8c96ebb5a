"""Principal components: the directions in which a cloud is widest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.blas import one_blas_thread
from topolens.base.checks import Points, check_integer, check_points
from topolens.base.errors import InvalidInputError

__all__ = ["PrincipalComponents", "check_keep", "pca"]


_LARGEST = 1e150
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class PrincipalComponents:
    """A cloud in the coordinates of its principal components."""

    points: Points
    """Coordinates along the kept directions, shape (n_points, n_kept), widest first."""
    directions: NDArray[np.float64]
    """Orthonormal rows, shape (n_kept, n_features)."""
    variances: NDArray[np.float64]
    """Variance along every direction there is, kept or not, shape (min(n_points, n_features),)."""
    origin: NDArray[np.float64]
    """The point that became zero, shape (n_features,): the mean, or zero if not centred."""

    @property
    def explained(self) -> float:
        """Share of the variance that the kept directions hold; 1 where there is none."""
        total = self.variances.sum()
        kept = self.variances[: len(self.directions)].sum()
        return float(kept / total) if total > 0 else 1.0


def pca(
    points: ArrayLike,
    *,
    keep: int | float | None = None,
    drop_smallest: int = 0,
    centred: bool = True,
) -> PrincipalComponents:
    """Return the cloud in its principal components, by a singular value decomposition in float64.

    Each direction's largest entry in absolute value (the first of equal ones) is positive, and
    BLAS works on one thread, so the result does not depend on the number of cores. Where
    variances are equal, directions are determined up to a rotation among them only.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud. float32 stays float32.
    keep : int, float or None
        How many components (an integer), or as many as hold a share of the variance (a float
        above 0 and at most 1); None for all.
    drop_smallest : int, default 0
        How many of the `n_features` components to leave out instead, smallest first.
    centred : bool, default True
        Subtract the mean. Purvine et al. 2023 remove components of uncentred clouds (Ding et
        al. 2021's sensitivity test); "variance" then is the mean square.

    Returns
    -------
    PrincipalComponents
        At most min(n_points, n_features) components; there are no more.

    Raises
    ------
    InvalidInputError
        If `points` is not a finite cloud, both `keep` and `drop_smallest` are given, or one of
        them is out of range.
    """
    cloud = check_points(points)
    n_features = cloud.shape[1]
    check_integer(drop_smallest, "drop_smallest", at_least=0, at_most=n_features - 1)
    if keep is not None:
        check_keep(keep)
        if drop_smallest:
            raise InvalidInputError("`keep` must be left out where `drop_smallest` is given")
    wide = cloud.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        origin = wide.mean(axis=0) if centred else np.zeros(n_features)
        moved = wide - origin
        if not (np.abs(moved).max() < _LARGEST):
            raise InvalidInputError(
                "`points` must be small enough for their variance; it overflows float64"
            )
    with one_blas_thread():
        coordinates, directions, variances = _decomposed(moved)
    n_kept = _n_kept(variances, n_features, keep, drop_smallest)
    kept = coordinates[:, :n_kept]
    scores: Points = kept.astype(np.float32) if cloud.dtype == np.float32 else kept
    return PrincipalComponents(scores, directions[:n_kept], variances, origin)


def check_keep(keep: object) -> None:
    """Refuse what is neither a number of components nor a share of the variance."""
    whole = isinstance(keep, int | np.integer) and not isinstance(keep, bool)
    share = isinstance(keep, float | np.floating)
    if (whole and keep >= 1) or (share and 0 < keep <= 1):  # type: ignore[operator]
        return
    raise InvalidInputError(
        "`keep` must be a number of components (an integer at least 1) or a share of the "
        f"variance (a float above 0 and at most 1); got {keep!r}"
    )


def _decomposed(
    moved: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return coordinates, directions and variances, largest variance first."""
    left, sizes, directions = np.linalg.svd(moved, full_matrices=False)
    largest = np.argmax(np.abs(directions), axis=1)
    signs = np.sign(directions[np.arange(len(directions)), largest])
    return left * (sizes * signs), directions * signs[:, None], sizes**2 / len(moved)


def _n_kept(
    variances: NDArray[np.float64], n_features: int, keep: int | float | None, drop_smallest: int
) -> int:
    if keep is None:
        return min(n_features - drop_smallest, len(variances))
    if isinstance(keep, float | np.floating):
        reached = np.cumsum(variances)
        return 1 + int(np.searchsorted(reached[:-1], keep * reached[-1] * (1 - _ROUNDING)))
    if keep > len(variances):
        raise InvalidInputError(
            f"`keep` must be at most the {len(variances)} components there are; got {keep}"
        )
    return int(keep)
