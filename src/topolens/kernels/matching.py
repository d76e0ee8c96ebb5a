"""Distances between diagrams by matching their bars."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topolens import _core

__all__ = ["GROUNDS", "BarTree", "bar_tree", "bottleneck", "wasserstein"]

BarTree = _core.BarTree
GROUNDS = ("l1", "l2", "linf")


def bar_tree(pairs: NDArray[np.float64]) -> BarTree:
    """Arrange the finite bars `pairs`, shape (n_bars, 2), for searches by place."""
    return _core.bar_tree(np.ascontiguousarray(pairs, dtype=np.float64))


def bottleneck(first: BarTree, second: BarTree) -> float:
    """Longest step of the matching whose longest step is shortest, by the maximum norm."""
    return _core.bottleneck(first, second, _core.Ground.linf)


def wasserstein(
    first: BarTree, second: BarTree, *, ground: str, order: float, relative_error: float
) -> tuple[float, float]:
    """Return a lower bound of the distance and the length of a matching that attains the upper.

    `ground` is one of `GROUNDS`. The two agree to rounding if `relative_error` is 0.
    """
    norm = getattr(_core.Ground, ground)
    return _core.wasserstein(first, second, norm, order, relative_error)
