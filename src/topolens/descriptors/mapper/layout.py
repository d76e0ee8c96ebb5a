"""Where the nodes of a Mapper graph are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.base.checks import check_integer
from topolens.base.mapper_graph import MapperGraph

__all__ = ["mapper_layout"]

_PIVOTS = 40
_ITERATIONS = 150
_GAP = 1.5  # between components, in lengths of an edge
_WIDTH_TO_HEIGHT = 1.6

Values = NDArray[np.float64]
Integers = NDArray[np.integer]


def mapper_layout(graph: MapperGraph, *, seed: int = 0) -> Values:
    """Positions that keep nodes as far apart as the steps between them, component by component.

    Each component is placed by its distances to some pivots [1]_ and then moved to lower the
    stress of pairs one or two steps apart and of all nodes to the pivots [2]_, by local
    majorisation [3]_. Its longest direction lies across, the lens growing to the right where it
    grows along it. Components are packed side by side in rows, the largest first.

    Parameters
    ----------
    graph : MapperGraph
        The graph.
    seed : int, default 0
        Seed of small shifts that part nodes in the same place.

    Returns
    -------
    ndarray of shape (n_nodes, 2)
        In units of about the length of an edge. `graph.placed(positions)` stores them.

    References
    ----------
    .. [1] U. Brandes, C. Pich, "Eigensolver Methods for Progressive Multidimensional Scaling of
       Large Data", Graph Drawing 2006.
    .. [2] M. Ortmann, M. Klimenta, U. Brandes, "A Sparse Stress Model", Graph Drawing 2016.
    .. [3] E. Gansner, Y. Koren, S. North, "Graph Drawing by Stress Majorization", Graph Drawing
       2004.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    >>> circle = np.column_stack([np.cos(angle), np.sin(angle)])
    >>> graph = tl.mapper_graph(
    ...     circle, circle[:, 0], cover=tl.UniformCover(6, 0.3), cluster=tl.DBSCAN(eps=0.1)
    ... )
    >>> placed = graph.placed(tl.mapper_layout(graph))
    >>> placed.positions.shape
    (10, 2)
    """
    check_integer(seed, "seed", at_least=0)
    positions = np.zeros((graph.n_nodes, 2))
    if graph.n_nodes == 0:
        return positions
    boxes = []
    components = graph.components
    order = np.argsort(components, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(components[order])) + 1)
    numbers = np.empty(graph.n_nodes, dtype=np.int64)
    edges_of = _edges_by_component(graph, components)
    for nodes, edges in zip(parts, edges_of, strict=True):
        numbers[nodes] = np.arange(len(nodes))
        placed = _component(numbers[edges], len(nodes), seed)
        positions[nodes] = _turned(placed, graph.lens_mean[nodes, 0])
        boxes.append(np.ptp(positions[nodes], axis=0))
        positions[nodes] -= positions[nodes].min(axis=0)
    for nodes, corner in zip(parts, _packed(np.array(boxes)), strict=True):
        positions[nodes] += corner
    return positions


def _edges_by_component(
    graph: MapperGraph, components: NDArray[np.int64]
) -> list[NDArray[np.int32]]:
    of_edges = components[graph.edges[:, 0]]
    order = np.argsort(of_edges, kind="stable")
    begins = np.searchsorted(of_edges[order], np.arange(1, graph.n_components))
    return np.split(graph.edges[order], begins)


def _component(edges: Integers, n_nodes: int, seed: int) -> Values:
    """Positions of a connected graph."""
    if n_nodes == 1:
        return np.zeros((1, 2))
    from scipy.sparse import csr_array

    ones = np.ones(2 * len(edges))
    both = np.concatenate([edges, edges[:, ::-1]])
    adjacency = csr_array((ones, (both[:, 0], both[:, 1])), shape=(n_nodes, n_nodes))
    pivots, steps = _steps_to_pivots(adjacency, n_nodes)
    first, second, target = _pairs(adjacency, pivots, steps)
    placed = _pivot_scaling(steps)
    # Nodes at the same distances of all pivots must come apart.
    placed += 0.1 * np.random.default_rng([seed, n_nodes]).standard_normal(placed.shape)
    return _majorised(placed, first, second, target)


def _steps_to_pivots(adjacency: Any, n_nodes: int) -> tuple[Integers, Values]:  # noqa: ANN401
    """Pivots, each farthest from those before, and the steps of all nodes to them."""
    from scipy.sparse.csgraph import dijkstra

    pivots, rows = [0], list[Values]()
    nearest = np.full(n_nodes, np.inf)
    while True:
        rows.append(dijkstra(adjacency, indices=np.array(pivots[-1:]), unweighted=True)[0])
        nearest = np.minimum(nearest, rows[-1])
        if len(pivots) == min(_PIVOTS, n_nodes):
            return np.array(pivots), np.array(rows)
        pivots.append(int(nearest.argmax()))


def _pairs(
    adjacency: Any,  # noqa: ANN401
    pivots: Integers,
    steps: Values,
) -> tuple[Integers, Integers, Values]:
    """Pairs of nodes with the distance they should have: near ones, and all with the pivots."""
    from scipy.sparse import triu

    n_nodes = adjacency.shape[0]
    near = triu(adjacency + adjacency @ adjacency, 1).tocoo()
    adjacent = np.asarray(adjacency[near.row, near.col]).ravel() > 0
    others = np.tile(np.arange(n_nodes), len(pivots))
    first = np.concatenate([near.row, np.repeat(pivots, n_nodes)])
    second = np.concatenate([near.col, others])
    target = np.concatenate([np.where(adjacent, 1.0, 2.0), steps.ravel()])
    far = np.append(np.ones(len(near.row), dtype=bool), steps.ravel() > 2)
    return first[far], second[far], target[far]


def _pivot_scaling(steps: Values) -> Values:
    squares = steps.T**2
    centred = squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()
    directions = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :2]
    largest = np.abs(directions).argmax(axis=0)
    directions = directions * np.sign(directions[largest, np.arange(directions.shape[1])])
    placed = np.zeros((len(centred), 2))
    placed[:, : directions.shape[1]] = centred @ directions
    # Steps between pivots give the scale.
    scale = np.linalg.norm(placed - placed.mean(axis=0), axis=1).max()
    return placed * (steps.max() / 2 / scale if scale > 0 else 1.0)


def _majorised(placed: Values, first: Integers, second: Integers, target: Values) -> Values:
    """Lower the stress of the pairs, weighted by 1 / target²."""
    n_nodes = len(placed)
    weights = 1 / target**2
    both = np.concatenate([first, second])
    total = np.bincount(both, np.tile(weights, 2), n_nodes)
    for _ in range(_ITERATIONS):
        apart = placed[first] - placed[second]
        lengths = np.maximum(np.linalg.norm(apart, axis=1), 1e-9)
        pull = (weights * (target / lengths - 1))[:, None] * apart
        moves = np.column_stack(
            [
                np.bincount(first, pull[:, axis], n_nodes)
                - np.bincount(second, pull[:, axis], n_nodes)
                for axis in range(2)
            ]
        )
        # Half of the way: both ends of a pair move at once.
        placed = placed + 0.5 * moves / total[:, None]
    return placed


def _turned(placed: Values, lens: Values) -> Values:
    """The longest direction across, the lens growing to the right and up."""
    centred = placed - placed.mean(axis=0)
    turned: Values = centred @ np.linalg.eigh(centred.T @ centred)[1][:, ::-1]
    signs = np.where(turned.T @ (lens - lens.mean()) < 0, -1.0, 1.0)
    return turned * signs


def _packed(sizes: Values) -> Values:
    """Lower left corners of boxes in rows from the top, in the given order of falling area."""
    padded = sizes + _GAP
    order = np.argsort(-padded.prod(axis=1), kind="stable")
    width = max(np.sqrt(padded.prod(axis=1).sum() * _WIDTH_TO_HEIGHT), padded[:, 0].max())
    corners = np.zeros(sizes.shape)
    left, top, height = 0.0, 0.0, 0.0
    for box in order:
        if left + padded[box, 0] > width * (1 + 1e-9):
            left, top, height = 0.0, top - height, 0.0
        corners[box] = left, top - sizes[box, 1]
        left += padded[box, 0]
        height = max(height, padded[box, 1])
    return corners
