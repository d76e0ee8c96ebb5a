"""Nearest neighbours: the bits of the sorted matrix, whatever the cloud is like."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topolens.base.errors import InvalidInputError
from topolens.kernels import neighbours
from topolens.kernels.distances import DIRECT_METRICS, pairwise_distances
from topolens.kernels.neighbours import (
    nearest_neighbours,
    nearest_neighbours_from_distances,
    neighbourhoods,
)


def by_sorting(distances, k):
    """The slow obvious way: every row sorted whole, the point itself left out."""
    ids = np.array(
        [
            [other for other in np.argsort(row, kind="stable") if other != own][:k]
            for own, row in enumerate(distances)
        ]
    )
    return ids, np.take_along_axis(distances, ids, axis=1)


def gaussian(rng, n, d):
    return rng.normal(size=(n, d))


def lattice(rng, n, d):
    """Many ties and duplicates."""
    return rng.integers(0, 3, (n, d))


def far_from_zero(rng, n, d):
    return rng.normal(size=(n, d)) + 1e4


def one_outlier(rng, n, d):
    cloud = rng.normal(size=(n, d))
    cloud[0] *= 1e8
    return cloud


def two_ends(rng, n, d):
    """Squares of most coordinates vanish beside those of the two ends."""
    cloud = 1e-17 * rng.normal(size=(n, d))
    cloud[0], cloud[-1] = 1, -1
    return cloud


def collapsed(rng, n, d):
    """Classes far smaller than their distance, where a product loses all digits."""
    return rng.normal(size=(3, d))[rng.integers(0, 3, n)] + 1e-4 * rng.normal(size=(n, d))


def zeros(rng, n, d):
    return np.zeros((n, d))


CLOUDS = [gaussian, lattice, far_from_zero, one_outlier, two_ends, collapsed, zeros]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "d"), [(2, 1), (70, 3), (300, 20), (90, 1100)])
@pytest.mark.parametrize("make", CLOUDS)
def test_bits_are_those_of_the_sorted_matrix(make, n, d, dtype):
    cloud = make(np.random.default_rng([n, d]), n, d).astype(dtype)
    distances = pairwise_distances(cloud)
    for k in {1, min(5, n - 1), min(70, n - 1), n - 1}:
        expected = by_sorting(distances, k)
        for found in (
            nearest_neighbours(cloud, k),
            nearest_neighbours_from_distances(distances, k),
        ):
            np.testing.assert_array_equal(found[0], expected[0])
            np.testing.assert_array_equal(found[1], expected[1])
            assert (found[0].dtype, found[1].dtype) == (np.int64, dtype)


@pytest.mark.parametrize("metric", DIRECT_METRICS)
def test_every_metric_has_them(metric):
    cloud = np.random.default_rng(1).normal(size=(150, 7)).astype(np.float32)
    expected = by_sorting(pairwise_distances(cloud, metric), 9)
    found = nearest_neighbours(cloud, 9, metric=metric)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.integers(0, 2**32 - 1), st.integers(2, 80), st.integers(1, 3), st.integers(1, 12))
def test_ties_go_to_the_smaller_row_number_and_can_be_had_whole(seed, n, d, k):
    cloud = np.random.default_rng(seed).integers(0, 3, (n, d)).astype(float)
    k = min(k, n - 1)
    distances = pairwise_distances(cloud)
    ids, lengths = by_sorting(distances, k)
    np.testing.assert_array_equal(nearest_neighbours(cloud, k)[0], ids)
    found = neighbourhoods(cloud, k)
    ends = [*found.starts[1:], len(found.ids)]
    everyone, all_lengths = by_sorting(distances, n - 1)
    for own, (start, end) in enumerate(zip(found.starts, ends, strict=True)):
        within = all_lengths[own] <= lengths[own, -1]
        np.testing.assert_array_equal(found.ids[start:end], everyone[own][within])
        np.testing.assert_array_equal(found.distances[start:end], all_lengths[own][within])


def test_blocks_and_threads_do_not_show(monkeypatch):
    cloud = np.random.default_rng(2).normal(size=(200, 5))
    whole = nearest_neighbours(cloud, 6)
    monkeypatch.setattr(neighbours, "_AT_ONCE", 200 * 16)
    for threads in (1, 3):
        found = nearest_neighbours(cloud, 6, threads=threads)
        np.testing.assert_array_equal(found[0], whole[0])
        np.testing.assert_array_equal(found[1], whole[1])


@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_single_precision_beyond_the_squares_it_holds(factor):
    cloud = np.random.default_rng(3).normal(size=(60, 4)).astype(np.float32)
    extreme = (cloud * np.float32(factor)).astype(np.float32)
    ids, lengths = nearest_neighbours(extreme, 3)
    np.testing.assert_array_equal(ids, nearest_neighbours(extreme.astype(float), 3)[0])
    expected = nearest_neighbours(extreme.astype(float), 3)[1]
    np.testing.assert_array_equal(lengths, expected.astype(np.float32))


def test_infinite_distances_come_last():
    distances = np.array([[0, np.inf, 2], [np.inf, 0, np.inf], [2, np.inf, 0]])
    ids, lengths = nearest_neighbours_from_distances(distances, 2)
    assert ids.tolist() == [[2, 1], [0, 2], [0, 1]]
    assert lengths.tolist() == [[2, np.inf], [np.inf, np.inf], [2, np.inf]]


@pytest.mark.parametrize("search", [nearest_neighbours, nearest_neighbours_from_distances])
@pytest.mark.parametrize(
    ("k", "sentence"),
    [
        (
            4,
            "`n_neighbors` must be smaller than the number of points; got 4 for 4 points",
        ),
        (0, "`n_neighbors` must be an integer at least 1; got 0"),
    ],
)
def test_every_point_must_have_so_many_others(search, k, sentence):
    with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
        search(np.zeros((4, 4)), k)


@pytest.mark.parametrize("places", [[-1e300, 1e300, 0], [1.7e308, 1.6e308, 1.5e308]])
def test_neighbours_too_far_apart_are_named(places):
    cloud = np.array(places)[:, None]
    sentence = r"\A`points` must have distances that float64 holds; neighbours are too far apart\Z"
    with pytest.raises(InvalidInputError, match=sentence):
        nearest_neighbours(cloud, 1)


def test_numbers_whose_sum_overflows_have_neighbours():
    cloud = np.repeat([[1.7e308], [-1.7e308]], 3, axis=0)
    ids, lengths = nearest_neighbours(cloud, 2)
    assert ids.tolist() == [[1, 2], [0, 2], [0, 1], [4, 5], [3, 5], [3, 4]]
    assert not lengths.any()


def test_rows_without_direction_are_named():
    with pytest.raises(InvalidInputError, match="row 2 is"):
        nearest_neighbours(np.array([[1.0], [2], [0]]), 1, metric="cosine")


@pytest.mark.parametrize("n_rows", [1, 40, 200])
def test_distances_of_some_rows_are_those_of_all(n_rows):
    rng = np.random.default_rng(0)
    cloud = rng.integers(0, 4, size=(200, 3)).astype(np.float64)  # with copies
    rows = rng.permutation(200)[:n_rows]
    _, whole = neighbours.nearest_neighbours(cloud, 7)
    some = neighbours.nearest_distances(cloud, 7, rows=rows)
    assert some.tolist() == whole[rows].tolist()
