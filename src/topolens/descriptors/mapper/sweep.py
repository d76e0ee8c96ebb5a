"""Mapper graphs of one cloud over a grid of settings, and where the picture is stable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_integer, check_labels, check_one_of, check_points, check_real
from topolens.base.errors import InvalidInputError
from topolens.base.mapper_graph import MapperGraph
from topolens.descriptors.filtration import OnProgress, check_progress
from topolens.descriptors.mapper.clustering import DBSCAN
from topolens.descriptors.mapper.covers import (
    BalancedCover,
    Cover,
    Pullback,
    UniformCover,
    check_lens,
)
from topolens.descriptors.mapper.graph import graph_over, loops_of_cover
from topolens.descriptors.mapper.neighbours import EpsGraph, eps_graph
from topolens.descriptors.mapper.plateaus import graph_similarity, middle_of, stable_regions
from topolens.descriptors.mapper.summary import node_purities

__all__ = ["MapperPlateau", "MapperSetting", "MapperSweep", "mapper_sweep"]

_COVERS = ("uniform", "balanced")


@dataclass(frozen=True, slots=True)
class MapperSetting:
    """One place of the grid of a sweep."""

    n_intervals: int
    overlap: float
    eps: float


@dataclass(frozen=True, slots=True)
class MapperPlateau:
    """A region of the grid over which the picture is the same."""

    settings: tuple[MapperSetting, ...]
    """All of its settings, in the order of the grid."""
    middle: MapperSetting
    """The setting nearest to the mean place of the region."""
    n_components: int
    excess_loops: int


@dataclass(frozen=True, slots=True, eq=False)
class MapperSweep:
    """What Mapper graphs of one cloud look like over a grid of settings.

    Arrays have shape (n_intervals, n_overlaps, n_eps), in the order of the three axes.
    """

    intervals: tuple[int, ...]
    overlaps: tuple[float, ...]
    eps_values: tuple[float, ...]
    min_samples: int
    cover: str
    n_points: int
    nodes: NDArray[np.int64]
    edges: NDArray[np.int64]
    components: NDArray[np.int64]
    loops: NDArray[np.int64]
    """Independent loops of each graph."""
    cover_loops: NDArray[np.int64]
    """Independent loops of the nerve of each cover itself."""
    noise: NDArray[np.int64]
    """Points in no node."""
    purity: NDArray[np.float64] | None
    """Mean over nodes of 1 / (classes present), 0 without nodes; None without labels."""
    weighted_purity: NDArray[np.float64] | None
    """Memberships that are of their node's largest class / all memberships; None likewise."""
    similarities: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
    """Similarity of each graph with the next one along each axis, which is one shorter."""
    regions: NDArray[np.int64]
    """Number of the plateau that each setting lies in, 0 being the largest; -1 where fewer points
    than `least_coverage` are in a node."""

    @property
    def excess_loops(self) -> NDArray[np.int64]:
        """Loops of each graph beyond those of its cover."""
        return self.loops - self.cover_loops

    @property
    def coverage(self) -> NDArray[np.float64]:
        """Share of the points that are in some node."""
        share: NDArray[np.float64] = 1.0 - self.noise / self.n_points
        return share

    @property
    def n_plateaus(self) -> int:
        """Number of regions, lone settings included."""
        return int(self.regions.max()) + 1

    def plateau(self, number: int = 0) -> MapperPlateau:
        """One of the regions over which the picture is stable, by size; 0 is the largest."""
        if not 0 <= number < self.n_plateaus:
            raise IndexError(f"`number` must be from 0 to {self.n_plateaus - 1}; got {number!r}")
        places = np.argwhere(self.regions == number)
        middle = middle_of(places)
        return MapperPlateau(
            tuple(self._setting(tuple(place)) for place in places.tolist()),
            self._setting(middle),
            int(self.components[middle]),
            int(self.excess_loops[middle]),
        )

    @property
    def suggested(self) -> MapperSetting:
        """The setting in the middle of the largest plateau."""
        if self.n_plateaus == 0:
            raise InvalidInputError(
                "`eps_values` must hold one under which enough points are in a node; the best "
                f"coverage is {self.coverage.max():.2f}; enlarge `eps`"
            )
        return self.plateau().middle

    def _setting(self, place: tuple[int, ...]) -> MapperSetting:
        return MapperSetting(
            self.intervals[place[0]], self.overlaps[place[1]], self.eps_values[place[2]]
        )


def mapper_sweep(
    points: ArrayLike | EpsGraph,
    lens: ArrayLike,
    *,
    intervals: Sequence[int],
    overlaps: Sequence[float],
    eps_values: Sequence[float],
    min_samples: int = 5,
    cover: str = "uniform",
    labels: ArrayLike | None = None,
    similarity: float = 0.5,
    least_coverage: float = 0.5,
    threads: int = 1,
    on_progress: OnProgress | None = None,
) -> MapperSweep:
    """Make the Mapper graphs of a cloud under all settings of a grid; near pairs are found once.

    Two settings one step apart show the same picture if their graphs have equally many components
    and equally many loops beyond those of their covers, and if their nodes find each other: the
    mean over the points in nodes of the best Jaccard index, in the worse direction, is at least
    `similarity`. A plateau is a region of the grid connected by such steps. A large one may be a
    trivial one: all in one component, without a loop.

    Parameters
    ----------
    points : array_like of shape (n_points, n_features) or EpsGraph
        The cloud, or what `eps_graph` found in it.
    lens : array_like of shape (n_points,) or (n_points, n_lenses)
        As for `mapper_graph`.
    intervals : sequence of int
        Numbers of intervals per lens, ascending.
    overlaps : sequence of float
        Overlaps of the intervals, ascending.
    eps_values : sequence of float
        Values of `eps` of DBSCAN, ascending.
    min_samples : int, default 5
        As for `DBSCAN`.
    cover : {"uniform", "balanced"}, default uniform
        `UniformCover` or `BalancedCover`.
    labels : array_like of shape (n_points,), optional
        The class of each point, for the purity.
    similarity : float, default 0.5
        Least similarity of neighbours on a plateau, from 0 to 1. Between n and m > n intervals
        nodes can hardly be more similar than n / m, so fine steps allow a stricter one.
    least_coverage : float, default 0.5
        A setting under which a smaller share of the points is in a node is on no plateau.
    threads : int, default 1
        Threads to use; the result does not depend on them.
    on_progress : callable, optional
        Called after each graph with the share of them done; what it raises stops the work.

    Returns
    -------
    MapperSweep
        Counts for each setting, the plateaus, and a setting in the middle of the largest.

    Raises
    ------
    InvalidInputError
        If an argument breaks a rule above, or as `mapper_graph`.

    Examples
    --------
    >>> import numpy as np
    >>> import topolens as tl
    >>> angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    >>> circle = np.column_stack([np.cos(angle), np.sin(angle)])
    >>> sweep = tl.mapper_sweep(
    ...     circle,
    ...     circle[:, 0],
    ...     intervals=[4, 5, 6, 7],
    ...     overlaps=[0.2, 0.3, 0.4],
    ...     eps_values=[0.05, 0.1, 0.2, 1.0],
    ... )
    >>> sweep.plateau().excess_loops, sweep.suggested
    (1, MapperSetting(n_intervals=5, overlap=0.3, eps=0.1))
    """
    axes = _check_axes(intervals, overlaps, eps_values)
    check_one_of(cover, "cover", _COVERS)
    similarity = check_real(similarity, "similarity", at_least=0, at_most=1)
    least_coverage = check_real(least_coverage, "least_coverage", at_least=0, at_most=1)
    check_integer(threads, "threads", at_least=1)
    check_progress(on_progress)
    cloud = points.points if isinstance(points, EpsGraph) else check_points(points)
    values = check_lens(lens, len(cloud))
    classes = None if labels is None else check_labels(labels, len(cloud))[1]
    kind = UniformCover if cover == "uniform" else BalancedCover
    covers: list[list[Cover]] = [[kind(n, share) for share in axes[1]] for n in axes[0]]
    rules = [DBSCAN(eps, min_samples) for eps in axes[2]]
    if not isinstance(points, EpsGraph):
        every = _AllOf([one for row in covers for one in row])
        points = eps_graph(cloud, values, eps=axes[2][-1], cover=every, threads=threads)
    shape = tuple(map(len, axes))
    counts = {name: np.zeros(shape, dtype=np.int64) for name in _COUNTED}
    purities = np.zeros((*shape, 2))
    similarities = [np.zeros(np.subtract(shape, np.eye(3, dtype=int)[axis])) for axis in range(3)]
    recent: dict[tuple[int, ...], MapperGraph] = {}  # those that neighbours are still to come of
    for done, (place, graph) in enumerate(_graphs(points, values, covers, rules, threads), 1):
        for name, count in _counts_of(graph).items():
            counts[name][place] = count
        if classes is not None:
            purities[place] = node_purities(graph, classes)
        for axis in range(3):
            before = tuple(p - (k == axis) for k, p in enumerate(place))
            if before[axis] >= 0:
                similarities[axis][before] = graph_similarity(recent[before], graph)
        recent.pop((place[0] - 1, *place[1:]), None)
        recent[place] = graph
        if on_progress is not None:
            on_progress(done / counts["nodes"].size)
    excess = counts["loops"] - counts["cover_loops"]
    enough = counts["noise"] <= (1 - least_coverage) * len(cloud)
    return MapperSweep(
        *axes,
        min_samples=min_samples,
        cover=cover,
        n_points=len(cloud),
        nodes=counts["nodes"],
        edges=counts["edges"],
        components=counts["components"],
        loops=counts["loops"],
        cover_loops=counts["cover_loops"],
        noise=counts["noise"],
        purity=None if classes is None else purities[..., 0],
        weighted_purity=None if classes is None else purities[..., 1],
        similarities=(similarities[0], similarities[1], similarities[2]),
        regions=stable_regions(
            enough & (counts["nodes"] > 0),
            [counts["components"], excess],
            similarities,
            similarity,
        ),
    )


_COUNTED = ("nodes", "edges", "components", "loops", "cover_loops", "noise")


def _counts_of(graph: MapperGraph) -> dict[str, int]:
    numbers = (
        graph.n_nodes,
        graph.n_edges,
        graph.n_components,
        graph.loops,
        graph.cover_loops,
        len(graph.noise),
    )
    return dict(zip(_COUNTED, numbers, strict=True))


def _graphs(
    near: EpsGraph,
    values: NDArray[np.float64],
    covers: list[list[Cover]],
    rules: list[DBSCAN],
    threads: int,
) -> Iterator[tuple[tuple[int, ...], MapperGraph]]:
    """Places of the grid in order, and their graphs; each cover is pulled back once."""
    for i, row in enumerate(covers):
        for j, cover in enumerate(row):
            pullback = cover.pull_back(values)
            loops = loops_of_cover(pullback)
            for k, rule in enumerate(rules):
                yield (
                    (i, j, k),
                    graph_over(
                        near,
                        values,
                        pullback,
                        cover=repr(cover),
                        cover_loops=loops,
                        cluster=rule,
                        threads=threads,
                    ),
                )


@dataclass(frozen=True, slots=True)
class _AllOf:
    """The pieces of many covers, so that near pairs hold for all of them."""

    covers: list[Cover]

    def pull_back(self, lens: NDArray[np.float64]) -> Pullback:
        """Pieces of one cover after those of another."""
        parts = [cover.pull_back(lens) for cover in self.covers]
        sizes = np.concatenate([part.sizes for part in parts])
        return Pullback(
            len(lens),
            np.concatenate([[0], np.cumsum(sizes)]),
            np.concatenate([part.members for part in parts]),
            np.concatenate([part.low for part in parts]),
            np.concatenate([part.high for part in parts]),
        )


def _check_axes(
    intervals: Sequence[int], overlaps: Sequence[float], eps_values: Sequence[float]
) -> tuple[tuple[int, ...], tuple[float, ...], tuple[float, ...]]:
    for name, given in (
        ("intervals", intervals),
        ("overlaps", overlaps),
        ("eps_values", eps_values),
    ):
        if np.ndim(given) != 1:
            raise InvalidInputError(f"`{name}` must be a sequence of numbers; got {given!r}")
    axes = (
        tuple(check_integer(n, "intervals", at_least=1) for n in intervals),
        tuple(check_real(share, "overlaps") for share in overlaps),
        tuple(check_real(eps, "eps_values", above=0) for eps in eps_values),
    )
    for name, axis in zip(("intervals", "overlaps", "eps_values"), axes, strict=True):
        if not axis or any(a >= b for a, b in pairwise(axis)):
            raise InvalidInputError(f"`{name}` must be ascending and not empty; got {list(axis)}")
    return axes
