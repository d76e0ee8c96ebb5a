"""Regions of a grid of settings over which the picture stays the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from topolens.base.mapper_graph import MapperGraph, components_of
from topolens.base.mapper_overlap import best_matches, shared_members

__all__ = ["graph_similarity", "middle_of", "neighbours", "stable_regions"]


def graph_similarity(first: MapperGraph, second: MapperGraph) -> float:
    """How well the nodes of two graphs find each other, from 0 to 1.

    For each graph the mean, over the points in its nodes, of the best Jaccard index of a node with
    those of the other; of both means the smaller. 0 if a graph has no nodes.
    """
    if min(first.n_nodes, second.n_nodes) == 0:
        return 0.0
    pairs = shared_members(first, second)
    here = best_matches(pairs, first.sizes, second.sizes).jaccard
    there = best_matches(pairs.reversed(), second.sizes, first.sizes).jaccard
    return float(
        min(np.average(here, weights=first.sizes), np.average(there, weights=second.sizes))
    )


def neighbours(
    shape: tuple[int, ...], axis: int
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Pairs of places of a grid that are one step apart along an axis."""
    for place in np.ndindex(shape):
        if place[axis]:
            yield tuple(p - (k == axis) for k, p in enumerate(place)), place


def stable_regions(
    eligible: NDArray[np.bool_],
    pictures: Sequence[NDArray[np.int64]],
    similarities: Sequence[NDArray[np.float64]],
    similarity: float,
) -> NDArray[np.int64]:
    """Number the connected regions of a grid within which steps change nothing.

    A step is allowed between two eligible places with equal entries in all `pictures` whose
    similarity, `similarities[axis]` at the first place, is large enough. Regions are numbered by
    size, of equal ones by their first place; -1 where not eligible.
    """
    shape = eligible.shape
    flat = np.arange(eligible.size).reshape(shape)
    steps = [
        (flat[a], flat[b])
        for axis in range(eligible.ndim)
        for a, b in neighbours(shape, axis)
        if eligible[a]
        and eligible[b]
        and all(picture[a] == picture[b] for picture in pictures)
        and similarities[axis][a] >= similarity
    ]
    edges = np.array(steps, dtype=np.int32).reshape(-1, 2)
    components = components_of(edges, eligible.size)
    kept = eligible.reshape(-1)
    numbers, sizes = np.unique(components[kept], return_counts=True)
    regions = np.full(eligible.size, -1, dtype=np.int64)
    for number, component in enumerate(numbers[np.argsort(-sizes, kind="stable")]):
        regions[kept & (components == component)] = number
    return regions.reshape(shape)


def middle_of(places: NDArray[np.int64]) -> tuple[int, ...]:
    """Return the place nearest to the mean of `places`, shape (n, n_axes); the first of equals."""
    gaps = np.linalg.norm(places - places.mean(axis=0), axis=1)
    return tuple(places[np.flatnonzero(gaps <= gaps.min() + 1e-9)[0]].tolist())
