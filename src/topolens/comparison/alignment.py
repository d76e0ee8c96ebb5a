"""||Y^T X||_F^2 of many pairs of clouds at once, and the unbiased HSIC made of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from topolens.base.checks import check_same_length

__all__ = ["squared_alignments", "unbiased_hsic"]

Cloud = NDArray[np.float64]

_TILE_BYTES = 64 * 2**20


def squared_alignments(rows: Sequence[Cloud], columns: Sequence[Cloud]) -> NDArray[np.float64]:
    """Squared Frobenius norms of the cross products of all pairs, shape (n_rows, n_columns).

    ||Y^T X||^2 is also the inner product of the Gram matrices X X^T and Y Y^T. A cross product
    costs every pair n d d' multiplications; Gram matrices cost every cloud n n d / 2 and every
    pair only n n / 2. The cheaper way is taken; Gram matrices are made tile by tile, of all clouds
    at once, so that a tile of all of them fits into 64 MiB.

    Parameters
    ----------
    rows, columns : sequence of arrays of shape (n_points, n_features)
        The same sequence twice is all pairs of its clouds.

    Raises
    ------
    InvalidInputError
        If not all clouds have equally many points.
    """
    for cloud in (*rows, *columns):
        check_same_length(rows[0], cloud, ("first", "second"))
    same = rows is columns
    clouds = list(rows) if same else [*rows, *columns]
    if _cost_by_products(rows, columns, same=same) <= _cost_by_grams(
        clouds, len(rows), len(columns)
    ):
        return _by_products(rows, columns, same=same)
    return _by_grams(clouds, len(rows), same=same)


def _cost_by_products(rows: Sequence[Cloud], columns: Sequence[Cloud], *, same: bool) -> float:
    widths = [sum(cloud.shape[1] for cloud in side) for side in (rows, columns)]
    return float(len(rows[0]) * widths[0] * widths[1] / (2 if same else 1))


def _cost_by_grams(clouds: Sequence[Cloud], n_rows: int, n_columns: int) -> float:
    entries = len(clouds[0]) ** 2 / 2
    return float(entries * (sum(cloud.shape[1] for cloud in clouds) + n_rows * n_columns))


def _by_products(
    rows: Sequence[Cloud], columns: Sequence[Cloud], *, same: bool
) -> NDArray[np.float64]:
    values = np.empty((len(rows), len(columns)))
    for i, first in enumerate(rows):
        for j, second in enumerate(columns):
            if same and j < i:
                values[i, j] = values[j, i]
            else:
                values[i, j] = np.sum(np.square(second.T @ first))
    return values


def _by_grams(clouds: Sequence[Cloud], n_rows: int, *, same: bool) -> NDArray[np.float64]:
    """Sum over the tiles on and above the diagonal; those above it count twice."""
    n_points, n_clouds = len(clouds[0]), len(clouds)
    side = max(1, min(n_points, int(np.sqrt(_TILE_BYTES / (8 * n_clouds)))))
    room = np.empty(n_clouds * side**2)
    total = np.zeros((n_rows, n_clouds if same else n_clouds - n_rows))
    for top in range(0, n_points, side):
        for left in range(top, n_points, side):
            across, down = slice(top, top + side), slice(left, left + side)
            shape = n_clouds, len(clouds[0][across]), len(clouds[0][down])
            tile = room[: np.prod(shape)].reshape(shape)
            for place, cloud in enumerate(clouds):
                np.matmul(cloud[across], cloud[down].T, out=tile[place])
            flat = tile.reshape(n_clouds, -1)
            products = flat[:n_rows] @ (flat if same else flat[n_rows:]).T
            total += products if left == top else 2 * products
    return total


def unbiased_hsic(
    aligned: NDArray[np.float64],
    diagonals: NDArray[np.float64],
    traces: tuple[NDArray[np.float64], NDArray[np.float64]],
    n_points: int,
) -> NDArray[np.float64]:
    """HSIC_1 of all pairs of clouds with linear kernels, from what centred rows give.

    With centred rows a Gram matrix K without its diagonal has row sums -K_ii, so the three terms
    of the definition (Song et al., JMLR 2012) need no more than the arguments.

    Parameters
    ----------
    aligned : array of shape (n_rows, n_columns)
        ||Y^T X||_F^2.
    diagonals : array of shape (n_rows, n_columns)
        Sums over the points of |x_i|^2 |y_i|^2.
    traces : two arrays of shapes (n_rows,) and (n_columns,)
        Sums over the points of |x_i|^2.
    n_points : int
        At least 4.
    """
    product = np.outer(*traces) / ((n_points - 1) * (n_points - 2))
    total = aligned - diagonals * (n_points / (n_points - 2)) + product
    hsic: NDArray[np.float64] = total / (n_points * (n_points - 3))
    return hsic
