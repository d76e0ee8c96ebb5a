"""Mapper graphs in GraphML, the XML that programs for graphs read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from topolens.base.mapper_graph import MapperGraph

__all__ = ["from_graphml", "to_graphml"]

_SPACE = "http://graphml.graphdrawing.org/xmlns"
_TYPES = {int: "long", float: "double", str: "string"}
_OF_TYPE = {"long": int, "double": float, "string": str}
_COUNT = "class "  # begins the names of counts, so that no class hides a field
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_graphml(graph: MapperGraph, counts: Mapping[str, NDArray[np.int64]]) -> bytes:
    """The graph with everything in it; members are texts of row numbers."""
    record = graph.to_dict()
    plain = ("format_version", "n_lenses", "n_points", "n_elements", "cover_loops")
    of_graph = {name: record[name] for name in (*plain, "cover", "cluster", "version")}
    root = ElementTree.Element("graphml", xmlns=_SPACE)
    keys = _Keys(root)
    drawn = ElementTree.Element("graph", edgedefault="undirected")
    keys.add(drawn, "graph", of_graph.items())
    for number, rows in enumerate(graph.nodes()):
        node = ElementTree.SubElement(drawn, "node", id=f"n{number}")
        keys.add(node, "node", _of_node(graph, number, rows, counts))
    for (first, second), shared, jaccard in zip(
        graph.edges.tolist(), graph.shared.tolist(), graph.jaccard.tolist(), strict=True
    ):
        edge = ElementTree.SubElement(drawn, "edge", source=f"n{first}", target=f"n{second}")
        keys.add(edge, "edge", [("shared", shared), ("jaccard", jaccard)])
    root.append(drawn)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def from_graphml(content: bytes) -> dict[str, Any]:
    """The record of `MapperGraph.to_dict` from what `to_graphml` gave."""
    root = ElementTree.fromstring(content)
    names = {
        key.get("id"): (key.get("attr.name"), _OF_TYPE[str(key.get("attr.type"))])
        for key in root.iter(f"{{{_SPACE}}}key")
    }

    def held(element: ElementTree.Element) -> dict[str, Any]:
        found = {}
        for entry in element.findall(f"{{{_SPACE}}}data"):
            name, kind = names[entry.get("key")]
            found[str(name)] = kind(entry.text or "")
        return found

    drawn = root.find(f"{{{_SPACE}}}graph")
    if drawn is None:
        raise ValueError("there is no graph in it")
    record = held(drawn)
    places: dict[str | None, int] = {}
    nodes: list[dict[str, Any]] = []
    for element in drawn.findall(f"{{{_SPACE}}}node"):
        places[element.get("id")] = len(nodes)
        nodes.append(held(element))
    edges = drawn.findall(f"{{{_SPACE}}}edge")
    members = [[int(row) for row in node["members"].split()] for node in nodes]
    record["offsets"] = np.cumsum([0, *map(len, members)]).tolist()
    record["members"] = [row for rows in members for row in rows]
    record["elements"] = [node["element"] for node in nodes]
    for side in ("low", "high", "mean"):
        axes = range(record["n_lenses"])
        record[f"lens_{side}"] = [[node[f"lens_{side}_{axis}"] for axis in axes] for node in nodes]
    record["edges"] = [[places[edge.get("source")], places[edge.get("target")]] for edge in edges]
    record["shared"] = [held(edge)["shared"] for edge in edges]
    if nodes and "x" in nodes[0]:
        record["positions"] = [[node["x"], node["y"]] for node in nodes]
    return record


def _of_node(
    graph: MapperGraph,
    number: int,
    rows: NDArray[np.int32],
    counts: Mapping[str, NDArray[np.int64]],
) -> Iterable[tuple[str, int | float | str]]:
    yield "size", len(rows)
    yield "element", int(graph.elements[number])
    for side in ("low", "mean", "high"):
        for axis, value in enumerate(getattr(graph, f"lens_{side}")[number].tolist()):
            yield f"lens_{side}_{axis}", value
    if graph.positions is not None:
        yield from zip("xy", graph.positions[number].tolist(), strict=True)
    for name, column in counts.items():
        yield _COUNT + _writable(name), int(column[number])
    yield "members", " ".join(map(str, rows.tolist()))


def _writable(name: str) -> str:
    """The name of a class with characters that no XML can hold as Python escapes them."""
    return _NOT_XML.sub(lambda found: ascii(found[0])[1:-1], name)


class _Keys:
    """The declarations of a file, one for each field of the graph, its nodes and its edges."""

    def __init__(self, root: ElementTree.Element) -> None:
        self._root = root
        self._ids: dict[tuple[str, str], str] = {}

    def add(
        self,
        element: ElementTree.Element,
        domain: str,
        fields: Iterable[tuple[str, int | float | str]],
    ) -> None:
        for name, value in fields:
            if (domain, name) not in self._ids:
                key = f"d{len(self._ids)}"
                self._ids[domain, name] = key
                declared = {"id": key, "for": domain, "attr.name": name}
                declared["attr.type"] = _TYPES[type(value)]
                ElementTree.SubElement(self._root, "key", declared)
            entry = ElementTree.SubElement(element, "data", key=self._ids[domain, name])
            entry.text = repr(value) if isinstance(value, float) else str(value)
