"""Exact median, quantile and mean of all pairwise distances, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist, pdist

from topolens.base.checks import Points

__all__ = ["mean_distance", "median_distance", "quantile_distance"]

_AT_ONCE = 2**21
"""Distances held at a time: 16 MiB."""
_SAMPLED = 1024
_MARGIN = 0.05
"""Half the share of distances that the first bracket is meant to hold."""


def median_distance(points: Points) -> float:
    """Return the median Euclidean distance between two rows, `np.median(pdist(points))`."""
    n_pairs = len(points) * (len(points) - 1) // 2
    low, high = _order_statistics(points, (n_pairs - 1) // 2)
    return float(np.mean([low, high])) if n_pairs % 2 == 0 else low


def quantile_distance(points: Points, share: float) -> float:
    """Return `np.quantile(pdist(points), share)`, with linear interpolation."""
    n_pairs = len(points) * (len(points) - 1) // 2
    place = (n_pairs - 1) * share
    low, high = _order_statistics(points, int(place))
    return float(np.quantile([low, high], place - int(place)))


def mean_distance(points: Points) -> float:
    """Return the mean Euclidean distance between two rows."""
    n_pairs = len(points) * (len(points) - 1) // 2
    return sum(float(np.sum(some)) for some in _blocks(points)) / n_pairs


def _order_statistics(points: Points, rank: int) -> tuple[float, float]:
    """Return the distances of `rank` and `rank` + 1, counted from 0 (the last one twice).

    Few distances are sorted at once. Many are counted below a bracket around the rank, guessed
    from some of the rows, and only those inside it are kept: exact, because a bracket that
    misses the rank is opened on the side where it lies.
    """
    n_pairs = len(points) * (len(points) - 1) // 2
    if n_pairs <= _AT_ONCE:
        return _two_of(pdist(points), rank)
    low, high = _bracket(points, rank / n_pairs)
    while True:
        n_below, inside = _inside(points, low, high)
        if rank < n_below:
            low = -np.inf
        elif min(rank + 1, n_pairs - 1) >= n_below + len(inside):
            high = np.inf
        else:
            return _two_of(inside, rank - n_below)


def _two_of(distances: NDArray[np.float64], rank: int) -> tuple[float, float]:
    following = min(rank + 1, len(distances) - 1)
    ordered = np.partition(distances, (rank, following))
    return float(ordered[rank]), float(ordered[following])


def _bracket(points: Points, share: float) -> tuple[float, float]:
    """Guess two distances that the wanted one lies between."""
    rows = np.linspace(0, len(points) - 1, _SAMPLED).astype(int)
    edges = np.clip([share - _MARGIN, share + _MARGIN], 0, 1)
    low, high = np.quantile(pdist(points[rows]), edges)
    return (low if edges[0] > 0 else -np.inf), (high if edges[1] < 1 else np.inf)


def _inside(points: Points, low: float, high: float) -> tuple[int, NDArray[np.float64]]:
    """Count the distances below `low` and gather those from `low` to `high`."""
    n_below, kept = 0, []
    for some in _blocks(points):
        n_below += int(np.count_nonzero(some < low))
        kept.append(some[(some >= low) & (some <= high)])
    return n_below, np.concatenate(kept)


def _blocks(points: Points) -> Iterator[NDArray[np.float64]]:
    """Yield the distances of every pair once, a few rows of the triangle at a time."""
    start = 0
    while start < len(points) - 1:
        rest = len(points) - start
        stop = min(len(points), start + max(2, _AT_ONCE // rest))
        yield pdist(points[start:stop])
        if stop < len(points):
            yield cdist(points[start:stop], points[stop:]).ravel()
        start = stop
