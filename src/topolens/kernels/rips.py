"""Vietoris–Rips persistence of a distance matrix.

H0 comes from our own spanning-tree kernel; H1 and H2 from the released engine `ripser`.
Both work on the same float32 matrix, so every birth and death is one of its entries.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from topolens.base.checks import Points
from topolens.kernels.mst import mst_edge_lengths

__all__ = ["enclosing_radius", "rips_pairs"]


def enclosing_radius(distances: Points) -> float:
    """Smallest scale at which one point is joined to all others; nothing dies after it."""
    return float(distances.max(axis=1).min())


def rips_pairs(distances: Points, *, max_dim: int, threshold: float) -> list[NDArray[np.float64]]:
    """Birth and death of every bar of non-zero length, one (n_bars, 2) array per degree.

    `distances` is symmetric, non-negative, with zero diagonal; edges longer than `threshold`
    are left out. Rows are sorted; a bar that never dies has an infinite death.
    """
    single = np.ascontiguousarray(distances, dtype=np.float32)
    kept = np.where(single <= np.float32(threshold), single, np.float32(np.inf))
    pairs = [_connected_components(kept)]
    if max_dim > 0:
        pairs.extend(_loops_and_above(single, max_dim, threshold))
    return [_sorted(array) for array in pairs]


def _connected_components(distances: Points) -> NDArray[np.float64]:
    deaths = mst_edge_lengths(distances)
    n_essential = len(distances) - len(deaths)
    deaths = np.concatenate([deaths[deaths > 0], np.full(n_essential, np.inf)])
    return np.column_stack([np.zeros(len(deaths)), deaths])


def _loops_and_above(
    distances: Points, max_dim: int, threshold: float
) -> list[NDArray[np.float64]]:
    from ripser import ripser

    if len(distances) < 3:
        return [np.empty((0, 2)) for _ in range(max_dim)]
    cut = np.inf if np.isinf(threshold) else float(np.float32(threshold))
    found = ripser(distances, maxdim=max_dim, thresh=cut, distance_matrix=True)["dgms"][1:]
    return [cast("NDArray[np.float64]", np.asarray(p, dtype=np.float64)) for p in found]


def _sorted(pairs: NDArray[np.float64]) -> NDArray[np.float64]:
    pairs = pairs.reshape(-1, 2)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
