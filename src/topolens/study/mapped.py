"""A layer's Mapper graph as a study keeps it: with its layout, its eps and what labels say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.base.mapper_graph import MapperGraph
from topolens.descriptors.mapper.eps import EpsCurve
from topolens.descriptors.mapper.purity import Purity
from topolens.study.cache import Result
from topolens.study.mapper_steps import read_curve, read_graph, read_purity

__all__ = [
    "GRAPH_COLUMNS",
    "MAPPED_COLUMNS",
    "PURITY_COLUMNS",
    "MappedLayer",
    "graph_numbers",
    "purity_lines",
    "read_mapped",
]


@dataclass(frozen=True, slots=True, eq=False)
class MappedLayer:
    """The graph of one layer with all that was found with it."""

    graph: MapperGraph
    """With the positions of its nodes."""
    eps: float
    """Of the clustering, in the units of the points."""
    curve: EpsCurve | None
    """What eps was read off, thinned to some hundred distances; None where eps was given."""
    purity: Purity | None
    """What the graph is under the labels of its points; None without labels."""
    classes: tuple[str, ...]
    """Names of the classes of `purity`, in its order; empty without labels."""

    @property
    def counts(self) -> NDArray[np.int64] | None:
        """Members of each node by class, shape (n_nodes, n_classes); None without labels."""
        return None if self.purity is None else self.purity.counts


def read_mapped(graph: Result, purity: Result | None, names: Sequence[str]) -> MappedLayer:
    """Put the results of a layer together; `names` are the classes by label, where known."""
    found = None if purity is None else read_purity(purity)
    classes = () if found is None else tuple(_class_name(one, names) for one in found.classes)
    return MappedLayer(
        graph=read_graph(graph),
        eps=graph.record["eps"],
        curve=read_curve(graph),
        purity=found,
        classes=classes,
    )


MAPPED_COLUMNS = ("mapper", "model", "family", "seed", "epoch", "layer", "index", "depth")
"""What every table of graphs begins with."""

GRAPH_COLUMNS = (
    *("n_points", "eps", "nodes", "edges", "components", "loops", "cover_loops"),
    *("coverage", "noise"),
)
"""What `graph_numbers` gives."""

PURITY_COLUMNS = ("measure", "class", "value", "null_mean", "null_low", "null_high", "p_value")
"""What `purity_lines` gives."""


def graph_numbers(graph: MapperGraph, eps: float) -> tuple[float, ...]:
    """Return a graph in numbers."""
    return (
        *(graph.n_points, eps, graph.n_nodes, graph.n_edges, graph.n_components),
        *(graph.loops, graph.cover_loops, graph.coverage, len(graph.noise)),
    )


def purity_lines(found: Purity, classes: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return every purity of a graph beside its null; `classes` are the names of its classes."""
    scores = [(measure, "", score) for measure, score in found.scores.items()]
    by_class = zip(classes, found.by_class, strict=True)
    scores += [("class_wise", name, score) for name, score in by_class]
    return [
        (measure, name, s.value, s.null_mean, s.null_low, s.null_high, s.p_value)
        for measure, name, s in scores
    ]


def _class_name(label: int, names: Sequence[str]) -> str:
    """Return the name of a class, or its label where it has none."""
    return names[label] if 0 <= label < len(names) else str(label)
