import numpy as np
import pytest
from reference.mapper import dbscan_clusters, joined, nodes_and_edges
from sklearn.cluster import DBSCAN

import topolens as tl

CLOUD = np.random.default_rng(5).normal(size=(120, 2)) * [3, 1]
LENS = CLOUD[:, 0]
SETTINGS = {"cover": tl.UniformCover(5, 0.4), "cluster": tl.DBSCAN(0.6, 3)}


def slow_support(draws, share, similarity, seed):
    """Jaccard indices, edges found and counts by sets and scikit-learn."""
    pieces = list(SETTINGS["cover"].pull_back(LENS[:, None]))

    def graph(kept):
        elements = [np.array([row for row in rows if row in kept], int) for rows in pieces]
        return nodes_and_edges(elements, lambda rows: dbscan_clusters(CLOUD[rows], 0.6, 3))

    nodes, edges = graph(set(range(120)))
    jaccard, found, counts = [], [], []
    for draw in range(draws):
        rng = np.random.default_rng([seed, draw])
        kept = set(rng.choice(120, round(120 * share), replace=False).tolist())
        new_nodes, new_edges = graph(kept)
        best = []
        for _, members in nodes:
            held = set(members) & kept
            all_of_them = [len(held & set(new)) / len(held | set(new)) for _, new in new_nodes]
            best.append((max(all_of_them), int(np.argmax(all_of_them))))
        jaccard.append([value for value, _ in best])
        row = []
        for i, j in edges:
            (value, m), (other, k) = best[i], best[j]
            joined = m == k or (min(m, k), max(m, k)) in new_edges
            row.append(min(value, other) >= similarity and joined)
        found.append(row)
        covered = {point for _, members in new_nodes for point in members}
        counts.append((len(new_nodes), len(covered) / len(kept)))
    return jaccard, found, counts


@pytest.mark.parametrize(("share", "similarity"), [(0.8, 0.5), (0.4, 0.7)])
def test_support_is_what_sets_give(share, similarity):
    found = tl.mapper_support(
        CLOUD, LENS, **SETTINGS, draws=6, share=share, similarity=similarity, seed=3
    )
    jaccard, edges, counts = slow_support(6, share, similarity, 3)
    np.testing.assert_allclose(found.jaccard, jaccard)
    assert found.edges_found.tolist() == edges
    assert found.n_nodes.tolist() == [n for n, _ in counts]
    assert found.coverage.tolist() == pytest.approx([share for _, share in counts])
    np.testing.assert_allclose(found.node_jaccard, np.mean(jaccard, axis=0))
    np.testing.assert_allclose(found.node_support, np.mean(np.array(jaccard) >= similarity, axis=0))
    np.testing.assert_allclose(found.edge_support, np.mean(edges, axis=0))
    assert 0 < found.edge_support.mean() < 1


def test_loops_of_the_cover_are_those_of_the_points_drawn():
    cover = tl.UniformCover(5, 0.4)
    found = tl.mapper_support(
        CLOUD, CLOUD, cover=cover, cluster=tl.DBSCAN(0.6, 3), draws=4, share=0.3
    )
    for draw in range(4):
        kept = np.random.default_rng([0, draw]).choice(120, 36, replace=False)
        elements = [np.intersect1d(rows, kept) for rows in cover.pull_back(CLOUD)]
        nodes, edges = nodes_and_edges(elements, lambda rows: [range(len(rows))])
        n_components = len(joined(len(nodes), list(edges))[0])
        assert found.cover_loops[draw] == len(edges) - len(nodes) + n_components
        assert found.excess_loops[draw] == found.loops[draw] - found.cover_loops[draw]
    assert found.cover_loops.min() > 0


def test_a_band_leaves_out_as_many_draws_below_as_above():
    found = tl.mapper_support(CLOUD, LENS, **SETTINGS, draws=9, share=0.3)
    ordered = np.sort(found.coverage)
    assert found.band("coverage", level=0.5) == (ordered[2], ordered[6])


def test_draws_depend_on_the_seed_and_their_number_alone():
    few = tl.mapper_support(CLOUD, LENS, **SETTINGS, draws=3)
    more = tl.mapper_support(CLOUD, LENS, **SETTINGS, draws=5, threads=2)
    assert more.jaccard[:3].tolist() == few.jaccard.tolist()
    other = tl.mapper_support(CLOUD, LENS, **SETTINGS, draws=3, seed=1)
    assert other.jaccard.tolist() != few.jaccard.tolist()


def test_near_pairs_or_another_clusterer_give_the_same():
    wanted = tl.mapper_support(CLOUD, LENS, **SETTINGS, draws=3)
    near = tl.eps_graph(CLOUD, eps=1.0)
    again = tl.mapper_support(near, LENS, **SETTINGS, draws=3)
    assert again.jaccard.tolist() == wanted.jaccard.tolist()
    theirs = SETTINGS | {"cluster": DBSCAN(eps=0.6, min_samples=3)}
    slow = tl.mapper_support(CLOUD, LENS, **theirs, draws=3)
    assert slow.jaccard.shape == wanted.jaccard.shape
    np.testing.assert_allclose(slow.jaccard, wanted.jaccard, atol=0.1)  # border points may differ


def test_a_bridge_of_few_points_has_less_support_than_what_it_joins():
    rng = np.random.default_rng(0)
    ends = np.concatenate([rng.normal(-3, 0.4, (150, 2)), rng.normal(3, 0.4, (150, 2))])
    bridge = np.linspace(-2.4, 2.4, 9)[:, None] * [1, 1]
    points = np.concatenate([ends, bridge])
    found = tl.mapper_support(
        points, points[:, 0], cover=tl.UniformCover(6, 0.4), cluster=tl.DBSCAN(0.9, 2)
    )
    assert found.graph.n_components == 1
    thin = np.array([(node >= 300).mean() > 0.9 for node in found.graph.nodes()])
    assert thin.any()
    assert found.node_support[~thin].min() > found.node_support[thin].min()
    assert found.band("n_components") != (1.0, 1.0)
    assert found.band("n_components", level=0.5)[1] <= found.band("n_components")[1]


def test_progress_is_told_and_can_stop():
    told = []
    tl.mapper_support(CLOUD, LENS, **SETTINGS, draws=4, on_progress=told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"draws": 0}, "`draws` must be an integer at least 1; got 0"),
        ({"share": 1.0}, "`share` must lie between 0 and 1, neither included; got 1.0"),
        ({"similarity": 0.0}, "`similarity` must be a finite number above 0 to 1; got 0.0"),
        ({"seed": -1}, "`seed` must be an integer at least 0; got -1"),
        ({"cluster": 3}, "`cluster` must be a DBSCAN, a SingleLinkage or have `fit_predict`"),
    ],
)
def test_mistakes_are_named(change, sentence):
    with pytest.raises(tl.InvalidInputError, match=sentence):
        tl.mapper_support(CLOUD, LENS, **SETTINGS | change)


def test_mistakes_in_a_band_are_named():
    found = tl.mapper_support(CLOUD, LENS, **SETTINGS, draws=2)
    with pytest.raises(tl.InvalidInputError, match="`name` must be one of n_nodes, n_components"):
        found.band("holes")
    with pytest.raises(tl.InvalidInputError, match="`level` must lie between 0 and 1"):
        found.band("loops", level=1.0)
