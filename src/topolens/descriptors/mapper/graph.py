"""The Mapper graph of a point cloud along a lens."""

from __future__ import annotations

import warnings
from importlib.metadata import version

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import Points, check_integer, check_points
from topolens.base.errors import InvalidInputError, TopolensWarning
from topolens.base.mapper_graph import MapperGraph, n_components_of
from topolens.descriptors.filtration import OnProgress, check_progress
from topolens.descriptors.mapper.clustering import (
    DBSCAN,
    Clusterer,
    SingleLinkage,
    clusters_by,
    rule_of,
)
from topolens.descriptors.mapper.covers import Cover, Pullback, check_lens, pulled_back
from topolens.descriptors.mapper.neighbours import EpsGraph, check_holds
from topolens.kernels.mapper import (
    SetsOfPoints,
    clusters_from_pairs,
    clusters_of_cover,
    nerve_edges,
)

__all__ = ["graph_over", "loops_of_cover", "mapper_graph"]


def mapper_graph(
    points: ArrayLike | EpsGraph,
    lens: ArrayLike,
    *,
    cover: Cover,
    cluster: DBSCAN | SingleLinkage | Clusterer,
    threads: int = 1,
    on_progress: OnProgress | None = None,
) -> MapperGraph:
    """Mapper graph: the points over each piece of a lens clustered, clusters joined.

    Singh, Mémoli, Carlsson, "Topological Methods for the Analysis of High Dimensional Data Sets
    and 3D Object Recognition" (2007). Purvine et al. (AAAI 2023) take the l2 norm of activations
    as the lens, `UniformCover(40, 0.25)` and `DBSCAN(eps, 5)`.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features) or EpsGraph
        The cloud, or what `eps_graph` found in it: then the graph costs a small part.
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
    on_progress : callable, optional
        Called now and then with the share of the work done; what it raises stops the work.

    Returns
    -------
    MapperGraph
        Nodes with their members, edges with the number of points they share.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, a lens is the same for all points, an eps-graph lacks
        pairs that the cover or eps needs, or the near pairs do not fit into memory.

    Notes
    -----
    Every pair of points that share a piece is measured once: by a matrix product in single
    precision with a bound on its rounding, then, if near, by differences in double precision,
    which decide. Near pairs take eight bytes and are dropped when the pieces that need them are
    clustered. Equal points are measured once, with a weight. `mapper_forecast` tells time and
    memory before.

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
    threads = check_integer(threads, "threads", at_least=1)
    check_progress(on_progress)
    cloud = points.points if isinstance(points, EpsGraph) else check_points(points)
    values = check_lens(lens, len(cloud))
    pullback = pulled_back(cover, values)
    graph = graph_over(
        points if isinstance(points, EpsGraph) else cloud,
        values,
        pullback,
        cover=repr(cover),
        cover_loops=loops_of_cover(pullback),
        cluster=cluster,
        threads=threads,
        on_progress=on_progress,
    )
    if graph.n_nodes == 0:
        warnings.warn(
            f"the graph has no nodes: every point is noise under {cluster!r}; enlarge `eps`",
            TopolensWarning,
            stacklevel=2,
        )
    return graph


def graph_over(
    points: Points | EpsGraph,
    values: NDArray[np.float64],
    pullback: Pullback,
    *,
    cover: str,
    cover_loops: int,
    cluster: DBSCAN | SingleLinkage | Clusterer,
    threads: int,
    on_progress: OnProgress | None = None,
) -> MapperGraph:
    """Mapper graph over the pieces of a lens that are already pulled back."""
    cloud = points.points if isinstance(points, EpsGraph) else points
    elements = SetsOfPoints(pullback.offsets, pullback.members)
    if not isinstance(cluster, DBSCAN | SingleLinkage):
        _refuse_what_cannot_cluster(cluster)
        nodes, of_elements = clusters_by(cluster, cloud, elements, on_progress)
    elif isinstance(points, EpsGraph):
        check_holds(points, pullback, cluster.eps)
        nodes, of_elements = clusters_from_pairs(
            points.pairs, cloud, elements, rule_of(cluster), threads=threads
        )
    else:
        nodes, of_elements = clusters_of_cover(
            cloud, elements, rule_of(cluster), threads=threads, progress=on_progress
        )
    edges, shared = nerve_edges(nodes, len(cloud))
    low, high, mean = _lens_of_nodes(nodes, values)
    return MapperGraph(
        n_points=len(cloud),
        offsets=nodes.offsets,
        members=nodes.members,
        elements=of_elements,
        lens_low=low,
        lens_high=high,
        lens_mean=mean,
        edges=edges,
        shared=shared,
        n_elements=int(np.count_nonzero(pullback.sizes)),
        cover_loops=cover_loops,
        cover=cover,
        cluster=repr(cluster),
        version=version("topolens"),
    )


def loops_of_cover(pullback: Pullback) -> int:
    """Independent loops of the graph that joins elements with common points."""
    kept = pullback.sizes > 0
    offsets = np.append(0, np.cumsum(pullback.sizes[kept]))
    edges, _ = nerve_edges(SetsOfPoints(offsets, pullback.members), pullback.n_points)
    n_elements = len(offsets) - 1
    return len(edges) - n_elements + n_components_of(edges, n_elements)


def _refuse_what_cannot_cluster(cluster: object) -> None:
    if not hasattr(cluster, "fit_predict"):
        raise InvalidInputError(
            f"`cluster` must be a DBSCAN, a SingleLinkage or have `fit_predict`; got {cluster!r}"
        )


def _lens_of_nodes(
    nodes: SetsOfPoints, values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Least, largest and mean lens value of each node, shape (n_nodes, n_lenses)."""
    held = values[nodes.members]
    starts = nodes.offsets[:-1]
    if len(starts) == 0:
        return held, held, held
    mean = np.add.reduceat(held, starts) / np.diff(nodes.offsets)[:, None]
    return np.minimum.reduceat(held, starts), np.maximum.reduceat(held, starts), mean
