"""The Mapper graph in the slow obvious way: scikit-learn and sets."""

from itertools import combinations

import numpy as np
from sklearn.cluster import DBSCAN


def direct_distances(points):
    """All Euclidean distances in float64, by differences."""
    wide = np.asarray(points, dtype=np.float64)
    return np.sqrt(((wide[:, None, :] - wide[None, :, :]) ** 2).sum(axis=2))


def dbscan_clusters(points, eps, min_samples):
    """Clusters as sets of places: scikit-learn's of the core points, then the border points.

    A border point goes to the nearest core point's cluster; of equally near ones the first counts.
    """
    distances = direct_distances(points)
    fitted = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit(distances)
    core = fitted.core_sample_indices_
    clusters = [set(core[fitted.labels_[core] == k].tolist()) for k in set(fitted.labels_) - {-1}]
    cluster_of = {place: cluster for cluster in clusters for place in cluster}
    for place in np.setdiff1d(np.flatnonzero(fitted.labels_ >= 0), core).tolist():
        nearest = min(core.tolist(), key=lambda c: (distances[place, c], c))
        cluster_of[nearest].add(place)
    return clusters


def single_linkage_clusters(points, eps, n_bins, min_size):
    """Clusters as sets of places: merge heights up to `eps`, cut at the first gap."""
    squares = (direct_distances(points) ** 2).astype(np.float32)
    distances = direct_distances(points)
    clusters = [{place} for place in range(len(points))]
    heights = []
    for i, j in sorted(combinations(range(len(points)), 2), key=lambda pair: squares[pair]):
        if distances[i, j] > eps:
            continue
        first, second = (next(c for c in clusters if place in c) for place in (i, j))
        if first is not second:
            heights.append(np.sqrt(np.float64(squares[i, j])))
            clusters.remove(second)
            first |= second
    bins = np.minimum((np.array(heights) * n_bins / eps).astype(int), n_bins - 1)
    filled = np.bincount(bins, minlength=n_bins) > 0
    start = int(filled.argmax())
    gaps = start + np.flatnonzero(~filled[start:])
    if len(gaps) and filled.any():
        close = [(i, j) for i, j in combinations(range(len(points)), 2) if distances[i, j] <= eps]
        clusters = [{place} for place in range(len(points))]
        for i, j in close:
            height = np.sqrt(np.float64(squares[i, j]))
            if min(int(height * n_bins / eps), n_bins - 1) >= gaps[0]:
                continue
            first, second = (next(c for c in clusters if place in c) for place in (i, j))
            if first is not second:
                clusters.remove(second)
                first |= second
    return [cluster for cluster in clusters if len(cluster) >= min_size]


def nodes_and_edges(elements, clusters_of):
    """Nodes (element, members), by element and smallest member, and edges {(i, j): shared}."""
    nodes = []
    for number, rows in enumerate(elements):
        if len(rows) == 0:
            continue
        found = [sorted(rows[list(places)].tolist()) for places in clusters_of(rows)]
        nodes += [(number, members) for members in sorted(found)]
    edges = {}
    for (i, (_, first)), (j, (_, second)) in combinations(enumerate(nodes), 2):
        shared = len(set(first) & set(second))
        if shared:
            edges[i, j] = shared
    return nodes, edges
