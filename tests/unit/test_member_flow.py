from collections import Counter

import numpy as np
import pytest
from reference.mapper_sets import graph_of, random_sets

import topolens as tl

FIRST = graph_of([{0, 1, 2}, {2, 3}], 7)
SECOND = graph_of([{0, 1}, {1, 2, 4}, {4, 5}], 7)


def test_counts_by_hand():
    flow = tl.member_flow(FIRST, SECOND)
    found = list(zip(flow.first.tolist(), flow.second.tolist(), flow.counts.tolist(), strict=True))
    # 3 becomes noise, 4 and 5 come from noise, 6 is noise in both.
    assert found == [
        (-1, -1, 1),
        (-1, 1, 1),
        (-1, 2, 2),
        (0, 0, 2),
        (0, 1, 2),
        (1, -1, 1),
        (1, 1, 1),
    ]
    assert flow.shares.tolist() == pytest.approx([1 / 3, 1 / 3, 2 / 3, 2 / 3, 2 / 3, 1 / 2, 1 / 2])
    # Point 1 is in one node here and in two there, point 2 in two and one, 4 in noise and two.
    assert flow.mass.tolist() == pytest.approx([1, 0.5, 1.5, 1.5, 1, 1, 0.5])
    assert [part.tolist() for part in flow.of(0)] == [[0, 1], [2, 2]]


@pytest.mark.parametrize("seed", range(8))
def test_flow_is_what_counting_gives(seed):
    rng = np.random.default_rng(seed)
    sets = [random_sets(rng, 50, int(rng.integers(1, 9))) for _ in range(2)]
    flow = tl.member_flow(graph_of(sets[0], 50), graph_of(sets[1], 50))
    counts, mass = Counter(), Counter()
    for point in range(50):
        here, there = (
            [k for k, node in enumerate(nodes) if point in node] or [-1] for nodes in sets
        )
        for pair in ((i, j) for i in here for j in there):
            counts[pair] += 1
            mass[pair] += 1 / (len(here) * len(there))
    pairs = list(zip(flow.first.tolist(), flow.second.tolist(), strict=True))
    assert pairs == sorted(counts)
    assert flow.counts.tolist() == [counts[pair] for pair in pairs]
    assert flow.mass.tolist() == pytest.approx([mass[pair] for pair in pairs])
    assert flow.mass.sum() == pytest.approx(50)


def test_a_graph_without_nodes_is_all_noise():
    none = graph_of([], 7)
    assert tl.member_flow(none, FIRST).counts.tolist() == [3, 3, 2]
    assert tl.member_flow(FIRST, none).second.tolist() == [-1, -1, -1]
    assert tl.member_flow(none, none).counts.tolist() == [7]


@pytest.mark.parametrize("seed", range(8))
def test_matches_have_the_largest_jaccard(seed):
    rng = np.random.default_rng(seed)
    first, second = (random_sets(rng, 50, 7) for _ in range(2))
    found = tl.match_nodes(graph_of(first, 50), graph_of(second, 50))
    for node, match, jaccard in zip(first, found.nodes, found.jaccard, strict=True):
        all_of_them = [len(node & other) / len(node | other) for other in second]
        assert jaccard == max(all_of_them)
        assert match == (int(np.argmax(all_of_them)) if max(all_of_them) else -1)


def test_a_node_that_shares_no_point_has_no_match():
    found = tl.match_nodes(graph_of([{0}, {1}], 3), graph_of([{1, 2}], 3))
    assert (found.nodes.tolist(), found.jaccard.tolist()) == ([-1, 0], [0.0, 0.5])


def test_graphs_of_unequally_many_points_are_refused():
    for function in (tl.member_flow, tl.match_nodes):
        with pytest.raises(tl.InvalidInputError, match="the same points row by row; got 7 and 8"):
            function(FIRST, graph_of([{0}], 8))
