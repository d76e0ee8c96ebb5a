"""Vietoris–Rips persistence of a distance matrix, over Z/2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topolens import _core
from topolens.base.checks import Points
from topolens.kernels.batches import Progress, one_per_thread
from topolens.kernels.prim import spanning_lengths

__all__ = [
    "MAX_POINTS",
    "SIMD",
    "Bars",
    "LoopCycle",
    "enclosing_radius",
    "rips_bars",
    "rips_cycles",
    "rips_pairs",
    "rips_pairs_of_subsets",
]

MAX_POINTS: int = _core.max_points
SIMD: str = _core.simd()


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

    @property
    def birth_positions(self) -> NDArray[np.int32]:
        """Row and column of the matrix entry that is the birth, shape (n_bars, 2)."""
        return self.birth_simplices[:, [0, min(1, self.birth_simplices.shape[1] - 1)]]

    @property
    def death_positions(self) -> NDArray[np.int32]:
        """Row and column of the matrix entry that is the death, shape (n_bars, 2), or -1."""
        return self.death_simplices[:, :2]


@dataclass(frozen=True, slots=True, eq=False)
class LoopCycle:
    """A bar of H1 with closed walks whose sum is born with it and bounds where it dies."""

    birth: float
    death: float
    walks: tuple[NDArray[np.int32], ...]
    """Points in order, the last joined to the first; mostly one walk, rarely several."""
    is_shortest: bool
    """True if it is the shortest cycle through the edge that begins the bar."""


def enclosing_radius(distances: Points) -> float:
    """Smallest scale at which one point is joined to all others; nothing dies after it."""
    return float(distances.max(axis=1).min())


def rips_bars(
    distances: Points,
    *,
    max_dim: int,
    threshold: float = np.inf,
    threads: int = 1,
    progress: Progress | None = None,
) -> list[Bars]:
    """Bars of positive length of each degree from 0 to `max_dim`.

    `distances` is C-ordered, symmetric and non-negative with a zero diagonal, float32 or
    float64; infinite entries join nothing. Edges longer than `threshold` are left out.
    `progress` is called now and then with the share of the work done; what it raises stops it.
    """
    found = _core.rips(distances, max_dim, threshold, threads, progress)
    return [_sorted(*arrays) for arrays in found]


def rips_pairs(
    distances: Points,
    *,
    max_dim: int,
    threshold: float = np.inf,
    threads: int = 1,
    progress: Progress | None = None,
) -> list[NDArray[np.float64]]:
    """Birth and death of every bar of positive length, one (n_bars, 2) array per degree."""
    if max_dim == 0:
        return [_components(spanning_lengths(distances), len(distances), threshold)]
    bars = rips_bars(
        distances, max_dim=max_dim, threshold=threshold, threads=threads, progress=progress
    )
    return [found.pairs for found in bars]


def rips_pairs_of_subsets(
    distances: Points,
    subsets: Sequence[NDArray[np.integer]],
    *,
    max_dim: int,
    threshold: float = np.inf,
    threads: int = 1,
    progress: Progress | None = None,
) -> list[list[NDArray[np.float64]]]:
    """`rips_pairs` of each subset of the points, on one shared matrix, one subset per thread.

    H0 alone reads the matrix in place; higher degrees copy the block of a subset.
    """

    def work(subset: NDArray[np.integer], told: Progress) -> list[NDArray[np.float64]]:
        # Bars do not depend on the order; ascending columns are gathered a quarter faster.
        names = np.sort(subset).astype(np.uint32)
        if max_dim == 0:
            return [_components(spanning_lengths(distances, names), len(names), threshold)]
        block = distances[np.ix_(names, names)]
        return rips_pairs(block, max_dim=max_dim, threshold=threshold, progress=told)

    costs = [float(len(subset)) ** 2 for subset in subsets]
    return one_per_thread(work, subsets, costs=costs, threads=threads, progress=progress)


def rips_cycles(
    distances: Points,
    *,
    longer_than: float = 0.0,
    threshold: float = np.inf,
    threads: int = 1,
    progress: Progress | None = None,
) -> list[LoopCycle]:
    """Cycles of the bars of H1 that live longer than a bound, the longest bars first.

    The shortest cycle through the edge of birth is taken where it provably carries the same bar.
    """
    found = _core.rips_cycles(distances, threshold, longer_than, threads, progress)
    cycles = [LoopCycle(b, d, tuple(walks), shortest) for b, d, walks, shortest in found]
    return sorted(cycles, key=lambda c: (c.birth - c.death, c.birth, c.walks[0].tolist()))


def _components(
    lengths: NDArray[np.floating], n_points: int, threshold: float
) -> NDArray[np.float64]:
    within = lengths[lengths <= lengths.dtype.type(threshold)]
    n_essential = n_points - len(within)
    deaths = np.concatenate([within[within > 0].astype(np.float64), np.full(n_essential, np.inf)])
    return np.column_stack([np.zeros(len(deaths)), deaths])


def _sorted(pairs: NDArray[np.float64], born: NDArray[np.int32], died: NDArray[np.int32]) -> Bars:
    order = np.lexsort((*died.T[::-1], *born.T[::-1], pairs[:, 1], pairs[:, 0]))
    return Bars(pairs[order], born[order], died[order])
