"""Points that nodes of two Mapper graphs of the same points share, and which nodes match."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topolens.base.errors import InvalidInputError
from topolens.base.mapper_graph import MapperGraph

__all__ = [
    "NodeMatches",
    "SharedMembers",
    "best_matches",
    "check_same_points",
    "match_nodes",
    "shared_members",
]


@dataclass(frozen=True, slots=True, eq=False)
class SharedMembers:
    """Pairs of nodes of two graphs that share points."""

    first: NDArray[np.int64]
    """Nodes of the first graph, shape (n_pairs,)."""
    second: NDArray[np.int64]
    """Nodes of the second graph, shape (n_pairs,)."""
    counts: NDArray[np.int64]
    """Points in both nodes, shape (n_pairs,), positive."""
    mass: NDArray[np.float64]
    """The same where a point counts one over the number of pairs that it is in."""

    def reversed(self) -> SharedMembers:
        """The same pairs, the second graph taken as the first."""
        return SharedMembers(self.second, self.first, self.counts, self.mass)


@dataclass(frozen=True, slots=True, eq=False)
class NodeMatches:
    """For each node of one graph the most similar node of another."""

    nodes: NDArray[np.int64]
    """The matching node, of equally similar ones the smallest; -1 if no node shares a point."""
    jaccard: NDArray[np.float64]
    """Points in both nodes over the points in either, 0 where there is no match."""


def check_same_points(first: MapperGraph, second: MapperGraph) -> None:
    """Refuse two graphs whose row numbers cannot mean the same points."""
    for name, graph in (("first", first), ("second", second)):
        if not isinstance(graph, MapperGraph):
            raise InvalidInputError(f"`{name}` must be a MapperGraph; got {type(graph).__name__}")
    if first.n_points != second.n_points:
        raise InvalidInputError(
            "`first` and `second` must be graphs of the same points row by row; "
            f"got {first.n_points} and {second.n_points} points"
        )


def shared_members(first: MapperGraph, second: MapperGraph) -> SharedMembers:
    """Pairs of nodes with a common point, and how many points each pair shares.

    The pairs ascend by the first node and then by the second. Time and memory grow with the pairs
    (node, node) of each point, not with those of the graphs.
    """
    check_same_points(first, second)
    rows = np.argsort(second.members, kind="stable")
    nodes = second.node_of_member[rows]
    counts = second.n_nodes_of_point
    begins = np.cumsum(counts) - counts
    # Every entry of the first graph meets all nodes of the second that hold its point.
    repeats = counts[first.members]
    ends = np.cumsum(repeats)
    places = np.arange(repeats.sum()) + np.repeat(begins[first.members] - ends + repeats, repeats)
    n_second = max(second.n_nodes, 1)
    keys = np.repeat(first.node_of_member.astype(np.int64), repeats) * n_second + nodes[places]
    parts = 1.0 / (first.n_nodes_of_point[first.members] * np.maximum(repeats, 1))
    found, pair_of = _numbered(keys, first.n_nodes * n_second)
    counts = np.bincount(pair_of, minlength=len(found)).astype(np.int64)
    mass = np.bincount(pair_of, weights=np.repeat(parts, repeats), minlength=len(found))
    return SharedMembers(found // n_second, found % n_second, counts, mass.astype(np.float64))


def _numbered(keys: NDArray[np.int64], n_keys: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct keys, ascending, and the place of each key among them.

    A table of all keys replaces sorting where it is not much larger than the keys.
    """
    if n_keys > 8 * len(keys) + 1000:
        found, places = np.unique(keys, return_inverse=True)
        return found, places
    there = np.zeros(n_keys, dtype=bool)
    there[keys] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[keys]


def match_nodes(first: MapperGraph, second: MapperGraph) -> NodeMatches:
    """Match each node of one graph to the node of another with the largest Jaccard index.

    Parameters
    ----------
    first, second : MapperGraph
        Graphs of the same points. Two nodes of the first may match the same one of the second.

    Returns
    -------
    NodeMatches
        The match of each node of `first`, and its Jaccard index.

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
    >>> matches = tl.match_nodes(many, few)
    >>> matches.nodes.tolist(), matches.jaccard.round(2).tolist()
    ([0, 0, 1, 1], [0.51, 0.56, 0.56, 0.51])
    """
    return best_matches(shared_members(first, second), first.sizes, second.sizes)


def best_matches(
    pairs: SharedMembers, first_sizes: NDArray[np.int64], second_sizes: NDArray[np.int64]
) -> NodeMatches:
    """Match nodes of the given sizes, of which only `pairs` share points."""
    either = first_sizes[pairs.first] + second_sizes[pairs.second] - pairs.counts
    jaccard = pairs.counts / either
    best = np.lexsort((pairs.second, -jaccard, pairs.first))
    matched, places = np.unique(pairs.first[best], return_index=True)
    nodes = np.full(len(first_sizes), -1, dtype=np.int64)
    similarity = np.zeros(len(first_sizes))
    nodes[matched] = pairs.second[best][places]
    similarity[matched] = jaccard[best][places]
    return NodeMatches(nodes, similarity)
