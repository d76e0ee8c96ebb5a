"""The Mapper graph of a cloud: clusters of cover elements, joined where they share points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.errors import InvalidInputError
from topolens.base.results import check_format

__all__ = ["MapperGraph", "components_of", "n_components_of"]

_FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class MapperGraph:
    """Nodes are clusters within one cover element, edges are pairs of nodes that share points.

    Nodes are numbered by cover element and then by their smallest member, edges by their nodes:
    the same input has the same numbers, whatever the threads.
    """

    n_points: int
    """Points of the cloud, those in no node included."""
    offsets: NDArray[np.int64]
    """Where the members of each node begin in `members`, shape (n_nodes + 1,)."""
    members: NDArray[np.int32]
    """Row numbers of the points of node 0, then node 1 …, ascending within each node."""
    elements: NDArray[np.int32]
    """Number of the cover element that each node lies in, shape (n_nodes,)."""
    lens_low: NDArray[np.float64]
    """Smallest lens value of a member, shape (n_nodes, n_lenses)."""
    lens_high: NDArray[np.float64]
    """Largest lens value of a member, shape (n_nodes, n_lenses)."""
    lens_mean: NDArray[np.float64]
    """Mean lens value of the members, shape (n_nodes, n_lenses)."""
    edges: NDArray[np.int32]
    """Pairs of nodes (i, j), i < j, ascending, shape (n_edges, 2)."""
    shared: NDArray[np.int32]
    """Points that the two nodes of each edge share, shape (n_edges,)."""
    n_elements: int
    """Cover elements that hold a point."""
    cover_loops: int
    """Independent loops of the nerve of the cover itself, as a graph."""
    cover: str
    """The cover, as Python writes it."""
    cluster: str
    """The clustering, as Python writes it."""
    version: str = ""
    """Version of TopoLens that computed it."""
    positions: NDArray[np.float64] | None = None
    """Where each node is drawn, shape (n_nodes, 2), if `placed` has stored it."""

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.elements)

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.edges)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Members of each node, shape (n_nodes,)."""
        return np.diff(self.offsets)

    def node(self, number: int) -> NDArray[np.int32]:
        """Row numbers of the members of one node, ascending."""
        if not 0 <= number < self.n_nodes:
            raise IndexError(f"`number` must be from 0 to {self.n_nodes - 1}; got {number!r}")
        return self.members[self.offsets[number] : self.offsets[number + 1]]

    def nodes(self) -> Iterator[NDArray[np.int32]]:
        """Row numbers of the members of each node in turn."""
        for begin, end in zip(self.offsets[:-1], self.offsets[1:], strict=True):
            yield self.members[begin:end]

    @property
    def node_of_member(self) -> NDArray[np.int32]:
        """The node that each entry of `members` belongs to, shape (len(members),)."""
        return np.repeat(np.arange(self.n_nodes, dtype=np.int32), self.sizes)

    @property
    def jaccard(self) -> NDArray[np.float64]:
        """Shared points of each edge over the points of either node, shape (n_edges,)."""
        sizes = self.sizes[self.edges]
        share: NDArray[np.float64] = self.shared / (sizes.sum(axis=1) - self.shared)
        return share

    @property
    def n_nodes_of_point(self) -> NDArray[np.int64]:
        """How many nodes hold each point, shape (n_points,)."""
        return np.bincount(self.members, minlength=self.n_points)

    @property
    def noise(self) -> NDArray[np.int64]:
        """Row numbers of the points in no node, ascending."""
        return np.flatnonzero(self.n_nodes_of_point == 0)

    @property
    def coverage(self) -> float:
        """Share of the points that are in some node."""
        return 1.0 - len(self.noise) / self.n_points

    @property
    def components(self) -> NDArray[np.int64]:
        """Connected component of each node, numbered by their smallest nodes, shape (n_nodes,)."""
        return components_of(self.edges, self.n_nodes)

    @property
    def n_components(self) -> int:
        """Number of connected components."""
        return n_components_of(self.edges, self.n_nodes)

    @property
    def loops(self) -> int:
        """Independent loops of the graph: edges - nodes + components.

        A cover in two dimensions makes loops on any data; compare with `cover_loops`.
        """
        return self.n_edges - self.n_nodes + self.n_components

    def placed(self, positions: NDArray[np.float64]) -> MapperGraph:
        """Return the graph with the positions of its nodes, shape (n_nodes, 2)."""
        array = np.asarray(positions, dtype=np.float64)
        if array.shape != (self.n_nodes, 2) or not np.isfinite(array).all():
            raise InvalidInputError(
                f"`positions` must be two finite numbers for each of the {self.n_nodes} nodes; "
                f"got shape {array.shape}"
            )
        return replace(self, positions=array)

    def centroids(self, values: ArrayLike) -> NDArray[np.float64]:
        """Mean over the members of each node of any values of the points.

        Parameters
        ----------
        values : array_like of shape (n_points,) or (n_points, n_features)
            E.g. the cloud, or the confidence of the network.

        Returns
        -------
        ndarray of shape (n_nodes,) or (n_nodes, n_features)
            In double precision.
        """
        array = np.asarray(values)
        if array.ndim not in (1, 2) or len(array) != self.n_points:
            raise InvalidInputError(
                f"`values` must have one row for each of the {self.n_points} points; "
                f"got shape {array.shape}"
            )
        means = np.empty((self.n_nodes, *array.shape[1:]))
        for number, rows in enumerate(self.nodes()):
            means[number] = array[rows].mean(axis=0, dtype=np.float64)
        return means

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers, fit for JSON."""
        arrays = {name: getattr(self, name).tolist() for name in _ARRAYS}
        plain = {name: getattr(self, name) for name in _PLAIN}
        n_lenses = self.lens_low.shape[1]
        record = {"format_version": _FORMAT, "n_lenses": n_lenses, **plain, **arrays}
        if self.positions is not None:
            record["positions"] = self.positions.tolist()
        return record

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> MapperGraph:
        """Rebuild what `to_dict` gave."""
        check_format(record, _FORMAT, "MapperGraph")
        shapes: dict[str, Any] = {"edges": (-1, 2)}
        shapes |= {name: (-1, record["n_lenses"]) for name in _ARRAYS if name.startswith("lens_")}
        fields: dict[str, Any] = {name: record[name] for name in _PLAIN}
        for name, dtype in _ARRAYS.items():
            fields[name] = np.array(record[name], dtype).reshape(shapes.get(name, -1))
        graph = cls(**fields)
        _refuse_contradictions(graph)
        if "positions" not in record:
            return graph
        return graph.placed(np.array(record["positions"], dtype=np.float64).reshape(-1, 2))


def _refuse_contradictions(graph: MapperGraph) -> None:
    """Refuse a record whose arrays are not of one graph, as after a change by hand."""
    n_nodes = graph.n_nodes
    of_nodes = (graph.lens_low, graph.lens_high, graph.lens_mean, graph.offsets[1:])
    is_whole = (
        all(len(array) == n_nodes for array in of_nodes)
        and graph.offsets[0] == 0
        and graph.offsets[-1] == len(graph.members)
        and bool((graph.sizes > 0).all())
        and _are_below(graph.members, graph.n_points)
        and _are_below(graph.edges, n_nodes)
        and len(graph.shared) == graph.n_edges
    )
    if not is_whole:
        raise InvalidInputError(
            "`record` must be a whole MapperGraph; its nodes, members or edges do not fit together"
        )


def _are_below(numbers: NDArray[np.int32], bound: int) -> bool:
    return bool(((numbers >= 0) & (numbers < bound)).all())


def components_of(edges: NDArray[np.int32], n_nodes: int) -> NDArray[np.int64]:
    """Connected component of each node, numbered by their smallest nodes, shape (n_nodes,)."""
    roots = list(range(n_nodes))

    def root(node: int) -> int:
        while roots[node] != node:
            roots[node] = roots[roots[node]]
            node = roots[node]
        return node

    for first, second in edges.tolist():
        low, high = sorted((root(first), root(second)))
        roots[high] = low
    _, numbers = np.unique([root(node) for node in roots], return_inverse=True)
    return numbers.astype(np.int64)


def n_components_of(edges: NDArray[np.int32], n_nodes: int) -> int:
    """Number of connected components."""
    return int(components_of(edges, n_nodes).max(initial=-1)) + 1


_ARRAYS: dict[str, type[np.generic]] = {
    "offsets": np.int64,
    "members": np.int32,
    "elements": np.int32,
    "lens_low": np.float64,
    "lens_high": np.float64,
    "lens_mean": np.float64,
    "edges": np.int32,
    "shared": np.int32,
}
_PLAIN = ("n_points", "n_elements", "cover_loops", "cover", "cluster", "version")
