"""Mapper graphs as files and as graphs of networkx."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from topolens.base.checks import check_labels
from topolens.base.errors import InvalidInputError, MissingDependencyError
from topolens.base.files import write_atomically
from topolens.base.mapper_graph import MapperGraph
from topolens.descriptors.mapper.graphml import from_graphml, to_graphml
from topolens.descriptors.mapper.parquet import from_parquet, to_parquet
from topolens.descriptors.mapper.purity import class_counts

__all__ = ["mapper_to_networkx", "read_mapper", "write_mapper"]


def write_mapper(graph: MapperGraph, path: str | Path, *, labels: ArrayLike | None = None) -> None:
    """Write a Mapper graph to a JSON, GraphML or Parquet file; `read_mapper` gives it back.

    Parameters
    ----------
    graph : MapperGraph
        The graph, with positions or without.
    path : str or Path
        File ending in ".json", ".graphml" (for Gephi, Cytoscape, yEd, networkx) or ".parquet"
        (a row for each node; needs pyarrow). A file that is there is replaced.
    labels : array_like of shape (n_points,), optional
        Class of each point: the members of each class are counted at every node, for other
        programs to show.

    Raises
    ------
    InvalidInputError
        If the path ends otherwise, or there is not one label for each point.
    MissingDependencyError
        If pyarrow is needed and not installed.
    StoreError
        If the file cannot be written.
    """
    target = Path(path)
    suffix = _suffix(target)
    counts = _counts(graph, labels)
    if suffix == ".graphml":
        content = to_graphml(graph, counts)
    elif suffix == ".parquet":
        content = to_parquet(graph, counts)
    else:
        record = graph.to_dict() | {"jaccard": graph.jaccard.tolist()}
        if counts:
            record["class_counts"] = {name: column.tolist() for name, column in counts.items()}
        content = json.dumps(record, separators=(",", ":"), allow_nan=False).encode()
    write_atomically(target, content)


def read_mapper(path: str | Path) -> MapperGraph:
    """Read a Mapper graph that `write_mapper` has written.

    Parameters
    ----------
    path : str or Path
        File ending in ".json", ".graphml" or ".parquet".

    Returns
    -------
    MapperGraph
        Equal to the one written.

    Raises
    ------
    InvalidInputError
        If the path ends otherwise, or the file does not hold such a graph.
    MissingDependencyError
        If pyarrow is needed and not installed.
    """
    source = Path(path)
    suffix = _suffix(source)
    try:
        content = source.read_bytes()
    except OSError as error:
        raise InvalidInputError(
            f"`path` must be a file that can be read; got `{path}` ({error.strerror})"
        ) from None
    try:
        return MapperGraph.from_dict(_READERS[suffix](content))
    except InvalidInputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, SyntaxError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InvalidInputError(
            f"`path` must hold a Mapper graph that TopoLens wrote; `{source.name}` does not "
            f"({reason})"
        ) from None


def mapper_to_networkx(graph: MapperGraph, *, labels: ArrayLike | None = None) -> Any:  # noqa: ANN401
    """Graph of networkx with the members, lens values and sizes of the nodes.

    Parameters
    ----------
    graph : MapperGraph
        The graph.
    labels : array_like of shape (n_points,), optional
        Class of each point; nodes then have `counts`, a dict by class.

    Returns
    -------
    networkx.Graph
        Nodes 0, 1 … with `members` (tuple of int), `size`, `element`, `lens_low`, `lens_mean`,
        `lens_high` (tuples of float) and, if stored, `pos`; edges with `shared` and `jaccard`.

    Raises
    ------
    InvalidInputError
        If there is not one label for each point.
    MissingDependencyError
        If networkx is not installed.
    """
    try:
        nx: Any = import_module("networkx")
    except ImportError:
        raise MissingDependencyError("networkx", "graphs", "`mapper_to_networkx`") from None
    counts = _counts(graph, labels)
    made = nx.Graph(
        n_points=graph.n_points, cover=graph.cover, cluster=graph.cluster, version=graph.version
    )
    for number, rows in enumerate(graph.nodes()):
        made.add_node(
            number,
            members=tuple(rows.tolist()),
            size=len(rows),
            element=int(graph.elements[number]),
            lens_low=tuple(graph.lens_low[number].tolist()),
            lens_mean=tuple(graph.lens_mean[number].tolist()),
            lens_high=tuple(graph.lens_high[number].tolist()),
        )
        if graph.positions is not None:
            made.nodes[number]["pos"] = tuple(graph.positions[number].tolist())
        if counts:
            made.nodes[number]["counts"] = {
                name: int(column[number]) for name, column in counts.items()
            }
    for (first, second), shared, jaccard in zip(
        graph.edges.tolist(), graph.shared.tolist(), graph.jaccard.tolist(), strict=True
    ):
        made.add_edge(first, second, shared=shared, jaccard=jaccard)
    return made


_READERS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    ".graphml": from_graphml,
    ".json": json.loads,
    ".parquet": from_parquet,
}


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise InvalidInputError(
            f"`path` must end in .json, .graphml or .parquet; got `{path.name}`"
        )
    return suffix


def _counts(graph: MapperGraph, labels: ArrayLike | None) -> dict[str, np.ndarray[Any, Any]]:
    """Members of each node by class, under the name of the class."""
    if labels is None:
        return {}
    classes, numbers = check_labels(labels, graph.n_points)
    counts = class_counts(graph, numbers, len(classes))
    return {str(name): counts[:, number] for number, name in enumerate(classes.tolist())}
