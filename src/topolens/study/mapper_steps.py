"""What the steps of Mapper do, and how their results are read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.base.checks import Points
from topolens.base.mapper_graph import MapperGraph
from topolens.descriptors.mapper.eps import EpsCurve
from topolens.descriptors.mapper.eps_names import eps_by_name
from topolens.descriptors.mapper.graph import mapper_graph
from topolens.descriptors.mapper.layout import mapper_layout
from topolens.descriptors.mapper.lens_names import lens_values
from topolens.descriptors.mapper.purity import Purity, purity
from topolens.study.cache import Result
from topolens.study.mapper_spec import ClusterSpec, CoverSpec
from topolens.study.stopping import go_on

__all__ = ["graph_result", "purity_result", "read_curve", "read_graph", "read_purity"]

_CURVE_POINTS = 512
"""What is kept of a curve of neighbour distances: enough to draw it."""
_PURITY_ARRAYS = ("counts", "of_points", "coverage_by_class")


def graph_result(points: Points, payload: Mapping[str, Any]) -> Result:
    """Make the graph of a cloud, with the places of its nodes."""
    lens = lens_values(tuple(payload["lens"]), points)
    cluster = ClusterSpec.model_validate(payload["cluster"])
    eps, curve = eps_by_name(points, payload["eps"], k=cluster.neighbour, seed=payload["seed"])
    graph = mapper_graph(
        points,
        lens,
        cover=CoverSpec.model_validate(payload["cover"]).made(),
        cluster=cluster.made(eps),
        on_progress=go_on,
    )
    placed = graph.placed(mapper_layout(graph, seed=payload["seed"]))
    arrays, plain = _taken_apart(placed)
    record: dict[str, Any] = {"graph": plain, "eps": eps, "curve": None}
    if curve is not None:
        arrays["curve"] = _thinned(curve.distances)
        record["curve"] = curve.to_dict() | {"distances": []}
    return Result(arrays, record)


def purity_result(
    graph: MapperGraph, labels: NDArray[np.int64], payload: Mapping[str, Any]
) -> Result:
    """Hold a graph against the labels of its points."""
    found = purity(graph, labels, permutations=payload["permutations"], seed=payload["seed"])
    record = found.to_dict()
    arrays = {name: np.asarray(getattr(found, name)) for name in _PURITY_ARRAYS}
    return Result(arrays, {key: val for key, val in record.items() if key not in arrays})


def read_purity(result: Result) -> Purity:
    """Return what `purity_result` left."""
    return Purity.from_dict({**result.record, **result.arrays})


def read_graph(result: Result) -> MapperGraph:
    """Return the graph that `graph_result` left."""
    kept = {f.name for f in fields(MapperGraph)} & set(result.arrays)
    values: dict[str, Any] = {name: result.arrays[name] for name in kept}
    return MapperGraph(**values, **result.record["graph"])


def read_curve(result: Result) -> EpsCurve | None:
    """Return the curve that eps was read off, thinned; None where eps was given."""
    record = result.record["curve"]
    if record is None:
        return None
    return EpsCurve.from_dict({**record, "distances": result.arrays["curve"].tolist()})


def _taken_apart(graph: MapperGraph) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Split a graph into what is kept as arrays and what as plain values."""
    values = {f.name: getattr(graph, f.name) for f in fields(graph)}
    arrays = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
    return arrays, {name: value for name, value in values.items() if name not in arrays}


def _thinned(ascending: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep evenly spaced entries of a curve, the ends among them."""
    n_kept = min(len(ascending), _CURVE_POINTS)
    return ascending[np.linspace(0, len(ascending) - 1, n_kept).round().astype(np.int64)]
