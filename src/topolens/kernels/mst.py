"""Minimum spanning forests of distance matrices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topolens import _core
from topolens.base.checks import Points

__all__ = ["mst_edge_lengths"]


def mst_edge_lengths(distances: Points) -> NDArray[np.float64]:
    """Ascending edge lengths of a minimum spanning forest, shape (n_points - n_components,).

    `distances` is a C-ordered, symmetric (n_points, n_points) array of float32 or float64;
    infinite entries join nothing.
    """
    return _core.mst_edge_lengths(distances)
