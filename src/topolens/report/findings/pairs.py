"""Which networks of one family to set side by side, where all pairs would be too many."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from topolens.report.findings.reading import Block, distances_between

if TYPE_CHECKING:
    from topolens.base.results import DistanceMatrix

__all__ = ["Pair", "by_epoch", "like_pairs", "most_different"]

Pair = tuple[Block, Block]


def by_epoch(blocks: Iterable[Block]) -> list[list[Pair]]:
    """Return, per training run of three checkpoints or more, the consecutive pairs.

    A run is what shares family, seed and layer names, each of its models at an epoch of its own.
    """
    runs: dict[tuple[object, ...], list[Block]] = {}
    for block in blocks:
        key = (block.model.family, block.model.seed, *(layer.name for layer in block.layers))
        runs.setdefault(key, []).append(block)
    return [list(pairwise(chain)) for run in runs.values() if len(chain := _ordered(run)) > 2]


def like_pairs(blocks: Iterable[Block]) -> list[Pair]:
    """Return all pairs of one family whose layers bear the same names."""
    return [
        (first, second)
        for first, second in combinations(blocks, 2)
        if first.model.family == second.model.family
        and [layer.name for layer in first.layers] == [layer.name for layer in second.layers]
    ]


def most_different(pairs: list[Pair], matrix: DistanceMatrix, most: int) -> list[Pair]:
    """Return the `most` pairs whose layers lie farthest apart on average, farthest first."""
    sizes = [_mean(np.diag(distances_between(matrix, *pair))) for pair in pairs]
    order = np.argsort(-np.array(sizes), kind="stable")[:most]
    return [pairs[index] for index in order]


def _ordered(run: list[Block]) -> list[Block]:
    epochs = [block.model.epoch for block in run]
    if None in epochs or len(set(epochs)) < len(epochs):
        return []
    return sorted(run, key=lambda block: block.model.epoch or 0)


def _mean(distances: NDArray[np.float64]) -> float:
    known = distances[np.isfinite(distances)]
    return float(known.mean()) if len(known) else -np.inf
