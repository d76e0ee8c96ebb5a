"""Mapper graphs in a few numbers each, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topolens.base.checks import check_labels
from topolens.base.mapper_graph import MapperGraph
from topolens.descriptors.mapper.purity import class_counts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MapperSummary", "mapper_summaries", "mapper_summary", "node_purities"]

_QUANTILES = {"least": 0.0, "lower": 0.25, "median": 0.5, "upper": 0.75, "most": 1.0}


@dataclass(frozen=True, slots=True, eq=False)
class MapperSummary:
    """A Mapper graph in numbers that graphs of unlike covers can be compared by."""

    n_nodes: int
    n_edges: int
    n_components: int
    loops: int
    """Independent loops of the graph."""
    cover_loops: int
    """Those of the cover's own nerve: what a 2-D cover makes on any data."""
    coverage: float
    """Share of the points that are in some node."""
    n_noise: int
    """Points in no node."""
    sizes: NDArray[np.float64]
    """Least, lower quartile, median, upper quartile and largest number of points of a node."""
    degrees: NDArray[np.float64]
    """The same of the number of edges of a node."""
    purity: float | None
    """Mean over nodes of 1 / (classes present), `node_wise` of `purity`; None without labels."""
    weighted_purity: float | None
    """Memberships that are of their node's largest class / all memberships; None likewise."""

    @property
    def excess_loops(self) -> int:
        """Loops of the graph beyond those of the cover; fewer than none where it is cut."""
        return self.loops - self.cover_loops


def mapper_summary(graph: MapperGraph, *, labels: ArrayLike | None = None) -> MapperSummary:
    """Count what a Mapper graph is made of.

    Parameters
    ----------
    graph : MapperGraph
        The graph.
    labels : array_like of shape (n_points,), optional
        The class of each point.

    Returns
    -------
    MapperSummary
        Counts, and quantiles of the sizes and degrees of the nodes (0 where there are no nodes).

    Raises
    ------
    InvalidInputError
        If there is not one whole number or text per point in `labels`.
    """
    purities: tuple[float | None, float | None] = (None, None)
    if labels is not None:
        purities = node_purities(graph, check_labels(labels, graph.n_points)[1])
    degrees = np.bincount(graph.edges.reshape(-1), minlength=graph.n_nodes)
    return MapperSummary(
        n_nodes=graph.n_nodes,
        n_edges=graph.n_edges,
        n_components=graph.n_components,
        loops=graph.loops,
        cover_loops=graph.cover_loops,
        coverage=graph.coverage,
        n_noise=len(graph.noise),
        sizes=_quantiles(graph.sizes),
        degrees=_quantiles(degrees),
        purity=purities[0],
        weighted_purity=purities[1],
    )


def mapper_summaries(
    graphs: Mapping[str, MapperGraph], *, labels: ArrayLike | None = None
) -> pd.DataFrame:
    """Put the summaries of named graphs side by side: one row each, one column a number.

    `labels` are the classes of the points, the same in all graphs; without them there are no
    columns of purity.
    """
    import pandas as pd

    rows = {name: _row(mapper_summary(graph, labels=labels)) for name, graph in graphs.items()}
    return pd.DataFrame.from_dict(rows, orient="index")


def node_purities(graph: MapperGraph, classes: NDArray[np.int64]) -> tuple[float, float]:
    """`node_wise` and `weighted` of `purity`, without a null; 0 where there are no nodes."""
    if graph.n_nodes == 0:
        return 0.0, 0.0
    counts = class_counts(graph, classes, int(classes.max()) + 1)
    node_wise = np.mean(1 / np.count_nonzero(counts, axis=1))
    return float(node_wise), float(counts.max(axis=1).sum() / counts.sum())


def _quantiles(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    levels = list(_QUANTILES.values())
    found = np.quantile(counts, levels) if len(counts) else np.zeros(len(levels))
    return found.astype(np.float64)


def _row(summary: MapperSummary) -> dict[str, float]:
    names = ("n_nodes", "n_edges", "n_components", "loops", "cover_loops", "excess_loops")
    row: dict[str, float] = {name: getattr(summary, name) for name in names}
    row |= {"coverage": summary.coverage, "n_noise": summary.n_noise}
    for what, values in (("size", summary.sizes), ("degree", summary.degrees)):
        row |= {f"{what}_{name}": float(v) for name, v in zip(_QUANTILES, values, strict=True)}
    if summary.purity is None or summary.weighted_purity is None:
        return row
    return row | {"purity": summary.purity, "weighted_purity": summary.weighted_purity}
