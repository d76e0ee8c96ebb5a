"""Which classes a Mapper graph keeps together longest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_integer, check_one_of
from topolens.base.errors import InvalidInputError
from topolens.base.formats import check_format
from topolens.base.mapper_graph import MapperGraph
from topolens.descriptors.mapper.joins import joins
from topolens.descriptors.mapper.purity import check_classes, class_counts

__all__ = ["ClassHierarchy", "class_hierarchy"]

_FORMAT = 1
_NEVER = 1 - 1e-12  # distance of what never meets, but for rounding

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ClassHierarchy:
    """A tree of the classes, and the levels of the graph at which they meet."""

    classes: tuple[Any, ...]
    """The classes, ascending."""
    levels: Values
    """Mean level at which a point of one class and one of another meet, 0 for never;
    shape (n_classes, n_classes), symmetric. The diagonal is about points of one class."""
    merges: Values
    """The tree in the format of scipy's `linkage`: two clusters, their distance 1 - level, and
    the number of classes in both, shape (n_classes - 1, 4)."""
    by: str
    """What the levels are, "purity", "high" or "low"."""

    @property
    def n_apart(self) -> int:
        """Groups of classes that never meet: merges beyond them have distance 1, in any order."""
        return 1 + int(np.count_nonzero(self.merges[:, 2] >= _NEVER))

    def groups(self, count: int) -> tuple[tuple[Any, ...], ...]:
        """Cut the tree into so many groups of classes, at least `n_apart`, each ascending."""
        check_integer(count, "count", at_least=self.n_apart, at_most=len(self.classes))
        held = {number: [number] for number in range(len(self.classes))}
        for step in range(len(self.classes) - count):
            first, second = map(int, self.merges[step, :2])
            held[len(self.classes) + step] = held.pop(first) + held.pop(second)
        parts = sorted(sorted(part) for part in held.values())
        return tuple(tuple(self.classes[number] for number in part) for part in parts)

    def newick(self) -> str:
        """The tree as text that programs for trees read, e.g. "((cat,dog),(car,ship));".

        Groups that never meet hang from the root side by side.
        """
        texts = dict(enumerate(map(_quoted, self.classes)))
        for step in range(len(self.classes) - self.n_apart):
            first, second = map(int, self.merges[step, :2])
            texts[len(self.classes) + step] = f"({texts.pop(first)},{texts.pop(second)})"
        apart = list(texts.values())
        return (apart[0] if len(apart) == 1 else f"({','.join(apart)})") + ";"

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers, fit for JSON."""
        return {
            "format_version": _FORMAT,
            "classes": list(self.classes),
            "levels": self.levels.tolist(),
            "merges": self.merges.tolist(),
            "by": self.by,
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> ClassHierarchy:
        """Rebuild what `to_dict` gave."""
        check_format(record, _FORMAT, "ClassHierarchy")
        levels = np.array(record["levels"], dtype=np.float64)
        merges = np.array(record["merges"], dtype=np.float64)
        return cls(tuple(record["classes"]), levels, merges, record["by"])


def class_hierarchy(
    graph: MapperGraph, labels: ArrayLike, *, by: str = "purity", axis: int = 0
) -> ClassHierarchy:
    """Hierarchy of the classes: how early their points meet as impure nodes are let in.

    Every node has a level from 0 to 1. Two nodes meet at the largest level t such that a path
    between them has levels of at least t; two points meet where their nodes do, averaged over
    the nodes of each. The level of two classes is the mean over their pairs of points in nodes;
    points in different components never meet, which counts as 0. Average linkage of 1 - level
    makes the tree. (The levels come from the join tree of the graph, Carr, Snoeyink, Axen 2003;
    reading classes off it is our own definition.)

    Parameters
    ----------
    graph : MapperGraph
        The graph.
    labels : array_like of shape (n_points,)
        Class of each point, two classes or more.
    by : {"purity", "high", "low"}, default "purity"
        What the level of a node is: the share of its largest class; or the share of the nodes
        whose mean lens value is at most its own ("high": classes part towards high values), or
        at least its own ("low").
    axis : int, default 0
        Column of the lens, for "high" and "low".

    Returns
    -------
    ClassHierarchy
        The tree and the levels of all pairs of classes.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, there are no nodes or one class only, or a class has
        no point in a node.

    Notes
    -----
    Where classes lie side by side in a row, all boundaries have nodes of two classes in equal
    parts: the levels are then much alike and the tree says little.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> height = np.tile(np.linspace(0, 3, 300), 3)
    >>> arm = np.repeat([0, 1, 2], 300)
    >>> first, second = np.maximum(height - 1, 0), np.maximum(height - 2, 0)
    >>> tree = np.column_stack([np.where(arm == 0, -first, first), second * (arm == 1), height])
    >>> graph = tl.mapper_graph(
    ...     tree, height, cover=tl.UniformCover(15, 0.3), cluster=tl.DBSCAN(0.1, 5)
    ... )
    >>> names = np.array(["car", "cat", "dog"])[arm]
    >>> tl.class_hierarchy(graph, names).newick()
    '(car,(cat,dog));'
    """
    check_one_of(by, "by", ("purity", "high", "low"))
    check_integer(axis, "axis", at_least=0, at_most=graph.lens_mean.shape[1] - 1)
    classes, numbers = check_classes(graph, labels)
    heights = _heights(graph, numbers, len(classes), by, axis)
    parts = _parts(graph, numbers, len(classes))
    held = parts.sum(axis=0)
    if (held == 0).any():
        raise InvalidInputError(
            f"`graph` must hold points of every class; all points of "
            f"{classes[int(held.argmin())]!s} are in no node"
        )
    levels = np.zeros((len(classes), len(classes)))
    totals: dict[int, Values] = {}
    for node, joined in joins(graph.edges, heights):
        met = [totals.pop(part) for part in joined]
        totals[node] = whole = parts[node] + np.sum(met, axis=0)
        # Pairs within the node and across what it joins: all pairs less those met before.
        levels += heights[node] * np.outer(whole, whole)
        for part in met:
            levels -= heights[node] * np.outer(part, part)
    levels /= np.outer(held, held)
    return ClassHierarchy(tuple(classes.tolist()), levels, _average_linkage(levels), by)


def _heights(
    graph: MapperGraph, numbers: NDArray[np.int64], n_classes: int, by: str, axis: int
) -> Values:
    if by == "purity":
        shares: Values = class_counts(graph, numbers, n_classes).max(axis=1) / graph.sizes
        return shares
    lens = graph.lens_mean[:, axis] * (1 if by == "high" else -1)
    ranks: Values = np.searchsorted(np.sort(lens), lens, side="right") / len(lens)
    return ranks


def _parts(graph: MapperGraph, numbers: NDArray[np.int64], n_classes: int) -> Values:
    """Points of each node by class, a point of several nodes in equal parts."""
    places = graph.node_of_member.astype(np.int64) * n_classes + numbers[graph.members]
    weights = 1 / graph.n_nodes_of_point[graph.members]
    parts = np.bincount(places, weights=weights, minlength=graph.n_nodes * n_classes)
    return parts.reshape(-1, n_classes).astype(np.float64, copy=False)


def _average_linkage(levels: Values) -> Values:
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    distances = np.maximum(1 - (levels + levels.T) / 2, 0)
    np.fill_diagonal(distances, 0)
    merges: Values = linkage(squareform(distances, checks=False), "average")
    return merges


def _quoted(name: object) -> str:
    text = str(name)
    if text.replace("_", "").replace("-", "").replace(".", "").isalnum():
        return text
    return "'" + text.replace("'", "''") + "'"
