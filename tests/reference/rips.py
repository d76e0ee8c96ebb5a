"""Vietoris-Rips persistence by the definition: list the simplices, reduce the boundary matrix.

Z/2 coefficients, cubic and exponential, for some twenty points. Every production path is
compared with this one; nothing here is clever.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray


def rips_pairs(
    distances: NDArray[np.floating], *, max_dim: int, threshold: float | None = None
) -> list[NDArray[np.float64]]:
    """Bars of positive length by dimension, each (n_bars, 2), sorted by (birth, death)."""
    simplices = _filtration(distances, max_dim + 1, _cut(distances, threshold))
    position = {simplex: place for place, (_, simplex) in enumerate(simplices)}
    values = [value for value, _ in simplices]
    killer = _reduce([_boundary(simplex, position) for _, simplex in simplices])

    bars: list[list[tuple[float, float]]] = [[] for _ in range(max_dim + 1)]
    deaths = set(killer.values())
    for place, (value, simplex) in enumerate(simplices):
        if place in deaths or len(simplex) > max_dim + 1:
            continue
        death = values[killer[place]] if place in killer else np.inf
        if death > value:
            bars[len(simplex) - 1].append((value, death))
    return [np.array(sorted(found), dtype=np.float64).reshape(-1, 2) for found in bars]


def _cut(distances: NDArray[np.floating], threshold: float | None) -> float:
    """The largest value that can matter: past the enclosing radius everything is a cone."""
    radius = float(distances.max(axis=1).min())
    return radius if threshold is None else min(radius, float(distances.dtype.type(threshold)))


def _filtration(
    distances: NDArray[np.floating], top: int, cut: float
) -> list[tuple[float, tuple[int, ...]]]:
    found: list[tuple[float, tuple[int, ...]]] = []
    for size in range(1, top + 2):
        for simplex in combinations(range(len(distances)), size):
            value = max((float(distances[a, b]) for a, b in combinations(simplex, 2)), default=0.0)
            if value <= cut and np.isfinite(value):
                found.append((value, simplex))
    return sorted(found, key=lambda item: (item[0], len(item[1]), item[1]))


def _boundary(simplex: tuple[int, ...], position: dict[tuple[int, ...], int]) -> set[int]:
    if len(simplex) == 1:
        return set()
    return {position[simplex[:k] + simplex[k + 1 :]] for k in range(len(simplex))}


def _reduce(columns: list[set[int]]) -> dict[int, int]:
    """Left-to-right column reduction; maps each killed simplex to its killer."""
    owner: dict[int, int] = {}
    for place, column in enumerate(columns):
        while column and max(column) in owner:
            column ^= columns[owner[max(column)]]
        if column:
            owner[max(column)] = place
    return owner
