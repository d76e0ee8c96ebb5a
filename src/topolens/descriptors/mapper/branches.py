"""Where a Mapper graph forks along its lens into parts of different classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_integer, check_one_of, check_real
from topolens.base.mapper_graph import MapperGraph
from topolens.descriptors.mapper.joins import joins
from topolens.descriptors.mapper.purity import check_classes

__all__ = ["Branch", "BranchPoint", "branch_points"]

_LEAST_POINTS = 5
_LEAST_SHARE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A part of a Mapper graph on the far side of a branch point."""

    nodes: NDArray[np.int64]
    """Its nodes, ascending."""
    n_points: int
    """Points in them, each counted once."""
    majority: Any
    """The class that most of the points are of, the first of equals."""
    share: float
    """Share of the points that are of it."""


@dataclass(frozen=True, slots=True, eq=False)
class BranchPoint:
    """A node at which parts of different majority classes come together."""

    node: int
    lens: float
    """Mean lens value of the node."""
    branches: tuple[Branch, ...]
    """The parts, the largest first."""
    information: float
    """What the branch of a point tells about its class, in nats (mutual information)."""
    p_value: float
    """(1 + permutations of the labels that tell as much) / (1 + permutations)."""


def branch_points(
    graph: MapperGraph,
    labels: ArrayLike,
    *,
    towards: str = "high",
    axis: int = 0,
    min_points: int | None = None,
    level: float = 0.05,
    permutations: int = 199,
    seed: int = 0,
) -> tuple[BranchPoint, ...]:
    """Nodes where the graph forks along the lens into parts of different classes.

    Take the nodes in the order of falling lens values. Components of the nodes so far grow and
    join: the join tree of the graph [1]_. A node that joins two components or more is a branch
    point if at least two of them hold `min_points` points, their majority classes differ, and
    the branch tells more about the class than under permuted labels. Read the other way, from
    low to high lens values, the graph forks there by class.

    Parameters
    ----------
    graph : MapperGraph
        The graph.
    labels : array_like of shape (n_points,)
        Class of each point, two classes or more.
    towards : {"high", "low"}, default "high"
        Which end of the lens the branches lead to.
    axis : int, default 0
        Column of the lens.
    min_points : int, optional
        Points that a branch needs. Default: one per cent of the points in nodes, at least 5.
    level : float, default 0.05
        Largest p-value of a branch point that is returned; 1 returns all.
    permutations : int, default 199
        Permutations of the labels among the points of the branches.
    seed : int, default 0
        Seed of the permutations.

    Returns
    -------
    tuple of BranchPoint
        From the far end of the lens on.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, there are no nodes or one class only.

    References
    ----------
    .. [1] H. Carr, J. Snoeyink, U. Axen, "Computing contour trees in all dimensions",
       Computational Geometry 24, 2003.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> height = np.tile(np.linspace(0, 2, 200), 2)
    >>> arm = np.repeat([-1, 1], 200)
    >>> fork = np.column_stack([arm * np.maximum(height - 1, 0), height])
    >>> graph = tl.mapper_graph(
    ...     fork, height, cover=tl.UniformCover(10, 0.3), cluster=tl.DBSCAN(0.1, 5)
    ... )
    >>> (point,) = tl.branch_points(graph, np.where(arm > 0, "right", "left"))
    >>> 0.9 < point.lens < 1.2, sorted(branch.majority for branch in point.branches)
    (True, ['left', 'right'])
    """
    check_one_of(towards, "towards", ("high", "low"))
    check_integer(axis, "axis", at_least=0, at_most=graph.lens_mean.shape[1] - 1)
    check_real(level, "level", above=0, at_most=1)
    check_integer(permutations, "permutations", at_least=1)
    check_integer(seed, "seed", at_least=0)
    classes, numbers = check_classes(graph, labels)
    n_held = graph.n_points - len(graph.noise)
    least = max(_LEAST_POINTS, round(_LEAST_SHARE * n_held))
    if min_points is not None:
        least = check_integer(min_points, "min_points", at_least=1)
    lens = graph.lens_mean[:, axis]
    rng = np.random.default_rng([seed, graph.n_nodes])
    found = []
    for node, parts in joins(graph.edges, lens if towards == "high" else -lens):
        large = _large(graph, [*parts.values()], least)
        if len(large) < 2:
            continue
        counts = np.array([np.bincount(numbers[rows], minlength=len(classes)) for _, rows in large])
        if len(np.unique(counts.argmax(axis=1))) < 2:
            continue
        told, p_value = _information(counts, permutations, rng)
        if p_value <= level:
            branches = tuple(
                _branch(nodes, of_branch, classes)
                for (nodes, _), of_branch in zip(large, counts, strict=True)
            )
            found.append(BranchPoint(node, float(lens[node]), branches, told, p_value))
    return tuple(found)


def _large(
    graph: MapperGraph, parts: list[list[int]], least: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int32]]]:
    """Nodes and points of the parts that hold enough points, the largest first."""
    if len(parts) < 2:
        return []
    # Memberships are quick to count and no fewer than points.
    likely = [np.sort(part) for part in parts if graph.sizes[part].sum() >= least]
    if len(likely) < 2:
        return []
    held = [(nodes, _rows(graph, nodes)) for nodes in likely]
    kept = [(nodes, rows) for nodes, rows in held if len(rows) >= least]
    return sorted(kept, key=lambda pair: (-len(pair[1]), int(pair[0][0])))


def _branch(nodes: NDArray[np.int64], counts: NDArray[np.int64], classes: NDArray[Any]) -> Branch:
    largest = int(counts.argmax())
    n_points = int(counts.sum())
    return Branch(nodes, n_points, classes[largest].item(), float(counts[largest] / n_points))


def _rows(graph: MapperGraph, nodes: NDArray[np.int64]) -> NDArray[np.int32]:
    return np.unique(np.concatenate([graph.node(int(node)) for node in nodes]))


def _information(
    counts: NDArray[np.int64], permutations: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Mutual information of a table of counts, and its p-value at fixed margins."""
    from scipy.stats import random_table

    held = counts[:, counts.sum(axis=0) > 0]
    found = float(_mutual_information(held[None])[0])
    tables = random_table(held.sum(axis=1), held.sum(axis=0), seed=rng).rvs(permutations)
    n_as_much = np.count_nonzero(_mutual_information(tables) >= found - 1e-12)
    return found, float((1 + n_as_much) / (1 + permutations))


def _mutual_information(tables: NDArray[Any]) -> NDArray[np.float64]:
    shares = tables / tables[0].sum()
    expected = shares.sum(axis=2, keepdims=True) * shares.sum(axis=1, keepdims=True)
    logs = np.log(shares / expected, out=np.zeros(shares.shape), where=shares > 0)
    information: NDArray[np.float64] = np.maximum((shares * logs).sum(axis=(1, 2)), 0)
    return information
