"""Positions of nodes, and values of the points gathered by node."""

import numpy as np
import pytest

import topolens as tl
from topolens.base.mapper_graph import MapperGraph


def graph_of(edges, n_nodes, lens=None):
    """A graph of one-point nodes with given edges, as far as drawing goes."""
    edges = np.array(sorted(edges), dtype=np.int32).reshape(-1, 2)
    values = np.arange(n_nodes, dtype=float) if lens is None else np.asarray(lens, dtype=float)
    numbers = np.arange(n_nodes, dtype=np.int32)
    values = values[:, None]
    offsets = np.arange(n_nodes + 1, dtype=np.int64)
    shared = np.ones(len(edges), dtype=np.int32)
    made = (offsets, numbers, numbers, values, values, values, edges, shared)
    return MapperGraph(n_nodes, *made, n_nodes, 0, "", "")


def lengths(graph, positions):
    return np.linalg.norm(positions[graph.edges[:, 0]] - positions[graph.edges[:, 1]], axis=1)


PATH = [(i, i + 1) for i in range(19)]
CYCLE = [*PATH, (0, 19)]
GRID = [(8 * i + j, 8 * i + j + 1) for i in range(8) for j in range(7)]
GRID += [(8 * i + j, 8 * i + j + 8) for i in range(7) for j in range(8)]
STAR = [(0, i) for i in range(1, 9)]


@pytest.mark.parametrize(
    ("edges", "n_nodes"), [(PATH, 20), (CYCLE, 20), (GRID, 64), (STAR, 9), ([(0, 1)], 2)]
)
def test_edges_are_of_about_equal_length_and_nodes_apart(edges, n_nodes):
    graph = graph_of(edges, n_nodes)
    positions = tl.mapper_layout(graph)
    assert 0.5 < lengths(graph, positions).min() <= lengths(graph, positions).max() < 1.5
    apart = np.linalg.norm(positions[:, None] - positions, axis=2)[~np.eye(n_nodes, dtype=bool)]
    assert apart.min() > 0.4


def test_a_path_is_a_line_and_a_cycle_is_round():
    path = tl.mapper_layout(graph_of(PATH, 20))
    assert np.ptp(path, axis=0)[0] > 17
    assert np.ptp(path, axis=0)[1] < 2
    cycle = tl.mapper_layout(graph_of(CYCLE, 20))
    radii = np.linalg.norm(cycle - cycle.mean(axis=0), axis=1)
    assert radii.std() < 0.1 * radii.mean()


def test_the_lens_grows_to_the_right():
    for lens in (np.arange(20), -np.arange(20)):
        positions = tl.mapper_layout(graph_of(PATH, 20, lens))
        assert np.corrcoef(positions[:, 0], lens)[0, 1] > 0.99


def test_components_are_packed_apart_from_each_other():
    edges = [*PATH, *[(a + 20, b + 20) for a, b in CYCLE], *[(a + 40, b + 40) for a, b in GRID]]
    graph = graph_of(edges, 110)  # six single nodes too
    positions = tl.mapper_layout(graph)
    assert np.isfinite(positions).all()
    boxes = []
    for component in range(graph.n_components):
        placed = positions[graph.components == component]
        boxes.append((placed.min(axis=0), placed.max(axis=0)))
    for k, (low, high) in enumerate(boxes):
        for other_low, other_high in boxes[:k]:
            gaps = np.maximum(low - other_high, other_low - high)
            assert gaps.max() >= 1
    width, height = np.ptp(positions, axis=0)
    assert 0.5 < width / height < 5


def test_the_seed_decides():
    graph = graph_of(GRID, 64)
    first = tl.mapper_layout(graph)
    np.testing.assert_array_equal(first, tl.mapper_layout(graph))
    assert (first != tl.mapper_layout(graph, seed=1)).any()


def test_no_node_has_no_position():
    empty = graph_of([], 1)
    assert tl.mapper_layout(empty).tolist() == [[0.0, 0.0]]
    none = MapperGraph.from_dict(graph_of([], 0).to_dict())
    assert tl.mapper_layout(none).shape == (0, 2)


def test_positions_are_stored_with_the_graph():
    graph = graph_of(PATH, 20)
    placed = graph.placed(tl.mapper_layout(graph))
    again = MapperGraph.from_dict(placed.to_dict())
    np.testing.assert_array_equal(again.positions, placed.positions)
    assert graph.positions is None
    for wrong in (np.zeros((19, 2)), np.full((20, 2), np.nan)):
        with pytest.raises(tl.InvalidInputError, match="two finite numbers for each of the 20"):
            graph.placed(wrong)


def test_centroids_are_means_over_members():
    ring = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    circle = np.column_stack([np.cos(ring), np.sin(ring)]).astype(np.float32)
    graph = tl.mapper_graph(
        circle, circle[:, 0], cover=tl.UniformCover(4, 0.4), cluster=tl.DBSCAN(0.15, 2)
    )
    found = graph.centroids(circle)
    assert found.dtype == np.float64
    for number, rows in enumerate(graph.nodes()):
        np.testing.assert_allclose(found[number], circle[rows].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(graph.centroids(circle[:, 0]), graph.lens_mean[:, 0])
    with pytest.raises(tl.InvalidInputError, match="one row for each of the 60 points"):
        graph.centroids(circle[:9])
