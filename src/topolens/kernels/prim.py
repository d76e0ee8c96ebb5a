"""Minimum spanning forests by Prim, of a matrix or of a subset of its rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topolens import _core
from topolens.base.checks import Points

__all__ = ["spanning_lengths"]


def spanning_lengths(
    distances: Points, subset: NDArray[np.uint32] | None = None
) -> NDArray[np.floating]:
    """Ascending edge lengths of a minimum spanning forest, in the precision of `distances`.

    `distances` is C-ordered and symmetric; infinite entries join nothing. With `subset`, only
    those rows and columns count, and nothing is copied.
    """
    if subset is None:
        return _core.spanning_lengths(distances)
    return _core.spanning_lengths_of_subset(distances, subset)
