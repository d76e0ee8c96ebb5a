"""Bars that end: those that die, and those that never do where they are made to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topolens.base.checks import check_real
from topolens.base.errors import InvalidInputError
from topolens.base.results import Diagram

__all__ = ["bars_cut_at"]


def bars_cut_at(diagram: Diagram, cut_at: float | None) -> NDArray[np.float64]:
    """Return the bars that die, and at `cut_at` the others, which None leaves out.

    Raises
    ------
    InvalidInputError
        If `cut_at` lies before the birth of a bar that never dies.
    """
    if cut_at is None:
        return diagram.finite
    end = check_real(cut_at, "cut_at")
    latest = diagram.pairs[np.isinf(diagram.pairs[:, 1]), 0].max(initial=-np.inf)
    if latest > end:
        raise InvalidInputError(
            f"`cut_at` must not lie before the birth of a bar that never dies, {latest:g}; "
            f"got {end:g}"
        )
    return np.where(np.isinf(diagram.pairs), end, diagram.pairs)
