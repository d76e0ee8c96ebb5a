"""A flat map of all layers, also where some distances are undefined or have two directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from topolens.base.arrangement import Embedding
    from topolens.base.results import DistanceMatrix

__all__ = ["layer_map"]

_FEWEST = 3
_ROUNDS = 200
_MOST_REFINED = 600


def layer_map(matrix: DistanceMatrix, *, most_refined: int = _MOST_REFINED) -> Embedding | None:
    """Return the plane whose distances come close to the matrix; None with fewer than 3 items.

    Items with undefined distances are left out; of a metric that is not symmetric, the mean of
    both directions is drawn; more than `most_refined` items are scaled classically only.
    """
    known = (matrix if matrix.symmetric else matrix.symmetrised()).without_undefined()
    if len(known) < _FEWEST:
        return None
    return known.mds(rounds=_ROUNDS if len(known) <= most_refined else 0)
