"""Branch points and class hierarchies of trees that are known."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

import topolens as tl
from topolens.base.mapper_graph import MapperGraph, components_of
from topolens.descriptors.mapper.joins import joins


def tree_cloud(seed=0, n_points=4000, noise=0.03):
    """A binary tree: a stem, two boughs from height 1 on, four twigs from height 2 to 3.

    Points of the four classes climb along the same ways until theirs part.
    """
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, n_points)
    height = rng.uniform(0, 3, n_points)
    bough, twig = labels // 2 * 2 - 1, labels % 2 * 2 - 1
    x = bough * np.maximum(height - 1, 0)
    y = twig * np.maximum(height - 2, 0)
    cloud = np.column_stack([x, y, height]) + noise * rng.normal(size=(n_points, 3))
    return cloud, labels


def tree_graph(**changed):
    cloud, labels = tree_cloud(**changed)
    graph = tl.mapper_graph(
        cloud, cloud[:, 2], cover=tl.UniformCover(20, 0.3), cluster=tl.DBSCAN(0.15, 5)
    )
    return graph, labels


def graph_of(edges, nodes, lens):
    """A graph with given members, edges and lens values."""
    n_points = 1 + max(max(node) for node in nodes)
    offsets = np.cumsum([0, *map(len, nodes)])
    members = np.concatenate(nodes).astype(np.int32)
    edges = np.array(edges, dtype=np.int32).reshape(-1, 2)
    values = np.asarray(lens, dtype=float)[:, None]
    numbers = np.arange(len(nodes), dtype=np.int32)
    shared = np.ones(len(edges), dtype=np.int32)
    made = (offsets, members, numbers, values, values, values, edges, shared)
    return MapperGraph(n_points, *made, len(nodes), 0, "", "")


def random_graph(rng):
    n_nodes = int(rng.integers(1, 14))
    pairs = np.argwhere(np.triu(rng.random((n_nodes, n_nodes)) < 0.25, 1))
    return pairs.astype(np.int32), rng.integers(0, 5, n_nodes).astype(float)


@given(st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
def test_what_joins_are_the_components_so_far(seed):
    edges, heights = random_graph(np.random.default_rng(seed))
    earlier = []
    for node, parts in joins(edges, heights):
        assert earlier == sorted(earlier, key=lambda k: (-heights[k], k))
        inside = np.isin(edges, earlier).all(axis=1)
        components = components_of(edges[inside], len(heights))
        near = {b for a, b in [*edges.tolist(), *edges[:, ::-1].tolist()] if a == node}
        expected = {
            frozenset(k for k in earlier if components[k] == components[other])
            for other in near & set(earlier)
        }
        assert {frozenset(part) for part in parts.values()} == expected
        earlier.append(node)
    assert sorted(earlier) == list(range(len(heights)))


def test_a_tree_forks_where_it_was_built_to():
    graph, labels = tree_graph()
    points = tl.branch_points(graph, labels)
    assert len(points) == 3
    heights = sorted(point.lens for point in points)
    np.testing.assert_allclose(heights, [1.15, 2.15, 2.15], atol=0.15)
    for point in points:
        assert [branch.share > 0.4 for branch in point.branches] == [True, True]
        assert point.p_value == 1 / 200
    stem = min(points, key=lambda point: point.lens)
    sides = [
        {graph_class // 2 for graph_class in _classes(graph, b, labels)} for b in stem.branches
    ]
    assert sorted(map(sorted, sides)) == [[0], [1]]
    twigs = {frozenset(b.majority for b in p.branches) for p in points if p.lens > 1.6}
    assert twigs == {frozenset({0, 1}), frozenset({2, 3})}


def _classes(graph, branch, labels):
    rows = np.concatenate([graph.node(int(node)) for node in branch.nodes])
    counts = np.bincount(labels[rows], minlength=4)
    return set(np.flatnonzero(counts > 0.1 * counts.sum()).tolist())


def test_towards_low_values_the_tree_turned_over_forks_the_same_way():
    cloud, labels = tree_cloud()
    cloud[:, 2] *= -1
    graph = tl.mapper_graph(
        cloud, cloud[:, 2], cover=tl.UniformCover(20, 0.3), cluster=tl.DBSCAN(0.15, 5)
    )
    assert len(tl.branch_points(graph, labels, towards="low")) == 3
    assert tl.branch_points(graph, labels) == ()


def test_a_fork_that_has_nothing_to_do_with_the_class_is_none():
    graph, _ = tree_graph()
    rng = np.random.default_rng(3)
    assert len(tl.branch_points(graph, rng.integers(0, 4, graph.n_points), level=0.01)) == 0


def test_branches_by_hand():
    # Two tips, a short third one, and the node that joins them.
    nodes = [[0, 1, 2, 3], [4, 5, 6, 7, 8], [9], [3, 8, 9, 10]]
    graph = graph_of([(0, 3), (1, 3), (2, 3)], nodes, [3, 4, 5, 1])
    labels = np.array(["a"] * 4 + ["b"] * 4 + ["a"] * 3)
    (point,) = tl.branch_points(graph, labels, min_points=4, level=1)
    assert (point.node, point.lens) == (3, 1.0)
    assert [b.nodes.tolist() for b in point.branches] == [[1], [0]]
    assert [(b.n_points, b.majority, b.share) for b in point.branches] == [
        (5, "b", 0.8),
        (4, "a", 1),
    ]
    table = [[4, 0], [1, 4]]
    told = chi2_contingency(table, lambda_="log-likelihood", correction=False).statistic / 18
    assert point.information == pytest.approx(told)
    assert 0.01 < point.p_value < 0.2  # one in 25.2 tables tells as much (hypergeometric: 6 of 126)
    assert tl.branch_points(graph, labels, min_points=5, level=1) == ()
    assert tl.branch_points(graph, ["a"] * 10 + ["b"], min_points=4, level=1) == ()


def test_a_tree_gives_its_hierarchy_by_purity_and_by_the_lens():
    graph, labels = tree_graph()
    names = np.array(["cat", "dog", "car", "van"])[labels]
    for by in ("purity", "high"):
        found = tl.class_hierarchy(graph, names, by=by)
        assert found.groups(2) == (("car", "van"), ("cat", "dog"))
        assert found.groups(4) == (("car",), ("cat",), ("dog",), ("van",))
        assert found.newick() in ("((car,van),(cat,dog));", "((cat,dog),(car,van));")
        np.testing.assert_allclose(found.levels, found.levels.T)
    low = tl.class_hierarchy(graph, names, by="low")
    assert np.ptp(low.levels) < 0.05  # from below all classes are together from the start


def levels_by_loops(graph, labels, heights):
    """Mean over pairs of points, by the widest path between all pairs of their nodes."""
    widest = np.zeros((graph.n_nodes, graph.n_nodes))
    for level in sorted(set(heights)):
        open_ = heights >= level
        inside = open_[graph.edges].all(axis=1)
        components = components_of(graph.edges[inside], graph.n_nodes)
        together = (components[:, None] == components) & open_ & open_[:, None]
        widest[together] = level
    of_point = [
        [k for k, node in enumerate(graph.nodes()) if x in node] for x in range(graph.n_points)
    ]
    classes = sorted(set(labels))
    found = np.zeros((len(classes), len(classes)))
    for i, a in enumerate(classes):
        for j, b in enumerate(classes):
            found[i, j] = np.mean(
                [
                    np.mean([widest[v, w] for v in of_point[x] for w in of_point[y]])
                    for x in np.flatnonzero(labels == a)
                    for y in np.flatnonzero(labels == b)
                    if of_point[x] and of_point[y]
                ]
            )
    return found


@given(st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_levels_are_those_of_loops(seed):
    rng = np.random.default_rng(seed)
    edges, lens = random_graph(rng)
    n_points = 24
    nodes = [
        np.sort(rng.choice(n_points, rng.integers(1, 12), replace=False)).tolist() for _ in lens
    ]
    nodes[0] = list(range(n_points - 2))
    graph = graph_of(edges, nodes, lens)
    labels = np.arange(graph.n_points) % 3
    counts = [np.bincount(labels[node], minlength=3) for node in graph.nodes()]
    purities = np.array([row.max() / row.sum() for row in counts])
    found = tl.class_hierarchy(graph, labels)
    np.testing.assert_allclose(found.levels, levels_by_loops(graph, labels, purities), atol=1e-12)
    ranks = np.array([(lens <= value).mean() for value in lens])
    found = tl.class_hierarchy(graph, labels, by="high")
    np.testing.assert_allclose(found.levels, levels_by_loops(graph, labels, ranks), atol=1e-12)


def test_classes_that_never_meet_have_level_zero():
    graph = graph_of([], [[0, 1], [2, 3]], [0, 1])
    found = tl.class_hierarchy(graph, [0, 0, 1, 1])
    assert found.levels.tolist() == [[1, 0], [0, 1]]
    assert found.merges.tolist() == [[0, 1, 1, 2]]
    assert found.n_apart == 2
    with pytest.raises(tl.InvalidInputError, match="`count` must be an integer from 2 to 2; got 1"):
        found.groups(1)


def test_classes_that_never_meet_hang_from_the_root_side_by_side():
    graph = graph_of([(0, 1)], [[0, 1, 2], [2, 3], [4, 5], [6, 7]], [0, 1, 2, 3])
    found = tl.class_hierarchy(graph, [*"aabb", *"ccdd"])
    assert found.n_apart == 3
    assert found.newick() == "(c,d,(a,b));"
    assert found.groups(3) == (("a", "b"), ("c",), ("d",))


def test_a_hierarchy_survives_json_and_quotes_its_names():
    graph = graph_of([(0, 1)], [[0, 1], [1, 2]], [0, 1])
    found = tl.class_hierarchy(graph, ["a b", "it's", "ok"])
    again = tl.ClassHierarchy.from_dict(json.loads(json.dumps(found.to_dict())))
    np.testing.assert_array_equal(again.levels, found.levels)
    assert again.newick() == found.newick()
    assert "'a b'" in found.newick()
    assert "'it''s'" in found.newick()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"by": "depth"}, "`by` must be one of `purity`, `high`, `low`; got 'depth'"),
        ({"axis": 1}, "`axis` must be an integer from 0 to 0; got 1"),
        ({"labels": [0, 0, 0]}, "two classes or more; all 3 points are 0"),
    ],
)
def test_mistakes_in_hierarchies_are_named(settings, sentence):
    graph = graph_of([(0, 1)], [[0, 1], [1, 2]], [0, 1])
    labels = settings.pop("labels", [0, 1, 1])
    with pytest.raises(tl.InvalidInputError, match=sentence):
        tl.class_hierarchy(graph, labels, **settings)


def test_a_class_that_is_all_noise_is_named():
    graph = graph_of([], [[0, 2]], [0])
    with pytest.raises(tl.InvalidInputError, match="all points of b are in no node"):
        tl.class_hierarchy(graph, ["a", "b", "a"])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"towards": "up"}, "`towards` must be one of `high`, `low`; got 'up'"),
        ({"axis": 1}, "`axis` must be an integer from 0 to 0; got 1"),
        ({"min_points": 0}, "`min_points` must be an integer at least 1; got 0"),
        ({"level": 0}, "`level` must be a finite number above 0 to 1; got 0"),
        ({"permutations": 0}, "`permutations` must be an integer at least 1; got 0"),
    ],
)
def test_mistakes_in_branch_points_are_named(settings, sentence):
    graph = graph_of([(0, 1)], [[0, 1], [1, 2]], [0, 1])
    with pytest.raises(tl.InvalidInputError, match=sentence):
        tl.branch_points(graph, [0, 1, 1], **settings)
