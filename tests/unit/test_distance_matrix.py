"""What a matrix of distances is arranged into: orders, clusters, maps and tables."""

import json
import re
from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from topolens.base.errors import InvalidInputError
from topolens.base.results import DistanceMatrix

RNG = np.random.default_rng(0)
CENTRES = np.repeat([[0, 0], [20, 0], [0, 30]], [4, 5, 3], axis=0)
SHUFFLED = RNG.permutation(12)
CLUSTERED = (CENTRES + RNG.normal(size=(12, 2)))[SHUFFLED]


def matrix_of(values, **fields):
    values = np.asarray(values, float)
    labels = tuple(("net", f"l{k}") for k in range(len(values)))
    return DistanceMatrix(values, labels, "a metric", **fields)


def between(points):
    return squareform(pdist(points))


def refuses(sentence):
    return pytest.raises(InvalidInputError, match=rf"\A{re.escape(sentence)}\Z")


class TestOrder:
    def test_walks_along_a_line(self):
        places = RNG.permutation(15)
        ordered = places[matrix_of(between(places[:, None].astype(float))).order()]
        assert ordered.tolist() in (list(range(15)), list(range(14, -1, -1)))

    def test_neighbours_are_as_near_as_the_tree_allows(self):
        points = RNG.normal(size=(6, 2))
        values = between(points)
        order = matrix_of(values).order()
        length = values[order[:-1], order[1:]].sum()
        # Of all orders that keep the two halves of the tree together, none is shorter.
        halves = matrix_of(values).clusters(2)
        whole = [
            values[list(p[:-1]), list(p[1:])].sum()
            for p in permutations(range(6))
            if np.count_nonzero(np.diff(halves[list(p)])) == 1
        ]
        assert min(whole) <= length + 1e-12
        assert length <= np.median(whole)

    def test_a_similarity_is_one_minus_itself(self):
        values = between(RNG.uniform(size=(9, 1)))
        alike = matrix_of(1 - values, is_similarity=True)
        assert alike.order().tolist() == matrix_of(values).order().tolist()

    @pytest.mark.parametrize("n_items", [0, 1, 2])
    def test_of_few_items_is_theirs(self, n_items):
        assert matrix_of(np.zeros((n_items, n_items))).order().tolist() == list(range(n_items))

    def test_linkage_is_one_that_is_known(self):
        with refuses("`linkage` must be one of `average`, `complete`, `single`; got 'ward'"):
            matrix_of(between(CLUSTERED)).order(linkage="ward")


class TestClusters:
    def test_are_found_and_numbered_as_they_appear(self):
        found = matrix_of(between(CLUSTERED)).clusters(3)
        truth = np.repeat([0, 1, 2], [4, 5, 3])[SHUFFLED]
        _, first = np.unique(truth, return_index=True)
        rank = np.argsort(np.argsort(first))
        assert found.tolist() == rank[truth].tolist()

    @pytest.mark.parametrize("n_clusters", [1, 2, 7, 12])
    def test_are_as_many_as_asked_for(self, n_clusters):
        found = matrix_of(between(CLUSTERED)).clusters(n_clusters)
        assert np.unique(found).tolist() == list(range(n_clusters))

    def test_are_as_many_as_asked_for_where_distances_tie(self):
        ties = 1.0 - np.eye(5)
        assert sorted(set(matrix_of(ties).clusters(3).tolist())) == [0, 1, 2]

    def test_of_one_item(self):
        assert matrix_of([[0.0]]).clusters(1).tolist() == [0]

    @pytest.mark.parametrize("n_clusters", [0, 13, 2.0, True])
    def test_are_no_more_than_items(self, n_clusters):
        sentence = f"`n_clusters` must be an integer from 1 to 12; got {n_clusters!r}"
        with refuses(sentence):
            matrix_of(between(CLUSTERED)).clusters(n_clusters)


class TestMds:
    @pytest.mark.parametrize("n_components", [2, 3])
    def test_finds_points_that_fit(self, n_components):
        points = RNG.normal(size=(20, n_components)) * [3, 1, 0.5][:n_components]
        found = matrix_of(between(points)).mds(n_components)
        assert found.positions.shape == (20, n_components)
        np.testing.assert_allclose(between(found.positions), between(points), atol=1e-9)
        assert found.stress < 1e-12
        assert found.labels[3] == ("net", "l3")

    def test_stress_is_kruskals(self):
        wanted = between(RNG.normal(size=(15, 6)))
        found = matrix_of(wanted).mds()
        gaps = between(found.positions) - wanted
        assert found.stress == pytest.approx(np.sqrt((gaps**2).sum() / (wanted**2).sum()))
        assert found.stress > 0.05

    def test_rounds_lower_the_stress(self):
        matrix = matrix_of(between(RNG.normal(size=(25, 8))))
        stresses = [matrix.mds(rounds=rounds).stress for rounds in (0, 1, 10, 200)]
        assert stresses == sorted(stresses, reverse=True)
        assert stresses[-1] < 0.7 * stresses[0]

    def test_is_the_same_every_time_and_at_every_scale(self):
        values = between(RNG.normal(size=(10, 5)))
        once, again = (matrix_of(values).mds() for _ in range(2))
        np.testing.assert_array_equal(once.positions, again.positions)
        large = matrix_of(1e200 * values).mds()
        np.testing.assert_allclose(large.positions / 1e200, once.positions, atol=1e-6)

    def test_of_a_similarity(self):
        values = between(RNG.uniform(size=(8, 2)))
        alike = matrix_of(1 - values, is_similarity=True).mds()
        np.testing.assert_allclose(alike.positions, matrix_of(values).mds().positions, atol=1e-9)

    @pytest.mark.parametrize("n_items", [0, 1, 2, 3])
    def test_of_few_items_and_of_items_that_coincide(self, n_items):
        found = matrix_of(np.zeros((n_items, n_items))).mds()
        assert found.positions.tolist() == [[0, 0]] * n_items
        assert found.stress == 0
        if n_items == 2:
            assert matrix_of([[0, 2], [2, 0]]).mds(3).positions.tolist() == [[-1, 0, 0], [1, 0, 0]]

    @pytest.mark.parametrize("bad", [{"n_components": 0}, {"rounds": -1}, {"n_components": 1.5}])
    def test_numbers_are_whole(self, bad):
        ((name, value),) = bad.items()
        least = {"n_components": 1, "rounds": 0}[name]
        with refuses(f"`{name}` must be an integer at least {least}; got {value!r}"):
            matrix_of(between(CLUSTERED)).mds(**bad)


ARRANGED = [DistanceMatrix.order, DistanceMatrix.mds, lambda matrix: matrix.clusters(2)]


@pytest.mark.parametrize("arrange", ARRANGED)
class TestWhatCannotBeArranged:
    @pytest.mark.parametrize("hole", [np.nan, np.inf])
    def test_a_value_that_is_not_finite(self, arrange, hole):
        values = between(CLUSTERED)
        values[2, 4] = values[4, 2] = hole
        sentence = (
            f"`matrix` must be finite; that of net/l2 and net/l4 is {hole}: take "
            "`matrix.without_undefined()`, which leaves items out"
        )
        with refuses(sentence):
            arrange(matrix_of(values))
        arrange(matrix_of(values).without_undefined())

    def test_an_asymmetric_metric(self, arrange):
        sentence = (
            "`matrix` must be symmetric; `a metric` is not: take `matrix.symmetrised()`, the mean "
            "of both directions"
        )
        matrix = matrix_of(RNG.uniform(size=(5, 5)), symmetric=False)
        with refuses(sentence):
            arrange(matrix)
        arrange(matrix.symmetrised())


def test_symmetrised_is_the_mean_of_both_directions():
    values = [[0.0, 1.0, np.nan], [3.0, 0.0, np.inf], [1.0, 2.0, 0.0]]
    found = matrix_of(values, symmetric=False).symmetrised()
    expected = [[0, 2, np.nan], [2, 0, np.inf], [np.nan, np.inf, 0]]
    np.testing.assert_array_equal(found.values, expected)
    assert found.symmetric


def test_the_worst_items_are_left_out_first():
    values = between(CLUSTERED)
    values[3] = values[:, 3] = np.nan  # one dead layer, not all of the others
    values[0, 5] = np.inf
    kept = matrix_of(values).without_undefined()
    assert len(kept) == 10
    assert ("net", "l3") not in kept.labels
    assert np.isfinite(kept.values).all()


def test_take_keeps_values_with_their_labels():
    matrix = matrix_of(between(CLUSTERED), notes=("a note",))
    taken = matrix.take([5, 0])
    assert taken.labels == (("net", "l5"), ("net", "l0"))
    assert taken.values[0, 1] == matrix.values[5, 0]
    assert (taken.metric, taken.notes) == (matrix.metric, matrix.notes)


def test_a_table_has_the_labels_on_both_sides():
    frame = matrix_of([[0, 1], [1, 0]]).to_frame()
    assert frame.loc[("net", "l0"), ("net", "l1")] == 1
    plain = DistanceMatrix(np.eye(2), (("a",), ("b",)), "a metric").to_frame()
    assert plain.loc["a", "b"] == 0
    assert list(plain.columns) == ["a", "b"]
    assert DistanceMatrix(np.empty((0, 0)), (), "a metric").to_frame().shape == (0, 0)


def test_symmetry_survives_json_and_the_first_format_is_symmetric():
    record = json.loads(json.dumps(matrix_of([[0, 1], [2, 0]], symmetric=False).to_dict()))
    assert record["format_version"] == 2
    assert not DistanceMatrix.from_dict(record).symmetric
    del record["symmetric"]
    assert DistanceMatrix.from_dict(record | {"format_version": 1}).symmetric
