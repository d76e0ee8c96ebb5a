"""Independent directions of a centred cloud."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topolens.base.errors import InvalidInputError
from topolens.comparison.rotation import without_mean

__all__ = ["TOLERANCE", "independent_directions", "refuse_full_rank"]

TOLERANCE = 1e-6
"""A direction counts if its singular value exceeds this share of the largest."""


def independent_directions(
    cloud: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Left singular vectors and singular values of a centred cloud, largest first.

    Directions at most `TOLERANCE` as wide as the widest are rounding of single precision, such
    as the one in which the outputs of a softmax cannot move; they are left out. Shapes
    (n_points - 1, rank) and (rank,): rows as `without_mean` gives them.
    """
    vectors, widths, _ = np.linalg.svd(without_mean(cloud), full_matrices=False)
    rank = int(np.sum(widths > TOLERANCE * widths[0]))
    return vectors[:, :rank], widths[:rank]


def refuse_full_rank(rank: int, n_points: int, *, name: str) -> None:
    """Refuse a cloud in which every other cloud of as many points is a linear image."""
    if rank == n_points - 1 and n_points > 2:
        raise InvalidInputError(
            f"`{name}` must have fewer independent features than points less one; got {rank} "
            f"for {n_points} points: every canonical correlation would be 1, whatever the other "
            "cloud; take more samples or fewer components"
        )
