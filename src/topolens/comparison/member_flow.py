"""Where the points of the nodes of one Mapper graph are in another one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topolens.base.mapper_graph import MapperGraph
from topolens.base.mapper_overlap import shared_members

__all__ = ["MemberFlow", "member_flow"]


@dataclass(frozen=True, slots=True, eq=False)
class MemberFlow:
    """How many points each node of one graph shares with each node of another, where any.

    The points in no node make up node -1 of their graph.
    """

    first: NDArray[np.int64]
    """Nodes of the first graph, -1 for its noise, ascending, shape (n_flows,)."""
    second: NDArray[np.int64]
    """Nodes of the second graph, -1 for its noise, ascending for each of the first."""
    counts: NDArray[np.int64]
    """Points in both nodes, shape (n_flows,), positive."""
    shares: NDArray[np.float64]
    """Counts over the points of the node of the first graph. Those of a node add up to more than
    1 where points lie in several nodes of the second graph."""
    mass: NDArray[np.float64]
    """Points where each counts once: one in two nodes of one graph and three of the other adds 1/6
    to each of six flows. All masses add up to the number of points; draw these as a flow."""

    def of(self, node: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Nodes of the second graph that hold points of one node of the first, and how many."""
        rows = self.first == node
        return self.second[rows], self.counts[rows]


def member_flow(first: MapperGraph, second: MapperGraph) -> MemberFlow:
    """Count the points that go from each node of one Mapper graph to each node of another.

    For graphs of two layers, epochs or parameter settings on the same samples.

    Parameters
    ----------
    first, second : MapperGraph
        Graphs of the same points, row by row.

    Returns
    -------
    MemberFlow
        Counts, shares and masses of the pairs of nodes with a common point; noise is node -1.

    Raises
    ------
    InvalidInputError
        If the graphs are not of equally many points.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> line = np.linspace(0, 1, 101)[:, None]
    >>> few, many = (
    ...     tl.mapper_graph(line, line, cover=tl.UniformCover(n, 0.2), cluster=tl.DBSCAN(0.03))
    ...     for n in (2, 4)
    ... )
    >>> flow = tl.member_flow(few, many)
    >>> flow.first.tolist(), flow.second.tolist(), flow.counts.tolist()
    ([0, 0, 0, 1, 1, 1], [0, 1, 2, 1, 2, 3], [29, 32, 10, 10, 32, 29])
    """
    pairs = shared_members(first, second)
    lost_nodes, lost, lost_mass = _noise_of(second, first)
    new_nodes, new, new_mass = _noise_of(first, second)
    never = int(np.count_nonzero((first.n_nodes_of_point + second.n_nodes_of_point) == 0))
    both = [np.full(min(never, 1), -1)]
    left = np.concatenate([pairs.first, lost_nodes, np.full(len(new_nodes), -1), *both])
    right = np.concatenate([pairs.second, np.full(len(lost_nodes), -1), new_nodes, *both])
    counts = np.concatenate([pairs.counts, lost, new, np.full(min(never, 1), never)])
    mass = np.concatenate([pairs.mass, lost_mass, new_mass, np.full(min(never, 1), float(never))])
    order = np.lexsort((right, left))
    sizes = np.append(first.sizes, len(first.noise))  # so that node -1 is the last
    return MemberFlow(
        left[order],
        right[order],
        counts[order],
        counts[order] / sizes[left[order]],
        mass[order],
    )


def _noise_of(
    other: MapperGraph, graph: MapperGraph
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Nodes of `graph` with points that are noise in `other`, their number and mass."""
    noise = other.n_nodes_of_point[graph.members] == 0
    of_node = graph.node_of_member[noise]
    counts = np.bincount(of_node, minlength=graph.n_nodes)
    parts = 1.0 / graph.n_nodes_of_point[graph.members[noise]]
    mass = np.bincount(of_node, weights=parts, minlength=graph.n_nodes).astype(np.float64)
    nodes = np.flatnonzero(counts)
    return nodes, counts[nodes], mass[nodes]
