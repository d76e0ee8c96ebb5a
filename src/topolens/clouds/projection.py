"""Fewer coordinates at random, distances nearly kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from topolens.base.blas import one_blas_thread
from topolens.base.checks import Points, check_integer, check_points
from topolens.base.errors import InvalidInputError

__all__ = ["random_projection"]


def random_projection(points: ArrayLike, *, n_components: int, seed: int = 0) -> Points:
    """Return the cloud times a Gaussian matrix, shape (n_points, n_components).

    Entries are normal with variance 1 / n_components, so squared distances are right on
    average. For any e below 1, all squared distances between n points are within a factor of
    1 - e and 1 + e of what they were with probability at least 1 - 1 / n, if `n_components` is at
    least 6 ln(n) / (e²/2 - e³/3) (Dasgupta and Gupta 2003, a union bound over the pairs). The
    number of features does not enter.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud. float32 stays float32; the product is made in float64 on one BLAS thread.
    n_components : int
        Coordinates to make. More than there were is allowed and gains nothing.
    seed : int, default 0
        Of the matrix, which depends on it and the two numbers of coordinates alone: clouds of
        equal width are projected alike.

    Raises
    ------
    InvalidInputError
        If `points` is not a finite cloud, `n_components` is not a positive integer, `seed` not a
        natural number, or the values are too large to be added.
    """
    cloud = check_points(points)
    check_integer(n_components, "n_components", at_least=1)
    check_integer(seed, "seed", at_least=0)
    rng = np.random.default_rng([seed, cloud.shape[1], n_components])
    matrix = rng.normal(size=(cloud.shape[1], n_components)) / np.sqrt(n_components)
    with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        projected: Points = (cloud.astype(np.float64) @ matrix).astype(cloud.dtype, copy=False)
    if not np.isfinite(projected).all():
        raise InvalidInputError(
            f"`points` must be small enough to be projected; sums of these values overflow "
            f"{cloud.dtype}"
        )
    return projected
