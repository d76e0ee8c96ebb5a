"""Measures of neighbours against their definitions in sets and loops, and their laws."""

import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import rankdata

from topolens import (
    information_imbalance,
    mutual_knn,
    neighbour_overlap,
    neighbour_persistence,
    shared_neighbours,
)
from topolens.base.errors import InvalidInputError
from topolens.comparison import memberships

laws = settings(derandomize=True, deadline=None, max_examples=60)
seeds = st.integers(0, 2**32 - 1)


@st.composite
def paired(draw, count=2, *, ties=True):
    """Representations of the same samples, some of them on a lattice with ties and duplicates."""
    rng = np.random.default_rng(draw(seeds))
    n_points = draw(st.integers(3, 25))
    clouds = []
    for _ in range(count):
        shape = n_points, draw(st.integers(1, 5))
        on_lattice = ties and draw(st.booleans())
        clouds.append(rng.integers(1, 4, shape) if on_lattice else rng.normal(size=shape))
    return [cloud.astype(float) for cloud in clouds], draw(st.integers(1, n_points - 1))


def slow_parts(cloud, k, metric="euclidean"):
    """Membership of every sample in the k nearest of every other; 1 or 0 where nothing ties."""
    distances = cdist(cloud, cloud, metric)
    parts = np.zeros(distances.shape)
    for i, row in enumerate(distances):
        others = [j for j in range(len(row)) if j != i]
        limit = sorted(row[others])[k - 1]
        nearer = [j for j in others if row[j] < limit]
        tied = [j for j in others if row[j] == limit]
        parts[i, nearer] = 1
        parts[i, tied] = (k - len(nearer)) / len(tied)
    return parts


def differ(cloud):
    return (cloud != cloud[0]).any()


def slow_sets(cloud, k, metric="euclidean"):
    distances = cdist(cloud, cloud, metric)
    return [
        set(sorted((d, j) for j, d in enumerate(row) if j != i)[:k][m][1] for m in range(k))
        for i, row in enumerate(distances)
    ]


@laws
@given(paired())
def test_neighbour_overlap_is_the_mean_jaccard_index_of_memberships(pair):
    (first, second), k = pair
    assume(differ(first) and differ(second))
    ours, theirs = slow_parts(first, k), slow_parts(second, k)
    shared, united = np.minimum(ours, theirs).sum(axis=1), np.maximum(ours, theirs).sum(axis=1)
    expected = np.mean(shared / united)
    assert neighbour_overlap(first, second, n_neighbors=k) == pytest.approx(expected, rel=1e-12)


@laws
@given(paired(), seeds)
def test_neighbours_shared_do_not_depend_on_the_order_of_the_rows_even_with_ties(pair, seed):
    (first, second), k = pair
    assume(differ(first) and differ(second))
    order = np.random.default_rng(seed).permutation(len(first))
    for measure in (mutual_knn, neighbour_overlap):
        shuffled = measure(first[order], second[order], n_neighbors=k, metric="manhattan")
        found = measure(first, second, n_neighbors=k, metric="manhattan")
        assert shuffled == pytest.approx(found, rel=1e-12)
        assert measure(first, first[:], n_neighbors=k, metric="manhattan") == pytest.approx(1)


@pytest.mark.parametrize("n_dead", [0, 90])
def test_samples_that_are_dead_share_their_places(n_dead, monkeypatch):
    """Many equal rows, in one cloud and in both, in blocks as small as can be."""
    monkeypatch.setattr(memberships, "_AT_ONCE", 50)
    rng = np.random.default_rng(4)
    first, second = rng.normal(size=(2, 300, 5))
    first[:90] = 0
    second[150 - n_dead : 150] = 0
    second[260:] = 1
    ours, theirs = slow_parts(first, 10), slow_parts(second, 10)
    expected = np.minimum(ours, theirs).sum(axis=1) / 10
    (shares,) = shared_neighbours(first, second, sizes=[10])
    np.testing.assert_allclose(shares, expected, rtol=1e-12)
    assert 0 < expected.mean() < 0.9


@laws
@given(paired(ties=False))
def test_mutual_knn_is_the_shared_part_of_sets_by_angle(pair):
    (first, second), k = pair
    sets = zip(slow_sets(first, k, "cosine"), slow_sets(second, k, "cosine"), strict=True)
    if min(first.shape[1], second.shape[1]) == 1:  # only two directions: all ties
        return
    expected = np.mean([len(a & b) / k for a, b in sets])
    assert mutual_knn(first, second, n_neighbors=k) == pytest.approx(expected, rel=1e-12)


@laws
@given(paired(3))
def test_distances_of_neighbour_sets_obey_the_triangle_inequality(clouds):
    (first, second, third), k = clouds
    assume(all(differ(cloud) for cloud in clouds[0]))
    apart = [
        1 - neighbour_overlap(one, other, n_neighbors=k)
        for one, other in ((first, third), (first, second), (second, third))
    ]
    assert apart[0] <= apart[1] + apart[2] + 1e-12


@laws
@given(paired())
def test_one_search_serves_all_sizes(pair):
    (first, second), k = pair
    assume(differ(first) and differ(second))
    shares = shared_neighbours(first, second, sizes=(k, 1))
    for size, row in zip((k, 1), shares, strict=True):
        mutual = mutual_knn(first, second, n_neighbors=size, metric="euclidean")
        jaccard = neighbour_overlap(first, second, n_neighbors=size)
        assert row.mean() == pytest.approx(mutual, rel=1e-12)
        assert np.mean(row / (2 - row)) == pytest.approx(jaccard, rel=1e-12)


def test_strangers_share_what_chance_gives():
    rng = np.random.default_rng(0)
    shares = shared_neighbours(rng.normal(size=(900, 4)), rng.normal(size=(900, 7)), sizes=[10, 90])
    np.testing.assert_allclose(shares.mean(axis=1), [10 / 899, 90 / 899], rtol=0.15)


@laws
@given(paired(4))
def test_relations_persist_where_every_layer_between_has_them(clouds):
    layers, k = clouds
    sets = [slow_sets(layer, k) for layer in layers]
    found = neighbour_persistence(layers, n_neighbors=k)
    for start in range(4):
        for stop in range(start, 4):
            shares = [
                len(set.intersection(*(sets[layer][i] for layer in range(start, stop + 1)))) / k
                for i in range(len(layers[0]))
            ]
            np.testing.assert_allclose(found.per_sample[start, stop], shares, rtol=1e-6)
            assert found.survival[start, stop] == pytest.approx(np.mean(shares), rel=1e-6)
            assert found.survival[stop, start] == found.survival[start, stop]
    assert (np.diff(found.from_start) <= 0).all()


def test_persistence_of_classes_averages_to_that_of_all():
    rng = np.random.default_rng(1)
    layers = [rng.normal(size=(60, 3)) for _ in range(2)]
    layers.append(layers[1] + 0.1 * rng.normal(size=(60, 3)))
    is_even = np.arange(60) % 2 == 0
    found = neighbour_persistence(layers, n_neighbors=5)
    both = (found.of(is_even) + found.of(np.flatnonzero(~is_even))) / 2
    np.testing.assert_allclose(both, found.survival, rtol=1e-6)
    assert found.of([0]).shape == (3, 3)


def slow_imbalance(first, second):
    """The mean rank by loops; ties share their part and their rank."""
    ours, theirs = cdist(first, first), cdist(second, second)
    ranks = []
    for i in range(len(first)):
        others = [j for j in range(len(first)) if j != i]
        rank_of = dict(zip(others, rankdata(theirs[i, others]), strict=True))
        nearest = [j for j in others if ours[i, j] == ours[i, others].min()]
        ranks.append(np.mean([rank_of[j] for j in nearest]))
    return 2 / len(first) * np.mean(ranks)


@laws
@given(paired())
def test_information_imbalance_is_the_mean_rank_of_nearest_neighbours(pair):
    (first, second), _ = pair
    found = information_imbalance(first, second)
    assert found == pytest.approx(slow_imbalance(first, second), rel=1e-12)
    assert 2 / len(first) <= found < 2


@laws
@given(paired(), seeds)
def test_information_imbalance_does_not_see_the_order_of_the_rows_even_with_ties(pair, seed):
    (first, second), _ = pair
    order = np.random.default_rng(seed).permutation(len(first))
    shuffled = information_imbalance(first[order], second[order])
    assert shuffled == pytest.approx(information_imbalance(first, second), rel=1e-12)


def test_what_says_nothing_predicts_by_chance():
    cloud = np.random.default_rng(2).normal(size=(80, 3))
    nothing = np.zeros((80, 1))
    assert information_imbalance(nothing, cloud) == pytest.approx(1)
    assert information_imbalance(cloud, nothing) == pytest.approx(1)


def test_single_precision_beyond_its_squares_keeps_its_ranks():
    rng = np.random.default_rng(3)
    first, second = (rng.normal(size=(40, 3)).astype(np.float32) for _ in range(2))
    huge = (second * np.float32(1e30)).astype(np.float32)
    assert information_imbalance(first, huge) == information_imbalance(first, second)


CLOUD = np.zeros((4, 2))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: neighbour_overlap(CLOUD, CLOUD, n_neighbors=4),
            "`n_neighbors` must be smaller than the number of points; got 4 for 4 points",
        ),
        (
            lambda: neighbour_overlap(np.eye(4), np.eye(5), n_neighbors=2),
            "`first` and `second` must hold the same samples row by row; got 4 and 5 rows",
        ),
        (
            lambda: information_imbalance(CLOUD, np.zeros((5, 2))),
            "`first` and `second` must hold the same samples row by row; got 4 and 5 rows",
        ),
        (
            lambda: mutual_knn(np.eye(4), CLOUD, n_neighbors=2),
            "`second` must have no zero row under the cosine metric; row 0 is; "
            "the euclidean metric takes such rows",
        ),
        (
            lambda: neighbour_overlap(np.eye(4), CLOUD, n_neighbors=2),
            "`second` must not be constant: no neighbour is nearer than another when all rows "
            "coincide",
        ),
        (
            lambda: shared_neighbours(np.eye(4), np.eye(5), sizes=[2]),
            "`first` and `second` must hold the same samples row by row; got 4 and 5 rows",
        ),
        (
            lambda: shared_neighbours(CLOUD, CLOUD, sizes=[]),
            "`sizes` must hold at least one number of neighbours; got none",
        ),
        (
            lambda: shared_neighbours(CLOUD, CLOUD, sizes=[2, 0]),
            "`sizes` must be an integer at least 1; got 0",
        ),
        (
            lambda: neighbour_persistence([]),
            "`layers` must hold at least one cloud; got none",
        ),
        (
            lambda: neighbour_persistence([CLOUD, np.zeros((5, 2))], n_neighbors=1),
            "`layers[0]` and `layers[1]` must hold the same samples row by row; got 4 and 5 rows",
        ),
        (
            lambda: neighbour_persistence([CLOUD], n_neighbors=1).of([]),
            "`rows` must choose at least one sample, as a list of row numbers or a mask of all 4; "
            "got float64 of shape (0,)",
        ),
        (
            lambda: neighbour_overlap(CLOUD, CLOUD, n_neighbors=1, metric="euclidian"),
            "`metric` must be one of `euclidean`, `manhattan`, `chebyshev`, `cosine`, "
            "`correlation`; got 'euclidian'",
        ),
    ],
)
def test_mistakes_are_named(call, sentence):
    with pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z"):
        call()
