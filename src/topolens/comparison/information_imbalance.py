"""How well the distances of one representation predict those of another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_same_length
from topolens.base.registry import Invariances, metrics
from topolens.comparison.centring import host_points, within_range
from topolens.kernels.neighbours import Neighbourhoods, neighbourhoods
from topolens.kernels.ranks import doubled_ranks

__all__ = ["information_imbalance"]


@dataclass(frozen=True, slots=True, eq=False)
class _PreparedRanks:
    nearest: Neighbourhoods
    doubled_ranks: NDArray[np.unsignedinteger]


def _prepare(points: ArrayLike, *, name: str = "points") -> _PreparedRanks:
    cloud = host_points(points, name=name)
    if cloud.dtype == np.float64:  # single precision is searched in double where it must be
        cloud = within_range(cloud.astype(np.float64, copy=False))
    return _PreparedRanks(neighbourhoods(cloud, 1, name=name), doubled_ranks(cloud))


def _compare(first: _PreparedRanks, second: _PreparedRanks) -> float:
    check_same_length(first.doubled_ranks, second.doubled_ranks, ("first", "second"))
    nearest = first.nearest
    n_points = len(nearest.starts)
    n_nearest = np.diff(np.append(nearest.starts, len(nearest.ids)))
    rows = np.repeat(np.arange(n_points), n_nearest)
    ranks = second.doubled_ranks[rows, nearest.ids] / 2
    means = np.add.reduceat(ranks, nearest.starts) / n_nearest
    return float(2 / n_points * means.mean())


@metrics.register(
    "information_imbalance",
    version=1,
    takes="points",
    unit="",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
    symmetric=False,
    perfect_at_equals=False,
    paired_rows=True,
    prepare=_prepare,
    compare=_compare,
)
def information_imbalance(first: ArrayLike, second: ArrayLike) -> float:
    """Information imbalance from one representation of the samples to another.

    2 / n times the mean rank that the nearest neighbour in `first` has by distance in `second`
    (Glielmo, Zeni, Cheng, Csanyi, Laio, PNAS Nexus 2022, equation 3), Euclidean distances. Near
    0 where the distances of `first` tell those of `second`, near 1 where they tell nothing. The
    other direction is another number: a representation that holds more predicts one that holds
    less, not the reverse.

    Points that are equally near in `first` all count, each with its part; those equally far in
    `second` share their mean rank. So the order of the rows never matters.

    Parameters
    ----------
    first, second : array_like of shape (n_points, n_features)
        The same samples row by row; the numbers of features may differ.

    Returns
    -------
    float
        From 2 / n_points, where all nearest neighbours agree, to about 2; 1 by chance.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, there are fewer than two, or memory does not suffice.

    Examples
    --------
    >>> import numpy as np
    >>> plane = np.random.default_rng(0).normal(size=(400, 2)) * [1.0, 0.2]
    >>> line = plane[:, :1]
    >>> round(information_imbalance(plane, line), 2), round(information_imbalance(line, plane), 2)
    (0.03, 0.14)
    """
    return _compare(_prepare(first, name="first"), _prepare(second, name="second"))
