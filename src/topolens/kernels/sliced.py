"""Sliced Wasserstein distances between diagrams sliced once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topolens import _core

__all__ = ["SlicedDiagram", "slice_diagram", "sliced_wasserstein"]

SlicedDiagram = _core.SlicedDiagram


def slice_diagram(pairs: NDArray[np.float64], directions: int) -> SlicedDiagram:
    """Project the bars `pairs`, shape (n_bars, 2), on `directions` lines and sort them."""
    return _core.slice_diagram(np.ascontiguousarray(pairs, dtype=np.float64), directions)


def sliced_wasserstein(first: SlicedDiagram, second: SlicedDiagram) -> float:
    """Distance of two diagrams sliced in equally many directions."""
    return _core.sliced_wasserstein(first, second)
