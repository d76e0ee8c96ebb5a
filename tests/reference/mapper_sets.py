"""Mapper graphs made by hand from sets of points, and their distance in the slow obvious way."""

from itertools import combinations, permutations

import numpy as np

import topolens as tl


def graph_of(sets, n_points, *, cover_loops=0):
    """The graph whose nodes are the given sets, joined where they share points."""
    nodes = [sorted(points) for points in sets]
    pairs = [pair for pair in combinations(range(len(nodes)), 2) if shared(sets, *pair)]
    lens = np.zeros((len(nodes), 1))
    return tl.MapperGraph(
        n_points=n_points,
        offsets=np.cumsum([0, *map(len, nodes)], dtype=np.int64),
        members=np.array([point for node in nodes for point in node], dtype=np.int32),
        elements=np.arange(len(nodes), dtype=np.int32),
        lens_low=lens,
        lens_high=lens,
        lens_mean=lens,
        edges=np.array(pairs, dtype=np.int32).reshape(-1, 2),
        shared=np.array([shared(sets, *pair) for pair in pairs], dtype=np.int32),
        n_elements=len(nodes),
        cover_loops=cover_loops,
        cover="by hand",
        cluster="by hand",
    )


def shared(sets, first, second):
    return len(set(sets[first]) & set(sets[second]))


def random_sets(rng, n_points, n_nodes):
    """Overlapping stretches of the points in a random order, of unequal sizes; some noise."""
    order = rng.permutation(n_points)
    starts = np.sort(rng.integers(0, n_points - 2, n_nodes))
    return [set(order[start : start + rng.integers(1, n_points // 2)].tolist()) for start in starts]


def distances_seen(sets, n_points, cost):
    """Distance of each point from each node, by Floyd and Warshall."""
    n = len(sets)
    if cost == "incidence":
        return np.array([[0.0 if x in node else 1.0 for node in sets] for x in range(n_points)])
    paths = np.where(np.eye(n, dtype=bool), 0.0, np.inf)
    for i, j in permutations(range(n), 2):
        both = shared(sets, i, j)
        if both:
            either = len(set(sets[i]) | set(sets[j]))
            paths[i, j] = {"steps": 1, "intersection": 1 / both, "jaccard": 1 - both / either}[cost]
    for k in range(n):
        paths = np.minimum(paths, paths[:, k, None] + paths[k])
    seen = np.full((n_points, n), np.inf)
    for x in range(n_points):
        for i in range(n):
            if x in sets[i]:
                seen[x] = np.minimum(seen[x], paths[i])
    finite = seen[np.isfinite(seen)]
    return np.where(np.isfinite(seen), seen, 1.1 * (finite.max() if finite.any() else 1.0))


def squares_between(first, second, n_points, cost):
    """Mean squared difference of what the points are to each pair of nodes."""
    here, there = (distances_seen(sets, n_points, cost) for sets in (first, second))
    return ((here[:, :, None] - there[:, None, :]) ** 2).mean(axis=0)


def distance_of_equal_numbers(first, second, n_points, cost):
    """With as many nodes on both sides, all alike, some matching is a cheapest plan (Birkhoff)."""
    squares = squares_between(first, second, n_points, cost)
    n = len(squares)
    return np.sqrt(min(squares[range(n), p].mean() for p in permutations(range(n))))
