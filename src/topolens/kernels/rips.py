"""Vietoris–Rips persistence of a distance matrix, over Z/2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topolens import _core
from topolens.base.checks import Points

__all__ = ["MAX_POINTS", "Bars", "enclosing_radius", "rips_bars", "rips_pairs"]

MAX_POINTS: int = _core.max_points


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """The bars of one degree k, sorted by (birth, death), with the simplices that make them.

    The first two vertices of a simplex span its longest edge, so that the birth or death is the
    entry of the distance matrix in that row and column.
    """

    pairs: NDArray[np.float64]
    """Birth and death, shape (n_bars, 2); infinity for a bar that never dies."""
    birth_simplices: NDArray[np.int32]
    """Vertices of the simplex that begins the bar, shape (n_bars, k + 1)."""
    death_simplices: NDArray[np.int32]
    """Vertices of the simplex that ends it, shape (n_bars, k + 2); -1 where nothing does."""


def enclosing_radius(distances: Points) -> float:
    """Smallest scale at which one point is joined to all others; nothing dies after it."""
    return float(distances.max(axis=1).min())


def rips_bars(
    distances: Points,
    *,
    max_dim: int,
    threshold: float = np.inf,
    progress: Callable[[float], None] | None = None,
) -> list[Bars]:
    """Bars of positive length of each degree from 0 to `max_dim`.

    `distances` is C-ordered, symmetric and non-negative with a zero diagonal, float32 or
    float64; infinite entries join nothing. Edges longer than `threshold` are left out.
    `progress` is called now and then with the share of edges done; what it raises stops the work.
    """
    found = _core.rips(distances, max_dim, threshold, progress)
    return [_sorted(*arrays) for arrays in found]


def rips_pairs(
    distances: Points,
    *,
    max_dim: int,
    threshold: float = np.inf,
    threads: int = 1,
    progress: Callable[[float], None] | None = None,
) -> list[NDArray[np.float64]]:
    """Birth and death of every bar of positive length, one (n_bars, 2) array per degree."""
    bars = rips_bars(distances, max_dim=max_dim, threshold=threshold, progress=progress)
    return [found.pairs for found in bars]


def _sorted(pairs: NDArray[np.float64], born: NDArray[np.int32], died: NDArray[np.int32]) -> Bars:
    order = np.lexsort((*died.T[::-1], *born.T[::-1], pairs[:, 1], pairs[:, 0]))
    return Bars(pairs[order], born[order], died[order])
