"""Which rows become points: seeded, without replacement, the same for every layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topolens.base.checks import check_integer
from topolens.base.errors import InvalidInputError

__all__ = ["half_samples", "sample_rows"]


def sample_rows(n_rows: int, n_points: int, *, seed: int = 0) -> NDArray[np.int64]:
    """Return `n_points` distinct row numbers below `n_rows`, ascending, shape (n_points,).

    The draw depends on the arguments alone, so clouds with equal `n_rows` keep corresponding
    rows. All rows are returned when `n_points` equals `n_rows`.

    Raises
    ------
    InvalidInputError
        If `n_points` is larger than `n_rows`, or an argument is not a positive integer.
    """
    check_integer(n_rows, "n_rows", at_least=1)
    check_integer(n_points, "n_points", at_least=1)
    check_integer(seed, "seed", at_least=0)
    if n_points > n_rows:
        raise InvalidInputError(
            f"`n_points` must be at most the {n_rows} rows there are; got {n_points}"
        )
    rng = np.random.default_rng([seed, n_rows, n_points])
    return np.sort(rng.choice(n_rows, n_points, replace=False)).astype(np.int64)


def half_samples(n_points: int, count: int, *, seed: int = 0) -> list[NDArray[np.int64]]:
    """Return `count` samples of half the points each, in disjoint pairs, ascending.

    Samples 2k and 2k + 1 split the points between them (an odd point is left out), so the two
    of a pair are as independent as the cloud allows. Each has n_points // 2 entries.

    Raises
    ------
    InvalidInputError
        If there are fewer than 4 points or an argument is not an integer in range.
    """
    check_integer(n_points, "n_points", at_least=4)
    check_integer(count, "count", at_least=0)
    check_integer(seed, "seed", at_least=0)
    half = n_points // 2
    samples: list[NDArray[np.int64]] = []
    for pair in range((count + 1) // 2):
        order = np.random.default_rng([seed, n_points, pair]).permutation(n_points)
        samples += [np.sort(order[:half]), np.sort(order[half : 2 * half])]
    return samples[:count]
