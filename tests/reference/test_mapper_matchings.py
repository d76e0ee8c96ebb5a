"""Distances of Mapper graphs against trying all matchings, and against POT."""

import numpy as np
import pytest
from mapper_sets import distance_of_equal_numbers, graph_of, random_sets, squares_between
from oracles import oracle

import topolens as tl

COSTS = ("incidence", "steps", "intersection", "jaccard")


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("seed", range(10))
def test_distance_is_the_best_of_all_matchings(cost, seed):
    rng = np.random.default_rng(seed)
    n_points, n_nodes = 30, int(rng.integers(1, 6))
    first, second = (random_sets(rng, n_points, n_nodes) for _ in range(2))
    found = tl.mapper_graph_distance(
        graph_of(first, n_points), graph_of(second, n_points), cost=cost
    )
    wanted = distance_of_equal_numbers(first, second, n_points, cost)
    assert found.value == pytest.approx(wanted, rel=1e-9, abs=1e-12)


@pytest.mark.full
@pytest.mark.parametrize("weights", ["uniform", "size"])
@pytest.mark.parametrize("cost", COSTS)
def test_distance_is_that_of_pot(cost, weights):
    emd2 = oracle("ot").emd2
    rng = np.random.default_rng(1)
    for n_nodes in [(1, 4), (7, 7), (12, 30), (40, 9)]:
        first, second = (random_sets(rng, 80, n) for n in n_nodes)
        graphs = graph_of(first, 80), graph_of(second, 80)
        masses = [
            graph.sizes / graph.sizes.sum()
            if weights == "size"
            else np.full(graph.n_nodes, 1 / graph.n_nodes)
            for graph in graphs
        ]
        theirs = emd2(*masses, squares_between(first, second, 80, cost))
        ours = tl.mapper_graph_distance(*graphs, cost=cost, weights=weights)
        assert ours.value == pytest.approx(np.sqrt(theirs), rel=1e-8, abs=1e-12)
