"""How long neighbours stay neighbours on their way through the layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_integer, check_one_of, check_same_length
from topolens.base.errors import InvalidInputError
from topolens.comparison.centring import host_points
from topolens.kernels.distances import DIRECT_METRICS
from topolens.kernels.neighbours import nearest_neighbours

__all__ = ["NeighbourPersistence", "neighbour_persistence"]


@dataclass(frozen=True, slots=True, eq=False)
class NeighbourPersistence:
    """Shares of the neighbour relations that hold in all layers from one to another."""

    survival: NDArray[np.float64]
    """Mean over the samples, shape (n_layers, n_layers), symmetric with ones on the diagonal."""
    per_sample: NDArray[np.float32]
    """The share of each sample, shape (n_layers, n_layers, n_points)."""
    n_neighbors: int

    @property
    def from_start(self) -> NDArray[np.float64]:
        """Share of the first layer's relations still unbroken at each layer, never rising."""
        first: NDArray[np.float64] = self.survival[0]
        return first

    def of(self, rows: ArrayLike) -> NDArray[np.float64]:
        """`survival` of some samples, such as one class: row numbers or a mask of all rows."""
        chosen = np.asarray(rows)
        n_points = self.per_sample.shape[2]
        if chosen.dtype == bool and chosen.shape == (n_points,):
            chosen = np.flatnonzero(chosen)
        if chosen.ndim != 1 or len(chosen) == 0 or chosen.dtype.kind not in "iu":
            raise InvalidInputError(
                "`rows` must choose at least one sample, as a list of row numbers or a mask of all "
                f"{n_points}; got {chosen.dtype} of shape {chosen.shape}"
            )
        if chosen.min() < 0 or chosen.max() >= n_points:
            raise InvalidInputError(
                f"`rows` must be from 0 to {n_points - 1}; got {chosen.min()} to {chosen.max()}"
            )
        means: NDArray[np.float64] = self.per_sample[:, :, chosen].mean(axis=2, dtype=np.float64)
        return means


def neighbour_persistence(
    layers: Sequence[ArrayLike], *, n_neighbors: int = 10, metric: str = "euclidean"
) -> NeighbourPersistence:
    """Share of neighbour relations that survive from layer to layer.

    A relation "y is among the k nearest of x" survives from layer a to layer b if it holds in
    every layer between, both included: nearest neighbour topological persistence (NNTP) in the
    spirit of Hryniowski and Wong, arXiv 2012.03793. One broken and formed again later counts as
    broken; `shared_neighbours` of the two layers alone would count it.

    Parameters
    ----------
    layers : sequence of array_like of shape (n_points, n_features)
        The same samples row by row, in the order of the layers; features may differ.
    n_neighbors : int, default 10
        k, smaller than the number of points.
    metric : {"euclidean", "manhattan", "chebyshev", "cosine", "correlation"}
        Which points are near. Of those equally far the one with the smaller row number counts.

    Returns
    -------
    NeighbourPersistence
        With `survival[a, b]`, from 0 to 1.

    Raises
    ------
    InvalidInputError
        If there are no layers, their numbers of rows differ, there are not more points than
        neighbours, or a row has no direction under an angular metric.
    """
    if len(layers) == 0:
        raise InvalidInputError("`layers` must hold at least one cloud; got none")
    names = [f"layers[{index}]" for index in range(len(layers))]
    sets = [
        _neighbour_sets(layer, n_neighbors, metric, name=name)
        for layer, name in zip(layers, names, strict=True)
    ]
    for name, found in zip(names, sets, strict=True):
        check_same_length(sets[0], found, (names[0], name))
    per_sample = np.ones((len(sets), len(sets), len(sets[0])), np.float32)
    for start, relations in enumerate(sets):
        alive = np.ones(relations.shape, dtype=bool)
        for stop in range(start + 1, len(sets)):
            alive &= _are_among(relations, sets[stop])
            per_sample[start, stop] = per_sample[stop, start] = alive.mean(axis=1)
    return NeighbourPersistence(per_sample.mean(axis=2, dtype=np.float64), per_sample, n_neighbors)


def _neighbour_sets(
    points: ArrayLike, n_neighbors: int, metric: str, *, name: str
) -> NDArray[np.int64]:
    """Return the rows nearest to each row, nearest first, shape (n_points, n_neighbors)."""
    check_one_of(metric, "metric", DIRECT_METRICS)
    check_integer(n_neighbors, "n_neighbors", at_least=1)
    cloud = host_points(points, name=name)
    return nearest_neighbours(cloud, n_neighbors, metric=metric, name=name)[0]


def _are_among(names: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which names of a row occur in the same row of the others."""
    rows = len(names) * np.arange(len(names))[:, None]
    found: NDArray[np.bool_] = np.isin(names + rows, others + rows, assume_unique=True)
    return found
