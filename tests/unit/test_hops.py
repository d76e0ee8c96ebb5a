"""Distances in hops: the shortest paths of a library, and the Betti numbers of known shapes."""

import re

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import shortest_path
from scipy.spatial.distance import pdist, squareform

from topolens import hop_distances, persistence_from_distances
from topolens.base.errors import InvalidInputError


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


def slowly(cloud, k):
    """Sort every row, join both ways, ask scipy for the shortest paths."""
    lengths = squareform(pdist(cloud))
    np.fill_diagonal(lengths, -1)
    nearest = np.argsort(lengths, axis=1, kind="stable")[:, 1 : k + 1]
    joined = np.zeros(lengths.shape, bool)
    np.put_along_axis(joined, nearest, True, axis=1)
    return shortest_path(csr_matrix(joined | joined.T), unweighted=True)


def circle(n_points, centre=(0, 0), radius=1.0, seed=0):
    angle = np.sort(np.random.default_rng(seed).uniform(0, 2 * np.pi, n_points))
    return np.column_stack([np.cos(angle), np.sin(angle)]) * radius + centre


def sphere(n_points, centre, seed=0):
    normal = np.random.default_rng(seed).normal(size=(n_points, 3))
    return normal / np.linalg.norm(normal, axis=1)[:, None] + centre


def betti(cloud, scale, *, n_neighbors, max_dim):
    """Bars alive at the scale."""
    hops = hop_distances(cloud, n_neighbors=n_neighbors)
    diagrams = persistence_from_distances(hops, max_dim=max_dim, threshold=scale + 1)
    return [
        int(np.sum((bars.pairs[:, 0] <= scale) & (bars.pairs[:, 1] > scale))) for bars in diagrams
    ]


@pytest.mark.parametrize("k", [1, 3, 8])
def test_are_the_shortest_paths(k):
    cloud = np.random.default_rng(k).normal(size=(151, 2))
    paths = slowly(cloud, k)
    whole = hop_distances(cloud, n_neighbors=k, farthest=None)
    np.testing.assert_array_equal(whole, paths)
    assert whole.dtype == np.float32
    near = hop_distances(cloud, n_neighbors=k, farthest=3, threads=2)
    np.testing.assert_array_equal(near, np.where(paths <= 3, paths, np.inf))
    assert np.isinf(whole).any() == (k == 1)


def test_one_circle_is_one_loop():
    assert betti(circle(300), 2, n_neighbors=10, max_dim=1) == [1, 1]


def test_rings_in_circles_are_counted():
    # Five pairs of circles of different size and density, one inside the other.
    shapes = [
        circle(200 if inner else 300, (6 * k, 0), 0.6 if inner else 2.0, seed=2 * k + inner)
        for k in range(5)
        for inner in (0, 1)
    ]
    assert betti(np.vstack(shapes), 2, n_neighbors=12, max_dim=1) == [10, 10]


def test_spheres_are_hollow():
    spheres = np.vstack([sphere(300, (4 * k, 0, 0), seed=k) for k in range(2)])
    assert betti(spheres, 2, n_neighbors=20, max_dim=2) == [2, 0, 2]


def test_stretching_changes_nothing():
    cloud = circle(200)
    np.testing.assert_array_equal(
        hop_distances(1000 * cloud + 5, n_neighbors=6), hop_distances(cloud, n_neighbors=6)
    )


def test_repeated_rows_are_neighbours():
    hops = hop_distances(np.zeros((6, 2)), n_neighbors=5)
    np.testing.assert_array_equal(hops, 1 - np.eye(6))


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        (
            {"n_neighbors": 20},
            "`n_neighbors` must be smaller than the number of points; got 20 for 20 points",
        ),
        ({"farthest": 0}, "`farthest` must be an integer at least 1; got 0"),
        ({"threads": 0}, "`threads` must be an integer at least 1; got 0"),
    ],
)
def test_says_what_is_wrong(params, sentence):
    with refuses(sentence):
        hop_distances(circle(20), **params)
