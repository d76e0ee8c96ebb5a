"""Which nodes and edges of a Mapper graph come back when points are left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import Points, check_integer, check_points, check_real
from topolens.base.errors import InvalidInputError
from topolens.base.mapper_graph import MapperGraph
from topolens.base.mapper_overlap import best_matches, shared_members
from topolens.descriptors.filtration import OnProgress, check_progress
from topolens.descriptors.mapper.clustering import DBSCAN, Clusterer, SingleLinkage
from topolens.descriptors.mapper.covers import Cover, Pullback, check_lens, pulled_back
from topolens.descriptors.mapper.graph import graph_over, loops_of_cover, mapper_graph
from topolens.descriptors.mapper.neighbours import EpsGraph, eps_graph

__all__ = ["MapperSupport", "mapper_support", "restricted"]


@dataclass(frozen=True, slots=True, eq=False)
class MapperSupport:
    """A Mapper graph, and what became of it in subsamples of its points."""

    graph: MapperGraph
    """The graph of all points."""
    share: float
    """Share of the points in each subsample, drawn without replacement."""
    similarity: float
    """Jaccard index from which on a node counts as found."""
    seed: int
    jaccard: NDArray[np.float64]
    """For each draw and node of the graph: Jaccard index of the most similar node of the draw,
    among the points drawn, shape (n_draws, n_nodes); 0 if no point of the node was drawn."""
    edges_found: NDArray[np.bool_]
    """For each draw and edge: whether both ends are found and joined, or one node now, shape
    (n_draws, n_edges)."""
    n_nodes: NDArray[np.int64]
    """Nodes of each draw, shape (n_draws,); the following likewise."""
    n_components: NDArray[np.int64]
    """Connected components."""
    loops: NDArray[np.int64]
    """Independent loops of the graph."""
    cover_loops: NDArray[np.int64]
    """Independent loops of the nerve of the cover."""
    coverage: NDArray[np.float64]
    """Share of the points drawn that are in some node."""

    @property
    def excess_loops(self) -> NDArray[np.int64]:
        """Loops of each draw beyond those of the cover."""
        return self.loops - self.cover_loops

    @property
    def node_jaccard(self) -> NDArray[np.float64]:
        """Mean Jaccard index of each node, shape (n_nodes,)."""
        mean: NDArray[np.float64] = self.jaccard.mean(axis=0)
        return mean

    @property
    def node_support(self) -> NDArray[np.float64]:
        """Share of the draws in which each node is found, shape (n_nodes,)."""
        found: NDArray[np.float64] = (self.jaccard >= self.similarity).mean(axis=0)
        return found

    @property
    def edge_support(self) -> NDArray[np.float64]:
        """Share of the draws in which each edge is found, shape (n_edges,)."""
        found: NDArray[np.float64] = self.edges_found.mean(axis=0)
        return found

    def band(self, name: str, *, level: float = 0.9) -> tuple[float, float]:
        """Values between which a share `level` of the draws lies, e.g. of `"n_components"`.

        They tell how much the graph depends on which points are there. They are no confidence
        interval: a subsample is thinner than the cloud at the same eps.
        """
        if not 0 < check_real(level, "level") < 1:
            raise InvalidInputError(
                f"`level` must lie between 0 and 1, neither included; got {level!r}"
            )
        if name not in _COUNTED:
            raise InvalidInputError(f"`name` must be one of {', '.join(_COUNTED)}; got {name!r}")
        values = getattr(self, name)
        low = np.quantile(values, (1 - level) / 2, method="lower")
        high = np.quantile(values, (1 + level) / 2, method="higher")
        return float(low), float(high)


_COUNTED = ("n_nodes", "n_components", "loops", "cover_loops", "excess_loops", "coverage")


def mapper_support(
    points: ArrayLike | EpsGraph,
    lens: ArrayLike,
    *,
    cover: Cover,
    cluster: DBSCAN | SingleLinkage | Clusterer,
    draws: int = 50,
    share: float = 0.8,
    similarity: float = 0.5,
    seed: int = 0,
    threads: int = 1,
    on_progress: OnProgress | None = None,
) -> MapperSupport:
    """Support of the nodes and edges of a Mapper graph under subsampling.

    The graph is made again from seeded subsamples, drawn without replacement (the repeated points
    of a bootstrap would count as neighbours of each other), with the same pieces of the lens and
    the same clustering. Near pairs are found once. Each node is matched to the most similar node
    of a draw by the Jaccard index among the points drawn.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features) or EpsGraph
        As for `mapper_graph`.
    lens : array_like of shape (n_points,) or (n_points, n_lenses)
        As for `mapper_graph`.
    cover : Cover
        As for `mapper_graph`. Its pieces are those of all points in every draw.
    cluster : DBSCAN, SingleLinkage or clusterer of scikit-learn
        As for `mapper_graph`, the same in every draw: as a draw is thinner, fewer points are core.
    draws : int, default 50
        Number of subsamples.
    share : float, default 0.8
        Share of the points in each, between 0 and 1.
    similarity : float, default 0.5
        Jaccard index from which on a node is found, above 0 and at most 1. At 0.5 or less, two
        nodes may be found in one and the same.
    seed : int, default 0
        Draw k depends on `seed` and k only.
    threads : int, default 1
        Threads to use; the result does not depend on them.
    on_progress : callable, optional
        Called after each draw with the share of them done; what it raises stops the work.

    Returns
    -------
    MapperSupport
        The graph of all points; per draw the Jaccard index of each node, edges found, counts of
        nodes, components and loops, and the coverage.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, or as `mapper_graph`.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    >>> circle = np.column_stack([np.cos(angle), np.sin(angle)])
    >>> support = tl.mapper_support(
    ...     circle, circle[:, 0], cover=tl.UniformCover(6, 0.3), cluster=tl.DBSCAN(0.25, 3)
    ... )
    >>> support.graph.loops, support.band("excess_loops")
    (1, (1.0, 1.0))
    >>> support.node_support.tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    draws = check_integer(draws, "draws", at_least=1)
    seed = check_integer(seed, "seed", at_least=0)
    check_integer(threads, "threads", at_least=1)
    check_progress(on_progress)
    similarity = check_real(similarity, "similarity", above=0, at_most=1)
    if not 0 < check_real(share, "share") < 1:
        raise InvalidInputError(
            f"`share` must lie between 0 and 1, neither included; got {share!r}"
        )
    near = _near(points, lens, cover, cluster, threads)
    n_points = near.n_points if isinstance(near, EpsGraph) else len(near)
    graph = mapper_graph(near, lens, cover=cover, cluster=cluster, threads=threads)
    values = check_lens(lens, n_points)
    pullback = pulled_back(cover, values)
    found: list[_Draw] = []
    for number in range(draws):
        rng = np.random.default_rng([seed, number])
        drawn = np.zeros(n_points, dtype=bool)
        drawn[rng.choice(n_points, max(2, round(share * n_points)), replace=False)] = True
        pieces = restricted(pullback, drawn)
        again = graph_over(
            near,
            values,
            pieces,
            cover=repr(cover),
            cover_loops=loops_of_cover(pieces),
            cluster=cluster,
            threads=threads,
        )
        found.append(_compare(graph, again, drawn, similarity))
        if on_progress is not None:
            on_progress((number + 1) / draws)
    return MapperSupport(
        graph=graph,
        share=float(share),
        similarity=similarity,
        seed=seed,
        jaccard=np.array([draw.jaccard for draw in found]),
        edges_found=np.array([draw.edges_found for draw in found]),
        n_nodes=np.array([draw.n_nodes for draw in found]),
        n_components=np.array([draw.n_components for draw in found]),
        loops=np.array([draw.loops for draw in found]),
        cover_loops=np.array([draw.cover_loops for draw in found]),
        coverage=np.array([draw.coverage for draw in found]),
    )


def restricted(pullback: Pullback, kept: NDArray[np.bool_]) -> Pullback:
    """Leave only some points in the pieces of a cover; the pieces stay, perhaps empty."""
    keep = kept[pullback.members]
    before = np.concatenate([[0], np.cumsum(keep, dtype=np.int64)])
    return Pullback(
        pullback.n_points,
        before[pullback.offsets],
        pullback.members[keep],
        pullback.low,
        pullback.high,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Draw:
    jaccard: NDArray[np.float64]
    edges_found: NDArray[np.bool_]
    n_nodes: int
    n_components: int
    loops: int
    cover_loops: int
    coverage: float


def _near(
    points: ArrayLike | EpsGraph,
    lens: ArrayLike,
    cover: Cover,
    cluster: DBSCAN | SingleLinkage | Clusterer,
    threads: int,
) -> Points | EpsGraph:
    """What all draws are clustered from."""
    if isinstance(points, EpsGraph):
        return points
    if isinstance(cluster, DBSCAN | SingleLinkage):
        return eps_graph(points, lens, eps=cluster.eps, cover=cover, threads=threads)
    return check_points(points)


def _compare(
    graph: MapperGraph, again: MapperGraph, drawn: NDArray[np.bool_], similarity: float
) -> _Draw:
    """Look for the nodes and edges of a graph in that of a draw, whose points are all drawn."""
    held = np.bincount(graph.node_of_member[drawn[graph.members]], minlength=graph.n_nodes)
    matches = best_matches(shared_members(graph, again), held, again.sizes)
    found = matches.jaccard >= similarity
    ends = np.sort(matches.nodes[graph.edges], axis=1)
    size = max(again.n_nodes, 1)
    joined = np.isin(ends @ [size, 1], again.edges.astype(np.int64) @ [size, 1])
    joined |= ends[:, 0] == ends[:, 1]
    return _Draw(
        matches.jaccard,
        joined & found[graph.edges].all(axis=1),
        again.n_nodes,
        again.n_components,
        again.loops,
        again.cover_loops,
        np.count_nonzero(again.n_nodes_of_point) / np.count_nonzero(drawn),
    )
