"""The Mapper graph of a point cloud along a lens."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist

from topolens.base.checks import Points, check_integer, check_points
from topolens.base.errors import InvalidInputError, TopolensWarning
from topolens.base.mapper_graph import MapperGraph
from topolens.descriptors.mapper.clustering import DBSCAN, Clusterer, SingleLinkage, labels_by
from topolens.descriptors.mapper.covers import Cover, Pullback, check_lens
from topolens.descriptors.mapper.nerve import nerve_edges

__all__ = ["mapper_graph"]


def mapper_graph(
    points: ArrayLike,
    lens: ArrayLike,
    *,
    cover: Cover,
    cluster: DBSCAN | SingleLinkage | Clusterer,
    threads: int = 1,
) -> MapperGraph:
    """Mapper graph: the points over each piece of a lens clustered, clusters joined.

    Singh, Mémoli, Carlsson, "Topological Methods for the Analysis of High Dimensional Data Sets
    and 3D Object Recognition" (2007). Purvine et al. (AAAI 2023) take the l2 norm of activations
    as the lens, `UniformCover(40, 0.25)` and `DBSCAN(eps, 5)`.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features)
        The cloud.
    lens : array_like of shape (n_points,) or (n_points, n_lenses)
        One or two numbers for each point.
    cover : Cover
        How the values of the lens are cut into overlapping pieces: `UniformCover`,
        `BalancedCover`, `BallCover`.
    cluster : DBSCAN, SingleLinkage or clusterer of scikit-learn
        What makes nodes of the points over a piece. The first two are fast; any object with
        `fit_predict` is called once for each piece.
    threads : int, default 1
        Threads to use; the result does not depend on them.

    Returns
    -------
    MapperGraph
        Nodes with their members, edges with the number of points they share.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, or a lens is the same for all points.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    >>> circle = np.column_stack([np.cos(angle), np.sin(angle)])
    >>> graph = tl.mapper_graph(
    ...     circle, circle[:, 0], cover=tl.UniformCover(6, 0.3), cluster=tl.DBSCAN(eps=0.1)
    ... )
    >>> graph.n_nodes, graph.n_components, graph.loops
    (10, 1, 1)
    """
    check_integer(threads, "threads", at_least=1)
    cloud = check_points(points)
    values = check_lens(lens, len(cloud))
    pullback = cover.pull_back(values)
    nodes = _nodes(cloud, pullback, _labelling(cluster))
    if not len(nodes.elements):
        warnings.warn(
            f"the graph has no nodes: every point is noise under {cluster!r}; enlarge `eps`",
            TopolensWarning,
            stacklevel=2,
        )
    edges, shared = nerve_edges(nodes.offsets, nodes.members, len(cloud))
    sizes = np.diff(nodes.offsets)
    of_members = values[nodes.members]
    starts = nodes.offsets[:-1]
    return MapperGraph(
        n_points=len(cloud),
        offsets=nodes.offsets,
        members=nodes.members,
        elements=nodes.elements,
        lens_low=np.minimum.reduceat(of_members, starts) if len(sizes) else of_members,
        lens_high=np.maximum.reduceat(of_members, starts) if len(sizes) else of_members,
        lens_mean=np.add.reduceat(of_members, starts) / sizes[:, None]
        if len(sizes)
        else of_members,
        edges=edges,
        shared=shared,
        n_elements=int(np.count_nonzero(pullback.sizes)),
        cover_loops=_cover_loops(pullback),
        cover=repr(cover),
        cluster=repr(cluster),
        version=version("topolens"),
    )


@dataclass(frozen=True, slots=True)
class _Nodes:
    offsets: NDArray[np.int64]
    members: NDArray[np.int32]
    elements: NDArray[np.int32]


Labelling = Callable[[Points, NDArray[np.int32]], NDArray[np.int64]]


def _labelling(cluster: DBSCAN | SingleLinkage | Clusterer) -> Labelling:
    if isinstance(cluster, DBSCAN):
        rule = cluster
        return lambda points, _: _dbscan(points, rule)
    if hasattr(cluster, "fit_predict"):
        clusterer = cluster
        return lambda points, _: labels_by(clusterer, points)
    raise InvalidInputError(
        f"`cluster` must be a DBSCAN, a SingleLinkage or have `fit_predict`; got {cluster!r}"
    )


def _nodes(cloud: Points, pullback: Pullback, labelling: Labelling) -> _Nodes:
    found: list[NDArray[np.int32]] = []
    elements: list[int] = []
    for number, rows in enumerate(pullback):
        if len(rows) == 0:
            continue
        labels = labelling(cloud[rows], rows)
        _, first = np.unique(labels, return_index=True)
        for label in labels[np.sort(first)]:
            if label >= 0:
                found.append(rows[labels == label])
                elements.append(number)
    offsets = np.zeros(len(found) + 1, dtype=np.int64)
    np.cumsum([len(node) for node in found], out=offsets[1:])
    members = np.concatenate(found) if found else np.zeros(0, np.int32)
    return _Nodes(offsets, members, np.array(elements, dtype=np.int32))


def _dbscan(points: Points, rule: DBSCAN) -> NDArray[np.int64]:
    """Slow and obvious; the compiled engine takes its place."""
    distances = cdist(points, points)
    near = distances <= rule.eps
    core = np.flatnonzero(near.sum(axis=1) >= rule.min_samples)
    labels = np.full(len(points), -1, dtype=np.int64)
    n_clusters = 0
    for start in core:
        if labels[start] >= 0:
            continue
        stack = [start]
        labels[start] = n_clusters
        while stack:
            reached = core[near[stack.pop(), core] & (labels[core] < 0)]
            labels[reached] = n_clusters
            stack.extend(reached)
        n_clusters += 1
    if len(core):
        border = np.setdiff1d(np.flatnonzero(near[:, core].any(axis=1)), core)
        labels[border] = labels[core[distances[np.ix_(border, core)].argmin(axis=1)]]
    return labels


def _cover_loops(pullback: Pullback) -> int:
    kept = pullback.sizes > 0
    offsets = np.concatenate([[0], np.cumsum(pullback.sizes[kept])])
    edges, shared = nerve_edges(offsets, pullback.members, pullback.n_points)
    n_elements = int(kept.sum())
    empty = np.zeros((n_elements, 0))
    nerve = MapperGraph(
        n_points=pullback.n_points,
        offsets=offsets,
        members=pullback.members,
        elements=np.arange(n_elements, dtype=np.int32),
        lens_low=empty,
        lens_high=empty,
        lens_mean=empty,
        edges=edges,
        shared=shared,
        n_elements=n_elements,
        cover_loops=0,
        cover="",
        cluster="",
    )
    return nerve.loops
