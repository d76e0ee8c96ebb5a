"""The order in which the parts of a graph join as nodes are added from high to low values."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["joins"]


def joins(
    edges: NDArray[np.int32], heights: NDArray[np.float64]
) -> Iterator[tuple[int, dict[int, list[int]]]]:
    """Each node in the order of falling heights, with the components that it joins.

    Of equal heights the smaller node comes first. A component is the nodes so far that are
    connected by edges among them, in no order, under the last of them as its key; so what a node
    joins has the node itself as its key from then on. The lists must not be kept.
    """
    n_nodes = len(heights)
    order = np.lexsort((np.arange(n_nodes), -heights))
    place = np.empty(n_nodes, dtype=np.int64)
    place[order] = np.arange(n_nodes)
    both = np.concatenate([edges, edges[:, ::-1]])
    both = both[np.argsort(both[:, 0], kind="stable")]
    begins = np.searchsorted(both[:, 0], np.arange(n_nodes + 1))
    roots = np.arange(n_nodes)
    held: dict[int, list[int]] = {}

    def root(node: int) -> int:
        while roots[node] != node:
            roots[node] = roots[roots[node]]
            node = int(roots[node])
        return node

    for node in order.tolist():
        others = both[begins[node] : begins[node + 1], 1]
        earlier = others[place[others] < place[node]]
        joined = sorted({root(int(other)) for other in earlier})
        yield node, {part: held[part] for part in joined}
        held[node] = [node]
        for part in joined:
            # The larger list stays, so that no node is moved often.
            larger, smaller = (part, node) if len(held[part]) > len(held[node]) else (node, part)
            held[larger] += held.pop(smaller)
            held[node] = held.pop(larger)
            roots[part] = node
