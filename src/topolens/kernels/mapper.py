"""Clusters of the elements of a cover, near pairs that are kept, and the nerve."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topolens import _core
from topolens.base.checks import Points
from topolens.base.errors import InvalidInputError
from topolens.base.sizes import size_text
from topolens.kernels.batches import Progress
from topolens.kernels.memory import available_memory

__all__ = [
    "ClusterRule",
    "NearForecast",
    "NearPairs",
    "SetsOfPoints",
    "clusters_from_pairs",
    "clusters_of_cover",
    "dbscan_rule",
    "forecast_of_cover",
    "forecast_of_window",
    "near_pairs",
    "nerve_edges",
    "single_linkage_rule",
    "within_memory",
]

ClusterRule = _core.ClusterRule
NearPairs = _core.EpsGraph
dbscan_rule = _core.dbscan_rule
single_linkage_rule = _core.single_linkage_rule

_SHARE_OF_MEMORY = 0.8
_UNKNOWN_MEMORY = 2**40
_SAMPLED_PANELS = 128  # of 48 points: the error of the number of pairs is then some per cent
# Distances to pivots while points are arranged, boxes, order and names.
_BYTES_PER_POINT = 240
_BYTES_PER_MEMBER = 20
_BYTES_PER_PAIR = 8
_SECONDS_PER_PAIR = 5e-8  # to cluster, once found


@dataclass(frozen=True, slots=True, eq=False)
class SetsOfPoints:
    """Sets of row numbers: set i is `members[offsets[i]:offsets[i + 1]]`, ascending."""

    offsets: NDArray[np.int64]
    members: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, slots=True)
class NearForecast:
    """What finding near pairs and clustering them takes."""

    n_pairs: int
    """Pairs of points within eps that have to be looked at, equal points taken for one."""
    memory_bytes: int
    """Peak memory beyond the points."""
    seconds: float
    """Processor time, whatever the number of threads."""


def clusters_of_cover(
    points: Points,
    elements: SetsOfPoints,
    rule: ClusterRule,
    *,
    threads: int,
    progress: Progress | None = None,
) -> tuple[SetsOfPoints, NDArray[np.int32]]:
    """Clusters of each element and the element of each cluster; `points` is C-ordered.

    Near pairs live only as long as an element needs them. Clusters come by element and then by
    smallest member. `progress` hears the share done and may stop the work.
    """
    with within_memory() as most_bytes:
        offsets, members, of_elements = _core.mapper_clusters(
            points, elements.offsets, elements.members, rule, threads, most_bytes, progress
        )
    return SetsOfPoints(offsets, members), of_elements


def near_pairs(
    points: Points,
    eps: float,
    lens: NDArray[np.float64],
    window: NDArray[np.float64],
    *,
    threads: int,
    progress: Progress | None = None,
) -> NearPairs:
    """All pairs within `eps` whose lens values differ by at most `window` along every column.

    `lens` has shape (n_points, n_lenses), `window` (n_lenses,); no lens means all pairs.
    """
    with within_memory() as most_bytes:
        return _core.eps_graph(points, eps, lens, window, threads, most_bytes, progress)


def clusters_from_pairs(
    pairs: NearPairs, points: Points, elements: SetsOfPoints, rule: ClusterRule, *, threads: int
) -> tuple[SetsOfPoints, NDArray[np.int32]]:
    """`clusters_of_cover` from pairs of the same points that hold all within each element."""
    offsets, members, of_elements = _core.clusters_of_graph(
        pairs, points, elements.offsets, elements.members, rule, threads
    )
    return SetsOfPoints(offsets, members), of_elements


def forecast_of_cover(points: Points, eps: float, elements: SetsOfPoints) -> NearForecast:
    """What `clusters_of_cover` will take, from a sample of the points.

    Memory is that beyond the points and the elements.
    """
    found = _core.forecast_of_cover(
        points, eps, elements.offsets, elements.members, _SAMPLED_PANELS
    )
    return _forecast(found, points, len(elements.members))


def forecast_of_window(
    points: Points, eps: float, lens: NDArray[np.float64], window: NDArray[np.float64]
) -> NearForecast:
    """What `near_pairs` with these arguments will take, from a sample of the points."""
    found = _core.forecast_of_window(points, eps, lens, window, _SAMPLED_PANELS)
    return _forecast(found, points, 0)


def nerve_edges(sets: SetsOfPoints, n_points: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Pairs of sets (i, j), i < j, ascending, with the number of points they share."""
    first, second, shared = _core.nerve(sets.offsets, sets.members, n_points)
    return np.column_stack([first, second]), shared


def _forecast(found: _core.NearForecast, points: Points, n_members: int) -> NearForecast:
    n_points, n_features = points.shape
    fixed = n_points * (4 * n_features + _BYTES_PER_POINT) + _BYTES_PER_MEMBER * n_members
    return NearForecast(
        n_pairs=round(found.pairs),
        memory_bytes=round(fixed + _BYTES_PER_PAIR * found.most_pairs_at_once),
        seconds=found.seconds + _SECONDS_PER_PAIR * found.pairs,
    )


@contextmanager
def within_memory() -> Iterator[int]:
    """Bytes that near pairs may take; to want more is refused in words."""
    free = available_memory()
    most = math.floor(_SHARE_OF_MEMORY * free) if free is not None else _UNKNOWN_MEMORY
    try:
        yield most
    except MemoryError:
        raise InvalidInputError(
            f"the pairs within `eps` must fit into memory; they take more than {size_text(most)}; "
            "lower `eps`, cover the lens with more intervals or a balanced cover, or sample rows"
        ) from None
