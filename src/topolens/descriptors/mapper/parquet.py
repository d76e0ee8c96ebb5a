"""Mapper graphs in Parquet, a row for each node."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topolens.base.errors import MissingDependencyError
from topolens.base.mapper_graph import MapperGraph

__all__ = ["from_parquet", "to_parquet"]

_KEY = b"topolens"
_BY_NODE = ("elements", "lens_low", "lens_high", "lens_mean", "positions")
_SPLIT = ("offsets", "members", "edges", "shared")


def to_parquet(graph: MapperGraph, counts: Mapping[str, NDArray[np.int64]]) -> bytes:
    """Columns of lists for members, and for the neighbours of larger number with shared points."""
    pa, pq = _pyarrow()
    record = graph.to_dict()
    columns = {name: record.pop(name) for name in _BY_NODE if name in record}
    columns["size"] = graph.sizes.tolist()
    columns["members"] = [rows.tolist() for rows in graph.nodes()]
    begins = np.searchsorted(graph.edges[:, 0], np.arange(1, graph.n_nodes))
    columns["neighbours"] = [part.tolist() for part in np.split(graph.edges[:, 1], begins)]
    columns["shared"] = [part.tolist() for part in np.split(graph.shared, begins)]
    columns |= {f"class {name}": column.tolist() for name, column in counts.items()}
    plain = {name: value for name, value in record.items() if name not in _SPLIT}
    if graph.n_nodes == 0:
        columns = {name: [] for name in columns}
    schema = pa.schema([(name, _type(pa, name)) for name in columns])
    table = pa.table(columns, schema=schema.with_metadata({_KEY: json.dumps(plain)}))
    target = BytesIO()
    pq.write_table(table, target, compression="zstd")
    return target.getvalue()


def from_parquet(content: bytes) -> dict[str, Any]:
    """The record of `MapperGraph.to_dict` from what `to_parquet` gave."""
    _, pq = _pyarrow()
    table = pq.read_table(BytesIO(content))
    if _KEY not in (table.schema.metadata or {}):
        raise ValueError("its metadata has no entry `topolens`")
    record: dict[str, Any] = json.loads(table.schema.metadata[_KEY])
    columns = table.to_pydict()
    record |= {name: columns[name] for name in _BY_NODE if name in columns}
    record["offsets"] = np.cumsum([0, *map(len, columns["members"])]).tolist()
    record["members"] = [row for rows in columns["members"] for row in rows]
    record["edges"] = [
        [node, other] for node, others in enumerate(columns["neighbours"]) for other in others
    ]
    record["shared"] = [count for counts in columns["shared"] for count in counts]
    return record


def _type(pa: Any, name: str) -> Any:  # noqa: ANN401
    if name.startswith("lens_") or name == "positions":
        return pa.list_(pa.float64())
    if name in ("members", "neighbours", "shared"):
        return pa.list_(pa.int32())
    return pa.int64()


def _pyarrow() -> tuple[Any, Any]:
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise MissingDependencyError("pyarrow", "parquet", "a graph in Parquet") from None
