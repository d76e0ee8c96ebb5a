"""Purity on graphs made by hand, and against a loop over nodes, points and classes."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import topolens as tl
from topolens.descriptors.mapper.covers import Pullback


class Given:
    """A cover and a clusterer that make the nodes one wants."""

    def __init__(self, nodes):
        self.nodes = [sorted(node) for node in nodes]

    def pull_back(self, lens):
        offsets = np.cumsum([0, *map(len, self.nodes)])
        box = np.zeros((len(self.nodes), lens.shape[1]))
        members = np.concatenate(self.nodes).astype(np.int32)
        return Pullback(len(lens), offsets, members, box, box)

    def fit_predict(self, points):
        return np.zeros(len(points), dtype=int)


def graph_of(nodes, n_points, lens=None):
    lens = np.arange(float(n_points)) if lens is None else lens
    given_ = Given(nodes)
    return tl.mapper_graph(np.zeros((n_points, 1)), lens, cover=given_, cluster=given_)


# Six points of three classes; node 0 is pure, node 1 holds two classes, node 2 three; 5 is noise.
NODES = [[0, 1], [1, 2], [2, 3, 4, 0]]
LABELS = np.array(["a", "a", "b", "b", "c", "c"])


def test_purities_by_hand():
    found = tl.purity(graph_of(NODES, 6), LABELS)
    assert found.classes == ("a", "b", "c")
    assert found.counts.tolist() == [[2, 0, 0], [1, 1, 0], [1, 2, 1]]
    assert found.node_wise.value == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    a, b, c, d, e = (1 + 1 / 3) / 2, (1 + 1 / 2) / 2, (1 / 2 + 1 / 3) / 2, 1 / 3, 1 / 3
    np.testing.assert_allclose(found.of_points, [a, b, c, d, e, 0])
    assert found.point_wise.value == pytest.approx((a + b + c + d + e) / 5)
    by_class = [score.value for score in found.by_class]
    np.testing.assert_allclose(by_class, [(a + b) / 2, (c + d) / 2, e / 2])
    assert found.class_wise.value == pytest.approx(np.mean(by_class))
    assert found.majority.value == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)
    assert found.weighted.value == pytest.approx((2 + 1 + 2) / 8)
    halves = -np.log(0.5) / np.log(3)
    quarters = (0.5 * np.log(2) + 0.5 * np.log(4)) / np.log(3)
    assert found.entropy.value == pytest.approx((1 + (1 - halves) + (1 - quarters)) / 3)
    assert found.coverage == pytest.approx(5 / 6)
    assert found.coverage_by_class.tolist() == [1, 1, 0.5]
    assert found.majorities.tolist() == [0, 0, 1]


def test_pure_nodes_have_purity_one_but_by_class_for_noise():
    found = tl.purity(graph_of([[0, 1], [2, 3], [4]], 6), LABELS)
    for name in ("node_wise", "point_wise", "majority", "entropy", "weighted"):
        assert found.scores[name].value == 1, name
    assert [score.value for score in found.by_class] == [1, 1, 0.5]


def by_loops(nodes, labels):
    """The six purities and those by class, as the definitions say."""
    classes = sorted(set(labels))
    present = [len({labels[x] for x in node}) for node in nodes]
    of_points = [
        np.mean([1 / c for node, c in zip(nodes, present, strict=True) if x in node] or [0])
        for x in range(len(labels))
    ]
    inside = [x for x in range(len(labels)) if any(x in node for node in nodes)]
    by_class = [
        sum(of_points[x] for x in range(len(labels)) if labels[x] == k) / list(labels).count(k)
        for k in classes
    ]
    shares = [[np.mean([labels[x] == k for x in node]) for k in classes] for node in nodes]
    entropies = [-sum(p * np.log(p) for p in row if p) for row in shares]
    largest = [max(row) * len(node) for row, node in zip(shares, nodes, strict=True)]
    return [
        np.mean([1 / c for c in present]),
        np.mean([of_points[x] for x in inside]),
        np.mean(by_class),
        np.mean([max(row) for row in shares]),
        np.mean([1 - h / np.log(len(classes)) for h in entropies]),
        sum(largest) / sum(map(len, nodes)),
        *by_class,
    ]


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_purities_are_those_of_loops(seed):
    rng = np.random.default_rng(seed)
    n_points = int(rng.integers(3, 30))
    nodes = [
        rng.choice(n_points, rng.integers(1, n_points), replace=False).tolist()
        for _ in range(rng.integers(1, 8))
    ]
    labels = rng.integers(0, 4, n_points)
    labels[:2] = 0, 1
    found = tl.purity(graph_of(nodes, n_points), labels, permutations=1)
    values = [score.value for score in (*found.scores.values(), *found.by_class)]
    np.testing.assert_allclose(values, by_loops(nodes, labels), atol=1e-12)


def test_the_null_is_that_of_permuted_labels():
    rng = np.random.default_rng(0)
    nodes = [rng.choice(40, 9, replace=False).tolist() for _ in range(8)]
    labels = np.repeat([0, 1, 2], [20, 12, 8])
    graph = graph_of(nodes, 40)
    found = tl.purity(graph, labels, permutations=3000)
    drawn = np.array([by_loops(nodes, rng.permutation(labels)) for _ in range(800)])
    scores = [*found.scores.values(), *found.by_class]
    for score, column in zip(scores, drawn.T, strict=True):
        assert score.null_mean == pytest.approx(column.mean(), abs=4 * column.std() / 800**0.5)
        assert score.null_sd == pytest.approx(column.std(), rel=0.1)
        assert score.null_low <= score.null_mean <= score.null_high
        assert score.p_value == pytest.approx(np.mean(column >= score.value - 1e-12), abs=0.06)
        assert score.excess == score.value - score.null_mean


def test_labels_without_meaning_have_no_excess_and_even_p_values():
    rng = np.random.default_rng(1)
    nodes = [rng.choice(200, 20, replace=False).tolist() for _ in range(15)]
    graph = graph_of(nodes, 200)
    p_values = [
        tl.purity(graph, rng.integers(0, 3, 200), permutations=99, seed=k).majority.p_value
        for k in range(50)
    ]
    assert 0.35 < np.mean(p_values) < 0.65
    assert min(p_values) >= 1 / 100


def test_the_smallest_p_value_is_that_of_one_in_all_permutations():
    found = tl.purity(graph_of([list(range(50)), list(range(50, 99))], 99), np.arange(99) >= 50)
    assert found.node_wise.p_value == 1 / 201
    assert found.node_wise.excess == pytest.approx(0.5)


def test_the_seed_decides_and_values_do_not_depend_on_it():
    graph = graph_of(NODES, 6)
    first, again = tl.purity(graph, LABELS, seed=3), tl.purity(graph, LABELS, seed=3)
    other = tl.purity(graph, LABELS, seed=4)
    assert first.node_wise == again.node_wise
    assert first.node_wise.value == other.node_wise.value
    assert first.node_wise.null_mean != other.node_wise.null_mean


def test_one_stray_point_halves_purity_by_presence_only():
    labels = np.zeros(200, dtype=int)
    labels[[0, 199]] = 1
    found = tl.purity(graph_of([list(range(100)), list(range(100, 200))], 200), labels)
    assert found.node_wise.value == 0.5
    assert found.majority.value == 0.99


def test_purity_survives_json():
    found = tl.purity(graph_of(NODES, 6), LABELS)
    again = tl.Purity.from_dict(json.loads(json.dumps(found.to_dict())))
    for name in tl.Purity.__slots__:
        one, two = getattr(again, name), getattr(found, name)
        if isinstance(two, np.ndarray):
            np.testing.assert_array_equal(one, two)
        else:
            assert one == two
    assert asdict(again.node_wise) == asdict(found.node_wise)


@pytest.mark.parametrize(
    ("nodes", "labels", "settings", "sentence"),
    [
        (NODES, LABELS[:5], {}, "`labels` must be one class, a whole number or a text, for each"),
        (NODES, ["a"] * 6, {}, "`labels` must hold two classes or more; all 6 points are a"),
        (NODES, LABELS, {"permutations": 0}, "`permutations` must be an integer at least 1; got 0"),
        (NODES, LABELS, {"seed": -1}, "`seed` must be an integer at least 0; got -1"),
    ],
)
def test_mistakes_are_named(nodes, labels, settings, sentence):
    with pytest.raises(tl.InvalidInputError, match=sentence):
        tl.purity(graph_of(nodes, 6), labels, **settings)


def test_a_graph_without_nodes_has_no_purity():
    with pytest.warns(tl.TopolensWarning):
        graph = tl.mapper_graph(
            np.eye(6), np.arange(6), cover=tl.UniformCover(2), cluster=tl.DBSCAN(0.1)
        )
    with pytest.raises(tl.InvalidInputError, match="`graph` must have nodes"):
        tl.purity(graph, LABELS)
