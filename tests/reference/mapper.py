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
    distances = direct_distances(points)
    pairs = [pair for pair in combinations(range(len(points)), 2) if distances[pair] <= eps]
    pairs.sort(key=lambda pair: distances[pair])

    def bin_of(pair):
        return min(int(distances[pair] * n_bins / eps), n_bins - 1)

    _, merges = joined(len(points), pairs)
    filled = sorted({bin_of(pair) for pair in merges})
    gap = next((k for k in range(filled[0] if filled else 0, n_bins) if k not in filled), n_bins)
    clusters, _ = joined(len(points), [pair for pair in pairs if bin_of(pair) < gap])
    return [cluster for cluster in clusters if len(cluster) >= min_size]


def joined(n_points, pairs):
    """Components as sets, and the pairs that joined two of them."""
    cluster_of = {place: {place} for place in range(n_points)}
    merges = []
    for i, j in pairs:
        if cluster_of[i] is cluster_of[j]:
            continue
        merges.append((i, j))
        cluster_of[i] |= cluster_of[j]
        for place in cluster_of[j]:
            cluster_of[place] = cluster_of[i]
    return [set(c) for c in {frozenset(c) for c in cluster_of.values()}], merges


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
