"""The Mapper engine against scikit-learn on precomputed distances and a nerve of sets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mapper import dbscan_clusters, nodes_and_edges

import topolens as tl
from topolens.descriptors.mapper.covers import check_lens


def found(graph):
    nodes = [(int(e), node.tolist()) for e, node in zip(graph.elements, graph.nodes(), strict=True)]
    edges = {
        tuple(pair): count
        for pair, count in zip(graph.edges.tolist(), graph.shared.tolist(), strict=True)
    }
    return nodes, edges


def expected(points, lens, cover, rule):
    elements = cover.pull_back(check_lens(lens, len(points)))
    return nodes_and_edges(
        elements, lambda rows: dbscan_clusters(points[rows], rule.eps, rule.min_samples)
    )


# Integer grids are full of ties, and each eps is exactly a distance of such points.
GRID_EPS = [1.0, 2.0**0.5, 3.0**0.5, 2.0, 5.0**0.5, 6.0**0.5, 10.0**0.5]


@st.composite
def grid_cases(draw):
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    n, d = draw(st.integers(2, 120)), draw(st.integers(1, 5))
    points = rng.integers(0, draw(st.integers(2, 9)), size=(n, d)).astype(
        draw(st.sampled_from([np.float32, np.float64]))
    )
    # Beside the grid, so that a constant lens is as rare as on real data.
    lens = rng.normal(size=(n, draw(st.integers(1, 2)))).round(draw(st.integers(0, 3)) + 1)
    cover = draw(
        st.sampled_from(
            [
                tl.UniformCover(5, 0.3),
                tl.UniformCover(3, 0.5),
                tl.UniformCover(2, 0.7),
                tl.BalancedCover(3, 0.4),
                tl.BallCover(0.8),
            ]
        )
    )
    rule = tl.DBSCAN(draw(st.sampled_from(GRID_EPS)), draw(st.integers(1, 7)))
    return points, lens, cover, rule


@pytest.mark.filterwarnings("ignore:the graph has no nodes")
@settings(max_examples=200, deadline=None)
@given(grid_cases())
def test_grids_with_ties_agree_with_scikit_learn(case):
    points, lens, cover, rule = case
    try:
        graph = tl.mapper_graph(points, lens, cover=cover, cluster=rule)
    except tl.InvalidInputError as error:
        assert "must vary" in str(error)  # noqa: PT017
        return
    assert found(graph) == expected(points, lens, cover, rule)
