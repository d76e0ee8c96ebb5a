import json

import numpy as np
import pytest

import topolens as tl

RING = np.linspace(0, 2 * np.pi, 60, endpoint=False)
CIRCLE = np.column_stack([np.cos(RING), np.sin(RING)])


def ring_graph(**changed):
    settings = {"cover": tl.UniformCover(4, 0.4), "cluster": tl.DBSCAN(0.15, 2)} | changed
    return tl.mapper_graph(CIRCLE, CIRCLE[:, 0], **settings)


def test_a_circle_is_one_loop():
    graph = ring_graph()
    assert (graph.n_nodes, graph.n_edges, graph.n_components, graph.loops) == (6, 6, 1, 1)
    assert graph.cover_loops == 0
    assert graph.coverage == 1.0
    assert graph.elements.tolist() == [0, 1, 1, 2, 2, 3]


def test_nodes_say_where_on_the_lens_they_lie():
    graph = ring_graph()
    for number, node in enumerate(graph.nodes()):
        values = CIRCLE[node, 0]
        assert graph.node(number).tolist() == node.tolist()
        assert graph.lens_low[number, 0] == values.min()
        assert graph.lens_high[number, 0] == values.max()
        assert graph.lens_mean[number, 0] == pytest.approx(values.mean())


def test_jaccard_is_shared_over_either():
    graph = ring_graph()
    (first, second), shared = graph.edges[0], graph.shared[0]
    a, b = set(graph.node(first).tolist()), set(graph.node(second).tolist())
    assert shared == len(a & b)
    assert graph.jaccard[0] == len(a & b) / len(a | b)


def test_points_far_from_all_others_are_noise():
    points = np.vstack([CIRCLE, [[0.0, 9.0]], [[0.0, -9.0]]])
    graph = tl.mapper_graph(
        points, points[:, 0], cover=tl.UniformCover(4, 0.4), cluster=tl.DBSCAN(0.15, 2)
    )
    assert graph.noise.tolist() == [60, 61]
    assert graph.coverage == pytest.approx(60 / 62)
    assert graph.n_nodes_of_point[60] == 0


def test_a_graph_survives_json():
    graph = ring_graph()
    again = tl.MapperGraph.from_dict(json.loads(json.dumps(graph.to_dict())))
    for name in tl.MapperGraph.__slots__:
        np.testing.assert_array_equal(getattr(again, name), getattr(graph, name))
    assert again.members.dtype == graph.members.dtype
    assert again.lens_low.shape == graph.lens_low.shape


def test_another_format_is_refused():
    with pytest.raises(tl.InvalidInputError, match=r"MapperGraph of format 1; got 7"):
        tl.MapperGraph.from_dict(ring_graph().to_dict() | {"format_version": 7})


def test_a_graph_without_nodes_survives_json_too():
    with pytest.warns(tl.TopolensWarning, match="every point is noise"):
        graph = ring_graph(cluster=tl.DBSCAN(1e-6, 5))
    assert (graph.n_nodes, graph.n_edges, graph.n_components, graph.loops) == (0, 0, 0, 0)
    assert graph.coverage == 0.0
    again = tl.MapperGraph.from_dict(json.loads(json.dumps(graph.to_dict())))
    assert again.lens_low.shape == (0, 1)
    assert again.edges.shape == (0, 2)


def test_a_node_that_is_not_there_is_an_index_error():
    with pytest.raises(IndexError, match="`number` must be from 0 to 5; got 6"):
        ring_graph().node(6)


def test_any_clusterer_of_scikit_learn_makes_nodes():
    from sklearn.cluster import DBSCAN, AgglomerativeClustering

    ours = ring_graph()
    theirs = ring_graph(cluster=DBSCAN(eps=0.15, min_samples=2))
    assert theirs.members.tolist() == ours.members.tolist()
    assert theirs.edges.tolist() == ours.edges.tolist()
    linkage = AgglomerativeClustering(None, linkage="single", distance_threshold=0.15)
    assert ring_graph(cluster=linkage).members.tolist() == ours.members.tolist()


def test_what_a_clusterer_refuses_is_told_in_a_sentence():
    from sklearn.cluster import KMeans

    with pytest.raises(tl.InvalidInputError, match=r"\A`cluster` must cluster the \d+ points of"):
        ring_graph(cluster=KMeans(50, n_init=1))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"threads": 0}, "`threads` must be an integer at least 1; got 0"),
        ({"cluster": 3}, "`cluster` must be a DBSCAN, a SingleLinkage or have `fit_predict`"),
    ],
)
def test_mistakes_are_named(changed, sentence):
    with pytest.raises(tl.InvalidInputError, match=sentence):
        ring_graph(**changed)


@pytest.mark.parametrize(
    ("lens", "sentence"),
    [
        (np.full(60, 2.0), "`lens` must vary; column 0 is 2 for all 60 points"),
        (np.arange(59.0), "`lens` must have one row per point; got 59 rows for 60 points"),
        (np.append(np.arange(59.0), np.nan), "`lens` must be finite; row 59 holds NaN"),
        (np.zeros((60, 3)), "`lens` must have one column or two; got 3"),
    ],
)
def test_mistakes_in_the_lens_are_named(lens, sentence):
    with pytest.raises(tl.InvalidInputError, match=sentence):
        tl.mapper_graph(CIRCLE, lens, cover=tl.UniformCover(), cluster=tl.DBSCAN(0.1))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: tl.DBSCAN(0.0), "`eps` must be a finite number above 0; got 0.0"),
        (lambda: tl.DBSCAN(-1.0), "`eps` must be a finite number above 0; got -1.0"),
        (lambda: tl.DBSCAN(1.0, 0), "`min_samples` must be an integer at least 1; got 0"),
        (lambda: tl.SingleLinkage(0), "`eps` must be a finite number above 0; got 0"),
        (lambda: tl.SingleLinkage(1, n_bins=0), "`n_bins` must be an integer at least 1"),
        (lambda: tl.SingleLinkage(1, min_size=0), "`min_size` must be an integer at least 1"),
        (lambda: tl.UniformCover(0), "`n_intervals` must be an integer at least 1; got 0"),
        (lambda: tl.UniformCover(5, 1.0), "`overlap` must lie between 0 and 1, neither included"),
        (lambda: tl.UniformCover(5, 0.0), "`overlap` must lie between 0 and 1, neither included"),
        (lambda: tl.BalancedCover(5, -0.1), "`overlap` must lie between 0 and 1"),
        (lambda: tl.BallCover(0), "`radius` must be a finite number above 0; got 0"),
    ],
)
def test_mistakes_in_settings_are_named(make, sentence):
    with pytest.raises(tl.InvalidInputError, match=sentence):
        make()
