"""Whether the nearest layer of another network is the one of the same place."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from topolens.report.findings.reading import Block, corresponding, distances_between

if TYPE_CHECKING:
    from topolens.base.results import DistanceMatrix

__all__ = ["recognised"]


def recognised(
    matrix: DistanceMatrix, found: list[Block]
) -> dict[tuple[int, int], tuple[NDArray[np.bool_], NDArray[np.float64]]]:
    """Return, per ordered pair of models, which layers are found and the chance of each.

    A layer without a defined distance to the other model is not looked up.
    """
    looked_up = {}
    for one, other in itertools.permutations(range(len(found)), 2):
        distances = distances_between(matrix, found[one], found[other])
        same = corresponding(found[one], found[other])
        known = np.isfinite(distances).any(axis=1)
        nearest = np.nanargmin(np.where(np.isfinite(distances), distances, np.inf)[known], axis=1)
        hits = same[known][np.arange(len(nearest)), nearest]
        looked_up[one, other] = (hits, same[known].mean(axis=1))
    return looked_up
