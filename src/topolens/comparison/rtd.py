"""Representation topology divergence: loops that one representation has and the other fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import (
    Points,
    check_distances,
    check_integer,
    check_same_length,
)
from topolens.base.errors import InvalidInputError
from topolens.base.registry import Invariances, metrics
from topolens.comparison.centring import host_points
from topolens.kernels.distances import distances_of
from topolens.kernels.memory import refuse_without_memory
from topolens.kernels.rips import rips_pairs

__all__ = ["RTDTrials", "rtd", "rtd_from_distances", "rtd_trials"]

_QUANTILE = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class RTDTrials:
    """Divergences of samples of the rows, in both directions."""

    values: NDArray[np.float64]
    """Shape (n_trials, 2): loops of the first that the second fills, and the reverse."""

    @property
    def value(self) -> float:
        """Mean over trials and directions."""
        return float(self.values.mean())

    @property
    def standard_error(self) -> float:
        """Of the mean, from the spread of the trials; NaN of one trial alone.

        Samples overlap where they are not small beside the cloud, which understates it.
        """
        symmetric = self.values.mean(axis=1)
        if len(symmetric) == 1:
            return float("nan")
        return float(symmetric.std(ddof=1) / np.sqrt(len(symmetric)))


@dataclass(frozen=True, slots=True, eq=False)
class _PreparedTrials:
    distances: list[Points]
    """Of each sample of the rows, divided by their own quantile."""
    n_rows: int

    def __len__(self) -> int:
        return self.n_rows


def _prepare(
    points: ArrayLike,
    *,
    n_points: int = 500,
    n_trials: int = 10,
    seed: int = 0,
    name: str = "points",
) -> _PreparedTrials:
    check_integer(n_points, "n_points", at_least=2)
    check_integer(n_trials, "n_trials", at_least=1)
    check_integer(seed, "seed", at_least=0)
    cloud = host_points(points, name=name)
    samples: list[Points] = [cloud[rows] for rows in _samples(len(cloud), n_points, n_trials, seed)]
    distances = [_scaled(distances_of(some, "euclidean", 1, name=name), name) for some in samples]
    return _PreparedTrials(distances, len(cloud))


def _samples(n_rows: int, n_points: int, n_trials: int, seed: int) -> Sequence[NDArray[np.int64]]:
    """Draw rows for each trial; all of them, once, where there are no more than that."""
    if n_rows <= n_points:
        return [np.arange(n_rows)]
    draws = (np.random.default_rng([seed, n_rows, trial]) for trial in range(n_trials))
    return [np.sort(rng.choice(n_rows, n_points, replace=False)) for rng in draws]


def _scaled(distances: Points, name: str) -> Points:
    # All entries of the matrix, the zeros of its diagonal too, as in the authors' program.
    unit = np.quantile(distances, _QUANTILE)
    if not 0 < unit < np.inf:
        raise InvalidInputError(
            f"`{name}` must have a 0.9 quantile of distances to divide by; it is {unit:g}"
        )
    return distances / distances.dtype.type(unit)


def _trials(first: _PreparedTrials, second: _PreparedTrials) -> RTDTrials:
    check_same_length(first, second, ("first", "second"))
    values = [
        (_divergence(one, other), _divergence(other, one))
        for one, other in zip(first.distances, second.distances, strict=True)
    ]
    return RTDTrials(np.array(values))


def _divergence(first: Points, second: Points) -> float:
    """Sum the bars of H1 in the graph of `first` doubled by the smaller of both distances."""
    refuse_without_memory(2 * len(first), first.itemsize, max_dim=1, with_matrix=True)
    matrix = np.block([[np.zeros_like(first), first], [first, np.minimum(first, second)]])
    loops = rips_pairs(matrix, max_dim=1)[1]
    return float(np.sum(loops[:, 1] - loops[:, 0]))


def _compare(first: _PreparedTrials, second: _PreparedTrials) -> float:
    return _trials(first, second).value


@metrics.register(
    "rtd",
    version=1,
    takes="points",
    unit="",
    invariances=Invariances(orthogonal=True, isotropic_scaling=True, translation=True),
    paired_rows=True,
    prepare=_prepare,
    compare=_compare,
)
def rtd(
    first: ArrayLike,
    second: ArrayLike,
    *,
    n_points: int = 500,
    n_trials: int = 10,
    seed: int = 0,
) -> float:
    """Representation topology divergence of two representations of the same samples.

    Distances of each are divided by their own 0.9 quantile. R-Cross-Barcode_1 is H1 of twice the
    samples, [[0, D1], [D1, min(D1, D2)]]: loops of `first` that `second` fills, and the sum of
    its bars is one direction (Barannikov, Trofimov, Balabin, Burnaev, ICML 2022, arXiv
    2201.00058, section 2). The value is the mean of both directions over samples of the rows, as
    in the authors' program.

    Parameters
    ----------
    first, second : array_like of shape (n_rows, n_features)
        The same samples row by row; the numbers of features may differ.
    n_points : int, default 500
        Rows in a trial. Clouds of no more rows are compared whole, in one trial.
    n_trials : int, default 10
        How many samples of the rows.
    seed : int, default 0
        Of the samples.

    Returns
    -------
    float
        From 0, in units of the 0.9 quantile. It grows with `n_points`: compare at equal ones.

    Raises
    ------
    InvalidInputError
        If the numbers of rows differ, a parameter is out of range, nine tenths of the distances
        of a cloud are 0, or memory does not suffice.

    Examples
    --------
    >>> import numpy as np
    >>> cloud = np.random.default_rng(0).normal(size=(60, 3))
    >>> rtd(cloud, -4 * cloud)
    0.0
    """
    return rtd_trials(first, second, n_points=n_points, n_trials=n_trials, seed=seed).value


def rtd_trials(
    first: ArrayLike,
    second: ArrayLike,
    *,
    n_points: int = 500,
    n_trials: int = 10,
    seed: int = 0,
) -> RTDTrials:
    """`rtd` trial by trial and direction by direction, with the standard error of the mean.

    Parameters and errors are those of `rtd`.
    """
    return _trials(
        _prepare(first, n_points=n_points, n_trials=n_trials, seed=seed, name="first"),
        _prepare(second, n_points=n_points, n_trials=n_trials, seed=seed, name="second"),
    )


def rtd_from_distances(first: ArrayLike, second: ArrayLike) -> float:
    """`rtd` of two whole distance matrices of the same samples, each shape (n_points, n_points).

    Raises
    ------
    InvalidInputError
        If a matrix is not one of distances, their sizes differ, or nine tenths of the entries of
        one are 0.
    """
    ours, theirs = check_distances(first, name="first"), check_distances(second, name="second")
    check_same_length(ours, theirs, ("first", "second"))
    one, other = _scaled(ours, "first"), _scaled(theirs, "second")
    return (_divergence(one, other) + _divergence(other, one)) / 2
