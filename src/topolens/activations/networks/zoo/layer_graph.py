"""A layer graph on disk: the nodes of a network in order, and the shapes of its weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from topolens.base.errors import InvalidInputError

__all__ = ["LayerGraph", "Node", "read_graph"]

_KINDS = {
    "CONV_2D": "convolution",
    "DEPTHWISE_CONV_2D": "convolution",
    "ADD": "add",
    "FULLY_CONNECTED": "dense",
    "AVERAGE_POOL_2D": "average_pool",
    "RESHAPE": "reshape",
    "SOFTMAX": "softmax",
}
_ONLY_NAME = {"average_pool": "avgpool", "reshape": "reshape", "softmax": "softmax"}


@dataclass(frozen=True, slots=True)
class Node:
    """One step of a network; `inputs` and `output` are numbers of values."""

    kind: str
    name: str
    inputs: tuple[int, ...]
    output: int
    out_range: tuple[float, float]
    stride: int = 1
    padding: str = "same"
    groups: int = 1
    width_in: int = 0
    width_out: int = 0
    kernel: int = 1


@dataclass(frozen=True, slots=True)
class LayerGraph:
    """A network as its nodes in order."""

    source: str
    input: int
    input_size: tuple[int, int]
    """Height and width of the images."""
    nodes: tuple[Node, ...]


def read_graph(path: Path) -> LayerGraph:
    """Read a layer graph, and the channels and kernels from the weights beside it.

    Raises
    ------
    InvalidInputError
        If the file is missing or not JSON, an entry is missing or of the wrong kind, a node has
        an unknown operation or reads what no node before it gave, or the weights are missing.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"`graph` must be a JSON file; `{path}`: {error}") from None
    shapes = _shapes(path.with_suffix(".safetensors"))
    try:
        return _graph(table, shapes)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, InvalidInputError):
            raise
        raise InvalidInputError(
            f"`graph` must hold the nodes of a network; `{path.name}`: "
            f"{type(error).__name__}: {error}"
        ) from None


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    try:
        with safe_open(path, framework="np") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise InvalidInputError(
            f"`graph` must lie beside its weights `{path.name}`, whose shapes are read; {error}"
        ) from None


def _graph(table: Any, shapes: dict[str, tuple[int, ...]]) -> LayerGraph:  # noqa: ANN401  JSON
    _, height, width, _ = table["input_shape"]
    known = {int(table["input"])}
    nodes: list[Node] = []
    sums = 0
    for entry in table["nodes"]:
        kind = _KINDS.get(entry["op"])
        if kind is None:
            raise InvalidInputError(
                f"`graph` must hold operations among {', '.join(_KINDS)}; got {entry['op']!r}"
            )
        name = entry.get("name") or _ONLY_NAME.get(kind) or f"add{sums:02d}"
        sums += kind == "add"
        node = _node(kind, name, entry, shapes)
        unknown = [number for number in node.inputs if number not in known]
        if unknown:
            raise InvalidInputError(
                f"`graph` must give a value before it is read; `{name}` reads {unknown[0]}"
            )
        known.add(node.output)
        nodes.append(node)
    if not nodes:
        raise InvalidInputError("`graph` must hold at least one node; got none")
    return LayerGraph(
        str(table.get("source", "")), int(table["input"]), (int(height), int(width)), tuple(nodes)
    )


def _node(
    kind: str,
    name: str,
    entry: dict[str, Any],
    shapes: dict[str, tuple[int, ...]],
) -> Node:
    lowest, highest = entry["out_range"]
    inputs = tuple(int(number) for number in entry["inputs"])
    if len(inputs) != (2 if kind == "add" else 1):
        raise InvalidInputError(f"`graph` must give each node its inputs; `{name}` has {inputs}")
    common = (kind, name, inputs, int(entry["output"]), (float(lowest), float(highest)))
    if kind not in ("convolution", "dense"):
        return Node(*common)
    shape = shapes.get(f"{name}.weight_q") or shapes[f"{name}.weight"]
    if kind == "dense":
        width_out, width_in = shape
        return Node(*common, width_in=width_in, width_out=width_out)
    width_out, width_per_group, kernel, _ = shape
    groups = int(entry["groups"])
    return Node(
        *common,
        stride=int(entry["stride"]),
        padding=str(entry["padding"]),
        groups=groups,
        width_in=width_per_group * groups,
        width_out=width_out,
        kernel=kernel,
    )
