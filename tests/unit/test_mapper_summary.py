import numpy as np
import pytest
from reference.mapper_sets import graph_of, random_sets

import topolens as tl

# A triangle 0 - 1 - 2 with a tail 3, and 4 apart; points 10 and 11 are noise.
SETS = [{0, 1, 2}, {2, 3}, {0, 3, 4, 5}, {5, 6}, {7, 8, 9}]
LABELS = np.array(list("aabbbbbcccaa"))


def test_counts_by_hand():
    found = tl.mapper_summary(graph_of(SETS, 12, cover_loops=3), labels=LABELS)
    assert (found.n_nodes, found.n_edges, found.n_components) == (5, 4, 2)
    assert (found.loops, found.cover_loops, found.excess_loops) == (1, 3, -2)
    assert (found.coverage, found.n_noise) == (10 / 12, 2)
    assert found.sizes.tolist() == [2, 2, 3, 3, 4]
    assert found.degrees.tolist() == [0, 1, 2, 2, 3]
    assert found.purity == pytest.approx((1 / 2 + 1 + 1 / 2 + 1 + 1) / 5)
    assert found.weighted_purity == pytest.approx((2 + 2 + 3 + 2 + 3) / 14)


@pytest.mark.parametrize("seed", range(5))
def test_purity_counts_the_classes_of_each_node(seed):
    rng = np.random.default_rng(seed)
    sets = random_sets(rng, 40, 6)
    labels = rng.integers(0, 5, 40) * 7
    wanted = np.mean([1 / len({labels[point] for point in node}) for node in sets])
    found = tl.mapper_summary(graph_of(sets, 40), labels=labels)
    assert found.purity == pytest.approx(wanted)
    with_null = tl.purity(graph_of(sets, 40), labels, permutations=1)
    assert found.purity == pytest.approx(with_null.node_wise.value)
    assert found.weighted_purity == pytest.approx(with_null.weighted.value)


def test_a_graph_without_nodes_has_zeros():
    found = tl.mapper_summary(graph_of([], 3), labels=[0, 1, 1])
    assert (found.n_nodes, found.loops, found.coverage, found.purity) == (0, 0, 0.0, 0.0)
    assert found.sizes.tolist() == found.degrees.tolist() == [0.0] * 5


def test_graphs_side_by_side():
    graphs = {"early": graph_of(SETS, 12), "late": graph_of(SETS[:2], 12)}
    table = tl.mapper_summaries(graphs, labels=LABELS)
    assert table.index.tolist() == ["early", "late"]
    assert table["n_noise"].tolist() == [2, 8]
    assert table["size_most"].tolist() == [4, 3]
    assert table["purity"].tolist() == pytest.approx([0.8, 0.75])
    assert table["weighted_purity"].tolist() == pytest.approx([12 / 14, 4 / 5])
    assert not {"purity", "weighted_purity"} & set(tl.mapper_summaries(graphs))


def test_labels_of_another_length_are_refused():
    with pytest.raises(tl.InvalidInputError, match="`labels` must be one class"):
        tl.mapper_summary(graph_of(SETS, 12), labels=[1, 2])
