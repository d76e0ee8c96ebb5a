"""A flat map of all layers: metric multidimensional scaling without random numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

if TYPE_CHECKING:
    from topolens.base.results import DistanceMatrix

__all__ = ["LayerMap", "layer_map"]

_ROUNDS = 200
_MOST_REFINED = 600
_TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class LayerMap:
    """Layers as points in the plane."""

    labels: tuple[tuple[str, ...], ...]
    positions: NDArray[np.float64]
    """Shape (n_items, 2)."""
    stress: float
    """Kruskal's stress 1: 0 is faithful, from about 0.2 the map distorts much."""


def layer_map(matrix: DistanceMatrix, *, most_refined: int = _MOST_REFINED) -> LayerMap | None:
    """Return the plane whose distances come close to the matrix; None with fewer than 3 items.

    Classical scaling gives the start, majorisation (SMACOF) lowers the stress from there (up to
    `most_refined` items), so equal input gives an equal map. Items with undefined distances are
    left out; of a distance that is not symmetric the mean of both directions is drawn.
    """
    kept = _fully_known(matrix.distances)
    if len(kept) < 3:
        return None
    distances = np.maximum(matrix.distances[np.ix_(kept, kept)], 0.0)
    size = distances.max() or 1.0
    distances = (distances / size + distances.T / size) / 2
    np.fill_diagonal(distances, 0.0)
    positions = _classical(distances)
    if len(kept) <= most_refined:
        positions = _refine(positions, distances)
    positions = _oriented(positions)
    labels = tuple(matrix.labels[index] for index in kept)
    return LayerMap(labels, size * positions, _stress(positions, distances))


def _fully_known(distances: NDArray[np.float64]) -> NDArray[np.intp]:
    kept = np.arange(len(distances))
    unknown = ~np.isfinite(distances) & ~np.eye(len(distances), dtype=bool)
    while len(kept) and unknown[np.ix_(kept, kept)].any():
        worst = int(np.argmax(unknown[np.ix_(kept, kept)].sum(axis=1)))
        kept = np.delete(kept, worst)
    return kept


def _classical(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    squared = distances**2
    means = squared.mean(axis=0)
    gram = -0.5 * (squared - means[:, None] - means[None, :] + squared.mean())
    values, vectors = np.linalg.eigh(gram)
    largest = np.argsort(-values, kind="stable")[:2]
    scales = np.sqrt(np.maximum(values[largest], 0.0))
    positions: NDArray[np.float64] = vectors[:, largest] * scales
    return positions


def _refine(positions: NDArray[np.float64], distances: NDArray[np.float64]) -> NDArray[np.float64]:
    for _ in range(_ROUNDS):
        flat = squareform(pdist(positions))
        ratio = np.divide(distances, flat, out=np.zeros_like(flat), where=flat > _TINY)
        update = -ratio
        np.fill_diagonal(update, ratio.sum(axis=1))
        positions = update @ positions / len(positions)
    return positions


def _oriented(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn the widest direction to the right, first item on the left and not below the middle."""
    centred = positions - positions.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    turned: NDArray[np.float64] = centred @ axes.T
    turned[:, 0] *= -1.0 if turned[0, 0] > 0 else 1.0
    turned[:, 1] *= -1.0 if turned[0, 1] < 0 else 1.0
    return turned


def _stress(positions: NDArray[np.float64], distances: NDArray[np.float64]) -> float:
    wanted = squareform(distances, checks=False)
    total = float((wanted**2).sum())
    return float(np.sqrt(((pdist(positions) - wanted) ** 2).sum() / total)) if total > 0 else 0.0
